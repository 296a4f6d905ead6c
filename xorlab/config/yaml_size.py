"""How large the content of a YAML file is once its aliases are written out."""

from __future__ import annotations

from typing import Any

import yaml

from xorlab.errors import UsageError

MOST_VALUES = 100_000
_DEEPEST = 100  # collections within one another: readers call themselves for each


def read_yaml(name: str, text: str | bytes) -> Any:
    """The content of a YAML file of plain values: no object of Python is made.

    Args:
        name: of the file, for the message.
        text: its content.

    Raises:
        UsageError: it is too large or too deep.
        yaml.YAMLError: it is not YAML.
    """
    refuse_too_large(name, text)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # noqa: S506  (a safe loader, in C where there is one)


def refuse_too_large(name: str, text: str | bytes) -> None:
    """Refuse YAML that a few lines of aliases make larger than memory.

    An alias (``*name``) stands for all that its anchor (``&name``) holds, which may hold aliases
    again: 500 bytes can mean 10^9 values. Nothing is written out here.

    Args:
        name: of the file, for the message.
        text: its content; what is no YAML is left to whoever reads it.

    Raises:
        UsageError: it has more than `MOST_VALUES` values, or more than 100 levels.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []  # anchor, and values before it
    total = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, total))
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = open_nodes.pop()
                if anchor is not None:
                    sizes[anchor] = total - before
            elif isinstance(event, yaml.AliasEvent):
                total += sizes.get(str(event.anchor), 1)
            elif isinstance(event, yaml.ScalarEvent):
                total += 1
            if len(open_nodes) > _DEEPEST:
                raise UsageError(f"{name}: must have at most {_DEEPEST} levels of lists and maps")
            if total > MOST_VALUES:
                raise UsageError(
                    f"{name}: must have at most {MOST_VALUES} values, those that aliases (*name) "
                    "repeat included"
                )
    except yaml.YAMLError:
        return
