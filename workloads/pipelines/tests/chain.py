"""A pipeline of three steps that count their attempts, with the outputs of the real one."""

from pathlib import Path
from typing import NamedTuple

from kfp import compiler, dsl


@dsl.component(base_image="image", install_kfp_package=False)
def first(folder: str, number: int) -> str:
    from pathlib import Path

    from mlstack_pipelines import store
    from mlstack_pipelines.step import reported

    with reported("first"):
        with Path(folder, "first").open("a") as attempts:
            attempts.write("x")
        store.write_bytes(f"file://{folder}/numbers/{number}.txt", str(number).encode())
        return f"file://{folder}/numbers/{number}.txt"


@dsl.component(base_image="image", install_kfp_package=False)
def second(folder: str, file: str, failures: int) -> int:
    from pathlib import Path

    from mlstack_pipelines import store
    from mlstack_pipelines.step import StepError, reported

    with reported("second"):
        attempts = Path(folder, "second")
        with attempts.open("a") as lines:
            lines.write("x")
        if len(attempts.read_text()) <= failures:
            raise StepError("the store does not answer")
        return int(store.read_bytes(file)) + 1


@dsl.component(base_image="image", install_kfp_package=False)
def third(folder: str, number: int, most: int) -> float:
    from pathlib import Path

    from mlstack_pipelines.step import Refused, reported

    with reported("third"):
        with Path(folder, "third").open("a") as attempts:
            attempts.write("x")
        if number > most:
            raise Refused(f"{number} is more than {most}")
        return float(number)


OUTPUTS = [
    ("instant", str),
    ("rows", int),
    ("held_out_rows", int),
    ("auc", float),
    ("pr_auc", float),
    ("model", str),
    ("version", str),
]


@dsl.pipeline(name="chain")
def chain(folder: str, number: int = 1, failures: int = 0, most: int = 100) -> NamedTuple("Result", OUTPUTS):
    one = first(folder=folder, number=number)
    two = second(folder=folder, file=one.output, failures=failures)
    two.set_retry(num_retries=1, backoff_duration="0s")
    three = third(folder=folder, number=two.output, most=most)
    result = NamedTuple("Result", OUTPUTS)
    return result(one.output, two.output, two.output, three.output, three.output, one.output, one.output)


def compile_chain(file: Path) -> None:
    compiler.Compiler().compile(chain, str(file))
