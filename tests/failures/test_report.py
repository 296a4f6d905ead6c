"""Why runs failed, in the words of a report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.memory import bytes_each
from xorlab.errors import StoreError
from xorlab.failures.classes import CLASSES
from xorlab.failures.failure_table import failure_table
from xorlab.failures.report import Diagnosis, diagnose_within, in_words
from xorlab.sweeps.summary.finish import diagnosis_seconds

COMMAND = "xorlab-report 4f2a91c0"


def words(*classes: str, failed: int | None = None, seconds: float = 2.0) -> str:
    table = pd.DataFrame({"failure": pd.Categorical(classes, list(CLASSES))})
    return in_words(Diagnosis(table, failed or len(classes), seconds), 2.0, COMMAND)


@pytest.mark.parametrize("name", CLASSES)
def test_runs_of_one_class_are_one_clause_whatever_the_class(name):
    assert words(name) == f"1 run was not solved: {name}."
    assert words(*[name] * 20) == f"20 runs were not solved: {name} (all 20)."


def test_of_several_classes_the_most_frequent_comes_first():
    assert words(*["saddle or plateau"] * 2, *["saturated"] * 1000, "diverged") == (
        "1,003 runs were not solved: saturated (1,000 runs), saddle or plateau (2 runs), "
        "diverged (1 run)."
    )


def test_what_was_not_diagnosed_is_said_with_the_command_that_does_it():
    assert words("saturated", failed=20) == (
        "20 runs were not solved. 1 of them was diagnosed in the 2 s allowed: saturated. "
        f"To diagnose all: {COMMAND} --diagnose 60"
    )
    assert words(*["saturated"] * 9, "diverged", failed=1_000, seconds=1.9) == (
        "1,000 runs were not solved. 10 of them, spread over the settings, were diagnosed in the "
        "2 s allowed: saturated (9 runs), diverged (1 run). "
        f"To diagnose all: {COMMAND} --diagnose 290"
    )


def test_a_sweep_that_is_started_again_may_look_for_causes_as_long_as_a_long_one():
    assert diagnosis_seconds(0.0, skipped=0) == 2
    assert diagnosis_seconds(50.0, skipped=0) == 5
    assert diagnosis_seconds(0.0, skipped=180) == diagnosis_seconds(1e6, skipped=0) == 10


def test_failed_runs_are_found_and_counted_without_a_copy_of_all_their_columns(tmp_path):
    def table(count: int) -> pd.DataFrame:
        numbers = {f"metric_{n}": np.arange(count) / 7 for n in range(60)}
        runs = pd.DataFrame({"run_id": np.arange(count).astype("str"), "lr": 0.5, **numbers})
        runs.attrs["uri"] = f"sqlite:///{tmp_path}/none.db"
        return runs.assign(outcome="unsolved", failure="saturated")

    def diagnosed(count: int) -> None:
        with pytest.raises(StoreError, match=r"none\.db"):  # where their weights would be
            diagnose_within(tables[count], ["lr"], 1.0)
        assert failure_table(tables[count], ["lr"], tables[count])["n"].tolist() == [count]

    tables = {count: table(count) for count in (1_000, 3_000)}
    diagnosed(1_000)  # imports what it needs, which is not to be measured
    assert bytes_each(diagnosed, *tables).peak < 60 * 8 / 2
