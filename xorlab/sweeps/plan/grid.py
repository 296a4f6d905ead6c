"""A grid of overrides, spelled and ordered as by Hydra's own sweeper."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep

from xorlab.errors import UsageError
from xorlab.sweeps.plan.override_grid import OverrideGrid
from xorlab.trainers.memory import PARENT, RUN, MemoryEstimate, refuse_too_much


def grid_of(overrides: Sequence[Override]) -> OverrideGrid:
    """The overrides of each job, the last key fastest; the later of two for one key counts.

    Raises:
        UsageError: an override has no value, such as range(5,0), or the jobs are too many for the
            machine's memory.
        HydraException: a kind of sweep that has no list of values.
    """
    _refuse_too_many(overrides)
    axes: dict[str, list[str]] = {}
    for override in overrides:
        (jobs,) = BasicSweeper.split_arguments([override], None)
        if not jobs:
            raise UsageError(f"{override.input_line}: this names no value, so there is no job")
        axes[override.get_key_element()] = [text for (text,) in jobs]
    return OverrideGrid([*axes.values()])


def _refuse_too_many(overrides: Sequence[Override]) -> None:
    """Before any list is made: ``range(0,1000000000)`` is a word, and its values fill a machine."""
    counts = {override.get_key_element(): (_count(override), override) for override in overrides}
    jobs = math.prod(count for count, _ in counts.values())
    _, longest = max(counts.values(), key=lambda axis: axis[0], default=(0, None))
    if longest is not None:
        key = longest.get_key_element(), str(longest.input_line).partition("=")[2]
        refuse_too_much(MemoryEstimate(PARENT + jobs * RUN, 0, 0, key, "fewer values"))


def _count(override: Override) -> int:
    """How many values an override has, as far as they are listed or counted by a range."""
    value = override.value()
    if isinstance(value, ChoiceSweep):
        return len(value.list)
    if not isinstance(value, RangeSweep) or not value.step:
        return 1
    assert value.start is not None and value.stop is not None  # noqa: PT018, S101  (parsed)
    return max(0, math.ceil((value.stop - value.start) / value.step))
