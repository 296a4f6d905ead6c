"""Configurations of many pixels that are not made until one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from xorlab.config.values import with_values


class PlaneConfigs(Sequence[Any]):
    """The configurations of N pixels: a common one, and the values of two of its keys.

    Attributes:
        base: what they share.
        values: by key, (N,) each.
    """

    def __init__(self, base: Any, values: Mapping[str, npt.NDArray[Any]]) -> None:
        self.base, self.values = base, dict(values)
        (self._count,) = {len(column) for column in values.values()}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> PlaneConfigs: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self.take(np.arange(self._count)[index])
        values = {key: column[index].item() for key, column in self.values.items()}
        return with_values(self.base, values)

    def take(self, indices: npt.NDArray[np.int64]) -> PlaneConfigs:
        """Those of some pixels."""
        return PlaneConfigs(
            self.base, {key: column[indices] for key, column in self.values.items()}
        )
