"""Landscapes of growing size: time, networks per second and peak memory.

Usage: python -m tests.benchmarks.landscapes [--small] [--epochs N] [--sides N N ...]

Each size is the slice of Kolen & Pollack (1990) in a process of its own, recorded in a new store:
200 epochs without an early end, as a picture costs at most. The time is that of training and
recording its pieces, and of the whole command with imports and the picture; the memory is the peak
resident set of the command, and of the largest of its workers.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent.parent
SIDES = (200, 512, 1024)


def peaks(child: subprocess.Popen[str]) -> tuple[float, float]:
    """MiB at most in the process, and in the largest of its descendants, until it ends."""
    own = largest = 0.0
    while child.poll() is None:
        for pid, parent in _family(child.pid):
            used = _peak_of(pid)
            if pid == child.pid:
                own = max(own, used)
            elif parent:
                largest = max(largest, used)
        time.sleep(0.05)
    return own, largest


def _family(top: int) -> list[tuple[int, int]]:
    """The process and all below it, as (process id, parent)."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [(top, 0)]
    for pid, _ in found:
        found += [(child, parent) for child, parent in parents.items() if parent == pid]
    return found


def _peak_of(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def measure(side: int, epochs: int) -> tuple[float, float, float, float]:
    """Seconds of training and recording, of the whole command, and both peaks in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "xorlab",
            "+study=kolen1990_slice",
            f"landscape.width={side}",
            f"landscape.height={side}",
            f"training.epochs={epochs}",
            "training.stop_when_solved=false",
        ]
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        began = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment
        )
        seen: list[tuple[float, float]] = []
        watcher = threading.Thread(target=lambda: seen.append(peaks(child)))
        watcher.start()
        printed = child.communicate()[0]
        whole = time.perf_counter() - began
        watcher.join()
        if child.returncode != 0:
            raise SystemExit(printed)
        within = re.search(rf"{side * side:,} networks in ([0-9.]+) s", printed)
        assert within is not None
        return float(within[1]), whole, *seen[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a few seconds instead of minutes")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES)
    options = parser.parse_args()
    sides, epochs = ((48,), 20) if options.small else (options.sides, options.epochs)
    table = Table(box=SIMPLE_HEAD, title=f"{epochs} epochs, {len(os.sched_getaffinity(0))} cores")
    columns = ("pixels", "s", "s in all", "networks/s", "MiB, command", "MiB, largest worker")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for side in sides:
        seconds, whole, own, largest = measure(side, epochs)
        table.add_row(
            f"{side} x {side}",
            f"{seconds:.1f}",
            f"{whole:.1f}",
            f"{side * side / max(seconds, 0.05):,.0f}",
            f"{own:,.0f}",
            f"{largest:,.0f}",
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
