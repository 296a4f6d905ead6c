"""A user's own trainer: what the harness costs, and a batched twin beside MLflow run by run.

Usage: python -m tests.benchmarks.trainers [--small]

Whole commands from their cold start, in a folder with a store. The first table has a trainer that
returns at once, so that all the time is the harness's: composing, planning, workers, recording, the
report. The second, where JAX is installed, has one batch of seeds beside the loop that it replaces:
`mlflow.start_run` around a jitted run of one seed, with the same params, curves and weights, each
curve in one call. The loop is timed after compiling and without its imports; it is extrapolated.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from pathlib import Path

import numpy as np

import xorlab
from tests.benchmarks.sweeps import CONSOLE, ROOT, started, table
from xorlab.trainers.find import find
from xorlab.trainers.reference import load_file

INSTANT = ("-m", "xorlab", "--trainer", "tests.benchmarks.instant:train", "-m")
VMAPPED = ROOT / "experiments" / "trainers" / "vmapped.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="to see that it works")
    small = parser.parse_args().small
    overhead([1, 40] if small else [1, 1000, 10_000])
    if importlib.util.find_spec("jax") is None:
        print("JAX is not installed: no batch beside a loop")
        return
    batch_and_loop(*((20, 50, 4) if small else (2000, 2000, 200)))


def overhead(sizes: list[int]) -> None:
    """The time of sweeps whose runs take none."""
    rows = table("a trainer that returns at once", "runs", "s", "ms per run", "ms per further run")
    first = 0.0
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="xorlab-") as name:
            spent = swept(Path(name), *INSTANT, f"seed=range(0,{size})")
        first = first or spent
        further = f"{1e3 * (spent - first) / (size - 1):.2f}" if size > 1 else "-"
        rows.add_row(f"{size:,}", f"{spent:.1f}", f"{1e3 * spent / size:.2f}", further)
    CONSOLE.print(rows)


def swept(folder: Path, *command: str) -> float:
    """Seconds of a command that is not the first in its folder: its store is there."""
    started(folder, *INSTANT, "seed=0", "tracking.experiment=first")
    spent, _ = started(folder, *command)
    return spent


def batch_and_loop(count: int, epochs: int, some: int) -> None:
    """One batch of many seeds, every one a tracked run; and runs of one seed, one by one."""
    with tempfile.TemporaryDirectory(prefix="xorlab-") as name:
        folder = Path(name)
        batch = swept(folder, str(VMAPPED), "-m", f"seed=range(0,{count})", f"epochs={epochs}")
        runs = xorlab.load_runs(f"sqlite:///{folder / 'mlflow.db'}")
        assert len(runs) == runs["key"].nunique() == count, "runs are missing"
    loop = looped(epochs, some)
    rows = table(f"{count:,} seeds of a network in JAX, {epochs:,} epochs", "", "s", "ms per run")
    rows.add_row("xorlab, one batch, whole command", f"{batch:.1f}", f"{1e3 * batch / count:.2f}")
    title = f"mlflow.start_run around a jitted run (from {some})"
    rows.add_row(title, f"{loop * count:.1f}", f"{1e3 * loop:.2f}")
    CONSOLE.print(rows)
    print(f"ratio: {loop * count / batch:.1f}")


def looped(epochs: int, some: int) -> float:
    """Seconds of a run in a loop of MLflow's own calls."""
    import jax
    import jax.numpy as jnp
    import mlflow
    from mlflow.entities import Metric

    module, kind = load_file(VMAPPED), find(f"{VMAPPED}:train").kind
    steps = np.unique(np.geomspace(1, epochs, min(epochs, 200)).astype(int))

    def trained(seed: int) -> list[np.ndarray]:
        seeds, lrs = jnp.array([seed]), jnp.array([3.0])
        return jax.tree.leaves(jax.device_get(module.trained(seeds, lrs, 2, epochs)))

    trained(0)
    with tempfile.TemporaryDirectory(prefix="xorlab-") as name:
        mlflow.set_tracking_uri(f"sqlite:///{name}/mlflow.db")
        mlflow.create_experiment("loop", f"{name}/artifacts")
        mlflow.set_experiment("loop")
        client, path = mlflow.MlflowClient(), Path(name, "weights.npz")
        began = time.perf_counter()
        for seed in range(some):
            with mlflow.start_run() as run:
                mlflow.log_params(vars(kind(seed=seed, epochs=epochs)))
                weights, loss, error = (array[0] for array in trained(seed))
                for label, curve in (("loss", loss), ("error", error)):
                    now = int(time.time() * 1e3)
                    points = [Metric(label, float(curve[at]), now, int(at)) for at in steps]
                    client.log_batch(run.info.run_id, points)
                solved = np.flatnonzero(error < 0.4)
                mlflow.log_metrics({"solved": float(solved.size > 0), "epochs_run": epochs})
                np.savez(path, weights=weights)
                mlflow.log_artifact(str(path))
        return (time.perf_counter() - began) / some


if __name__ == "__main__":
    main()
