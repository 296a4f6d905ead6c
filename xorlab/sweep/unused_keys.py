"""Refuses keys that only a sweep uses, if there is no sweep."""

from __future__ import annotations

from hydra.conf import HydraConf

from xorlab.config.launcher_keys import LauncherConfig, SweeperConfig
from xorlab.errors import UsageError, spell


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
        raise UsageError(f"{what} is a sweep, of {axes}; start it with xorlab -m")
    what = "a landscape is one run, which" if landscape else "a run by itself"
    way = "leave it out" if landscape else "add -m for a sweep, or leave it out"
    _refuse_other(hydra, "sweeper", SweeperConfig(), f"{what} has no sweeper; {way}")
    if not landscape:
        _refuse_other(hydra, "launcher", LauncherConfig(), f"{what} has no launcher; {way}")


def _refuse_other(
    hydra: HydraConf, plugin: str, usual: SweeperConfig | LauncherConfig, why: str
) -> None:
    node, defaults = getattr(hydra, plugin), vars(usual)
    if node["_target_"] != defaults["_target_"]:
        raise UsageError(f"hydra/{plugin}={hydra.runtime.choices[f'hydra/{plugin}']}: {why}")
    for name, value in node.items():
        if value != defaults[name]:
            raise UsageError(f"hydra.{plugin}.{name}={spell(value)}: {why}")
