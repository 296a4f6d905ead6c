"""Intervals of a success rate that stay valid while seeds are added.

Wilson's interval is valid for a number of seeds fixed in advance. Adding seeds until it is narrow
enough makes it miss the rate more often than its confidence allows. A confidence sequence covers
the rate at every number of seeds at once, so one may stop at any time.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from xorlab.analysis.statistics.bisection import first_enough, narrowed
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, Pair, z_value

PRIOR = 0.5


def confidence_sequence(
    solved: npt.ArrayLike,
    n: npt.ArrayLike,
    confidence: float = CONFIDENCE,
    prior: float = PRIOR,
) -> Pair:
    """Interval of a success rate that is valid at all n at once.

    It holds the rates p for which the likelihood of the runs, averaged over a Beta(prior, prior)
    distribution of rates and divided by the likelihood at p, stays below 1 / (1 - confidence).
    For the true rate this ratio is a martingale that starts at 1, so the probability that it ever
    exceeds that bound is at most 1 - confidence (Ville 1939). This is the beta-binomial mixture
    of Robbins (1970) and the prior-posterior ratio of Waudby-Smith & Ramdas (2020).

    Args:
        solved: number of runs solved so far, any shape; need not be an integer.
        n: number of runs so far; 0 gives the interval from 0 to 1.
        confidence: probability that the interval covers the rate after every run.
        prior: of the mixture; the interval is valid for any, and with 1/2 narrow near 0 and 1.

    Returns:
        lower and upper ends; exactly 0 where no run and exactly 1 where every run is solved.

    Raises:
        ValueError: more runs solved than there are; a confidence or prior out of bounds.
    """
    z_value(confidence)
    if not prior > 0:
        raise ValueError(f"prior={prior}: must be a number > 0")
    k, n = np.broadcast_arrays(np.asarray(solved, float), np.asarray(n, float))
    if not ((k >= 0) & (k <= n)).all():
        raise ValueError("solved, n: must be counts with 0 <= solved <= n")
    allowed = (
        special.betaln(prior + k, prior + n - k)
        - special.betaln(prior, prior)
        + math.log(1 - confidence)
    )
    estimate = np.divide(k, n, out=np.full(k.shape, 0.5), where=n > 0)
    return _end(0.0, estimate, k, n, allowed), _end(1.0, estimate, k, n, allowed)


def seeds_until(
    solved: int, n: int, half_width: float, confidence: float = CONFIDENCE, prior: float = PRIOR
) -> int:
    """How many more seeds to expect until the confidence sequence is narrow enough.

    Assumes that the next runs are solved at the rate so far, shrunk towards 1/2 by the prior.

    Args:
        solved: number of runs solved so far.
        n: number of runs so far.
        half_width: half the length of the interval that is narrow enough.
        confidence: of the sequence.
        prior: of the sequence.

    Returns:
        0 if it is narrow enough already.

    Raises:
        ValueError: as `confidence_sequence`, or a half-width not between 0 and 1/2.
    """
    if not 0 < half_width < 0.5:
        raise ValueError(f"half_width={half_width}: must be between 0 and 0.5")
    rate = (solved + prior) / (n + 2 * prior)

    def narrow(more: int) -> bool:
        low, high = confidence_sequence(solved + rate * more, n + more, confidence, prior)
        return float(np.subtract(high, low)) / 2 <= half_width

    return 0 if narrow(0) else first_enough(narrow)


def _end(side: float, estimate: Floats, k: Floats, n: Floats, allowed: Floats) -> Floats:
    """Where the log-likelihood falls to the allowed value, between the estimate and 0 or 1."""

    def likely(rate: Floats) -> npt.NDArray[np.bool_]:
        within: npt.NDArray[np.bool_] = (
            special.xlogy(k, rate) + special.xlog1py(n - k, -rate) > allowed
        )
        return within

    _, outside = narrowed(estimate, np.full(estimate.shape, side), likely)
    # If no run was solved a rate of 0 is never excluded; if all were, a rate of 1.
    return np.where(k == (n if side else 0), side, outside)
