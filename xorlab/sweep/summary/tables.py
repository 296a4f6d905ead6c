"""The tables that a sweep prints: its plan before, its summary after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from xorlab.analysis.report.success_table import MOST_ROWS, success_cells
from xorlab.networks.memory import MemoryEstimate, size
from xorlab.sweep.plan.axes import described
from xorlab.sweep.plan.plan import Plan
from xorlab.system.memory_limits import memory_limits

_LEAST_NEEDED = ("ERT there", "best cutoff", "diverged", "ERT", "epochs (median)")


def plan_table(plan: Plan, axes: dict[str, list[str]], workers: int, processes: int) -> Table:
    """What a sweep would do.

    Args:
        plan: the sweep.
        axes: swept keys with their values.
        workers: shards that are trained at a time.
        processes: those that train them; 0 where this one does.
    """
    table = Table("plan", "", box=SIMPLE_HEAD, show_header=False)
    rows = [
        ("jobs", str(len(plan.jobs))),
        ("settings x seeds", f"{plan.settings} x {plan.seeds}"),
        *((key, described(values)) for key, values in axes.items()),
        ("duplicates", str(plan.duplicates)),
        ("already finished", str(plan.skipped)),
        ("to train", str(len(plan.remaining))),
        ("shards", _shards([len(shard.jobs) for shard in plan.shards])),
        ("workers", str(workers)),
        ("estimated training time", f"{_duration(plan.seconds(workers))}, without recording"),
        ("estimated memory", _memory(plan.need(processes))),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def summary_table(statistics: pd.DataFrame, by: Sequence[str], width: int) -> Table:
    """How often and how fast each setting learns.

    Args:
        statistics: from `xorlab.convergence`.
        by: the columns that make a setting.
        width: of the terminal; where it is narrow, columns are left out, and no number is cut.
    """
    header, rows = success_cells(statistics, by)
    columns = {name: [row[n] for row in rows[:MOST_ROWS]] for n, name in enumerate(header)}
    titles = {name: name for name in columns}
    if _width(titles, columns) > width:
        titles = {name: name.replace(" ", "\n").replace(".", ".\n") for name in columns}
    for name in _LEAST_NEEDED:
        if _width(titles, columns) > width:
            del titles[name]
    table = Table(box=SIMPLE_HEAD)
    for name, title in titles.items():
        table.add_column(title, justify="left" if name in by else "right", no_wrap=True)
    for row in zip(*(columns[name] for name in titles), strict=True):
        table.add_row(*row)
    if len(rows) > MOST_ROWS:
        table.caption = f"and {len(rows) - MOST_ROWS} more settings in the tracking store"
    return table


def _width(titles: Mapping[str, str], columns: Mapping[str, Sequence[str]]) -> int:
    """Of a table with these columns: what they hold, and what stands between them."""
    cells = [[*title.split("\n"), *columns[name]] for name, title in titles.items()]
    return sum(max(map(len, column)) for column in cells) + 3 * len(cells) + 1


def _shards(sizes: Sequence[int]) -> str:
    if not sizes:
        return "0"
    least, most = min(sizes), max(sizes)
    if least == most:
        runs = "1 run" if most == 1 else f"{most} runs"
        return f"{len(sizes)} of {runs}" + (" each" if len(sizes) > 1 else "")
    return f"{len(sizes)}, of {least} to {most} runs each"


def _memory(need: MemoryEstimate) -> str:
    room = min((room.bytes for room in memory_limits() if not room.per_process), default=None)
    return size(need.total) + (f" of {size(room)} that are free" if room is not None else "")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s" if seconds else "0 s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
