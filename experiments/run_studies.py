"""Run the published studies, and write what they measure beside what was published.

Usage: python -m experiments.run_studies FOLDER [--small] [--into FILE] [--readme FILE]

Each preset of the table is one sweep, `xorlab -m +study=NAME`, in FOLDER; runs that are there
already are not trained again. With --small every setting has few networks: enough to see the
command work, not to compare anything.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import xorlab
from xorlab.networks.tasks.tasks import make_task
from xorlab.studies.claims import SOURCES, notebook_rows, published
from xorlab.studies.table import between_markers, markdown
from xorlab.tracking.read.sweeps import LATEST, find_sweep
from xorlab.tracking.store.store import open_store

ROOT = Path(__file__).resolve().parent.parent
SMALL = {
    "notebook": (),
    "hamey1991": ("seed=range(0,60)",),
    "kramer1988": ("seed=range(0,12)", "training.epochs=5000"),
    "kramer1988_parity": ("seed=range(0,4)", "training.epochs=10000"),
    "kolen1990": ("seed=range(0,2)", "training.epochs=2000", "init.range=0.4,1,2,4"),
    "tr_xor": ("seed=range(0,30)",),
    "tr_xor_leaky": ("seed=range(0,12)",),
    "tr_xor_steep": ("seed=range(0,12)",),
}


def run(study: str, folder: Path, *overrides: str) -> None:
    """One preset as a sweep, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-m", "xorlab", "-m", f"+study={study}", *overrides]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def address(folder: Path) -> str:
    return f"sqlite:///{folder.resolve() / 'mlflow.db'}"


def load(folder: Path) -> dict[str, pd.DataFrame]:
    """The runs of every study, of its last sweep alone: an earlier one may have been smaller."""
    found = {}
    for study in SOURCES:
        last = find_sweep(open_store(address(folder), study, create=False), LATEST)
        found[study] = xorlab.load_runs(address(folder), sweep=last.run_id)
    return found


def notebook(runs: pd.DataFrame) -> list[tuple[str, str, str, bool]]:
    """What the notebook's run has beside what the notebook prints."""
    curve = xorlab.load_curves(runs).set_index("step")["loss"]
    (network,) = xorlab.load_weights(runs).values()
    inputs = make_task(network.config.task).inputs
    outputs = xorlab.predict(network.config, network, inputs)
    return notebook_rows(curve.loc[np.arange(0, 10_000, 1000)], outputs)


def tables(folder: Path) -> tuple[str, str]:
    """The whole table, and the same with fewer columns for the README."""
    studies = load(folder)
    rows = published(studies)
    printed = notebook(studies["notebook"])
    return markdown(rows, printed), markdown(rows, printed, brief=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--into", type=Path, default=ROOT / "experiments" / "published.md")
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    told = parser.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    for study in SOURCES:
        run(study, told.folder, *(SMALL[study] if told.small else ()))
    whole, brief = tables(told.folder)
    told.into.write_text(whole)
    told.readme.write_text(between_markers(told.readme.read_text(), brief))


if __name__ == "__main__":
    main()
