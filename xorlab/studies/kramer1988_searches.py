"""Kramer & Sangiovanni-Vincentelli (1988), NIPS 1: conjugate gradients, and steepest descent with a
line search.

The same networks, ends and counts as in `xorlab.studies.kramer1988`, by the paper's two other
methods. It says neither which line search it used, nor where conjugate gradients began anew, nor
whether an epoch counts the points that a line search looks at. The protocol is in
``conf/study/kramer1988_searches.yaml`` and ``kramer1988_searches_parity.yaml``.
"""  # noqa: D205

from __future__ import annotations

from typing import NamedTuple

from xorlab.studies.replication import measures as m
from xorlab.studies.replication.resampled import (
    deviation_of_failures,
    epochs_per_solution,
    mean_of_failures,
    of_runs,
)
from xorlab.studies.replication.sample import Statistic
from xorlab.studies.replication.study import (
    MeasureRuns,
    PublishedValue,
    Study,
    order_of_magnitude,
    rounded,
)

_NETWORKS = 100
_FOLLOWS = "follows from the others"


class _Row(NamedTuple):
    """A row of the paper's tables; None for a number that our copy does not have."""

    solved: int
    mean: int
    deviation: int
    mean_unsolved: int
    deviation_unsolved: int | None
    per_solution: int


_METHODS = {"conjugate_gradient": "conjugate gradients", "steepest_descent": "steepest descent"}
_XOR = {
    "conjugate_gradient": _Row(72, 73, 43, 232, 54, 163),
    "steepest_descent": _Row(80, 95, 115, 3077, 339, 864),
}
_PARITY = {
    "conjugate_gradient": _Row(61, 352, 122, 453, 117, 641),
    "steepest_descent": _Row(99, 2052, 1753, 18512, None, 2324),
}


def _values(method: str, row: _Row, short: bool) -> list[PublishedValue]:
    name, where = _METHODS[method], ("optimizer", method)
    numbers: list[tuple[str, int | None, Statistic | MeasureRuns]] = [
        ("mean epochs of the solved", row.mean, m.MEAN_EPOCHS),
        ("their standard deviation", row.deviation, m.DEVIATION_EPOCHS),
        ("mean epochs of the unsolved", row.mean_unsolved, of_runs(mean_of_failures, _NETWORKS)),
        (
            "standard deviation of the unsolved",
            row.deviation_unsolved,
            of_runs(deviation_of_failures, _NETWORKS),
        ),
    ]
    return [
        PublishedValue(
            f"{name}: solved / %",
            str(row.solved),
            row.solved,
            row.solved,
            m.SUCCESS,
            where=where,
            in_readme=short,
        ),
        *(
            PublishedValue(f"{name}: {what}", f"{value:,}", *rounded(value), measure, where=where)
            for what, value, measure in numbers
            if value is not None
        ),
        PublishedValue(
            f"{name}: EES, epochs per solution",
            f"{row.per_solution:,}",
            *rounded(row.per_solution),
            of_runs(epochs_per_solution, _NETWORKS),
            where=where,
            uncounted=_FOLLOWS,
        ),
    ]


def _study(
    preset: str, network: str, rows: dict[str, _Row], small: tuple[str, ...], short: bool = False
) -> Study:
    return Study(
        preset=preset,
        source=f"Kramer & Sangiovanni-Vincentelli (1988), {network}, line searches",
        networks=_NETWORKS,
        published=tuple(
            value for method, row in rows.items() for value in _values(method, row, short)
        ),
        small=small,
        order=2,
    )


_ENCODERS = {
    # Mean epochs by conjugate gradients and by steepest descent.
    "4-2-4": (36.9, 56.9),
    "8-3-8": (67.6, 194.8),
    "10-5-10": (63.7, 109.1),
    "16-4-16": (121.3, 572.8),
}


def _encoder(network: str, epochs: tuple[float, float]) -> Study:
    return Study(
        preset=f"kramer1988_searches_encoder_{network.replace('-', '_')}",
        source=f"Kramer & Sangiovanni-Vincentelli (1988), {network}, line searches",
        networks=None,
        published=tuple(
            order_of_magnitude(
                f"{name}: mean epochs of the solved", mean, m.MEAN_EPOCHS, ("optimizer", method)
            )
            for (method, name), mean in zip(_METHODS.items(), epochs, strict=True)
        ),
        small=("seed=range(0,4)", "training.epochs=200"),
        order=2,
    )


STUDIES = (
    _study(
        "kramer1988_searches",
        "2-2-1",
        _XOR,
        ("seed=range(0,12)", "training.epochs=5000"),
        short=True,
    ),
    _study(
        "kramer1988_searches_parity",
        "4-4-1",
        _PARITY,
        ("seed=range(0,4)", "training.epochs=2000"),
    ),
    *(_encoder(*row) for row in _ENCODERS.items()),
)
