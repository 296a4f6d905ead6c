"""What a comparison of two settings shows, in plain English, and how many seeds would decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xorlab.analysis.statistics.design import Design
from xorlab.analysis.statistics.intervals import z_value
from xorlab.analysis.statistics.measured import Measured, least_seeds
from xorlab.analysis.statistics.sample_size import POWER, seeds_needed
from xorlab.analysis.statistics.verdict_words import Words

_BOUND = 0.1  # half-width of the difference of two rates, for settings that show no difference
_RATES_SHARE = 5  # the test of the rates alone counts at this part of the level
_SMALL = 10.0  # points; differences that are all smaller have a decimal
_WORDS = Words()  # of solutions, in epochs
_UNCLEAR = 0.5  # with a larger p-value even the direction of a difference is unclear


@dataclass(frozen=True)
class Comparison:
    """Setting A against setting B.

    Attributes:
        a: name of setting A.
        b: name of setting B.
        n_a: number of runs of A that were compared.
        n_b: the same for B.
        rate_a: share of A's runs solved within ``limit``.
        rate_b: the same for B.
        limit: the epoch to which all runs of both were followed; the rates and ``sooner`` ignore
            what happened later. Infinite where all runs were solved, and no limit is recorded.
        difference: rate_a - rate_b.
        difference_low: lower end of its interval: Newcombe (1998), method 10, for independent runs,
            and Bonett & Price (2012) for pairs.
        difference_high: upper end.
        sooner: probability that a run of A solves sooner than a run of B (Mann & Whitney 1947), of
            the same seed if the settings are compared in pairs; ties count half, and two unsolved
            runs are tied. With ``anytime``, pairs that are tied do not count.
        sooner_low: lower end of its interval.
        sooner_high: upper end.
        test: the name of the test of which is solved sooner.
        z: its statistic, positive where A solves sooner.
        p: its two-sided p-value.
        p_holm: ``p`` after Holm's (1979) correction for all pairs compared together, or after
            Bonferroni's where only the pairs ``against`` one setting are; equal to ``p`` for a
            single pair.
        rate_test: the name of the test of the rates.
        p_rate: its two-sided p-value, before such a correction.
        paired: whether the settings were compared seed by seed.
        claimed: whether a difference is claimed; see `xorlab.compare`.
        claim: what is claimed of A: ``sooner``, ``later``, ``more often`` or ``less often``; empty
            where nothing is.
        seeds: number of fresh seeds per setting with which ``test`` would show the difference as it
            is seen here with power 0.8; None where a difference is claimed, or where nothing
            points to one.
        design: how the runs were compared, and why.
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
    test: str
    z: float
    p: float
    p_holm: float
    rate_test: str
    p_rate: float
    paired: bool
    claimed: bool
    seeds: int | None
    design: str
    sentence: str
    claim: str = ""

    def __str__(self) -> str:
        return self.sentence

    @classmethod
    def of(cls, a: str, b: str, limit: float, seen: Measured, design: Design) -> Comparison:
        """A comparison without its claim, seeds and sentence."""
        return cls(
            a=a,
            b=b,
            n_a=seen.n_a,
            n_b=seen.n_b,
            rate_a=seen.rate_a,
            rate_b=seen.rate_b,
            limit=limit,
            difference=seen.difference[0],
            difference_low=seen.difference[1],
            difference_high=seen.difference[2],
            sooner=seen.sooner[0],
            sooner_low=seen.sooner[1],
            sooner_high=seen.sooner[2],
            test=seen.test,
            z=seen.z,
            p=seen.p,
            p_holm=seen.p,
            rate_test=seen.rate_test,
            p_rate=seen.p_rate,
            paired=design.paired,
            claimed=False,
            seeds=None,
            design=design.reason,
            sentence="",
        )

    @property
    def difference_triple(self) -> tuple[float, float, float]:
        """The difference of the rates, and the ends of its interval."""
        return self.difference, self.difference_low, self.difference_high

    @property
    def sooner_triple(self) -> tuple[float, float, float]:
        """The probability of sooner, and the ends of its interval."""
        return self.sooner, self.sooner_low, self.sooner_high

    @property
    def shows_sooner(self) -> bool:
        """Whether the interval of ``sooner`` excludes 1/2."""
        return not self.sooner_low <= 0.5 <= self.sooner_high

    @property
    def shows_rates(self) -> bool:
        """Whether the interval of the difference of the rates excludes 0."""
        return not self.difference_low <= 0 <= self.difference_high

    @property
    def none_solved(self) -> bool:
        """Whether no run of either setting was solved while both were followed."""
        return not (self.rate_a or self.rate_b)


def with_verdict(
    plain: Comparison,
    p_holm: float,
    p_rate: float,
    pairs: int,
    confidence: float,
    measured: Measured,
    correction: str = "Holm",
    words: Words = _WORDS,
) -> Comparison:
    """A comparison with its claim, the seeds it needs, and its sentence.

    Args:
        plain: a comparison without these.
        p_holm: the p-value after the correction.
        p_rate: that of the rates after the correction.
        pairs: number of comparisons made together.
        confidence: 1 minus the level of all their claims together.
        measured: what the comparison was made of.
        correction: after whom the correction is named.
        words: in which the sentence speaks of a solution.
    """
    level = 1 - confidence
    significant = p_holm < level
    sooner = significant and plain.shows_sooner
    rates = plain.shows_rates and (significant or p_rate < level / _RATES_SHARE)
    word = ""
    if sooner:
        word = "sooner" if plain.sooner > 0.5 else "later"
    elif rates:
        word = f"{'more' if plain.difference > 0 else 'less'} often"
    judged = replace(plain, p_holm=p_holm, claimed=bool(word), claim=word)
    if judged.none_solved:
        text = _none_solved(judged, confidence, words)
        return replace(judged, sentence=f"{text} {plain.design}")
    if not judged.claimed:
        judged = replace(judged, seeds=_seeds(judged, level / pairs, measured))
    after = f" after {correction}'s correction for {pairs} comparisons" if pairs > 1 else ""
    tests = f"{plain.test} p {_p(p_holm)}{after}"
    if rates and not significant:
        tests = f"{plain.rate_test} test, p {_p(p_rate)}{after}; {tests}"
    if sooner:
        claim = f"{plain.a} {words.solves} {word} than {plain.b}"
    elif rates:
        claim = f"{plain.a} {words.is_solved} {word} than {plain.b}"
        if not significant and measured.curves_cross:
            claim += ", but their curves cross, and neither is shown to be the sooner throughout"
    elif measured.events and measured.least_p > level / pairs:  # else all ended alike
        claim = (
            f"Too few runs to compare {plain.a} with {plain.b}: with {plain.n_a} and {plain.n_b}, "
            f"of which {measured.events} {measured.counted_as}, no exact test can give a p below "
            f"{measured.least_p:.2g}"
        )
        tests = ""
    elif significant:
        claim = f"{plain.a} and {plain.b} may differ, but not clearly in speed or in success"
    else:
        claim = f"No difference between {plain.a} and {plain.b} can be claimed"
    head = f"{claim} ({tests})" if tests else claim
    text = f"{head}: {_numbers(judged, confidence, measured, words)}."
    if not judged.claimed:
        text += f" {_outlook(judged, measured)}"
    return replace(judged, sentence=f"{text} {plain.design}")


def _seeds(seen: Comparison, level: float, measured: Measured) -> int | None:
    """The fewest seeds with which the test would find what is seen here, with `POWER`.

    None where the direction is unclear. The statistic of a test grows with the square root of the
    number of runs, so that number follows from the statistic seen.
    """
    if seen.p > _UNCLEAR or not seen.z:
        return None
    wanted = z_value(1 - level) + z_value(2 * POWER - 1)
    needed = math.ceil(measured.size * (wanted / seen.z) ** 2)
    return max(needed, least_seeds(seen.paired, level))


def _none_solved(seen: Comparison, confidence: float, words: Words) -> str:
    """What can be said where nothing but the number of runs is known."""
    _, low, high = in_points(seen.difference_triple)
    return (
        f"No run of {seen.a} or {seen.b} {words.was_solved}{_within(seen, words)}, of {seen.n_a} "
        f"and {seen.n_b}, so nothing compares their speed. The difference of their success rates "
        f"lies between {low} and {high} points ({100 * confidence:g} % interval); more seeds only "
        "narrow that. To compare speed takes more epochs, or other values of what both have in "
        "common."
    )


def _within(seen: Comparison, words: Words) -> str:
    return f" within {seen.limit:,.0f} {words.unit}" if math.isfinite(seen.limit) else ""


def _numbers(seen: Comparison, confidence: float, measured: Measured, words: Words) -> str:
    sure, within = f"{100 * confidence:g} %", _within(seen, words)
    unclear = seen.claimed and not seen.shows_rates
    points, sooner = in_points(seen.difference_triple), in_share(seen.sooner_triple)
    counts = (
        f"{100 * seen.rate_a:.0f} % of {seen.n_a} runs against {100 * seen.rate_b:.0f} % of "
        f"{seen.n_b} {words.solved}{within} (difference {points[0]} points, {sure} "
        f"interval {points[1]} to {points[2]}"
        f"{', so the rates are not shown to differ' if unclear else ''})"
    )
    unclear = seen.claimed and not seen.shows_sooner
    return (
        f"{counts}; {measured.who} with probability {sooner[0]} "
        f"({sooner[1]} to {sooner[2]}"
        f"{', so neither is shown to be the sooner' if unclear else ''})"
    )


def in_points(values: Sequence[float]) -> list[str]:
    """Differences of rates in percentage points, with a decimal where all of them are small."""
    shown = [100 * value for value in values]
    digits = 1 if max(map(abs, shown)) < _SMALL else 0
    return [f"{value:+.{digits}f}" if round(value, digits) else "0" for value in shown]


def in_share(values: Sequence[float]) -> list[str]:
    """Probabilities with two decimals, or with three where two would round one of them to 1/2."""
    digits = 3 if any(round(value, 2) == 0.5 != value for value in values) else 2
    return [f"{value:.{digits}f}" for value in values]


def _outlook(seen: Comparison, measured: Measured) -> str:
    if measured.anytime:
        return "This test may be repeated as seeds are added."
    if seen.seeds is not None:
        return (
            f"If the settings are as they look here, a comparison of about {seen.seeds:,} fresh "
            "seeds of each, without these runs, would show it in four experiments of five. To add "
            "seeds to these runs and look again, use anytime=True: this test would claim too much."
        )
    # The interval of a difference is wider than those of the two rates by the square root of 2.
    # Two more successes and failures (Agresti & Coull 1998): five of five is not a rate of 1.
    total = seen.n_a + seen.n_b
    rate = (seen.rate_a * seen.n_a + seen.rate_b * seen.n_b + 2) / (total + 4)
    bound = seeds_needed(half_width=_BOUND / math.sqrt(2), rate=rate)
    least = "at most" if seen.paired else "about"
    return (
        f"Nothing points to a difference in speed; {least} {bound:,} seeds of each bound the "
        f"difference of their success rates to {100 * _BOUND:.0f} points either way."
    )


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"
