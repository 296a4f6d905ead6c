"""The sweepers and the launcher of xorlab, where Hydra's discovery looks for them.

Discovery runs this module's code on every start of every Hydra application, so the work itself is
imported when it begins. It runs it before the module has a name among the imported ones, where
dataclasses cannot resolve annotations that are text: no postponed annotations here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class _Plugin:
    """What sweeper and launcher keep of what Hydra hands over."""

    hydra_context: HydraContext | None = None
    config: DictConfig | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra hands over; nothing starts yet."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config


class VectorizedLauncher(_Plugin, Launcher):
    """Trains the jobs of a sweep together, as few large array programs.

    Its keys are those of `xorlab.engines.options.Options`.
    """

    def __init__(
        self,
        engine: str = "local",
        executor: str = "processes",
        workers: int | None = None,
        address: str | None = None,
        partition: str | None = None,
        time: int | None = None,
        memory: int | None = None,
        cpus: int | None = None,
        folder: str | None = None,
        start_timeout: float | None = None,
    ) -> None:
        self.engine = engine
        self.executor = executor
        self.workers = workers
        self.address = address
        self.partition = partition
        self.time = time
        self.memory = memory
        self.cpus = cpus
        self.folder = folder
        self.start_timeout = start_timeout

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run jobs; their returns are in their order."""
        from xorlab.sweep.launch import launch

        return launch(self, job_overrides, initial_job_idx)


class VectorizedSweeper(_Plugin, Sweeper):
    """The grid of all combinations of the swept values.

    Args:
        params: overrides that belong to the sweep itself, such as a study's; the command line's
            come later and win.
    """

    def __init__(self, params: dict[str, Any] | None = None) -> None:
        self.params = params or {}

    def sweep(self, arguments: list[str]) -> Any:
        """Run the whole grid: a list with one batch of job returns."""
        from xorlab.sweep.launch import sweep_grid

        return sweep_grid(self, arguments)


class PrecisionSweeper(_Plugin, Sweeper):
    """Adds seeds to each setting of a grid until its success rate is known well enough.

    Args:
        params: as of the vectorized sweeper.
        half_width: a setting has seeds enough when the interval of its success rate is no wider
            than this on either side, on average.
        confidence: of that interval, which stays valid however often it is looked at.
        max_seeds: seeds that a setting gets at most.
        first_seed: every setting begins with this one.
        first_round: seeds that every setting gets before the first look.
    """

    def __init__(
        self,
        params: dict[str, Any] | None = None,
        half_width: float = 0.05,
        confidence: float = 0.95,
        max_seeds: int = 1000,
        first_seed: int = 0,
        first_round: int = 20,
    ) -> None:
        self.params = params or {}
        self.half_width = half_width
        self.confidence = confidence
        self.max_seeds = max_seeds
        self.first_seed = first_seed
        self.first_round = first_round

    def sweep(self, arguments: list[str]) -> Any:
        """Run all rounds: a list with one batch of job returns for each."""
        from xorlab.sweep.precision import sweep_to_precision

        return sweep_to_precision(self, arguments)


@dataclass
class LauncherConf:
    """Keys of `hydra.launcher`."""

    _target_: str = "hydra_plugins.xorlab.vectorized.VectorizedLauncher"
    engine: str = "local"
    executor: str = "processes"
    workers: int | None = None
    address: str | None = None
    partition: str | None = None
    time: int | None = None
    memory: int | None = None
    cpus: int | None = None
    folder: str | None = None
    start_timeout: float | None = None


@dataclass
class SweeperConf:
    """Keys of `hydra.sweeper`."""

    _target_: str = "hydra_plugins.xorlab.vectorized.VectorizedSweeper"
    params: dict[str, Any] | None = field(default_factory=dict)


@dataclass
class PrecisionConf:
    """Keys of `hydra.sweeper` with `hydra/sweeper=precision`."""

    _target_: str = "hydra_plugins.xorlab.vectorized.PrecisionSweeper"
    params: dict[str, Any] | None = field(default_factory=dict)
    half_width: float = 0.05
    confidence: float = 0.95
    max_seeds: int = 1000
    first_seed: int = 0
    first_round: int = 20


_store = ConfigStore.instance()
_store.store(group="hydra/launcher", name="vectorized", node=LauncherConf, provider="xorlab")
_store.store(group="hydra/sweeper", name="vectorized", node=SweeperConf, provider="xorlab")
_store.store(group="hydra/sweeper", name="precision", node=PrecisionConf, provider="xorlab")
