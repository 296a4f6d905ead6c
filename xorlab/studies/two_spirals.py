"""Lang & Witbrock (1988) and Fahlman & Lebiere (1990), NIPS 2: telling two spirals apart.

A 2-5-5-5-1 network with all shortcuts learns 194 points. Our copy has the mean epochs of two
methods, but neither rates nor initial weights nor how many networks were trained: the numbers are
compared as orders of magnitude, and not counted. The third method, Cascade-Correlation, adds units
while it learns; xorlab does not have it. The protocol, and what was chosen, is in
``conf/study/two_spirals.yaml`` and ``two_spirals_quickprop.yaml``.
"""

from __future__ import annotations

from xorlab.studies.replication import measures as m
from xorlab.studies.replication.study import Study, order_of_magnitude


def _study(preset: str, method: str, epochs: int) -> Study:
    return Study(
        preset=preset,
        source=f"Lang & Witbrock (1988), two spirals, {method}",
        networks=None,
        published=(order_of_magnitude("mean epochs of the solved", epochs, m.MEAN_EPOCHS),),
        small=("seed=range(0,2)", "training.epochs=50"),
        order=5,
    )


STUDIES = (
    _study("two_spirals", "back-propagation", 20_000),
    _study("two_spirals_quickprop", "quickprop", 8_000),
)
