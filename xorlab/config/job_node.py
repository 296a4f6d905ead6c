"""Hydra's own node of one job of a sweep: what `${hydra:...}` means in its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from hydra.core.utils import setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict

from xorlab.errors import UsageError, spell

# What Hydra fills in for each job anew.
_FILLED_IN = ("overrides", "runtime", "job.override_dirname", "job.num", "job.id")


def refuse_other_settings(node: dict[Any, Any], master: dict[Any, Any]) -> None:
    """Refuse a job that would change how the sweep itself runs.

    Hydra takes such settings from the sweep's own configuration: those of a job have no effect.

    Args:
        node: Hydra's own node of the job, as plain dictionaries and lists.
        master: that of the sweep.

    Raises:
        UsageError: names the first key that differs.
    """
    for key, value, whole in _differences(node, master, "hydra"):
        raise UsageError(
            f"{key}={spell(value)}: one job of a sweep cannot set this, as the sweep itself has "
            f"{spell(whole)}; a preset that sets it is not swept: start one command for each"
        )


def _differences(node: Any, master: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if path.removeprefix("hydra.") in _FILLED_IN or node == master:
        return
    if not (isinstance(node, dict) and isinstance(master, dict)):
        yield path, node, master
        return
    for key in [*node, *(key for key in master if key not in node)]:
        yield from _differences(node.get(key), master.get(key), f"{path}.{key}")


@contextmanager
def job_values(
    composed: DictConfig, master: DictConfig | None, overrides: Sequence[Override], number: int
) -> Iterator[DictConfig]:
    """The values of one job; while the block runs, they resolve as Hydra would resolve them.

    Args:
        composed: the whole configuration, Hydra's node included; it is completed here.
        master: the sweep's own configuration; None where there is no sweep.
        overrides: all of the job.
        number: of the job.
    """
    setup_globals()
    with open_dict(composed):
        node = composed.hydra
        node.overrides.task = [one.input_line for one in overrides if not one.is_hydra_override()]
        node.job.override_dirname = _dirname(node, overrides)
        node.runtime.output_dir = node.runtime.cwd
        if master is not None:
            node.job.id, node.job.num = str(number), number
    values = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
    if master is not None:
        # A value such as ${now:%H-%M} is the same in every job.
        OmegaConf.copy_cache(from_config=master, to_config=values)
        OmegaConf.copy_cache(from_config=master, to_config=composed)
    before = HydraConfig.instance().cfg
    try:
        HydraConfig.instance().set_config(composed)
        yield values
    finally:
        HydraConfig.instance().cfg = before


def _dirname(node: Any, overrides: Sequence[Override]) -> str:
    how = node.job.config.override_dirname
    own = [one for one in overrides if not one.is_hydra_override()]
    return str(get_overrides_dirname(own, how.exclude_keys, how.item_sep, how.kv_sep))
