"""A summary: its headline, and that it agrees with the statistics."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from tests.helpers.samples import table
from xorlab.analysis.column_names import NETWORK_KEY
from xorlab.analysis.counts import WITH_ERROR
from xorlab.analysis.figures.forest import success_bars
from xorlab.analysis.report.differences import differences
from xorlab.analysis.report.html import report_html
from xorlab.analysis.report.summary import headline, start_headline, summarise
from xorlab.analysis.statistics.convergence import convergence
from xorlab.analysis.statistics.sequential import confidence_sequence
from xorlab.tracking.read.frames import curves_frame

RUNS = table({0.5: [1, 2, None]}, status="FINISHED")
KEYS = ("task", "optimizer", "optimizer.lr", "training.epochs")
COUNTS = "2 solved, 1 unsolved, 0 diverged"


@pytest.mark.parametrize(
    ("seconds", "before", "expected"),
    [
        (1.23, {}, f"3 runs in 1.2 s: {COUNTS}"),
        (
            1.23,
            {WITH_ERROR: 1, "diverged": 0, "solved": 1},
            f"3 runs: {COUNTS}; 1 trained in 1.2 s, 2 skipped (recorded before: 1 solved, 1 with "
            "an error)",
        ),
        (0.0, {"solved": 3}, f"3 runs: {COUNTS}; none trained, 3 skipped (recorded before)"),
    ],
)
def test_who_starts_a_sweep_reads_what_was_trained_now_and_before(seconds, before, expected):
    assert start_headline(RUNS, seconds, before) == expected


def test_a_report_describes_all_runs_however_often_its_sweep_was_started():
    assert headline(RUNS) == headline(RUNS, 1.23, 2) == f"3 runs: {COUNTS}"
    assert headline(RUNS, 1.23) == f"3 runs in 1.2 s: {COUNTS}"


def test_a_summary_agrees_with_the_statistics_of_the_whole_table():
    runs = table({0.5: [1, 2, None], 2.0: [3, None, None]}, status="FINISHED").assign(
        task="xor", run_id=[f"{n:032x}" for n in range(6)], comment="unused", final_loss=0.25
    )
    summary = summarise(runs, curves_frame([]), "a headline", KEYS)
    assert summary.by == ["optimizer.lr"]
    assert summary.shared == {"task": "xor", "training.epochs": 40}
    pd.testing.assert_frame_equal(summary.settings, convergence(runs, by=summary.by))
    names = [figure.name for figure in summary.figures]
    assert names == ["success.png", "cost.png", "survival.png", "ert.png"]
    assert summary.files().keys() == {"runs.parquet", "settings.parquet"}
    assert list(summary.pictures()) == names
    pd.testing.assert_frame_equal(summary.runs, runs)


def test_each_event_of_a_trainer_has_its_own_curves():
    runs = seeded({0.5: [5, 9, None], 2.0: [3, None, None]})
    runs["epochs_to_generalise"] = [7.0, np.nan, np.nan, 12.0, 14.0, np.nan]
    runs["epochs_to_never"] = np.nan
    summary = summarise(runs, curves_frame([]), "", KEYS)
    names = [figure.name for figure in summary.figures]
    assert [name for name in names if name.startswith("survival")] == [
        "survival.png",
        "survival_generalise.png",
    ]
    page = report_html("", summary).decode()
    assert "have not reached the event “generalise” by each epoch" in page


def test_a_key_that_follows_from_a_choice_does_not_make_a_setting():
    runs = table({0.5: [1, 2], 2.0: [3, None]}, status="FINISHED")
    runs["optimizer"] = runs["optimizer.lr"].map({0.5: "gd", 2.0: "rprop"})
    assert summarise(runs, curves_frame([]), "", KEYS, drawn=False).by == ["optimizer"]
    runs.loc[0, "optimizer.lr"] = 1.0
    by = summarise(runs, curves_frame([]), "", KEYS, drawn=False).by
    assert by == ["optimizer", "optimizer.lr"]


def test_runs_that_differ_by_their_seeds_alone_are_one_setting():
    runs = RUNS.assign(run_id=["a", "b", "c"], name=["x", "y", "z"])
    assert summarise(runs, curves_frame([]), "", KEYS, drawn=False).by == ["optimizer.lr"]
    summary = summarise(runs, curves_frame([]), "", keys=())
    assert summary.settings["setting"].tolist() == ["all runs"]
    assert '<td class="left">all runs</td><td>3</td>' in report_html("", summary).decode()


def seeded(settings: dict[object, list[int | None]], **columns: object) -> pd.DataFrame:
    runs = table(settings, status="FINISHED", **columns)
    return runs.assign(run_id=[f"{n:032x}" for n in range(len(runs))])


START = {"network.hidden": 2, "init": "uniform", "init.range": 1.0}
EPOCHS = [5, 9, None, 14] * 10


def test_folds_are_draws_of_the_data_and_not_settings():
    keys = ("task.fold", "optimizer.lr")
    fold = np.tile(np.repeat(range(4), 10), 2)
    runs = seeded({0.5: EPOCHS, 2.0: EPOCHS}, **START).assign(**{"task.fold": fold})
    seeds = runs.assign(seed=np.tile(range(10), 8), table=[f"{n:08x}" for n in fold])
    several = summarise(seeds, curves_frame([]), "", keys, drawn=False)
    assert several.by == ["optimizer.lr"]
    expected = convergence(seeds, by=several.by, cluster="seed")
    pd.testing.assert_frame_equal(several.settings, expected)
    assert several.basis == (
        "Runs that differ in task.fold alone are of one setting, on other draws of the data (where "
        "all have one seed, a draw counts as a seed); xorlab.convergence(runs, "
        "by=['task.fold']) takes them apart.",
        "Settings pool runs (seed 0 occurs 4 times, in runs that differ in task.fold): each seed "
        "counts once in intervals and tests.",
        "Settings are compared seed by seed, because they start from the same weights.",
    )
    # Where seeds were added to each until its rate was known, each is a setting.
    assert summarise(seeds, curves_frame([]), "", keys, drawn=False, sequential=0.95).by == [*keys]


def test_with_one_seed_each_fold_counts_as_a_run():
    runs = seeded({0.5: EPOCHS, 2.0: EPOCHS}, **START)
    folds = runs.assign(**{"task.fold": runs["seed"], "seed": 42})
    one = summarise(folds, curves_frame([]), "", ("optimizer.lr", "task.fold"), drawn=False)
    expected = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False)
    pd.testing.assert_frame_equal(one.settings, expected.settings)
    assert one.differences == expected.differences


def test_a_report_says_first_what_it_paired_pooled_and_left_out():
    keys = ("optimizer.lr", "network.hidden")
    runs = seeded({0.5: EPOCHS, 2.0: EPOCHS}, **START)
    paired = summarise(runs, curves_frame([]), "head", keys, drawn=False)
    sentence = "Settings are compared seed by seed, because they start from the same weights."
    assert paired.basis == (sentence,)
    page = report_html("", paired).decode()
    parts = (paired.answer, "<p>head.</p>", sentence, "<h2>Settings", "<h2>Which settings differ")
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    apart = summarise(
        runs.assign(**{"network.hidden": runs["optimizer.lr"]}), runs, "", keys, drawn=False
    )
    assert apart.basis == ("Settings are compared as independent runs.",)
    copies = pd.concat([runs, runs.iloc[:1]]).assign(key=[*range(80), 0], other=range(81))
    again = summarise(copies, curves_frame([]), "", keys, drawn=False)
    assert again.basis[0] == (
        "1 of 81 runs were trained again later under the same key: each key counts once, as it was "
        "trained last."
    )
    assert again.settings["n"].tolist() == [40, 40]
    pooled = summarise(runs, curves_frame([]), "", ("network.hidden",), drawn=False)
    assert pooled.basis[0] == (
        "Settings pool runs (seed 0 occurs 2 times, in runs that differ in optimizer.lr): each "
        "seed counts once in intervals and tests."
    )


def test_one_lucky_run_does_not_name_a_winner():
    """Range 8 once gave "50 with a cutoff of 1", though it is the worst of these."""
    generator = np.random.default_rng(0)
    usual = [int(e) if e < 350 else None for e in generator.integers(100, 500, 50)]
    rare = [0, *(int(e) if e < 120 else None for e in generator.integers(20, 500, 49))]
    runs = seeded({1.0: usual, 8.0: rare}).assign(**{"training.epochs": 500})
    first = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False).answer
    assert first.startswith("lr=1 looks cheapest, with ")
    assert "[0 to 0]" not in first


def test_runs_that_are_solved_by_their_initial_weights_cost_an_epoch_each():
    """Such runs once gave "0 with a cutoff of 0", with an interval from 0 to 0."""
    runs = seeded({1.0: [0] * 20, 2.0: [0] * 12 + [40] * 8})
    first = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False).answer
    assert "a success takes 1 [1 to " in first
    assert "cutoff of 0" not in first
    assert " if a run is given up after 0" not in first


def test_a_winner_is_named_only_where_every_other_setting_costs_more():
    fast = [10, 11, 12, 13, 14] * 10
    keys = ("optimizer.lr",)
    clear = seeded({1.0: fast, 2.0: [30 + e // 2 if e < 14 else None for e in fast]})
    first = summarise(clear, curves_frame([]), "", keys, drawn=False).answer
    assert first.startswith("lr=1 is the cheapest of 2 settings: a success takes 12 [")
    assert first.endswith("epochs, restarts included; the other one takes more.")
    close = seeded({1.0: fast, 2.0: [e + 1 if e < 14 else e for e in fast]})
    first = summarise(close, curves_frame([]), "", keys, drawn=False).answer
    assert first.startswith("lr=1 looks cheapest, with 12 [")
    assert "; lr=2 (13 [" in first
    assert first.endswith("]) is not shown to cost more.")


def test_the_answer_for_one_setting_is_its_rate_and_its_speed():
    one = summarise(seeded({1.0: EPOCHS}), curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert one.answer == (
        "30 of 40 runs were solved (75 %, 95 % interval 60 to 86 %), half of all runs by epoch 9."
    )
    assert one.differences is None
    single = summarise(seeded({1.0: [7]}), curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert single.answer == "The run was solved by epoch 7."
    none = seeded({1.0: [None] * 40})
    assert summarise(none, curves_frame([]), "", ("optimizer.lr",), drawn=False).answer == (
        "None of 40 runs was solved within 40 epochs; the success rate is below 9 % with 95 % "
        "confidence."
    )


def test_a_setting_of_several_keys_is_one_cell_as_well_for_narrow_pages():
    runs = seeded({0.5: EPOCHS, 2.0: EPOCHS}, **START)
    runs["network.hidden"] = runs["optimizer.lr"].map({0.5: 2, 2.0: 3})
    keys = ("network.hidden", "optimizer.lr")
    page = report_html("", summarise(runs, curves_frame([]), "", keys, drawn=False)).decode()
    assert '<td class="left whole">hidden=2, lr=0.5</td><td class="left key">2</td>' in page
    one = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert 'class="left whole"' not in report_html("", one).decode()


def test_settings_have_the_order_in_which_they_were_asked_for():
    runs = seeded({2.0: EPOCHS, 0.5: EPOCHS}, init=["he", "glorot"] * 40)
    keys = ("init", "optimizer.lr")
    summary = summarise(runs, curves_frame([]), "", keys, drawn=False)
    rows = [["he", "2"], ["he", "0.5"], ["glorot", "2"], ["glorot", "0.5"]]
    assert [row[:2] for row in summary.table.rows()] == rows
    assert summary.settings[list(keys)].astype(str).to_numpy().tolist() == [
        ["he", "2.0"],
        ["he", "0.5"],
        ["glorot", "2.0"],
        ["glorot", "0.5"],
    ]


def test_settings_of_no_sweep_are_sorted_and_a_key_that_they_lack_is_left_out():
    """A report of a filter had the order in which its runs were read, and said ``lr=-``."""
    fast = {2.0: [3, 4, 5] * 8, None: [12] * 24, 0.5: [9, 11] * 12, 10.0: [None] * 24}
    runs = seeded(fast).assign(optimizer=["gd"] * 24 + ["rprop"] * 24 + ["gd"] * 48)
    keys = ("optimizer", "optimizer.lr")
    summary = summarise(runs, curves_frame([]), "", keys, asked=False)
    rows = [["gd", "0.5"], ["gd", "2"], ["gd", "10"], ["rprop", "-"]]
    assert [row[:2] for row in summary.table.rows()] == rows
    slow = runs[(runs["optimizer"] == "rprop") | (runs["optimizer.lr"] == 10)]
    slow = slow.assign(**{"optimizer.momentum": slow["optimizer.lr"]})
    keys = ("optimizer", "optimizer.lr", "optimizer.momentum")
    answer = summarise(slow, curves_frame([]), "", keys, asked=False, drawn=False).answer
    assert answer.startswith("optimizer=rprop looks cheapest, with 12 [")
    page = report_html("", summary).decode()
    assert "<dt>optimizer.lr</dt><dd>- where a setting does not have this key</dd>" in page
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a figure that is not drawn warns
        assert "heatmap.png" in summary.pictures()


def test_a_cost_of_which_one_run_was_solved_is_not_said_to_be_among_the_least():
    """Its interval, such as 5 to 1,580,890, once made it one of the cheapest."""
    seldom = [150, *[None] * 49]
    times = {1.0: [10 + n % 5 for n in range(50)], 2.0: seldom, 3.0: seldom}
    runs = seeded(times).assign(**{"training.epochs": 200})
    summary = summarise(runs, curves_frame([]), "", ("optimizer.lr",))
    assert summary.best == (0,)
    assert [row[-2] for row in summary.table.rows()[1:]] == ["9,950 (one solved run)"] * 2
    few = seeded({1.0: [7], 2.0: [8], 3.0: [None]})
    summary = summarise(few, curves_frame([]), "", ("optimizer.lr",))
    assert summary.answer == (
        "2 of 3 runs were solved; what a success costs is not known, because no setting "
        "was solved more than once: more seeds would tell."
    )
    assert summary.best == ()
    captions = {figure.name: figure.caption for figure in summary.figures}
    assert "A hollow dot has no interval" in captions["cost.png"]


def test_an_interval_that_shows_a_difference_beside_an_open_pair_is_explained_in_place():
    runs = seeded({1.0: [1] * 10 + [None] * 10, 2.0: [30] * 17 + [None] * 3, 3.0: [1] * 20})
    section = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False).differences
    assert section is not None
    pair = next(row for row in section.rows if row[:2] == ["lr=1", "lr=2"])
    assert f" to {chr(0x2212)}" in pair[3]
    assert pair[-1].startswith("open*")
    assert section.note.startswith("* An interval leaves out 0 points")
    assert "corrected for all 3 pairs" in section.note.splitlines()[0]


def test_few_settings_are_compared_in_all_pairs_and_many_with_the_best_one():
    few = {float(lr): [lr, lr + 9, None, lr] * 5 for lr in range(10, 14)}
    summary = summarise(seeded(few), curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert summary.differences is not None
    assert len(summary.differences.rows) == 6
    assert "corrected for all 6 pairs (Holm)" in summary.differences.note
    many = few | {float(lr): [lr, lr + 9, None, lr] * 5 for lr in range(14, 25)}
    summary = summarise(seeded(many), curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert summary.differences is not None
    best = f"lr={summary.settings['optimizer.lr'].iloc[summary.best[0]]:g}"
    assert summary.differences.text == [
        f"Each setting against the one that looks cheapest, {best}."
    ]
    assert len(summary.differences.rows) == 14
    assert "corrected for all 105 pairs (Bonferroni)" in summary.differences.note


def test_a_pair_says_the_same_in_whichever_order_it_is_shown():
    fast, slow = [5] * 30, [10 + n if n % 3 else None for n in range(30)]
    shown = []
    for settings in ({1.0: fast, 2.0: slow}, {2.0: slow, 1.0: fast}):
        runs = seeded(settings)
        section = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False).differences
        assert section is not None
        shown.append(section.rows[0])
    assert shown[0][:2] == ["lr=1", "lr=2"] == shown[1][1::-1]
    assert shown[0][2] == "100, 67"
    assert shown[1][2] == "67, 100"
    assert (shown[0][-1], shown[1][-1]) == ("sooner", "later")


def test_a_long_answer_has_its_first_part_as_the_sentence_that_leads():
    fast, never = [10 + n % 5 for n in range(50)], [None] * 50
    times = {1.0: fast, 2.0: never, 4.0: [e + n % 2 for n, e in enumerate(fast)]}
    runs = seeded(times).assign(**{"training.epochs": 60})
    keys = ("optimizer.lr",)
    page = report_html("", summarise(runs, curves_frame([]), "", keys, drawn=False)).decode()
    (lead,) = re.findall('<p class="answer">(.*?)</p>', page)
    assert lead.startswith("lr=1 looks cheapest, with 12 [")
    assert lead.endswith("]) is not shown to cost more.")
    assert "was never solved" not in lead


def test_what_cannot_be_compared_is_said():
    unsolved = seeded({1.0: [None] * 9, 2.0: [None] * 9})
    summary = summarise(unsolved, curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert summary.basis == ("Settings are not compared: none was solved.",)
    assert summary.differences is None


def test_settings_that_were_hardly_ever_solved_are_not_counted_as_possibly_cheapest():
    fast = [10 + n % 5 for n in range(50)]
    seldom = [50 + n if n < 7 else None for n in range(50)]
    times = {1.0: fast, 2.0: [None] * 50, 3.0: seldom, 4.0: [e + n % 2 for n, e in enumerate(fast)]}
    runs = seeded(times).assign(**{"training.epochs": 10_000})
    summary = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert set(summary.best) == {0, 3}
    assert "; lr=4 (" in summary.answer
    assert (
        "; 1 other setting was solved later or less often, and too seldom to know the cost"
        in summary.answer
    )
    cells = dict(zip(summary.table.header, summary.table.rows()[2], strict=True))
    assert cells["best cutoff"] == "-"


def test_a_setting_of_few_runs_with_a_lower_estimate_is_named_with_the_reason():
    usual, few = [10 + n % 5 for n in range(50)], [5, 6, 7]
    runs = seeded({1.0: usual, 5.0: few}).assign(**{"training.epochs": 1000})
    answer = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False).answer
    assert answer.startswith("lr=1 looks cheapest, with 12 [")
    assert answer.endswith(
        ". lr=5 (3 runs) has a lower estimate, but its interval is too wide to come first: more "
        "seeds would tell."
    )
    many = seeded({1.0: usual, **{float(lr): few for lr in range(5, 9)}})
    many = many.assign(**{"training.epochs": 1000})
    answer = summarise(many, curves_frame([]), "", ("optimizer.lr",), drawn=False).answer
    assert "; 4 other settings are not shown to cost more. lr=5 (3 runs, 6 [" in answer
    assert " and 2 other settings have lower estimates, but their intervals are too " in answer


def test_no_setting_is_called_the_cheapest_where_the_cost_of_another_is_unknown():
    known, unknown = seeded({1.0: [2, 3, 4] * 10}), seeded({2.0: [9, 11, 30, None] * 8})
    unknown.loc[unknown["outcome"] != "solved", "outcome"] = "diverged"
    runs = pd.concat([known, unknown], ignore_index=True).drop(columns="training.epochs")
    runs["epochs_run"] = runs["epochs_to_solve"].fillna(5)
    summary = summarise(runs, curves_frame([]), "", ("optimizer.lr",))
    assert summary.answer.startswith("lr=1 looks cheapest, with 3 [")
    assert summary.answer.endswith(
        "; the cost of 1 other setting is not known, because an epoch limit is not."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a figure that is not drawn warns
        assert {"survival.png", "ert.png"} <= set(summary.pictures())


def test_seeds_added_by_looking_get_the_interval_that_is_valid_then():
    runs = seeded({0.5: EPOCHS})
    n, solved = len(runs), int((runs["outcome"] == "solved").sum())
    keys = ("optimizer.lr",)
    summary = summarise(runs, curves_frame([]), "", keys, drawn=False, sequential=0.9)
    low, high = (100 * float(end) for end in confidence_sequence(solved, n, 0.9))
    shown = dict(zip(summary.table.header, summary.table.rows()[0], strict=True))
    assert shown["90 % interval"] == f"{low:.0f}-{high:.0f} %"
    assert summary.settings.loc[0, ["rate_low", "rate_high"]].tolist() == [low / 100, high / 100]
    assert success_bars(summary.settings, summary.by).get_xlabel().endswith("number of looks")


def test_runs_that_broke_off_are_counted_apart():
    runs = seeded({0.5: EPOCHS}).assign(status="FINISHED")
    runs.loc[:1, "status"], runs.loc[:1, "outcome"] = "FAILED", None
    summary = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert summary.basis[0].startswith(f"2 of {len(runs)} runs broke off with an error")


def test_unsolved_runs_that_answer_rightly_are_given_the_key_that_counts_it():
    runs = seeded({0.5: [None] * 20, 2.0: [None] * 20}).assign(accuracy=0.97)
    keys = {NETWORK_KEY: "2", "training.target_accuracy": None}
    said = "though half of them answer at least 97 % of the patterns rightly: training.target_accur"
    for columns, expected in ((keys, True), (keys | {"training.target_accuracy": 0.99}, False)):
        summary = summarise(
            runs.assign(**columns), curves_frame([]), "", ("optimizer.lr",), drawn=False
        )
        assert (said in summary.answer) == expected


def test_of_a_trainer_of_ones_own_that_solves_nothing_it_is_said_who_says_what_a_solution_is():
    runs = seeded({0.5: [None] * 20}).assign(trainer="perceptrons 1")
    answer = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False).answer
    assert answer.endswith(
        "with 95 % confidence. When a run is solved is what its trainer says, by "
        "xorlab.Recorder(solved=...); xorlab.first_passage takes any threshold of recorded curves."
    )


def test_runs_that_a_rule_ended_are_said_to_have_ended_so():
    runs = seeded({0.5: [None] * 20, 2.0: [None] * 20}).assign(epochs_run=[12] * 30 + [40] * 10)
    summary = summarise(runs, curves_frame([]), "", ("optimizer.lr",), drawn=False)
    assert summary.answer == (
        "None of 40 runs was solved within 40 epochs; a rule ended 30 of them earlier."
    )
    assert summary.basis[0].startswith("30 runs ended unsolved before the last epoch, by a rule")


def test_a_pair_of_settings_without_a_solved_run_is_not_said_to_have_too_few_runs():
    runs = table({0.1: [None] * 30, 0.5: [None] * 30, 2.0: [1, 2, 3] * 10})
    settings = convergence(runs, by=["optimizer.lr"])
    section = differences(runs, settings, ["optimizer.lr"], None).section
    assert section is not None
    claims = [row[-1] for row in (*section.rows, *section.more)]
    assert claims.count("none solved") == 1
    assert "too few runs" not in claims
