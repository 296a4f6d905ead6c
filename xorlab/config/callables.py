"""Refusing configuration files that name code to be called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.object_type import ObjectType
from omegaconf import OmegaConf

from xorlab.errors import UsageError

# Hydra calls what its own node names: plug-ins and callbacks (`_target_`), and, as Python's logging
# does, factories and classes of handlers.
_CALLED = ("_target_", "()", "class")
_KNOWN = ("hydra_plugins.", "hydra._internal.", "hydra.core.", "logging.", "colorlog.")
# Sources of configurations that a user names; all others are code that is installed.
_OF_USERS = ("main", "command-line", "hydra.searchpath in main", "hydra.searchpath in command-line")


def refuse_calls(node: Any, overrides: Sequence[str], loader: ConfigLoader) -> None:
    """Refuse a composed `hydra` node that would have Hydra call anything but its plug-ins.

    The user typed the command line, so it may name any callable, and plug-ins that are installed
    register callables of their own, such as the samplers of a search; a configuration file may
    come from another person.

    Args:
        node: as plain dictionaries and lists, nothing resolved.
        overrides: of the command line.
        loader: which knows what plug-ins have registered.

    Raises:
        UsageError: names the key and what it would have called.
    """
    for key, named in _calls(node, "hydra"):
        spoken = any(override.lstrip("+").startswith(f"{key}=") for override in overrides)
        if str(named).startswith(_KNOWN) or spoken:
            continue
        if named not in _registered(loader):
            raise UsageError(
                f"{key}={named}: must be a plug-in (hydra_plugins.*) or a handler of logging where "
                "a file says it: a file cannot name code to be called"
            )


def _registered(loader: ConfigLoader) -> set[Any]:
    """What installed plug-ins name, in Hydra's store or in files that they add to its search."""
    found: set[Any] = set()
    for source in loader.get_sources():
        if source.provider in _OF_USERS:
            continue
        groups = ["hydra"] if source.is_group("hydra") else []
        while groups:
            group = groups.pop()
            groups += [f"{group}/{name}" for name in source.list(group, ObjectType.GROUP)]
            for name in source.list(group, ObjectType.CONFIG):
                config = source.load_config(f"{group}/{name}").config
                plain = OmegaConf.to_container(config, resolve=False)
                found.update(named for _, named in _calls(plain, group))
    return found


def _calls(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Keys by which something is called, anywhere below a node, with what they name."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _CALLED and not isinstance(value, dict | list):
                yield f"{path}.{key}", value
            yield from _calls(value, f"{path}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _calls(value, f"{path}.{number}")
