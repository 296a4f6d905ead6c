"""The help page of a user's trainer."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from xorlab.config.help import help_for, own_help
from xorlab.config.schema import Leaf
from xorlab.errors import spell
from xorlab.trainers.trainer import Trainer

_HEAD = """\
{name} (version {version}){about}

  {command} [KEY=VALUE ...]       train one configuration, and record the run
  {command} -m [KEY=V1,V2 ...]    a sweep: every combination of the values, all runs recorded
  {command} --repeat RUN_ID       train a recorded run again, and compare it with its record

  {command} -m 'seed=range(0,100)'
  {command} -m 'seed=range(0,100)' plan=true

Values of a sweep: lists 1,2,3, ranges 'range(0,100)', choice(a,b)."""


def help_page(trainer: Trainer, command: str, names: Sequence[str]) -> str:
    """What the trainer is, by its docstring, and every key; or what is said about some keys.

    Args:
        trainer: the user's.
        command: as it is typed.
        names: of keys; none for the whole page.

    Raises:
        UsageError: there is no such key.
    """
    schema = trainer.schema
    groups = {name: schema.choices[name] for name in schema.groups}
    if names:
        plane = _plane(trainer)
        return "\n".join(help_for(schema, groups, name, command, plane) for name in names)
    about = inspect.cleandoc(trainer.__doc__ or "").partition("\n\n")[0]
    head = _HEAD.format(
        name=trainer.name,
        version=trainer.version,
        about=f" - {about}" if about else "",
        command=command,
    )
    own = [leaf for leaf in schema.fields if leaf.key in trainer.setting_keys]
    swept = str(own[0].item.metadata["example"]) if own else "plan=true"
    return own_help(head, schema, groups, command, swept)


def _plane(trainer: Trainer) -> str:
    """The axes of a landscape over two of the trainer's keys, as overrides."""
    leaves = {leaf.key: leaf for leaf in trainer.schema.fields}
    axes = [
        (key, ends)
        for key, is_integer in trainer.planes.varying(None).items()
        if key != "seed" and (ends := _ends(leaves[key], is_integer)) is not None
    ]
    if not axes:
        return "landscape.x=KEY"
    (x, across), (y, up) = [*axes, ("seed", (1, 100))][:2]
    return " ".join(
        f"landscape.{letter}={key} landscape.{letter}_low={spell(low)} "
        f"landscape.{letter}_high={spell(high)}"
        for letter, key, (low, high) in (("x", x, across), ("y", y, up))
    )


def _ends(leaf: Leaf, is_integer: bool) -> tuple[float, float] | None:
    """Values around the default between which the key may vary; None where none are known."""
    middle = leaf.default if isinstance(leaf.default, int | float) and leaf.default > 0 else 1
    factors = (2,) if is_integer else (10, 2)
    for low, high in [(middle / f, middle * f) for f in factors] + [(middle / 2, middle)]:
        ends = (max(1, int(low)), int(high)) if is_integer else (float(f"{low:g}"), high)
        if ends[0] < ends[1] and all(map(leaf.item.metadata["check"], ends)):
            return ends
    return None
