"""Arrays of npz files are read back, or refused before anything is allocated."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from xorlab.system.npz import npz_arrays, npz_bytes
from xorlab.system.npz_layout import npz_bytes_alike

KINDS = arrays.scalar_dtypes().filter(lambda dtype: dtype.kind in "biufc")


@given(
    array=arrays.arrays(KINDS, arrays.array_shapes(min_dims=0, min_side=0)),
    small=st.booleans(),
    by_columns=st.booleans(),
)
def test_arrays_come_back_with_their_bytes_and_can_be_written(array, small, by_columns):
    given_array = np.asarray(array, order="F" if by_columns else "C")
    found = npz_arrays(npz_bytes({"one": given_array, "two": np.array(["a", "ä"])}, small))
    assert found["one"].dtype == array.dtype
    assert found["one"].shape == array.shape
    assert found["one"].tobytes() == array.tobytes()
    assert found["one"].flags.writeable
    assert found["two"].tolist() == ["a", "ä"]


@given(
    members=st.dictionaries(
        st.text("aé_1", min_size=1),
        st.tuples(KINDS, arrays.array_shapes(min_dims=0, min_side=0), st.sampled_from("CF")),
        max_size=4,
    ),
    seed=st.integers(0, 99),
)
def test_files_of_arrays_of_the_same_shapes_are_those_that_numpy_writes(members, seed):
    draw = np.random.default_rng(seed)
    for _ in range(2):  # the first file is the template of the second
        made = {}
        for name, (dtype, shape, order) in members.items():
            values = draw.bytes(np.prod(shape, dtype=int) * dtype.itemsize)
            made[name] = np.frombuffer(values, dtype).reshape(shape, order=order)
        assert npz_bytes_alike(made) == npz_bytes(made)
        cut = {name: array[..., ::2] if array.ndim else array for name, array in made.items()}
        assert npz_bytes_alike(cut) == npz_bytes(cut)


def header(text: str) -> bytes:
    """The beginning of an array's file that states this of its values."""
    content = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(content)) + content


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def shaped(shape: str, kind: str = "<f8", data: bytes = b"") -> bytes:
    text = header(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}")
    return zipped(("one.npy", text + data))


def flagged(content: bytes) -> bytes:
    """The same file, whose only member says that it is encrypted."""
    changed = bytearray(content)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[changed.index(signature) + place] |= 1
    return bytes(changed)


def overstated(content: bytes) -> bytes:
    """The same file, whose only member says that it is 4 GB large."""
    changed = bytearray(content)
    start = changed.index(b"PK\x01\x02")
    changed[start + 20 : start + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    return bytes(changed)


def without_directory(content: bytes) -> bytes:
    """The same file, whose end says that the directory of its members has no bytes."""
    changed = bytearray(content)
    changed[-10:-6] = bytes(4)
    return bytes(changed)


WHOLE = npz_bytes({"one": np.arange(4.0)})
REFUSED = {
    "nothing": b"",
    "text": b"not a zip",
    "one array": header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}") + b"\0" * 8,
    "cut off": WHOLE[:-40],
    "14 TiB": shaped("(1924145348608,)"),
    "overflow": shaped("(9223372036854775807, 9223372036854775807)"),
    "empty texts": shaped("(1000000000000,)", "<U0"),
    "negative": shaped("(-1,)"),
    "more values": shaped("(3,)", data=b"\0" * 16),
    "fewer values": shaped("(1,)", data=b"\0" * 16),
    "objects": shaped("(1,)", "|O", b"\0" * 8),
    "dates": shaped("(1,)", "<M8[s]", b"\0" * 8),
    "records": zipped(
        ("one.npy", header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}"))
    ),
    "code as header": zipped(("one.npy", header("__import__('os').getcwd()"))),
    "deep header": zipped(("one.npy", header("(" * 5000))),
    "no header": zipped(("one.npy", b"\x93NUMPY\x01\x00\xff\xff")),
    "a later format": zipped(("one.npy", b"\x93NUMPY\x09\x00" + b"\0" * 20)),
    "another member": zipped(("notes.txt", b"hello")),
    "twice": zipped(("one.npy", b"a"), ("two.npy", b"b")).replace(b"two.npy", b"one.npy"),
    "bzip2": zipped(("one.npy", b"\0" * 99), compression=zipfile.ZIP_BZIP2),
    "lzma": zipped(("one.npy", b"\0" * 99), compression=zipfile.ZIP_LZMA),
    "encrypted": flagged(WHOLE),
    "a false size": overstated(WHOLE),
    "an empty directory": without_directory(WHOLE),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_file_of_plain_arrays_is_refused(content):
    with pytest.raises(ValueError, match=r"it |in it "):
        npz_arrays(content)


@given(position=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255))
def test_a_changed_byte_is_one_kind_of_error_or_changes_no_number(position, value):
    changed = bytearray(WHOLE)
    changed[position] = value
    try:
        found = npz_arrays(bytes(changed))
    except ValueError:
        return
    assert [array.tolist() for array in found.values()] == [[0.0, 1.0, 2.0, 3.0]]


def test_a_file_that_is_larger_than_memory_once_unpacked_is_refused(monkeypatch):
    from xorlab.system import memory_limits

    content = npz_bytes({"one": np.zeros(1 << 23)}, small=True)
    assert len(content) < 1 << 17
    room = memory_limits.MemoryLimit(1 << 20, "this test")
    monkeypatch.setattr(memory_limits, "memory_limits", lambda: [room])
    with pytest.raises(ValueError, match=r"need 0.1 GB of memory, and this test leaves 0.0 GB"):
        npz_arrays(content)
