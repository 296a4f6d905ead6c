"""A user's trainer that raises, hangs, ends its process, prints, moves, errs or is edited."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path
from random import Random

from tests.faults import unruly
from tests.faults.fault import Fault, Outcome
from tests.faults.stored import found, recorded
from tests.faults.sweeps import compared, ended, fresh, message, sweeping, until

SWEEP = ("--trainer", "./unruly.py:train", "-m", "seed=range(0,8)", "size=range(1,7)")
RUNS, BAD = 48, 6  # seed 3 is the bad one
WORKERS = "hydra.launcher.workers=2"
RETRY = "tracking.existing=retry"
DONE = rf"^{RUNS} runs in .* s: "


def prepared(folder: Path) -> Path:
    """A folder with a store and the trainer's file."""
    shutil.copy(unruly.__file__, fresh(folder) / "unruly.py")
    return folder


def outcome(folder: Path, messages: list[str], hint: str) -> Outcome:
    return compared(found(folder / "mlflow.db"), messages, hint, SWEEP, prepared)


def failing(name: str, hint: str):
    """Some runs fail, all others are recorded; once the cause is mended they are retried."""

    def inject(folder: Path, rng: Random) -> Outcome:
        (prepared(folder) / name).touch()
        child = ended(folder, *SWEEP, WORKERS)
        assert child.code == 1, child.printed()
        assert recorded(folder / "mlflow.db") == RUNS - BAD, child.printed()
        lines = [line for line in child.printed().splitlines() if line.startswith("error in ")]
        assert len(lines) == 1, child.printed()
        (folder / name).unlink()
        last = ended(folder, *SWEEP, WORKERS, RETRY)
        assert last.code == 0, last.printed()
        named = rf"seed=3 size=\d, and {BAD - 1} more"
        return outcome(folder, lines, f"^error in {named}: {hint}$")

    return inject


def harmless(name: str):
    """Nothing happens, to any run of any worker."""

    def inject(folder: Path, rng: Random) -> Outcome:
        (prepared(folder) / name).touch()
        child = ended(folder, *SWEEP, f"hydra.launcher.workers={rng.choice([1, 2])}")
        assert child.code == 0, child.printed()
        line = next(line for line in child.printed().splitlines() if line.startswith(f"{RUNS} "))
        return outcome(folder, [line], DONE)

    return inject


def hanging(folder: Path, rng: Random) -> Outcome:
    """Ctrl-C ends it, in whatever process it hangs; what is recorded stays."""
    (prepared(folder) / "hangs").touch()
    executor = f"hydra.launcher.executor={rng.choice(['inline', 'processes'])}"
    with sweeping(folder, *SWEEP, WORKERS, executor) as child:
        until(lambda: recorded(folder / "mlflow.db") > 0, "nothing is recorded", child)
        time.sleep(rng.uniform(0.5, 1))
        child.kill(signal.SIGINT)
        assert child.wait() == 130, child.printed()
    line = message(child)  # the next start prints into the same file
    (folder / "hangs").unlink()
    last = ended(folder, *SWEEP, WORKERS)
    assert last.code == 0, last.printed()
    hint = r"stopped; what is recorded stays\. Go on with: xorlab --trainer \./unruly\.py:train -m"
    return outcome(folder, [line], hint)


def edited(folder: Path, rng: Random) -> Outcome:
    """Workers refuse another file than the sweep began with; a new start takes it, and says so."""
    file = prepared(folder) / "unruly.py"
    with sweeping(folder, *SWEEP, WORKERS) as child:
        some = rng.randrange(1, RUNS // 8)
        until(lambda: recorded(folder / "mlflow.db") >= some, "nothing is recorded", child)
        file.write_text(file.read_text() + "\n# edited\n")
        assert child.wait() == 1, child.printed()
    line = message(child)
    last = ended(folder, *SWEEP, WORKERS)
    assert last.code == 0, last.printed()
    assert "runs were recorded from another version of the file unruly.py" in last.printed()
    hint = "unruly.py: this file was edited after the sweep began; what is recorded stays. Start"
    return outcome(folder, [line], hint)


FAULTS = (
    Fault("trainer raises", failing("raises", "ArithmeticError: an odd number"), 2),
    Fault("trainer hangs, Ctrl-C", hanging, 3),
    Fault("trainer calls os._exit", failing("quits", r".* ended 2 times \(exit code 7\)"), 2),
    Fault("trainer prints", harmless("prints"), 2),
    Fault("trainer changes folder", harmless("moves"), 2),
    Fault("trainer returns NaN", failing("overflows", "ValueError: .* is not finite; .*"), 2),
    Fault(
        "trainer returns wrong type",
        failing("mistypes", "TypeError: a trainer returns an xorlab.Result, not ndarray"),
        2,
    ),
    Fault("trainer is edited", edited, 3),
)
