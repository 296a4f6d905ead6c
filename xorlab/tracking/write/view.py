"""How MLflow's UI opens: the columns that matter, and final numbers as bars.

The UI keeps what a user shares of a page, its columns and charts, in a tag of the experiment, and
opens a page like that where its address names the tag. Without it, the table has no params and no
metrics, and a number that was recorded once, at the last epoch, is a line of one point.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from xorlab.tracking.names import CURVE, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store

VIEW_TAG = "mlflow.sharedViewState."
_METRICS = ("epochs_to_solve", "final_loss")
# Sorted by the time of their creation, the UI shows runs below their closed parent run.
_ORDER = "metrics.`epochs_to_solve`"
_SECTION = "xorlab-runs"


def keep_view(store: Store, sweep: str, keys: Sequence[str], whole: bool) -> str | None:
    """Keep a view of a sweep's runs in the tags of their experiment.

    Args:
        store: where the runs are.
        sweep: run id of the parent run.
        keys: params to show as columns, beside seed, outcome, epochs to solve and final loss.
        whole: whether all runs of the sweep were recorded under this parent run, in whatever start
            of the sweep, so that they can be shown alone.

    Returns:
        the name of the view, for `Store.browse`; None where the server does not answer.
    """
    name = f"xorlab-{sweep[:12]}"
    text = json.dumps(_view(sweep if whole else None, keys), separators=(",", ":"))
    try:
        store.client.set_experiment_tag(store.experiment_id, f"{VIEW_TAG}{name}", text)
    except ServerAwayError:  # the runs are recorded; this is only how they are shown
        return None
    return name


def _view(sweep: str | None, keys: Sequence[str]) -> dict[str, Any]:
    params = [f"params.`{key}`" for key in (*keys, "seed")]
    metrics = [f"metrics.`{name}`" for name in _METRICS]
    return {
        "selectedColumns": [*params, f"tags.`{OUTCOME_TAG}`", *metrics],
        "orderByKey": _ORDER,
        "orderByAsc": True,
        "searchFilter": f"tags.`{SWEEP_TAG}` = '{sweep}'" if sweep is not None else "",
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
