"""What a sweep tells at its end, and leaves with its parent run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from xorlab.analysis.report.html import report_html
from xorlab.analysis.report.summary import Summary, headline, summarise
from xorlab.sweeps.summary.curves import curves_in_parts
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.tracking.names import FAILED
from xorlab.tracking.read.frames import curves_frame
from xorlab.tracking.read.sweep_files import CURVES_FILE
from xorlab.tracking.store.address import public_address
from xorlab.tracking.store.store import Store
from xorlab.trainers.memory import MOST_CURVES
from xorlab.trainers.result import OUTCOMES

REPORT_FILE = "report.html"


def summary_of(
    store: Store,
    ledger: Ledger,
    keys: Sequence[str],
    seconds: float,
    skipped: int,
    notes: Sequence[str],
) -> Summary:
    """Of a sweep's runs; curves that the ledger does not have are read from the store.

    Those of ``keys`` in which the runs differ make their settings.

    Where there are very many curves, the summary has those of some runs, chosen by their keys,
    which are hashes.
    """
    runs = ledger.frame()
    indices = np.arange(len(runs))
    if len(runs) > MOST_CURVES:
        indices = np.sort(np.argsort(runs["key"].to_numpy(str))[:MOST_CURVES])
    # Ids as text would take three times the memory of the curves themselves.
    ids = pd.CategoricalDtype(runs["run_id"].iloc[indices])
    parts = curves_in_parts(store, ledger, runs, indices)
    frames = [frame.astype({"run_id": ids}) for frame in parts]
    joined = pd.concat(frames, ignore_index=True) if frames else curves_frame([])
    return summarise(runs, joined, headline(runs, seconds, skipped), keys, notes)


def counts_of(runs: pd.DataFrame) -> dict[str, float]:
    """Totals, as metrics of the parent run."""
    counts = {outcome: float((runs["outcome"] == outcome).sum()) for outcome in OUTCOMES}
    return counts | {"runs": float(len(runs)), "failed": float((runs["status"] == FAILED).sum())}


def facts_of(store: Store, sweep: str | None, tags: Mapping[str, str]) -> dict[str, str]:
    """Where the runs of a sweep come from, for its report."""
    facts = {"experiment": store.experiment, "store": public_address(store.uri)}
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
