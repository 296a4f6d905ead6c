"""Networks trained in Python: the same numbers that a store gives back."""

from __future__ import annotations

import pandas as pd
import pytest

import xorlab
from tests.tracking.test_recording import CONTEXT
from xorlab.networks.spec import spec_of
from xorlab.studies.replication.untracked import untracked_runs
from xorlab.tracking.read.frames import runs_frame
from xorlab.tracking.write.record import finished, record_row


def test_a_row_has_what_the_recorded_run_has():
    configs = [
        xorlab.configure("training.epochs=900", f"seed={seed}", *extra)
        for extra in (("optimizer.lr=2",), ("optimizer=rprop",), ("optimizer.lr=1e300",))
        for seed in range(4)
    ]
    results = xorlab.train_many(configs)
    recorded = runs_frame(
        record_row(str(n), finished(spec_of(config), config.seed, result, CONTEXT, 1, 2))
        for n, (config, result) in enumerate(zip(configs, results, strict=True))
    )
    frame = untracked_runs(configs, results)
    assert {"solved", "unsolved"} <= set(frame["outcome"])
    assert set(frame) <= set(recorded) | {"diverged_at"}
    by = ["optimizer", "optimizer.lr"]
    pd.testing.assert_frame_equal(
        xorlab.convergence(frame, by=by), xorlab.convergence(recorded, by=by), check_dtype=False
    )


def test_the_times_are_there_though_none_was_solved():
    configs = [xorlab.configure("training.epochs=1")]
    frame = untracked_runs(configs, xorlab.train_many(configs))
    assert frame[["epochs_to_solve", "diverged_at"]].isna().all(axis=None)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        untracked_runs(configs, [])
