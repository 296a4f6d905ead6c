"""Refusing configuration files that name code to be called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xorlab.errors import UsageError

# Hydra calls what its own node names: plug-ins and callbacks (`_target_`), and, as Python's logging
# does, factories and classes of handlers.
_CALLED = ("_target_", "()", "class")
_KNOWN = ("hydra_plugins.", "hydra._internal.", "hydra.core.", "logging.", "colorlog.")


def refuse_calls(node: Any, overrides: Sequence[str]) -> None:
    """Refuse a composed `hydra` node that would have Hydra call anything but its plug-ins.

    The user typed the command line, so it may name any callable; a configuration file may come
    from another person.

    Args:
        node: as plain dictionaries and lists, nothing resolved.
        overrides: of the command line.

    Raises:
        UsageError: names the key and what it would have called.
    """
    for key, named in _calls(node, "hydra"):
        spoken = any(override.lstrip("+").startswith(f"{key}=") for override in overrides)
        if not str(named).startswith(_KNOWN) and not spoken:
            raise UsageError(
                f"{key}={named}: must be a plug-in (hydra_plugins.*) or a handler of logging where "
                "a file says it: a file cannot name code to be called"
            )


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
