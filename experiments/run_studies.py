"""Run the published studies, and write what they measure beside what was published.

Usage: python -m experiments.run_studies FOLDER [--small] [--into FILE] [--readme FILE]

FOLDER must hold the data files that are not part of xorlab, such as cancer1.dt of Proben1. Each
study is one sweep, `xorlab -m +study=NAME`, recorded in FOLDER. Runs that are recorded there
already are not trained again. With --small every setting has few networks: enough to see that the
command works, too few to compare anything.
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
from xorlab.studies.notebook import NotebookRow, notebook_rows
from xorlab.studies.replication.agreement import agreement_table
from xorlab.studies.replication.markdown import (
    full_page,
    readme_table,
    replace_between_markers,
)
from xorlab.studies.replication.registry import STUDIES
from xorlab.tracking.read.sweeps import LATEST, find_sweep
from xorlab.tracking.store.opening import open_store

ROOT = Path(__file__).resolve().parent.parent


def run(study: str, folder: Path, *overrides: str) -> None:
    """Run one preset as a sweep, in a separate process."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-m", "xorlab", "-m", f"+study={study}", *overrides]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def store_uri(folder: Path) -> str:
    """The address of the store that the sweeps of a folder record into."""
    return f"sqlite:///{folder.resolve() / 'mlflow.db'}"


def load(folder: Path) -> dict[str, pd.DataFrame]:
    """The runs of every study's last sweep; an earlier sweep may have been a small one."""
    found = {}
    for study in STUDIES:
        last = find_sweep(open_store(store_uri(folder), study, create=False), LATEST)
        found[study] = xorlab.load_runs(store_uri(folder), sweep=last.run_id)
    return found


def compare_notebook(runs: pd.DataFrame) -> list[NotebookRow]:
    """Compare the losses and outputs of the notebook's run with those that it prints."""
    curve = xorlab.load_curves(runs).set_index("step")["loss"]
    (network,) = xorlab.load_weights(runs).values()
    inputs = make_task(network.config.task).inputs
    outputs = xorlab.predict(network.config, network, inputs)
    return notebook_rows(curve.loc[np.arange(0, 10_000, 1000)], outputs)


def main() -> None:
    """Run the studies and write both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--into", type=Path, default=ROOT / "experiments" / "published.md")
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    needed = {file for study in STUDIES.values() for file in study.files}
    missing = sorted(file for file in needed if not (options.folder / file).exists())
    if missing:
        parser.error(f"put {', '.join(missing)} into {options.folder}: studies read these files")
    for name, study in STUDIES.items():
        run(name, options.folder, *(study.small if options.small else ()))
    studies = load(options.folder)
    rows, notebook = agreement_table(studies), compare_notebook(studies["notebook"])
    options.into.write_text(full_page(rows, notebook))
    readme = options.readme.read_text()
    options.readme.write_text(replace_between_markers(readme, readme_table(rows, notebook)))


if __name__ == "__main__":
    main()
