"""Writing a program's calls as code: on values where they are few, in loops where they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product

from xorlab.networks.compiled.code import Code
from xorlab.networks.compiled.functions import apply
from xorlab.networks.compiled.loops import (
    SUMMED,
    groups,
    independent,
    is_loop,
    merged,
    rows_at_once,
)
from xorlab.networks.compiled.ops import Numbers, Op, Operand, Repeat, Rows, Tree
from xorlab.networks.compiled.scratch import Cell, Layout, cell_of, cells, touched


class Lowering:
    """Writes ops to code. Rows are in scratch memory, or values that are not stored yet.

    Args:
        code: to write to.
        layout: of the scratch memory.
        unrolled: whether to write without loops.
    """

    def __init__(self, code: Code, layout: Layout, unrolled: bool) -> None:
        self.code, self.layout, self._unrolled = code, layout, unrolled
        self._values: dict[Cell, str] = {}
        self._unsaved: set[Cell] = set()
        self._constants: dict[tuple[str, int], str] = {}
        self._start: dict[int, str] = {}  # in a loop, how many bytes on an array is read

    def emit(self, ops: Sequence[Op | Repeat]) -> None:
        """Write ops in order."""
        chain: list[Op] = []
        for op in ops:
            if isinstance(op, Repeat):
                self._emit_loop(chain)
                chain = []
                self._emit_repeat(op)
            elif self._unrolled or not is_loop(op):
                self._emit_loop(chain)
                chain = []
                self._emit_values(op)
            elif op.tree:
                self._emit_loop(chain)
                self._emit_loop([op])
                chain = []
            else:
                if chain and not (chain[0].shape == op.shape and independent([*chain, op])):
                    self._emit_loop(chain)
                    chain = []
                chain.append(op)
        self._emit_loop(chain)

    def _emit_repeat(self, repeat: Repeat) -> None:
        """Write a loop over ops; rows are in memory from one time to the next."""
        code, line = self.code, self.layout.line(repeat.array)
        self.save(self._unsaved)
        with code.loop("0", str(repeat.times)) as index:
            self.forget()
            self._start = {repeat.array: code.value(f"mul nsw i64 {index}, {repeat.step * line}")}
            self.emit(repeat.ops)
            self.save(self._unsaved)
        self._start = {}
        self.forget()

    # Rows as values

    def value(self, cell: Cell) -> str:
        """A row."""
        if cell not in self._values:
            self._values[cell] = self.code.load(self.layout.kinds[cell[0]], self._address(cell))
        return self._values[cell]

    def set(self, cell: Cell, value: str) -> None:
        """Set a row, in memory when that is asked for."""
        self._values[cell] = value
        self._unsaved.add(cell)

    def save(self, kept: Iterable[Cell]) -> None:
        """Store rows that are not in memory yet."""
        for cell in sorted(self._unsaved.intersection(kept)):
            kind = self.layout.kinds[cell[0]]
            self.code.store(kind, self._values[cell], self._address(cell))
            self._unsaved.discard(cell)

    def reload(self, stale: Iterable[Cell]) -> None:
        """Read rows anew: a branch may have set them in memory."""
        for cell in stale:
            self._values.pop(cell, None)

    def forget(self) -> None:
        """Read every row anew: another block begins that others lead to."""
        self._values.clear()
        self._unsaved.clear()
        self._constants.clear()

    def fork(self) -> Lowering:
        """For a branch: knows the values so far; what it learns stays there."""
        other = Lowering(self.code, self.layout, self._unrolled)
        other._values, other._unsaved = dict(self._values), set(self._unsaved)
        other._constants = dict(self._constants)
        return other

    def _address(self, cell: Cell) -> str:
        array, row = cell
        return self.code.at(self._base(array), row * self.layout.line(array))

    def _base(self, array: int) -> str:
        """Where an array's rows begin."""
        start = self.code.at("%scratch", self.layout.starts[array])
        return self.code.at(start, self._start[array]) if array in self._start else start

    def _emit_values(self, op: Op) -> None:
        indices = list(product(*map(range, op.shape)))
        for first, count in groups(op.count, rows_at_once([op], looped=False)):
            some = indices[first : first + count]

            def rows(one: Operand, some: list[tuple[int, ...]] = some) -> str:
                if isinstance(one, Numbers):
                    values = [self._number(one, index) for index in some]
                else:
                    values = [self.value(cell_of(one, index)) for index in some]
                return self.code.joined(self._kind(one), values)

            def term(one: Operand, step: int, some: list[tuple[int, ...]] = some) -> str:
                return rows(replace(one, first=one.first + step), some)

            value = self._value(op, count, rows, term)
            parts = self.code.parted(self._kind(op.out), value, count)
            for index, part in zip(some, parts, strict=True):
                self.set(cell_of(op.out, index), part)

    def _number(self, one: Numbers, index: tuple[int, ...]) -> str:
        if one.literal is not None:
            return self.code.number(one.kind, one.literal)
        place = one.first + sum(map(int.__mul__, index, one.strides))
        if (one.kind, place) not in self._constants:
            self._constants[one.kind, place] = self._loaded(one.kind, str(place))
        return self._constants[one.kind, place]

    def _loaded(self, kind: str, place: str) -> str:
        address = self.code.value(f"getelementptr {kind}, ptr %numbers, i64 {place}")
        return self.code.splat(kind, self.code.value(f"load {kind}, ptr {address}"))

    def _kind(self, operand: Operand) -> str:
        return operand.kind if isinstance(operand, Numbers) else self.layout.kinds[operand.array]

    def _value(
        self,
        op: Op,
        rows: int,
        value: Callable[[Operand], str],
        term: Callable[[Operand, int], str],
    ) -> str:
        """What an op sets.

        Args:
            op: the op.
            rows: how many at a time.
            value: writes an operand.
            term: writes an operand so many rows or constants further on.
        """

        def total(tree: Tree) -> str:
            if isinstance(tree, int):
                steps = [tree * step for step in op.along]
                values = list(map(term, op.inputs, steps))
                with self.code.rows(rows):
                    return self._applied(op, values, "")
            parts = total(tree[0]), total(tree[1])
            kind = self.layout.kinds[op.out.array]
            with self.code.rows(rows):
                return apply(self.code, op.added, kind, kind, list(parts))

        if op.tree:
            return total(op.tree)
        values, old = list(map(value, op.inputs)), value(op.out) if op.masked else ""
        with self.code.rows(rows):
            return self._applied(op, values, old)

    def _applied(self, op: Op, values: list[str], old: str) -> str:
        kind, out = self._kind(op.inputs[0]), self.layout.kinds[op.out.array]
        if op.masked:
            return self.code.select(values[1], out, values[0], old)
        if op.name == "take":
            base = self.code.value(f"getelementptr {out}, ptr %numbers, i64 {op.table}")
            return self.code.take(out, base, values[0])
        return apply(self.code, op.name, kind, out, values)

    # Rows in loops

    def total(self, first: Cell, count: int, into: Cell, differences: bool = False) -> None:
        """Add rows that follow one another to another row, in any order.

        Args:
            first: of the rows.
            count: of the rows.
            into: the other row.
            differences: whether to add each row minus itself instead.
        """
        code, (array, row) = self.code, first
        kind, line = self.layout.kinds[array], self.layout.line(array)
        self.save([into, *((array, row + index) for index in range(count))])
        start, goal = self._address(first), self._address(into)

        def add(index: str, rows: int) -> None:
            place = code.at(start, code.value(f"mul nsw i64 {index}, {line}"))
            values = [code.load(kind, code.at(place, line * one)) for one in range(rows)]
            if differences:
                values = [code.binary("fsub", kind, one, one) for one in values]
            code.store(kind, tree(code, kind, [*values, code.load(kind, goal)]), goal)

        whole = count // SUMMED * SUMMED
        if whole:
            with code.loop("0", str(whole), SUMMED) as index:
                add(index, SUMMED)
        if whole < count:
            add(str(whole), count - whole)
        self.reload([into])

    def _emit_loop(self, chain: list[Op]) -> None:
        """Write ops of one shape as one nest of loops."""
        if not chain:
            return
        self.save({cell for op in chain for cell in touched(op)})
        for op in chain:
            for cell in cells(op.out, op.shape):
                self._values.pop(cell, None)
        self._nest(chain, merged(chain), [])

    def _nest(self, chain: list[Op], axes: list[tuple[int, int]], indices: list[str]) -> None:
        """The loops that are left, then the body; an axis is its length and its first number."""
        count = axes[len(indices)][0]
        if len(indices) + 1 < len(axes):
            with self.code.loop("0", str(count)) as index:
                self._nest(chain, axes, [*indices, index])
            return
        most = rows_at_once(chain, looped=True)
        if any(op.out.strides[axes[-1][1]] == 0 for op in chain):
            most = 1  # each sets what the one before has set
        whole = count // most * most
        if whole:
            with self.code.loop("0", str(whole), most) as index:
                self._body(chain, axes, [*indices, index], most)
        for first, rows in groups(count - whole, most):
            self._body(chain, axes, [*indices, str(whole + first)], rows)

    def _body(
        self, chain: list[Op], axes: list[tuple[int, int]], indices: list[str], rows: int
    ) -> None:
        """Ops at an index of each axis, and at so many from the index of the last."""
        code, last = self.code, axes[-1][1]
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
                start = self._base(one.array)
                line = self.layout.line(one.array)
                first = code.at(start, offset(one.strides, one.first, line))
                step = one.strides[last] * line
                addresses[one] = [code.at(first, step * row) for row in range(rows if step else 1)]
            return addresses[one]

        def loaded(one: Operand) -> list[str]:
            if isinstance(one, Rows):
                return [code.load(self._kind(one), place) for place in address(one)]
            step = one.strides[last]
            return [
                self._loaded(one.kind, offset(one.strides, one.first + step * row, 1))
                for row in range(rows if step else 1)
            ]

        def value(one: Operand) -> str:
            if isinstance(one, Numbers) and one.literal is not None:
                with code.rows(rows):
                    return code.number(one.kind, one.literal)
            if one not in found:
                values = loaded(one)
                found[one] = code.joined(self._kind(one), values * (rows // len(values)))
            return found[one]

        def term(one: Operand, step: int) -> str:
            if isinstance(one, Numbers):
                return value(replace(one, first=one.first + step))
            places = [code.at(place, step * self.layout.line(one.array)) for place in address(one)]
            values = [code.load(self._kind(one), place) for place in places]
            return code.joined(self._kind(one), values * (rows // len(values)))

        for op in chain:
            found[op.out] = self._value(op, rows, value, term)
        for out in dict.fromkeys(op.out for op in chain):
            kind = self._kind(out)
            for part, place in zip(code.parted(kind, found[out], rows), address(out), strict=True):
                code.store(kind, part, place)


def tree(code: Code, kind: str, values: Sequence[str]) -> str:
    """The sum of values, by pairs."""
    values = list(values)
    while len(values) > 1:
        pairs = zip(values[::2], values[1::2], strict=False)
        odd = values[-1:] if len(values) % 2 else []
        values = [*(code.binary("fadd", kind, *pair) for pair in pairs), *odd]
    return values[0]
