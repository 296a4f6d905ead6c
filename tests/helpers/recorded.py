"""What sweeps have recorded, made comparable."""

from __future__ import annotations

import pandas as pd

import xorlab
from xorlab.errors import StoreError

SMALL = ("-m", "seed=range(0,6)", "network.hidden=2,3", "optimizer.lr=0.5,3", "training.epochs=800")
INLINE = "hydra.launcher.executor=inline"


def comparable(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs without what differs from start to start."""
    return (
        runs.drop(columns=["run_id", "sweep", "started"])
        .sort_values(["network.hidden", "optimizer.lr", "seed"])
        .reset_index(drop=True)
    )


def curves_by_key(runs: pd.DataFrame) -> dict[str, list]:
    curves = xorlab.load_curves(runs).merge(runs[["run_id", "key"]], on="run_id")
    return {key: c[["step", "loss"]].to_numpy().tolist() for key, c in curves.groupby("key")}


def runs_so_far(experiment: str = "xorlab") -> pd.DataFrame:
    """The runs of an experiment, which may not be there yet."""
    try:
        return xorlab.load_runs(experiment=experiment)
    except StoreError:
        return pd.DataFrame()
