"""Which ops are written as loops, which of them as one, and how many rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xorlab.networks.compiled.functions import COSTS
from xorlab.networks.compiled.ops import Op, Repeat
from xorlab.networks.compiled.scratch import cells

# A program of so few instructions, in which no call sets more than so many rows, is written without
# loops; in another one, a call that sets at least so many rows is a loop. Measured: longer code no
# longer fits the first cache, and many rows at a time take minutes to find registers for.
UNROLLED, WIDEST, LOOPED = 6000, 64, 8
# How many rows are worked on side by side: by a function whose instructions wait for each other, so
# that a processor has others to do meanwhile, and by all others in loops. Measured, too.
HEAVY, LIGHT, HEAVY_COST, SUMMED = 2, 4, 25, 16


def is_short(ops: Sequence[Op]) -> bool:
    """Whether ops are written without loops."""
    cost = sum(op.count * COSTS.get(op.name, 1) for op in ops)
    return cost <= UNROLLED and all(op.count <= WIDEST for op in ops)


def length(ops: Iterable[Op | Repeat]) -> int:
    """About how many lines they are, where calls that set many rows are loops."""
    return sum(
        length(op.ops) if isinstance(op, Repeat) else min(op.count, LOOPED) * COSTS.get(op.name, 1)
        for op in ops
    )


def is_loop(op: Op) -> bool:
    """Whether an op of a program that is not short is a loop."""
    return op.count >= LOOPED


def rows_at_once(ops: Iterable[Op], looped: bool) -> int:
    """How many rows are worked on side by side."""
    heavy = any(COSTS.get(op.name, 1) >= HEAVY_COST for op in ops)
    return HEAVY if heavy else LIGHT if looped else 1


def groups(count: int, most: int) -> Iterator[tuple[int, int]]:
    """Rows in groups of a power of two: the first of each, and how many."""
    first = 0
    while first < count:
        while first + most > count:
            most //= 2
        yield first, most
        first += most


def independent(chain: list[Op]) -> bool:
    """Whether each index can be run through all ops before the next."""
    written = {op.out for op in chain}
    used = {one for op in chain for one in op.rows()}
    for out in written:
        own = None
        for other in used:
            if other != out and other.array == out.array:
                own = own or set(cells(out, chain[0].shape))
                if own.intersection(cells(other, chain[0].shape)):
                    return False
    return True


def merged(chain: list[Op]) -> list[tuple[int, int]]:
    """The axes to loop over, each as its length and the number of its strides.

    Two that every operand steps through as one are one loop.
    """
    operands = [one for op in chain for one in (op.out, *op.inputs)]
    axes: list[tuple[int, int]] = []
    for axis, length in enumerate(chain[0].shape):
        if length == 1:
            continue
        if axes and all(one.strides[axes[-1][1]] == length * one.strides[axis] for one in operands):
            axes[-1] = (axes[-1][0] * length, axis)
        else:
            axes.append((length, axis))
    return axes
