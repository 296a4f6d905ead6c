"""Curves of a sweep wait in a file: the same table as from memory, in any parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import xorlab.sweep.curves as module
from xorlab.sweep.curves import CurvesFile, parts, write_parquet
from xorlab.tracking.frames import curves_frame


@given(lengths=st.lists(st.integers(0, 30), max_size=12), at_once=st.integers(1, 5))
@settings(max_examples=30)
def test_what_goes_in_comes_out_in_any_order_and_in_parts(lengths, at_once, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    rng = np.random.default_rng(len(lengths))
    curves = {
        f"k{n}": (f"run{n}", np.sort(rng.integers(0, 10**9, size)), rng.standard_normal(size))
        for n, size in enumerate(lengths)
    }
    file = CurvesFile()
    for key, curve in curves.items():
        file.add(key, *curve)
    order = sorted(curves, reverse=True)
    whole = curves_frame([curves[key] for key in order])
    pd.testing.assert_frame_equal(file.frame(order), whole)
    write_parquet(tmp_path / "new.parquet", file.frames(order))
    whole.to_parquet(tmp_path / "old.parquet", index=False)
    written = pd.read_parquet(tmp_path / "new.parquet")
    pd.testing.assert_frame_equal(written, pd.read_parquet(tmp_path / "old.parquet"))
    assert set(file.keys()) == set(curves)
    assert "nobody" not in file


def test_parts_are_all_of_it():
    runs = pd.DataFrame({"run_id": [str(n) for n in range(1203)]})
    pd.testing.assert_frame_equal(pd.concat(list(parts(runs))), runs)
