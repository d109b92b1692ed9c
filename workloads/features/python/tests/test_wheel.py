"""The package as pip builds and installs it, without the rest of the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("hudi")
pytest.importorskip("redis")

PACKAGE = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package alone, by way of its wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # pip leaves what it builds beside the source.
    source.mkdir()
    for each in ("pyproject.toml", "mlstack_features"):
        subprocess.run(["cp", "-r", str(PACKAGE / each), str(source)], check=True)
    pip = [sys.executable, "-m", "pip"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)], check=True, env=environment
    )
    (wheel,) = folder.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    modules = {f"mlstack_features/{each.name}" for each in (PACKAGE / "mlstack_features").glob("*.py")}
    assert modules | {"mlstack_features/py.typed"} <= set(names)
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--target", str(folder / "installed"), str(wheel)],
        check=True,
        env=environment,
    )
    return folder / "installed"


def run(installed: Path, *command: str) -> str:
    """Run a program with the package and the libraries of its extras, and nothing else of the repository."""
    libraries = [path for path in sys.path if path.endswith("site-packages") or "python-features" in path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), *libraries])}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, cwd=installed, timeout=120
    )
    return done.stdout


def test_it_imports_without_spark_and_the_jobs(installed: Path) -> None:
    modules = "mlstack_features, mlstack_features.arrow, mlstack_features.online, mlstack_features.cli"
    found = run(
        installed,
        sys.executable,
        "-c",
        f"import {modules}, sys; print(mlstack_features.__file__, 'jobs' in sys.modules)",
    )
    assert found.split() == [str(installed / "mlstack_features/__init__.py"), "False"]


def test_it_brings_a_program(installed: Path, tmp_path: Path) -> None:
    program = str(installed / "bin/mlstack-features")
    assert run(installed, program, f"--feature-store=file://{tmp_path}", "list").strip() == "[]"
    assert "usage: mlstack-features" in run(installed, program, "--help")
