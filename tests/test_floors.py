"""Which package may import which: every contract in pyproject.toml catches its offence."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
CONTRACTS = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
PACKAGES = ("optimizer", "optimizer.engines", "optimizer.search", "geo", "datasets", "api")

# (contract, the module that offends, its line)
OFFENCES = [
    ("floors", "optimizer.dispatch", "import geo"),
    ("floors", "optimizer.search.ruin", "from datasets import day"),
    ("floors", "geo.matrix", "import datasets.day"),
    ("floors", "datasets.day", "from api import cli"),
    ("engines", "optimizer.dispatch", "from ortools.graph.python import min_cost_flow"),
    ("engines", "api.cli", "import ortools"),
    ("optimizer", "optimizer.model", "import pandas as pd"),
    ("optimizer", "optimizer.cost", "from shapely import Point"),
    ("optimizer", "optimizer.engines.assignment", "import geopandas"),
    ("optimizer", "optimizer.search.anneal", "from time import monotonic"),
    ("optimizer", "optimizer.dispatch", "import httpx"),
    ("web", "datasets.day", "import httpx"),
    ("outside", "api.cli", "from tests.make import day"),
    ("outside", "datasets.day", "import notebooks"),
    ("outside", "geo.roads", "import bench.growth"),
]


def lint(tree: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """Check one contract of the real configuration on the packages under `tree`."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    options = ["--config", str(PYPROJECT), "--contract", contract, "--no-cache", "--no-logo"]
    return subprocess.run(
        [sys.executable, "-c", command, *options], cwd=tree, capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with the four packages, empty."""
    for package in PACKAGES:
        folder = tmp_path / package.replace(".", "/")
        folder.mkdir()
        (folder / "__init__.py").touch()
    return tmp_path


def write(tree: Path, module: str, text: str) -> None:
    """Write the text of a module."""
    (tree / (module.replace(".", "/") + ".py")).write_text(text + "\n")


def test_every_contract_has_an_offence_here() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, _, _ in OFFENCES}


@pytest.mark.parametrize(("contract", "module", "line"), OFFENCES)
def test_an_offence_is_caught(tree: Path, contract: str, module: str, line: str) -> None:
    write(tree, "datasets.day", "")
    write(tree, "api.cli", "")
    write(tree, module, line)
    found = lint(tree, contract)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "BROKEN" in found.stdout
    assert module in found.stdout


@pytest.mark.parametrize("contract", [contract["id"] for contract in CONTRACTS])
def test_what_is_allowed_passes(tree: Path, contract: str) -> None:
    write(tree, "optimizer.engines.assignment", "import numpy\nfrom ortools.graph.python import min_cost_flow")
    write(tree, "optimizer.dispatch", "from optimizer.engines import assignment")
    write(tree, "geo.matrix", "import shapely\nimport httpx\nimport optimizer.dispatch")
    write(tree, "datasets.day", "import pandas\nimport geo.matrix\nimport optimizer.dispatch")
    write(tree, "api.cli", "import time\nimport datasets.day\nimport optimizer.dispatch")
    found = lint(tree, contract)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "KEPT" in found.stdout
