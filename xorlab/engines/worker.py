"""What runs on a cluster's worker; it needs NumPy and xorlab alone."""

from __future__ import annotations

import json
from typing import Any

from xorlab.engines.wire import pack_work, to_npz, unpack_work
from xorlab.engines.work import Runnable
from xorlab.system.environment import environment

REFUSAL = b"{"  # how a refusal begins, and an outcome does not


def pack_request(work: Runnable[Any]) -> bytes:
    """Work to be sent, with the versions that it is to be done by."""
    return _told(versions()) + b"\n" + pack_work(work)


def run_packed(request: bytes) -> bytes:
    """The work of a request, done.

    Another version would train other bits, or not understand the work; a cluster may have such
    workers beside others, or get them later.

    Returns:
        its outcome, or a refusal that tells the versions that are here.
    """
    asked, _, work = request.partition(b"\n")
    if asked != _told(versions()):
        return _told(versions())
    return to_npz(unpack_work(work).run())


def versions() -> dict[str, str]:
    """What decides the bits of a result besides its configuration, as far as versions tell."""
    return {part: environment()[part] for part in ("xorlab", "code", "numpy", "python", "machine")}


def _told(found: dict[str, str]) -> bytes:
    return json.dumps(found).encode()
