"""Which setting generalises best: the numbers are those of SciPy, and ties claim nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.helpers.samples import table
from xorlab.analysis.report.summary import summarise
from xorlab.analysis.statistics.draws import drawn_keys, held_out_ratio
from xorlab.analysis.statistics.held_out import against_best, held_out
from xorlab.tracking.read.frames import curves_frame

SEEDS = 20
RUNS = table({0.5: [3] * SEEDS, 2.0: [4] * SEEDS, 8.0: [5] * SEEDS}, status="FINISHED")
GROUPS = [np.arange(start, start + SEEDS) for start in (0, SEEDS, 2 * SEEDS)]
DRAWN = np.random.default_rng(0).normal(0, 0.02, 3 * SEEDS)
ACCURACY = np.repeat([0.95, 0.9, 0.951], SEEDS) + DRAWN


def test_settings_are_compared_with_the_best_seed_by_seed():
    runs = RUNS.assign(test_accuracy=ACCURACY)
    first, second, third = against_best(runs, GROUPS, "test_accuracy")
    a, b = ACCURACY[:SEEDS], ACCURACY[SEEDS : 2 * SEEDS]
    interval = stats.ttest_1samp(a, 0.0).confidence_interval()
    assert first.mean == pytest.approx((a.mean(), interval.low, interval.high))
    assert (first.behind is None) != (third.behind is None)
    best = a if first.behind is None else ACCURACY[2 * SEEDS :]
    assert second.paired
    assert second.claimed
    assert second.p == pytest.approx(3 * stats.wilcoxon(b - best).pvalue)
    interval = stats.ttest_rel(b, best).confidence_interval()
    assert second.behind == pytest.approx(((b - best).mean(), interval.low, interval.high))


def test_other_seeds_are_independent_runs():
    runs = RUNS.assign(test_accuracy=ACCURACY, seed=np.arange(3 * SEEDS))
    second = against_best(runs, GROUPS, "test_accuracy")[1]
    a, b = ACCURACY[:SEEDS], ACCURACY[SEEDS : 2 * SEEDS]
    best = max((a, ACCURACY[2 * SEEDS :]), key=np.mean)
    assert not second.paired
    assert second.p == pytest.approx(3 * stats.mannwhitneyu(b, best).pvalue)
    interval = stats.ttest_ind(b, best, equal_var=False).confidence_interval()
    assert second.behind == pytest.approx((b.mean() - best.mean(), interval.low, interval.high))


def folded(shifts):
    """The runs on several folds, which shift the accuracy of every setting in its own way."""
    folds = [
        RUNS.assign(
            test_accuracy=ACCURACY + np.repeat(shift, SEEDS),
            **{"task.fold": n, "task.folds": len(shifts)},
        )
        for n, shift in enumerate(shifts)
    ]
    groups = [np.concatenate([g + n * len(RUNS) for n in range(len(shifts))]) for g in GROUPS]
    return pd.concat(folds, ignore_index=True), groups


def test_on_several_folds_settings_are_compared_fold_by_fold():
    shifts = np.random.default_rng(1).normal(0, 0.03, (5, 3))
    runs, groups = folded(shifts)
    found = against_best(runs, groups, "test_accuracy", ["task.fold"])
    means = ACCURACY.reshape(3, SEEDS).mean(axis=1) + shifts  # of folds, by setting
    best = int(means.mean(axis=0).argmax())
    wider = np.sqrt(1 + 5 / 4)  # 1 / 5 + 1 / 4 in place of 1 / 5
    for own, one in zip(means.T, found, strict=True):
        interval = stats.ttest_1samp(own, 0.0).confidence_interval()
        half = wider * (interval.high - interval.low) / 2
        assert one.mean == pytest.approx((own.mean(), own.mean() - half, own.mean() + half))
        assert one.n == 5 * SEEDS
        if one.behind is not None:
            test = stats.ttest_rel(own, means[:, best])
            p = 2 * stats.t.sf(abs(test.statistic) / wider, 4)
            assert one.p == pytest.approx(min(1, 3 * p))


def test_what_a_draw_holds_out_is_known_from_its_keys():
    split = RUNS.assign(**{"task.split_seed": np.arange(3 * SEEDS) % 5, "task.validation": 0.2})
    gates = RUNS.assign(**{"task.split_seed": np.nan, "task.validation": np.nan})
    both = pd.concat([gates, split])
    assert drawn_keys(split) == drawn_keys(both) == ["task.split_seed"]
    assert drawn_keys(pd.concat([gates, split[:1]])) == []
    assert held_out_ratio(both, ["task.split_seed"]) == pytest.approx(0.2 / 0.8)
    tested = split.assign(**{"task.test": 0.3})
    assert held_out_ratio(tested, ["task.split_seed"]) == pytest.approx(0.2 / 0.5)
    folds = split.assign(**{"task.fold": 1, "task.folds": 5})
    assert held_out_ratio(folds, ["task.split_seed"]) == 1 / 4


def equal_settings(drawn, seeds=20, patterns=150, folds=5, settings=4):
    """Runs of settings that answer patterns in general equally well, and these by accident not."""
    rightly = np.clip(drawn.normal(0.8, 0.25, (settings, patterns)), 0, 1)
    parts = rightly.reshape(settings, folds, patterns // folds)
    answers = drawn.random((seeds, *parts.shape)) < parts
    accuracy = answers.mean(axis=3)
    seed, setting, fold = np.indices(accuracy.shape).reshape(3, -1)
    columns = {"seed": seed, "task.fold": fold, "test_accuracy": accuracy.ravel()}
    groups = [np.flatnonzero(setting == one) for one in range(settings)]
    return pd.DataFrame(columns).assign(**{"task.folds": folds}), groups


def test_seeds_on_the_same_patterns_do_not_show_what_generalises():
    """More seeds make any accident of these patterns significant; folds show that it is one."""
    drawn, by_seed, by_fold = np.random.default_rng(0), 0, 0
    for _ in range(60):
        runs, groups = equal_settings(drawn)
        by_seed += any(one.claimed for one in against_best(runs, groups, "test_accuracy"))
        found = against_best(runs, groups, "test_accuracy", ["task.fold"])
        by_fold += any(one.claimed for one in found)
    assert by_seed > 30
    assert by_fold <= 3  # 5 %


def test_the_table_of_settings_has_the_same_numbers():
    runs, groups = folded(np.random.default_rng(1).normal(0, 0.03, (5, 3)))
    table = held_out(runs.rename(columns={"test_accuracy": "mine"}), ["optimizer.lr"], "mine")
    expected = against_best(runs, groups, "test_accuracy", ["task.fold"])
    assert table["optimizer.lr"].tolist() == [0.5, 2.0, 8.0]
    for (_, row), one in zip(table.iterrows(), expected, strict=True):
        assert (row["n"], row["paired"], row["claimed"]) == (one.n, one.paired, one.claimed)
        assert tuple(row[["mean", "mean_low", "mean_high"]]) == one.mean
        behind = tuple(row[["behind", "behind_low", "behind_high"]])
        assert behind == one.behind or (one.behind is None and np.isnan([*behind, row["p"]]).all())
    pd.testing.assert_frame_equal(held_out(runs, ["optimizer.lr"]), table)
    with pytest.raises(ValueError, match="no run has final_validation_accuracy or test_accuracy"):
        held_out(RUNS, ["optimizer.lr"])


def test_equal_settings_claim_nothing_and_one_run_is_too_few():
    equal = against_best(RUNS.assign(test_accuracy=0.9), GROUPS, "test_accuracy")
    assert not any(one.claimed for one in equal)
    with pytest.raises(ValueError, match="at least two values of seed"):
        against_best(RUNS.assign(test_accuracy=0.9), [*GROUPS[:2], GROUPS[2][:1]], "test_accuracy")


def test_the_report_has_it_where_patterns_were_held_out():
    keys = ("optimizer.lr",)
    runs = RUNS.assign(run_id=range(3 * SEEDS))
    assert summarise(runs, curves_frame([]), "", keys, drawn=False).generalisation is None
    runs = runs.assign(test_accuracy=ACCURACY)
    section = summarise(runs, curves_frame([]), "", keys, drawn=False).generalisation
    assert section.rows[1][0] == "2"
    # Of a trainer whose metric only has that name, the section says so.
    assert section.title == "Which setting has the highest test_accuracy"
    assert "because the trainer records test_accuracy" in section.note
    networks = runs.assign(**{"network.hidden": 2})
    section = summarise(networks, curves_frame([]), "", keys, drawn=False).generalisation
    assert section.title == "Which setting generalises best"
    percent = runs.assign(test_accuracy=100 * ACCURACY)
    assert summarise(percent, curves_frame([]), "", keys, drawn=False).generalisation is None
    assert section.rows[1][-1] == "lower"
    assert "highest mean accuracy on the test set" in section.text[0]
    assert section.text[0].endswith("; 1 of the other 2 is shown to be lower.")


def test_it_is_the_answer_where_no_run_was_solved():
    runs = RUNS.assign(run_id=range(3 * SEEDS), test_accuracy=ACCURACY)
    none = runs.assign(outcome="unsolved", solved=False, epochs_to_solve=np.nan)
    some, unsolved = (
        summarise(one, curves_frame([]), "", ("optimizer.lr",), drawn=False) for one in (runs, none)
    )
    first = some.generalisation.text[0]
    assert some.findings == (some.answer, first)
    assert unsolved.findings == (f"{first} None of 60 runs was solved within 40 epochs.",)


def test_the_validation_set_chooses_and_the_test_set_only_tells_of_the_chosen():
    runs = RUNS.assign(
        run_id=range(3 * SEEDS),
        final_validation_accuracy=np.repeat([0.8, 0.9, 0.7], SEEDS) + DRAWN,
        test_accuracy=ACCURACY,
    )
    section = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False).generalisation
    chosen, tested = section.text
    assert chosen.startswith("lr=2 has the highest mean accuracy on the validation set")
    mean = 100 * ACCURACY[SEEDS : 2 * SEEDS].mean()
    assert tested.startswith(f"On the test set, which had no part in that, it has {mean:.1f} %")
