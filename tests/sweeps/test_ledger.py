"""What a sweep knows waits in a file: the same tables as from memory, in any parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xorlab.sweeps.summary.ledger as module
from tests.helpers.memory import bytes_each
from xorlab.sweeps.summary.curves import parts, write_parquet
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.tracking.read.frames import curves_frame, runs_frame

NUMBERS = st.floats(width=64) | st.sampled_from([float("nan"), float("-inf"), 5e-324])
ROWS = st.fixed_dictionaries(
    {
        "run_id": st.text("0123456789abcdef", min_size=4),
        "status": st.sampled_from(["FINISHED", "FAILED"]),
        "key": st.text(min_size=1),
    },
    optional={  # what is read from a store has no outcome where a job failed
        "outcome": st.sampled_from(["solved", "unsolved", "diverged", None]),
        "params.task": st.text(),
        "params.optimizer.lr": st.sampled_from(["0.5", "1", "2e-3"]),
        "metrics.final_loss": NUMBERS,
        "metrics.accuracy": NUMBERS,
    },
)


@given(rows=st.dictionaries(st.integers(0, 40), ROWS, max_size=12))
def test_rows_that_go_in_come_out_in_the_order_of_their_numbers(rows):
    ledger = Ledger()
    for run, row in rows.items():
        ledger.add(run, {"key": "another", "outcome": "solved", "status": "FINISHED"}, "why")
        ledger.add(run, row)
    assert ledger.runs.tolist() == sorted(rows)
    ordered = [rows[run] for run in sorted(rows)]
    pd.testing.assert_frame_equal(ledger.frame(), runs_frame(ordered))
    assert [ledger.outcome(run) for run in sorted(rows)] == [row.get("outcome") for row in ordered]
    # One that is finished after all has not failed.
    failed = [run for run, row in rows.items() if row.get("status") != "FINISHED"]
    assert ledger.reasons == dict.fromkeys(failed, "why")
    unknown = max(rows, default=0) + 1
    assert unknown not in ledger
    assert ledger.outcome(unknown) is None
    with pytest.raises(KeyError):
        ledger.row(unknown)


@given(rows=st.lists(ROWS, max_size=12))
def test_a_frame_made_row_by_row_is_the_one_that_pandas_makes_of_all(rows):
    whole = pd.DataFrame(rows)
    made = runs_frame(iter(rows))
    assert len(made) == len(rows)
    for name in [name for name in whole if str(name).startswith("metrics.")]:
        expected = whole[name].astype(float).rename(name.removeprefix("metrics."))
        pd.testing.assert_series_equal(made[expected.name], expected)
    for name in sorted({"run_id", "outcome", "key"} & set(whole)):
        expected = whole[name].astype("str").where(whole[name].notna())
        pd.testing.assert_series_equal(made[name], expected)


@given(lengths=st.lists(st.integers(0, 30), max_size=12), at_once=st.integers(1, 5))
@settings(max_examples=30)
def test_curves_that_go_in_come_out_in_any_order_and_in_parts(
    lengths, at_once, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    rng = np.random.default_rng(len(lengths))
    curves = [
        (f"run{n}", np.sort(rng.integers(0, 10**9, size)), rng.standard_normal(size))
        for n, size in enumerate(lengths)
    ]
    ledger = Ledger()
    for run, (_, steps, loss) in enumerate(curves):
        ledger.add(run, {"key": str(run), "outcome": None, "status": "FAILED"})
        assert not ledger.has_curve(np.array([run]))
        ledger.add_curve(run, steps, loss)
    order = np.arange(len(curves))[::-1]
    names = [curves[run][0] for run in order]
    whole = curves_frame([curves[run] for run in order])
    read = list(ledger.curves(order, names))
    assert all(frame["run_id"].nunique() <= at_once for frame in read)
    pd.testing.assert_frame_equal(pd.concat([curves_frame([]), *read], ignore_index=True), whole)
    write_parquet(tmp_path / "new.parquet", ledger.curves(order, names))
    whole.to_parquet(tmp_path / "old.parquet", index=False)
    written = pd.read_parquet(tmp_path / "new.parquet")
    pd.testing.assert_frame_equal(written, pd.read_parquet(tmp_path / "old.parquet"))
    assert ledger.has_curve(order).all()


def test_parts_are_all_of_it():
    runs = pd.DataFrame({"run_id": [str(n) for n in range(1203)]})
    pd.testing.assert_frame_equal(pd.concat(list(parts(runs))), runs)


def test_a_run_more_costs_little_memory():
    row = {"run_id": "a" * 32, "key": "b" * 32, "status": "FINISHED", "outcome": "solved"}
    params = {f"params.p{n}": str(n) for n in range(30)}
    metrics = {f"metrics.m{n}": n / 7 for n in range(10)}
    steps, loss = np.arange(200), np.zeros(200)

    def known(count: int) -> Ledger:
        ledger = Ledger()
        for run in range(count):
            ledger.add(run, {**row, **params, **metrics})
            ledger.add_curve(run, steps, loss)
        assert len(ledger.runs) == count
        return ledger

    def curves(count: int) -> int:
        ledger, names = ledgers[count], pd.array(["a" * 32] * count, dtype="str")
        return sum(map(len, ledger.curves(np.arange(count), names)))

    assert bytes_each(known, 1_100, 2_200).held < 20
    ledgers = {count: known(count) for count in (1_100, 2_200)}
    table = bytes_each(lambda count: ledgers[count].frame(), *ledgers)
    assert max(table) < 40 * 8 + 50  # its numbers; its texts are in Arrow's memory
    assert bytes_each(curves, *ledgers).peak < 20
