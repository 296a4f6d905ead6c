"""Slurm's own commands: what is in the queue, and out of it."""

from __future__ import annotations

import shutil
import subprocess

from xorlab.engines.slurm_spool import ALONE
from xorlab.errors import EngineError

_COMMANDS = ("sbatch", "squeue", "scancel", "srun")
_FIRST, _PATIENCE = 15.0, 60.0  # seconds for the first command, and for others
# Its processes have been ended, or are just being.
_OVER = frozenset(
    {
        "COMPLETING",
        "COMPLETED",
        "CANCELLED",
        "FAILED",
        "TIMEOUT",
        "NODE_FAIL",
        "PREEMPTED",
        "OUT_OF_MEMORY",
        "BOOT_FAIL",
        "DEADLINE",
    }
)


def needed() -> None:
    """Refuse a machine from which nothing can be queued.

    Raises:
        EngineError: says why.
    """
    missing = [name for name in _COMMANDS if shutil.which(name) is None]
    if missing:
        raise EngineError(
            f"hydra.launcher.engine=slurm: there is no {' and no '.join(missing)} on this machine; "
            "start the sweep where jobs are submitted"
        )
    code, _, said = _run("squeue", "--me", "--noheader", patience=_FIRST)
    if code != 0:
        raise EngineError(f"hydra.launcher.engine=slurm: the queue does not answer: {said}")


class Queue:
    """The jobs of one array."""

    def __init__(self, job: str) -> None:
        self.job = job

    def states(self) -> dict[str, str] | None:
        """Jobs that wait or run, each with its state and Slurm's reason; None without an answer.

        Asked of the queue itself: there may be no accounting.
        """
        code, out, _ = _run("squeue", "--me", "--noheader", "--array", "--format=%F|%K|%T|%r")
        if code != 0:
            return None
        rows = [line.split("|") for line in out.splitlines() if line.count("|") == 3]
        return {
            f"{job}_{place if place.isdigit() else ALONE}": (
                state if reason in ("", "None") else f"{state} ({reason})"
            )
            for job, place, state, reason in rows
            if job == self.job and state not in _OVER
        }

    def cancel(self) -> None:
        """All of them, queued or under way."""
        _run("scancel", self.job)


def _run(*command: str, patience: float = _PATIENCE) -> tuple[int, str, str]:
    try:
        told = subprocess.run(  # noqa: S603  (none of it is a user's text)
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
            start_new_session=True,  # Ctrl-C is not for it
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, "", str(error)
    return told.returncode, told.stdout, " ".join(told.stderr.split())
