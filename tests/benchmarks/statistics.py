"""The time that `xorlab.convergence` takes, with all intervals.

Usage: python -m tests.benchmarks.statistics [--small]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import xorlab


def runs(settings: int, seeds: int, limit: int = 10_000) -> pd.DataFrame:
    """Runs with lognormal times to solve and success rates from 0.1 to 1."""
    generator = np.random.default_rng(0)
    n = settings * seeds
    rate = np.repeat(np.linspace(0.1, 1, settings), seeds)
    epochs = np.ceil(500 * np.exp(generator.standard_normal(n)))
    solved = (generator.random(n) < rate) & (epochs <= limit)
    return pd.DataFrame(
        {
            "outcome": np.where(solved, "solved", "unsolved"),
            "optimizer.lr": np.repeat(np.arange(settings) / 10, seeds),
            "seed": np.tile(np.arange(seeds), settings),
            "epochs_to_solve": np.where(solved, epochs, np.nan),
            "epochs_run": limit,
            "training.epochs": limit,
            "final_loss": generator.random(n),
        }
    ).sample(frac=1, random_state=0, ignore_index=True)


def measure(shapes: list[tuple[int, int]], rounds: int) -> Table:
    table = Table(box=SIMPLE_HEAD, title=f"xorlab.convergence, 2,000 resamples, best of {rounds}")
    for column in ("settings", "runs of each", "seconds", "of one core", "ms per setting"):
        table.add_column(column, justify="right", no_wrap=True)
    for settings, seeds in shapes:
        frame = runs(settings, seeds)
        times = []
        for _ in range(rounds):
            began, worked = time.perf_counter(), time.process_time()
            found = xorlab.convergence(frame, by=["optimizer.lr"], resamples=2000)
            times.append((time.perf_counter() - began, time.process_time() - worked))
            if len(found) != settings:
                raise SystemExit(f"{len(found)} rows for {settings} settings")
        spent, core = min(times)
        table.add_row(
            f"{settings:,}",
            f"{seeds:,}",
            f"{spent:.2f}",
            f"{core:.2f}",
            f"{1000 * spent / settings:.1f}",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a second instead of twenty")
    options = parser.parse_args()
    shapes = [(5, 100)] if options.small else [(100, 30), (100, 100), (1000, 100), (100, 1000)]
    Console(width=100).print(measure(shapes, 1 if options.small else 3))


if __name__ == "__main__":
    main()
