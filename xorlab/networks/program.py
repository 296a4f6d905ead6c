"""A sequence of NumPy calls on fixed arrays, bound once and run again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Calls = list[Callable[[], object]]


class Program:
    """Calls on fixed arrays, which a loop over epochs repeats.

    NumPy spends about 0.2 us on a call before it touches an element, and as much again to parse a
    keyword argument or to convert a Python number. So operands are bound by position, and constants
    are zero-dimensional arrays. That makes training a single network as fast as a plain loop.

    Attributes:
        calls: the calls in order; running all of them is one pass.
        dtype: of every array and constant.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.calls: Calls = []

    def emit(self, function: Callable[..., object], *operands: Any) -> None:
        """Append ``function(*operands)``; for a ufunc the last operand is the output."""
        self.calls.append(partial(function, *operands))

    def emit_bound(self, bound: Any, first: Array, second: Array, out: Array) -> None:
        """Append ``bound(first, second)`` for np.maximum or np.minimum.

        NumPy warns if their output is given by position.
        """
        self.calls.append(partial(bound, first, second, out=out))

    def emit_where(self, mask: Array, source: Array, target: Array) -> None:
        """Append a copy of ``source`` to ``target`` where ``mask`` is true."""
        self.calls.append(partial(np.copyto, target, source, "same_kind", mask))

    def constant(self, value: float) -> Array:
        """A number as a zero-dimensional array."""
        return np.array(value, self.dtype)

    def empty(self, *shape: int) -> Array:
        """Zeros in an array aligned to a cache line.

        Uninitialised memory could raise floating-point errors.
        """
        size = int(np.prod(shape))
        line = 64 // self.dtype.itemsize
        block = np.zeros(size + line, self.dtype)
        start = -(block.ctypes.data // self.dtype.itemsize) % line
        return block[start : start + size].reshape(shape)

    def mask(self, *shape: int) -> Array:
        """A Boolean array, all False."""
        return np.zeros(shape, np.bool_)

    def fold(self, terms: Array, axis: int, out: Array, by: Any = np.add) -> None:
        """Append a sum of ``terms`` over ``axis`` (0 or 1) into ``out``; ``terms`` is overwritten.

        One half is added to the other, element by element, until one row is left. So the order of
        summation depends only on the length of the axis, never on the number of networks, and NumPy
        runs few, long loops. ``by`` replaces addition, as for a maximum.
        """
        count = terms.shape[axis]
        at: tuple[Any, ...] = (slice(None),) * axis
        if count == 1:
            self.emit(np.positive, terms[(*at, 0)], out)
        while count > 1:
            half = count // 2
            low, high = terms[(*at, slice(0, half))], terms[(*at, slice(count - half, count))]
            last = count == 2
            low_out = out if last else low
            if last:
                low, high = terms[(*at, 0)], terms[(*at, 1)]
            if by is np.maximum:
                self.emit_bound(by, low, high, low_out)
            else:
                self.emit(by, low, high, low_out)
            count -= half
