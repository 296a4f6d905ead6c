"""How MLflow's UI opens: the columns that matter, and final numbers as bars.

The UI keeps what a user shares of a page, its columns and charts, in a tag of the experiment, and
opens a page like that where its address names the tag. Without it, the table has no params and no
metrics, and a number that was recorded once, at the last epoch, is a line of one point.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xorlab.tracking.names import CURVE, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store
from xorlab.trainers.trainer import TRAINER_TAG

VIEW_TAG = "mlflow.sharedViewState."
_METRICS = ("epochs_to_solve", "final_loss")
# Sorted by the time of their creation, the UI shows runs below their closed parent run.
_ORDER = "metrics.`epochs_to_solve`"
_SECTION = "xorlab-runs"
_MOST_IDS = 80  # as many as fit into a tag, beside the columns
_MOST_CONDITIONS = 30  # SQLite joins at most 64 tables
_LONGEST_VALUE = 200  # characters of a param in a search
_LONGEST_TAG = 5000  # characters that MLflow keeps of a tag of an experiment


def runs_filter(
    sweep: str,
    earlier: Sequence[str] | None,
    shared: Mapping[str, str],
    trainer: str | None = None,
) -> str:
    """The search that finds a sweep's runs in the UI, and others beside them only if it must.

    MLflow's language has no "or": runs of several sweeps are found by their ids, or if that would
    be too long by their trainer and the params that they share. Runs of other sweeps, earlier and
    later ones, may have those too.

    Args:
        sweep: run id of the parent run.
        earlier: ids of all runs of the sweep, where some were recorded under another parent run;
            None where all are this one's, in whatever start of the sweep.
        shared: the params that all these runs share.
        trainer: the tag of their trainer, with its version; None for the built-in one.
    """
    if earlier is None:
        return f"tags.`{SWEEP_TAG}` = '{sweep}'"
    if len(earlier) <= _MOST_IDS:
        ids = ", ".join(f"'{one}'" for one in earlier)
        return f"attributes.run_id IN ({ids})"
    wanted = {} if trainer is None else {f"tags.`{TRAINER_TAG}`": trainer}
    wanted |= {f"params.`{key}`": value for key, value in shared.items() if "`" not in key}
    conditions = []
    for name, value in wanted.items():
        quote = '"' if "'" in value else "'"
        if quote not in value and len(value) <= _LONGEST_VALUE:
            conditions.append(f"{name} = {quote}{value}{quote}")
    return " AND ".join(conditions[:_MOST_CONDITIONS])


def keep_view(store: Store, sweep: str, keys: Sequence[str], search: str) -> str | None:
    """Keep a view of a sweep's runs in the tags of their experiment.

    Args:
        store: where the runs are.
        sweep: run id of the parent run.
        keys: params to show as columns, beside seed, outcome, epochs to solve and final loss.
        search: from `runs_filter`.

    Returns:
        the name of the view, for `Store.browse`; None where the server does not answer.
    """
    name = f"xorlab-{sweep[:12]}"
    text = json.dumps(_view(search, keys), separators=(",", ":"))
    if len(text) > _LONGEST_TAG:
        text = json.dumps(_view("", keys), separators=(",", ":"))
    try:
        store.client.set_experiment_tag(store.experiment_id, f"{VIEW_TAG}{name}", text)
    except ServerAwayError:  # the runs are recorded; this is only how they are shown
        return None
    return name


def _view(search: str, keys: Sequence[str]) -> dict[str, Any]:
    params = [f"params.`{key}`" for key in (*keys, "seed")]
    metrics = [f"metrics.`{name}`" for name in _METRICS]
    return {
        "selectedColumns": [*params, f"tags.`{OUTCOME_TAG}`", *metrics],
        "orderByKey": _ORDER,
        "orderByAsc": True,
        "searchFilter": search,
        "compareRunCharts": [
            *(_chart("BAR", name) for name in _METRICS),
            _chart("LINE", CURVE) | {"selectedMetricKeys": [CURVE]},
        ],
        "compareRunSections": [
            {
                "uuid": _SECTION,
                "name": "Model metrics",
                "display": True,
                "isReordered": True,
                "deleted": False,
                "isGenerated": False,
            }
        ],
    }


def _chart(kind: str, metric: str) -> dict[str, Any]:
    return {
        "type": kind,
        "uuid": f"xorlab-{metric}",
        "metricKey": metric,
        "metricSectionId": _SECTION,
        "runsCountToCompare": 10,
        "deleted": False,
        "isGenerated": False,
    }
