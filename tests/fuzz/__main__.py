"""`python -m tests.fuzz [--count N] [--seed S]`: hostile inputs of every kind, in this process."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

_SHOWN = 20  # findings that are printed in full
_PLACES = {
    "mlflow.db",
    "mlflow.db-wal",
    "mlflow.db-shm",
    "mlflow.db.lock",
    "mlartifacts",
    "conf",
    "out",
}


def fuzz(count: int, seed: int, folder: Path, tell: Callable[[str], None] = print) -> int:
    """Give so many inputs to what they are meant for.

    Args:
        count: of inputs; the kinds share them.
        seed: that the inputs are drawn from.
        folder: the working directory, with some runs in the store ``mlflow.db``.
        tell: takes each line that is to be read.

    Returns:
        how many inputs ended in anything but a result or a readable refusal.
    """
    from tests.fuzz.kinds import Kinds

    kinds, findings = Kinds(folder), 0
    for kind, (share, run) in kinds.shares.items():
        taken: Counter[bool] = Counter()
        began, here = time.monotonic(), max(1, count * share // 1000)
        for number in range(here):
            # Every input has a seed of its own, so that one can be drawn again alone.
            rng = random.Random(f"{seed} {kind} {number}")
            try:
                _, good = run(rng)
                taken[good] += 1
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                findings += 1
                if findings <= _SHOWN:
                    tell(f"{kind}, input {number} of seed {seed}:\n{_traced(error)}")
        wrong, seconds = here - sum(taken.values()), time.monotonic() - began
        tell(
            f"{kind:<24}{here:>8} inputs {taken[True]:>7} accepted {taken[False]:>7} refused "
            f"{wrong:>4} wrong {seconds:>7.1f} s"
        )
    for path in sorted(folder.parent.iterdir()) + sorted(folder.iterdir()):
        if path != folder and path.name not in _PLACES:
            findings += 1
            tell(f"written where nothing should be: {path}")
    return findings


def _traced(error: BaseException) -> str:
    """The traceback, with the locals `given` that led there."""
    lines = traceback.format_exception(error)
    frame = error.__traceback__
    given: list[str] = []
    while frame is not None:
        if "given" in frame.tb_frame.f_locals:
            given = [repr(frame.tb_frame.f_locals["given"])[:1000]]
        frame = frame.tb_next
    return "".join(lines)[-1500:] + "".join(f"with {text}\n" for text in given)


@contextlib.contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def prepare() -> None:
    """A store in the working directory with a few runs."""
    from tests.fuzz.runs import record_some

    record_some()


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    with tempfile.TemporaryDirectory(prefix="xorlab-fuzz-") as root:
        folder = Path(root, "work")
        folder.mkdir()
        with _working_in(folder), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            prepare()
            began = time.monotonic()
            findings = fuzz(options.count, options.seed, folder)
            print(f"{options.count} inputs in {time.monotonic() - began:.0f} s: {findings} wrong")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
