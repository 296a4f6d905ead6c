"""Published studies: each has a preset, and the table compares their values with our runs."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import xorlab
from experiments import run_studies
from tests.conftest import ROOT
from tests.helpers.proben1 import write_samples
from xorlab.networks.config import GROUPS
from xorlab.studies.replication.agreement import agreement_table
from xorlab.studies.replication.markdown import row_cells
from xorlab.studies.replication.means import mean_of
from xorlab.studies.replication.registry import STUDIES
from xorlab.studies.replication.sample import sample_of

INLINE = "hydra.launcher.executor=inline"


@pytest.mark.parametrize("study", sorted(STUDIES))
def test_a_study_is_a_preset_that_says_where_it_comes_from(study):
    assert study in GROUPS["study"]
    text = (ROOT / "conf" / "study" / f"{study}.yaml").read_text()
    assert f"+study={study}" in text.partition("defaults:")[0] or study == "notebook"


def hamey(solved: list[int], n: int) -> dict[str, pd.DataFrame]:
    """Runs of one setting: some solved at these epochs, the others followed to 2,000."""
    epochs = [*map(float, solved), *[np.nan] * (n - len(solved))]
    outcome = ["solved"] * len(solved) + ["unsolved"] * (n - len(solved))
    runs = pd.DataFrame({"outcome": outcome, "epochs_to_solve": epochs, "training.epochs": 2000})
    return {"hamey1991": runs}


def test_hameys_quantities_are_those_of_hand_arithmetic():
    table = agreement_table(hamey([10, 20, 40], 4), resamples=100)
    estimates = table.set_index("quantity")["estimate"]
    # 1000 * #{t <= c} / sum min(t, c) at 10, 20 and 40: 25, 28.6, 27.3.
    assert estimates.iloc[0] == pytest.approx(1000 * 2 / 70)
    assert estimates.iloc[1] == 20
    assert [*estimates.index] == [value.quantity for value in STUDIES["hamey1991"].published]
    sample = sample_of(hamey([10, 20, 40], 4)["hamey1991"])
    assert (sample.n, sample.limit, sample.ascending.tolist()) == (4, 2000, [10.0, 20.0, 40.0])


def test_means_are_those_of_hand_arithmetic_with_the_range_of_the_papers_size():
    accuracy = [0.9, 0.8, 1.0, np.nan]
    runs = pd.DataFrame({"test_accuracy": accuracy, "final_loss": [0.1, 0.3, 0.2, np.nan]})
    found = mean_of("test_accuracy", 300, lambda values: 100 * (1 - values))(runs)
    assert found.estimate == pytest.approx(10)
    assert 0 <= found.low < 10 < found.high <= 20
    few = mean_of("final_loss", 1)(runs)
    assert (few.expected_low, few.expected_high) == (0.1, 0.3)
    assert found.expected_high - found.expected_low < 20
    assert np.isnan(mean_of("relevant_epochs", 3)(runs).estimate)


@pytest.mark.parametrize(("ours", "agrees"), [(2, True), (8, True), (1, False), (15, False)])
def test_an_order_of_magnitude_agrees_within_the_root_of_ten_and_is_not_counted(ours, agrees):
    epochs = [2_500 * ours - 1.0, 2_500.0 * ours, 2_500 * ours + 1.0]
    runs = pd.DataFrame(
        {
            "outcome": "solved",
            "epochs_to_solve": epochs,
            "training.epochs": 50_000,
            "seed": [0, 1, 2],
        }
    )
    (row,) = agreement_table({"two_spirals_quickprop": runs}, resamples=20).to_dict("records")
    assert (row["published"], row["agrees"], row["counted"]) == ("8,000", agrees, False)
    assert row_cells(row)["agrees"].endswith("; order of magnitude)")
    assert row["value"] == 8_000  # what a figure draws ours relative to


def test_studies_of_a_users_files_are_refused_without_them(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run_studies", str(tmp_path / "runs")])
    with pytest.raises(SystemExit):
        run_studies.main()
    assert "put cancer1.dt, diabetes1.dt, glass1.dt, heartc1.dt into" in capsys.readouterr().err


@pytest.mark.parametrize("study", ["proben1_linear", "proben1_cancer1"])
def test_a_study_of_a_users_files_measures_what_is_published(study, command, store_file, tmp_path):
    write_samples(tmp_path)
    ended = command("-m", f"+study={study}", *STUDIES[study].small, INLINE)
    assert (ended.code, ended.err) == (0, "")
    runs = xorlab.load_runs(experiment=study)
    table = agreement_table({study: runs}, resamples=20).set_index("quantity")
    assert table[["estimate", "low", "high"]].notna().all(axis=None)
    rows = runs[runs["task.path"] == STUDIES[study].files[0]]
    if study != "proben1_linear":
        rows = rows[rows["network.skip"] != "all"]
    (name,) = [
        name for name in table.index if name.startswith(("no shortcuts: test", "cancer1: test"))
    ]
    assert table.loc[name, "estimate"] == pytest.approx(100 * rows["test_loss"].mean())


# One of each paper's; the notebooks' tests run the others.
TRACKED = (
    "notebook",
    "hamey1991",
    "kramer1988",
    "kramer1988_searches",
    "kolen1990",
    "proben1_cancer1",
    "tr_xor",
    "two_spirals_quickprop",
)


@pytest.mark.slow
def test_the_table_is_made_from_tracked_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(run_studies, "STUDIES", {name: STUDIES[name] for name in TRACKED})
    readme, into, folder = (tmp_path / name for name in ("README.md", "published.md", "runs"))
    folder.mkdir()
    write_samples(folder)
    readme.write_text("before\n<!-- studies -->\nold\n<!-- /studies -->\nafter\n")
    files = ["--into", str(into), "--readme", str(readme)]
    monkeypatch.setattr(sys, "argv", ["run_studies", str(folder), "--small", *files])
    run_studies.main()
    table = into.read_text()
    for name in TRACKED:
        for value in STUDIES[name].published:
            assert value.quantity in table
    text = readme.read_text()
    assert text.startswith("before\n<!-- studies -->\n|")
    assert text.endswith("<!-- /studies -->\nafter\n")
    assert "old" not in text.split("-->")[1]
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    assert len(xorlab.load_runs(uri, "hamey1991")) == 60
    assert xorlab.load_runs(uri, "notebook")["seed"].tolist() == [42]
