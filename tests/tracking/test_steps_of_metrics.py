"""Final metrics are recorded at step 0; earlier versions recorded them at the run's last epoch."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pandas as pd

import xorlab

CURVES = ("loss", "accuracy")


def test_runs_read_the_same_whatever_the_step_of_their_final_metrics(command, store_file):
    sweep = ("-m", "seed=range(0,3)", "training.epochs=30")
    assert command(*sweep, "hydra.launcher.executor=inline").code == 0
    runs, curves = xorlab.load_runs(), xorlab.load_curves(xorlab.load_runs())
    with closing(sqlite3.connect(store_file)) as database, database:
        (steps,) = zip(*database.execute("SELECT DISTINCT step FROM metrics"), strict=True)
        assert set(steps) > {0, 30}
        for table in ("metrics", "latest_metrics"):
            database.execute(
                f'UPDATE {table} SET step = 30 WHERE step = 0 AND "key" NOT IN (?, ?)',
                CURVES,
            )
    pd.testing.assert_frame_equal(xorlab.load_runs(), runs)
    pd.testing.assert_frame_equal(xorlab.load_curves(runs), curves)
    again = command(*sweep, "hydra.launcher.executor=inline")
    assert "3 skipped" in again.out
