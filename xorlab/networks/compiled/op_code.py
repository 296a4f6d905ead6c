"""Writing one op, wherever its operands come from."""

from __future__ import annotations

from collections.abc import Callable

from xorlab.networks.compiled.code import Code
from xorlab.networks.compiled.functions import apply
from xorlab.networks.compiled.ops import Numbers, Op, Operand, Tree
from xorlab.networks.compiled.scratch import Layout


class OpCode:
    """Writes what an op computes of its operands.

    Args:
        code: to write to.
        layout: of the scratch memory.

    Attributes:
        further: in a loop, how many bytes on the rows of an array are read, or, for None, how many
            places on the constants that move.
    """

    def __init__(self, code: Code, layout: Layout) -> None:
        self.code, self.layout = code, layout
        self.further: dict[int | None, str] = {}

    def base(self, array: int) -> str:
        """Where an array's rows begin."""
        start = self.code.at("%scratch", self.layout.starts[array])
        return self.code.at(start, self.further[array]) if array in self.further else start

    def loaded(self, one: Numbers, place: str) -> str:
        """The constant at a place, in every lane."""
        if one.moves:
            place = self.code.value(f"add nsw i64 {place}, {self.further[None]}")
        address = self.code.value(f"getelementptr {one.kind}, ptr %numbers, i64 {place}")
        return self.code.splat(one.kind, self.code.value(f"load {one.kind}, ptr {address}"))

    def kind(self, operand: Operand) -> str:
        """The type of an operand."""
        return operand.kind if isinstance(operand, Numbers) else self.layout.kinds[operand.array]

    def value(
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
        kind, out = self.kind(op.inputs[0]), self.layout.kinds[op.out.array]
        if op.masked:
            return self.code.select(values[1], out, values[0], old)
        if op.name == "take":
            base = self.code.value(f"getelementptr {out}, ptr %numbers, i64 {op.table}")
            return self.code.take(out, base, values[0])
        return apply(self.code, op.name, kind, out, values)
