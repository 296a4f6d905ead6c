"""The numbers that studies published, beside what the runs of their presets measure.

A row agrees if the published value, to its printed digits, lies in the range that holds 95 % of
the estimates from samples as large as the paper's, drawn from our runs. If the paper states an
uncertainty of its own, or not how many networks it had, our 95 % interval takes the place of that
range. Of rows that are right, one in twenty falls outside by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from xorlab.studies.replication.registry import STUDIES
from xorlab.studies.replication.sample import (
    RESAMPLES,
    Measured,
    Statistic,
    measure,
    sample_of,
)
from xorlab.studies.replication.study import PublishedValue, Study


def agreement_table(
    studies: Mapping[str, pd.DataFrame], resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """Every published value of the studies that were run, beside what their runs show.

    Args:
        studies: the runs of each preset by its name, as `xorlab.load_runs` returns them.
        resamples: number of bootstrap samples of networks.
        seed: of the bootstrap.

    Returns:
        a row per published value: ``study``, ``source``, ``quantity``; ``published`` as printed,
        which may stand for ``published_low`` to ``published_high`` with the middle ``value``; our
        ``estimate`` with its 95 % interval ``low`` to ``high``; ``expected_low`` to
        ``expected_high``, the range expected of a study of the paper's size; ``n``, our networks;
        whether it ``agrees``, and whether its protocol was chosen ``post_hoc``; whether it is
        ``testable``, and ``counted`` as a statement of its own, with a ``remark`` if not.

    Raises:
        ValueError: runs of a study without an outcome, or outcomes that contradict the times.
    """
    rows = []
    for name, study in STUDIES.items():
        if name not in studies:
            continue
        ended = studies[name]
        ended = ended[ended["outcome"].notna()]
        if study.prepare is not None:
            ended = study.prepare(ended)
        for where, limit in dict.fromkeys((value.where, value.limit) for value in study.published):
            values = [v for v in study.published if (v.where, v.limit) == (where, limit)]
            runs = ended if where is None else ended[_has(ended[where[0]], where[1])]
            rows += [
                _row(study, value, measured, len(runs))
                for value, measured in _measure(study, values, runs, limit, resamples, seed)
            ]
    return pd.DataFrame(rows)


def _has(params: pd.Series[Any], value: object) -> pd.Series[bool]:
    """Which runs have a value; it is text where others of the column are words."""
    return (params == value) | (params == str(value).lower())


def _row(study: Study, value: PublishedValue, measured: Measured, n: int) -> dict[str, object]:
    return {
        "study": study.preset,
        "source": study.source,
        "quantity": value.quantity,
        "published": value.printed,
        "value": value.middle,
        "published_low": value.low,
        "published_high": value.high,
        "estimate": measured.estimate,
        "low": measured.low,
        "high": measured.high,
        "expected_low": measured.expected_low,
        "expected_high": measured.expected_high,
        "n": n,
        "agrees": measured.agrees(value.low, value.high),
        "post_hoc": value.post_hoc,
        "counted": not (value.post_hoc or value.uncounted or value.untestable),
        "remark": value.untestable or value.uncounted or ("post hoc" if value.post_hoc else ""),
        "testable": value.untestable is None,
    }


def _measure(
    study: Study,
    values: list[PublishedValue],
    runs: pd.DataFrame,
    limit: int | None,
    resamples: int,
    seed: int,
) -> Iterator[tuple[PublishedValue, Measured]]:
    """Measure values of one sample together, so that they share its resamples."""
    statistics = [v.measure for v in values if isinstance(v.measure, Statistic)]
    results: Iterator[Measured] = iter(())
    if statistics:
        sample = sample_of(runs, limit)
        results = iter(measure(sample, statistics, study.networks, resamples, seed))
    for value in values:
        if not isinstance(value.measure, Statistic):
            yield value, value.measure(runs)
            continue
        measured = next(results)
        if "±" in value.printed:  # the paper's own uncertainty covers its sampling already
            measured = replace(measured, expected_low=measured.low, expected_high=measured.high)
        yield value, measured
