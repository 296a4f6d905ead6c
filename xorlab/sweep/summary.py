"""What a sweep tells at its end, and leaves with its parent run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from xorlab.analysis.report import report_html
from xorlab.analysis.summary import Summary, headline, summarise
from xorlab.result import OUTCOMES
from xorlab.tracking.address import shown
from xorlab.tracking.frames import Curve, curves_frame, runs_frame
from xorlab.tracking.reader import curves_of
from xorlab.tracking.record import FAILED
from xorlab.tracking.store import Store

REPORT_FILE = "report.html"


def summary_of(
    store: Store,
    rows: Sequence[dict[str, Any]],
    curves: Mapping[str, Curve],
    seconds: float,
    skipped: int,
    notes: Sequence[str],
) -> Summary:
    """Of a sweep's runs; curves that were not trained here are read from the store."""
    runs = runs_frame(rows)
    known = [curves[row["key"]] for row in rows if row["key"] in curves]
    missing = runs[~runs["key"].isin(curves)]
    frames = [curves_frame(known)] + ([curves_of(store, missing)] if len(missing) else [])
    told = headline(runs, seconds, skipped)
    return summarise(runs, pd.concat(frames, ignore_index=True), told, notes)


def counts_of(runs: pd.DataFrame) -> dict[str, float]:
    """Totals, as metrics of the parent run."""
    counts = {outcome: float((runs["outcome"] == outcome).sum()) for outcome in OUTCOMES}
    return counts | {"runs": float(len(runs)), "failed": float((runs["status"] == FAILED).sum())}


def facts_of(store: Store, sweep: str | None, tags: Mapping[str, str]) -> dict[str, str]:
    """Where the runs of a sweep come from, for its report."""
    facts = {"experiment": store.experiment, "store": shown(store.uri)}
    if sweep is not None:
        facts["sweep"] = sweep
    if "xorlab.version" in tags:
        facts["code"] = f"xorlab {tags['xorlab.version']}"
    if "mlflow.source.git.commit" in tags:
        dirty = tags.get("mlflow.source.git.dirty") == "true"
        state = " with changes that are not committed" if dirty else ""
        facts["git"] = f"{tags['mlflow.source.git.commit']}{state}"
    return facts


def files_of(
    summary: Summary, title: str, facts: Mapping[str, str], failed: Sequence[str] = ()
) -> dict[str, bytes]:
    """File name to content: tables, figures and the report."""
    report = report_html(title, summary, facts, failed=failed)
    return {**summary.tables(), **summary.figures, REPORT_FILE: report}
