"""Npz files of arrays of the same shapes, which differ in values and checksums alone."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from xorlab.system.npz import npz_bytes

_REMEMBERED = 64  # layouts: the runs of a sweep have few different shapes
# Of a member's entry before its content, and of its entry in the directory at the end: where the
# checksum is, and the lengths of the texts that follow so many bytes.
_LOCAL, _LOCAL_CHECKSUM = struct.Struct("<26xHH"), 14
_CENTRAL, _CENTRAL_CHECKSUM = struct.Struct("<28xHHH12x"), 16
_CHECKSUM = struct.Struct("<I")


@dataclass(frozen=True)
class _Kind:
    """What the file of an array depends on beside its values."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: Literal["C", "F"]


@dataclass(frozen=True)
class _Place:
    """Where a file has the values of an array, and the checksum of its member, twice."""

    start: int
    stop: int
    before: int  # checksum of what precedes the values
    checksums: tuple[int, int]


def npz_bytes_alike(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The same bytes as those of `npz_bytes`, fast where arrays of such shapes were written before.

    Args:
        arrays: name to array, of any shape.
    """
    kinds = tuple(
        _Kind(name, array.shape, array.dtype, "F" if array.flags.fnc else "C")
        for name, array in arrays.items()
    )
    template, places = _layout(kinds)
    content = bytearray(template)
    for kind, place, array in zip(kinds, places, arrays.values(), strict=True):
        values = array.tobytes(kind.order)
        content[place.start : place.stop] = values
        checksum = zlib.crc32(values, place.before)
        for at in place.checksums:
            _CHECKSUM.pack_into(content, at, checksum)
    return bytes(content)


@lru_cache(_REMEMBERED)
def _layout(kinds: Sequence[_Kind]) -> tuple[bytes, list[_Place]]:
    """A file of zeros, and where its arrays are."""
    zeros = {kind.name: np.zeros(kind.shape, kind.dtype, kind.order) for kind in kinds}
    content, places = npz_bytes(zeros), []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.start_dir
        for member, array in zip(archive.infolist(), zeros.values(), strict=True):
            first = member.header_offset
            begin = first + _LOCAL.size + sum(_LOCAL.unpack_from(content, first))
            stop = begin + member.file_size
            start = stop - array.nbytes
            before = zlib.crc32(content[begin:start])
            checksums = first + _LOCAL_CHECKSUM, entry + _CENTRAL_CHECKSUM
            places.append(_Place(start, stop, before, checksums))
            entry += _CENTRAL.size + sum(_CENTRAL.unpack_from(content, entry))
    return content, places
