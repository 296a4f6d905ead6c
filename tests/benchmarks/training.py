"""Training, side by side in one run: the notebook's loop against `xorlab.train_many`.

Usage: python -m tests.benchmarks.training [--small]

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

from tests.benchmarks import notebook_loop
from xorlab.engines.local import Executor, Processes
from xorlab.engines.work import ShardGroup, Work
from xorlab.networks.config import Config
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import train, train_many
from xorlab.networks.trainer import TRAINER
from xorlab.networks.training_config import BACKENDS, COMPILED


def configs(count: int, hidden: int, epochs: int, backend: str = "numpy") -> list[Config]:
    made = [Config(seed=seed) for seed in range(count)]
    for config in made:
        config.network.hidden, config.training.epochs = hidden, epochs
        config.training.backend = backend
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


def compare(hidden: int, counts: list[int], epochs: int, rounds: int) -> Table:
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
    base = statistics.median(times["notebook's loop"])
    table = Table(box=SIMPLE_HEAD, title=f"2-{hidden}-1, {epochs:,} epochs, median of {rounds}")
    for column in ("", "ns per network-epoch", "times the loop's speed"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for name, values in times.items():
        middle = statistics.median(values)
        table.add_row(name, f"{middle:,.1f}", f"{base / middle:,.1f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a few seconds instead of minutes")
    options = parser.parse_args()
    counts = [1, 64] if options.small else [1, 64, 1024, 8192]
    epochs, rounds = (500, 1) if options.small else (10_000, 3)
    console = Console(width=100)
    for hidden in (2, 4, 16):
        console.print(compare(hidden, counts, epochs, rounds))


if __name__ == "__main__":
    main()
