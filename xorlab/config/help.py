"""`xorlab --help`: every key with its meaning, its default, what is allowed and an example."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping, Sequence

from xorlab.config.landscape_keys import PLANE
from xorlab.config.launcher_keys import LauncherConfig, PrecisionConfig, keys_of
from xorlab.config.schema import Leaf, Schema
from xorlab.errors import spell

_TAIL = """
xorlab-report makes the report of a sweep anew, xorlab-repeat trains a recorded run again and
compares, xorlab-outbox delivers what waits for a tracking server; each explains itself by --help.

Other options: --cfg job (print the configuration), --info, --hydra-help, --version.
HYDRA_FULL_ERROR=1 shows the traceback of an error.
"""
# The sections that the configuration of every trainer has.
_SHARED = {
    "tracking": "where runs are recorded, and which are skipped",
    "landscape": "a picture over two keys, with a run for each pixel",
    "hydra.launcher": "where a sweep is trained: processes of this machine, Slurm, Ray, Dask",
    "hydra.sweeper": "seeds until each success rate is known, with hydra/sweeper=precision",
}
_LAUNCHER = """
Where a sweep or landscape is trained (hydra/launcher=vectorized, the default):
"""
_PRECISION = """
Seeds until each success rate is known (hydra/sweeper=precision, instead of vectorized, which runs
every combination; without seed=):
"""
_PRECISION_EXAMPLE = """
      example: xorlab -m hydra/sweeper=precision network.hidden=2,4 hydra.sweeper.half_width=0.1

hydra/launcher=basic, or joblib (with the extra xorlab[joblib]), runs one job after the other.
"""


def help_text(head: str, schema: Schema, groups: Mapping[str, Sequence[str]]) -> str:
    """The whole help page of the built-in trainer.

    Args:
        head: what stands above the groups.
        schema: with the keys.
        groups: what may be chosen in each group.
    """
    lines = [head]
    lines += [_group_line(group, names) for group, names in groups.items()]
    lines.append("\nKeys:")
    for text in _keys(schema, "xorlab", "").values():
        lines += ["", text]
    lines += [_LAUNCHER, *_plug_in_keys("hydra.launcher", LauncherConfig).values()]
    lines.append("\n      example: xorlab -m 'seed=range(0,40)' hydra.launcher.workers=1")
    lines += [_PRECISION, *_plug_in_keys("hydra.sweeper", PrecisionConfig).values()]
    return "\n".join([*lines, _PRECISION_EXAMPLE]) + _TAIL


def own_help(
    head: str, schema: Schema, groups: Mapping[str, Sequence[str]], command: str, swept: str
) -> str:
    """The help page of a user's trainer: its own keys, and how to read of the others.

    Args:
        head: what stands above the groups.
        schema: with the keys.
        groups: what may be chosen in each group.
        command: in examples.
        swept: in examples, an override with several values.
    """
    keys = _keys(schema, command, "").items()
    own = [text for key, text in keys if key.partition(".")[0] not in ("plan", *_SHARED)]
    lines = [head, *([""] if groups else [])]
    lines += [_group_line(group, names) for group, names in groups.items()]
    lines.append("\nKeys:")
    for text in own:
        lines += ["", text]
    lines.append(f"\nKeys of every trainer, which {command} --help NAME explains:\n")
    lines += [f"  {name:<14}  {about}" for name, about in _SHARED.items()]
    lines.append(f"\n  {command} -m 'seed=range(0,100)' {swept} hydra.launcher.workers=1")
    lines.append(f"  {command} -m hydra/sweeper=precision {swept} hydra.sweeper.half_width=0.1")
    return "\n".join(lines) + "\n" + _TAIL


def help_for(
    schema: Schema,
    groups: Mapping[str, Sequence[str]],
    name: str,
    command: str = "xorlab",
    plane: str = "",
) -> str:
    """The part of the help page that is about one key, or one group or section of keys.

    Args:
        schema: with the keys.
        groups: what may be chosen in each group.
        name: a key such as ``optimizer.lr``, or the beginning of keys such as ``optimizer``.
        command: in examples.
        plane: as `help_text`.

    Raises:
        UsageError: there is no such key.
    """
    from xorlab.config.messages import unknown_key  # imports Hydra, which takes a while

    keys = {
        **_keys(schema, command, plane),
        **_plug_in_keys("hydra.launcher", LauncherConfig),
        **_plug_in_keys("hydra.sweeper", PrecisionConfig),
    }
    found = [text for key, text in keys.items() if key == name or key.startswith(f"{name}.")]
    if name in groups:
        found.insert(0, "\n".join([_group_line(name, groups[name]), *_choice_lines(schema, name)]))
    if not found:
        raise unknown_key(schema, name)
    return "\n\n".join(found) + "\n"


def _group_line(group: str, names: Sequence[str]) -> str:
    return f"  {group:<10} {', '.join(names)}"


def _choice_lines(schema: Schema, group: str) -> list[str]:
    """What each choice of a group is: the first line of its docstring."""
    base = schema.groups.get(group)
    choices = {} if base is None else base.choices()
    about = {
        name: (inspect.getdoc(kind) or "").partition("\n")[0] for name, kind in choices.items()
    }
    width = max(map(len, about), default=0)
    return (
        ["", *(f"      {name:<{width}}  {line}" for name, line in about.items())] if about else []
    )


def _keys(schema: Schema, command: str, plane: str) -> dict[str, str]:
    """What the page says of each key that is not a group."""
    return {
        leaf.key: "\n".join(_key_lines(schema, leaf, command, plane))
        for leaf in schema.fields
        if leaf.key not in schema.groups
    }


def _plug_in_keys(node: str, config: type[LauncherConfig | PrecisionConfig]) -> dict[str, str]:
    """What the page says of each key of the launcher or the sweeper."""
    indent = " " * 6
    return {
        f"{node}.{item.name}": f"  {node}.{item.name}  (default: {spell(item.default)})\n"
        + textwrap.fill(item.metadata["help"], 100, initial_indent=indent, subsequent_indent=indent)
        for item in keys_of(config)
    }


def _key_lines(schema: Schema, leaf: Leaf, command: str, plane: str) -> list[str]:
    data = leaf.item.metadata
    lines = [
        f"  {leaf.key}  (default: {_default(schema, leaf)})",
        f"      {'; '.join(filter(None, (data['help'], data['allowed'])))}",
    ]
    for name, item in schema.owners.get(leaf.key, {}).items():
        other = item.metadata
        if (other["help"], other["allowed"]) != (data["help"], data["allowed"]):
            where = f"{leaf.section}={name}"
            lines.append(f"      where {where}: {other['help']}; {other['allowed']}")
    return [*lines, f"      example: {command} {data['example'].replace(PLANE, plane)}"]


def _default(schema: Schema, leaf: Leaf) -> str:
    """The default, or each choice's own, for a key that belongs to some choices alone."""
    if leaf.key not in schema.owners:
        return spell(leaf.default)
    choices: dict[str, list[str]] = {}
    for name, item in schema.owners[leaf.key].items():
        choices.setdefault(spell(item.default), []).append(name)
    return "; ".join(
        f"{value} where {leaf.section}={'|'.join(names)}" for value, names in choices.items()
    )
