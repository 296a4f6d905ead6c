"""The table of settings: its columns, and which metrics it has beside the usual ones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.samples import settings_table_of, table
from xorlab.analysis.report.column import Column

USUAL = [
    "optimizer.lr",
    "runs",
    "solved",
    "rate",
    "95 % interval",
    "epochs (median)",
    "ERT",
    "best cutoff",
    "epochs per success",
    "diverged",
]
RUNS = table({0.5: [10, 20, 30], 2.0: [5, None]})


def cells(settings, title):
    return settings.columns[settings.header.index(title)].cells()


def test_the_table_has_a_row_per_setting():
    settings = settings_table_of(RUNS, ["optimizer.lr"])
    assert settings.header == USUAL
    assert settings.rows() == [
        ["0.5", "3", "3", "100 %", "44-100 %", "20", "20", "-", "20 (1-119)", "0"],
        ["2", "2", "1", "50 %", "9-91 %", "5", "45", "-", "45 (one solved run)", "0"],
    ]
    assert settings.markdown(1).splitlines() == [
        "| " + " | ".join(USUAL) + " |",
        "| " + " | ".join(["---"] * 10) + " |",
        "| 0.5 | 3 | 3 | 100 % | 44-100 % | 20 | 20 | - | 20 (1-119) | 0 |",
        "",
        "and 1 more setting in settings.parquet",
    ]


def test_keys_and_usual_metrics_of_networks_add_no_column():
    runs = RUNS.assign(
        accuracy=1.0, max_error=0.1, solved=1.0, name="a", **{"optimizer.momentum": 0.9}
    )
    networks = runs.assign(**{"network.hidden": 2})
    keys = ("optimizer.lr", "training.epochs", "network.hidden")
    assert settings_table_of(networks, ["optimizer.lr"], keys).header == USUAL
    of_a_user = settings_table_of(runs.drop(columns="max_error"), ["optimizer.lr"])
    assert of_a_user.header == [*USUAL, "accuracy (median)"]


def test_where_a_rule_ended_runs_the_cost_of_what_they_ran_is_shown_too():
    runs = RUNS.copy()
    runs.loc[4, "epochs_run"] = 3
    settings = settings_table_of(runs, ["optimizer.lr"])
    assert cells(settings, "ERT") == ["20", "45"]
    assert cells(settings, "ERT as spent") == ["20", "8"]


def test_a_further_metric_is_shown_with_its_median():
    runs = RUNS.assign(**{"test.error": [0.1, 0.25, 0.3, np.nan, np.nan]}, parameters=9.0)
    settings = settings_table_of(runs, ["optimizer.lr"])
    assert settings.header == [*USUAL, "test.error (median)", "parameters (median)"]
    assert cells(settings, "test.error (median)") == ["0.25", "-"]
    assert cells(settings, "parameters (median)") == ["9", "9"]


def test_the_median_of_a_time_counts_runs_that_have_none_as_later():
    runs = RUNS.assign(epochs_to_memorised=[3.0, 7.0, np.nan, 8.0, np.nan])
    runs.loc[len(runs)] = runs.iloc[4]
    runs.loc[5, "seed"] = 2
    settings = settings_table_of(runs, ["optimizer.lr"])
    assert cells(settings, "epochs_to_memorised (median)") == ["7", "-"]


def test_on_a_narrow_terminal_the_column_of_the_first_sentence_is_left_out_last():
    settings = settings_table_of(RUNS.assign(parameters=9.0), ["optimizer.lr"])
    left_out = [settings.header[n] for n in settings.least_needed()]
    assert left_out == [
        "parameters (median)",
        "best cutoff",
        "diverged",
        "ERT",
        "epochs (median)",
        "solved",
        "runs",
        "95 % interval",
        "epochs per success",
    ]


def test_a_column_must_have_a_value_for_every_setting(monkeypatch):
    from xorlab.analysis.report.columns import divergence

    monkeypatch.setattr(divergence, "columns", lambda data: [Column("wrong", [1])])
    with pytest.raises(ValueError, match="divergence: column 'wrong' has 1 values for 2 settings"):
        settings_table_of(RUNS, ["optimizer.lr"])
