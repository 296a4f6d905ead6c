"""The composing stage: overrides in, checked jobs out. It knows Hydra, and no store or engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from xorlab.analysis.counts import counted
from xorlab.config.compose import Composer
from xorlab.config.messages import readable
from xorlab.config.syntax import refuse_wrong_sort
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.errors import ConfigError, UsageError
from xorlab.sweeps.plan.grid import grid_of
from xorlab.sweeps.plan.jobs import Catalogue, Jobs, override_words
from xorlab.sweeps.plan.override_grid import OverrideGrid
from xorlab.trainers.spec import Spec
from xorlab.trainers.trainer import Trainer

_MANY = 10_000  # jobs; composing so many takes seconds


def trainer_of(plugin: Any) -> Trainer:
    """The trainer of the application that Hydra runs.

    Args:
        plugin: launcher or sweeper, set up by Hydra.
    """
    trainer: Trainer = plugin.task_function.trainer
    return trainer


def launcher_and_grid(sweeper: Any, arguments: Sequence[str]) -> tuple[Any, OverrideGrid]:
    """The configured launcher, and the overrides of each job of the grid.

    Args:
        sweeper: the plug-in, set up by Hydra, with its own overrides as ``params``.
        arguments: the command line's overrides, which win over ``params``.

    Raises:
        UsageError: an override cannot be parsed.
    """
    parser = OverridesParser.create(config_loader=sweeper.hydra_context.config_loader)
    params = [f"{key}={value}" for key, value in sweeper.params.items()]
    with readable(trainer_of(sweeper).schema, arguments):
        overrides = parser.parse_overrides([*params, *arguments])
        grid = grid_of(overrides)
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=sweeper.hydra_context,
            task_function=sweeper.task_function,
            config=sweeper.config,
        )
    return launcher, grid


def compose_jobs(
    plugin: Any,
    grid: Sequence[Sequence[str]],
    first: int,
    catalogue: Catalogue,
    tell: Callable[[str], None],
) -> Jobs:
    """Compose and check jobs, and add them to a catalogue.

    Args:
        plugin: launcher or sweeper, set up by Hydra.
        grid: the overrides of each job.
        first: number of the first job.
        catalogue: where the jobs are added.
        tell: prints a line.

    Raises:
        UsageError: something is wrong with a job; the message names it.
    """
    trainer = catalogue.trainer
    composer = Composer(trainer.schema, plugin.hydra_context.config_loader, plugin.config)
    params = OmegaConf.select(plugin.config, "hydra.sweeper.params") or {}
    refuse_wrong_sort([f"{key}={value}" for key, value in params.items()])
    start = len(catalogue)
    if len(grid) >= _MANY:
        tell(f"composing and checking {counted(len(grid), 'job')}")
    catalogue.begin(grid)
    specs: dict[int, Spec] = {}  # by the id of a configuration that is composed once for all seeds
    for number, overrides in enumerate(grid, first):
        try:
            with readable(trainer.schema, overrides):
                config, seed, is_shared = composer.setting(overrides, number)
            trainer.check_seed(seed)
            spec = specs.get(id(config)) if is_shared else None
            if spec is None:
                trainer.check_job(config)
                spec = catalogue.specs.of(config)
                if is_shared:
                    specs[id(config)] = spec
        except (ConfigError, UsageError) as error:
            several = len(grid) > 1
            job = (
                f"job {number - first + 1:,} of {len(grid):,} ({override_words(overrides)}): "
                if several
                else ""
            )
            raise UsageError(f"{job}{error}{_apart(error, grid)}") from error
        catalogue.add(number, spec, seed)
    return catalogue.since(start)


def _apart(error: Exception, grid: Sequence[Sequence[str]]) -> str:
    """What to do where a key does not belong to all swept choices of its group."""
    if not isinstance(error, ConfigError):
        return ""
    group = f"{error.key.partition('.')[0]}="
    choices = {one for overrides in grid for one in overrides if one.startswith(group)}
    if len(choices) < 2 or not error.allowed.startswith("left out where"):
        return ""
    return (
        "; run a sweep for each, into one experiment: xorlab-report --filter makes a report of "
        "both, and xorlab.load_runs reads them together"
    )


def shared_tracking(jobs: Jobs) -> TrackingConfig:
    """The tracking configuration of all jobs.

    Raises:
        UsageError: one of its keys is swept.
    """
    sections: list[TrackingConfig] = [spec.config.tracking for spec, _ in jobs.settings()]
    first, *others = sections
    for other in others:
        for key, value in vars(other).items():
            if value != getattr(first, key):
                raise UsageError(
                    f"tracking.{key}: cannot be swept; one sweep is recorded in one way"
                )
    return first
