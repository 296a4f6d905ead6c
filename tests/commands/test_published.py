"""After a published study the command prints what the paper reports, beside what was measured."""

from __future__ import annotations

import pytest

from tests.helpers.samples import table
from xorlab.commands.published import print_published, study_of
from xorlab.studies.replication.registry import STUDIES


@pytest.mark.parametrize(
    ("overrides", "study"),
    [
        (["+study=hamey1991"], "hamey1991"),
        (["+study=hamey1991", "tracking.report=false", "hydra.launcher.workers=1"], "hamey1991"),
        (["+study=hamey1991", "training.epochs=10"], None),
        (["+study=first"], None),
        (["seed=1,2"], None),
    ],
)
def test_only_a_study_as_it_was_published_is_compared(overrides, study):
    assert study_of(overrides) == study


def test_every_published_value_is_printed_with_its_verdict(capsys):
    runs = table({0.5: [5, 9, None, 14] * 20}).assign(run_id=range(80))
    print_published("hamey1991", runs)
    printed = capsys.readouterr().out
    assert "Hamey (1991), 2-2-1: published and measured" in printed
    for value in STUDIES["hamey1991"].published:
        assert value.quantity.split(",")[0] in printed
        assert value.printed in printed
    assert " no" in printed
