"""This version beside a recorded one, in one run: training, whole commands, recording, reading.

Usage: python -m tests.benchmarks.revisions REVISION [--small]

The revision is installed into an environment of its own, with the dependencies of this one. Both
take turns, and every number is a median of five rounds (one with --small), in seconds: of the
processor, and by the clock. The last table says where the time of this version goes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks import shares
from tests.benchmarks.sweeps import CONSOLE, ROOT, table

_READ = """
import sys, xorlab
runs = xorlab.load_runs(sys.argv[1], sys.argv[2])
curves = xorlab.load_curves(runs)
assert len(runs) == int(sys.argv[3]) and len(curves)
"""

# The least of five: what else the processor does only adds to it.
_TRAIN = """
import sys, time
from xorlab import configure, train_many
count, epochs, *overrides = sys.argv[1:]
overrides.append(f"training.epochs={epochs}")
configs = [configure(f"seed={seed}", *overrides) for seed in range(int(count))]
train_many(configs[:2])
spent = []
for _ in range(5):
    began = time.process_time()
    train_many(configs)
    spent.append(time.process_time() - began)
print(min(spent))
"""
_TRAININGS = (
    (1, 10_000, ()),
    (64, 3_000, ()),
    (2_000, 1_000, ()),
    (500, 1_000, ("network.hidden=16",)),
    (2_000, 500, ("optimizer=adam", "optimizer.lr=0.1")),
)


@dataclass(frozen=True)
class Version:
    """An installed xorlab.

    Attributes:
        name: of the revision.
        python: its interpreter.
        folder: where its stores are.
    """

    name: str
    python: Path
    folder: Path

    def spent(self, folder: Path, *arguments: str) -> tuple[float, float, float]:
        """Seconds of processor and clock of a command, and the peak of its processes in MiB."""
        folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
        # Each in a process of its own: what getrusage counts of children adds up.
        child = os.fork()
        if child == 0:
            with (folder / "log").open("ab") as log:
                ended = subprocess.run(
                    [self.python, *arguments],
                    cwd=folder,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    check=False,
                )
            os._exit(min(ended.returncode, 1))
        began = time.perf_counter()
        _, status, used = os.wait4(child, 0)
        if status:
            raise SystemExit((folder / "log").read_text())
        spent = time.perf_counter() - began
        return used.ru_utime + used.ru_stime, spent, used.ru_maxrss / 1024


def installed(revision: str, folder: Path) -> Version:
    """A revision in an environment of its own; its folder is new."""
    checkout, environment = folder / "checkout", folder / "environment"
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", revision], capture_output=True, check=True
    )
    checkout.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(checkout)], input=archive.stdout, check=True)
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    (own,) = (environment / "lib").glob("python*/site-packages")
    theirs = [path for path in sys.path if path.endswith("site-packages")]
    # What is in the environment's own folder comes first.
    (own / "dependencies.pth").write_text("".join(f"{path}\n" for path in theirs))
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(own)]
    subprocess.run([*install, str(checkout)], check=True)
    return Version(revision[:12], python, folder)


def trained(versions: tuple[Version, Version], small: bool) -> None:
    """Print what training alone takes."""
    rounds, share = (1, 20) if small else (5, 1)
    made = table("training alone, seconds of the processor", "", "before", "now", "ratio")
    for count, epochs, overrides in _TRAININGS:
        found: list[list[float]] = [[], []]
        for _ in range(rounds):
            for version, values in zip(versions, found, strict=True):
                program = [version.python, "-c", _TRAIN, str(count), str(epochs // share)]
                ended = subprocess.run(
                    [*program, *overrides], cwd=version.folder, capture_output=True, check=True
                )
                values.append(float(ended.stdout))
        old, new = map(np.median, found)
        title = f"{count:,} x {epochs // share:,} epochs {' '.join(overrides)}".strip()
        made.add_row(title, f"{old:.3f}", f"{new:.3f}", f"{new / old:.2f}")
    CONSOLE.print(made)


def measured(versions: tuple[Version, Version], small: bool) -> None:
    """Print the tables."""
    runs, many, epochs, rounds = (20, 40, 200, 1) if small else (1_000, 10_000, 10_000, 5)
    sweep = ["-m", "xorlab", "-m", f"seed=range(0,{runs})", f"training.epochs={epochs}"]
    large = ["-m", "xorlab", "-m", f"seed=range(0,{many})", "training.epochs=100"]
    large.append("tracking.experiment=large")
    made = table(
        f"{versions[0].name} beside this version", "", "processor", "", "clock", "", "peak MiB", ""
    )
    for title, arguments in (
        ("one run, warm store", ["-m", "xorlab", "optimizer.lr=3"]),
        (f"{runs:,} runs x {epochs:,} epochs, new folder", sweep),
        (f"{runs:,} runs x {epochs:,} epochs, warm store", sweep),
        (f"{many:,} runs x 100 epochs", large),
        (f"load_runs and load_curves of {many:,} runs", ["-c", _READ]),
    ):
        found: list[list[tuple[float, float, float]]] = [[], []]
        for number in range(rounds):
            for version, values in zip(versions, found, strict=True):
                folder = version.folder / ("warm" if "new" not in title else f"new{number}")
                if "warm" in title or "new" in title:
                    extra = [f"tracking.experiment=e{time.time_ns()}"]
                elif arguments is large:
                    folder, extra = version.folder / f"large{number}", []
                else:
                    store = version.folder / f"large{number}" / "mlflow.db"
                    extra = [f"sqlite:///{store}", "large", str(many)]
                values.append(version.spent(folder, *arguments, *extra))
        old, new = (np.median(values, axis=0) for values in found)
        cells = [f"{value:.2f}" for pair in zip(old[:2], new[:2], strict=True) for value in pair]
        made.add_row(title, *cells, f"{old[2]:.0f}", f"{new[2]:.0f}")
    CONSOLE.print(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("revision", help="of this repository, as git names it")
    parser.add_argument("--small", action="store_true", help="a minute instead of an hour")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = installed(options.revision, folder / "old")
        new = installed("HEAD", folder / "new")
        trained((old, new), options.small)
        measured((old, new), options.small)
    shares.show(options.small)


if __name__ == "__main__":
    main()
