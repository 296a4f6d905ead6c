"""What a comparison of two settings shows, in plain English, and how many seeds would decide."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from xorlab.analysis.statistics.intervals import z_value
from xorlab.analysis.statistics.sample_size import POWER, seeds_needed, smallest_p

_BOUND = 0.1  # half-width of the difference of two rates, for settings that look alike


@dataclass(frozen=True)
class Comparison:
    """Setting A against setting B.

    Attributes:
        a: name of setting A.
        b: name of setting B.
        n_a: number of runs of A.
        n_b: number of runs of B.
        rate_a: share of A's runs solved within ``limit``.
        rate_b: the same for B.
        limit: the epoch to which all runs of both were followed; the rates and ``sooner`` ignore
            what happened later.
        difference: rate_a - rate_b.
        difference_low: lower end of its interval (Newcombe 1998).
        difference_high: upper end.
        sooner: probability that a run of A solves sooner than a run of B (Mann & Whitney 1947);
            ties count half, and two unsolved runs are tied.
        sooner_low: lower end of its interval.
        sooner_high: upper end.
        z: log-rank statistic, positive where A solves sooner; each run is censored at its own
            limit.
        p: its two-sided p-value.
        p_holm: ``p`` after Holm's (1979) correction for all pairs compared together; equal to
            ``p`` for a single pair.
        claimed: whether a difference is claimed: ``p_holm`` is below 1 - confidence, and there
            are enough runs for an exact test to reach that level at all.
        seeds: number of seeds per setting that would show the observed difference with power 0.8;
            None where a difference is claimed, or where no more seeds than now are needed.
        sentence: the result in plain English.
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


def with_verdict(plain: Comparison, p_holm: float, pairs: int, confidence: float) -> Comparison:
    """A comparison with its claim, the seeds it needs, and its sentence.

    Args:
        plain: a comparison without these.
        p_holm: the p-value after the correction.
        pairs: number of comparisons made together.
        confidence: 1 minus the level of all their claims together.
    """
    level = (1 - confidence) / pairs
    enough = smallest_p(plain.n_a, plain.n_b) <= level
    claimed = enough and p_holm < 1 - confidence
    seeds = None if claimed else _seeds(plain, level)
    judged = replace(plain, p_holm=p_holm, claimed=claimed, seeds=seeds)
    return replace(judged, sentence=_sentence(judged, enough, pairs, confidence))


def _seeds(seen: Comparison, level: float) -> int | None:
    """The fewest seeds that would show the observed rates, or order of solving, to differ.

    None where these are equal, or where there are already as many seeds.
    """
    least = 1
    while smallest_p(least, least) > level:
        least += 1
    wanted = []
    if seen.difference:
        rates = (seen.rate_a, seen.rate_b)
        wanted.append(seeds_needed(rates=rates, power=POWER, confidence=1 - level))
    if seen.sooner != 0.5:
        # Noether (1987), for two samples of one size.
        z = z_value(1 - level) + z_value(2 * POWER - 1)
        wanted.append(math.ceil(z**2 / (6 * (seen.sooner - 0.5) ** 2)))
    now = min(seen.n_a, seen.n_b)
    more = [seeds for seeds in (max(least, one) for one in wanted) if seeds > now]
    return min(more) if more else None


def _sentence(seen: Comparison, enough: bool, pairs: int, confidence: float) -> str:
    sure = f"{100 * confidence:g} %"
    within = f"within {seen.limit:.0f} epochs" if math.isfinite(seen.limit) else ""
    after = f" after Holm's correction for {pairs} comparisons" if pairs > 1 else ""
    p = f"p {_p(seen.p_holm)}{after}"
    counts = (
        f"{100 * seen.rate_a:.0f} % of {seen.n_a} runs against {100 * seen.rate_b:.0f} % of "
        f"{seen.n_b} solved {within} (difference {100 * seen.difference:+.0f} points, {sure} "
        f"interval {100 * seen.difference_low:+.0f} to {100 * seen.difference_high:+.0f})"
    )
    pair = (
        f"a run of the first is the sooner of a pair with probability {seen.sooner:.2f} "
        f"({seen.sooner_low:.2f} to {seen.sooner_high:.2f})"
    )
    if seen.claimed:
        if (seen.z > 0) == (seen.sooner > 0.5):
            verb = "sooner" if seen.z > 0 else "later"
            claim = f"{seen.a} solves {verb} than {seen.b}"
        else:
            claim = f"{seen.a} and {seen.b} differ, but neither solves sooner throughout"
        return f"{claim} (log-rank {p}): {counts}; {pair}."
    if enough:
        claim = f"No difference between {seen.a} and {seen.b} can be claimed (log-rank {p})"
    else:
        least = smallest_p(seen.n_a, seen.n_b)
        claim = (
            f"Too few runs to compare {seen.a} with {seen.b}: with {seen.n_a} and {seen.n_b} no "
            f"exact test can give a p below {least:.2g}"
        )
    return f"{claim}: {counts}; {pair}. {_outlook(seen)}"


def _outlook(seen: Comparison) -> str:
    if seen.seeds is not None:
        return (
            f"If the settings are as they look here, about {seen.seeds:,} seeds of each would tell "
            f"them apart ({100 * POWER:.0f} % power)."
        )
    # The interval of a difference is wider than those of the two rates by the square root of 2.
    bound = seeds_needed(half_width=_BOUND / math.sqrt(2), rate=(seen.rate_a + seen.rate_b) / 2)
    return (
        f"They look alike; about {bound:,} seeds of each would bound the difference of their "
        f"success rates to {100 * _BOUND:.0f} points either way."
    )


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"
