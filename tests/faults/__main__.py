"""One table: what goes wrong, how often it was made to, and what it left.

Usage: python -m tests.faults [--times N] [--row N] [--only WORD ...] [--seed N]

Every fault is injected for real, at moments drawn at random; then the command that the message
asks for is given, and what stands in the store is compared with an undisturbed sweep, run by run.
Exit code 1 if anything is not as it must be.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.faults import (
    dask_faults,
    disk_faults,
    interrupt_faults,
    landscape_faults,
    landscape_server_faults,
    password_faults,
    postgres_faults,
    power_faults,
    process_faults,
    race_faults,
    refused_faults,
    server_answers,
    server_faults,
    signal_faults,
    store_faults,
    sweeps,
    trainer_faults,
)
from tests.faults.fault import Fault, Outcome

# Those that fork this process come first: it must have no threads then.
MODULES = (
    disk_faults,
    power_faults,
    store_faults,
    refused_faults,
    process_faults,
    interrupt_faults,
    signal_faults,
    trainer_faults,
    landscape_faults,
    dask_faults,
    postgres_faults,
    server_faults,
    server_answers,
    password_faults,
    race_faults,
    landscape_server_faults,
)
LEAST = 200
_WIDTH = 230


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, help="how often each; as its own number says")
    parser.add_argument("--row", type=int, default=sweeps.ROW, help="how many one after the other")
    parser.add_argument("--only", nargs="*", default=[""], help="faults with this in their name")
    parser.add_argument("--seed", type=int, help="of the moments; without it, another each time")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = int(time.time()) % 100_000
    print(f"Moments drawn with --seed {options.seed}\n")
    sweeps.ROW = options.row
    faults = [
        fault
        for module in MODULES
        for fault in module.FAULTS
        if any(word in fault.name for word in options.only)
    ]
    print("| fault | times | runs expected | found | duplicates | half | seconds | message |")
    print("|---|---:|---:|---:|---:|---:|---:|---|", flush=True)
    began, wrong, total = time.monotonic(), [], 0
    for fault in faults:
        reason = fault.missing()
        if reason is not None:
            print(f"| {fault.name} | 0 | - | - | - | - | - | skipped: {reason} |", flush=True)
            continue
        times = options.times or fault.times
        outcomes, started = [], time.monotonic()
        for number in range(times):
            try:
                outcomes.append(injected(fault, Random(f"{options.seed} {fault.name} {number}")))
            except (AssertionError, OSError, subprocess.CalledProcessError) as error:
                wrong.append(f"{fault.name}, time {number}: {type(error).__name__}: {error}")
        total += sum(outcome.injected for outcome in outcomes)
        print(_row(fault, outcomes, time.monotonic() - started), flush=True)
        wrong += [f"{fault.name}: {outcome}" for outcome in outcomes if not right(outcome)]
    print(
        f"\n{total} injections in {time.monotonic() - began:.0f} s, {len(wrong)} not as it must be"
    )
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def right(outcome: Outcome) -> bool:
    """Whether all is there, once, whole, and the message says why and what next."""
    return (
        outcome.found == outcome.expected
        and outcome.twice == outcome.half == 0
        and re.search(outcome.hint, outcome.message) is not None
    )


def injected(fault: Fault, rng: Random) -> Outcome:
    """Inject a fault in a folder that is gone after it; the message does not name it."""
    folder = Path(tempfile.mkdtemp(prefix="xorlab-fault-"))
    try:
        outcome = fault.inject(folder / "work", rng)
        return replace(outcome, message=outcome.message.replace(f"{folder}/work", "/..."))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _row(fault: Fault, outcomes: list[Outcome], seconds: float) -> str:
    names = ("injected", "expected", "found", "twice", "half")
    sums = [sum(getattr(outcome, name) for outcome in outcomes) for name in names]
    shown = outcomes[-1].message if outcomes else "none came to its end"
    shown = shown.replace("|", "\\|")
    shown = shown if len(shown) <= _WIDTH else shown[: _WIDTH - 3] + "..."
    return "| " + " | ".join([fault.name, *map(str, sums), f"{seconds:.0f}", shown]) + " |"


if __name__ == "__main__":
    sys.exit(main())
