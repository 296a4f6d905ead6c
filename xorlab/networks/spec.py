"""A setting of the built-in trainer and everything that follows from it."""

from __future__ import annotations

from xorlab.networks.config import Config
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.trainer import TRAINER
from xorlab.trainers import spec
from xorlab.trainers.spec import Spec


def spec_of(config: Config, task: Task | None = None) -> Spec:
    """The spec of one configuration.

    Args:
        config: checked; not to be changed afterwards.
        task: its patterns; None to make them.

    Raises:
        ConfigError: the task cannot be made, such as a table that is not there.
    """
    return spec.spec_of(TRAINER, config, task)


def run_key(config: Config) -> str:
    """The identity of a run; see `xorlab.config.identity.RunKeys`.

    Raises:
        ConfigError: the run's table cannot be read.
    """
    return spec_of(config).key(config.seed)
