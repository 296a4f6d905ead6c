"""Arrays as the bytes of an npz file."""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.system.memory_limits import refuse_larger
from xorlab.system.signals import signals_deferred

Array = npt.NDArray[Any]

_SUFFIX = ".npy"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1  # flag of a member
_EMPTY = 22  # bytes of an archive without members
_PLAIN = "biufcSU"  # kinds of arrays: numbers, truth values and texts
WITHOUT_OBJECTS = _PLAIN + "mMV"  # and times, and records of all these


def npz_arrays(content: bytes, kinds: str = _PLAIN) -> dict[str, Array]:
    """The arrays of an npz file by name; nothing in it is executed.

    Nothing is allocated before the sizes that the file states have been compared with what it
    holds and with the memory that is free: a file of a few bytes can state a shape of terabytes.

    Args:
        content: of the file.
        kinds: of arrays that are allowed, in NumPy's letters.

    Raises:
        ValueError: it is damaged, is not an npz file of plain arrays, or needs more memory than is
            free.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if not members and len(content) > _EMPTY:
                raise ValueError("it is damaged (its directory of arrays is empty)")
            _check(members)
            return {
                member.filename.removesuffix(_SUFFIX): _array(member, archive.read(member), kinds)
                for member in members
            }
    except zipfile.BadZipFile as error:
        raise ValueError(f"it is damaged, or not an npz file ({error})") from error
    except (EOFError, OSError, RuntimeError, zlib.error, struct.error) as error:
        raise ValueError(f"it is damaged ({error})") from error


def _check(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ValueError("it has two arrays of one name")
    for member in members:
        if not member.filename.endswith(_SUFFIX):
            raise ValueError(f"{member.filename!r} in it is not an array")
        if member.flag_bits & _ENCRYPTED:
            raise ValueError("it is encrypted")
        if member.compress_type not in _COMPRESSIONS:
            raise ValueError("it is compressed in a way that NumPy does not use")
    # Once as bytes, and once as an array.
    refuse_larger(2 * sum(member.file_size for member in members))


def _array(member: zipfile.ZipInfo, data: bytes, kinds: str) -> Array:
    """One array, a copy; its header must state exactly the size of its data."""
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        shape, by_columns, dtype = _HEADERS[version](file)
    except Exception as error:  # NumPy reads it as Python's compiler would
        cause = str(error).partition("\n")[0]
        raise ValueError(f"{member.filename!r} in it is not an array ({cause})") from error
    if (
        dtype.kind not in kinds
        or dtype.hasobject
        or not dtype.itemsize
        or any(length < 0 for length in shape)
    ):
        raise ValueError(f"{member.filename!r} in it is not an array of numbers or texts")
    start = file.tell()
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        size = "x".join(map(str, shape)) or "1"
        raise ValueError(
            f"{member.filename!r} in it says that it has {size} values, and holds "
            f"{len(data) - start} bytes"
        )
    array: Array = np.ndarray(shape, dtype, data, start, order="F" if by_columns else "C")
    return array.copy("K")


def npz_bytes(arrays: Mapping[str, Array], small: bool = False) -> bytes:
    """The content of an npz file, without a pickle.

    Args:
        arrays: name to array, of any shape.
        small: whether to compress them.
    """
    file = io.BytesIO()
    with signals_deferred():  # zipfile cannot close an archive in the middle of a member
        (np.savez_compressed if small else np.savez)(file, allow_pickle=False, **arrays)
    return file.getvalue()
