"""The Recorder: the four facts, thin curves, events; and results that cannot be recorded."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import xorlab
from xorlab.trainers.columns import check_result, to_columns
from xorlab.trainers.result import Result


@given(
    values=st.lists(st.floats(-1, 1), min_size=1, max_size=300),
    limit=st.floats(-1, 1),
    bad=st.one_of(st.none(), st.integers(0, 299)),
)
def test_the_facts_are_those_of_the_steps(values, limit, bad):
    if bad is not None and bad < len(values):
        values[bad] = math.nan
    note = xorlab.Recorder(solved=lambda now: now["loss"] <= limit)
    ends = [note(step, loss=value) for step, value in enumerate(values)]
    result = note.result()
    check_result(result)
    broken = [step for step, value in enumerate(values) if math.isnan(value)]
    solved = [step for step, value in enumerate(values) if value <= limit]
    if broken:
        assert (result.outcome, result.diverged_at, result.epochs_run) == (
            "diverged",
            *broken[:1] * 2,
        )
        assert all(ends[broken[0] :])
    else:
        assert result.outcome == ("solved" if solved else "unsolved")
        assert result.epochs_run == len(values) - 1
    if solved and not broken:
        assert result.epochs_to_solve == solved[0] == ends.index(True)
    steps, recorded = result.curves["loss"]
    assert recorded.tolist() == [values[step] for step in steps]


@given(last=st.integers(1, 30_000), event=st.integers(0, 30_000))
@example(last=10_150, event=0)
@settings(max_examples=40)
def test_long_curves_are_thinned_evenly_on_a_log_scale(last, event):
    note = xorlab.Recorder(events={"seen": lambda now: now["step"] >= event})
    for step in range(last + 1):
        note(step, step=step)
    result = note.result()
    steps = result.curves["step"][0]
    assert len(steps) <= 204
    assert {0, last} <= set(steps.tolist())
    if last <= 199:
        assert len(steps) == last + 1
    else:
        assert len(steps) > 100
        assert np.diff(np.log(steps[steps > 20])).max(initial=0) < 0.15
    if event <= last:
        assert result.metrics["epochs_to_seen"] == event
        assert event in steps
    else:
        assert "epochs_to_seen" not in result.metrics


def test_steps_ascend_and_names_stay():
    note = xorlab.Recorder()
    note(3, loss=1.0)
    with pytest.raises(ValueError, match="step 3 comes after step 3: steps must ascend"):
        note(3, loss=1.0)
    with pytest.raises(ValueError, match="step 4: values must be loss at every step"):
        note(4, error=1.0)
    with pytest.raises(ValueError, match="'solve' cannot be the name of an event"):
        xorlab.Recorder(events={"solve": bool})


@pytest.mark.parametrize("length", [1, 7, 200, 201, 5000])
@pytest.mark.parametrize("bad", [None, 0, 3, 4000])
def test_whole_curves_give_the_result_of_the_same_steps_one_by_one(length, bad):
    draw = np.random.default_rng(length)
    steps = np.cumsum(draw.integers(1, 3, length)) - 1
    losses, errors = draw.random(length), 1 - np.arange(length) / 3000
    if bad is not None and bad < length:
        losses[bad] = np.nan
    criteria = {
        "solved": lambda now: now["error"] < 0.2,
        "events": {"low": lambda now: now["loss"] < 0.1},
    }
    one_by_one, at_once = xorlab.Recorder(**criteria), xorlab.Recorder(**criteria)
    for step, loss, error in zip(steps.tolist(), losses, errors, strict=True):
        one_by_one(step, loss=loss, error=error)
    at_once.all_steps(steps, loss=losses, error=errors)
    one, other = one_by_one.result(), at_once.result()
    check_result(other)
    facts = ("outcome", "epochs_run", "epochs_to_solve", "diverged_at")
    assert [getattr(one, fact) for fact in facts] == [getattr(other, fact) for fact in facts]
    assert one.metrics == other.metrics
    assert abs(len(one.curves["loss"][0]) - len(other.curves["loss"][0])) <= 3
    for name, (found, values) in other.curves.items():
        noted = dict(zip(steps.tolist(), {"loss": losses, "error": errors}[name], strict=True))
        assert [noted[step] for step in found.tolist()] == values.tolist()


def test_whole_curves_of_other_lengths_or_steps_are_refused():
    for steps, values in (([0, 1], [1.0]), ([1, 0], [1.0, 2.0]), ([], []), ([[0]], [[1.0]])):
        with pytest.raises(ValueError, match="all_steps: "):
            xorlab.Recorder().all_steps(steps, loss=values)
    note = xorlab.Recorder()
    note(0, loss=1.0)
    with pytest.raises(ValueError, match="has noted steps before"):
        note.all_steps([1], loss=[1.0])


CURVE = np.arange(3), np.array([3.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("heads", "returns an xorlab.Result, not str"),
        (Result("won", 1), "outcome='won': must be one of solved, unsolved, diverged"),
        (Result("unsolved", 2.5), "epochs_run=2.5: must be an integer, a number of epochs"),
        (Result("unsolved", -1), "epochs_run=-1: must be 0 or more"),
        (Result("solved", 1, True), "epochs_to_solve=True: must be an integer"),
        (Result("unsolved", 1, metrics={"a": "2"}), r"metrics\['a'\] must be a number, not str"),
        (Result("unsolved", 1, metrics={"a": np.ones(1)}), "must be a number, not ndarray"),
        (Result("unsolved", 1, curves={"a": [1.0, 2.0, 3.0]}), "must be a pair: steps and values"),
        (
            Result("unsolved", 1, curves={"a": ([0.5], [1.0])}),
            "steps must be integers, not float64",
        ),
        (Result("unsolved", 1, curves={"a": ([0], ["x"])}), "values must be numbers, not <U1"),
        (Result("unsolved", 1, texts={"a": b"x"}), r"texts\['a'\] must be text, not bytes"),
        (
            Result("unsolved", 1, tables={"a": [{"x": {1}}]}),
            r"tables\['a'\] must be a list of rows",
        ),
        (Result("unsolved", 1, tables={"a": [1, 2]}), r"tables\['a'\] must be a list of rows"),
        (Result("solved", 1), "epochs_to_solve=None: must be the step at which it happened, as"),
        (Result("unsolved", 1, 1), "epochs_to_solve=1: must be None, as outcome='unsolved'"),
        (Result("solved", 1, 2), "epochs_to_solve=2: must be from 0 to epochs_run=1"),
        (Result("diverged", 1), "diverged_at=None: must be the step"),
        (Result("unsolved", 1, metrics={"epochs_run": 1.0}), "'epochs_run' cannot be the name"),
        (Result("unsolved", 1, metrics={"lr": 1.0}), "'lr' cannot be the name of a metric"),
        (Result("unsolved", 1, metrics={"a/b": 1.0}), "'a/b' cannot be the name of a metric"),
        (Result("unsolved", 1, metrics={"loss": 2.0}, curves={"loss": CURVE}), "ends at 1.0"),
        (Result("unsolved", 1, curves={"loss": (CURVE[0][::-1], CURVE[1])}), "must ascend"),
        (Result("unsolved", 1, curves={"loss": (CURVE[0], CURVE[1] * np.inf)}), "is not finite"),
        (Result("unsolved", 1, curves={"loss": (CURVE[0], CURVE[1][:2])}), "of one length"),
        (Result("unsolved", 1, arrays={"x": np.array([{}])}), "holds objects"),
        (Result("unsolved", 1, texts={"../x": ""}), "'../x' cannot be the name of a file"),
        (Result("unsolved", 1, texts={"config.yaml": ""}), "'config.yaml' cannot be the name"),
    ],
)
def test_results_that_cannot_be_recorded_are_refused(result, message):
    with pytest.raises((TypeError, ValueError), match=message), np.errstate(all="ignore"):
        check_result(result, {"lr"})


def test_tables_take_numpy_numbers_and_what_is_not_finite_is_null():
    rows = [{"a": np.int64(1), "b": np.nan}, {"a": np.float32(0.5), "c": "x"}]
    shard = to_columns([Result("unsolved", 1, tables={"t": rows})])
    table = {"columns": ["a", "b", "c"], "data": [[1, None, None], [0.5, None, "x"]]}
    assert json.loads(shard.files[0]["t.json"]) == table


def test_results_with_different_curves_and_metrics_are_columns():
    one = Result("solved", 9, 9, metrics={"a": 1.0}, curves={"loss": CURVE})
    two = Result("unsolved", 9, curves={"loss": (CURVE[0] * 2, CURVE[1]), "error": CURVE})
    shard = to_columns([one, two])
    for number, expected in enumerate((one, two)):
        run = shard.run(number, Result)
        assert run.numbers() == expected.numbers()
        for name in ("loss", "error"):
            found, wanted = run.curves[name], expected.curves.get(name, ([], []))
            assert [list(part) for part in found] == [list(part) for part in wanted]


def test_a_criterion_of_a_value_that_is_not_noted_is_told_what_is():
    note = xorlab.Recorder(solved=lambda now: now["accuracy"] > 0.9)
    with pytest.raises(
        KeyError, match=r"^accuracy is not noted at this step; noted are loss, hit$"
    ):
        note(1, loss=0.5, hit=1.0)
