"""tr_xor (2025), github.com/alanoursland/tr_xor: XOR by the plain sum of one or two units.

50 networks of each kind: two rectified units with slopes from 0.8 to -0.8 below zero, and a single
unit with the absolute value. A network is solved if every output is on the right side of one half
when its run ends; a small error, or one that no longer falls, only ends a run. The protocols, and
what the study leaves open, are in ``conf/study/tr_xor.yaml`` and the presets that build on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xorlab.studies.replication import measures as m
from xorlab.studies.replication.sample import Statistic
from xorlab.studies.replication.study import PublishedValue, Study, rounded

_NETWORKS = 50
_PERCENTILES = (
    ("epochs of the fastest", 0.0),
    ("epochs, lower quartile", 0.25),
    ("epochs, median", 0.5),
    ("epochs, upper quartile", 0.75),
    ("epochs of the slowest", 1.0),
)


def counted_from_1(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with the study's count of epochs.

    It counts the epoch in which a run is found to have ended, which has begun but not changed
    anything that we measure: one more than ours, up to the limit.
    """
    epochs = np.minimum(runs["epochs_to_solve"] + 1, runs["training.epochs"])
    return runs.assign(epochs_to_solve=epochs)


def _values(
    solved: int, epochs: tuple[int, ...], slope: float | None = None, short: bool = False
) -> list[PublishedValue]:
    """How many of 50 were solved, and the fastest, the quartiles and the slowest of them.

    A percentile that is the number of the one before it says nothing of its own.
    """
    suffix = "" if slope is None else f", slope {slope:g}"
    where = None if slope is None else ("network.slope", slope)
    percent = 100 * solved / _NETWORKS
    rate = PublishedValue(
        f"solved{suffix} / %",
        f"{percent:g} ({solved} of {_NETWORKS})",
        percent,
        percent,
        m.SUCCESS,
        where=where,
        in_readme=short,
    )
    return [
        rate,
        *(
            PublishedValue(
                f"{quantity}{suffix}",
                str(printed),
                *rounded(printed),
                Statistic(m.percentile(share), grows=share in (0, 1)),
                where=where,
                uncounted="as the row before" if printed == before else None,
            )
            for (quantity, share), printed, before in zip(
                _PERCENTILES, epochs, (None, *epochs[:-1]), strict=True
            )
        ),
    ]


def _study(preset: str, kind: str, values: Sequence[PublishedValue]) -> Study:
    return Study(
        preset=preset,
        source=f"tr_xor (2025), {kind}",
        networks=_NETWORKS,
        published=tuple(values),
        small=("seed=range(0,12)",),
        order=4,
        prepare=counted_from_1,
    )


STUDIES = (
    _study("tr_xor", "ReLU", _values(24, (53, 126, 190, 251, 336), short=True)),
    _study(
        "tr_xor_leaky",
        "leaky ReLU",
        [
            *_values(44, (634, 800, 800, 800, 800), 0.8),
            *_values(47, (28, 206, 293, 376, 672), 0.1),
            *_values(38, (32, 182, 357, 694, 800), 0.01),
        ],
    ),
    _study(
        "tr_xor_slightly_negative",
        "slightly negative slope",
        _values(48, (33, 238, 2861, 3064, 3319), -0.01),
    ),
    _study(
        "tr_xor_negative",
        "negative slopes",
        [
            *_values(45, (14, 33, 86, 176, 302), -0.1),
            *_values(46, (16, 29, 42, 78, 354), -0.8),
        ],
    ),
    _study("tr_xor_abs", "absolute value, Adam", _values(50, (61, 139, 198, 266, 548))),
    _study("tr_xor_abs_sgd", "absolute value, SGD", _values(50, (2, 2, 2, 2, 2))),
)
