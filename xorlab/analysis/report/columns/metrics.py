"""Metrics that a trainer records beyond the usual ones, such as a test error."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from xorlab.analysis.column_names import NETWORK_KEY
from xorlab.analysis.report.column import Column, GroupedRuns, whole
from xorlab.analysis.statistics.clock import with_evaluations
from xorlab.analysis.statistics.times import OBSERVED

ORDER = 90
_USUAL = {"seed", "solved", *OBSERVED}
# Of the built-in network these say again how many runs were solved; of another trainer they may be
# what its sweep is about.
_USUAL_OF_NETWORKS = {"accuracy", "max_error"}
# Where their curves end; what the kept weights reach is accuracy and final_validation_...
_USUAL_OF_NETWORKS |= {"training_accuracy", "validation_accuracy", "validation_loss"}
_ACCURACIES = {"accuracy", "test_accuracy", "final_validation_accuracy"}
_ACCURACY_PRIORITY = 6  # what a sweep that has them is about
_COUNTED = {"evaluations", "evaluations_to_solve"}
_TIMES = ("epochs_to_", "evaluations_to_")


def columns(data: GroupedRuns) -> list[Column]:
    """The median of each further metric over the runs that have it.

    A metric such as ``epochs_to_memorised`` is a time, and a run without it has not got there:
    its median is over all runs, and undefined where fewer than half have it.
    """
    data = replace(data, runs=with_evaluations(data.runs))
    found = []
    for name in _further_metrics(data):
        values = data.column(name)
        if data.in_evaluations is not None and name in _COUNTED:
            continue  # a column of times to solve, and part of what a success costs
        title = f"{name} (median)"
        if name.startswith(_TIMES):
            found.append(Column(title, values.agg(_median_time), whole))
        else:
            priority = _ACCURACY_PRIORITY if name in _ACCURACIES else 0
            found.append(Column(title, values.median(), _four_digits, priority))
    return found


def _further_metrics(data: GroupedRuns) -> list[str]:
    """Columns of numbers that are neither usual metrics nor keys, of this version or another."""
    groups = {key.partition(".")[0] for key in data.keys}
    usual = _USUAL | (_USUAL_OF_NETWORKS if NETWORK_KEY in data.runs else set())
    return [
        str(name)
        for name in data.runs.select_dtypes("number")
        if name not in usual
        and name not in data.keys
        and name not in data.by
        and not ("." in str(name) and str(name).partition(".")[0] in groups)
    ]


def _median_time(values: Any) -> float:
    times = values.fillna(np.inf).to_numpy(float)
    median = float(np.quantile(times, 0.5, method="inverted_cdf"))
    return median if np.isfinite(median) else np.nan


def _four_digits(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4g}"
