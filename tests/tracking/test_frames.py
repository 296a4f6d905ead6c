"""Tables of runs: the values that went in, typed by what all values of a column spell."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import xorlab
from xorlab.analysis.report.summary import parquet
from xorlab.errors import ConfigError
from xorlab.tracking.read import frames
from xorlab.tracking.read.empty_filter import no_runs
from xorlab.tracking.read.frames import runs_frame, setting_keys, typed_again

NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False))


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch):
    monkeypatch.setattr(frames, "_AT_ONCE", 3)


def some_rows(values):
    """Values of some rows, and None for the rows that have none."""
    return st.lists(st.one_of(st.none(), values), min_size=1, max_size=40)


def column(name, values):
    """A column of the table in which each row has its value, or lacks the column."""
    rows = [{} if value is None else {name: value} for value in values]
    frame = runs_frame(rows)
    assert len(frame) == len(values)
    kept = name.partition(".")[2] or name
    return frame[kept] if kept in frame else pd.Series([None] * len(values))


def test_a_table_of_many_metrics_takes_another_column_without_a_warning():
    row = {f"metrics.m{number}": float(number) for number in range(150)}
    runs = runs_frame([row, row])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pandas warns where a hundred columns are apart
        assert runs.assign(mine=1.0)["m149"].tolist() == [149.0, 149.0]


@given(some_rows(st.floats()))
def test_numbers_are_those_of_their_rows_and_nan_in_the_others(values):
    expected = pd.Series([np.nan if value is None else value for value in values])
    made = column("metrics.accuracy", values).astype(float)
    pd.testing.assert_series_equal(made, expected, check_names=False)


@given(some_rows(st.text(max_size=5)))
def test_texts_are_those_of_their_rows_and_missing_in_the_others(values):
    made = column("sweep", values)
    assert made.dtype == "str"
    assert [None if pd.isna(text) else text for text in made] == values


@given(some_rows(st.text(max_size=5)))
def test_params_that_are_text_are_missing_where_a_row_has_none(values):
    made = column("params.task.path", [value if value is None else f"t{value}" for value in values])
    expected = [value if value is None else f"t{value}" for value in values]
    assert [None if pd.isna(text) else text for text in made] == expected


@given(st.lists(NUMBERS, min_size=1), st.booleans())
def test_params_that_all_spell_numbers_are_numbers(numbers, partly):
    made = column("params.seed", [*map(json.dumps, numbers), *[None] * partly])
    whole = all(isinstance(number, int) for number in numbers) and not partly
    assert made.dtype == (np.int64 if whole else np.float64)
    assert made[: len(numbers)].tolist() == numbers
    assert made[len(numbers) :].isna().all()


@given(st.lists(st.booleans(), min_size=1), st.booleans())
def test_params_that_all_spell_truth_values_are_truth_values(truths, partly):
    made = column("params.network.skip", [*map(json.dumps, truths), *[None] * partly])
    assert made.dtype == (object if partly else bool)
    assert made[: len(truths)].tolist() == truths


@given(st.lists(st.sampled_from(["1", "true", "sigmoid", "null", "-"])))
def test_other_params_are_the_texts_that_they_were(texts):
    kinds = {type(json.loads(text)) if text in ("1", "true") else str for text in texts}
    assume(kinds in ({str}, {bool, str}, {bool, int}, {bool, int, str}))
    made = column("params.task.path", texts)
    assert made.dtype == "str"
    assert made.tolist() == texts


@pytest.mark.parametrize("key", ["training.backend", "training.min_progress"])
def test_a_param_that_is_left_out_at_its_default_has_it_beside_other_values(key):
    value, default = ("compiled", "numpy") if key == "training.backend" else (2.5, 0.1)
    rows = [{f"params.{key}": str(value)}, {}, *[{f"params.{key}": str(value)}, {}] * 3]
    assert runs_frame(rows)[key].tolist() == [value, default] * 4
    of_others = {"trainer": "walk 1"}
    found = runs_frame([*rows, of_others])[key]
    assert found[:8].tolist() == [value, default] * 4
    assert pd.isna(found[8])


def test_params_come_in_the_order_of_the_schema_and_metrics_behind_them():
    rows = [
        {"metrics.zeta": 1.0, "params.optimizer.lr": "0.5"},
        {"params.mine": "1", "params.seed": "3", "metrics.loss": 2.0, "metrics.accuracy": 1.0},
    ]
    names = runs_frame(rows).columns.tolist()
    assert names[6:] == ["seed", "optimizer.lr", "mine", "accuracy", "zeta"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"experiment": ["a", "b"]}, r"experiment=.*a.*b.*: must be text.*pandas\.concat"),
        ({"filter": 3}, "filter=3: must be text, or None$"),
        ({"uri": "mysweep"}, "uri=mysweep: must be .* given as experiment='mysweep'"),
    ],
)
def test_arguments_that_cannot_name_runs_are_refused(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        xorlab.load_runs(**arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("params.`network.hidden` = '5'", "network.hidden is 2, 3"),
        (
            "params.network.hiden = '2'",
            "no run has the param network.hiden, did you mean net",
        ),
        (
            "metrics.final_loss > 9 AND params.seed = '1'",
            "final_loss is 0 to 0.19; seed is 0 to",
        ),
        ("tags.`xorlab.outcome` = 'diverged'", "xorlab.outcome is solved"),
        ("attributes.status = 'FAILED'", "none of the 20 runs of sweep 4f2a matches"),
    ],
)
def test_a_filter_that_finds_nothing_is_answered_with_what_there_is(text, facts):
    rows = [
        {"outcome": "solved", "metrics.final_loss": n / 100}
        | {"params.seed": str(n), "params.network.hidden": str(2 + n % 2)}
        for n in range(20)
    ]
    said = no_runs(text, runs_frame(rows), "sweep 4f2a")
    assert said.startswith(f"filter={text}: none of the 20 runs of sweep 4f2a matches")
    assert facts in said


def test_a_table_of_no_runs_has_the_columns_that_every_run_has():
    frame = runs_frame([])
    assert frame.columns.tolist() == ["run_id", "name", "status", "outcome", "sweep", "key"]
    assert (frame.dtypes == "str").all()
    assert len(frame) == 0


@given(st.lists(st.integers(1, 9), min_size=1), st.booleans())
def test_numbers_are_found_whatever_the_other_rows_hold(numbers, others):
    lists = ["[4,4]", "[2,3]"] if others else []
    made = column("params.network.hidden", [*map(str, numbers), *lists])
    for number in set(numbers):
        assert (made == number).sum() == numbers.count(number)
    assert [(made == text).sum() for text in lists] == [1] * len(lists)


def test_versions_of_a_trainer_and_contents_of_a_file_are_settings_of_their_own():
    def keys(rows):
        return setting_keys(runs_frame([{"params.seed": "1", "params.lr": "2"} | r for r in rows]))

    assert keys([{"trainer": "walk 1"}, {"trainer": "walk 1"}]) == ["lr"]
    assert keys([{"trainer": "walk 1"}, {"trainer": "walk 2"}]) == ["trainer", "lr"]
    a, b = {"params.task.path": "a.csv"}, {"params.task.path": "b.csv"}
    assert "table" not in keys([a | {"table": "12"}, b | {"table": "34"}])
    assert keys([a | {"table": "12"}, a | {"table": "34"}])[-1] == "table"


def test_values_of_several_types_keep_them_in_a_file(tmp_path):
    sizes = ["2", "[4,4]", "3", "2"]
    rows = [{"params.network.hidden": size, "params.seed": "1"} for size in sizes]
    rows.append({"params.seed": "1"})
    runs = runs_frame(rows)
    (tmp_path / "runs.parquet").write_bytes(parquet(runs))
    again = typed_again(pd.read_parquet(tmp_path / "runs.parquet"))
    assert again["network.hidden"].tolist()[:4] == [2, "[4,4]", 3, 2]
    pd.testing.assert_series_equal(again["network.hidden"], runs["network.hidden"])
