"""How often a setting learns, how fast, and how sure one can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95


def convergence(
    runs: pd.DataFrame, by: Sequence[str], confidence: float = CONFIDENCE
) -> pd.DataFrame:
    """One row per setting.

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome (failed, or still
            running) do not count.
        by: columns that make a setting.
        confidence: of the interval of the success rate.

    Returns:
        the columns of ``by``, then

        - ``n``, ``solved``, ``diverged``: numbers of runs;
        - ``rate``, ``rate_low``, ``rate_high``: share solved with its Wilson (1927) interval;
        - ``epochs_q25``, ``epochs_median``, ``epochs_q75``: quantiles of the epochs to solve over
          all runs, those not solved counting as later than any: NaN where too few are solved to
          tell, as the median is where fewer than half are;
        - ``loss_median``: median final loss of the runs that did not diverge.

    Raises:
        ValueError: no runs, no columns, or a column that the runs do not have.
    """
    by = list(by)
    missing = [name for name in by if name not in runs.columns]
    if not by or missing:
        told = f"there is no column {', '.join(missing)}" if missing else "no columns are named"
        raise ValueError(f"by: {told}; the runs have {', '.join(map(str, runs.columns))}")
    counted = runs[runs["outcome"].notna()] if "outcome" in runs.columns else runs.iloc[:0]
    if counted.empty:
        raise ValueError("there is no run with an outcome: nothing to tell about convergence")
    rows = []
    for setting, group in counted.groupby(by, dropna=False, sort=True):
        rows.append(dict(zip(by, setting, strict=True)) | _statistics(group, confidence))
    return pd.DataFrame(rows)


def wilson(solved: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's (1927) score interval for a share of ``solved`` out of ``n`` runs."""
    interval = stats.binomtest(solved, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def _statistics(group: pd.DataFrame, confidence: float) -> dict[str, float]:
    n, solved = len(group), int((group["outcome"] == "solved").sum())
    low, high = wilson(solved, n, confidence)
    epochs = _epochs(group)
    losses = group["final_loss"].to_numpy(float) if "final_loss" in group else np.array([])
    losses = losses[np.isfinite(losses)]
    return {
        "n": n,
        "solved": solved,
        "diverged": int((group["outcome"] == "diverged").sum()),
        "rate": solved / n,
        "rate_low": low,
        "rate_high": high,
        "epochs_q25": _quantile(epochs, 0.25),
        "epochs_median": _quantile(epochs, 0.5),
        "epochs_q75": _quantile(epochs, 0.75),
        "loss_median": float(np.median(losses)) if len(losses) else float("nan"),
    }


def _epochs(group: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Epochs to solve, ascending; infinite where the run was not solved."""
    epochs = np.full(len(group), np.inf)
    solved = (group["outcome"] == "solved").to_numpy()
    if solved.any():
        epochs[solved] = group["epochs_to_solve"].to_numpy(float)[solved]
    return np.sort(epochs)


def _quantile(ascending: npt.NDArray[np.float64], share: float) -> float:
    """The smallest value that at least ``share`` of all values do not exceed."""
    value = float(ascending[max(0, int(np.ceil(share * len(ascending))) - 1)])
    return value if np.isfinite(value) else float("nan")
