"""Which setting costs the fewest epochs per success, and whether that can be said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.intervals import CONFIDENCE, z_value

LEAST_FOR_INTERVAL = 2  # solved runs; of one the interval of a cost reaches from 1 to nowhere


@dataclass(frozen=True)
class Cheapest:
    """The setting with the least expected epochs per success, with restarts.

    Attributes:
        first: the row of the setting that is shown first: that whose interval ends lowest. It is
            the cheapest only where it is ``named``.
        rivals: the rows of the settings that are not shown to cost more, cheapest first.
        unsolved: those that were never solved, in too few runs to show that they cost more.
        unknown: those of which the cost is not known, because an epoch limit is not.
        once: those that may cost as little, but of which a single run was solved: its time says
            nothing of how times vary, so that the cost is as good as unknown.
        slower: those solved too seldom to know their cost, and shown to be solved later or less
            often than the first; see `setting_apart`.
        named: whether it is the cheapest at the given confidence: there are none of these.
    """

    first: int
    rivals: list[int]
    unsolved: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    slower: tuple[int, ...] = ()
    once: tuple[int, ...] = ()

    @property
    def named(self) -> bool:
        """Whether every other setting is shown to cost more."""
        return not (self.rivals or self.unsolved or self.unknown or self.slower or self.once)

    def setting_apart(self, slower: Collection[int]) -> Cheapest:
        """The same, with these rows among the slower ones and not among the rivals."""
        left = [row for row in self.rivals if row not in slower]
        moved = tuple(row for row in self.rivals if row in slower)
        return replace(self, rivals=left, slower=self.slower + moved)


def cheapest(settings: pd.DataFrame, confidence: float = CONFIDENCE) -> Cheapest | None:
    """The setting with the least ``ert_cutoff``, and those that may cost as little.

    Settings are ranked by the upper ends of their intervals, so that one that was solved by a few
    lucky runs does not come first. Another one costs more if the ratio of both, on the logarithmic
    scale, is beyond the interval of that ratio (Zou & Donner 2008) at a level divided by the number
    of the others.

    A setting is a winner only where it is ``named``; the one that comes first is shown first, and
    no more is claimed of it. In 1,000 simulated sweeps for each number of seeds every setting that
    was named was the right one, so that naming it cost nothing:

    - of three learning rates of XOR that cost 766, 3,042 and 7,642 epochs, one was named in 1 % of
      sweeps with 10 seeds of each, 97 % with 20, and all with 50 and 100;
    - of three initial ranges that cost 360, 766 and 835, one was named in 0, 0.2, 3.5 and 4.4 %
      with 10, 20, 50 and 100 seeds: that is cautious, because one early success, of which a wide
      range has some, leaves it open whether an early cutoff is cheap;
    - of five ranges none was ever named: the best two, 360 and 406, are too close. So nothing is
      known there of what a named one costs. The one that is shown first costs at most 1.13 times
      the cheapest in 95 % of sweeps with 20, 50 or 100 seeds, and 2.13 times with 10; that with the
      least estimate costs 2.32 times, and is the worst of the five in 24 to 29 %.

    (`python -m tests.benchmarks.coverage winners`.)

    Args:
        settings: from `xorlab.convergence`.
        confidence: of the intervals in it, and of all claims together.

    Returns:
        None where no setting was solved twice, or nothing is known of the limits.
    """
    ert, low, high = (settings[f"ert_cutoff{end}"].to_numpy(float) for end in ("", "_low", "_high"))
    several = settings["solved"].to_numpy() >= LEAST_FOR_INTERVAL
    known = np.flatnonzero(np.isfinite(ert) & several)
    if not len(known):
        return None
    order = known[np.lexsort((ert[known], high[known]))]
    first = int(order[0])
    others = np.flatnonzero(~np.isnan(low) & (np.arange(len(low)) != first))
    wider = z_value(1 - (1 - confidence) / max(1, len(others))) / z_value(confidence)
    up = np.log(high[first] / ert[first])
    with np.errstate(invalid="ignore", divide="ignore"):
        # Where a setting was not solved its estimate is infinite, and only its lower end is known.
        gap = np.log(np.where(np.isfinite(ert), ert, low) / ert[first])
        down = np.where(np.isfinite(ert), np.log(ert / low), 0.0)
    costlier: npt.NDArray[np.bool_] = gap > wider * np.hypot(up, down)
    open_ = others[~costlier[others]]
    rivals = open_[np.isfinite(ert[open_]) & several[open_]]
    return Cheapest(
        first,
        [int(j) for j in rivals[np.lexsort((ert[rivals], high[rivals]))]],
        unsolved=tuple(int(j) for j in open_[np.isinf(ert[open_])]),
        unknown=tuple(int(j) for j in np.flatnonzero(np.isnan(ert))),
        once=tuple(int(j) for j in open_[np.isfinite(ert[open_]) & ~several[open_]]),
    )
