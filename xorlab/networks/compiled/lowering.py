"""Writing a program's calls as code: on values where they are few, in loops where they are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from xorlab.networks.compiled.code import Code
from xorlab.networks.compiled.loops import SUMMED, groups, independent, is_loop, rows_at_once
from xorlab.networks.compiled.nests import write_nest
from xorlab.networks.compiled.op_code import OpCode
from xorlab.networks.compiled.ops import Numbers, Op, Operand, Repeat
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
        self._ops = OpCode(code, layout)

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
        code = self.code
        line = 1 if repeat.array is None else self.layout.line(repeat.array)
        self.save(self._unsaved)
        with code.loop("0", str(repeat.times)) as index:
            self.forget()
            self._ops.further = {
                repeat.array: code.value(f"mul nsw i64 {index}, {repeat.step * line}")
            }
            self.emit(repeat.ops)
            self.save(self._unsaved)
        self._ops.further = {}
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
        other._ops = self._ops
        return other

    def _address(self, cell: Cell) -> str:
        array, row = cell
        return self.code.at(self._ops.base(array), row * self.layout.line(array))

    def _emit_values(self, op: Op) -> None:
        indices = list(product(*map(range, op.shape)))
        for first, count in groups(op.count, rows_at_once([op], looped=False)):
            some = indices[first : first + count]

            def rows(one: Operand, some: list[tuple[int, ...]] = some) -> str:
                if isinstance(one, Numbers):
                    values = [self._number(one, index) for index in some]
                else:
                    values = [self.value(cell_of(one, index)) for index in some]
                return self.code.joined(self._ops.kind(one), values)

            def term(one: Operand, step: int, some: list[tuple[int, ...]] = some) -> str:
                return rows(replace(one, first=one.first + step), some)

            value = self._ops.value(op, count, rows, term)
            parts = self.code.parted(self._ops.kind(op.out), value, count)
            for index, part in zip(some, parts, strict=True):
                self.set(cell_of(op.out, index), part)

    def _number(self, one: Numbers, index: tuple[int, ...]) -> str:
        if one.literal is not None:
            return self.code.number(one.kind, one.literal)
        place = one.first + sum(map(int.__mul__, index, one.strides))
        if (one.kind, place) not in self._constants:
            self._constants[one.kind, place] = self._ops.loaded(one, str(place))
        return self._constants[one.kind, place]

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
        write_nest(self._ops, chain)


def tree(code: Code, kind: str, values: Sequence[str]) -> str:
    """The sum of values, by pairs."""
    values = list(values)
    while len(values) > 1:
        pairs = zip(values[::2], values[1::2], strict=False)
        odd = values[-1:] if len(values) % 2 else []
        values = [*(code.binary("fadd", kind, *pair) for pair in pairs), *odd]
    return values[0]
