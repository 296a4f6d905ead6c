"""How often the intervals hold the true value, in simulated experiments.

Usage: python -m tests.benchmarks.coverage [--small]

A run is solved with some probability, after a lognormal number of epochs (median 100), if that is
within the limit. Each row is a setting and each column a statistic; a number is the percentage of
experiments whose nominal 95 % interval holds the true value, which is computed from the
distribution. Columns with a comma are methods that the library does not use, for comparison.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from scipy import special

from xorlab.analysis.statistics.bootstrap import counts_in_blocks
from xorlab.analysis.statistics.intervals import newcombe, wilson
from xorlab.analysis.statistics.restarts import best_cutoffs
from xorlab.analysis.statistics.running_time import CutoffStatistics, statistics_at
from xorlab.analysis.statistics.superiority import Resamples, superiority_interval
from xorlab.analysis.statistics.survival import kaplan_meier, logrank

Floats = npt.NDArray[np.float64]
MEDIAN = 100
SHARES = (0.25, 0.5, 0.75)
# Methods that the library does not use: percentiles of the bootstrap, and the plain quantile of the
# regret.
NAIVE = ["ert,pct", "cutoff,pct", "cutoff,plain"]


@dataclass(frozen=True)
class Setting:
    """Runs of which a share would be solved, with a lognormal spread of epochs, up to a limit."""

    rate: float
    spread: float
    limit: int
    faster: float = 1.0

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> Floats:
        """Epochs to solve, infinite where not solved, ascending along the last axis."""
        epochs = MEDIAN / self.faster * np.exp(self.spread * generator.standard_normal(shape))
        epochs = np.ceil(epochs)
        epochs[(generator.random(shape) >= self.rate) | (epochs > self.limit)] = np.inf
        return np.sort(epochs, axis=-1)

    def solved_by(self) -> Floats:
        """(limit + 1,) probability of being solved by each epoch."""
        with np.errstate(divide="ignore"):
            scaled = np.log(np.arange(self.limit + 1) * self.faster / MEDIAN) / self.spread
        return self.rate * special.ndtr(scaled)

    def truth(self) -> dict[str, float]:
        f = self.solved_by()
        rmst = np.concatenate([[0.0], np.cumsum(1 - f[:-1])])
        with np.errstate(divide="ignore", invalid="ignore"):
            ert = np.where(f > 0, rmst / f, np.inf)
        best = int(np.argmin(ert))
        values = {"rate": f[-1], "rmst": rmst[-1], "ert": ert[-1], "cutoff": best}
        values |= {"ert_cutoff": ert[best]}
        for share in SHARES:
            values[f"q{100 * share:.0f}"] = np.argmax(f >= share) if f[-1] > share else np.nan
        return values


SETTINGS = [
    Setting(rate, spread, limit)
    for spread, limit in ((0.5, 1000), (1.0, 2000))
    for rate in (0.3, 0.75, 0.95)
]
PAIRS = [
    (Setting(0.3, 0.7, 1000), Setting(0.3, 0.7, 1000)),
    (Setting(0.75, 0.7, 1000), Setting(0.75, 0.7, 1000)),
    (Setting(0.95, 0.7, 1000), Setting(0.3, 0.7, 1000)),
    (Setting(0.95, 0.7, 1000, faster=2), Setting(0.95, 0.7, 1000)),
    (Setting(0.95, 0.7, 1000, faster=4), Setting(0.95, 0.7, 1000)),
    (Setting(0.95, 0.7, 1000, faster=8), Setting(0.75, 0.7, 1000)),
    (Setting(0.99, 0.7, 1000, faster=4), Setting(0.1, 0.7, 1000)),
]


def intervals(
    setting: Setting, n: int, experiments: int, resamples: int, generator: np.random.Generator
) -> dict[str, tuple[Floats, Floats]]:
    """Lower and upper ends of every statistic, (experiments,) each."""
    epochs = setting.draw((experiments, n), generator)
    ascending = [row[np.isfinite(row)] for row in epochs]
    limits = [float(setting.limit)] * experiments
    each = [statistics_at(own, n, setting.limit) for own in ascending]
    whole = CutoffStatistics(
        *(np.array([getattr(p, name) for p in each]) for name in CutoffStatistics.__annotations__)
    )
    best = best_cutoffs(ascending, n, limits, resamples=resamples)
    # Its quantile is then 0.95 itself.
    plain = best_cutoffs(ascending, n, limits, confidence=0.75, resamples=resamples)
    found = {
        "rate": wilson(whole.solved, whole.n),
        "rmst": whole.rmst()[1:],
        "ert": whole.ert()[1:],
        "ert,pct": ert_percentiles(epochs, setting.limit, resamples),
        "cutoff": (np.array([b.low for b in best]), np.array([b.high for b in best])),
        "cutoff,plain": (np.array([b.low for b in plain]), np.array([b.high for b in plain])),
        "cutoff,pct": argmin_percentiles(ascending, n, resamples),
        "ert_cutoff": (np.array([b.ert_low for b in best]), np.array([b.ert_high for b in best])),
    }
    curves = [kaplan_meier(np.minimum(r, setting.limit), np.isfinite(r)) for r in epochs]
    for share in SHARES:
        ends = np.array([curve.quantile(share)[1:] for curve in curves])
        found[f"q{100 * share:.0f}"] = (ends[:, 0], ends[:, 1])
    return found


def ert_percentiles(epochs: Floats, limit: int, resamples: int) -> tuple[Floats, Floats]:
    """Percentiles of ERT at the limit, resampled."""
    spent, solved = np.minimum(epochs, limit), np.isfinite(epochs)
    n = epochs.shape[1]
    with np.errstate(divide="ignore"):
        drawn = [(c @ spent.T) / (c @ solved.T) for c in counts_in_blocks(n, resamples)]
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975], 0, method="inverted_cdf")
    return low, high


def argmin_percentiles(ascending: list[Floats], n: int, resamples: int) -> tuple[Floats, Floats]:
    """Percentiles of the best cutoff, resampled."""
    counts = np.concatenate(list(counts_in_blocks(n, resamples)))
    solved = np.cumsum(counts, axis=1)
    left = n - solved + counts
    ends = np.full((len(ascending), 2), np.nan)
    for row, own in enumerate(ascending):
        if k := len(own):
            area = np.cumsum(left[:, :k] * np.diff(own, prepend=0.0), axis=1)
            with np.errstate(divide="ignore"):
                drawn = own[np.argmin(area / solved[:, :k], axis=1)]
            ends[row] = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    return ends[:, 0], ends[:, 1]


def sooner_percentiles(a: Floats, b: Floats, store: Resamples) -> tuple[float, float]:
    """Percentiles of the probability, resampled; a and b ascending."""
    ranks = [np.searchsorted(b, a, side="left"), np.searchsorted(b, a, side="right")]
    drawn = [
        np.einsum("ij,ij->i", counts, 2 * len(b) - sums[:, ranks[0]] - sums[:, ranks[1]])
        for counts, sums in store.blocks(len(a), len(b))
    ]
    probabilities = np.concatenate(drawn) / (2 * len(a) * len(b))
    low, high = np.quantile(probabilities, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def statistics_table(sizes: tuple[int, ...], experiments: int, resamples: int) -> Table:
    names = ["rate", "q25", "q50", "q75", "rmst", "ert", "ert_cutoff", "cutoff", *NAIVE]
    table = Table(box=SIMPLE_HEAD, title=f"% of {experiments:,} experiments held by 95 % intervals")
    for column in ("n", "rate", "spread", "limit", *names):
        table.add_column(column, justify="right", no_wrap=True)
    for n in sizes:
        for number, setting in enumerate(SETTINGS):
            generator = np.random.default_rng([n, number])
            found = intervals(setting, n, experiments, resamples, generator)
            truth = setting.truth()
            cells = [held(found[name], truth[name.partition(",")[0]]) for name in names]
            row = (n, setting.rate, setting.spread, setting.limit, *cells)
            table.add_row(*map(str, row))
    return table


def pairs_table(sizes: tuple[int, ...], experiments: int, resamples: int) -> Table:
    names = ("sooner", "difference", "p < 0.05", "sooner,pct")
    table = Table(box=SIMPLE_HEAD, title=f"two settings, % of {experiments:,} experiments")
    for column in ("n", "rates", "faster", "P(sooner)", *names):
        table.add_column(column, justify="right", no_wrap=True)
    for n in sizes:
        store = Resamples(resamples)
        for number, (a, b) in enumerate(PAIRS):
            generator = np.random.default_rng([n, number, 1])
            drawn = [s.draw((experiments, n), generator) for s in (a, b)]
            ends = np.array(
                [superiority_interval(x, y, store=store) for x, y in zip(*drawn, strict=True)]
            )
            k = [np.isfinite(x).sum(axis=1) for x in drawn]
            rates = newcombe(k[0], n, k[1], n)
            small = [
                logrank(np.minimum(x, 1000), x < np.inf, np.minimum(y, 1000), y < np.inf)[1] < 0.05
                for x, y in zip(*drawn, strict=True)
            ]
            naive = np.array([sooner_percentiles(x, y, store) for x, y in zip(*drawn, strict=True)])
            truth = sooner_truth(a, b)
            table.add_row(
                str(n),
                f"{a.rate} {b.rate}",
                f"{a.faster:g}",
                f"{truth:.3f}",
                held((ends[:, 1], ends[:, 2]), truth),
                held(rates, a.solved_by()[-1] - b.solved_by()[-1]),
                f"{100 * np.mean(small):.1f}",
                held((naive[:, 0], naive[:, 1]), truth),
            )
    return table


def sooner_truth(a: Setting, b: Setting) -> float:
    chance, other = (np.diff(s.solved_by(), prepend=0.0) for s in (a, b))
    later = 1 - b.solved_by()
    never = (1 - a.solved_by()[-1]) * (1 - b.solved_by()[-1])
    return float(np.sum(chance * (later + other / 2)) + never / 2)


def held(ends: tuple[Floats, Floats], truth: float) -> str:
    if np.isnan(truth):
        return "-"
    return f"{100 * np.mean((ends[0] <= truth) & (truth <= ends[1])):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="seconds instead of minutes")
    options = parser.parse_args()
    sizes = (30,) if options.small else (30, 100)
    experiments, resamples = (100, 200) if options.small else (2000, 1000)
    console = Console(width=150)
    console.print(statistics_table(sizes, experiments, resamples))
    console.print(pairs_table(sizes, experiments, resamples))


if __name__ == "__main__":
    main()
