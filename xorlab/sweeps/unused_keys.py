"""Refuses keys that would have no effect: of a sweep where there is none, of jobs run apart."""

from __future__ import annotations

from typing import Any

from hydra.conf import HydraConf
from hydra.experimental.callback import Callback
from omegaconf import OmegaConf

from xorlab.config.launcher_keys import LauncherConfig, SweeperConfig
from xorlab.errors import UsageError, spell
from xorlab.system.program import typed_program

_WAY = "leave it out, or run job after job with hydra/launcher=basic"
_NO_FOLDER = "jobs that are trained together leave their files in MLflow, and have no folder"
# Keys of Hydra's own node, what they are in `conf/config.yaml`, and why they have no effect.
_AROUND_A_JOB: tuple[tuple[str, Any, str], ...] = (
    ("sweep.dir", ".", _NO_FOLDER),
    ("sweep.subdir", ".", _NO_FOLDER),
    ("output_subdir", None, _NO_FOLDER),
    (
        "job.env_set",
        {},
        "jobs that are trained together have the variables of the command itself, as in "
        "NAME=VALUE xorlab -m",
    ),
    (
        "job_logging",
        {"version": 1, "root": None, "disable_existing_loggers": False},
        "jobs that are trained together have no log of their own",
    ),
)


def refuse_sweep_keys(hydra: HydraConf, landscape: bool) -> None:
    """Refuse a sweeper, a launcher, or their keys, for a single run.

    Args:
        hydra: Hydra's own node of the configuration.
        landscape: whether the run is a landscape, which uses the launcher's keys.

    Raises:
        UsageError: names what would have had no effect, and the way out.
    """
    params = hydra.sweeper.get("params")
    if params:
        study = hydra.runtime.choices.get("study")
        axes = " ".join(f"{key}={value}" for key, value in params.items())
        what = f"study={study}: it" if study else "hydra.sweeper.params: this"
        raise UsageError(f"{what} is a sweep, of {axes}; start it with {typed_program()} -m")
    what = "a landscape is one run, which" if landscape else "a run by itself"
    way = "leave it out" if landscape else "add -m for a sweep, or leave it out"
    _refuse_other(hydra, "sweeper", SweeperConfig(), f"{what} has no sweeper; {way}")
    if not landscape:
        _refuse_other(hydra, "launcher", LauncherConfig(), f"{what} has no launcher; {way}")


def refuse_job_keys(plugin: Any) -> None:
    """Refuse what Hydra does around each job, where jobs are trained together.

    Args:
        plugin: xorlab's own launcher, or a sweeper with it, set up by Hydra.

    Raises:
        UsageError: names what would have had no effect, and the way out.
    """
    refuse_chdir(plugin)
    node = OmegaConf.to_container(plugin.config.hydra, resolve=False)
    for key, usual, why in _AROUND_A_JOB:
        value: Any = node
        for part in key.split("."):
            value = value[part]
        if value != usual:
            shown = "" if isinstance(value, dict) else f"={spell(value)}"
            raise UsageError(f"hydra.{key}{shown}: {why}; {_WAY}")
    for one in plugin.hydra_context.callbacks.callbacks:
        for name in ("on_job_start", "on_job_end"):
            usual = getattr(Callback, name)
            if getattr(type(one), name, usual) is not usual:
                raise UsageError(
                    f"hydra.callbacks: {type(one).__name__}.{name} would never be called, as jobs "
                    f"are trained together; {_WAY}"
                )


def refuse_chdir(plugin: Any) -> None:
    """Refuse a sweep whose jobs change their folder, whatever launches them.

    Raises:
        UsageError: names the key.
    """
    if plugin.config.hydra.job.chdir:
        raise UsageError(
            "hydra.job.chdir=true: the jobs of a sweep are recorded in one store, and read the "
            "same tables; both are found from the folder of the command: leave it out"
        )


def _refuse_other(
    hydra: HydraConf, plugin: str, usual: SweeperConfig | LauncherConfig, why: str
) -> None:
    node, defaults = getattr(hydra, plugin), vars(usual)
    if node["_target_"] != defaults["_target_"]:
        raise UsageError(f"hydra/{plugin}={hydra.runtime.choices[f'hydra/{plugin}']}: {why}")
    for name, value in node.items():
        if value != defaults[name]:
            raise UsageError(f"hydra.{plugin}.{name}={spell(value)}: {why}")
