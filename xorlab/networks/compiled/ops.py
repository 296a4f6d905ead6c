"""What calls do, row by row: ops.

A row is the N numbers, one per network, at the end of an array's axes. Every array of a program is
a stack of rows, so an operand is the number of its first row and the distance to the next one along
each axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rows:
    """Rows of an array: the first one, and the distance to the next along each axis."""

    array: int
    first: int
    strides: tuple[int, ...]


@dataclass(frozen=True)
class Numbers:
    """Constants, alike for all networks: where they begin, and the distance along each axis.

    Attributes:
        literal: their value, where it is written into the code.
        moves: in a `Repeat`, others are read each time.
    """

    kind: str
    first: int
    strides: tuple[int, ...]
    literal: float | None = None
    moves: bool = False


Operand = Rows | Numbers
Tree = int | tuple["Tree", "Tree"]


def leaves(tree: Tree) -> list[int]:
    """The terms of a sum."""
    return [tree] if isinstance(tree, int) else leaves(tree[0]) + leaves(tree[1])


@dataclass(frozen=True)
class Op:
    """One call: ``out = name(*inputs)`` for every index of a shape, or where a mask is true.

    The mask is the last of the inputs.

    Attributes:
        tree: the terms of a sum, each of which is one call further along its operands, and which of
            them are added to which; 0 for a single call.
        along: of each operand, the distance from one term to the next.
        added: what adds two terms; ``maximum`` where the largest is asked for.
        table: of ``take``, where the constants begin of which its input numbers one for each
            network.
    """

    name: str
    shape: tuple[int, ...]
    out: Rows
    inputs: tuple[Operand, ...]
    masked: bool = False
    table: int = 0
    tree: Tree = 0
    along: tuple[int, ...] = ()
    added: str = "add"

    def rows(self) -> list[Rows]:
        """The operands that are rows; the one it sets comes first."""
        found = [self.out]
        for number, one in enumerate(self.inputs):
            if isinstance(one, Rows) and self.tree:
                step = self.along[number]
                terms = dict.fromkeys(step * term for term in leaves(self.tree))
                found += [replace(one, first=one.first + term) for term in terms]
            elif isinstance(one, Rows):
                found.append(one)
        return found

    @property
    def count(self) -> int:
        """How many rows it sets."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Repeat:
    """Ops that are run several times, each time on other rows of one array or other constants.

    Attributes:
        ops: as they are the first time.
        times: how often they are run.
        array: of which other rows are read; None for constants.
        step: how many rows, or constants, on.
    """

    ops: tuple[Op, ...]
    times: int
    array: int | None
    step: int


def begins(op: Op) -> bool:
    """Whether an op fetches the patterns of an update: those it is given, or one for all."""
    copies = op.name == "copyto" and not op.masked
    return op.name == "take" or (copies and isinstance(_fetched(op), Numbers))


def rolled(ops: Sequence[Op]) -> tuple[Op | Repeat, ...]:
    """The same ops, with updates from as many patterns as one `Repeat`."""
    found: list[Op | Repeat] = []
    index = 0
    while index < len(ops):
        repeat = _repeat(ops[index:]) if begins(ops[index]) else None
        found.append(repeat or ops[index])
        index += repeat.times * len(repeat.ops) if repeat else 1
    return tuple(found)


def _repeat(ops: Sequence[Op]) -> Repeat | None:
    """What ops begin with and repeat, where that is an update with all that it learns from."""
    first = _fetched(ops[0])
    for period in range(1, len(ops) // 2 + 1):
        other = ops[period]
        if other.name != ops[0].name or other.table != ops[0].table or not begins(other):
            continue
        step = _fetched(other).first - first.first
        batch, times = tuple(ops[:period]), 1
        while _again(batch, ops, times * period, times * step):
            times += 1
        if times == 1:
            continue
        if isinstance(first, Numbers):
            return Repeat(tuple(map(_moving, batch)), times, None, step)
        if all(begins(op) == any(one.array == first.array for one in op.rows()) for op in batch):
            return Repeat(batch, times, first.array, step)
    return None


def _again(batch: Sequence[Op], ops: Sequence[Op], index: int, places: int) -> bool:
    """Whether ops go on at an index with those of a batch, which fetch so many places on."""
    return index + len(batch) <= len(ops) and all(
        ops[number] is op or ops[number] == _moved(op, places)
        for number, op in enumerate(batch, index)
    )


def _fetched(op: Op) -> Operand:
    return op.inputs[0]


def _moved(op: Op, places: int) -> Op:
    """The op with what it fetches so many rows or constants on, if it fetches anything."""
    if not begins(op):
        return op
    return replace(op, inputs=(replace(op.inputs[0], first=op.inputs[0].first + places),))


def _moving(op: Op) -> Op:
    if not begins(op):
        return op
    (fetched,) = op.inputs
    return (
        replace(op, inputs=(replace(fetched, moves=True),)) if isinstance(fetched, Numbers) else op
    )
