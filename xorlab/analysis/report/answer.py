"""The first sentence of a report: what its runs show, with how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from xorlab.analysis.column_names import NETWORK_KEY, TRAINER
from xorlab.analysis.counts import counted
from xorlab.analysis.labels import setting_label
from xorlab.analysis.report.column import whole
from xorlab.analysis.statistics.clock import EPOCHS
from xorlab.analysis.statistics.winner import LEAST_FOR_INTERVAL, Cheapest

_MOST_RIVALS, _MOST_KEYS = 2, 3  # that are written out
_MANY_RIGHT = 0.9  # share of right answers at which a reader may expect a solution


def answer(
    settings: pd.DataFrame,
    by: Sequence[str],
    best: Cheapest | None,
    early: int = 0,
    costs: pd.DataFrame | None = None,
    clock: str = EPOCHS,
    unsolved: str = "",
) -> str:
    """How often one setting is solved and how fast, or which of several costs least.

    Args:
        settings: from `xorlab.convergence`.
        by: the columns that make a setting.
        best: the cheapest of them; None where none was solved twice, or a limit is unknown.
        early: how many runs a rule ended unsolved before their last epoch.
        costs: ``settings`` in the time that compares them; None where that is epochs.
        clock: the name of that time.
        unsolved: what to say of runs of which none was solved, from `if_unsolved`.
    """
    n, solved = int(settings["n"].sum()), int(settings["solved"].sum())
    if not solved:
        within = _limit(settings)
        runs = "The run was not solved" if n == 1 else f"None of {counted(n, 'run')} was solved"
        rate = f"; the success rate is below {_percent(settings['rate_high'].min())}"
        sure = f"{rate} with 95 % confidence" if len(settings) == 1 else ""
        ended = f"; a rule ended {early:,} of them earlier" if early and n > 1 else ""
        return f"{runs}{within}{ended}{sure}{unsolved}."
    if len(settings) == 1:
        return _one(settings.iloc[0])
    if best is None:
        once = bool((settings["solved"] < LEAST_FOR_INTERVAL).all())
        why = "the epoch limit of a run is not"
        if once:
            why = "no setting was solved more than once: more seeds would tell"
        verb = "was" if solved == 1 else "were"
        return (
            f"{solved:,} of {counted(n, 'run')} {verb} solved; what a success costs is not known, "
            f"because {why}."
        )
    rows = (
        (settings if costs is None else costs).iloc[[best.first, *best.rivals]].to_dict("records")
    )
    first, others = rows[0], rows[1:]
    name, cost = setting_label(first, by), _cost(first)
    if best.named:
        rest = "the other one" if len(settings) == 2 else "every other setting"
        return (
            f"{name} is the cheapest of {counted(len(settings), 'setting')}: a success takes "
            f"{cost} {clock}, restarts included; {rest} takes more."
        )
    looks = f"{name} looks cheapest, with {cost} {clock} per success, restarts included"
    named = len(others) <= _MOST_RIVALS and len(by) <= _MOST_KEYS
    apart = f"{_apart(best)}{_lower(first, others, by, named)}"
    if not others:
        return f"{looks}{apart}."
    if named:
        shown = " and ".join(f"{setting_label(row, by)} ({_cost(row)})" for row in others)
    else:
        shown = counted(len(others), "other setting")
    verb = "is" if len(others) == 1 else "are"
    return f"{looks}; {shown} {verb} not shown to cost more{apart}."


def if_unsolved(runs: pd.DataFrame) -> str:
    """What else could count as a solution, for runs of which none was solved; empty if nothing.

    Args:
        runs: with an outcome.
    """
    if TRAINER in runs and runs[TRAINER].notna().all():
        return (
            ". When a run is solved is what its trainer says, by xorlab.Recorder(solved=...); "
            "xorlab.first_passage takes any threshold of recorded curves"
        )
    if NETWORK_KEY not in runs:
        return ""
    if "training.target_accuracy" in runs and runs["training.target_accuracy"].notna().any():
        return ""
    right = float(runs["accuracy"].median()) if "accuracy" in runs else 0.0
    if right < _MANY_RIGHT:
        return ""
    whose = "it answers" if len(runs) == 1 else "half of them answer at least"
    return (
        f", though {whose} {_percent(right)} of the patterns rightly: "
        "training.target_accuracy=0.95 counts that"
    )


def _apart(best: Cheapest) -> str:
    """Settings whose cost is not known well enough for a comparison, and why."""
    kinds = (
        (best.unsolved, "never solved"),
        (best.slower, "solved later or less often, and too seldom to know the cost"),
    )
    parts = []
    for rows, what in kinds:
        if rows:
            verb = "was" if len(rows) == 1 else "were"
            parts.append(f"{counted(len(rows), 'other setting')} {verb} {what}")
    if best.once:
        count = len(best.once)
        whose, each = counted(count, "other setting"), "it" if count == 1 else "each"
        parts.append(f"the cost of {whose} is not known, because one run of {each} was solved")
    if best.unknown:
        whose = counted(len(best.unknown), "other setting")
        parts.append(f"the cost of {whose} is not known, because an epoch limit is not")
    return "".join(f"; {part}" for part in parts)


def _lower(
    first: Mapping[Any, Any], others: Sequence[Mapping[Any, Any]], by: Sequence[str], named: bool
) -> str:
    """Settings with a lower estimate than the one shown first, and why they do not come first.

    Settings are ranked by the upper ends of their intervals, so that one of a few lucky runs does
    not win; a reader of the table who sees its low estimate finds the reason here.

    Args:
        first: the row shown first.
        others: its rivals.
        by: the columns that make a setting.
        named: whether the rivals were named before, with their costs.
    """
    lower = [row for row in others if row["ert_cutoff"] < first["ert_cutoff"]]
    if not lower:
        return ""
    labels = []
    for row in lower[:_MOST_RIVALS]:
        label = setting_label(row, [key for key in by if row[key] != first[key]])
        facts = counted(int(row["n"]), "run") + ("" if named else f", {_cost(row)}")
        labels.append(f"{label} ({facts})")
    if len(lower) > _MOST_RIVALS:
        labels.append(counted(len(lower) - _MOST_RIVALS, "other setting"))
    has, its = ("has a lower estimate", "its interval is")
    if len(lower) > 1:
        has, its = ("have lower estimates", "their intervals are")
    return (
        f". {' and '.join(labels)} {has}, but {its} too wide to come first: more seeds would tell"
    )


def _one(row: pd.Series) -> str:
    n, solved = int(row["n"]), int(row["solved"])
    median = float(row["epochs_median"])
    if n == 1:
        return f"The run was solved by epoch {median:,.0f}."
    half = f", half of all runs by epoch {median:,.0f}" if np.isfinite(median) else ""
    return (
        f"{solved:,} of {n:,} runs were solved ({_percent(row['rate'])}, 95 % interval "
        f"{_percent(row['rate_low'], '')} to {_percent(row['rate_high'])}){half}."
    )


def _cost(row: Mapping[Any, Any]) -> str:
    low, estimate, high = (whole(row[f"ert_cutoff{end}"]) for end in ("_low", "", "_high"))
    return f"{estimate} [{low} to {high}]"


def _limit(settings: pd.DataFrame) -> str:
    limits = settings["limit"].dropna().unique()
    return f" within {limits[0]:,.0f} epochs" if len(limits) == 1 else ""


def _percent(rate: float, unit: str = " %") -> str:
    return f"{100 * rate:.0f}{unit}"
