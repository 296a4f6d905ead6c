"""Which process a run belongs to, and whether that process still exists."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from xorlab.tracking.names import HEARTBEAT_TAG

_HEARTBEAT_LIFE = 10 * 60_000  # milliseconds after which a process elsewhere is in doubt
_NO_DOUBT = 24 * 60 * 60_000  # milliseconds by which no two clocks differ


def this_process() -> str:
    """Machine, process id and start time, which distinguishes processes that reuse an id."""
    pid = os.getpid()
    return f"{_machine()}:{pid}:{_began(pid)}"


def last_heartbeat(tags: Mapping[str, str], started: int | None) -> int:
    """When the process of a run last recorded a heartbeat, in milliseconds since 1970.

    Args:
        tags: of the run.
        started: when the run began: the answer where the tag is missing or was edited.
    """
    try:
        return int(tags[HEARTBEAT_TAG])
    except (KeyError, ValueError):
        return started if isinstance(started, int) else 0


def is_alive(owner: str, heartbeat: int, now: int) -> bool | None:
    """Whether the process that `this_process` named still runs.

    One that cannot be seen from here, on another machine or in another container, counts as alive
    until its heartbeat is ten minutes old. From then on it is in doubt, for its clock may be
    wrong; after a day it counts as gone.

    Args:
        owner: the result of `this_process` there.
        heartbeat: time of its last heartbeat by its own clock, in milliseconds since 1970.
        now: the current time here, likewise.

    Returns:
        None if only its next heartbeat can tell.
    """
    machine, pid, began = (*owner.rsplit(":", 2), "", "")[:3]
    seen = _sees(pid, began) if machine == _machine() else None
    if seen is not None:
        return seen
    age = now - heartbeat
    if age < _HEARTBEAT_LIFE:
        return True
    return None if age < _NO_DOUBT else False


def _sees(pid: str, began: str) -> bool | None:
    """Whether a process of this machine runs; None if that is hidden from this user."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, and belongs to another user
        there = _began(pid)
        return None if there == _UNKNOWN else there == began
    except (ValueError, OverflowError):  # the tag was edited
        return None
    return _began(pid) == began


@cache
def _machine() -> str:
    """The host, and which of its process ids are meant.

    Containers may share a host name, as copies of a virtual machine do; the number of the
    namespace tells the former apart, the id of the kernel's start the latter.
    """
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:  # not Linux
        return socket.gethostname()
    return f"{socket.gethostname()}/{start[:8]}/{namespace.strip('pid:[]')}"


_UNKNOWN = "-"


def _began(pid: int | str) -> str:
    """Start time in clock ticks since boot; a dash where it is unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return _UNKNOWN
    fields = stat.rpartition(")")[2].split()
    return _UNKNOWN if fields[0] == "Z" else fields[19]
