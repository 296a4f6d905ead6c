"""The statistics on a CSV of another tracker: a row per run and epoch; no trainer, no store.

python other_tracker.py curves.csv
"""

import sys

import pandas as pd

import xorlab


def conclusions(curves: pd.DataFrame, accuracy: float) -> list[str]:
    """Which learning rate reaches an accuracy more often, and which sooner."""
    runs = xorlab.first_passage(curves, above=accuracy, value="val_acc", run="run", step="epoch")
    settings = curves.drop_duplicates("run")[["run", "lr", "seed"]]
    runs = runs.merge(settings, on="run")
    table = xorlab.convergence(runs, by="lr")
    lines = [
        f"lr={row.lr:g}: {row.solved} of {row.n}, {row.rate_low:.0%} to {row.rate_high:.0%}"
        for row in table.itertuples()
    ]
    return lines + xorlab.compare_all(runs, by="lr", paired=False)["sentence"].tolist()


if __name__ == "__main__":
    print("\n".join(conclusions(pd.read_csv(sys.argv[1]), accuracy=0.9)))
