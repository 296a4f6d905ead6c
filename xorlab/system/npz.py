"""Arrays as the bytes of an npz file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.system.signals import signals_deferred


def npz_arrays(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an npz file by name; nothing in it is executed.

    Raises:
        ValueError, OSError, EOFError, zipfile.BadZipFile: it is damaged, or not an npz file.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def npz_bytes(arrays: Mapping[str, npt.NDArray[Any]], small: bool = False) -> bytes:
    """The content of an npz file, without a pickle.

    Args:
        arrays: name to array, of any shape.
        small: whether to compress them.
    """
    file = io.BytesIO()
    with signals_deferred():  # zipfile cannot close an archive in the middle of a member
        (np.savez_compressed if small else np.savez)(file, allow_pickle=False, **arrays)
    return file.getvalue()
