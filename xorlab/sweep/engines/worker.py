"""What runs on a cluster's worker; it needs NumPy and xorlab alone."""

from __future__ import annotations

import platform

import numpy as np

from xorlab.sweep.wire import pack_outcome, unpack_work


def run_packed(data: bytes) -> bytes:
    """The work that `xorlab.sweep.wire.pack_work` wrote, done; its outcome as bytes."""
    return pack_outcome(unpack_work(data).run())


def versions() -> dict[str, str]:
    """What decides the bits of a result besides its configuration, as far as versions tell."""
    from xorlab.environment import package_version

    return {
        "xorlab": package_version(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
