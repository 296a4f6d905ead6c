"""Sweepers of other packages launch through xorlab's own launcher."""

from __future__ import annotations

import pytest
import yaml

import xorlab
from tests.helpers.commands import parents

SEARCH = (
    "-m",
    "hydra/sweeper=optuna",
    "hydra.sweeper.sampler.seed=3",
    "hydra.sweeper.n_trials=3",
    "hydra.sweeper.n_jobs=2",
    "optimizer.lr=interval(0.1,10)",
    "training.epochs=200",
    "hydra.launcher.executor=inline",
)


# Of Optuna 2, which the plug-in needs.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    ("objective", "direction", "best"),
    [("max_error", "minimize", min), ("accuracy", "maximize", max)],
)
def test_optuna_optimises_the_objective(objective, direction, best, command, store_file, tmp_path):
    ended = command(
        *SEARCH,
        f"tracking.objective={objective}",
        f"hydra.sweeper.direction={direction}",
    )
    assert ended.code == 0, ended.err
    runs = xorlab.load_runs()
    assert len(runs) == len(set(runs["optimizer.lr"])) == 3
    found = yaml.safe_load((tmp_path / "optimization_results.yaml").read_text())
    assert found["best_value"] == best(runs[objective])
    chosen = runs.loc[runs["optimizer.lr"] == found["best_params"]["optimizer.lr"], objective]
    assert chosen.tolist() == [found["best_value"]]
    (parent,) = parents()  # all batches of trials are one sweep
    assert parent.data.metrics["runs"] == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_what_a_plug_in_registers_may_be_called_and_a_users_file_names_nothing_else(
    command, store_file, tmp_path
):
    folder = tmp_path / "my" / "study"
    folder.mkdir(parents=True)
    head = "# @package _global_\nhydra:\n  sweeper:\n    sampler:\n      "
    (folder / "random.yaml").write_text(f"{head}_target_: optuna.samplers.RandomSampler\n")
    (folder / "foreign.yaml").write_text(f"{head}_target_: os.system\n")
    search = ("--config-dir", "my", *SEARCH[:2], *SEARCH[4:], "hydra.sweeper.n_trials=2")
    ended = command(*search, "+study=foreign")
    assert ended.code == 2
    assert "hydra.sweeper.sampler._target_=os.system: must be a plug-in" in ended.err
    assert not (tmp_path / "mlartifacts").exists()
    ended = command(*search[:3], "hydra/sweeper/sampler=random", *search[3:])
    assert ended.code == 0, ended.err
    assert len(xorlab.load_runs()) == 2


def test_hydras_own_sweeper_launches_through_ours(command, store_file):
    ended = command(
        "-m",
        "hydra/sweeper=basic",
        "hydra.sweeper.max_batch_size=2",
        "seed=0,1,2",
        "training.epochs=3",
        SEARCH[-1],
    )
    assert (ended.code, ended.err) == (0, "")
    assert sorted(xorlab.load_runs()["seed"]) == [0, 1, 2]
