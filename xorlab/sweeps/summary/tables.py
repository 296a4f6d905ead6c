"""The tables that a sweep prints: its plan before, its summary after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from xorlab.analysis.counts import counted, duration
from xorlab.analysis.labels import headers
from xorlab.analysis.report.settings_table import MOST_ROWS, SettingsTable
from xorlab.errors import printable
from xorlab.sweeps.plan.axes import described
from xorlab.sweeps.plan.plan import Plan
from xorlab.system.memory_limits import memory_limits
from xorlab.trainers.memory import MemoryEstimate, size


def plan_table(
    plan: Plan, axes: dict[str, list[str]], workers: int, processes: int, where: str
) -> Table:
    """What a sweep would do.

    Args:
        plan: the sweep.
        axes: swept keys with their values.
        workers: shards that are trained at a time.
        processes: those that train them; 0 where this one does.
        where: its runs are recorded.
    """
    table = Table("plan", "", box=SIMPLE_HEAD, show_header=False)
    rows = [
        ("jobs", f"{len(plan.jobs):,}"),
        ("settings x seeds", f"{plan.settings:,} x {plan.seeds:,}"),
        *((key, described(values)) for key, values in axes.items()),
        ("duplicates", f"{plan.duplicates:,}"),
        ("already finished", f"{plan.skipped:,}"),
        ("to train", f"{len(plan.remaining):,}"),
        ("shards", _shards([len(shard.jobs) for shard in plan.shards])),
        ("workers", str(workers)),
        ("estimated training time", _time(plan, workers)),
        *_of_trainer(plan).items(),
        ("estimated memory", _memory(plan.need(processes))),
        ("store", where),
    ]
    for row in rows:
        table.add_row(*map(printable, row))
    return table


def summary_table(settings: SettingsTable, width: int) -> Table:
    """How often and how fast each setting learns.

    Args:
        settings: the table.
        width: of the terminal; on a narrow one keys have short names and columns are left out,
            and no number is cut.
    """
    titles, cells = settings.header, [column.cells()[:MOST_ROWS] for column in settings.columns]
    if _width(titles, cells) > width:
        keys = len(settings.keys)
        titles = [_in_lines(title) for title in (*headers(titles[:keys]), *titles[keys:])]
    shown, left_out = list(range(len(titles))), []
    for n in settings.least_needed():
        if _width([titles[m] for m in shown], [cells[m] for m in shown]) > width:
            shown.remove(n)
            left_out.append(settings.header[n])
    table = Table(box=SIMPLE_HEAD)
    for n in shown:
        is_key = n < len(settings.keys)
        table.add_column(titles[n], justify="left" if is_key else "right", no_wrap=True)
    for row in zip(*(cells[n] for n in shown), strict=True):
        table.add_row(*map(printable, row))
    rows, captions = len(settings.rows()), []
    if rows > MOST_ROWS:
        captions.append(f"and {counted(rows - MOST_ROWS, 'more setting')} in the report")
    if left_out:
        captions.append(f"left out for width: {', '.join(left_out)} (see the report)")
    table.caption = "; ".join(captions) or None
    return table


def _in_lines(title: str) -> str:
    """A title with a word in each line; a number stays with its percent sign."""
    return title.replace(" %", "\N{NO-BREAK SPACE}%").replace(" ", "\n").replace(".", ".\n")


def _width(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Of a table with these columns: what they hold, and what stands between them."""
    columns = [[*title.split("\n"), *own] for title, own in zip(titles, cells, strict=True)]
    return sum(max(map(len, column)) for column in columns) + 3 * len(columns) + 1


def _shards(sizes: Sequence[int]) -> str:
    if not sizes:
        return "0"
    least, most = min(sizes), max(sizes)
    if least == most:
        return f"{len(sizes):,} of {counted(most, 'run')}" + (" each" if len(sizes) > 1 else "")
    return f"{len(sizes):,}, of {least:,} to {counted(most, 'run')} each"


def _memory(need: MemoryEstimate) -> str:
    room = min((room.bytes for room in memory_limits() if not room.per_process), default=None)
    return size(need.total) + (f" of {size(room)} that are free" if room is not None else "")


def _of_trainer(plan: Plan) -> Mapping[str, str]:
    shards = [(shard.spec.config, shard.data, len(shard.jobs)) for shard in plan.shards]
    return plan.jobs.catalogue.trainer.plan_rows(shards)


def _time(plan: Plan, workers: int) -> str:
    if not plan.jobs.catalogue.trainer.knows_time:
        return "not known before the first runs have ended"
    return f"{duration(plan.seconds(workers))}, without recording"
