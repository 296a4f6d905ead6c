"""The sweepers and the launcher of xorlab, where Hydra's discovery looks for them.

Hydra runs this module on every start of every Hydra application, so it imports little: the code
that does the work is imported when a sweep begins.
"""

from collections.abc import Sequence
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from xorlab.config.launcher_keys import LauncherConfig, PrecisionConfig, SweeperConfig


class _Plugin:
    """What Hydra gives a sweeper and a launcher."""

    hydra_context: HydraContext | None = None
    config: DictConfig | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep the arguments; nothing starts yet."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config


class VectorizedLauncher(_Plugin, Launcher):
    """Trains the jobs of a sweep together, as few large array programs.

    Args:
        keys: those of `LauncherConfig`.
    """

    def __init__(self, **keys: Any) -> None:
        self.options = LauncherConfig(**keys)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run jobs; their returns are in their order."""
        from xorlab.sweeps.launch import launch

        return launch(self, job_overrides, initial_job_idx)


class VectorizedSweeper(_Plugin, Sweeper):
    """The grid of all combinations of the swept values.

    Args:
        keys: those of `SweeperConfig`.
    """

    def __init__(self, **keys: Any) -> None:
        self.params = SweeperConfig(**keys).params or {}

    def sweep(self, arguments: list[str]) -> Any:
        """Run the whole grid; returns a list with one batch of job returns."""
        from xorlab.sweeps.launch import sweep_grid

        return sweep_grid(self, arguments)


class PrecisionSweeper(_Plugin, Sweeper):
    """Adds seeds to each setting of a grid until its success rate is known well enough.

    Args:
        keys: those of `PrecisionConfig`.
    """

    def __init__(self, **keys: Any) -> None:
        self.target = PrecisionConfig(**keys)
        self.params = self.target.params or {}

    def sweep(self, arguments: list[str]) -> Any:
        """Run all rounds; returns a list with one batch of job returns for each."""
        from xorlab.sweeps.precision import sweep_to_precision

        return sweep_to_precision(self, arguments)


_store = ConfigStore.instance()
_store.store(group="hydra/launcher", name="vectorized", node=LauncherConfig, provider="xorlab")
_store.store(group="hydra/sweeper", name="vectorized", node=SweeperConfig, provider="xorlab")
_store.store(group="hydra/sweeper", name="precision", node=PrecisionConfig, provider="xorlab")
