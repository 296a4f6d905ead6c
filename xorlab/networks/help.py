"""The help page of the built-in trainer."""

from __future__ import annotations

from collections.abc import Sequence

from xorlab.config.help import help_for
from xorlab.config.help import help_text as page
from xorlab.networks.config import GROUPS, SCHEMA

_HEAD = """\
xorlab - a convergence laboratory for small neural networks

  xorlab [KEY=VALUE ...]       train one network, print its losses and predictions, record the run
  xorlab -m [KEY=V1,V2 ...]    a sweep: every combination of the values, all runs recorded

  xorlab
  xorlab network.hidden=3 optimizer.lr=0.5 seed=7
  xorlab -m 'seed=range(0,100)' network.hidden=2,3,4 optimizer.lr=0.1,0.5,2
  xorlab -m 'seed=range(0,100)' optimizer.lr=0.1,0.5,2 plan=true

Values of a sweep: lists 1,2,3, ranges 'range(0,100)', choice(a,b), glob(*) for groups.

xorlab --help KEY explains one key, or all keys of a group.

Groups (GROUP=NAME):
"""


def help_text(names: Sequence[str] = ()) -> str:
    """What ``xorlab --help`` prints.

    Args:
        names: keys or groups to explain alone; none for the whole page.

    Raises:
        UsageError: there is no such key.
    """
    if names:
        return "\n".join(help_for(SCHEMA, GROUPS, name) for name in names)
    return page(_HEAD, SCHEMA, GROUPS)
