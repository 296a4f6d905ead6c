"""Kolen & Pollack (1990), "Back Propagation is Sensitive to Initial Conditions", NIPS 3.

How many 2-2-1 networks have not learnt XOR after 50,000 epochs, by the range of their initial
weights, the learning rate and the momentum. A footnote says that a point is 8 to 8,355 networks:
least and largest rates of points with so few networks are mostly chance, and cannot be tested.
Its protocol is in ``conf/study/kolen1990.yaml``.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from xorlab.analysis.statistics.intervals import wilson
from xorlab.studies.replication.sample import Measured
from xorlab.studies.replication.study import PublishedValue, Study, rounded


def rates(runs: pd.DataFrame) -> pd.DataFrame:
    """The networks that did not converge, for every setting, as in the paper's figure.

    Args:
        runs: of the study, as `xorlab.load_runs` returns them, each with an outcome.

    Returns:
        a row per setting: ``init.range``, ``optimizer.lr``, ``optimizer.momentum``, ``n`` networks,
        ``failed`` of them, and in percent the ``rate`` of failures with its 95 % Wilson interval
        ``low`` to ``high``.
    """
    failed = runs["outcome"].notna() & (runs["outcome"] != "solved")
    by = ["init.range", "optimizer.lr", "optimizer.momentum"]
    groups = runs.assign(failed=failed).groupby(by, dropna=False)["failed"]
    table = pd.DataFrame({"n": groups.size(), "failed": groups.sum()}).reset_index()
    low, high = wilson(table["failed"], table["n"])
    rate = 100 * table["failed"] / table["n"]
    return table.assign(rate=rate, low=100 * low, high=100 * high)


def least_rate(runs: pd.DataFrame) -> Measured:
    """The least rate of failures / % among settings with an initial range from 2 to 4."""
    table = rates(runs).query("2 <= `init.range` <= 4")
    return _measured(table.iloc[int(table["rate"].argmin())])


def largest_rate(runs: pd.DataFrame) -> Measured:
    """The largest rate of failures / % among settings with an initial range from 2 to 4."""
    table = rates(runs).query("2 <= `init.range` <= 4")
    return _measured(table.iloc[int(table["rate"].argmax())])


def largest_rate_anywhere(runs: pd.DataFrame) -> Measured:
    """The largest rate of failures / % among all settings."""
    table = rates(runs)
    return _measured(table.iloc[int(table["rate"].argmax())])


def rate_of_small_weights(runs: pd.DataFrame) -> Measured:
    """The rate of failures / % of all networks with an initial range below 0.5 together."""
    table = rates(runs).query("`init.range` < 0.5")
    n, failed = table["n"].sum(), table["failed"].sum()
    low, high = (float(100 * end) for end in wilson(failed, n))
    return Measured(float(100 * failed / n), low, high, low, high)


def _measured(row: pd.Series[Any]) -> Measured:
    rate, low, high = (float(row[name]) for name in ("rate", "low", "high"))
    return Measured(rate, low, high, low, high)


LEAST = PublishedValue(
    "not solved, range 2 to 4, least / %",
    "5",
    *rounded(5),
    least_rate,
    untestable="a point of the paper is 8 to 8,355 networks",
)
LARGEST = PublishedValue(
    "not solved, range 2 to 4, largest / %", "50", *rounded(50), largest_rate, in_readme=True
)
AXIS_END = PublishedValue(
    "not solved, any range, largest / %",
    "at most 80",
    0,
    80,
    largest_rate_anywhere,
    uncounted="our reading of an axis",
)

KOLEN = Study(
    preset="kolen1990",
    source="Kolen & Pollack (1990), 2-2-1",
    networks=None,
    published=(
        LEAST,
        LARGEST,
        AXIS_END,
        PublishedValue(
            "not solved, range below 0.5 / %",
            "low: read as at most 5",
            0,
            5,
            rate_of_small_weights,
            uncounted="our reading of a word",
        ),
    ),
    small=("seed=range(0,2)", "training.epochs=2000", "init.range=0.4,1,2,4"),
    order=3,
)
STUDIES = (KOLEN,)
