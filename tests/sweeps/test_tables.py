"""The tables that a sweep prints: whatever the width, no number is cut."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.helpers.samples import settings_table_of, table
from xorlab import configure
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.jobs import catalogued
from xorlab.sweeps.plan.plan import make_plan
from xorlab.sweeps.summary.tables import plan_table, summary_table

BY = ["network.hidden", "optimizer.lr"]
RUNS = table({0.5: [1, 2, 3, None], 2.0: [4] * 20, 11.25: [None] * 3}, **{"network.hidden": 2})


@pytest.mark.parametrize("width", [60, 80, 100, 120, 135, 200])
def test_a_narrow_terminal_shows_fewer_columns_and_every_number_whole(width):
    settings = settings_table_of(RUNS, BY)
    text = io.StringIO()
    console = Console(file=text, width=width)
    shown = summary_table(settings, console.width)
    console.print(shown)
    assert "…" not in text.getvalue()
    assert max(map(len, text.getvalue().splitlines())) <= width
    lines = [line.split() for line in text.getvalue().splitlines()]
    for row in zip(*(column.cells for column in shown.columns), strict=True):
        assert " ".join(map(str, row)).split() in lines
    # The measure of a report's first sentence, and the rate, are shown to the last.
    assert str(shown.columns[-1].header).split()[-1] in ("success", "diverged")
    assert "rate" in [column.header for column in shown.columns]


@pytest.mark.parametrize(
    ("finished", "shown"),
    [
        (0, "2 of 5 runs each"),
        (1, "2, of 4 to 5 runs each"),
        (8, "2 of 1 run each"),
        (9, "1 of 1 run"),
        (10, "0"),
    ],
)
def test_the_sizes_of_shards_are_shown_once_where_they_are_equal(finished, shown):
    jobs = catalogued([()] * 10, [configure(f"seed={seed}") for seed in range(10)], TRAINER)
    plan = make_plan(jobs, jobs.runs[:finished].tolist(), workers=2)
    table = plan_table(plan, {}, 2, 0, "notes.db, experiment trials")
    names, values = (list(column.cells) for column in table.columns)
    assert values[names.index("store")] == "notes.db, experiment trials"
    assert values[names.index("shards")] == shown


def test_a_wide_terminal_shows_everything():
    settings = settings_table_of(RUNS, BY)
    shown = summary_table(settings, 200)
    assert [column.header for column in shown.columns] == settings.header
