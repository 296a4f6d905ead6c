"""Training with every backend and in other libraries, side by side in one run.

Usage: python -m tests.benchmarks.backends [--small] [--rounds N] [--cpu]

Each contender has a process of its own on each core, tied to it; all take turns in every round, on
one core and then on all of them at once. Nanoseconds per network and epoch, the median of the
rounds; where cores work together, all their networks count. Compiling is not counted, and before
anything is timed every contender must answer as NumPy does after some epochs (with mini-batches,
each draws its own order). JAX and PyTorch are measured where they are installed: `xorlab[peers]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.util import find_spec

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tests.benchmarks import peers
from tests.benchmarks.peers import Problem
from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import initial_layers
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import train_many

COMPARED = 20  # epochs after which all must answer alike

Measured = tuple[float, np.ndarray]


def configs(problem: Problem, backend: str, count: int, epochs: int) -> list[Config]:
    """The same networks for xorlab."""
    made = [Config(seed=seed) for seed in range(count)]
    for config in made:
        config.task, config.network.hidden = task_of(problem.title), problem.hidden
        config.optimizer.lr, config.training.epochs = problem.lr, epochs
        config.training.backend = backend
        if problem.batch is not None:
            config.training.update, config.training.batch_size = "minibatch", problem.batch
    return made


def task_of(title: str) -> TaskConfig:
    """The task of a row."""
    if "parity" in title:
        task = TaskConfig.choices()["parity"]()
        task.bits = 4
        return task
    if "iris" in title:
        task = TaskConfig.choices()["dataset"]()
        task.name = "iris"
        return task
    return Config().task


def xorlab(backend: str) -> Callable[[Problem, int, int], Measured]:
    """Training with one of the backends, configurations checked and weights drawn included."""

    def measure(problem: Problem, count: int, epochs: int) -> Measured:
        some = configs(problem, backend, count, epochs)
        began = peers.clock()
        results = train_many(some)
        return peers.clock() - began, np.stack([one.predictions for one in results])

    return measure


def peer(train: Callable[..., Measured]) -> Callable[[Problem, int, int], Measured]:
    """Training in another library, from the same weights."""

    def measure(problem: Problem, count: int, epochs: int) -> Measured:
        return train(problem, initial(problem, count), epochs)

    return measure


@cache
def initial(problem: Problem, count: int) -> list[np.ndarray]:
    """Weights and biases of many networks, networks first."""
    sizes = (problem.inputs.shape[1], problem.hidden, problem.targets.shape[1])
    layers = [initial_layers(one, sizes) for one in configs(problem, "numpy", count, 1)]
    parts = [[w1, b1, w2, b2] for (w1, w2), (b1, b2) in ((x.weights, x.biases) for x in layers)]
    return [np.stack(one) for one in zip(*parts, strict=True)]


NUMPY, COMPILED = "xorlab numpy", "xorlab compiled"
CONTENDERS: dict[str, Callable[[Problem, int, int], Measured]] = {
    NUMPY: xorlab("numpy"),
    COMPILED: xorlab("compiled"),
    "JAX, vmap": peer(peers.jax_vmap),
    "JAX by hand": peer(peers.jax_by_hand),
    "PyTorch by hand": peer(peers.torch_by_hand),
    "PyTorch, vmap": peer(peers.torch_vmap),
}
SMALL_NETWORKS = (NUMPY, COMPILED, "JAX, vmap", "JAX by hand", "PyTorch by hand")
DATA = (NUMPY, COMPILED, "JAX, vmap", "PyTorch, vmap")
LIBRARIES = {"JAX": "jax", "PyTorch": "torch", COMPILED: "llvmlite"}


def is_installed(name: str) -> bool:
    return all(find_spec(own) for start, own in LIBRARIES.items() if name.startswith(start))


_PROBLEMS: dict[str, Problem] = {}


def measure(name: str, problem: Problem, count: int, epochs: int) -> Measured:
    """What a worker does; it keeps its problems, so that what is compiled for them stays."""
    return CONTENDERS[name](_PROBLEMS.setdefault(problem.title, problem), count, epochs)


def tie(core: int, cpu: bool) -> None:
    """Keep a worker on one core, and end it where the benchmark was killed."""
    if cpu:
        peers.clock = time.process_time
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {core})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class Contender:
    """Its processes, one on each core."""

    def __init__(self, name: str, cores: Sequence[int], cpu: bool) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pools = [ProcessPoolExecutor(1, context, tie, (core, cpu)) for core in cores]

    def run(self, problem: Problem, count: int, epochs: int, cores: int) -> list[Measured]:
        """Train so many networks on each of so many cores at once."""
        work = (measure, self.name, problem, count, epochs)
        return [one.result() for one in [pool.submit(*work) for pool in self._pools[:cores]]]

    def close(self) -> None:
        for pool in self._pools:
            pool.shutdown()


def compare(
    title: str,
    names: Sequence[str],
    problems: Sequence[Problem],
    count: int,
    rounds: int,
    cpu: bool,
) -> Table:
    """Contenders in turns, a row for each problem and number of cores."""
    cores = sorted(os.sched_getaffinity(0))
    contenders = [Contender(name, cores, cpu) for name in names if is_installed(name)]
    table = Table(box=SIMPLE_HEAD, title=f"{title}, {count:,} networks, median of {rounds}")
    for column in ("", "cores", "epochs", *names, "best peer / compiled"):
        table.add_column(column, justify="left" if not column else "right")
    try:
        for problem in problems:
            for one in contenders:
                check(problem, one, count, len(cores))
            for number in dict.fromkeys((1, len(cores))):
                times: dict[str, list[float]] = {}
                for _ in range(rounds):
                    for one in contenders:
                        spent = max(s for s, _ in one.run(problem, count, problem.epochs, number))
                        own = 1e9 * spent / count / problem.epochs / number
                        times.setdefault(one.name, []).append(own)
                found = {name: statistics.median(own) for name, own in times.items()}
                cells = [f"{found[n]:,.0f}" if n in found else "not installed" for n in names]
                others = [own for name, own in found.items() if not name.startswith("xorlab")]
                ratio = f"{min(others) / found[COMPILED]:.1f}" if others else ""
                table.add_row(problem.title, str(number), f"{problem.epochs:,}", *cells, ratio)
    finally:
        for one in contenders:
            one.close()
    return table


def check(problem: Problem, contender: Contender, count: int, cores: int) -> None:
    """Compile, and see that the same is trained."""
    expected = CONTENDERS[NUMPY](problem, 8, COMPARED)[1]
    for _, answers in contender.run(problem, count, COMPARED, cores):
        if problem.batch is None and not np.allclose(answers[:8], expected, rtol=1e-9):
            raise SystemExit(f"{contender.name} does not train the same: {problem.title}")


def problem_of(title: str, hidden: int, epochs: int, lr: float, batch: int | None) -> Problem:
    task = make_task(task_of(title))
    return Problem(title, task.inputs, task.targets, hidden, epochs, lr, batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a few seconds instead of minutes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--cpu", action="store_true", help="count processor seconds: the machine has other work"
    )
    options = parser.parse_args()
    small, cpu = options.small, options.cpu
    share, rounds = (100, 1) if small else (1, options.rounds)
    console = Console(width=140)
    rows = (
        ("2-2-1", 2, 10_000),
        ("2-4-1", 4, 5000),
        ("2-16-1", 16, 2000),
        ("4-8-1, 4-bit parity", 8, 1000),
    )
    problems = [problem_of(title, hidden, n // share, 0.1, None) for title, hidden, n in rows]
    count = 64 if small else 1024
    console.print(compare("Small networks", SMALL_NETWORKS, problems, count, rounds, cpu))
    try:
        problems = [
            problem_of("4-8-3, iris, full batch", 8, max(1, 60 // share), 0.001, None),
            problem_of("4-8-3, iris, mini-batches of 16", 8, max(1, 30 // share), 0.01, 16),
        ]
    except ConfigError as error:
        console.print(f"no data: {error}")
        return
    count = 64 if small else 4096
    console.print(compare("A data set", DATA, problems, count, min(rounds, 3), cpu))


if __name__ == "__main__":
    main()
