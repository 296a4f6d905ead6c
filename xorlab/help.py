"""`xorlab --help`: every key with its meaning, its default, what is allowed and an example."""

from __future__ import annotations

import dataclasses
from typing import Any

from xorlab.config import GROUPS, LEAVES
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
Sweeps are run by hydra/sweeper=vectorized and hydra/launcher=vectorized, which take
  hydra.launcher.executor=processes|threads|inline   where networks are trained
  hydra.launcher.workers=N                           how many at a time (default: all cores)
  hydra.launcher.engine=local|slurm|ray|dask         this machine, or a cluster (with the extra
                                                     xorlab[slurm], xorlab[ray] or xorlab[dask])
  hydra.launcher.address=ADDRESS                     ray, dask: of the cluster or its scheduler
  hydra.launcher.partition=NAME  time=MINUTES  folder=PATH          slurm
  hydra.launcher.cpus=N  memory=MIB                  slurm, ray: for each worker
  hydra.launcher.start_timeout=SECONDS               how long to wait while there is no worker
or one job after the other by hydra/launcher=basic, or joblib (with the extra xorlab[joblib]).

Other options: --cfg job (print the configuration), --info, --hydra-help, --version.
HYDRA_FULL_ERROR=1 shows the traceback of an error.
"""


def help_text() -> str:
    """The whole help page."""
    lines = [_HEAD]
    lines += [f"  {group:<10} {', '.join(names)}" for group, names in GROUPS.items()]
    lines.append("\nKeys:")
    for key, group, leaf, item in LEAVES:
        if leaf == "name":
            continue
        told = item.metadata
        lines.append(f"\n  {key}  (default: {_default(group, item)})")
        lines.append(f"      {told['help']}; {told['allowed']}")
        lines.append(f"      example: xorlab {told['example']}")
    return "\n".join(lines) + "\n" + _TAIL


def _default(group: str, item: dataclasses.Field[Any]) -> str:
    """The default, or each choice's own, for a key that belongs to some choices alone."""
    if "choices" not in item.metadata:
        return spell(item.default)
    return ", ".join(
        f"{spell(value)} where {group}={name}" for name, value in item.metadata["choices"].items()
    )
