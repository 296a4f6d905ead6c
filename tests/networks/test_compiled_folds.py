"""Sums over patterns and units in the compiled backend."""

from __future__ import annotations

import numpy as np
import pytest

from xorlab.networks.program import Program

pytest.importorskip("llvmlite", reason="needs xorlab[compiled]")

from xorlab.networks.compiled import loops, stretch

LENGTHS = (1, 2, 3, 7, 16, 75)
UNITS, NETWORKS = 9, 10


@pytest.mark.parametrize("by", [np.add, np.maximum])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_sum_of_any_length_has_the_bits_of_numpy(axis, by, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(loops, "UNROLLED", 0)
    rng, program, sums = np.random.default_rng(0), Program("float64"), []
    for length in LENGTHS:
        shape = (length, UNITS) if axis == 0 else (UNITS, length)
        first, second = rng.normal(size=(2, *shape, NETWORKS))
        terms, total = program.empty(*shape, NETWORKS), program.empty(UNITS, NETWORKS)
        program.emit(np.multiply, first, second, terms)
        program.fold(terms, axis, total, by=by)
        sums.append(total)
    for call in program.calls:
        call()
    expected = [total.copy() for total in sums]
    for total in sums:
        total[:] = np.nan
    stretch.Stretch(program.calls)()
    assert [total.tobytes() for total in sums] == [total.tobytes() for total in expected]
