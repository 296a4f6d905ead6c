"""Kaplan-Meier: the share of runs not yet solved over epochs, its band, quantiles, log-rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, wilson


@dataclass(frozen=True)
class KaplanMeier:
    """A survival curve, a step function that holds from each time to the next.

    Attributes:
        times: (m,) 0, then the epochs at which runs were solved, ascending and distinct.
        survival: (m,) share of runs not solved by then; 1 at first unless some solve at 0.
        low: (m,) lower end of its band, pointwise.
        high: (m,) upper end.
        at_risk: (m,) runs neither solved nor censored before that epoch.
        solved: (m,) runs solved at it.
        censored: (c,) epochs at which the other runs were left, ascending.
    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: npt.NDArray[np.int64]
    solved: npt.NDArray[np.int64]
    censored: Floats

    def quantile(self, share: float) -> tuple[float, float, float]:
        """Epoch by which a share of the runs is solved, and its interval.

        The interval holds the epochs at which the band of the curve does not exclude the share
        (Brookmeyer & Crowley 1982). NaN where the share was not reached; then the interval begins
        where the share becomes possible, at the latest with the last epoch that was followed, and
        ends at infinity.
        """
        reached = self.survival <= 1 - share + 1e-12
        estimate = float(self.times[reached][0]) if reached.any() else np.nan
        possible, certain = 1 - self.low >= share, 1 - self.high > share
        followed = float(max(self.times[-1], *self.censored[-1:], 0.0))
        low = float(self.times[possible][0]) if possible.any() else followed
        return estimate, low, float(self.times[certain][0]) if certain.any() else np.inf


def kaplan_meier(
    time: npt.ArrayLike, solved: npt.ArrayLike, confidence: float = CONFIDENCE
) -> KaplanMeier:
    """Kaplan & Meier's (1958) estimate, with Wilson's interval at the effective sample size.

    The band is Rothman's (1978): the interval of a rate from as many runs as would have Greenwood's
    variance. Where nobody was censored before, these are all the runs, and the band at the limit
    is the interval of the success rate; it has width also where all or none are solved, unlike
    the log-log band.

    Args:
        time: (n,) epochs to solve, or at which the run was censored.
        solved: (n,) which of the two. A run censored where another is solved is still at risk.
        confidence: of the band, at each epoch.

    Raises:
        ValueError: no runs, or a time that is negative or unknown.
    """
    time, told = np.asarray(time, float), np.asarray(solved, bool)
    if time.size == 0:
        raise ValueError("time: there are no runs")
    if not (time >= 0).all():
        raise ValueError("time: must be numbers of epochs >= 0; is an epoch limit missing?")
    events, counted = np.unique(time[told], return_counts=True)
    counts = counted.astype(float)
    if not len(events) or events[0] > 0:
        events, counts = np.concatenate([[0.0], events]), np.concatenate([[0.0], counts])
    at_risk = (len(time) - np.searchsorted(np.sort(time), events, side="left")).astype(float)
    survival: Floats = np.cumprod(1 - counts / at_risk)
    effective = _effective_size(at_risk, counts, survival)
    gone_low, gone_high = wilson(effective * (1 - survival), effective, confidence)
    return KaplanMeier(
        events,
        survival,
        1 - gone_high,
        1 - gone_low,
        at_risk.astype(np.int64),
        counts.astype(np.int64),
        np.sort(time[~told]),
    )


def logrank(
    time_a: npt.ArrayLike, solved_a: npt.ArrayLike, time_b: npt.ArrayLike, solved_b: npt.ArrayLike
) -> tuple[float, float]:
    """Log-rank test (Mantel 1966) that two settings solve equally fast.

    Args:
        time_a: (n,) epochs to solve, or at which the run was censored, of setting A.
        solved_a: (n,) which of the two.
        time_b: (m,) the same of B.
        solved_b: (m,).

    Returns:
        Z, positive where A is solved sooner, and its two-sided p-value; 0 and 1 where no run was
        solved or all at one epoch, so that there is nothing to compare.
    """
    times = [np.asarray(time, float) for time in (time_a, time_b)]
    told = [np.asarray(solved, bool) for solved in (solved_a, solved_b)]
    events = np.unique(np.concatenate([t[s] for t, s in zip(times, told, strict=True)]))
    risk = [len(t) - np.searchsorted(np.sort(t), events, side="left") for t in times]
    died = [
        np.searchsorted(np.sort(t[s]), events, side="right")
        - np.searchsorted(np.sort(t[s]), events, side="left")
        for t, s in zip(times, told, strict=True)
    ]
    n, d = risk[0] + risk[1], died[0] + died[1]
    share = risk[0] / n
    variance = np.sum(d * share * (1 - share) * (n - d) / np.maximum(n - 1, 1))
    if variance <= 0:
        return 0.0, 1.0
    z = float(np.sum(died[0] - d * share) / np.sqrt(variance))
    return z, float(2 * special.ndtr(-abs(z)))


def _effective_size(at_risk: Floats, counts: Floats, survival: Floats) -> Floats:
    """Runs that would give Greenwood's variance as a plain rate; ends borrowed from neighbours."""
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(counts / (at_risk * (at_risk - counts)))
        sizes = (1 - survival) / (survival * greenwood)
    sizes = np.where(survival == 1, at_risk, sizes)
    # Nobody is left after the last step, and Greenwood's variance is 0/0 there.
    gone = survival == 0
    if gone.any():
        j = int(np.argmax(gone))
        sizes[gone] = sizes[j - 1] if j else at_risk[0]
    return sizes
