"""What a sweep tells at its end, and leaves with its parent run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.console import RenderableType

from xorlab.analysis.convergence import convergence
from xorlab.analysis.figures import png, success_bars
from xorlab.result import OUTCOMES
from xorlab.sweep.axes import settings_axes
from xorlab.sweep.tables import summary_markdown, summary_table
from xorlab.tracking.frames import Curve, curves_frame, runs_frame
from xorlab.tracking.parent import Summary
from xorlab.tracking.reader import curves_of
from xorlab.tracking.record import FAILED
from xorlab.tracking.store import Store


def summarise(
    store: Store,
    rows: Sequence[dict[str, Any]],
    curves: dict[str, Curve],
    axes: dict[str, list[str]],
    skipped: int,
    seconds: float,
) -> tuple[Summary, list[RenderableType]]:
    """The parent run's summary, and what to print."""
    runs = runs_frame(rows)
    known = [curves[row["key"]] for row in rows if row["key"] in curves]
    missing = runs[~runs["key"].isin(curves)]
    frames = [curves_frame(known)] + ([curves_of(store, missing)] if len(missing) else [])
    counts = {outcome: float((runs["outcome"] == outcome).sum()) for outcome in OUTCOMES}
    failed = float((runs["status"] == FAILED).sum())
    counts |= {"runs": float(len(runs)), "failed": failed, "skipped": float(skipped)}
    counts["seconds"] = seconds
    told = (
        f"{len(runs)} runs in {seconds:.1f} s: "
        + ", ".join(f"{counts[outcome]:.0f} {outcome}" for outcome in OUTCOMES)
        + (f", {failed:.0f} failed" if failed else "")
        + (f", {skipped} skipped (finished before)" if skipped else "")
    )
    by = [key for key in settings_axes(axes) if key in runs] or ["task"]
    printed: list[RenderableType] = [told]
    markdown, figures = told, {}
    if runs["outcome"].notna().any():
        # A key that only some jobs have is a setting too.
        named = runs.assign(**{name: runs[name].where(runs[name].notna(), "-") for name in by})
        statistics = convergence(named, by=by)
        printed.insert(0, summary_table(statistics, by))
        markdown = summary_markdown(statistics, by, told)
        figures["success.png"] = png(success_bars(statistics, by))
    summary = Summary(counts, markdown, runs, pd.concat(frames, ignore_index=True), figures)
    return summary, printed
