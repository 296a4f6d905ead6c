"""How soon a long sweep shows its first results, and how much training Ctrl-C costs.

Usage: python -m tests.benchmarks.interrupts [--seconds N] [KEY=VALUES ...]

A sweep that would take hours is started on a terminal, in a folder whose store exists, and
interrupted. The lost training is what each worker did after its last result.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xorlab
from tests.benchmarks.kills import COMMAND, ENVIRONMENT

SLOW = ("seed=range(0,4000)", "task=parity", "task.bits=4", "network.hidden=8,16")
WORKERS = 2
SHOWN = re.compile(r"([\d,]+)/[\d,]+ runs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("keys", nargs="*", default=[*SLOW, "training.epochs=20000"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [*COMMAND, "training.epochs=10"],
            cwd=folder,
            env=ENVIRONMENT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        began, results, stopped, shown, ended, code = interrupted(
            folder, options.keys, options.seconds
        )
        recorded = len(xorlab.load_runs(f"sqlite:///{folder}/mlflow.db", "interrupted"))
    print(f"training began after {began:.1f} s")
    if not results:
        raise SystemExit(f"no results within {stopped - began:.1f} s of training")
    print(f"first results after {results[0][0] - began:.1f} s of training")
    last = [moment for moment, _ in results][-WORKERS:]
    lost = [stopped - moment for moment in last]
    print("lost at each worker:", ", ".join(f"{seconds:.1f} s" for seconds in lost))
    print(f"{shown:,} runs shown, {recorded:,} recorded; exit code {code}")
    print(f"ended {ended:.1f} s after the interrupt")
    if recorded < shown:
        raise SystemExit("results that were shown are not in the store")


def interrupted(
    folder: Path, keys: list[str], seconds: float
) -> tuple[float, list[tuple[float, int]], float, int, float, int]:
    """When training began, results were shown, and the interrupt came; then what it led to.

    That is the number of runs shown last, the seconds until the end, and the exit code.
    """
    screen, terminal = pty.openpty()
    start = time.monotonic()
    sweep = (*keys, "tracking.experiment=interrupted", f"hydra.launcher.workers={WORKERS}")
    child = subprocess.Popen(
        [*COMMAND, "-m", *sweep],
        cwd=folder,
        env=ENVIRONMENT | {"COLUMNS": "160", "TERM": "xterm"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    began, done, results = 0.0, 0, []
    # Where the first results are late, the interrupt waits for them.
    while (now := time.monotonic() - start) < seconds or (not results and now < 10 * seconds):
        if not select.select([screen], [], [], 0.05)[0]:
            continue
        for text in SHOWN.findall(os.read(screen, 65536).decode(errors="replace")):
            began = began or now
            if (count := int(text.replace(",", ""))) > done:
                done = count
                results.append((now, count))
    os.killpg(child.pid, signal.SIGINT)
    stopped = time.monotonic()
    rest = bytearray()  # the last results may be shown after the interrupt
    while child.poll() is None or select.select([screen], [], [], 0)[0]:
        if not select.select([screen], [], [], 0.05)[0]:
            continue
        try:
            rest += os.read(screen, 65536)
        except OSError:  # the terminal has closed
            break
    ended = time.monotonic() - stopped
    sys.stderr.write(rest.decode(errors="replace"))
    counts = [int(text.replace(",", "")) for text in SHOWN.findall(rest.decode(errors="replace"))]
    return began, results, stopped - start, max([done, *counts]), ended, child.wait()


if __name__ == "__main__":
    main()
