"""Sums over patterns or units: the calls of `Program.fold`, in which half is added to half.

Call by call, every term is stored and read again before it is added, and those of many patterns do
not fit into the first-level cache. As one op, a few terms at a time are computed and added in
registers: the same additions in the same order, and so the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from xorlab.networks.compiled.functions import COSTS
from xorlab.networks.compiled.ops import Numbers, Op, Operand, Rows, Tree

_One = TypeVar("_One", bound=Rows | Numbers)
_TERMS = 32  # of one sum that is written out
_LEVELS = 3  # times that half is added to half at once, where there are more


def folded(ops: Sequence[Op]) -> tuple[Op, ...]:
    """The same ops, with sums as few ops; their terms are not stored."""
    found: list[Op] = []
    index = 0
    while index < len(ops):
        own, used = _fold(ops, index)
        found += own
        index += used
    return tuple(found)


def _fold(ops: Sequence[Op], index: int) -> tuple[list[Op], int]:
    """The op at an index, or those of a sum that begins there; and how many they stand for."""
    maker = ops[index]
    for skipped in (1, 0):  # with the call that makes the terms, or without
        if index + skipped >= len(ops):
            continue
        for terms, shape, axis in _starts(ops[index + skipped]):
            name = ops[index + skipped].name
            steps = list(_steps(name, terms, shape, axis))
            some = ops[index + skipped : index + skipped + len(steps)]
            if list(map(_plain, some)) != steps or some[-1].out.array == terms.array:
                continue
            target = some[-1].out
            if not skipped:
                source = Op("positive", shape, terms, (terms,))
            elif maker.out == terms and maker.shape == shape and _can_make(maker, target):
                source = maker
            else:
                continue
            return _summed(replace(source, added=name), axis, target), skipped + len(steps)
    return [maker], 1


def _starts(op: Op) -> Iterator[tuple[Rows, tuple[int, ...], int]]:
    """The terms that a sum can have that begins with an op: rows, shape and the axis summed."""
    if op.name not in ("add", "maximum") or not all(isinstance(one, Rows) for one in op.inputs):
        return
    low, high = (one for one in op.inputs if isinstance(one, Rows))
    apart = high.first - low.first
    for axis, (half, stride) in enumerate(zip(op.shape, low.strides, strict=True)):
        step = apart // 2 if half == 1 else stride  # as read, an axis of one row has no step
        if low != op.out or step <= 0 or apart % step:
            continue
        rest = apart // step
        if rest in (half, half + 1):
            strides = (*low.strides[:axis], step, *low.strides[axis + 1 :])
            shape = (*op.shape[:axis], half + rest, *op.shape[axis + 1 :])
            yield replace(low, strides=strides), shape, axis


def _plain(op: Op) -> tuple[str, tuple[int, ...], tuple[Operand, ...], Rows | None]:
    """What an op does, without where the result goes unless it is the first operand."""
    return op.name, op.shape, op.inputs, op.out if op.inputs[0] == op.out else None


def _steps(
    name: str, terms: Rows, shape: tuple[int, ...], axis: int
) -> Iterator[tuple[str, tuple[int, ...], tuple[Operand, ...], Rows | None]]:
    """The ops of a sum, as `_plain` has them."""
    count, stride = shape[axis], terms.strides[axis]
    while count > 1:
        half = count // 2
        low, own = terms, (*shape[:axis], half, *shape[axis + 1 :])
        if half == 1:
            low = replace(low, strides=(*low.strides[:axis], 0, *low.strides[axis + 1 :]))
        if count == 2:
            low, own = _without(terms, axis), _dropped(shape, axis)
        high = replace(low, first=low.first + (count - half) * stride)
        yield name, own, (low, high), None if count == 2 else low
        count -= half


def _can_make(maker: Op, target: Rows) -> bool:
    """Whether terms may be computed where they are added: they change nothing that is read."""
    if maker.masked or maker.name == "take" or maker.tree or COSTS.get(maker.name, 1) > 2:
        return False
    read = [one for one in maker.inputs if isinstance(one, Rows)]
    return all(one.array != target.array for one in read) and all(
        one.array != maker.out.array or one == maker.out for one in read
    )


def _summed(source: Op, axis: int, target: Rows) -> list[Op]:
    """A sum of what an op sets, over one of its axes."""
    ops: list[Op] = []
    count = source.shape[axis]
    while count > _TERMS:
        trees: list[Tree] = list(range(count))
        for _ in range(_LEVELS):
            trees = _halved(trees)
        # Nodes that are alike, each further on by one term, are one op with one more axis.
        for _, run in groupby(enumerate(trees), lambda one: str(_shifted(one[1], -one[0]))):
            own = list(run)
            (start, tree), length = own[0], len(own)
            shape = (*source.shape[:axis], length, *source.shape[axis + 1 :])
            moved = tuple(_moved(one, axis, start) for one in source.inputs)
            out = _moved(source.out, axis, start)
            along = tuple(one.strides[axis] for one in source.inputs)
            tree = _shifted(tree, -start)
            ops.append(replace(source, shape=shape, out=out, inputs=moved, tree=tree, along=along))
        count = len(trees)
        shape = (*source.shape[:axis], count, *source.shape[axis + 1 :])
        source = Op("positive", shape, source.out, (source.out,), added=source.added)
    trees = list(range(count))
    while len(trees) > 1:
        trees = _halved(trees)
    inputs = tuple(_without(one, axis) for one in source.inputs)
    along = tuple(one.strides[axis] for one in source.inputs)
    shape, tree = _dropped(source.shape, axis), trees[0]
    last = replace(source, shape=shape, out=target, inputs=inputs, tree=tree, along=along)
    return [*ops, last]


def _halved(trees: list[Tree]) -> list[Tree]:
    """One half added to the other; the one in the middle stays where their number is odd."""
    count, half = len(trees), len(trees) // 2
    sums: list[Tree] = [(trees[one], trees[one + count - half]) for one in range(half)]
    return [*sums, *trees[half : count - half]]


def _shifted(tree: Tree, terms: int) -> Tree:
    if isinstance(tree, int):
        return tree + terms
    return _shifted(tree[0], terms), _shifted(tree[1], terms)


def _moved(one: _One, axis: int, terms: int) -> _One:
    return replace(one, first=one.first + terms * one.strides[axis])


def _without(one: _One, axis: int) -> _One:
    return replace(one, strides=_dropped(one.strides, axis))


def _dropped(values: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*values[:axis], *values[axis + 1 :])
