"""The patterns that a recorded run was trained on."""

from __future__ import annotations

from xorlab.config.values import flat
from xorlab.errors import ConfigError
from xorlab.networks.spec import spec_of
from xorlab.networks.tasks.tasks import Task
from xorlab.tracking.read.weights import Network


def recorded_task(network: Network, key: str, task: Task | None = None) -> Task:
    """The patterns that a run was trained on.

    Args:
        network: that the run left.
        key: of the run.
        task: as it is now; None to make it.

    Raises:
        ConfigError: they are no longer there, or have changed since.
    """
    spec = spec_of(network.config, task)
    found: Task = spec.data
    if found.digest is not None and spec.key(network.config.seed) != key:
        path = flat(network.config)["task.path"]
        raise ConfigError("task.path", path, "as it was when this run was trained on it")
    return found
