"""What published studies claim, beside what their presets measure.

A row agrees where the published value, to its printed digits, lies in the range that holds 95 % of
estimates from samples as large as the paper's, drawn from our runs. Where the paper states an
uncertainty of its own, or not how many networks it had, our 95 % interval takes the place of that
range. Of rows that are right one in twenty falls outside by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.intervals import wilson
from xorlab.studies import measures as r
from xorlab.studies.measures import RESAMPLES, Measured, Statistic, measure, sample_of

Rates = Callable[[pd.DataFrame], Measured]
_Setting = tuple[str, float | None, int | None]


@dataclass(frozen=True)
class Claim:
    """One number of a paper.

    Attributes:
        study: preset whose runs are to show it.
        quantity: what it is.
        printed: as the paper has it.
        low: least value that this may stand for.
        high: largest.
        measured: a statistic of one setting's networks, or a function of the runs of many.
        slope: of the leaky rectifier, where only runs with that are meant.
        limit: epochs after which to look no further; None for the runs' own.
        post_hoc: the protocol was chosen after another had been seen not to agree. Shown, but
            never counted as an agreement: a number that was looked for confirms nothing.
    """

    study: str
    quantity: str
    printed: str
    low: float
    high: float
    measured: Statistic | Rates
    slope: float | None = None
    limit: int | None = None
    post_hoc: bool = False


@dataclass(frozen=True)
class Source:
    """Where a study was published, and with how many networks.

    Attributes:
        name: author and year, and the network where there are several.
        networks: of a setting; None where the paper does not say.
    """

    name: str
    networks: int | None


SOURCES = {
    "notebook": Source("the notebook", 1),
    "hamey1991": Source("Hamey (1991), 2-2-1", 10_000),
    "kramer1988": Source("Kramer & Sangiovanni-Vincentelli (1988), 2-2-1", 100),
    "kramer1988_parity": Source("Kramer & Sangiovanni-Vincentelli (1988), 4-4-1", 100),
    "kolen1990": Source("Kolen & Pollack (1990), 2-2-1", None),
    "tr_xor": Source("tr_xor (2025), ReLU", 50),
    "tr_xor_leaky": Source("tr_xor (2025), leaky ReLU", 50),
    "tr_xor_steep": Source("tr_xor (2025), leaky ReLU", 50),
}
# The first of the ten losses belongs to the initial weights; the notebook counts from 1.
LOSSES = (
    0.287974821321425, 0.24943329766543199, 0.24567537147115226, 0.21996241841579695,
    0.1621992454420141, 0.05270887579146114, 0.016926012420416685, 0.00891778531419988,
    0.00584454666369325, 0.0042817900236595905,
)  # fmt: skip
PREDICTIONS = (0.06028403, 0.9444784, 0.9443732, 0.05996465)

_SUCCESS = Statistic(r.success, r.success_interval)
_MEAN = Statistic(r.mean_epochs, r.mean_epochs_interval)
_ERT = Statistic(r.running_time, r.running_time_interval)


def _near(value: float, half: float = 0.5) -> tuple[float, float]:
    """Half a unit of the last printed digit to either side."""
    return value - half, value + half


def _of_50(solved: int) -> tuple[float, float]:
    return 100 * solved / 50, 100 * solved / 50


def rates(runs: pd.DataFrame) -> pd.DataFrame:
    """Kolen & Pollack's figure: networks that did not converge, for every setting.

    Args:
        runs: of the study, each with an outcome.

    Returns:
        ``init.range``, ``optimizer.lr``, ``optimizer.momentum``, ``n``, ``failed``, and in percent
        ``rate`` with its Wilson interval ``low`` to ``high``.
    """
    failed = runs["outcome"].notna() & (runs["outcome"] != "solved")
    by = ["init.range", "optimizer.lr", "optimizer.momentum"]
    groups = runs.assign(failed=failed).groupby(by, dropna=False)["failed"]
    table = pd.DataFrame({"n": groups.size(), "failed": groups.sum()}).reset_index()
    low, high = wilson(table["failed"], table["n"])
    rate = 100 * table["failed"] / table["n"]
    return table.assign(rate=rate, low=100 * low, high=100 * high)


def least_rate(runs: pd.DataFrame) -> Measured:
    """Of the settings with a range from 2 to 4, the least share of networks not converged / %."""
    table = rates(runs).query("2 <= `init.range` <= 4")
    return _rate(table.iloc[int(table["rate"].argmin())])


def largest_rate(runs: pd.DataFrame) -> Measured:
    """Of the settings with a range from 2 to 4, the largest share of networks not converged / %."""
    table = rates(runs).query("2 <= `init.range` <= 4")
    return _rate(table.iloc[int(table["rate"].argmax())])


def largest_rate_anywhere(runs: pd.DataFrame) -> Measured:
    """Of all settings, the largest share of networks not converged / %."""
    table = rates(runs)
    return _rate(table.iloc[int(table["rate"].argmax())])


def rate_of_small_weights(runs: pd.DataFrame) -> Measured:
    """Share of networks not converged / %, of all with a range below 0.5."""
    table = rates(runs).query("`init.range` < 0.5")
    n, failed = table["n"].sum(), table["failed"].sum()
    low, high = (float(100 * end) for end in wilson(failed, n))
    return Measured(float(100 * failed / n), low, high, low, high)


def _rate(row: pd.Series[Any]) -> Measured:
    rate, low, high = (float(row[name]) for name in ("rate", "low", "high"))
    return Measured(rate, low, high, low, high)


_H, _K, _P, _Q = "hamey1991", "kramer1988", "kramer1988_parity", "kolen1990"
_T, _L, _S = "tr_xor", "tr_xor_leaky", "tr_xor_steep"
CLAIMS = (
    Claim(_H, "e, largest efficiency", "17.1 ± 0.3", 16.8, 17.4,
          Statistic(r.peak, r.peak_interval)),
    Claim(_H, "T_E, best cutoff / epochs", "49", *_near(49),
          Statistic(r.peak_epoch, r.peak_epoch_interval)),
    Claim(_H, "half-peak range, first epoch", "26", *_near(26), Statistic(r.half_peak_first)),
    Claim(_H, "half-peak range, last epoch", "235", *_near(235), Statistic(r.half_peak_last)),
    Claim(_H, "t_E, epochs per trained network", "59", *_near(59),
          Statistic(r.peak_cost, r.peak_cost_interval)),
    Claim(_H, "solved in 2,000 epochs / %", "76", *_near(76), _SUCCESS),
    Claim(_H, "mean epochs of the solved", "50", *_near(50), _MEAN),
    Claim(_H, "harmonic mean of all epochs", "40", *_near(40), Statistic(r.harmonic_mean)),
    Claim(_K, "solved / %", "78", 78, 78, _SUCCESS),
    Claim(_K, "mean epochs of the solved", "684", *_near(684), _MEAN),
    Claim(_K, "their standard deviation", "1,460", *_near(1460, 5), Statistic(r.deviation_epochs)),
    Claim(_K, "EES, epochs per solution", "14,197", *_near(14197), _ERT),
    Claim(_P, "solved / %", "71", 71, 71, _SUCCESS),
    Claim(_P, "mean epochs of the solved", "8,704", *_near(8704), _MEAN),
    Claim(_P, "their standard deviation", "8,339", *_near(8339), Statistic(r.deviation_epochs)),
    Claim(_P, "EES, epochs per solution", "48,430", *_near(48430), _ERT),
    Claim(_Q, "not solved, range 2 to 4, least / %", "5", *_near(5), least_rate),
    Claim(_Q, "not solved, range 2 to 4, largest / %", "50", *_near(50), largest_rate),
    Claim(_Q, "not solved, any range, largest / %", "at most 80", 0, 80, largest_rate_anywhere),
    Claim(_Q, "not solved, range below 0.5 / %", "low: read as at most 5", 0, 5,
          rate_of_small_weights),
    Claim(_T, "solved / %", "48 (24 of 50)", *_of_50(24), _SUCCESS),
    Claim(_T, "epochs of the fastest", "53", *_near(53), Statistic(r.percentile(0), grows=True)),
    Claim(_T, "epochs, lower quartile", "126", *_near(126), Statistic(r.percentile(0.25))),
    Claim(_T, "epochs, median", "190", *_near(190), Statistic(r.percentile(0.5))),
    Claim(_T, "epochs, upper quartile", "251", *_near(251), Statistic(r.percentile(0.75))),
    Claim(_T, "epochs of the slowest", "336", *_near(336), Statistic(r.percentile(1), grows=True)),
    Claim(_L, "solved by 800, slope 0.01 / %", "76 (38 of 50)", *_of_50(38), _SUCCESS, 0.01, 800),
    Claim(_L, "solved by 5,000, slope 0.01 / %", "76 (38 of 50)", *_of_50(38), _SUCCESS, 0.01,
          post_hoc=True),
    Claim(_L, "solved by 800, slope 0.1 / %", "94 (47 of 50)", *_of_50(47), _SUCCESS, 0.1, 800),
    Claim(_L, "solved by 5,000, slope 0.1 / %", "94 (47 of 50)", *_of_50(47), _SUCCESS, 0.1,
          post_hoc=True),
    Claim(_S, "solved, slope 0.8 / %", "88 (44 of 50)", *_of_50(44), _SUCCESS, 0.8),
)  # fmt: skip


def published(
    studies: Mapping[str, pd.DataFrame], resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """Every claim about the studies that were run, beside what their runs show.

    Args:
        studies: name of a preset to its runs, as `xorlab.load_runs` returns them.
        resamples: of the bootstrap over networks.
        seed: of the same.

    Returns:
        ``study``, ``source``, ``quantity``, ``published`` as printed, ``value`` in the middle of
        what that may stand for, ``published_low`` to ``published_high``; ``estimate`` with its
        95 % interval ``low`` to ``high``, the range expected of a study of the paper's size,
        ``expected_low`` to ``expected_high``, ``n`` networks of ours, and whether it ``agrees``.
    """
    rows = []
    for (study, slope, limit), claims in _settings(studies).items():
        runs = studies[study]
        runs = runs[runs["outcome"].notna()]
        if slope is not None:
            runs = runs[runs["network.slope"] == slope]
        rows += [
            {
                "study": study, "source": SOURCES[study].name, "quantity": claim.quantity,
                "published": claim.printed, "value": (claim.low + claim.high) / 2,
                "published_low": claim.low, "published_high": claim.high,
                "estimate": told.estimate, "low": told.low, "high": told.high,
                "expected_low": told.expected_low, "expected_high": told.expected_high,
                "n": len(runs), "agrees": told.agrees(claim.low, claim.high),
                "post_hoc": claim.post_hoc,
            }
            for claim, told in _measured(runs, claims, limit, resamples, seed)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def _settings(
    studies: Mapping[str, pd.DataFrame],
) -> dict[_Setting, list[Claim]]:
    found: dict[_Setting, list[Claim]] = {}
    for claim in CLAIMS:
        if claim.study in studies:
            found.setdefault((claim.study, claim.slope, claim.limit), []).append(claim)
    return found


def _measured(
    runs: pd.DataFrame, claims: list[Claim], limit: int | None, resamples: int, seed: int
) -> Iterator[tuple[Claim, Measured]]:
    """Those about one sample together: they share its resamples."""
    statistics = [c.measured for c in claims if isinstance(c.measured, Statistic)]
    networks = SOURCES[claims[0].study].networks
    sample = sample_of(runs, limit)
    told = iter(measure(sample, statistics, networks, resamples, seed) if statistics else ())
    for claim in claims:
        if not isinstance(claim.measured, Statistic):
            yield claim, claim.measured(runs)
            continue
        one = next(told)
        if "±" in claim.printed:  # how far the paper's value may be off, and not twice
            one = replace(one, expected_low=one.low, expected_high=one.high)
        yield claim, one


def notebook_rows(
    losses: npt.ArrayLike, predictions: npt.ArrayLike
) -> list[tuple[str, str, str, bool]]:
    """The notebook's printed numbers beside those of its run.

    Sums in another order differ in the last digits of ten thousand epochs: losses are the same
    where they differ by less than 1e-12 of themselves, predictions where their printed digits are.

    Args:
        losses: (10,) at epochs 0, 1000, ... 9000.
        predictions: (4,) after 10,000 epochs.

    Returns:
        quantity, published, measured, and whether it agrees, for each.
    """
    rows = []
    for name, printed, ours, allowed in (
        ("ten losses", LOSSES, np.ravel(losses), 1e-12),
        ("four predictions", PREDICTIONS, np.ravel(predictions), 0.0),
    ):
        known = np.array(printed)
        if allowed:
            off = float(np.max(np.abs(ours / known - 1)))
            ends = f"{float(ours[0])!r} ... {float(ours[-1])!r}"
            rows.append((name, f"{printed[0]!r} ... {printed[-1]!r}",
                         f"{ends}, at most {off:.0e} of itself off", off <= allowed))  # fmt: skip
        else:
            same = np.array_equal(np.round(ours, 8), known)
            rows.append((name, ", ".join(map(str, printed)),
                         ", ".join(f"{value:.8g}" for value in ours), same))  # fmt: skip
    return rows
