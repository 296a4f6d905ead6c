"""A grid of overrides, spelled and ordered as by Hydra's own sweeper."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override

from xorlab.errors import UsageError


def grid_of(overrides: Sequence[Override]) -> list[tuple[str, ...]]:
    """The overrides of each job, the last key fastest; the later of two for one key counts.

    Raises:
        UsageError: an override has no value, such as range(5,0).
        HydraException: a kind of sweep that has no list of values.
    """
    axes: dict[str, list[str]] = {}
    for override in overrides:
        (jobs,) = BasicSweeper.split_arguments([override], None)
        if not jobs:
            raise UsageError(f"{override.input_line}: this names no value, so there is no job")
        axes[override.get_key_element()] = [text for (text,) in jobs]
    return list(itertools.product(*axes.values()))
