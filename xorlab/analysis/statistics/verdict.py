"""What may be claimed of two settings, in plain English, and what would settle the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from xorlab.analysis.statistics.intervals import z_value
from xorlab.analysis.statistics.sample_size import POWER, seeds_needed, smallest_p

_BOUND = 0.1


@dataclass(frozen=True)
class Comparison:
    """Setting A against setting B.

    Attributes:
        a: name of setting A.
        b: name of setting B.
        n_a: runs of A.
        n_b: runs of B.
        rate_a: share of A's runs solved within ``limit``.
        rate_b: of B's.
        limit: the epoch to which all runs of both were followed; the shares and the probability
            look no further.
        difference: rate_a - rate_b.
        difference_low: Newcombe's (1998) interval of it.
        difference_high: its upper end.
        sooner: probability that a run of A solves sooner than one of B (Mann & Whitney 1947); ties
            count half, and two runs that are not solved are tied.
        sooner_low: interval of it.
        sooner_high: its upper end.
        z: log-rank statistic, positive where A is solved sooner; every run is censored at its own
            limit.
        p: its two-sided p-value.
        p_holm: the same after Holm's (1979) correction for all pairs that were compared at once;
            equal to ``p`` for one.
        claimed: whether a difference is claimed: ``p_holm`` is below 1 - confidence, and there are
            runs enough for an exact test to reach such a level at all.
        seeds: per setting, that would settle it if the rates are those observed (power 0.8); None
            where a difference is claimed, or where nothing seen here asks for more than there are.
        sentence: all this in plain English.
    """

    a: str
    b: str
    n_a: int
    n_b: int
    rate_a: float
    rate_b: float
    limit: float
    difference: float
    difference_low: float
    difference_high: float
    sooner: float
    sooner_low: float
    sooner_high: float
    z: float
    p: float
    p_holm: float
    claimed: bool
    seeds: int | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def judged(plain: Comparison, p_holm: float, pairs: int, confidence: float) -> Comparison:
    """A comparison with its claim, the seeds that would settle it, and its sentence.

    Args:
        plain: with everything but these.
        p_holm: the p-value after the correction.
        pairs: number of comparisons made at once.
        confidence: 1 - confidence is the level of the claim, over all of them.
    """
    level = (1 - confidence) / pairs
    enough = smallest_p(plain.n_a, plain.n_b) <= level
    claimed = enough and p_holm < 1 - confidence
    seeds = None if claimed else _seeds(plain, level)
    told = replace(plain, p_holm=p_holm, claimed=claimed, seeds=seeds)
    return replace(told, sentence=_sentence(told, enough, pairs, confidence))


def _seeds(told: Comparison, level: float) -> int | None:
    """The fewest that would tell the rates, or the order of solving, apart if they are as seen."""
    least = 1
    while smallest_p(least, least) > level:
        least += 1
    wanted = []
    if told.difference:
        rates = (told.rate_a, told.rate_b)
        wanted.append(seeds_needed(rates=rates, power=POWER, confidence=1 - level))
    if told.sooner != 0.5:
        # Noether (1987), for two samples of one size.
        z = z_value(1 - level) + z_value(2 * POWER - 1)
        wanted.append(math.ceil(z**2 / (6 * (told.sooner - 0.5) ** 2)))
    now = min(told.n_a, told.n_b)
    beyond = [seeds for seeds in (max(least, one) for one in wanted) if seeds > now]
    return min(beyond) if beyond else None


def _sentence(told: Comparison, enough: bool, pairs: int, confidence: float) -> str:
    sure = f"{100 * confidence:g} %"
    within = f"within {told.limit:.0f} epochs" if math.isfinite(told.limit) else ""
    after = f" after Holm's correction for {pairs} comparisons" if pairs > 1 else ""
    p = f"p {_p(told.p_holm)}{after}"
    counts = (
        f"{100 * told.rate_a:.0f} % of {told.n_a} runs against {100 * told.rate_b:.0f} % of "
        f"{told.n_b} solved {within} (difference {100 * told.difference:+.0f} points, {sure} "
        f"interval {100 * told.difference_low:+.0f} to {100 * told.difference_high:+.0f})"
    )
    pair = (
        f"a run of the first is the sooner of a pair with probability {told.sooner:.2f} "
        f"({told.sooner_low:.2f} to {told.sooner_high:.2f})"
    )
    if told.claimed:
        if (told.z > 0) == (told.sooner > 0.5):
            verb = "sooner" if told.z > 0 else "later"
            claim = f"{told.a} solves {verb} than {told.b}"
        else:
            claim = f"{told.a} and {told.b} do not solve alike, but early and late ones differ"
        return f"{claim} (log-rank {p}): {counts}; {pair}."
    if enough:
        claim = f"No difference between {told.a} and {told.b} can be claimed (log-rank {p})"
    else:
        least = smallest_p(told.n_a, told.n_b)
        claim = (
            f"Too few runs to tell {told.a} from {told.b}: with {told.n_a} and {told.n_b} no exact "
            f"test could give a p below {least:.2g}, whatever they did"
        )
    return f"{claim}: {counts}; {pair}. {_outlook(told)}"


def _outlook(told: Comparison) -> str:
    if told.seeds is not None:
        return (
            f"If the settings are as they look here, about {told.seeds:,} seeds of each would tell "
            f"them apart ({100 * POWER:.0f} % power)."
        )
    # Two intervals of equal width add up like the sides of a square.
    bound = seeds_needed(half_width=_BOUND / math.sqrt(2), rate=(told.rate_a + told.rate_b) / 2)
    return (
        f"They look alike; about {bound:,} seeds of each would bound the difference of their "
        f"success rates to {100 * _BOUND:.0f} points either way."
    )


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"
