"""Every combination of some overrides, made when it is asked for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import overload


class OverrideGrid(Sequence[tuple[str, ...]]):
    """The overrides of each job of a grid, the last axis fastest.

    It holds its axes alone: listing the jobs of a large sweep would take 100 bytes for each.

    Args:
        axes: the overrides of each axis.
    """

    def __init__(self, axes: Sequence[Sequence[str]]) -> None:
        self._axes = tuple(map(tuple, axes))

    def __len__(self) -> int:
        return math.prod(map(len, self._axes))

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return itertools.product(*self._axes)

    @overload
    def __getitem__(self, index: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, ...] | list[tuple[str, ...]]:
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        left, texts = range(len(self))[index], []
        for axis in reversed(self._axes):
            left, number = divmod(left, len(axis))
            texts.append(axis[number])
        return tuple(reversed(texts))
