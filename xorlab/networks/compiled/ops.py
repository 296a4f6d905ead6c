"""What calls do, row by row: ops.

A row is the N numbers, one per network, at the end of an array's axes. Every array of a program is
a stack of rows, so an operand is the number of its first row and the distance to the next one along
each axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
    """

    kind: str
    first: int
    strides: tuple[int, ...]
    literal: float | None = None


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
    """Ops that are run several times; from one time to the next, the rows of one array move on.

    Attributes:
        ops: as they are the first time.
        times: how often they are run.
        array: of which other rows are read each time.
        step: how many rows on.
    """

    ops: tuple[Op, ...]
    times: int
    array: int
    step: int


def rolled(ops: Sequence[Op]) -> tuple[Op | Repeat, ...]:
    """The same ops, with mini-batches of the same size as one `Repeat`."""
    found: list[Op | Repeat] = []
    index = 0
    while index < len(ops):
        repeat = _repeat(ops[index:]) if ops[index].name == "take" else None
        found.append(repeat or ops[index])
        index += repeat.times * len(repeat.ops) if repeat else 1
    return tuple(found)


def _repeat(ops: Sequence[Op]) -> Repeat | None:
    """What ops begin with and repeat, where that is a batch with all that is learned from it."""
    (first,) = _indices(ops[0])
    for period in range(1, len(ops) // 2 + 1):
        other = ops[period]
        if other.name != "take" or other.table != ops[0].table:
            continue
        (index,) = _indices(other)
        step = index.first - first.first
        batch, times = tuple(ops[:period]), 1
        while tuple(ops[times * period : (times + 1) * period]) == tuple(
            _moved(op, times * step) for op in batch
        ):
            times += 1
        alone = all(
            (op.name == "take") == any(one.array == first.array for one in op.rows())
            for op in batch
        )
        if times > 1 and alone:
            return Repeat(batch, times, first.array, step)
    return None


def _indices(op: Op) -> Iterator[Rows]:
    return (one for one in op.inputs if isinstance(one, Rows))


def _moved(op: Op, rows: int) -> Op:
    """The op with its indices so many rows on, if it has any."""
    if op.name != "take":
        return op
    (index,) = _indices(op)
    return replace(op, inputs=(replace(index, first=index.first + rows),))
