"""Numbers measured on trained networks: one metric per file, found by the file's name.

A file defines ``measure``, from the `Endings` of N networks to (N,) float64, or to None where their
task has no such number. Its values are recorded with every run under the file's name, except for
runs that diverged and where they are not finite.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings

Metric = Callable[[Endings], npt.NDArray[np.float64] | None]

METRICS: dict[str, Metric] = {
    module.name: import_module(f"{__name__}.{module.name}").measure
    for module in pkgutil.iter_modules(__path__)
}


def measured(ended: Endings) -> dict[str, npt.NDArray[np.float64]]:
    """Every metric that the task of these networks has, (N,) each, by name."""
    values = {name: measure(ended) for name, measure in METRICS.items()}
    return {name: found for name, found in values.items() if found is not None}
