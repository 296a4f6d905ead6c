"""Eight sweeps at once into one store: is every run there, whole, once?

Usage: python -m tests.benchmarks.load [--sweeps N] [--runs N] [--epochs N]

Once into a SQLite store, and once into a PostgreSQL server that is started for it. Exit code 1 if a
run is missing, twice, or not complete.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import xorlab
from tests.helpers.postgres import no_postgres, serving_postgres


@dataclass(frozen=True)
class Load:
    """What stands in a store after all sweeps have ended.

    Attributes:
        store: its kind.
        expected, found, twice, half: runs.
        failed: sweeps that did not end with 0, with what they said.
        seconds: that all of it took.
    """

    store: str
    expected: int
    found: int
    twice: int
    half: int
    failed: list[str]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether all is there, once, whole."""
        return self.found == self.expected and not (self.twice or self.half or self.failed)

    def __str__(self) -> str:
        numbers = (self.expected, self.found, self.twice, self.half, len(self.failed))
        return f"| {self.store} | {' | '.join(map(str, numbers))} | {self.seconds:.0f} |"


@contextlib.contextmanager
def stores(folder: Path) -> Iterator[dict[str, str | None]]:
    """Within: addresses by kind; None for a kind that cannot be had here."""
    sqlite = f"sqlite:///{folder}/mlflow.db"
    if no_postgres() is not None:
        yield {"SQLite": sqlite, f"PostgreSQL (skipped: {no_postgres()})": None}
        return
    with serving_postgres() as server:
        yield {"SQLite": sqlite, "PostgreSQL": server.create("load")}


def loaded(kind: str, uri: str, folder: Path, sweeps: int, runs: int, epochs: int) -> Load:
    """Start the sweeps at the same moment, and look at what they leave."""
    began = time.monotonic()
    children = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "xorlab",
                "-m",
                f"seed=range(0,{runs})",
                f"optimizer.lr={0.5 + number}",
                f"training.epochs={epochs}",
                f"tracking.uri={uri}",
                f"tracking.artifacts={folder}/artifacts",
                "hydra.launcher.workers=1",
            ],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        )
        for number in range(sweeps)
    ]
    printed = [child.communicate() for child in children]
    seconds = time.monotonic() - began
    failed = [err for child, (_, err) in zip(children, printed, strict=True) if child.returncode]
    table = xorlab.load_runs(uri)
    curves = xorlab.load_curves(table).groupby("run_id")["step"].max()
    ends = table.set_index("run_id")["epochs_run"]
    whole = (table["status"] == "FINISHED").to_numpy() & (curves.reindex(ends.index) == ends)
    return Load(
        store=kind,
        expected=sweeps * runs,
        found=int((table["status"] == "FINISHED").sum()),
        twice=int(table["key"].duplicated().sum()),
        half=int((~whole).sum()),
        failed=failed,
        seconds=seconds,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sweeps", type=int, default=8)
    parser.add_argument("--runs", type=int, default=500, help="of each sweep")
    parser.add_argument("--epochs", type=int, default=1000)
    options = parser.parse_args()
    print("| store | runs expected | found | duplicates | half | failed sweeps | seconds |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    wrong = False
    with tempfile.TemporaryDirectory() as name, stores(Path(name)) as addresses:
        for kind, uri in addresses.items():
            if uri is None:
                print(f"| {kind} | - | - | - | - | - | - |")
                continue
            load = loaded(kind, uri, Path(name), options.sweeps, options.runs, options.epochs)
            print(load, flush=True)
            wrong |= not load.right
            for reason in load.failed:
                print(reason)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
