"""Writing LLVM's intermediate language: vectors of networks, line by line.

Every operation works on `LANES` networks at once. None has a fast-math flag, and a multiplication
and an addition are never written as one, so every processor computes the same bits.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

LANES = 8
ROWS = (1, 2, 4)  # that a value may be
# Bytes of one network's number in scratch memory, where a truth value takes a byte.
SIZES = {"double": 8, "float": 4, "i64": 8, "i1": 1}


def _literal(kind: str, value: float) -> str:
    """A constant in one lane."""
    if kind == "i64":
        return str(int(value))
    if kind == "i1":
        return "true" if value else "false"
    # LLVM writes a float as the double of the same value.
    if kind == "float":
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class Code:
    """The body of one function, in single assignment.

    Attributes:
        kind: type of floating-point numbers.
        block: label of the basic block that is being written.
        lanes: of a value: `LANES`, or several rows of them.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.block = "entry"
        self.lanes = LANES
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

    def row(self, kind: str) -> str:
        """The type of a value."""
        return f"<{self.lanes} x {kind}>"

    def number(self, kind: str, value: float) -> str:
        """A constant, the same in every lane."""
        return f"<{', '.join([f'{kind} {_literal(kind, value)}'] * self.lanes)}>"

    @contextmanager
    def rows(self, count: int) -> Iterator[None]:
        """Make every value that is written in here so many rows, one after the other."""
        self.lanes *= count
        yield
        self.lanes //= count

    def joined(self, kind: str, rows: Sequence[str]) -> str:
        """Rows one after the other, as a value of `rows`."""
        values, lanes = list(rows), self.lanes
        while len(values) > 1:
            order = ", ".join(f"i32 {lane}" for lane in range(2 * lanes))
            part = f"<{lanes} x {kind}>"
            values = [
                self.value(
                    f"shufflevector {part} {one}, {part} {two}, <{2 * lanes} x i32> <{order}>"
                )
                for one, two in zip(values[::2], values[1::2], strict=True)
            ]
            lanes *= 2
        return values[0]

    def parted(self, kind: str, value: str, count: int) -> list[str]:
        """The rows of a value of `rows`."""
        if count == 1:
            return [value]
        whole = f"<{self.lanes * count} x {kind}>"
        return [
            self.value(
                f"shufflevector {whole} {value}, {whole} poison, <{self.lanes} x i32> "
                f"<{', '.join(f'i32 {first + lane}' for lane in range(self.lanes))}>"
            )
            for first in range(0, self.lanes * count, self.lanes)
        ]

    def call(self, name: str, kind: str, *values: str) -> str:
        """One of LLVM's intrinsic functions of rows."""
        row = self.row(kind)
        operands = ", ".join(f"{row} {value}" for value in values)
        return self.value(f"call {row} @llvm.{name}.{suffix(kind, self.lanes)}({operands})")

    def binary(self, operation: str, kind: str, first: str, second: str) -> str:
        """An instruction with two operands of a type."""
        return self.value(f"{operation} {self.row(kind)} {first}, {second}")

    def select(self, mask: str, kind: str, first: str, second: str) -> str:
        """The first where a mask is true, else the second."""
        row = self.row(kind)
        return self.value(f"select {self.row('i1')} {mask}, {row} {first}, {row} {second}")

    def cast(self, operation: str, old: str, value: str, new: str) -> str:
        """A conversion, or the same bits as another type."""
        return self.value(f"{operation} {self.row(old)} {value} to {self.row(new)}")

    def splat(self, kind: str, scalar: str) -> str:
        """A number in every lane."""
        row = self.row(kind)
        one = self.value(f"insertelement {row} poison, {kind} {scalar}, i64 0")
        return self.value(
            f"shufflevector {row} {one}, {row} poison, <{self.lanes} x i32> zeroinitializer"
        )

    def any(self, mask: str) -> str:
        """Whether a mask is true in some lane, an i1."""
        bits = self.value(f"bitcast {self.row('i1')} {mask} to i{LANES}")
        return self.value(f"icmp ne i{LANES} {bits}, 0")

    # Memory

    def at(self, base: str, offset: int | str) -> str:
        """An address, so many bytes on."""
        return self.value(f"getelementptr i8, ptr {base}, i64 {offset}")

    def load(self, kind: str, address: str, lanes: int = LANES) -> str:
        """A row of memory that begins at a multiple of so many numbers."""
        stored = "i8" if kind == "i1" else kind
        align = lanes * SIZES[kind]
        value = self.value(f"load {self.row(stored)}, ptr {address}, align {align}")
        return self.cast("trunc", "i8", value, "i1") if kind == "i1" else value

    def take(self, kind: str, base: str, index: str) -> str:
        """From the numbers at an address, for each network the one with its index."""
        row, lanes = self.row(kind), self.lanes
        places = self.value(f"getelementptr {kind}, ptr {base}, {self.row('i64')} {index}")
        return self.value(
            f"call {row} @llvm.masked.gather.{suffix(kind, lanes)}.v{lanes}p0(<{lanes} x ptr> "
            f"{places}, i32 {SIZES[kind]}, {self.row('i1')} {self.number('i1', 1)}, {row} poison)"
        )

    def store(self, kind: str, value: str, address: str, lanes: int = LANES) -> None:
        """Set such a row."""
        stored = "i8" if kind == "i1" else kind
        if kind == "i1":
            value = self.cast("zext", "i1", value, "i8")
        align = lanes * SIZES[kind]
        self.line(f"store {self.row(stored)} {value}, ptr {address}, align {align}")

    def load_lanes(self, kind: str, address: str, mask: str) -> str:
        """Part of an array's row, 0 beyond its end; all of it where there is no mask."""
        if not mask:
            return self.load(kind, address, 1)
        stored = "i8" if kind == "i1" else kind
        row = self.row(stored)
        value = self.value(
            f"call {row} @llvm.masked.load.{suffix(stored)}.p0(ptr {address}, "
            f"i32 {SIZES[kind]}, {self.row('i1')} {mask}, {row} zeroinitializer)"
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
            f"call void @llvm.masked.store.{suffix(stored)}.p0({self.row(stored)} {value}, "
            f"ptr {address}, i32 {SIZES[kind]}, {self.row('i1')} {mask})"
        )


def suffix(kind: str, lanes: int = LANES) -> str:
    """How LLVM spells a value's type in the names of its functions."""
    return f"v{lanes}" + {"double": "f64", "float": "f32"}.get(kind, kind)


def module(functions: list[str]) -> str:
    """A whole module: functions, and what they call."""
    lines = []
    for kind in ("double", "float"):
        for rows in ROWS:
            value = f"<{rows * LANES} x {kind}>"
            end = suffix(kind, rows * LANES)
            lines += [f"declare {value} @llvm.{name}.{end}({value})" for name in ("fabs", "sqrt")]
            lanes = rows * LANES
            lines.append(
                f"declare {value} @llvm.masked.gather.{end}.v{lanes}p0"
                f"(<{lanes} x ptr>, i32, <{lanes} x i1>, {value})"
            )
    for kind in ("double", "float", "i64", "i8"):
        row, mask, end = f"<{LANES} x {kind}>", f"<{LANES} x i1>", f"{suffix(kind)}.p0"
        lines.append(f"declare {row} @llvm.masked.load.{end}(ptr, i32, {mask}, {row})")
        lines.append(f"declare void @llvm.masked.store.{end}({row}, ptr, i32, {mask})")
    return "\n".join([*lines, *functions, ""])
