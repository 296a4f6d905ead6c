"""Hamey (1991), "Benchmarking Feed-Forward Neural Networks: Models and Measures", NIPS 4.

How often and how fast a 2-2-1 network learns XOR, in 10,000 networks of 2,000 epochs each, and
after how many epochs training should be given up and started again. Its protocol, and what the
paper leaves open, is in ``conf/study/hamey1991.yaml``.
"""

from __future__ import annotations

from xorlab.studies.replication import measures as m
from xorlab.studies.replication.sample import Statistic
from xorlab.studies.replication.study import PublishedValue, Study, rounded

PEAK = PublishedValue(
    "e, largest efficiency",
    "17.1 ± 0.3",
    16.8,
    17.4,
    Statistic(m.peak, m.peak_interval),
    in_readme=True,
)
PEAK_EPOCH = PublishedValue(
    "T_E, best cutoff / epochs",
    "49",
    *rounded(49),
    Statistic(m.peak_epoch, m.peak_epoch_interval),
)
HALF_PEAK_FIRST = PublishedValue(
    "half-peak range, first epoch", "26", *rounded(26), Statistic(m.half_peak_first)
)
HALF_PEAK_LAST = PublishedValue(
    "half-peak range, last epoch", "235", *rounded(235), Statistic(m.half_peak_last)
)

HAMEY = Study(
    preset="hamey1991",
    source="Hamey (1991), 2-2-1",
    networks=10_000,
    published=(
        PEAK,
        PEAK_EPOCH,
        HALF_PEAK_FIRST,
        HALF_PEAK_LAST,
        PublishedValue(
            "t_E, epochs per trained network",
            "59",
            *rounded(59),
            Statistic(m.peak_cost, m.peak_cost_interval),
            uncounted="1000 / e",
        ),
        PublishedValue("solved in 2,000 epochs / %", "76", *rounded(76), m.SUCCESS, in_readme=True),
        PublishedValue("mean epochs of the solved", "50", *rounded(50), m.MEAN_EPOCHS),
        PublishedValue(
            "harmonic mean of all epochs", "40", *rounded(40), Statistic(m.harmonic_mean)
        ),
    ),
    small=("seed=range(0,60)",),
    order=1,
)
STUDIES = (HAMEY,)
