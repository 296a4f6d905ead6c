"""The help page of a user's trainer."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from xorlab.config.help import help_for, help_text
from xorlab.trainers.trainer import Trainer

_HEAD = """\
{name} (version {version}){about}

  {command} [KEY=VALUE ...]       train one configuration, and record the run
  {command} -m [KEY=V1,V2 ...]    a sweep: every combination of the values, all runs recorded

  {command} --repeat RUN_ID         train a recorded run again, and compare it with its record

  {command} -m 'seed=range(0,100)'
  {command} -m 'seed=range(0,100)' plan=true

Values of a sweep: lists 1,2,3, ranges 'range(0,100)', choice(a,b).
"""


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
        return "\n".join(help_for(schema, groups, name, command) for name in names)
    about = inspect.cleandoc(trainer.__doc__ or "").partition("\n\n")[0]
    head = _HEAD.format(
        name=trainer.name,
        version=trainer.version,
        about=f" - {about}" if about else "",
        command=command,
    )
    return help_text(head, schema, groups, command)
