"""Where the time of a command goes: importing, the store, composing, training, recording, figures.

Usage: python -m tests.benchmarks.shares [--small]

It is the time of the main thread: what workers or the process that draws do meanwhile is not in it,
and "train" of a sweep is waiting for them. Seconds by the clock, the median of five rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.sampled import PARTS
from tests.benchmarks.sweeps import CONSOLE, ROOT, table

NAMES = (*dict.fromkeys(name for name, _, _ in PARTS), "other")


def spent(folder: Path, arguments: list[str]) -> dict[str, float]:
    """Seconds of each part of a command."""
    file = folder / "spent.json"
    sampled = [sys.executable, "-m", "tests.benchmarks.sampled", str(time.time()), str(file)]
    subprocess.run(
        [*sampled, *arguments, f"tracking.experiment=e{time.time_ns()}"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    found: dict[str, float] = json.loads(file.read_text())
    return found


def show(small: bool) -> None:
    """Print the table."""
    runs, many, epochs, rounds = (20, 40, 200, 1) if small else (1_000, 10_000, 10_000, 5)
    commands = {
        "one run": ["optimizer.lr=3"],
        f"{runs:,} runs x {epochs:,} epochs": [
            "-m",
            f"seed=range(0,{runs})",
            f"training.epochs={epochs}",
        ],
        f"{many:,} runs x 100 epochs": ["-m", f"seed=range(0,{many})", "training.epochs=100"],
    }
    made = table("seconds of the main thread, warm store", "", *NAMES, "all")
    with tempfile.TemporaryDirectory() as name:
        spent(Path(name), ["training.epochs=10"])  # makes the store
        for title, arguments in commands.items():
            found = [spent(Path(name), arguments) for _ in range(rounds)]
            parts = [statistics.median(one.get(part, 0.0) for one in found) for part in NAMES]
            whole = statistics.median(sum(one.values()) for one in found)
            made.add_row(title, *(f"{seconds:.2f}" for seconds in (*parts, whole)))
    CONSOLE.print(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="tens of runs, once")
    show(parser.parse_args().small)


if __name__ == "__main__":
    main()
