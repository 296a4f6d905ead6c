"""Writing LLVM's intermediate language: vectors of networks, line by line.

Every operation works on `LANES` networks at once. None has a fast-math flag, and a multiplication
and an addition are never written as one, so every processor computes the same bits.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LANES = 8
# Bytes of one network's number in scratch memory, where a truth value takes a byte.
SIZES = {"double": 8, "float": 4, "i64": 8, "i1": 1}


def vector(kind: str) -> str:
    """The type of one row of a block."""
    return f"<{LANES} x {kind}>"


def number(kind: str, value: float) -> str:
    """A constant, the same in every lane."""
    if kind == "i64":
        text = str(int(value))
    elif kind == "i1":
        text = "true" if value else "false"
    else:  # LLVM writes a float as the double of the same value
        if kind == "float":
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        text = f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
    return f"<{', '.join([f'{kind} {text}'] * LANES)}>"


class Code:
    """The body of one function, in single assignment.

    Attributes:
        kind: type of floating-point numbers.
        block: label of the basic block that is being written.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.block = "entry"
        self._lines: list[str] = []
        self._count = 0

    def __str__(self) -> str:
        return "\n".join(self._lines)

    def line(self, text: str) -> None:
        """Append a line."""
        self._lines.append(f"  {text}")

    def value(self, text: str) -> str:
        """Append an instruction; the name of its value."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {text}")
        return name

    def label(self) -> str:
        """A label that no block has yet."""
        self._count += 1
        return f"b{self._count}"

    def start(self, label: str) -> None:
        """Begin a basic block; the one before must have ended."""
        self._lines.append(f"{label}:")
        self.block = label

    def jump(self, label: str) -> None:
        """End the block, and begin the one that follows it."""
        self.line(f"br label %{label}")
        self.start(label)

    @contextmanager
    def loop(
        self, low: str, high: str, step: int = 1, alive: Callable[[], str] | None = None
    ) -> Iterator[str]:
        """Repeat what is written in here for low, low + step, ... below high, at least once.

        Args:
            low: the first index.
            high: the end.
            step: between two.
            alive: writes an i1, and the loop ends where it is false.
        """
        head, before = self.label(), self.block
        self._count += 1
        index, following = f"%i{self._count}", f"%n{self._count}"
        end = self.label()
        self.line(f"br label %{head}")
        self.start(head)
        mark = len(self._lines)
        yield index
        self.line(f"{following} = add nsw i64 {index}, {step}")
        again = self.value(f"icmp slt i64 {following}, {high}")
        if alive is not None:
            again = self.value(f"and i1 {again}, {alive()}")
        self.line(f"br i1 {again}, label %{head}, label %{end}")
        phi = f"  {index} = phi i64 [ {low}, %{before} ], [ {following}, %{self.block} ]"
        self._lines.insert(mark, phi)
        self.start(end)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Run what is written in here only where an i1 is true."""
        then, end = self.label(), self.label()
        self.line(f"br i1 {condition}, label %{then}, label %{end}")
        self.start(then)
        yield
        self.jump(end)

    # Operations on rows

    def call(self, name: str, kind: str, *values: str) -> str:
        """One of LLVM's intrinsic functions of rows."""
        row = vector(kind)
        operands = ", ".join(f"{row} {value}" for value in values)
        return self.value(f"call {row} @llvm.{name}.{suffix(kind)}({operands})")

    def binary(self, operation: str, kind: str, first: str, second: str) -> str:
        """An instruction with two operands of a type."""
        return self.value(f"{operation} {vector(kind)} {first}, {second}")

    def select(self, mask: str, kind: str, first: str, second: str) -> str:
        """The first where a mask is true, else the second."""
        row = vector(kind)
        return self.value(f"select {vector('i1')} {mask}, {row} {first}, {row} {second}")

    def cast(self, operation: str, old: str, value: str, new: str) -> str:
        """A conversion, or the same bits as another type."""
        return self.value(f"{operation} {vector(old)} {value} to {vector(new)}")

    def splat(self, kind: str, scalar: str) -> str:
        """A number in every lane."""
        row = vector(kind)
        one = self.value(f"insertelement {row} poison, {kind} {scalar}, i64 0")
        return self.value(
            f"shufflevector {row} {one}, {row} poison, <{LANES} x i32> zeroinitializer"
        )

    def any(self, mask: str) -> str:
        """Whether a mask is true in some lane, an i1."""
        bits = self.value(f"bitcast {vector('i1')} {mask} to i{LANES}")
        return self.value(f"icmp ne i{LANES} {bits}, 0")

    # Memory

    def at(self, base: str, offset: int | str) -> str:
        """An address, so many bytes on."""
        return self.value(f"getelementptr i8, ptr {base}, i64 {offset}")

    def load(self, kind: str, address: str, lanes: int = LANES) -> str:
        """A row of memory that begins at a multiple of so many numbers."""
        stored = "i8" if kind == "i1" else kind
        align = lanes * SIZES[kind]
        value = self.value(f"load {vector(stored)}, ptr {address}, align {align}")
        return self.cast("trunc", "i8", value, "i1") if kind == "i1" else value

    def store(self, kind: str, value: str, address: str, lanes: int = LANES) -> None:
        """Set such a row."""
        stored = "i8" if kind == "i1" else kind
        if kind == "i1":
            value = self.cast("zext", "i1", value, "i8")
        align = lanes * SIZES[kind]
        self.line(f"store {vector(stored)} {value}, ptr {address}, align {align}")

    def load_lanes(self, kind: str, address: str, mask: str) -> str:
        """Part of an array's row, 0 beyond its end; all of it where there is no mask."""
        if not mask:
            return self.load(kind, address, 1)
        stored = "i8" if kind == "i1" else kind
        row = vector(stored)
        value = self.value(
            f"call {row} @llvm.masked.load.{suffix(stored)}.p0(ptr {address}, "
            f"i32 {SIZES[kind]}, {vector('i1')} {mask}, {row} zeroinitializer)"
        )
        return self.cast("trunc", "i8", value, "i1") if kind == "i1" else value

    def store_lanes(self, kind: str, value: str, address: str, mask: str) -> None:
        """Set part of an array's row; all of it where there is no mask."""
        if not mask:
            self.store(kind, value, address, 1)
            return
        stored = "i8" if kind == "i1" else kind
        if kind == "i1":
            value = self.cast("zext", "i1", value, "i8")
        self.line(
            f"call void @llvm.masked.store.{suffix(stored)}.p0({vector(stored)} {value}, "
            f"ptr {address}, i32 {SIZES[kind]}, {vector('i1')} {mask})"
        )


def suffix(kind: str) -> str:
    """How LLVM spells a row's type in the names of its functions."""
    return f"v{LANES}" + {"double": "f64", "float": "f32"}.get(kind, kind)


def module(functions: list[str]) -> str:
    """A whole module: functions, and what they call."""
    lines = []
    for kind in ("double", "float"):
        row = vector(kind)
        lines += [f"declare {row} @llvm.{name}.{suffix(kind)}({row})" for name in ("fabs", "sqrt")]
    for kind in ("double", "float", "i64", "i8"):
        row, mask = vector(kind), vector("i1")
        end = f"{suffix(kind)}.p0"
        lines.append(f"declare {row} @llvm.masked.load.{end}(ptr, i32, {mask}, {row})")
        lines.append(f"declare void @llvm.masked.store.{end}({row}, ptr, i32, {mask})")
    return "\n".join([*lines, *functions, ""])
