"""Engines side by side: the same sweeps on this machine and on clusters of two workers on it.

Usage: python -m tests.benchmarks.engines [--small] [--untracked] [--large] [--scale]

The first table is of the engines alone: nothing is recorded, and what is not work on a worker is
overhead. The second is of whole tracked commands, from their cold start. An engine that cannot be
had here is named with the reason.

Instead of these, --large tells what tracked sweeps of up to a hundred thousand runs take on this
machine, and --scale sets the cost model beside landscapes of up to a million networks.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import xorlab
from tests.helpers.clusters import Cluster, cluster, missing
from tests.helpers.planes import rates_and_ranges
from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.dispatch import completed
from xorlab.engines.make import make_engine
from xorlab.landscapes.grid import Grid
from xorlab.networks.cost import seconds_of
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.chunks import AdaptiveChunks
from xorlab.sweeps.plan.jobs import catalogued
from xorlab.sweeps.plan.plan import make_plan

CLUSTERS = ("slurm", "ray", "dask")
HIDDEN = (2, 3, 4, 5)
LOCAL = Cluster(("hydra.launcher.workers=2",))


# Worker processes on this machine import this module, so what they do not need is imported late.


def clusters(stack: ExitStack, folder: Path) -> dict[str, Cluster]:
    """Those that can be had here, one core for each of two workers."""
    from tests.benchmarks.sweeps import CONSOLE

    found = {"local": LOCAL}
    for name in CLUSTERS:
        reason = missing(name)
        if reason is None:
            found[name] = stack.enter_context(cluster(name, folder / name))
            os.environ.update(found[name].environment)
        else:
            CONSOLE.print(f"{name}: {reason}")
    return found


def tracked(sizes: list[int], epochs: int, engines: dict[str, Cluster], folder: Path) -> None:
    from tests.benchmarks.sweeps import CONSOLE, started, table

    made = table(
        f"Tracked sweeps, {epochs:,} epochs: whole commands",
        "",
        "runs",
        "s",
        "train + record / s",
        "ms a run",
        "over local / ms a run",
        "peak MiB",
    )
    for size in sizes:
        base = 0.0
        for name, where in engines.items():
            experiment = f"{name}{size}"
            spent, peak = started(
                folder,
                "-m",
                "xorlab",
                "-m",
                f"seed=range(0,{size // len(HIDDEN)})",
                f"network.hidden={','.join(map(str, HIDDEN))}",
                f"training.epochs={epochs}",
                f"tracking.experiment={experiment}",
                *where.options,
            )
            seconds = _seconds(folder, experiment)
            base = base or seconds
            made.add_row(
                name,
                f"{size:,}",
                f"{spent:.1f}",
                f"{seconds:.1f}",
                f"{1e3 * seconds / size:.2f}",
                f"{1e3 * (seconds - base) / size:.2f}",
                f"{peak:.0f}",
            )
    CONSOLE.print(made)


def _seconds(folder: Path, experiment: str) -> float:
    from xorlab.tracking.store.opening import open_store

    store = open_store(f"sqlite:///{folder}/mlflow.db", experiment, create=False)
    (parent,) = store.client.search_runs([store.experiment_id], "tags.`xorlab.sweep_key` LIKE '%'")
    return float(parent.data.metrics["seconds"])


def alone(sizes: list[int], epochs: int, engines: dict[str, Cluster]) -> None:
    from tests.benchmarks.sweeps import CONSOLE, table

    made = table(
        f"Engines alone, {epochs:,} epochs, nothing recorded",
        "",
        "runs",
        "s",
        "work / s",
        "handed over",
        "each / ms",
        "share of work",
        "idle",
    )
    for size in sizes:
        for name, where in engines.items():
            options = dict(
                option.removeprefix("hydra.launcher.").split("=") for option in where.options
            )
            workers = int(options.pop("workers", 2))
            executor = make_engine(LauncherConfig(**options, workers=workers))
            try:
                executor.start()
                trained(executor, size // 10, epochs)  # processes and imports are there by then
                spent, work, count = trained(executor, size, epochs)
            finally:
                executor.close()
            made.add_row(
                name,
                f"{size:,}",
                f"{spent:.2f}",
                f"{work:.2f}",
                f"{count}",
                f"{1e3 * executor.dispatch:.1f}",
                f"{100 * count * executor.dispatch / work:.1f} %",
                f"{100 * max(0.0, 1 - work / (spent * workers)):.0f} %",
            )
    CONSOLE.print(made)


def trained(executor, runs: int, epochs: int) -> tuple[float, float, int]:
    """Wall seconds, seconds of work on workers, and how often something was handed over."""
    configs = []
    for hidden in HIDDEN:
        base = vars(xorlab.configure(f"network.hidden={hidden}", f"training.epochs={epochs}"))
        seeds = range(max(1, runs // len(HIDDEN)))
        configs += [xorlab.Config(**{**base, "seed": seed}) for seed in seeds]
    plan = make_plan(catalogued([()] * len(configs), configs, TRAINER), (), executor.workers)
    cuts = AdaptiveChunks(plan, executor.workers, executor.dispatch)
    began, work, count = time.perf_counter(), 0.0, 0
    for shards, outcomes in completed(cuts.works(), executor, lambda: None):
        cuts.observe(shards, outcomes)
        count += 1
        work += sum(done.ended - done.started for done in outcomes) / 1e3
        for outcome in (outcome for done in outcomes for outcome in done.runs(xorlab.Result)):
            if not isinstance(outcome, xorlab.Result):
                raise SystemExit(f"a network was not trained: {outcome.reason}")
    return time.perf_counter() - began, work, count


def scale(sides: list[int], epochs: int, folder: Path) -> None:
    from tests.benchmarks.sweeps import CONSOLE, started, table

    made = table(
        f"Landscapes of one tracked run, {epochs} epochs, this machine",
        "networks",
        "model / s",
        "s",
        "networks/s",
        "peak MiB",
    )
    for side in sides:
        plane = rates_and_ranges((side, side), epochs)
        grid = Grid(xorlab.configure(*plane))
        sizes = [len(grid.pixels(n)) for n in grid.pieces]
        model = sum(seconds_of(grid.config(0), grid.data, size) for size in sizes)
        spent, peak = started(folder, "-m", "xorlab", *plane, f"tracking.experiment=plane{side}")
        made.add_row(
            f"{side * side:,}",
            f"{model / 2:.1f}",
            f"{spent:.1f}",
            f"{side * side / spent:,.0f}",
            f"{peak:.0f}",
        )
    CONSOLE.print(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a minute instead of ten")
    parser.add_argument("--large", action="store_true", help="tracked, up to 10^5 runs")
    parser.add_argument("--scale", action="store_true", help="the cost model, up to 10^6 networks")
    parser.add_argument("--untracked", action="store_true", help="the first table alone")
    options = parser.parse_args()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        if options.scale:
            scale([16] if options.small else [32, 100, 316, 1000], 100, folder)
            return
        if options.large:
            sizes = [40, 80] if options.small else [1000, 10_000, 100_000]
            tracked(sizes, 100, {"local": LOCAL}, folder)
            return
        engines = clusters(stack, folder)
        sizes = [40] if options.small else [1000, 10_000]
        alone(sizes if options.small else [*sizes, 100_000], 50 if options.small else 1000, engines)
        if not options.untracked:
            tracked(sizes, 50 if options.small else 100, engines, folder)


if __name__ == "__main__":
    main()
