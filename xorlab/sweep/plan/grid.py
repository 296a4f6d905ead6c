"""A grid of overrides, spelt and ordered as Hydra's own sweeper does, but never all in memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import overload

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override

from xorlab.errors import UsageError


class Product(Sequence[list[str]]):
    """Every combination of the values of some axes, the last axis fastest.

    Args:
        axes: for each key its overrides.
    """

    def __init__(self, axes: Sequence[Sequence[str]]) -> None:
        self._axes = axes

    def __len__(self) -> int:
        return prod(len(axis) for axis in self._axes)

    @overload
    def __getitem__(self, index: int) -> list[str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[str]]: ...
    def __getitem__(self, index: int | slice) -> list[str] | list[list[str]]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        left = range(len(self))[index]
        values = []
        for axis in reversed(self._axes):
            left, place = divmod(left, len(axis))
            values.append(axis[place])
        return values[::-1]


def grid_of(overrides: Sequence[Override]) -> Product:
    """The jobs that some overrides name; where a key is named twice, the later one counts.

    Raises:
        UsageError: one that has no value, such as range(5,0).
        HydraException: a kind of sweep that has no list of values.
    """
    axes: dict[str, list[str]] = {}
    for override in overrides:
        (jobs,) = BasicSweeper.split_arguments([override], None)
        if not jobs:
            raise UsageError(f"{override.input_line}: this names no value, so there is no job")
        axes[override.get_key_element()] = [text for (text,) in jobs]
    return Product(list(axes.values()))
