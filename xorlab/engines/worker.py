"""What runs in a worker, here or on a cluster; it needs only NumPy and xorlab."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection, wait
from typing import Any

from xorlab.engines import fork_server
from xorlab.engines.wire import Refusal, pack_work, to_npz, unpack_work
from xorlab.engines.work import Runnable
from xorlab.errors import EngineError
from xorlab.system.environment import environment

REFUSAL = b"{"  # how a refusal begins, and a result does not


def pack_request(work: Runnable[Any]) -> bytes:
    """Work as bytes, with the versions that are to train it."""
    return _as_json(versions()) + b"\n" + pack_work(work)


def run_packed(request: bytes) -> bytes:
    """Train what was requested.

    A worker with other versions refuses: it would train other bits, or not understand the work. A
    cluster may have such workers beside others, or get them later.

    Returns:
        the results, or a refusal: the worker's versions as JSON.
    """
    requested, _, work = request.partition(b"\n")
    if requested != _as_json(versions()):
        return _as_json(versions())
    return _answer(work)


def _answer(work: bytes) -> bytes:
    """Results, or why there are none."""
    try:
        unpacked = unpack_work(work)
    except Exception as error:  # a user's module may raise anything when it is loaded
        known = isinstance(error, EngineError)
        return to_npz(Refusal(str(error) if known else traceback.format_exc()))
    return to_npz(unpacked.run())


def serve(pipe: Connection) -> None:
    """A worker process of this machine: train what comes, until there is no parent."""
    # Ctrl-C reaches every process of the terminal, and SIGTERM often every process of a job. Only
    # the parent acts on them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    fork_server.accept_signals()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            answer = _answer(pipe.recv_bytes())
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()  # what a trainer printed: a worker is killed at last
            pipe.send_bytes(answer)


def versions() -> dict[str, str]:
    """The parts of the environment that a worker must share with the sweep, for the same bits."""
    return {part: environment()[part] for part in ("xorlab", "code", "numpy", "python", "machine")}


def _as_json(parts: dict[str, str]) -> bytes:
    return json.dumps(parts).encode()


def _end_with_parent() -> None:
    """End this worker when its parent is killed: its result would be lost."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
