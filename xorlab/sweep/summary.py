"""What a sweep tells at its end, and leaves with its parent run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from xorlab.analysis.report import report_html
from xorlab.analysis.summary import Summary, headline, summarise
from xorlab.result import OUTCOMES
from xorlab.sweep.curves import CurvesFile, parts, write_parquet
from xorlab.tracking.address import shown as shown_address
from xorlab.tracking.files import CURVES_FILE
from xorlab.tracking.frames import curves_frame, runs_frame
from xorlab.tracking.reader import curves_of
from xorlab.tracking.record import FAILED
from xorlab.tracking.store import Store

REPORT_FILE = "report.html"
MOST_CURVES = 5000  # in a summary: more change no figure


def summary_of(
    store: Store,
    rows: Sequence[dict[str, Any]],
    curves: CurvesFile,
    seconds: float,
    skipped: int,
    notes: Sequence[str],
) -> Summary:
    """Of a sweep's runs; curves that were not trained here are read from the store.

    Where there are very many curves, the summary has those of some runs, chosen by their keys,
    which are hashes.
    """
    runs = runs_frame(rows)
    shown = runs
    if len(runs) > MOST_CURVES:
        shown = runs[runs["key"].isin(sorted(runs["key"])[:MOST_CURVES])]
    own, others = _known(shown, curves)
    # Ids as text would take three times the memory of the curves themselves.
    ids = pd.CategoricalDtype(shown["run_id"])
    frames = [f.astype({"run_id": ids}) for f in chain(curves.frames(own), _read(store, others))]
    joined = pd.concat(frames, ignore_index=True) if frames else curves_frame([])
    return summarise(runs, joined, headline(runs, seconds, skipped), notes)


def write_curves(path: Path, store: Store, runs: pd.DataFrame, curves: CurvesFile) -> None:
    """All curves of a sweep into a file, whatever memory there is."""
    own, others = _known(runs, curves)
    write_parquet(path, chain(curves.frames(own), _read(store, others)))


def _read(store: Store, runs: pd.DataFrame) -> Iterable[pd.DataFrame]:
    """Curves of runs, in parts; from a server, which gives whole files, at once."""
    if not len(runs):
        return ()
    return (curves_of(store, some) for some in (parts(runs) if store.has_sql else (runs,)))


def _known(runs: pd.DataFrame, curves: CurvesFile) -> tuple[list[str], pd.DataFrame]:
    """Keys of runs whose curves are at hand, and the other runs."""
    known = runs["key"].isin(list(curves.keys()))
    return runs.loc[known, "key"].tolist(), runs[~known]


def counts_of(runs: pd.DataFrame) -> dict[str, float]:
    """Totals, as metrics of the parent run."""
    counts = {outcome: float((runs["outcome"] == outcome).sum()) for outcome in OUTCOMES}
    return counts | {"runs": float(len(runs)), "failed": float((runs["status"] == FAILED).sum())}


def facts_of(store: Store, sweep: str | None, tags: Mapping[str, str]) -> dict[str, str]:
    """Where the runs of a sweep come from, for its report."""
    facts = {"experiment": store.experiment, "store": shown_address(store.uri)}
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
    summary: Summary,
    title: str,
    facts: Mapping[str, str],
    failed: Sequence[str] = (),
    curves: Path | None = None,
) -> dict[str, bytes | Path]:
    """File name to content: tables, figures and the report.

    Args:
        summary: what they are of.
        title: of the report.
        facts: where the runs come from.
        failed: jobs that broke off.
        curves: a file of all curves; None where the summary itself has them all.
    """
    report = report_html(title, summary, facts, failed=failed)
    files: dict[str, bytes | Path] = {**summary.tables(), **summary.figures, REPORT_FILE: report}
    files[CURVES_FILE] = summary.curves_table() if curves is None else curves
    return files
