"""A statistic is one file: every report shows it for each setting."""

from __future__ import annotations

from pathlib import Path

import pytest

import xorlab

STATISTIC = '''
"""The largest error that is left at the end."""

from xorlab.analysis.report.column import Column, GroupedRuns

ORDER = 50


def columns(data: GroupedRuns) -> list[Column]:
    """Over all runs of the setting."""
    return [Column("largest error", data.column("max_error").max(), "{:.6f}".format)]
'''


@pytest.mark.slow
def test_a_statistic_is_in_the_report(extended):
    printed = extended(
        "analysis/report/columns/largest_error.py",
        STATISTIC,
        *("-m", "seed=1,2,3", "network.hidden=2,3", "training.epochs=20"),
    )
    report = Path(printed.partition("Open the report: ")[2].splitlines()[0]).read_text()
    assert "<th>largest error</th></tr></thead>" in report
    errors = xorlab.load_runs().groupby("network.hidden")["max_error"].max()
    assert len(errors) == 2
    for error in errors:
        assert f"<td>{error:.6f}</td></tr>" in report
