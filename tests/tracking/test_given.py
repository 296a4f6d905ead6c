"""Functions about recorded runs say what they take."""

from __future__ import annotations

import pandas as pd
import pytest

import xorlab


@pytest.mark.parametrize("function", [xorlab.diagnose, xorlab.load_curves, xorlab.load_weights])
def test_what_is_not_recorded_is_refused_in_words(function):
    results = xorlab.train_many([xorlab.configure("training.epochs=2")])
    with pytest.raises(TypeError, match=r"as xorlab\.load_runs or .* this is TrainedNetworks"):
        function(results)
    with pytest.raises(TypeError, match="this is a table without run_id"):
        function(pd.DataFrame({"outcome": ["unsolved"]}))
