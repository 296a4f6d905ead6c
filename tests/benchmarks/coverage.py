"""How often intervals hold the true value and claims are right, in simulated experiments.

Usage: python -m tests.benchmarks.coverage [TABLE ...] [--small] [--experiments N] [--rows TEXT]

The tables are ``intervals``, ``moments`` (the same without what the cutoffs cost, and so in a
tenth of the time), ``pairs``, ``worst``, ``claims`` and ``winners``; without a name all but
``moments`` are made. --rows keeps the rows of ``claims`` whose name has this text. ``claims`` and
``winners`` are explained in `tests.benchmarks.conclusions`.

In ``intervals`` each row is a population (see `tests.benchmarks.populations`) and a number of
runs, each column a statistic; a number is the percentage of experiments whose nominal 95 %
interval holds the true value. "there" is the true cost with the cutoff that was found,
"ert_cutoff" the least cost of any cutoff. ``pairs`` is about two settings, ``worst`` about the
worst rates of Wilson's, exact and Newcombe's intervals and about those of quantiles, which are
computed and not simulated.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from scipy import special

from tests.benchmarks.conclusions import errors_table, winners_table
from tests.benchmarks.populations import (
    SHARES,
    Floats,
    Lognormal,
    Population,
    costs,
    trained,
    truth,
    winners,
)
from xorlab.analysis.statistics.intervals import clopper_pearson, newcombe, wilson
from xorlab.analysis.statistics.restarts import best_cutoffs
from xorlab.analysis.statistics.running_time import CutoffStatistics, statistics_at
from xorlab.analysis.statistics.superiority import Resamples, superiority_interval
from xorlab.analysis.statistics.survival import kaplan_meier

SIZES = (5, 10, 20, 50, 100)
CUTOFFS = ("cutoff", "ert_cutoff", "there")
TABLES = ("intervals", "pairs", "worst", "claims", "winners")
LOGNORMAL = [
    Lognormal(rate, spread, limit)
    for spread, limit in ((0.5, 1000), (1.0, 2000))
    for rate in (0.3, 0.75, 0.95)
]
PAIRS = [
    (Lognormal(0.3, 0.7, 1000), Lognormal(0.3, 0.7, 1000)),
    (Lognormal(0.95, 0.7, 1000), Lognormal(0.3, 0.7, 1000)),
    (Lognormal(0.95, 0.7, 1000, faster=2), Lognormal(0.95, 0.7, 1000)),
    (Lognormal(0.95, 0.7, 1000, faster=8), Lognormal(0.75, 0.7, 1000)),
    (Lognormal(0.99, 0.7, 1000, faster=4), Lognormal(0.1, 0.7, 1000)),
]


def intervals(
    population: Population, n: int, experiments: int, resamples: int, generator: np.random.Generator
) -> tuple[dict[str, tuple[Floats, Floats]], Floats]:
    """Lower and upper ends of every statistic, and the cutoffs found, (experiments,) each.

    Without resamples there is nothing about cutoffs.
    """
    limit = population.limit
    epochs = population.draw((experiments, n), generator)
    ascending = [row[np.isfinite(row)] for row in epochs]
    charged = [np.maximum(row, 1.0) for row in ascending]
    plain, cost = (
        CutoffStatistics(
            *(np.array([getattr(p, x) for p in each]) for x in CutoffStatistics.__annotations__)
        )
        for each in (
            [statistics_at(own, n, limit) for own in rows] for rows in (ascending, charged)
        )
    )
    found = {
        "rate": wilson(plain.solved, plain.n),
        "rmst": plain.rmst()[1:],
        "ert": cost.ert()[1:],
    }
    cutoffs = np.full(experiments, np.nan)
    if resamples:
        best = best_cutoffs(charged, n, [float(limit)] * experiments, resamples=resamples)
        there = (np.array([b.ert_low for b in best]), np.array([b.ert_high for b in best]))
        cutoffs = np.array([b.cutoff for b in best])
        found |= {
            "cutoff": (np.array([b.low for b in best]), np.array([b.high for b in best])),
            "ert_cutoff": there,
            "there": there,
        }
    curves = [kaplan_meier(np.minimum(r, limit), np.isfinite(r)) for r in epochs]
    for share in SHARES:
        ends = np.array([curve.quantile(share)[1:] for curve in curves])
        found[f"q{100 * share:.0f}"] = (ends[:, 0], ends[:, 1])
    return found, cutoffs


def statistics_table(
    populations: Sequence[Population], sizes: Sequence[int], experiments: int, resamples: int
) -> Table:
    names = ["rate", "q25", "q50", "q75", "rmst", "ert", *(CUTOFFS if resamples else ())]
    table = Table(box=SIMPLE_HEAD, title=f"% of {experiments:,} experiments held by 95 % intervals")
    for column in ("population", "n", *names):
        table.add_column(column, justify="right", no_wrap=True)
    for number, population in enumerate(populations):
        true, curve = truth(population), costs(population)
        for n in sizes:
            generator = np.random.default_rng([n, number])
            found, cutoffs = intervals(population, n, experiments, resamples, generator)
            # Where no run was solved nothing is recommended: the limit, which is what was paid.
            used = np.nan_to_num(cutoffs, nan=population.limit).astype(int)
            cells = [
                held(found[name], curve[used] if name == "there" else true[name]) for name in names
            ]
            table.add_row(population.name, str(n), *cells)
    return table


def pairs_table(sizes: Sequence[int], experiments: int, resamples: int) -> Table:
    table = Table(box=SIMPLE_HEAD, title=f"two settings, % of {experiments:,} experiments")
    for column in ("n", "rates", "faster", "P(sooner)", "sooner", "difference"):
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
            true = sooner_truth(a, b)
            table.add_row(
                str(n),
                f"{a.rate} {b.rate}",
                f"{a.faster:g}",
                f"{true:.3f}",
                held((ends[:, 1], ends[:, 2]), true),
                held(newcombe(k[0], n, k[1], n), a.solved_by()[-1] - b.solved_by()[-1]),
            )
    return table


def worst_table(sizes: Sequence[int]) -> Table:
    """Least and mean coverage over a grid of rates, exactly."""
    table = Table(box=SIMPLE_HEAD, title="exact coverage of 95 % intervals over all rates, %")
    columns = ("n", "Wilson, least", "at rate", "mean", "exact, least", "mean")
    for column in (*columns, "Newcombe, least", "at rates", "mean", "quartiles", "median"):
        table.add_column(column, justify="right")
    for n in sizes:
        p = np.concatenate([np.linspace(0.001, 0.05, 99), np.linspace(0.051, 0.5, 450)])
        k = np.arange(n + 1)
        covered, exact = (
            (binomial(k, n, p) * ((low <= p[:, None]) & (p[:, None] <= high))).sum(axis=1)
            for low, high in (wilson(k, n), clopper_pearson(k, n))
        )
        q = np.array([0.01, 0.02, *np.arange(0.05, 0.96, 0.05), 0.98, 0.99])
        chance, ends = binomial(k, n, q), newcombe(k[:, None], n, k[None, :], n)
        two = np.array(
            [
                [
                    x @ ((ends[0] <= a - b) & (a - b <= ends[1])) @ y
                    for b, y in zip(q, chance, strict=True)
                ]
                for a, x in zip(q, chance, strict=True)
            ]
        )
        i, j = np.unravel_index(np.argmin(two), two.shape)
        table.add_row(
            str(n),
            f"{100 * covered.min():.1f}",
            f"{p[np.argmin(covered)]:.3f}",
            f"{100 * covered.mean():.1f}",
            f"{100 * exact.min():.1f}",
            f"{100 * exact.mean():.1f}",
            f"{100 * two.min():.1f}",
            f"{q[i]:.2f} {q[j]:.2f}",
            f"{100 * two.mean():.1f}",
            *(f"{100 * quantile_coverage(share, n):.1f}" for share in SHARES[:2]),
        )
    return table


def quantile_coverage(share: float, n: int) -> float:
    """Exact coverage of the interval of a quantile of continuous times.

    It holds the quantile if the number of runs solved by then is one whose band has the share.
    """
    k = np.arange(n + 1)
    low, high = wilson(k, n)
    chance = binomial(k, n, np.array([share]))[0]
    return float(chance[(low <= share) & (share <= high)].sum())


def binomial(k: Floats, n: int, p: Floats) -> Floats:
    """(len(p), len(k)) probabilities."""
    logs = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.exp(logs + special.xlogy(k, p[:, None]) + special.xlog1py(n - k, -p[:, None]))


def sooner_truth(a: Lognormal, b: Lognormal) -> float:
    chance, other = (np.diff(s.solved_by(), prepend=0.0) for s in (a, b))
    later = 1 - b.solved_by()
    never = (1 - a.solved_by()[-1]) * (1 - b.solved_by()[-1])
    return float(np.sum(chance * (later + other / 2)) + never / 2)


def held(ends: tuple[Floats, Floats], true: float | Floats) -> str:
    if np.isnan(true).all():
        return "-"
    return f"{100 * np.mean((ends[0] <= true) & (true <= ends[1])):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    known = (*TABLES, "moments")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(known)}")
    parser.add_argument("--small", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--rows", default="", help="of claims: those whose name has this text")
    options = parser.parse_args()
    if unknown := [name for name in options.tables if name not in known]:
        parser.error(f"{' '.join(unknown)}: not a table; they are {', '.join(known)}")
    small: bool = options.small
    experiments, resamples = (50, 100) if small else (options.experiments, 400)
    claims, networks = (4, 120) if small else (options.experiments, 2000)
    sizes = (5, 20) if small else SIZES
    console = Console(width=130)
    for name in options.tables or TABLES:
        if name in ("intervals", "moments"):
            wide = [trained(init_range, 2, networks) for init_range in (1, 4, 8)]
            again = resamples if name == "intervals" else 0
            table = statistics_table([*LOGNORMAL, *wide], sizes, experiments, again)
        elif name == "pairs":
            table = pairs_table(sizes[-2:], experiments, resamples)
        elif name == "worst":
            table = worst_table(sizes[-2:] if small else SIZES)
        elif name == "claims":
            table = errors_table(networks, claims, options.rows)
        else:
            few = (20,) if small else (10, 20, 50, 100)
            for title, populations in winners(networks).items():
                console.print(winners_table(title, populations, few, claims))
            continue
        console.print(table)


if __name__ == "__main__":
    main()
