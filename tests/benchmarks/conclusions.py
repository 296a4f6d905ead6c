"""How often a claim is made without a difference, and what the setting named first costs.

`tests.benchmarks.coverage` prints both tables.

``claims`` has the type-I error of `xorlab.compare`: in each row both settings are drawn from
the same population, and a number is the percentage of experiments in which a difference is
claimed, or in which the p-value of the deciding test is below 0.05. Pairs are seeds trained at two
learning rates, whose results change places at random.

``winners`` has five initial ranges of XOR, of which the best two are close, three that lie apart,
and three learning rates of which one is clearly the best: how often a cheapest setting is named,
and how often it is then the right one and what it costs, as a multiple of the cheapest, at most in
95 % of sweeps; what the setting shown first costs, named or not; "by estimate" is what the setting
with the least ERT of all cutoffs costs, which the library does not use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

import xorlab
from tests.benchmarks.populations import LIMIT, Floats, Lognormal, Trained, costs, trained
from xorlab.analysis.statistics.restarts import best_cutoffs
from xorlab.analysis.statistics.running_time import expected_running_time
from xorlab.analysis.statistics.winner import cheapest

A, B = {"setting": "a"}, {"setting": "b"}
_RESAMPLES = 200
Make = Callable[[np.random.Generator], pd.DataFrame]
START = {"task": "xor", "network.hidden": 2, "init": "uniform"}


def frame(epochs: dict[str, Floats], seeds: dict[str, Floats], limit: int) -> pd.DataFrame:
    pieces = [
        pd.DataFrame(
            {
                "setting": name,
                "seed": seeds[name],
                "outcome": np.where(np.isfinite(own), "solved", "unsolved"),
                "epochs_to_solve": np.where(np.isfinite(own), own, np.nan),
                "epochs_run": limit,
                "training.epochs": limit,
            }
        )
        for name, own in epochs.items()
    ]
    return pd.concat(pieces, ignore_index=True)


def independent(
    population: Lognormal, n: int, m: int, generator: np.random.Generator
) -> pd.DataFrame:
    # They are drawn in ascending order, and the first seeds of a sweep are not the fastest.
    epochs = {
        name: generator.permuted(population.draw((k,), generator))
        for name, k in (("a", n), ("b", m))
    }
    return frame(epochs, {"a": np.arange(n), "b": np.arange(n, n + m)}, population.limit)


def paired(
    init_range: float, networks: int, n: int, generator: np.random.Generator
) -> pd.DataFrame:
    """Seeds at two learning rates; which is A and which B is drawn for each."""
    chosen = generator.choice(networks, n, replace=False)
    both = np.array([trained(init_range, lr, networks).epochs[chosen] for lr in (1.0, 2.0)])
    a = generator.integers(0, 2, n)
    epochs = {"a": both[a, np.arange(n)], "b": both[1 - a, np.arange(n)]}
    return frame(epochs, dict.fromkeys("ab", np.arange(n)), LIMIT).assign(**START)


def pooled(networks: int, n: int, shared: bool, generator: np.random.Generator) -> pd.DataFrame:
    """Each seed at two learning rates in each setting, from two ranges that change places."""
    rates = (1.0, 2.0)
    if not shared:
        both = np.array([trained(1.0, lr, networks).epochs for lr in rates])
        seeds = generator.choice(networks, (2, n), replace=False)
        epochs = {name: both[:, own].ravel() for name, own in zip("ab", seeds, strict=True)}
        return frame(epochs, {k: np.tile(s, 2) for k, s in zip("ab", seeds, strict=True)}, LIMIT)
    chosen = generator.choice(networks, n, replace=False)
    four = np.array([[trained(r, lr, networks).epochs[chosen] for lr in rates] for r in (1.0, 2.0)])
    a = generator.integers(0, 2, n)
    epochs = {
        "a": four[a, :, np.arange(n)].ravel(),
        "b": four[1 - a, :, np.arange(n)].ravel(),
    }
    return frame(epochs, dict.fromkeys("ab", np.repeat(np.arange(n), 2)), LIMIT)


@dataclass(frozen=True)
class Row:
    name: str
    make: Make
    again: tuple[int, ...] = ()  # sizes at which an anytime-valid test is made
    fresh: bool = False  # whether the advised number of fresh seeds is compared alone
    cluster: str | None = None


def rows(networks: int) -> Iterator[Row]:
    usual, rare = Lognormal(0.75, 1.0, 2000), Lognormal(0.1, 1.0, 2000)
    often = Lognormal(0.95, 1.0, 2000)
    for n in (10, 30, 100):
        yield Row(f"balanced, {n} and {n}", partial(independent, usual, n, n))
    for n, m in ((1, 40), (5, 40), (10, 100), (30, 200)):
        yield Row(f"unbalanced, {n} and {m}", partial(independent, usual, n, m))
    yield Row("few events, 30 and 30, 10 % solved", partial(independent, rare, 30, 30))
    yield Row("few events, 100 and 100, 10 % solved", partial(independent, rare, 100, 100))
    yield Row("nearly all solved, 50 and 50", partial(independent, often, 50, 50))
    for n in (10, 50, 100):
        yield Row(f"paired, {n} seeds, range 1", partial(paired, 1.0, networks, n))
    yield Row("paired, 50 seeds, range 4", partial(paired, 4.0, networks, 50))
    both = partial(pooled, networks, 50)
    yield Row("pooled rates, 50 and 50 seeds", partial(both, False), cluster="seed")
    yield Row("pooled rates, the same 50 seeds", partial(both, True), cluster="seed")
    looks = tuple(range(10, 101, 10))
    yield Row("anytime, 10 looks, paired", partial(paired, 1.0, networks, 100), again=looks)
    yield Row("anytime, 10 looks, apart", partial(independent, usual, 100, 100), again=looks)
    yield Row(
        "fresh seeds alone, after 20 and 20", partial(independent, usual, 400, 400), fresh=True
    )


def one(row: Row, runs: pd.DataFrame) -> tuple[bool, bool]:
    """Whether a difference is claimed, and whether the p-value is below 0.05."""
    compare = partial(xorlab.compare, a=A, b=B, resamples=_RESAMPLES, cluster=row.cluster)
    if row.again:
        order = runs.groupby("setting").cumcount()
        found = [compare(runs[order < n], anytime=True) for n in row.again]
        return any(c.claimed for c in found), any(c.p < 0.05 for c in found)
    if row.fresh:
        number = runs.groupby("setting").cumcount()
        pilot = compare(runs[number < 20])
        wanted = 0 if pilot.claimed or pilot.seeds is None else min(pilot.seeds, 300)
        fresh = runs[(number >= 20) & (number < 20 + max(wanted, 20))]
        found = compare(fresh)
        return found.claimed, found.p < 0.05
    found = compare(runs)
    return found.claimed, found.p < 0.05


def errors_table(networks: int, experiments: int, named: str = "") -> Table:
    """The rows whose name has the text ``named``."""
    table = Table(box=SIMPLE_HEAD, title=f"without a difference, % of {experiments:,} experiments")
    for column in ("runs", "claimed", "p < 0.05"):
        table.add_column(column, justify="right", no_wrap=True)
    for number, row in enumerate(rows(networks)):
        if named not in row.name:
            continue
        generator = np.random.default_rng([number, 2])
        found = np.array([one(row, row.make(generator)) for _ in range(experiments)])
        table.add_row(row.name, *(f"{100 * share:.1f}" for share in found.mean(axis=0)))
    return table


def winners_table(
    title: str, populations: Sequence[Trained], sizes: Sequence[int], experiments: int
) -> Table:
    title = f"{len(populations)} {title}, {experiments:,} sweeps"
    table = Table(box=SIMPLE_HEAD, title=title)
    columns = ("seeds", "named / %", "right / %", "95 % cost", "first: 95 % cost", "right / %")
    for column in (*columns, "worst / %", "by estimate: 95 % cost", "worst / %"):
        table.add_column(column, justify="right", no_wrap=True)
    true = np.array([costs(population).min() for population in populations])
    multiple, best, worst = true / true.min(), int(np.argmin(true)), int(np.argmax(true))
    for n in sizes:
        generator = np.random.default_rng([n, 3])
        first, named, plain = (np.empty(experiments, int) for _ in range(3))
        for j in range(experiments):
            drawn = [np.maximum(p.draw((n,), generator), 1.0) for p in populations]
            solved = [row[np.isfinite(row)] for row in drawn]
            found = best_cutoffs(solved, n, [float(LIMIT)] * len(drawn), resamples=_RESAMPLES)
            table_of = {
                f"ert_cutoff{end}": [getattr(b, f"ert{end}") for b in found]
                for end in ("", "_low", "_high")
            }
            table_of["solved"] = [len(own) for own in solved]
            judged = cheapest(pd.DataFrame(table_of))
            first[j], named[j] = (best, 0) if judged is None else (judged.first, judged.named)
            least = [
                expected_running_time(np.minimum(row, LIMIT), np.isfinite(row), own).min()
                if len(own)
                else np.inf
                for row, own in zip(drawn, solved, strict=True)
            ]
            plain[j] = int(np.argmin(least))
        right = first[named == 1] == best
        table.add_row(
            str(n),
            f"{100 * named.mean():.1f}",
            f"{100 * right.mean():.1f}" if len(right) else "-",
            f"{np.quantile(multiple[first[named == 1]], 0.95):.2f}" if len(right) else "-",
            f"{np.quantile(multiple[first], 0.95):.2f}",
            f"{100 * np.mean(first == best):.1f}",
            f"{100 * np.mean(first == worst):.1f}",
            f"{np.quantile(multiple[plain], 0.95):.2f}",
            f"{100 * np.mean(plain == worst):.1f}",
        )
    table.caption = f"true least ERT: {', '.join(f'{cost:.0f}' for cost in true)}"
    return table
