"""Where the rows of a block of networks are in its scratch memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xorlab.networks.compiled.calls import Stack
from xorlab.networks.compiled.code import LANES, SIZES
from xorlab.networks.compiled.ops import Op, Rows

Cell = tuple[int, int]  # number of an array, and of a row in it


@dataclass(frozen=True)
class Layout:
    """Where rows are in scratch memory, in bytes from its start.

    Attributes:
        kinds: of each array, its elements' type.
        starts: of each array.
        rows: of each array.
        size: of all.
    """

    kinds: tuple[str, ...]
    starts: tuple[int, ...]
    rows: tuple[int, ...]
    size: int

    @classmethod
    def of(cls, stacks: Sequence[Stack]) -> Layout:
        """The arrays one after the other."""
        starts, size = [], 0
        for stack in stacks:
            starts.append(size)
            line = LANES * SIZES[stack.kind]
            size += -(-(stack.high - stack.low) * line // 64) * 64
        kinds = tuple(stack.kind for stack in stacks)
        return cls(kinds, tuple(starts), tuple(s.high - s.low for s in stacks), size)

    def line(self, array: int) -> int:
        """Bytes of one row of an array."""
        return LANES * SIZES[self.kinds[array]]


def cells(operand: Rows, shape: tuple[int, ...]) -> list[Cell]:
    """The rows of an operand, index by index."""
    rows = [operand.first]
    for count, stride in zip(shape, operand.strides, strict=True):
        rows = [row + stride * index for row in rows for index in range(count)]
    return [(operand.array, row) for row in rows]


def cell_of(operand: Rows, index: tuple[int, ...]) -> Cell:
    """The row of an operand at an index."""
    return operand.array, operand.first + sum(map(int.__mul__, index, operand.strides))


def touched(op: Op) -> set[Cell]:
    """The rows that an op reads or sets."""
    return {cell for one in op.rows() for cell in cells(one, op.shape)}
