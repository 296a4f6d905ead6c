"""Which of Hydra's own keys a configuration file may set; the command line may set all of them.

A file may come from another person, and some keys do more than configure a sweep: with
`hydra.job.env_set` Hydra changes the environment in which programs are found, with
`hydra.job_logging` it opens any file for writing, and with `hydra.run.dir` it makes folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from omegaconf import OmegaConf

from xorlab.config.directory import application_search_path
from xorlab.errors import UsageError, spell

_BY_FILES = ("launcher", "sweeper", "mode", "searchpath")
# What Hydra writes into its node itself, of its options and of what it has found.
_BY_HYDRA = ("overrides", "runtime", "job.override_dirname", "job.config_name", "job.num", "job.id")


def refuse_other_settings_of_files(
    node: Any, overrides: Sequence[str], primary: str, mode: RunMode
) -> None:
    """Refuse a composed `hydra` node in which a file sets what only the command line may set.

    Args:
        node: as plain dictionaries and lists, nothing resolved.
        overrides: of the command line.
        primary: name of the configuration that the application starts from.
        mode: one run, or a sweep.

    Raises:
        UsageError: names the key and its value.
    """
    ours = ConfigLoaderImpl(application_search_path()).load_configuration(
        primary, [], run_mode=mode
    )
    plain = ConfigLoaderImpl(create_config_search_path(None))
    hydras = plain.load_configuration(None, [], run_mode=mode)
    usual = [dict(_leaves(_plain(defaults), "")) for defaults in (ours, hydras)]
    for name, value in _leaves(node, ""):
        changed = all(name not in leaves or leaves[name] != value for leaves in usual)
        if changed and not _is_free(name, overrides):
            raise UsageError(
                f"hydra.{name}={spell(value)}: a configuration file cannot set this, since it "
                f"changes more than the sweep; give it on the command line, as hydra.{name}=..."
            )


def _plain(defaults: Any) -> Any:
    return OmegaConf.to_container(defaults.hydra, resolve=False)


def _leaves(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Dotted names of the values below a node, and the values."""
    if not isinstance(node, dict) or not node:
        yield name, node
        return
    for key, value in node.items():
        yield from _leaves(value, f"{name}.{key}" if name else str(key))


def _is_free(name: str, overrides: Sequence[str]) -> bool:
    """Whether files may set a key, Hydra sets it itself, or the command line has set it."""
    if any(name == free or name.startswith(f"{free}.") for free in (*_BY_FILES, *_BY_HYDRA)):
        return True
    typed = (text.lstrip("+~").partition("=")[0].replace("/", ".") for text in overrides)
    return any(f"hydra.{name}.".startswith(f"{key}.") for key in typed)
