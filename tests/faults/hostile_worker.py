"""Loaded by a Dask worker, in whose folder it reads what to send in place of results, and when.

What is sent makes the file ``ran`` and the number of the process wherever it is unpickled.
"""

from __future__ import annotations

import pickle
from pathlib import Path

from xorlab.engines import worker

KINDS = ("result", "error", "warning")
KIND = "kind"  # the file that names one, and how many results each worker sends before
_HONEST: list[str] = []  # kinds, once for each result that this worker has sent before
_run_packed = worker.run_packed


class HostileError(Exception):
    """An object that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, (f"open({self.args[0]!r} + str(__import__('os').getpid()), 'w')",)


def dask_setup(_worker: object) -> None:
    """What Dask calls in a worker that loads this file."""
    worker.run_packed = sending


def sending(request: bytes) -> object:
    """In place of training, after a while."""
    from distributed import get_worker

    folder = Path.cwd()
    kind, honest = (folder / KIND).read_text().split()
    if _HONEST.count(kind) < int(honest):
        _HONEST.append(kind)
        return _run_packed(request)
    hostile = HostileError(str(folder / "ran"))
    (folder / f"sent-{kind}").touch()
    if kind == "result":
        return hostile
    if kind == "warning":
        get_worker().log_event("warn", {"message": pickle.dumps(hostile)})
    raise hostile
