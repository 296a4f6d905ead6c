"""Slurm's commands: list the jobs of an array, and cancel them."""

from __future__ import annotations

import shutil
import subprocess

from xorlab.engines.slurm_spool import ALONE
from xorlab.errors import EngineError

_COMMANDS = ("sbatch", "squeue", "scancel", "srun")
_FIRST_TIMEOUT, _TIMEOUT = 15.0, 60.0  # seconds for the first command, and for others
# States of jobs whose processes have ended or are being ended.
_ENDED = frozenset(
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


def check_queue() -> None:
    """Check that jobs can be submitted from this machine.

    Raises:
        EngineError: they cannot, and why.
    """
    missing = [name for name in _COMMANDS if shutil.which(name) is None]
    if missing:
        raise EngineError(
            f"hydra.launcher.engine=slurm: there is no {' and no '.join(missing)} on this machine; "
            "start the sweep where jobs are submitted"
        )
    code, _, error = _run("squeue", "--me", "--noheader", timeout=_FIRST_TIMEOUT)
    if code != 0:
        raise EngineError(f"hydra.launcher.engine=slurm: the queue does not answer: {error}")


class Queue:
    """The jobs of one array."""

    def __init__(self, job: str) -> None:
        self.job = job

    def states(self) -> dict[str, str] | None:
        """State and reason of each job that waits or runs; None if the queue does not answer.

        From squeue, because accounting may be switched off.
        """
        code, out, _ = _run("squeue", "--me", "--noheader", "--array", "--format=%F|%K|%T|%r")
        if code != 0:
            return None
        rows = [line.split("|") for line in out.splitlines() if line.count("|") == 3]
        return {
            f"{job}_{task if task.isdigit() else ALONE}": (
                state if reason in ("", "None") else f"{state} ({reason})"
            )
            for job, task, state, reason in rows
            if job == self.job and state not in _ENDED
        }

    def cancel(self) -> None:
        """Cancel all of them, waiting or running."""
        _run("scancel", self.job)


def _run(*command: str, timeout: float = _TIMEOUT) -> tuple[int, str, str]:
    try:
        ended = subprocess.run(  # noqa: S603  (no argument comes from a user)
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            start_new_session=True,  # out of reach of the terminal's Ctrl-C
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, "", str(error)
    return ended.returncode, ended.stdout, " ".join(ended.stderr.split())
