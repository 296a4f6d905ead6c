"""What a report counts: which runs were left out, pooled, or compared in pairs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xorlab.analysis.counts import counted
from xorlab.analysis.report.differences import Differences
from xorlab.analysis.statistics.clock import EPOCHS, EVALUATIONS
from xorlab.analysis.statistics.groups import rows_by_setting
from xorlab.analysis.statistics.repeats import repeated_seed
from xorlab.analysis.statistics.times import SEED, counted_runs, ended_early, trained_again


def basis(
    runs: pd.DataFrame,
    by: Sequence[str],
    compared: Differences,
    draws: Sequence[str] = (),
    clock: str = EPOCHS,
) -> list[str]:
    """Sentences on what the answer rests on.

    Args:
        runs: from `xorlab.load_runs`.
        by: the columns that make a setting.
        compared: how the settings were compared.
        draws: the keys that draw the data, in which runs of one setting differ.
        clock: the time in which they were compared.

    Returns:
        a sentence on runs that broke off, one on runs that a rule ended, one on keys that were
        trained more than once, one on seeds that occur more than once in a setting, and one on how
        settings are compared, or why not; each only where it applies.
    """
    kept = counted_runs(runs, by, "by")
    ended = runs[runs["outcome"].notna()]
    again = int(trained_again(ended).sum())
    sentences = []
    broken = int((runs["status"] == "FAILED").sum()) if "status" in runs else 0
    if broken:
        sentences.append(
            f"{broken:,} of {counted(len(runs), 'run')} broke off with an error: they have no "
            "outcome, and rates and times leave them out."
        )
    early = int(ended_early(kept).sum())
    if early:
        sentences.append(
            f"{counted(early, 'run')} ended unsolved before the last epoch, by a rule such as "
            "training.stop or training.min_gradient: they count as not solved in all of their "
            "epochs, and with all of these in costs; “ERT as spent” counts those that they ran."
        )
    if clock == EVALUATIONS:
        sentences.append(
            "An epoch costs these settings different numbers of evaluations of the loss, so they "
            "are compared by evaluations: times and costs are counted in these, wherever a column "
            "or an axis does not name epochs."
        )
    if again:
        sentences.append(
            f"{again:,} of {counted(len(ended), 'run')} were trained again later under the same "
            "key: each key counts once, as it was trained last."
        )
    if draws:
        names = " and ".join(draws)
        sentences.append(
            f"Runs that differ in {names} alone are of one setting, on other draws of the data "
            "(where all have one seed, a draw counts as a seed); "
            f"xorlab.convergence(runs, by={list(draws)!r}) takes them apart."
        )
    if SEED in runs:
        pooled = (repeated_seed(kept.iloc[rows], SEED) for rows in rows_by_setting(kept, by))
        first = next((one for one in pooled if one is not None), None)
        if first is not None:
            sentences.append(
                f"Settings pool runs ({first}): each seed counts once in intervals and tests."
            )
    if compared.refused:
        sentences.append(compared.refused)
    if SEED in runs and compared.pairs is not None:
        sentences.append(_how_compared(compared.pairs["paired"]))
    return sentences


def _how_compared(is_paired: pd.Series) -> str:
    paired, all_pairs = int(is_paired.sum()), len(is_paired)
    if paired == all_pairs:
        return "Settings are compared seed by seed, because they start from the same weights."
    if paired:
        return (
            f"{paired:,} of {counted(all_pairs, 'pair')} of settings are compared seed by seed, "
            "because they start from the same weights, the others as independent runs."
        )
    return "Settings are compared as independent runs."
