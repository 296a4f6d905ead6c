"""Kramer & Sangiovanni-Vincentelli (1988), "Efficient Parallel Learning Algorithms for Neural
Networks", NIPS 1.

Gradient descent on XOR with a 2-2-1 network, and on the parity of four bits with a 4-4-1 network,
100 networks each. The protocol, and what the paper leaves open, is in
``conf/study/kramer1988.yaml`` and ``kramer1988_parity.yaml``.
"""  # noqa: D205

from __future__ import annotations

from xorlab.studies.replication import measures as m
from xorlab.studies.replication.study import PublishedValue, Study, rounded

XOR = Study(
    preset="kramer1988",
    source="Kramer & Sangiovanni-Vincentelli (1988), 2-2-1",
    networks=100,
    published=(
        PublishedValue("solved / %", "78", 78, 78, m.SUCCESS, in_readme=True),
        PublishedValue("mean epochs of the solved", "684", *rounded(684), m.MEAN_EPOCHS),
        PublishedValue(
            "their standard deviation", "1,460", *rounded(1460, unit=10), m.DEVIATION_EPOCHS
        ),
        PublishedValue(
            "EES, epochs per solution", "14,197", *rounded(14197), m.RUNNING_TIME, in_readme=True
        ),
    ),
    small=("seed=range(0,12)", "training.epochs=5000"),
    order=2,
)
PARITY = Study(
    preset="kramer1988_parity",
    source="Kramer & Sangiovanni-Vincentelli (1988), 4-4-1",
    networks=100,
    published=(
        PublishedValue("solved / %", "71", 71, 71, m.SUCCESS, in_readme=True),
        PublishedValue(
            "mean epochs of the solved", "8,704", *rounded(8704), m.MEAN_EPOCHS, in_readme=True
        ),
        PublishedValue("their standard deviation", "8,339", *rounded(8339), m.DEVIATION_EPOCHS),
        PublishedValue("EES, epochs per solution", "48,430", *rounded(48430), m.RUNNING_TIME),
    ),
    small=("seed=range(0,4)", "training.epochs=10000"),
    order=2,
)
STUDIES = (XOR, PARITY)
