"""How much memory a training will need, from the shapes of its arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from xorlab.config.values import flat
from xorlab.networks.columns import padded
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import wiring_of
from xorlab.networks.parameters import parameter_count
from xorlab.networks.schedule import record_steps
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import lane_bytes, layer_sizes
from xorlab.networks.training_config import COMPILED
from xorlab.trainers.memory import (
    MOST_CURVES,
    PARENT,
    PIXEL,
    POINTS_AT_ONCE,
    RUN,
    WORKER,
    MemoryEstimate,
)

# Measured: what a point of a curve costs where it is in the tables of the summary, or on its way
# into the store.
_SUMMARISED, _RECORDED = 200, 900
_COMPILER = 110_000_000  # LLVM, in each process that compiles
_COPIES = 3  # of a curve in a worker: as it is trained, turned round, and on its way home


_ADVICE = {
    "training.record_every": "a larger training.record_every (null: about 200 points a run), "
    "fewer seeds at a time",
    "network.hidden": "a smaller network.hidden",
    "landscape.width": "a smaller landscape.width and landscape.height",
    "hydra.launcher.workers": "fewer seeds at a time",
}


def estimate_memory(
    shards: Iterable[tuple[Config, Task, int]], runs: Sequence[tuple[Config, int]], workers: int
) -> MemoryEstimate:
    """What a sweep needs.

    Args:
        shards: of each one of its configurations, its task and how many there are.
        runs: each setting of the sweep, and how many runs have it, the finished ones included.
        workers: processes that train; 0 where the parent does.
    """
    many = list(shards)
    longest = max((_points(config) for config, _ in runs), default=0)
    points, total = sum(n * _points(config) for config, n in runs), sum(n for _, n in runs)
    arrays = [_arrays(config, task, count) for config, task, count in many]
    curves = [8 * count * _points(config) for config, _, count in many]
    training = max((a + _COPIES * c for a, c in zip(arrays, curves, strict=True)), default=0)
    training += max((_compiler(config) for config, _, _ in many), default=0)
    # Results wait to be recorded, twice as many as there are workers.
    waiting = max(1, 2 * workers) * max(curves, default=0)
    recorded = _RECORDED * min(points, max(POINTS_AT_ONCE, longest))
    summarised = _SUMMARISED * points * min(total, MOST_CURVES) // max(1, total)
    parent = PARENT + RUN * total + max(waiting + recorded, summarised)
    working = min(workers, len(many))
    if not workers:
        parent += training
    worker = (WORKER + training) if working else 0
    causes = {
        "training.record_every": summarised + waiting + recorded + _COPIES * max(curves, default=0),
        "network.hidden": max(1, working) * max(arrays, default=0),
        "hydra.launcher.workers": working * WORKER,
    }
    key = max(causes, key=lambda name: causes[name])
    value: object = workers
    if key != "hydra.launcher.workers":
        value = flat(max((config for config, _ in runs), key=_points))[key]
    return MemoryEstimate(parent, worker, working, (key, value), _ADVICE[key])


def estimate_landscape_memory(
    config: Config, task: Task, piece: int, pixels: int, workers: int
) -> MemoryEstimate:
    """What a landscape needs.

    Args:
        config: of one of its pixels.
        task: what every network learns.
        piece: how many are trained at a time.
        pixels: how many there are.
        workers: processes that train; 0 where the parent does.
    """
    training = _arrays(config, task, piece) + _COPIES * 8 * _points(config) * piece
    training += _compiler(config)
    parent = PARENT + PIXEL * pixels + (0 if workers else training)
    worker = WORKER + training if workers else 0
    wide = PIXEL * pixels > max(1, workers) * training
    key = "landscape.width" if wide else "network.hidden"
    return MemoryEstimate(parent, worker, workers, (key, flat(config)[key]), _ADVICE[key])


def _compiler(config: Config) -> int:
    return _COMPILER if config.training.backend == COMPILED else 0


def _points(config: Config) -> int:
    return _points_of(config.training.epochs, config.training.record_every)


@lru_cache(maxsize=256)
def _points_of(epochs: int, every: int | None) -> int:
    """Points of a curve, without making it where it is long."""
    if every is None:
        return len(record_steps(epochs))
    return epochs // every + 2


def _arrays(config: Config, task: Task, count: int) -> int:
    """While one shard is trained: the epoch's arrays, and the weights before, after and sent."""
    sizes = layer_sizes(config, task)
    weights = 8 * parameter_count(sizes, wiring_of(config))
    return padded(count) * lane_bytes(config, task) + 5 * count * weights
