"""Why one run failed, before it is recorded: without pandas, which takes long to import."""

from __future__ import annotations

import numpy as np

from xorlab.failures.classes import DEFAULTS, Thresholds
from xorlab.failures.classify import classify
from xorlab.failures.failure_numbers import curve_numbers, surface_numbers
from xorlab.networks.config import Config
from xorlab.networks.result import NetworkResult
from xorlab.networks.tasks.tasks import Task


def failure_of(
    config: Config, task: Task, result: NetworkResult, thresholds: Thresholds = DEFAULTS
) -> str:
    """The class of failure of one run.

    Args:
        config: that it was trained with.
        task: the patterns.
        result: what training gave back; not solved.
        thresholds: where one class ends and the next begins.

    Raises:
        ConfigError: a network with too many parameters for its Hessian.
    """
    numbers = surface_numbers([config], task, [result], thresholds)
    for name, value in curve_numbers(result.steps, result.loss).items():
        numbers[name] = np.array([value])
    numbers["outcome"] = np.array([result.outcome])
    (failure,) = classify(numbers, thresholds)
    return failure
