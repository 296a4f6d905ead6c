"""`xorlab --help`: every key with its meaning, its default, what is allowed and an example."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator
from typing import Any

from xorlab.config.launcher_keys import LauncherConfig, PrecisionConfig, keys_of
from xorlab.config.schema import FIELDS, GROUPS
from xorlab.errors import spell

_HEAD = """\
xorlab - a convergence laboratory for small neural networks

  xorlab [KEY=VALUE ...]       train one network, print what the notebook prints, record the run
  xorlab -m [KEY=V1,V2 ...]    a sweep: every combination of the values, all runs recorded

  xorlab
  xorlab network.hidden=3 optimizer.lr=0.5 seed=7
  xorlab -m 'seed=range(0,100)' network.hidden=2,3,4 optimizer.lr=0.1,0.5,2
  xorlab -m 'seed=range(0,100)' optimizer.lr=0.1,0.5,2 plan=true

Values of a sweep: lists 1,2,3, ranges 'range(0,100)', choice(a,b), glob(*) for groups.

Groups (GROUP=NAME):
"""

_TAIL = """
xorlab-report makes the report of a sweep anew, xorlab-repeat trains a recorded run again and
compares, xorlab-outbox delivers what waits for a tracking server; each explains itself by --help.

Other options: --cfg job (print the configuration), --info, --hydra-help, --version.
HYDRA_FULL_ERROR=1 shows the traceback of an error.
"""
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


def help_text() -> str:
    """The whole help page."""
    lines = [_HEAD]
    lines += [f"  {group:<10} {', '.join(names)}" for group, names in GROUPS.items()]
    lines.append("\nKeys:")
    for key, group, leaf, item in FIELDS:
        if leaf == "name":
            continue
        told = item.metadata
        lines.append(f"\n  {key}  (default: {_default(group, item)})")
        lines.append(f"      {told['help']}; {told['allowed']}")
        lines.append(f"      example: xorlab {told['example']}")
    lines += [_LAUNCHER, *_plug_in_lines("hydra.launcher", LauncherConfig)]
    lines.append("\n      example: xorlab -m 'seed=range(0,40)' hydra.launcher.workers=1")
    lines += [_PRECISION, *_plug_in_lines("hydra.sweeper", PrecisionConfig), _PRECISION_EXAMPLE]
    return "\n".join(lines) + _TAIL


def _plug_in_lines(node: str, config: type[LauncherConfig | PrecisionConfig]) -> Iterator[str]:
    for item in keys_of(config):
        yield f"  {node}.{item.name}  (default: {spell(item.default)})"
        meaning, indent = item.metadata["help"], " " * 6
        yield textwrap.fill(meaning, 100, initial_indent=indent, subsequent_indent=indent)


def _default(group: str, item: dataclasses.Field[Any]) -> str:
    """The default, or each choice's own, for a key that belongs to some choices alone."""
    if "choices" not in item.metadata:
        return spell(item.default)
    return ", ".join(
        f"{spell(value)} where {group}={name}" for name, value in item.metadata["choices"].items()
    )
