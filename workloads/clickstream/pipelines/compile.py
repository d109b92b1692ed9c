"""Compiles the pipeline to the file that is deployed; `python -m pipelines.compile` after each change of it."""

from __future__ import annotations

from pathlib import Path

from kfp import compiler

from pipelines.clickstream import clickstream

COMPILED = Path(__file__).with_name("clickstream.yaml")


def compile_to(file: Path) -> None:
    """Writes the pipeline's intermediate representation."""
    compiler.Compiler().compile(clickstream, str(file))


if __name__ == "__main__":
    compile_to(COMPILED)
