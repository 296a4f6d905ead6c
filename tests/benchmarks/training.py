"""Training, side by side in one run: the notebook's loop against `xorlab.train_many`.

Usage: python -m tests.benchmarks.training [--small] [--peers] [--backends]

Rounds take turns: the loop, then each number of networks with NumPy and compiled, so that a machine
that slows down slows all of them. The median of the rounds is printed: nanoseconds per network and
epoch, and how many times faster than the loop of the same hidden size. Compiling is not counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tests.benchmarks import notebook_loop, peers
from xorlab.engines.local import Executor, Processes
from xorlab.engines.work import ShardGroup, Work
from xorlab.networks.config import Config
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import train, train_many
from xorlab.networks.trainer import TRAINER
from xorlab.networks.training_config import BACKENDS, COMPILED

PEER_EPOCHS = 300


def configs(
    count: int, hidden: int, epochs: int, backend: str = "numpy", task: TaskConfig | None = None
) -> list[Config]:
    made = [Config(seed=seed) for seed in range(count)]
    for config in made:
        config.network.hidden, config.training.epochs = hidden, epochs
        config.training.backend, config.task = backend, task or config.task
    return made


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def both_cores(count: int, hidden: int, epochs: int, cores: int) -> float:
    """Time of ``count`` networks per core, one shard of them in each worker process."""
    executor = Processes(cores)
    try:
        train_shards(executor, [shard(1, hidden, 10) for _ in range(cores)])  # start workers
        shards = [shard(count, hidden, epochs) for _ in range(cores)]
        return seconds(lambda: train_shards(executor, shards))
    finally:
        executor.close()


def shard(count: int, hidden: int, epochs: int) -> ShardGroup:
    """The work of one worker: ``count`` networks."""
    made = configs(count, hidden, epochs)
    return ShardGroup((Work(made, make_task(made[0].task), TRAINER),))


def train_shards(executor: Executor, shards: list[ShardGroup]) -> None:
    """Train all shards at once; ends the benchmark where a worker or a network failed."""
    for future in [executor.submit(shard) for shard in shards]:
        for result in future.result():
            for traceback in result.failures.values():
                raise SystemExit(f"a network was not trained: {traceback}")


def compare(hidden: int, counts: list[int], epochs: int, rounds: int, with_peers: bool) -> Table:
    cores = len(os.sched_getaffinity(0))
    times: dict[str, list[float]] = {}

    def note(name: str, spent: float, network_epochs: int) -> None:
        times.setdefault(name, []).append(1e9 * spent / network_epochs)

    for _ in range(rounds):
        loop = seconds(lambda: notebook_loop.train(42, hidden, 0.1, epochs))
        note("notebook's loop", loop, epochs)
        for count in counts:
            for backend in BACKENDS:
                some = configs(count, hidden, epochs, backend)
                run = (
                    (lambda some=some: train(some[0]))
                    if count == 1
                    else lambda some=some: train_many(some)
                )
                if backend == COMPILED:
                    train(configs(1, hidden, epochs, backend)[0])
                note(f"xorlab {backend}, {count:,} networks", seconds(run), count * epochs)
        if cores > 1:
            spent = both_cores(counts[-1], hidden, epochs, cores)
            name = f"xorlab numpy, {counts[-1]:,} on each of {cores} cores"
            note(name, spent, cores * counts[-1] * epochs)
        if with_peers:
            for name, peer in (
                ("JAX, vmap", peers.jax_seconds),
                ("JAX by hand", peers.jax_by_hand_seconds),
                ("PyTorch", peers.torch_seconds),
            ):
                spent = peer(4096, hidden, PEER_EPOCHS)
                note(f"{name}, 4,096 networks", spent, 4096 * PEER_EPOCHS)
    base = statistics.median(times["notebook's loop"])
    table = Table(box=SIMPLE_HEAD, title=f"2-{hidden}-1, {epochs:,} epochs, median of {rounds}")
    for column in ("", "ns per network-epoch", "times the loop's speed"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for name, values in times.items():
        middle = statistics.median(values)
        table.add_row(name, f"{middle:,.1f}", f"{base / middle:,.1f}")
    return table


def compare_backends(share: int, count: int, rounds: int, with_jax: bool) -> Table:
    """Both backends, and JAX laid out by hand, in turns: nanoseconds per network and epoch.

    Args:
        share: of the epochs that are trained, one in so many.
        count: of networks.
        rounds: whose median is shown.
        with_jax: whether JAX is measured too.
    """
    parity = TaskConfig.choices()["parity"]()
    parity.bits = 4
    table = Table(box=SIMPLE_HEAD, title=f"Backends, {count:,} networks, median of {rounds}")
    for column in ("", "epochs", *BACKENDS, "JAX by hand", "numpy / compiled", "JAX / compiled"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for title, hidden, epochs, task in (
        ("2-2-1", 2, 10_000, None),
        ("2-4-1", 4, 10_000, None),
        ("2-16-1", 16, 4_000, None),
        ("4-8-1, 4-bit parity", 8, 2_000, parity),
    ):
        epochs //= share
        times: dict[str, list[float]] = {}
        for _ in range(rounds):
            for backend in BACKENDS:
                train(configs(1, hidden, epochs, backend, task)[0])  # compiles
                some = configs(count, hidden, epochs, backend, task)
                times.setdefault(backend, []).append(seconds(lambda some=some: train_many(some)))
            if with_jax and task is None:
                spent = peers.jax_by_hand_seconds(count, hidden, epochs)
                times.setdefault("jax", []).append(spent)
        found = {
            name: 1e9 * statistics.median(all_) / count / epochs for name, all_ in times.items()
        }
        numpy, compiled = (found[backend] for backend in BACKENDS)
        jax = (
            (f"{found['jax']:,.0f}", f"{found['jax'] / compiled:.1f}")
            if "jax" in found
            else ("", "")
        )
        cells = [f"{numpy:,.0f}", f"{compiled:,.0f}", jax[0], f"{numpy / compiled:.1f}", jax[1]]
        table.add_row(title, f"{epochs:,}", *cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a few seconds instead of minutes")
    parser.add_argument("--peers", action="store_true", help="JAX and PyTorch too: xorlab[peers]")
    parser.add_argument("--backends", action="store_true", help="the last table alone")
    options = parser.parse_args()
    counts = [1, 64] if options.small else [1, 64, 1024, 8192]
    epochs, rounds = (500, 1) if options.small else (10_000, 3)
    console = Console(width=100)
    if not options.backends:
        for hidden in (2, 4, 16):
            console.print(compare(hidden, counts, epochs, rounds, options.peers))
    share, count, rounds = (100, 64, 1) if options.small else (1, 1024, 5)
    console.print(compare_backends(share, count, rounds, options.peers))


if __name__ == "__main__":
    main()
