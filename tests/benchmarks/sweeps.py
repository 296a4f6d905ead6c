"""Sweeps, side by side in one run: composing, recording, whole sweeps, growth, reading back.

Usage: python -m tests.benchmarks.sweeps [--small]

Each table compares xorlab with what it replaces: Hydra's own composition, MLflow's client called
run by run, the plain script beside this file, MLflow's own calls for reading. Where the slow way is
extrapolated, the table says from what. Medians of rounds that take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import xorlab
from xorlab.config.compose import Composer
from xorlab.config.directory import config_directory
from xorlab.config.registration import register_schema
from xorlab.networks.config import SCHEMA
from xorlab.networks.spec import spec_of
from xorlab.system.git import Provenance
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.write import bulk_recorder
from xorlab.tracking.write.bulk_recorder import BulkRecorder
from xorlab.tracking.write.client_recorder import ClientRecorder
from xorlab.tracking.write.record import Context, finished

ROOT = Path(__file__).resolve().parent.parent.parent
CONSOLE = Console(width=110)
_POLL = 0.05  # seconds


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def table(title: str, *columns: str) -> Table:
    made = Table(box=SIMPLE_HEAD, title=title)
    for column in columns:
        made.add_column(column, justify="left" if not column else "right", no_wrap=True)
    return made


def started(folder: Path, *arguments: str) -> tuple[float, float]:
    """A command from its cold start: wall seconds, and the peak of its first process in MiB."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
    began = time.perf_counter()
    with (folder / "log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environment, stdout=log, stderr=log
        )
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, _peak(child.pid))
            time.sleep(_POLL)
    spent = time.perf_counter() - began
    if child.returncode != 0:
        raise SystemExit((folder / "log").read_text())
    return spent, peak


def _peak(pid: int) -> float:
    """In MiB so far; not what getrusage tells, which counts the process that started it, too."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def composing(jobs: int, plain_jobs: int, rounds: int) -> Table:
    register_schema(SCHEMA)
    path = create_config_search_path(f"file://{config_directory()}")
    loader = ConfigLoaderImpl(config_search_path=path)

    def overrides(count: int) -> list[list[str]]:
        return [
            [f"seed={n}", f"network.hidden={2 + n % 3}", "optimizer.lr=0.5"] for n in range(count)
        ]

    def hydras_way() -> None:
        for some in overrides(plain_jobs):
            loader.load_configuration("config", some, run_mode=RunMode.RUN)

    def xorlabs_way() -> None:
        composer = Composer(SCHEMA, loader)
        for some in overrides(jobs):
            composer.setting(some)

    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(1e3 * seconds(hydras_way) / plain_jobs)
        ours.append(1e3 * seconds(xorlabs_way) / jobs)
    made = table("Composing a configuration", "", "ms a job", "ratio")
    base, own = statistics.median(theirs), statistics.median(ours)
    made.add_row(f"Hydra, once ({plain_jobs} jobs; a multirun does it twice)", f"{base:.1f}", "1")
    made.add_row(f"xorlab ({jobs:,} jobs, first one included)", f"{own:.2f}", f"{base / own:.0f}")
    return made


def recording(runs: int, client_runs: int, rounds: int) -> Table:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/mlflow.db", "recording")
        configs = [xorlab.configure(f"seed={n}") for n in range(runs)]
        results = xorlab.train_many(configs)
        spec, context = spec_of(configs[0]), Context(Provenance("0"))

        def record(recorder, count: int) -> None:
            pairs = zip(configs[:count], results[:count], strict=True)
            recorder.record(
                [finished(spec, c.seed, r, context, 0, 1) for c, r in pairs], skip_existing=True
            )

        client, bulk, unsynced = [], [], []
        for _ in range(rounds):
            client.append(
                1e3 * seconds(lambda: record(ClientRecorder(store), client_runs)) / client_runs
            )
            _forget(store)
            os.sync()  # else it would wait for what was written before
            bulk.append(1e3 * seconds(lambda: record(BulkRecorder(store), runs)) / runs)
            _forget(store)
            os.sync()
            # As if a loss of power did not matter: what syncing the files costs.
            with patch.object(bulk_recorder, "flush_file_system", lambda _folder: None):
                unsynced.append(1e3 * seconds(lambda: record(BulkRecorder(store), runs)) / runs)
            _forget(store)
    points = len(results[0].steps)
    made = table(
        f"Recording a run: {points}-point curve, params, tags, 3 artifacts", "", "ms a run", "ratio"
    )
    base, own = statistics.median(client), statistics.median(bulk)
    made.add_row(f"MLflow's client, used well ({client_runs} runs)", f"{base:.1f}", "1")
    made.add_row(f"xorlab in bulk ({runs} runs)", f"{own:.2f}", f"{base / own:.1f}")
    without = statistics.median(unsynced)
    made.add_row("the same, files not synced", f"{without:.2f}", f"{base / without:.1f}")
    return made


def _forget(store) -> None:
    """Empty the store, so that every round records anew."""
    with store.database.writing() as transaction:
        for name in ("latest_metrics", "metrics", "params", "tags", "runs"):
            transaction.execute(f"DELETE FROM {name}", {})


def against_plain(runs: int, plain_runs: int, many: int, epochs: int, rounds: int) -> Table:
    plain, ours, large = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            app = [
                "-m",
                "tests.benchmarks.plain_app",
                "-m",
                "+lr=0.1",
                f"+epochs={epochs}",
                f"+seed=range(0,{plain_runs})",
            ]
            plain.append(started(folder, *app)[0])
            ours.append(started(folder, *_sweep(runs, epochs), "tracking.experiment=a")[0])
        with tempfile.TemporaryDirectory() as name:
            large.append(started(Path(name), *_sweep(many, epochs))[0])
    made = table(f"A whole tracked sweep, cold start included, {epochs:,} epochs", "", "s", "ratio")
    base = statistics.median(plain)
    for count, spent in ((runs, statistics.median(ours)), (many, statistics.median(large))):
        scaled = base * count / plain_runs
        how = "measured" if count == plain_runs else f"extrapolated from {plain_runs}"
        made.add_row(f"the plain way, {count:,} runs ({how})", f"{scaled:,.1f}", "1")
        made.add_row(f"xorlab -m, {count:,} runs", f"{spent:.1f}", f"{scaled / spent:.0f}")
    return made


def _sweep(runs: int, epochs: int) -> list[str]:
    return ["-m", "xorlab", "-m", f"seed=range(0,{runs})", f"training.epochs={epochs}"]


def growing(sizes: list[int], epochs: int, folder: Path) -> Table:
    made = table(f"How cost grows, {epochs:,} epochs", "", "s", "ms a run", "peak MiB")
    for size in sizes:
        spent, peak = started(folder, *_sweep(size, epochs), f"tracking.experiment=n{size}")
        made.add_row(f"{size:,} runs", f"{spent:.1f}", f"{1e3 * spent / size:.1f}", f"{peak:.0f}")
    return made


def reading(experiment: str, folder: Path, expected: int, histories: int) -> Table:
    uri = f"sqlite:///{folder}/mlflow.db"
    store = open_store(uri, experiment, create=False).through_mlflow
    loaded: dict[str, object] = {}

    def ours() -> None:
        loaded["runs"] = xorlab.load_runs(uri, experiment)
        loaded["curves"] = xorlab.load_curves(loaded["runs"])

    def searches() -> None:
        token = None
        while True:
            page = store.client.search_runs(
                [store.experiment_id], max_results=10_000, page_token=token
            )
            token = page.token
            if not token:
                return

    own = statistics.median([seconds(ours) for _ in range(3)])
    if len(loaded["runs"]) != expected or loaded["curves"].empty:
        raise SystemExit(f"{len(loaded['runs'])} runs were read back, {expected} were recorded")
    ids = list(loaded["runs"]["run_id"])
    search = seconds(searches)
    each = seconds(lambda: [store.client.get_metric_history(i, "loss") for i in ids[:histories]])
    theirs = search + each / min(histories, len(ids)) * len(ids)
    points = len(loaded["curves"])
    made = table(f"Reading back {len(ids):,} runs, {points:,} points", "", "s", "ratio")
    made.add_row(f"MLflow's calls (histories extrapolated from {histories})", f"{theirs:.1f}", "1")
    made.add_row("xorlab.load_runs + load_curves", f"{own:.1f}", f"{theirs / own:.0f}")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a minute instead of ten")
    small = parser.parse_args().small
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    CONSOLE.print(composing(100, 5, 1) if small else composing(1000, 30, 3))
    CONSOLE.print(recording(50, 5, 1) if small else recording(1000, 50, 3))
    CONSOLE.print(
        against_plain(4, 2, 8, 200, 1) if small else against_plain(100, 50, 1000, 10_000, 3)
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes, epochs = ([5, 10], 100) if small else ([100, 1000, 10_000], 10_000)
        CONSOLE.print(growing(sizes, epochs, folder))
        CONSOLE.print(reading(f"n{sizes[-1]}", folder, sizes[-1], 5 if small else 100))


if __name__ == "__main__":
    main()
