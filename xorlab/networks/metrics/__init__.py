"""Numbers measured on trained networks: one metric per file, found by the file's name.

A file defines ``measure``, from the `Endings` of N networks to (N,) float64. Its values are
recorded with every run under the file's name, except for runs that diverged and where they are not
finite.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings

Metric = Callable[[Endings], npt.NDArray[np.float64]]

METRICS: dict[str, Metric] = {
    module.name: import_module(f"{__name__}.{module.name}").measure
    for module in pkgutil.iter_modules(__path__)
}
