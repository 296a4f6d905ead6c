"""Networks that were trained in Python, without a store, as a table of runs."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xorlab.networks.config import Config
from xorlab.networks.identity import identity_params
from xorlab.networks.result import NetworkResult


def untracked_runs(configs: Iterable[Config], results: Iterable[NetworkResult]) -> pd.DataFrame:
    """Results as `xorlab.load_runs` would return them, for statistics and figures.

    Args:
        configs: what was trained.
        results: of `xorlab.train_many`, in the same order.

    Returns:
        a row per network: ``outcome``, then every param and metric by its dotted name.

    Raises:
        ValueError: the numbers of results and configurations differ.
    """
    rows = [
        {"outcome": result.outcome, **identity_params(config), **result.numbers()}
        for config, result in zip(configs, results, strict=True)
    ]
    frame = pd.DataFrame(rows)
    absent = [name for name in ("epochs_to_solve", "diverged_at") if name not in frame]
    return frame.assign(**dict.fromkeys(absent, float("nan")))
