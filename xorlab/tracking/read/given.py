"""What functions about recorded runs are given."""

from __future__ import annotations

import pandas as pd


def recorded(runs: object) -> pd.DataFrame:
    """The same table of runs, which have ids in a store.

    Raises:
        TypeError: it is something else, such as results that are not recorded.
    """
    if isinstance(runs, pd.DataFrame) and "run_id" in runs:
        return runs
    kind = "a table without run_id" if isinstance(runs, pd.DataFrame) else type(runs).__name__
    raise TypeError(
        "runs: must be a table of recorded runs, as xorlab.load_runs or xorlab.sweep return it; "
        f"this is {kind}"
    )
