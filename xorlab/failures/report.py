"""Why runs failed, as a section of a report: as many of them as fit into a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.counts import counted, duration
from xorlab.analysis.figures.picture import Picture
from xorlab.analysis.labels import with_missing_named
from xorlab.analysis.report.section import Section
from xorlab.analysis.report.summary import Summary
from xorlab.errors import ConfigError, StoreError
from xorlab.failures.classes import CLASSES
from xorlab.failures.diagnose import diagnose
from xorlab.failures.explanations import EXPLANATIONS
from xorlab.failures.failure_table import failure_table
from xorlab.failures.figures import failure_bars
from xorlab.trainers.result import DIVERGED, UNSOLVED

_TITLE = "Why runs were not solved"
_WHY = ("why", "failures are not diagnosed")  # how notes began that reports once had
_MOST_AT_ONCE = 200
_TELL_EVERY = 3.0  # seconds
_TENS = 10  # of seconds, to which the time that all runs need is rounded up
_MARGIN = 1.5  # over the time that was measured
_GROWTH = 4  # a part may have so many times as many runs as the one before it


@dataclass(frozen=True)
class Diagnosis:
    """What is known of why runs failed.

    Attributes:
        table: from `xorlab.diagnose`, of some of the failed runs.
        failed: how many runs failed.
        seconds: that the diagnosis took.
    """

    table: pd.DataFrame
    failed: int
    seconds: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """How many of the diagnosed runs are in each class that occurs, the most frequent first."""
        found = self.table["failure"].value_counts()
        counts = {name: int(found[name]) for name in CLASSES if found.get(name, 0)}
        return dict(sorted(counts.items(), key=lambda item: -item[1]))


def with_failures(
    summary: Summary,
    seconds: float,
    command: str,
    tell: Callable[[str], None] | None = None,
) -> Summary:
    """The summary with a section on why runs failed.

    Runs are diagnosed until the time is up, as many of each setting. If they cannot be diagnosed,
    for example without recorded weights, the section says so.

    Args:
        summary: of runs of the built-in network.
        seconds: at most about so long; a part that has begun is completed.
        command: that makes this report, and can be given more time.
        tell: takes a line on the progress, now and then; None for no one.
    """
    notes = tuple(note for note in summary.notes if not note.startswith(_WHY))
    summary = replace(summary, notes=notes)
    try:
        found = diagnose_within(summary.runs, summary.by, seconds, tell)
    except (ConfigError, StoreError) as error:
        return replace(summary, failures=Section(_TITLE, [f"They are not diagnosed: {error}."]))
    if not found.failed:
        return summary
    runs = with_missing_named(summary.runs, summary.by)
    table = failure_table(with_missing_named(found.table, summary.by), summary.by, runs)
    if len(summary.settings):  # the order of the report
        table = summary.settings[summary.by].merge(table, "left", summary.by)
    caption = (
        "How the runs of each setting ended. The classes follow from the recorded weights, the "
        "gradient and the curvature there, and the loss curve."
    )
    drawn = Picture("failures.png", caption, lambda: failure_bars(table, summary.by))
    most = len(found.table) > found.failed / 2  # else the figure shows above all what is not known
    rows = [
        [name, f"{count:,}", f"{EXPLANATIONS[name].meaning} {EXPLANATIONS[name].advice}"]
        for name, count in found.counts.items()
    ]
    section = Section(
        _TITLE,
        [in_words(found, seconds, command)],
        ("class", "runs", "what it means, and what usually helps"),
        rows,
        wraps=True,
        picture=drawn if most else None,
    )
    return replace(summary, failures=section)


def in_words(found: Diagnosis, seconds: float, command: str) -> str:
    """How many runs failed, in which classes, and how to learn more of those left out.

    Args:
        found: of at least one failed run.
        seconds: that were allowed.
        command: that makes a report of these runs.
    """
    failed = f"{counted(found.failed, 'run')} {'was' if found.failed == 1 else 'were'} not solved"
    known, counts = len(found.table), found.counts
    if known == 1:
        classes = next(iter(counts))
    elif len(counts) == 1:
        classes = f"{next(iter(counts))} (all {known:,})"
    else:
        classes = ", ".join(f"{name} ({counted(count, 'run')})" for name, count in counts.items())
    if known == found.failed:
        return f"{failed}: {classes}."
    needed = _MARGIN * found.seconds * found.failed / max(known, 1)
    some = "1 of them was" if known == 1 else f"{known:,} of them, spread over the settings, were"
    return (
        f"{failed}. {some} diagnosed in the {duration(seconds)} allowed: {classes}. "
        f"To diagnose all: {command} --diagnose {_TENS * max(1, ceil(needed / _TENS))}"
    )


def diagnose_within(
    runs: pd.DataFrame,
    by: Sequence[str],
    seconds: float,
    tell: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Diagnose failed runs until the time is up, first one of each setting, then another of each.

    Args:
        runs: from `xorlab.load_runs`.
        by: the columns that make a setting.
        seconds: at most about so long.
        tell: takes a line on the progress, now and then; None for no one.

    Raises:
        StoreError, ConfigError: as `xorlab.diagnose`.
    """
    order = _spread(runs, [name for name in by if name in runs])
    began = told = time.monotonic()
    pieces: list[pd.DataFrame] = []
    done, size = 0, 1
    while done < len(order):
        part = runs.iloc[order[done : done + size]]
        part.attrs = runs.attrs
        part_began = time.monotonic()
        pieces.append(diagnose(part))
        done += len(part)
        now = time.monotonic()
        left, took = seconds - (now - began), now - part_began
        if tell is not None and now - told > _TELL_EVERY:
            told = now
            tell(f"diagnosed {done:,} of {counted(len(order), 'run')}")
        if left < took:  # as many again would not be done in time
            break
        size = min(_GROWTH * size, int(size * left / max(took, 1e-9)), _MOST_AT_ONCE)
    table = pd.concat(pieces, ignore_index=True) if pieces else diagnose(runs.iloc[:0])
    return Diagnosis(table, len(order), time.monotonic() - began)


def _spread(runs: pd.DataFrame, by: Sequence[str]) -> npt.NDArray[np.intp]:
    """The rows of failed runs: the first of each setting, then the second of each, and so on.

    Rows, as a copy of the runs may have the size of all.
    """
    rows = np.flatnonzero(runs["outcome"].isin([UNSOLVED, DIVERGED]))
    groups = [runs[name].iloc[rows] for name in by or ["outcome"]]
    turn = groups[0].groupby(groups, dropna=False).cumcount()
    return rows[np.argsort(turn.to_numpy(), kind="stable")]
