"""Reading a program: what each of its NumPy calls does to which rows of which arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from xorlab.networks.compiled.functions import known
from xorlab.networks.compiled.fused import Fused
from xorlab.networks.compiled.ops import Numbers, Op, Operand, Rows
from xorlab.networks.program import Array

# What is written into the machine code; other constants, and patterns, are read by it, so that
# another learning rate needs no other code.
_LITERALS = (0.0, 1.0)
_KINDS = {
    np.dtype(name): kind
    for name, kind in (
        ("float64", "double"),
        ("float32", "float"),
        ("int64", "i64"),
        ("bool", "i1"),
    )
}


@dataclass
class Stack:
    """An array as rows.

    Attributes:
        owner: which owns the memory; held, so that its address stays its own.
        kind: LLVM's type of an element.
        origin: the address that rows are counted from.
        low: the first row in use.
        high: the one after the last.
    """

    owner: Array
    kind: str
    origin: int
    low: int = 0
    high: int = 1


class Reader:
    """Reads calls over arrays of one width.

    Attributes:
        stacks: the arrays, numbered as they come.
        numbers: constants that are read at run time.
        kind: LLVM's type of a floating-point number; empty until one is seen.
    """

    def __init__(self) -> None:
        self.stacks: list[Stack] = []
        self.numbers: list[float] = []
        self.kind: str = ""
        self.width = 0
        self._stack_of: dict[tuple[int, int], int] = {}
        self._numbers_of: dict[tuple[int, tuple[int, ...]], Numbers] = {}
        self._tables: dict[int, int] = {}
        self._read: dict[int, list[Op] | None] = {}
        self._held: list[object] = []

    def read(self, call: Callable[[], object]) -> list[Op] | None:
        """What a call does; None where it is not a call of a known function on such arrays."""
        key = id(call)
        if key not in self._read:
            self._held.append(call)  # its id stays its own
            self._read[key] = self._ops(call)
        return self._read[key]

    def _ops(self, call: Callable[[], object]) -> list[Op] | None:
        if isinstance(call, Fused):
            return self._op(call.name, call.out, [call.source], masked=False)
        if not isinstance(call, partial):
            return None
        name = getattr(call.func, "__name__", "")
        function = getattr(np, name, None)
        if function is not call.func:
            return None
        if name == "take":
            return (self._gather if call.args[2] is None else self._take)(*call.args)
        arguments = [*call.args, *call.keywords.values()]
        masked = name == "copyto" and len(arguments) == 4
        if name == "copyto":
            out, inputs = arguments[0], [arguments[1], *arguments[3:]]
        else:
            out, inputs = arguments[-1], arguments[:-1]
        return self._op(name, out, inputs, masked)

    def _op(self, name: str, out: Array, inputs: list[Array], masked: bool) -> list[Op] | None:
        if not self._fits(out) or not all(map(self._fits, inputs)):
            return None
        kinds = {_KINDS[one.dtype] for one in inputs[: len(inputs) - masked]}
        if len(kinds) > 1 or not known(name, kinds.pop(), _KINDS[out.dtype]):
            return None
        width = next(one.shape[-1] for one in (out, *inputs) if one.ndim and one.shape[-1] > 1)
        if self.width not in (0, width) or out.ndim == 0 or out.shape[-1] != width:
            return None
        self.width = width
        shape = out.shape[:-1]
        target = self._operand(out, shape)
        operands = [self._operand(one, shape) for one in inputs]
        if not isinstance(target, Rows) or None in operands:
            return None
        return [Op(name, shape, target, tuple(filter(None, operands)), masked)]

    def _fits(self, array: Any) -> bool:
        if not isinstance(array, np.ndarray) or array.dtype not in _KINDS:
            return False
        kind = _KINDS[array.dtype]
        if kind in ("double", "float"):
            self.kind = self.kind or kind
            return kind == self.kind
        return True

    def _take(self, *arguments: Any) -> list[Op] | None:
        """A choice of rows that does not change: as many copies."""
        source, rows, axis, out, _ = arguments
        if axis != 0 or source.ndim != 2 or rows.ndim != 1 or out.ndim != 2:
            return None
        ops: list[Op] = []
        for index, row in enumerate(rows):
            found = self._op("positive", out[index], [source[row]], masked=False)
            if found is None:
                return None
            ops += found
        return ops

    def _gather(self, source: Array, rows: Array, *arguments: Any) -> list[Op] | None:
        """A choice of constants that each network makes anew in every epoch."""
        _, out, _ = arguments
        if source.ndim != 1 or not all(map(self._fits, (source, rows, out))):
            return None
        self.width = self.width or out.shape[-1]
        target, index = (self._rows(one, out.shape[:-1]) for one in (out, rows))
        if target is None or index is None or source.dtype != out.dtype:
            return None
        if id(source) not in self._tables:
            self._held.append(source)  # likewise
            self._tables[id(source)] = len(self.numbers)
            self.numbers += source.tolist()
        return [Op("take", out.shape[:-1], target, (index,), table=self._tables[id(source)])]

    def _operand(self, array: Array, shape: tuple[int, ...]) -> Operand | None:
        if array.ndim == 0 or array.shape[-1] == 1:
            return self._constant(array, shape)
        return self._rows(array, shape)

    def _rows(self, array: Array, shape: tuple[int, ...]) -> Rows | None:
        size = array.itemsize
        if array.shape[-1] != self.width or array.strides[-1] != size:
            return None
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        address, line = array.__array_interface__["data"][0], size * self.width
        number = self._stack_of.get((id(owner), size))
        if number is None:
            number = self._stack_of[id(owner), size] = len(self.stacks)
            self.stacks.append(Stack(owner, _KINDS[array.dtype], address))
        stack = self.stacks[number]
        first, rest = divmod(address - stack.origin, line)
        # As broadcast to the shape: an axis of one row has no step.
        own = zip(array.shape[:-1], array.strides, strict=False)
        wide = [0] * (len(shape) + 1 - array.ndim) + [step if n > 1 else 0 for n, step in own]
        if rest or any(one % line for one in wide) or stack.kind != _KINDS[array.dtype]:
            return None
        strides = tuple(one // line for one in wide)
        reach = [stride * (count - 1) for stride, count in zip(strides, shape, strict=True)]
        stack.low = min(stack.low, first + sum(one for one in reach if one < 0))
        stack.high = max(stack.high, first + 1 + sum(one for one in reach if one > 0))
        return Rows(number, first, strides)

    def _constant(self, array: Array, shape: tuple[int, ...]) -> Numbers:
        key = (id(array), shape)
        if key not in self._numbers_of:
            self._held.append(array)  # its id stays its own
            values, kind = np.unique(array), _KINDS[array.dtype]
            first, strides = len(self.numbers), (0,) * len(shape)
            literal = None
            if len(values) == 1 and (kind == "i64" or (not array.ndim and values[0] in _LITERALS)):
                literal = float(values[0])
            if literal == 0 and np.signbit(values[0]):
                literal = None  # -0.0 equals 0.0, and is another number
            if literal is None:
                size = array.itemsize
                packed = np.ascontiguousarray(array)
                spread = np.broadcast_to(packed, (*shape, 1)).strides[:-1]
                strides = tuple(one // size for one in spread)
                self.numbers += packed.ravel().tolist()
            self._numbers_of[key] = Numbers(kind, first, strides, literal)
        return self._numbers_of[key]

    def rows_of(self, array: Array) -> Rows:
        """The rows of an array that the code around the calls looks at, as one axis."""
        rows = self._rows(array, array.shape[:-1])
        assert rows is not None  # noqa: S101  (a whole array of the calls' width)
        return rows

    def moved(self, one: Rows) -> Rows:
        """The same rows, counted from the first of their array that is in use."""
        low = self.stacks[one.array].low
        return Rows(one.array, one.first - low, one.strides) if low else one

    def settled(self, ops: list[Op]) -> tuple[Op, ...]:
        """The same ops, likewise, once all are read."""
        if not any(stack.low for stack in self.stacks):
            return tuple(ops)
        return tuple(
            replace(
                op,
                out=self.moved(op.out),
                inputs=tuple(
                    one if isinstance(one, Numbers) else self.moved(one) for one in op.inputs
                ),
            )
            for op in ops
        )
