"""Which process a run belongs to, and whether that process still exists."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_HEARTBEAT_LIFE = 10 * 60_000  # milliseconds after which a process elsewhere counts as gone


def this_process() -> str:
    """Host, process id and start time, which distinguishes processes that reuse an id."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_began(pid)}"


def is_alive(owner: str, heartbeat: int, now: int) -> bool:
    """Whether the process that `this_process` named still runs.

    One on another host counts as alive until its heartbeat is ten minutes old.

    Args:
        owner: the result of `this_process` there.
        heartbeat: time of its last heartbeat, in milliseconds since 1970.
        now: the current time, likewise.
    """
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    began = owner.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdigit():
        return now - heartbeat < _HEARTBEAT_LIFE
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _began(int(rest)) == began


def _began(pid: int) -> str:
    """Start time in clock ticks since boot; a dash where it is unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return "-"
    fields = stat.rpartition(")")[2].split()
    return "-" if fields[0] == "Z" else fields[19]
