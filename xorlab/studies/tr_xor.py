"""tr_xor (2025), github.com/alanoursland/tr_xor: XOR by the plain sum of two rectified units.

50 networks of each kind, trained by Adam: ReLU, and leaky ReLU of three slopes. The protocol, and
what the study leaves open, is in ``conf/study/tr_xor.yaml``, ``tr_xor_leaky.yaml`` and
``tr_xor_steep.yaml``. A run of ``tr_xor_leaky`` lasts 5,000 epochs, so that it holds what is
solved by 800 too: only the latter is the study's protocol, the other was tried after that one did
not agree.
"""

from __future__ import annotations

from xorlab.studies.replication import measures as m
from xorlab.studies.replication.sample import Statistic
from xorlab.studies.replication.study import PublishedValue, Study, rounded

_NETWORKS = 50
_LEAKY = "tr_xor (2025), leaky ReLU"


def _percent(solved: int) -> tuple[float, float]:
    return 100 * solved / _NETWORKS, 100 * solved / _NETWORKS


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
)
LEAKY = Study(
    preset="tr_xor_leaky",
    source=_LEAKY,
    networks=_NETWORKS,
    published=(
        PublishedValue(
            "solved by 800, slope 0.01 / %",
            "76 (38 of 50)",
            *_percent(38),
            m.SUCCESS,
            slope=0.01,
            limit=800,
        ),
        PublishedValue(
            "solved by 5,000, slope 0.01 / %",
            "76 (38 of 50)",
            *_percent(38),
            m.SUCCESS,
            slope=0.01,
            post_hoc=True,
        ),
        PublishedValue(
            "solved by 800, slope 0.1 / %",
            "94 (47 of 50)",
            *_percent(47),
            m.SUCCESS,
            slope=0.1,
            limit=800,
        ),
        PublishedValue(
            "solved by 5,000, slope 0.1 / %",
            "94 (47 of 50)",
            *_percent(47),
            m.SUCCESS,
            slope=0.1,
            post_hoc=True,
        ),
    ),
    small=("seed=range(0,12)",),
    order=4,
)
STEEP = Study(
    preset="tr_xor_steep",
    source=_LEAKY,
    networks=_NETWORKS,
    published=(
        PublishedValue(
            "solved, slope 0.8 / %", "88 (44 of 50)", *_percent(44), m.SUCCESS, slope=0.8
        ),
    ),
    small=("seed=range(0,12)",),
    order=4,
)
STUDIES = (RELU, LEAKY, STEEP)
