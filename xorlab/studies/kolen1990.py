"""Kolen & Pollack (1990), "Back Propagation is Sensitive to Initial Conditions", NIPS 3.

How many 2-2-1 networks have not learnt XOR after 50,000 epochs, by the range of their initial
weights, the learning rate and the momentum. A footnote says that a point is 8 to 8,355 networks:
least and largest rates of points with so few networks are mostly chance, and cannot be tested.
Its protocol is in ``conf/study/kolen1990.yaml``.

The paper's pictures show how long networks take to learn where two of their nine initial weights
vary; `PICTURES` has those of XOR. They come without numbers, so that no row is about them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Picture:
    """A plane through the initial weights of XOR networks, as a caption of the paper has it.

    Attributes:
        figure: its number in the paper.
        weights: nine digits with their signs, in tenths, two of which are replaced by X and Y.
        lr: learning rate.
        momentum: of gradient descent.
        origin: X and Y at the lower left pixel.
        step: how much X and Y change from pixel to pixel, of which there are 200 by 200.
    """

    figure: int
    weights: str
    lr: float
    momentum: float
    origin: tuple[float, float] = (-10.0, -10.0)
    step: float = 0.1

    @property
    def init_weights(self) -> list[float | str]:
        """The weights unit by unit, as `init.weights` has them."""
        digits = re.findall(r"[+-]\d|[XY]", self.weights)
        return [one.lower() if one in "XY" else int(one) / 10 for one in digits]

    def overrides(self, pixels: int = 200) -> list[str]:
        """What makes this picture of the preset ``kolen1990_slice``.

        Args:
            pixels: along each side; with another number than the paper's 200 they are larger or
                smaller, and the plane is the same.
        """
        edges = {
            f"landscape.{axis}_{end}": f"{low + self.step * steps:.10g}"
            for axis, low in zip("xy", self.origin, strict=True)
            for end, steps in (("low", -0.5), ("high", 199.5))
        }
        return [
            f"init.weights=[{','.join(map(str, self.init_weights))}]",
            f"optimizer.lr={self.lr}",
            f"optimizer.momentum={self.momentum}",
            *(f"{key}={value}" for key, value in edges.items()),
            f"landscape.width={pixels}",
            f"landscape.height={pixels}",
        ]


_ZOOMED = ("+7+4-9-9-5Y-3+9X", 3.0, 0.7)  # figures 12 and 13 are parts of figure 11
PICTURES = (
    Picture(3, "-5-3+3+6Y-1-6+7X", 3.25, 0.4),
    Picture(4, "+4-7+6+0-3Y+1X+1", 2.75, 0.0),
    Picture(5, "-5+5+1-6+3XY+8+3", 2.75, 0.8),
    Picture(6, "YX-3+6+8+3+1+7-3", 3.25, 0.0),
    Picture(7, "Y+3-9-2+6+7-3X+7", 3.25, 0.6),
    Picture(8, "-6-4XY-6-6+9-4-9", 3.0, 0.5),
    Picture(9, "-2+1+9-1X-3+8Y-4", 2.75, 0.2),
    Picture(10, "+1+8-3-6X-1+1+8Y", 3.5, 0.9),
    Picture(11, *_ZOOMED),
    Picture(12, *_ZOOMED, (-9.0, -1.8), 0.018),
    Picture(13, *_ZOOMED, (-6.966, -0.5), 0.004),
)
