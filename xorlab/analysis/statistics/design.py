"""How two settings are compared: seed by seed, or as independent runs, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.column_names import DRAWS
from xorlab.analysis.statistics.times import SEED, Observed, Times, observed

# What decides the initial weights of a run, besides its seed: these keys and those within them.
_START = ("task", "init", "network.hidden", "network.skip", "network.readout", "training.dtype")
_NEEDED = ("network.hidden", "init")
_LEAST_SHARED = 2
_UNKNOWN = -1  # of a run without these keys, as another trainer's beside the built-in one's

Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Side:
    """One of two settings that are compared.

    Attributes:
        name: of the setting.
        times: of its n runs.
        seeds: (n,) a number for the seed of each run, the same for both settings.
        starts: what decides the initial weights, besides the seed, as numbers; None if unknown.
    """

    name: str
    times: Times
    seeds: Numbers
    starts: frozenset[int] | None

    @property
    def distinct(self) -> int:
        """How many different seeds there are."""
        return len(np.unique(self.seeds))

    @property
    def repeated(self) -> bool:
        """Whether a seed occurs more than once."""
        return self.distinct < len(self.seeds)


@dataclass(frozen=True)
class Sides:
    """The runs of a table, from which pairs of settings are taken.

    Attributes:
        runs: all of them.
        starts: (n,) a number for what decides the initial weights, -1 where it is unknown; None if
            it is unknown for all.
        column: the column of the seeds.
        seeded: whether there is such a column.
    """

    runs: Observed
    starts: Numbers | None
    column: str
    seeded: bool

    def side(self, name: str, rows: npt.NDArray[np.integer]) -> Side:
        """The runs of one setting."""
        own = self.runs.of(np.asarray(rows, np.int64))
        starts = None if self.starts is None else frozenset(self.starts[rows].tolist())
        if starts is not None and _UNKNOWN in starts:
            starts = None
        return Side(name, own.times(), own.cluster, starts)


def sides_of(counted: pd.DataFrame, paired: str | bool | None, cluster: str | None) -> Sides:
    """A table of runs, prepared for comparisons.

    Args:
        counted: runs with an outcome.
        paired: see `xorlab.compare`.
        cluster: the same.

    Raises:
        ValueError: there is no column by which to pair.
    """
    column = paired if isinstance(paired, str) else cluster or SEED
    if column not in counted and (paired or cluster):
        raise ValueError(f"there is no column {column} by which runs could be paired")
    return Sides(observed(counted, column), _starts(counted), column, column in counted)


@dataclass(frozen=True)
class Design:
    """How two settings are compared.

    Attributes:
        paired: seed by seed.
        shared: the seeds that both have.
        reason: a sentence that says how, and why.
    """

    paired: bool
    shared: Numbers
    reason: str


def design_of(a: Side, b: Side, sides: Sides, paired: str | bool | None) -> Design:
    """Seed by seed where that is asked for, or where both settings start from the same weights.

    Also where a seed has several runs in a setting, because these are not independent.

    Raises:
        ValueError: pairs are asked for, and the settings share fewer than two seeds.
    """
    shared = np.intersect1d(a.seeds, b.seeds) if sides.seeded else np.empty(0, np.intp)
    word, asked = sides.column, paired is not None and paired is not False
    if asked and len(shared) < _LEAST_SHARED:
        raise ValueError(
            f"{a.name}, {b.name}: pairs need at least two values of {word} that both settings have"
        )
    enough = len(shared) >= max(_LEAST_SHARED, min(a.distinct, b.distinct) / 2)
    same = a.starts is not None and a.starts == b.starts and len(a.starts) == 1
    repeated = sides.seeded and (a.repeated or b.repeated)
    if asked or (paired is None and enough and (same or repeated)):
        why = "because both start from the same weights"
        if asked:
            why = "as asked"
        elif repeated:
            why = f"because a {word} has several runs in a setting"
        used = [int(np.isin(side.seeds, shared).sum()) for side in (a, b)]
        left = len(a.seeds) + len(b.seeds) - sum(used)
        alone = f"; {left} runs without a partner are left out" if left else ""
        return Design(True, shared, f"Compared {word} by {word} ({len(shared)}), {why}{alone}.")
    if repeated:
        counts = f"{a.distinct} and {b.distinct}"
        return Design(False, shared, f"Each {word} counts once ({counts}), as its runs depend.")
    return Design(
        False, shared, f"Compared as independent runs{_why(a, b, sides, shared, paired)}."
    )


def _why(a: Side, b: Side, sides: Sides, shared: Numbers, paired: str | bool | None) -> str:
    if paired is False:
        return ", as asked"
    if not sides.seeded:
        return f": there is no column {sides.column}"
    if len(shared) < _LEAST_SHARED:
        return f": no {sides.column} is in both"
    if a.starts is None or b.starts is None:
        return f"; say paired={sides.column!r} if one {sides.column} starts both alike"
    return ": their initial weights differ"


def start_columns(runs: pd.DataFrame) -> list[str]:
    """The columns of what decides the initial weights of a run, besides its seed."""
    return [
        str(name)
        for name in runs
        if name not in DRAWS
        and any(str(name) == key or str(name).startswith(f"{key}.") for key in _START)
    ]


def _starts(counted: pd.DataFrame) -> Numbers | None:
    """A number for each way in which the initial weights are drawn; None where it is unknown."""
    names = start_columns(counted)
    if not all(key in names for key in _NEEDED):
        return None
    text = counted[names].astype(str)
    number = np.asarray(text.groupby(names, sort=False, dropna=False).ngroup(), np.intp)
    missing = counted[list(_NEEDED)].isna().any(axis="columns").to_numpy()
    return np.where(missing, _UNKNOWN, number)
