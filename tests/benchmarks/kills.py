"""A sweep killed again and again, and started again each time: is everything there, once, whole?

Usage: python -m tests.benchmarks.kills [--kills N] [--epochs N]

A sweep of 300 runs is killed with SIGKILL, workers included, at random moments; then it is started
once more, and what is in the store is compared with an uninterrupted sweep, bit for bit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xorlab
from xorlab.tracking.store.opening import open_store

GRID = ("-m", "seed=range(0,10)", "network.hidden=2,3,4,5,6,7,8,9,10,11", "optimizer.lr=0.1,0.5,2")
RUNS = 300
COMMAND = (sys.executable, "-m", "xorlab")
ENVIRONMENT = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=200_000)
    options = parser.parse_args()
    rng = random.Random(1)  # moments, not results, depend on it
    sweep = (*GRID, f"training.epochs={options.epochs}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uri = f"sqlite:///{folder}/mlflow.db"
        in_time = 0
        for kill in range(options.kills):
            child = start(folder, *sweep, "tracking.experiment=killed")
            moment = rng.uniform(0.5, 15.0)
            try:
                child.wait(moment)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                in_time += 1
            time.sleep(0.2)
            print(f"kill {kill + 1} after {moment:.1f} s: {found(uri, 'killed')} runs", flush=True)
        for experiment in ("killed", "whole"):
            if start(folder, *sweep, f"tracking.experiment={experiment}").wait() != 0:
                raise SystemExit("a sweep that was not killed failed")
        print(f"killed while at work: {in_time} of {options.kills}")
        report(uri)


def found(uri: str, experiment: str) -> int:
    try:
        return len(xorlab.load_runs(uri, experiment))
    except xorlab.StoreError:
        return 0


def report(uri: str) -> None:
    store = open_store(uri, "killed", create=False)
    statuses = [
        run.info.status for run in store.client.search_runs([store.experiment_id], max_results=5000)
    ]
    killed, whole = (xorlab.load_runs(uri, name) for name in ("killed", "whole"))
    curves = [
        dict(iter(xorlab.load_curves(runs).merge(runs[["run_id", "key"]]).groupby("key")))
        for runs in (killed, whole)
    ]
    different = [
        key
        for key in curves[1]
        if key not in curves[0]
        or curves[0][key]["loss"].to_numpy().tobytes()
        != curves[1][key]["loss"].to_numpy().tobytes()
        or curves[0][key]["step"].tolist() != curves[1][key]["step"].tolist()
    ]
    finished = int((killed["status"] == "FINISHED").sum())
    twice = int(killed["key"].duplicated().sum())
    half = sum(status != "FINISHED" for status in statuses)
    print(
        f"runs expected {RUNS}, finished {finished}, twice {twice}, half {half}, "
        f"curves that differ {len(different)}"
    )
    if (finished, twice, half, len(different)) != (RUNS, 0, 0, 0):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
