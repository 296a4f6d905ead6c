"""What training costs, before anybody has measured it: the model behind plans and cuts."""

from __future__ import annotations

from itertools import pairwise

from xorlab.networks.config import Config
from xorlab.networks.initial_weights import wiring_of
from xorlab.networks.parameters import parameter_count
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import layer_sizes
from xorlab.networks.updates.update import seen_of

# Measured on one core: what a call of NumPy costs, what a number in an array costs, per epoch; and
# what a network costs before its first epoch and after its last.
_SECONDS_PER_PASS = 30e-6
_SECONDS_PER_NUMBER = 1.8e-9
_SECONDS_PER_NETWORK = 20e-6


def seconds_of(config: Config, task: Task, count: int) -> float:
    """Estimated time on one core to train so many networks together."""
    patterns, outputs = task.targets.shape
    sizes = layer_sizes(config, task)
    sums = sum(a * b for a, b in pairwise(sizes))
    if config.network.skip:
        sums += sizes[0] * outputs
    weights = parameter_count(sizes, wiring_of(config))
    passes = -(-patterns // seen_of(config.training, patterns)) + config.optimizer.trials
    numbers = (1 + config.optimizer.trials) * patterns * (2 * sum(sizes[1:]) + sums) + 2 * sums
    if config.optimizer.needs_jacobian:
        numbers += patterns * outputs * weights**2 + config.optimizer.trials * weights**3 // 3
    if task.validation is not None:
        numbers += len(task.validation.inputs) * (sum(sizes[1:]) + sums)
    # A rule that carries more than momentum makes some four passes over each of its arrays.
    carried = max(0, len(config.optimizer.states()) - 1)
    numbers += passes * 4 * carried * weights
    calls = passes * (len(sizes) - 2) * max(1, outputs)
    epoch = calls * _SECONDS_PER_PASS + count * numbers * _SECONDS_PER_NUMBER
    return float(epoch * config.training.epochs + count * _SECONDS_PER_NETWORK)
