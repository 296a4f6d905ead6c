"""tr_xor (2025), github.com/alanoursland/tr_xor: XOR by the plain sum of two rectified units.

50 networks of each kind, trained by Adam: ReLU, and leaky ReLU of several slopes. A network is
solved if every output is on the right side of one half when its run ends; a mean squared error
below 1e-7 only ends a run. The protocol, and what the study leaves open, is in
``conf/study/tr_xor.yaml`` and ``tr_xor_leaky.yaml``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xorlab.studies.replication import measures as m
from xorlab.studies.replication.sample import Statistic
from xorlab.studies.replication.study import PublishedValue, Study, rounded

_NETWORKS = 50


def _percent(solved: int) -> tuple[float, float]:
    return 100 * solved / _NETWORKS, 100 * solved / _NETWORKS


def at_the_end(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with the study's own success, and its count of epochs.

    A run is solved if all its outputs are on the right side when it ends. Its epochs are all that
    it took, counted from 1: the epoch in which the error is found to be small has begun.
    """
    diverged = (runs["outcome"] == "diverged").to_numpy()
    solved = ~diverged & (runs["accuracy"] == 1).to_numpy()
    epochs = np.minimum(runs["epochs_run"].to_numpy(float) + 1, runs["training.epochs"])
    outcome = np.where(solved, "solved", np.where(diverged, "diverged", "unsolved"))
    return runs.assign(outcome=outcome, epochs_to_solve=np.where(solved, epochs, np.nan))


RELU = Study(
    preset="tr_xor",
    source="tr_xor (2025), ReLU",
    networks=_NETWORKS,
    published=(
        PublishedValue("solved / %", "48 (24 of 50)", *_percent(24), m.SUCCESS, in_readme=True),
        PublishedValue(
            "epochs of the fastest", "53", *rounded(53), Statistic(m.percentile(0), grows=True)
        ),
        PublishedValue(
            "epochs, lower quartile", "126", *rounded(126), Statistic(m.percentile(0.25))
        ),
        PublishedValue(
            "epochs, median", "190", *rounded(190), Statistic(m.percentile(0.5)), in_readme=True
        ),
        PublishedValue(
            "epochs, upper quartile", "251", *rounded(251), Statistic(m.percentile(0.75))
        ),
        PublishedValue(
            "epochs of the slowest", "336", *rounded(336), Statistic(m.percentile(1), grows=True)
        ),
    ),
    small=("seed=range(0,30)",),
    order=4,
    prepare=at_the_end,
)
LEAKY = Study(
    preset="tr_xor_leaky",
    source="tr_xor (2025), leaky ReLU",
    networks=_NETWORKS,
    published=tuple(
        PublishedValue(
            f"solved, slope {slope:g} / %",
            f"{2 * solved} ({solved} of 50)",
            *_percent(solved),
            m.SUCCESS,
            slope=slope,
        )
        for slope, solved in ((0.8, 44), (0.1, 47), (0.01, 38))
    ),
    small=("seed=range(0,12)",),
    order=4,
    prepare=at_the_end,
)
STUDIES = (RELU, LEAKY)
