"""How exact the compiled backend's functions are, and that they end as NumPy's do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from xorlab.networks.program import Program

pytest.importorskip("llvmlite", reason="needs xorlab[compiled]")

from xorlab.networks.activations.sigmoid import Sigmoid
from xorlab.networks.compiled import stretch


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Code is kept in a folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def logistic(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(z)), as networks use it."""
    return 1 / (1 + np.exp(z))


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "tanh": np.tanh,
    "log": np.log,
    "logistic": logistic,
}
DOMAINS = {
    "exp": [(-0.4, 0.4), (-40, 40), (-708, 709.7), (-745, -708)],
    "tanh": [(-1e-3, 1e-3), (-0.7, 0.7), (-3, 3), (-40, 40)],
    "log": [(0, 3), (0.9, 1.1), (1e-320, 1e-300), (1e300, 1e308)],
    "logistic": [(-1e-3, 1e-3), (-3, 3), (-40, 40), (1, 709), (709, 746)],
}
# Units in the last place. NumPy's 1 / (1 + exp(z)) is wrong by up to 2.4 of them, and by far more
# above z = 709, where its exp(z) is infinite.
ALLOWED = {"logistic": 2.4}


def applied(name: str, values: np.ndarray) -> np.ndarray:
    """What the compiled backend makes of numbers."""
    out = values[None].copy()
    program = Program(values.dtype)
    if name == "logistic":
        Sigmoid.apply(program, out, 0.0, np.empty(0))
    else:
        program.emit(FUNCTIONS[name], values[None].copy(), out)
    stretch.Stretch(program.calls)()
    return out[0]


@pytest.mark.parametrize("name", DOMAINS)
def test_a_function_is_within_some_units_in_the_last_place(name):
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("np.longdouble is as wide as float64 here, and cannot check it")
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.uniform(*between, 100_000) for between in DOMAINS[name]])
    exact = FUNCTIONS[name](values.astype(np.longdouble))
    unit = np.spacing(np.abs(exact).astype(np.float64))
    assert np.max(np.abs(applied(name, values) - exact) / unit) < ALLOWED.get(name, 1)


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_function_treats_special_numbers_as_numpy_does(name, dtype):
    ends = [0.0, -0.0, np.inf, -np.inf, np.nan, 800.0, -800.0, 1e-310, 1.0, -1.0]
    values = np.array([*ends, 1e308, -1e308] if dtype == "float64" else ends).astype(dtype)
    with np.errstate(all="ignore"):
        expected = FUNCTIONS[name](values)
    np.testing.assert_allclose(applied(name, values), expected, rtol=1e-6)
    zeros = expected == 0
    found = applied(name, values)
    assert np.array_equal(np.signbit(found[zeros]), np.signbit(expected[zeros]))


@pytest.mark.parametrize("added", [1.0, 2.0])
@pytest.mark.parametrize("in_place", [True, False])
def test_calls_that_look_like_the_logistic_function_keep_their_meaning(added, in_place):
    values = np.linspace(-3, 3, 50)
    x, z = values[None].copy(), np.zeros((1, 50))
    other = z if in_place else np.zeros((1, 50))
    number, one = np.array(added), np.array(1.0)
    calls = [
        partial(np.exp, x, z),
        partial(np.add, z, number, other),
        partial(np.divide, one, other, other),
    ]
    stretch.Stretch(calls)()
    np.testing.assert_allclose(other[0], 1 / (np.exp(values) + added), rtol=1e-15)
    if not in_place:
        np.testing.assert_allclose(z[0], np.exp(values), rtol=1e-15)
