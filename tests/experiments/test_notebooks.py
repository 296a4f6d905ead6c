"""Notebooks are committed executed, and execute again here on smaller sweeps."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT
from tests.helpers.proben1 import write_samples
from xorlab.studies.replication.registry import STUDIES

# The sweeps that each notebook reads, made small.
Sweeps = tuple[tuple[str, ...], ...]
_FIRST = (("+study=first", "seed=range(0,6)", "training.epochs=1500"),)
PAPERS = (
    "hamey1991",
    "kolen1990",
    "kramer1988",
    "kramer1988_searches",
    "proben1",
    "tr_xor",
    "two_spirals",
)
SWEEPS: dict[str, Sweeps] = {
    "conclusions": _FIRST,
    "first_sweep": _FIRST,
    "reading_failures": (("+study=failures", "seed=range(0,12)", "training.epochs=3000"),),
    "seeds_and_cutoffs": _FIRST,
    # The notebook of a paper reads the studies whose names begin with its own, and with no longer
    # name of another.
    **{
        paper: tuple(
            (f"+study={name}", *study.small)
            for name, study in STUDIES.items()
            if paper == max((one for one in PAPERS if name.startswith(one)), key=len, default="")
        )
        for paper in PAPERS
    },
}
# What replaces the cell tagged `parameters` in a notebook that trains networks.
PARAMETERS = {
    "fractal_boundary": "PIXELS = 96",
    "from_a_table": "SEEDS = 6",
    "hamey1991": "NETWORKS = 40",
    "kolen1990": "NETWORKS, EPOCHS, PIXELS = 2, 1000, 96",
    "kramer1988_searches": "NETWORKS = 3",
    "proben1": "NETWORKS = 1",
    "kramer1988": "NETWORKS, EPOCHS = 4, {'kramer1988': 2000, 'kramer1988_parity': 4000}",
}
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


def test_make_executes_every_notebook_once():
    lines = (ROOT / "Makefile").read_text().replace("\\\n", " ").splitlines()
    made = [line.partition("experiments.execute_notebooks ")[2].split()[1:] for line in lines]
    assert sorted(name for names in made for name in names) == [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_executed_and_without_errors(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    text = "".join(str(output.get("data", {}).get("text/plain")) for output in outputs)
    assert not re.search(r"/(tmp|root|home|work)/|Warning", text)


# In a separate process, because the kernel's client leaves sockets and event loops behind.
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


# All sweeps in one process: starting a process takes longer than such a sweep.
RECORD = """
import json, sys
from xorlab.commands.built_in import main
for sweep in json.loads(sys.argv[1]):
    sys.argv = ["xorlab", "-m", *sweep, "tracking.report=false"]
    assert main() == 0, sweep
"""


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Callable[[Sweeps], Path]:
    """Makes the store that sweeps record into; notebooks of the same sweeps share it."""

    @cache
    def run(sweeps: Sweeps) -> Path:
        folder = tmp_path_factory.mktemp("sweep")
        write_samples(folder)  # in place of the files that users bring
        finished = subprocess.run(
            [sys.executable, "-c", RECORD, json.dumps(sweeps)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return folder / "mlflow.db"

    return run


@pytest.mark.slow  # each starts a kernel, and most of them sweeps
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_small(path, recorded, tmp_path):
    if path.stem in SWEEPS:
        shutil.copytree(
            recorded(SWEEPS[path.stem]).parent,
            tmp_path,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("mlartifacts", "mlruns", "outputs"),
        )
    executed = tmp_path / path.name
    finished = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(path), str(executed), PARAMETERS.get(path.stem, "")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert _figures(executed) == _figures(path) > 0


def _figures(path: Path) -> int:
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    return sum("image/png" in output.get("data", {}) for output in outputs)
