"""Writing ops of one shape as one nest of loops, with rows in memory."""

from __future__ import annotations

from dataclasses import replace

from xorlab.networks.compiled.loops import groups, merged, rows_at_once
from xorlab.networks.compiled.op_code import OpCode
from xorlab.networks.compiled.ops import Numbers, Op, Operand, Rows


def write_nest(ops: OpCode, chain: list[Op]) -> None:
    """Write loops over the axes of ops, each index through all ops before the next."""
    _nest(ops, chain, merged(chain), [])


def _nest(ops: OpCode, chain: list[Op], axes: list[tuple[int, int]], indices: list[str]) -> None:
    """The loops that are left, then the body; an axis is its length and its first number."""
    count = axes[len(indices)][0]
    if len(indices) + 1 < len(axes):
        with ops.code.loop("0", str(count)) as index:
            _nest(ops, chain, axes, [*indices, index])
        return
    most = rows_at_once(chain, looped=True)
    if any(op.out.strides[axes[-1][1]] == 0 for op in chain):
        most = 1  # each sets what the one before has set
    whole = count // most * most
    if whole:
        with ops.code.loop("0", str(whole), most) as index:
            _body(ops, chain, axes, [*indices, index], most)
    for first, rows in groups(count - whole, most):
        _body(ops, chain, axes, [*indices, str(whole + first)], rows)


def _body(
    ops: OpCode, chain: list[Op], axes: list[tuple[int, int]], indices: list[str], rows: int
) -> None:
    """Ops at an index of each axis, and at so many from the index of the last."""
    code, last = ops.code, axes[-1][1]
    found: dict[Operand, str] = {}
    addresses: dict[Rows, list[str]] = {}

    def offset(strides: tuple[int, ...], first: int, scale: int) -> str:
        total = str(first * scale)
        for index, (_, axis) in zip(indices, axes, strict=True):
            if strides[axis]:
                part = code.value(f"mul nsw i64 {index}, {strides[axis] * scale}")
                total = code.value(f"add nsw i64 {total}, {part}")
        return total

    def address(one: Rows) -> list[str]:
        if one not in addresses:
            start = ops.base(one.array)
            line = ops.layout.line(one.array)
            first = code.at(start, offset(one.strides, one.first, line))
            step = one.strides[last] * line
            addresses[one] = [code.at(first, step * row) for row in range(rows if step else 1)]
        return addresses[one]

    def loaded(one: Operand) -> list[str]:
        if isinstance(one, Rows):
            return [code.load(ops.kind(one), place) for place in address(one)]
        step = one.strides[last]
        return [
            ops.loaded(one, offset(one.strides, one.first + step * row, 1))
            for row in range(rows if step else 1)
        ]

    def value(one: Operand) -> str:
        if isinstance(one, Numbers) and one.literal is not None:
            with code.rows(rows):
                return code.number(one.kind, one.literal)
        if one not in found:
            values = loaded(one)
            found[one] = code.joined(ops.kind(one), values * (rows // len(values)))
        return found[one]

    def term(one: Operand, step: int) -> str:
        if isinstance(one, Numbers):
            return value(replace(one, first=one.first + step))
        places = [code.at(place, step * ops.layout.line(one.array)) for place in address(one)]
        values = [code.load(ops.kind(one), place) for place in places]
        return code.joined(ops.kind(one), values * (rows // len(values)))

    for op in chain:
        found[op.out] = ops.value(op, rows, value, term)
    for out in dict.fromkeys(op.out for op in chain):
        kind = ops.kind(out)
        for part, place in zip(code.parted(kind, found[out], rows), address(out), strict=True):
            code.store(kind, part, place)
