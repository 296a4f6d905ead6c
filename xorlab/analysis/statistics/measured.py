"""Two settings measured against each other, in the way that their design asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from xorlab.analysis.statistics.design import Design, Side
from xorlab.analysis.statistics.intervals import Floats, newcombe
from xorlab.analysis.statistics.paired import Pairs, paired_interval, pairs_of
from xorlab.analysis.statistics.permutation import (
    fisher_p,
    permutation_p,
    sign_flip_p,
    smallest_p,
)
from xorlab.analysis.statistics.sequential import PRIOR, confidence_sequence
from xorlab.analysis.statistics.superiority import (
    Resamples,
    newcombe_interval,
    superiority,
    superiority_interval,
)
from xorlab.analysis.statistics.survival import logrank, logrank_scores

Triple = tuple[float, float, float]
_FEW = 30  # fewer runs, or fewer of them solved, and the log-rank test is a permutation test


@dataclass(frozen=True)
class Measured:
    """What two settings show.

    Attributes:
        n_a: runs of A that count.
        n_b: the same for B.
        rate_a: share of A's runs that were solved.
        rate_b: the same for B.
        difference: of the rates, with its interval.
        sooner: probability that a run of A is solved before one of B, with its interval.
        test: the name of the test of which is solved sooner.
        z: its statistic, positive where A is the sooner.
        p: its p-value.
        least_p: the least p-value that so many runs and events can give.
        rate_test: the name of the test of the rates.
        p_rate: its p-value.
        size: number of runs of each setting that would carry as much information.
        events: how many solved runs, or seeds that end differently, can show a difference.
        counted_as: what these are.
        who: the words before a probability to be the sooner.
        curves_cross: whether each setting has solved more at some epoch than the other.
        anytime: whether the test holds however often it is made.
    """

    n_a: int
    n_b: int
    rate_a: float
    rate_b: float
    difference: Triple
    sooner: Triple
    test: str
    z: float
    p: float
    least_p: float
    rate_test: str
    p_rate: float
    size: float
    events: int
    counted_as: str = "were solved"
    who: str = "a run of the first is the sooner of a pair"
    curves_cross: bool = False
    anytime: bool = False


def measure(
    a: Side,
    b: Side,
    design: Design,
    limit: float,
    confidence: float,
    store: Resamples,
    anytime: bool,
) -> Measured:
    """Compare two settings.

    Args:
        a: setting A.
        b: setting B.
        design: of the comparison.
        limit: the epoch to which all runs were followed.
        confidence: of the intervals.
        store: resamples for the bootstrap.
        anytime: whether the test must hold however often it is made while seeds are added.
    """
    if anytime:
        found = _anytime(a, b, design, limit, confidence)
    elif design.paired:
        found = _paired(a, b, pairs_of(a, b, limit, design.shared), design, limit, confidence)
    elif a.repeated or b.repeated:
        found = _clustered(a, b, limit, confidence, store.seed)
    else:
        found = _independent(a, b, limit, confidence, store)
    return replace(found, curves_cross=_cross(a, b, limit))


def least_seeds(paired: bool, level: float) -> int:
    """The fewest seeds of each setting with which a p-value can be as small as a level."""
    least = 1
    while (2.0 ** (1 - least) if paired else smallest_p(least, least)) > level:
        least += 1
    return least


def _independent(a: Side, b: Side, limit: float, confidence: float, store: Resamples) -> Measured:
    (ranked_a, ranked_b), solved, sizes, rates = _basics(a, b, limit)
    low, high = newcombe(solved[0], sizes[0], solved[1], sizes[1], confidence)
    sooner = superiority_interval(ranked_a, ranked_b, confidence, store)
    z, p = logrank(a.times.time, a.times.solved, b.times.time, b.times.solved)
    test = "log-rank"
    if min(*sizes, sum(solved)) < _FEW:
        cut = [side.times.common(limit) for side in (a, b)]
        scores = logrank_scores(*[x for t in cut for x in (t.time, t.solved)])
        p, test = permutation_p(*scores, store.seed), "permutation log-rank"
    return Measured(
        n_a=sizes[0],
        n_b=sizes[1],
        rate_a=rates[0],
        rate_b=rates[1],
        difference=(rates[0] - rates[1], float(low), float(high)),
        sooner=sooner,
        test=test,
        z=z,
        p=p,
        least_p=smallest_p(sizes[0], sizes[1], sum(solved)),
        events=sum(solved),
        rate_test="Fisher's exact",
        p_rate=fisher_p(solved[0], sizes[0], solved[1], sizes[1]),
        size=2 * sizes[0] * sizes[1] / sum(sizes),
    )


def _clustered(a: Side, b: Side, limit: float, confidence: float, seed: int) -> Measured:
    """Settings without seeds in common, in which seeds have several runs: each seed counts once."""
    (ranked_a, ranked_b), solved, sizes, rates = _basics(a, b, limit)
    units = [a.distinct, b.distinct]
    low, high = newcombe(rates[0] * units[0], units[0], rates[1] * units[1], units[1], confidence)
    sooner = superiority(ranked_a, ranked_b)
    cut = [side.times.common(limit) for side in (a, b)]
    scores = logrank_scores(*[x for t in cut for x in (t.time, t.solved)])
    x, y = (_means(own, side) for own, side in zip(scores, (a, b), strict=True))
    rate_x, rate_y = (
        _means(t.solved.astype(float), side) for t, side in zip(cut, (a, b), strict=True)
    )
    together = np.concatenate([x, y])
    spread = float(np.std(together) * np.sqrt(1 / units[0] + 1 / units[1]))
    return Measured(
        n_a=sizes[0],
        n_b=sizes[1],
        rate_a=rates[0],
        rate_b=rates[1],
        difference=(rates[0] - rates[1], float(low), float(high)),
        sooner=(sooner, *newcombe_interval(sooner, units[0], units[1], confidence)),
        test="permutation log-rank",
        z=(float(x.mean() - y.mean()) / spread) if spread else 0.0,
        p=permutation_p(x, y, seed),
        least_p=smallest_p(units[0], units[1], min(sum(solved), sum(units))),
        events=sum(solved),
        rate_test="permutation",
        p_rate=permutation_p(rate_x, rate_y, seed),
        size=2 * units[0] * units[1] / sum(units),
    )


def _paired(
    a: Side, b: Side, pairs: Pairs, design: Design, limit: float, confidence: float
) -> Measured:
    own = [np.isin(side.seeds, design.shared) for side in (a, b)]
    rates = [
        float(_means(side.times.common(limit).solved[rows].astype(float), side, rows).mean())
        for side, rows in zip((a, b), own, strict=True)
    ]
    middle, low, high = paired_interval(pairs.sooner, confidence)
    size = float(np.sqrt((pairs.sooner**2).sum()))
    return Measured(
        n_a=int(own[0].sum()),
        n_b=int(own[1].sum()),
        rate_a=rates[0],
        rate_b=rates[1],
        difference=paired_interval(pairs.rates, confidence),
        sooner=((1 + middle) / 2, (1 + low) / 2, (1 + high) / 2),
        test="sign test of pairs,",
        events=int((pairs.sooner != 0).sum()),
        counted_as="seeds have a sooner one",
        who="with the same seed the first is the sooner",
        z=float(pairs.sooner.sum()) / size if size else 0.0,
        p=sign_flip_p(pairs.sooner),
        least_p=min(1.0, 2.0 ** (1 - int((pairs.sooner != 0).sum()))),
        rate_test="McNemar's",
        p_rate=sign_flip_p(pairs.rates),
        size=float(len(pairs.sooner)),
    )


def _anytime(a: Side, b: Side, design: Design, limit: float, confidence: float) -> Measured:
    """A test by betting on which of a pair is the sooner; it holds at every number of pairs.

    Where no difference is, heads and tails are equally likely among pairs that are not tied. The
    p-value is that of the confidence sequence of their share (Ville 1939).
    """
    if not design.paired and (a.repeated or b.repeated):
        raise ValueError("anytime: a seed has several runs, so the settings must share seeds")
    if design.paired:
        pairs = pairs_of(a, b, limit, design.shared)
    else:
        x, y = (_in_order(side, limit) for side in (a, b))
        m = min(len(x), len(y))
        x, y = x[:m], y[:m]
        rates = np.isfinite(x).astype(float) - np.isfinite(y)
        pairs = Pairs(rates, (x < y).astype(float) - (x > y))
    won, lost = (float((sign * pairs.sooner > 0).sum()) for sign in (1, -1))
    p = _bet(won, lost)
    low, high = confidence_sequence(won, won + lost, confidence)
    more, less = (float((sign * pairs.rates > 0).sum()) for sign in (1, -1))
    _, _, sizes, rates_ab = _basics(a, b, limit)
    half = (1 + confidence) / 2
    ends = [confidence_sequence(rate * n, n, half) for rate, n in zip(rates_ab, sizes, strict=True)]
    ahead = won / (won + lost) if won + lost else 0.5
    return Measured(
        n_a=sizes[0],
        n_b=sizes[1],
        rate_a=rates_ab[0],
        rate_b=rates_ab[1],
        difference=(
            rates_ab[0] - rates_ab[1],
            float(ends[0][0] - ends[1][1]),
            float(ends[0][1] - ends[1][0]),
        ),
        sooner=(ahead, float(low), float(high)),
        test="anytime-valid",
        events=int(won + lost),
        counted_as="pairs have a sooner one",
        who="of pairs that differ the first is the sooner",
        anytime=True,
        z=(won - lost) / np.sqrt(won + lost) if won + lost else 0.0,
        p=p,
        least_p=_bet(won + lost, 0.0),
        rate_test="anytime-valid",
        p_rate=_bet(more, less),
        size=float(len(pairs.sooner)),
    )


def _bet(won: float, lost: float) -> float:
    """One over the likelihood of a Beta mixture against that of a fair coin, at most 1."""
    evidence = special.betaln(PRIOR + won, PRIOR + lost) - special.betaln(PRIOR, PRIOR)
    return float(min(1.0, np.exp(-evidence - (won + lost) * np.log(2))))


def _cross(a: Side, b: Side, limit: float) -> bool:
    """Whether each setting has solved a larger share than the other at some epoch."""
    (x, y), _, _, _ = _basics(a, b, limit)
    at = np.concatenate([x, y])
    at = at[np.isfinite(at)]
    share = [np.searchsorted(np.sort(own), at, side="right") / len(own) for own in (x, y)]
    ahead = share[0] - share[1]
    return bool(len(at) and ahead.min() < 0 < ahead.max())


def _basics(
    a: Side, b: Side, limit: float
) -> tuple[list[Floats], list[int], list[int], list[float]]:
    cut = [side.times.common(limit) for side in (a, b)]
    ranked = [np.where(times.solved, times.time, np.inf) for times in cut]
    solved, sizes = [int(times.solved.sum()) for times in cut], [len(times) for times in cut]
    return ranked, solved, sizes, [k / n for k, n in zip(solved, sizes, strict=True)]


def _means(values: Floats, side: Side, rows: npt.NDArray[np.bool_] | slice = slice(None)) -> Floats:
    """The mean of each seed, in the order of the seeds."""
    numbers = np.unique(side.seeds[rows], return_inverse=True)[1]
    means: Floats = np.bincount(numbers, values) / np.bincount(numbers)
    return means


def _in_order(side: Side, limit: float) -> Floats:
    times = side.times.common(limit)
    ranked = np.where(times.solved, times.time, np.inf)
    return ranked[np.argsort(side.seeds, kind="stable")]
