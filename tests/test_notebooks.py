"""Notebooks: committed executed, and executed here again on a smaller sweep, or made smaller."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT

# The sweep that each notebook reads, made small.
_FIRST = ("+study=first", "seed=range(0,6)", "training.epochs=1500")
SWEEPS = {
    "conclusions": _FIRST,
    "first_sweep": _FIRST,
    "reading_failures": ("+study=failures", "seed=range(0,12)", "training.epochs=3000"),
    "seeds_and_cutoffs": _FIRST,
}
# What stands instead in the cell tagged `parameters` of a notebook that trains for itself.
PARAMETERS = {"fractal_boundary": "PIXELS = 96"}
NOTEBOOKS = sorted((ROOT / "experiments").glob("*.ipynb"))


def code_cells(path: Path) -> list:
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_notebook_has_its_sweep_or_its_parameters():
    assert {path.stem for path in NOTEBOOKS} == SWEEPS.keys() | PARAMETERS.keys()
    for path in NOTEBOOKS:
        tagged = ["parameters" in cell.metadata.get("tags", []) for cell in code_cells(path)]
        assert sum(tagged) == (path.stem in PARAMETERS)
        assert path.stat().st_size < 1_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_executed_and_without_errors(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
    assert any("image/png" in output.get("data", {}) for output in outputs)


# In a process of its own: the kernel's client leaves sockets and loops behind in the one it ran in.
EXECUTE = """
import sys, nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    if "parameters" in cell.metadata.get("tags", []):
        cell.source = sys.argv[3]
manager = AsyncKernelManager(kernel_name="python3", transport="ipc")
NotebookClient(notebook, km=manager, timeout=300).execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Callable[[tuple[str, ...]], Path]:
    """The store that a sweep left; notebooks of one sweep share it."""

    @cache
    def run(sweep: tuple[str, ...]) -> Path:
        folder = tmp_path_factory.mktemp("sweep")
        told = subprocess.run(
            [sys.executable, "-m", "xorlab", "-m", *sweep],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return folder / "mlflow.db"

    return run


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_small(path, recorded, tmp_path):
    if path.stem in SWEEPS:
        shutil.copy(recorded(SWEEPS[path.stem]), tmp_path / "mlflow.db")
    executed = tmp_path / path.name
    told = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(path), str(executed), PARAMETERS.get(path.stem, "")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert _figures(executed) == _figures(path) > 0


def _figures(path: Path) -> int:
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    return sum("image/png" in output.get("data", {}) for output in outputs)
