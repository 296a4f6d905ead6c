"""Writing a program's calls as code: on values where they are few, in loops where they are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from xorlab.networks.compiled.calls import Numbers, Op, Operand, Rows, Stack
from xorlab.networks.compiled.code import LANES, SIZES, Code, number
from xorlab.networks.compiled.functions import COSTS, apply

# A program of so few instructions, in which no call sets more than so many rows, is written without
# loops; in another one, a call that sets at least so many rows is a loop. Measured: longer code no
# longer fits the first cache, and many rows at a time take minutes to find registers for.
UNROLLED, WIDEST, LOOPED = 6000, 64, 8

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


def is_short(ops: Sequence[Op]) -> bool:
    """Whether ops are written without loops."""
    cost = sum(op.count * COSTS.get(op.name, 1) for op in ops)
    return cost <= UNROLLED and all(op.count <= WIDEST for op in ops)


def length(ops: Iterable[Op]) -> int:
    """About how many lines they are, where calls that set many rows are loops."""
    return sum(min(op.count, LOOPED) * COSTS.get(op.name, 1) for op in ops)


def cells(operand: Rows, shape: tuple[int, ...]) -> list[Cell]:
    """The rows of an operand, index by index."""
    return [
        (operand.array, operand.first + sum(map(int.__mul__, index, operand.strides)))
        for index in product(*map(range, shape))
    ]


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

    def emit(self, ops: Sequence[Op]) -> None:
        """Write ops in order."""
        chain: list[Op] = []
        for op in ops:
            if self._unrolled or op.count < LOOPED:
                self._emit_loop(chain)
                chain = []
                self._emit_values(op)
            else:
                if chain and not (chain[0].shape == op.shape and _independent([*chain, op])):
                    self._emit_loop(chain)
                    chain = []
                chain.append(op)
        self._emit_loop(chain)

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
        return self.code.at("%scratch", self.layout.starts[array] + row * self.layout.line(array))

    def _emit_values(self, op: Op) -> None:
        outs = cells(op.out, op.shape)
        indices = list(product(*map(range, op.shape)))
        for index, out in zip(indices, outs, strict=True):
            values = []
            for one in op.inputs:
                if isinstance(one, Rows):
                    row = one.first + sum(map(int.__mul__, index, one.strides))
                    values.append(self.value((one.array, row)))
                else:
                    values.append(self._number(one, index))
            old = self.value(out) if op.masked else ""
            self.set(out, self._applied(op, values, old))

    def _number(self, one: Numbers, index: tuple[int, ...]) -> str:
        if one.literal is not None:
            return number(one.kind, one.literal)
        place = one.first + sum(map(int.__mul__, index, one.strides))
        if (one.kind, place) not in self._constants:
            self._constants[one.kind, place] = self._loaded(one.kind, str(place))
        return self._constants[one.kind, place]

    def _loaded(self, kind: str, place: str) -> str:
        address = self.code.value(f"getelementptr {kind}, ptr %numbers, i64 {place}")
        return self.code.splat(kind, self.code.value(f"load {kind}, ptr {address}"))

    def _kind(self, operand: Operand) -> str:
        return operand.kind if isinstance(operand, Numbers) else self.layout.kinds[operand.array]

    def _applied(self, op: Op, values: list[str], old: str) -> str:
        kind, out = self._kind(op.inputs[0]), self.layout.kinds[op.out.array]
        if op.masked:
            return self.code.select(values[1], out, values[0], old)
        return apply(self.code, op.name, kind, out, values)

    # Rows in loops

    def _emit_loop(self, chain: list[Op]) -> None:
        """Write ops of one shape as one nest of loops."""
        if not chain:
            return
        touched = {cell for op in chain for one in _rows(op) for cell in cells(one, op.shape)}
        self.save(touched)
        for op in chain:
            for cell in cells(op.out, op.shape):
                self._values.pop(cell, None)
        self._nest(chain, _merged(chain), [])

    def _nest(self, chain: list[Op], axes: list[tuple[int, int]], indices: list[str]) -> None:
        """The loops that are left, then the body; an axis is its length and its first number."""
        if len(indices) == len(axes):
            self._body(chain, axes, indices)
            return
        with self.code.loop("0", str(axes[len(indices)][0])) as index:
            self._nest(chain, axes, [*indices, index])

    def _body(self, chain: list[Op], axes: list[tuple[int, int]], indices: list[str]) -> None:
        found: dict[Operand, str] = {}
        addresses: dict[Rows, str] = {}

        def offset(strides: tuple[int, ...], first: int, scale: int) -> str:
            total = str(first * scale)
            for index, (_, axis) in zip(indices, axes, strict=True):
                if strides[axis]:
                    part = self.code.value(f"mul nsw i64 {index}, {strides[axis] * scale}")
                    total = self.code.value(f"add nsw i64 {total}, {part}")
            return total

        def address(one: Rows) -> str:
            if one not in addresses:
                start = self.code.at("%scratch", self.layout.starts[one.array])
                line = self.layout.line(one.array)
                addresses[one] = self.code.at(start, offset(one.strides, one.first, line))
            return addresses[one]

        def value(one: Operand) -> str:
            if isinstance(one, Numbers) and one.literal is not None:
                return number(one.kind, one.literal)
            if one not in found:
                if isinstance(one, Numbers):
                    found[one] = self._loaded(one.kind, offset(one.strides, one.first, 1))
                else:
                    found[one] = self.code.load(self._kind(one), address(one))
            return found[one]

        for op in chain:
            values = [value(one) for one in op.inputs]
            found[op.out] = self._applied(op, values, value(op.out) if op.masked else "")
        for out in dict.fromkeys(op.out for op in chain):
            self.code.store(self._kind(out), found[out], address(out))


def _rows(op: Op) -> list[Rows]:
    return [op.out, *(one for one in op.inputs if isinstance(one, Rows))]


def _independent(chain: list[Op]) -> bool:
    """Whether each index can be run through all ops before the next."""
    written = {op.out for op in chain}
    used = {one for op in chain for one in _rows(op)}
    for out in written:
        own = None
        for other in used:
            if other != out and other.array == out.array:
                own = own or set(cells(out, chain[0].shape))
                if own.intersection(cells(other, chain[0].shape)):
                    return False
    return True


def _merged(chain: list[Op]) -> list[tuple[int, int]]:
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
