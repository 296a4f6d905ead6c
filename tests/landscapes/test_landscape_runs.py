"""Landscapes end to end on a real store: one run, whole in the end whatever happens on the way."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

import xorlab
from xorlab.sweeps.landscape_run import PieceError
from xorlab.system.npz import npz_arrays, npz_bytes
from xorlab.tracking.store.opening import open_store

AXES = (
    "landscape.x=optimizer.lr",
    "landscape.x_low=1",
    "landscape.x_high=60",
    "landscape.x_scale=log",
    "landscape.y=weight.9",
    "landscape.y_low=-5",
    "landscape.y_high=5",
    "landscape.width=48",
    "landscape.height=40",
)
SMALL = (*AXES, "training.epochs=60")
SLOW = (*AXES, "training.epochs=2500", "hydra.launcher.workers=1")
INLINE = "hydra.launcher.executor=inline"


def landscape_runs(experiment: str = "xorlab") -> list:
    store = open_store(None, experiment, create=False)
    return list(store.client.search_runs([store.experiment_id], "tags.`xorlab.landscape` LIKE '%'"))


def folder_of(run) -> Path:
    return Path(run.info.artifact_uri.removeprefix("file://"))


def assert_same(one, other) -> None:
    for name in ("outcome", "epochs_to_solve", "final_loss"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("executor", [INLINE, "hydra.launcher.executor=processes"])
def test_a_landscape_is_one_run_with_its_arrays_and_picture(executor, command, store_file):
    result = command(*SMALL, executor)
    assert (result.code, result.err) == (0, "")
    assert f"mlflow ui --backend-store-uri sqlite:///{store_file}\n" in result.out
    (run,) = landscape_runs()
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "landscape xor optimizer.lr by weight.9 48x40"
    folder = folder_of(run)
    names = {"config.yaml", "landscape.npz", "landscape.png"}
    assert {path.name for path in folder.iterdir()} == names
    assert (folder / "landscape.png").read_bytes().startswith(b"\x89PNG")
    assert f"\nOpen the picture: {folder}/landscape.png\n" in result.out
    here = xorlab.landscape(xorlab.configure(*SMALL))
    with np.load(folder / "landscape.npz", allow_pickle=False) as file:
        assert set(file.files) == {"x", "y", "outcome", "epochs_to_solve", "final_loss"}
        np.testing.assert_array_equal(file["outcome"], here.outcome)
        np.testing.assert_array_equal(file["x"], here.x.values)
        np.testing.assert_array_equal(file["y"], here.y.values)
    shares = here.shares()
    assert {name: run.data.metrics[name] for name in shares} == shares
    assert sum(shares.values()) == pytest.approx(1)
    assert run.data.metrics["networks"] == 48 * 40
    assert run.data.params["landscape.x"] == "optimizer.lr"
    assert run.data.params["landscape.width"] == "48"
    assert run.data.params["training.epochs"] == "60"
    assert "optimizer.lr" not in run.data.params  # each pixel has its own
    assert yaml.safe_load((folder / "config.yaml").read_text())["landscape"]["y"] == "weight.9"


def test_a_recorded_landscape_is_the_one_that_was_trained(command, store_file):
    assert command(*SMALL, INLINE).code == 0
    here, there = xorlab.landscape(xorlab.configure(*SMALL)), xorlab.load_landscape()
    assert_same(here, there)
    assert there.run_id == landscape_runs()[0].info.run_id
    assert_same(there, xorlab.load_landscape(there.run_id))
    alone = xorlab.train(there.pixel(3, 20))
    assert there.final_loss[3, 20] == alone.final_loss
    assert there.config.landscape == xorlab.configure(*SMALL).landscape


def test_the_configuration_of_any_landscape_is_read_back(command, store_file):
    overrides = (
        "task=parity",
        "optimizer=adam",
        "network.hidden=[3,2]",
        "init=normal",
        "init.std=0.5",
        "training.epochs=20",
        "landscape.x=optimizer.beta1",
        "landscape.x_low=0.1",
        "landscape.x_high=0.9",
        "landscape.y=init.std",
        "landscape.y_low=0.1",
        "landscape.y_high=2",
        "landscape.width=6",
        "landscape.height=5",
    )
    assert command(*overrides, INLINE).code == 0
    assert_same(xorlab.load_landscape(), xorlab.landscape(xorlab.load_landscape().config))
    assert xorlab.load_landscape().config == xorlab.configure(*overrides)


def test_an_interrupt_after_a_landscape_is_finished_leaves_it_finished(
    command, store_file, monkeypatch
):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("xorlab.sweeps.landscape_run.forget_pieces", interrupted)
        assert command(*SMALL).code == 130
    (run,) = landscape_runs()
    assert run.info.status == "FINISHED"
    assert "already finished" in command(*SMALL).out


def test_no_network_of_a_landscape_is_a_row_of_runs(command, store_file):
    assert command("training.epochs=30").code == 0
    assert command(*SMALL, INLINE).code == 0
    assert len(xorlab.load_runs()) == 1
    with pytest.raises(xorlab.StoreError, match="is not a landscape"):
        xorlab.load_landscape(xorlab.load_runs()["run_id"].iloc[0])


@pytest.mark.slow
def test_a_finished_landscape_is_told_not_trained_again(command, store_file, monkeypatch):
    command(*SMALL, INLINE)
    (run,) = landscape_runs()
    with monkeypatch.context() as patched:
        patched.setattr("xorlab.sweeps.landscape_run._train", None)
        again = command(*SMALL, INLINE)
        assert again.code == 0
        text = "already finished; tracking.existing=rerun would train it again: run"
        assert f"{text} {run.info.run_id}" in again.out
        assert command(*SMALL, INLINE, "landscape.value=outcome").code == 0
    assert (folder_of(run) / "outcome.png").exists()
    assert command(*SMALL, INLINE, "tracking.existing=rerun").code == 0
    assert command(*SMALL, INLINE, "landscape.height=41").code == 0
    assert len(landscape_runs()) == 3


def stopped_after_a_piece(process, *overrides: str, how: int) -> str:
    """What a landscape tells that is stopped once a piece of it is recorded."""
    child = process(*overrides)
    deadline = time.monotonic() + 100
    while not list(Path().glob("mlartifacts/*/*/artifacts/pieces/*.npz")):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.communicate()
        time.sleep(0.05)
    os.kill(child.pid, how)
    return child.communicate(timeout=60)[0]


@pytest.mark.parametrize(
    "how", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_a_stopped_landscape_goes_on_where_it_was(how, process, command, store_file, monkeypatch):
    output = stopped_after_a_piece(process, *SLOW, how=how)
    (run,) = landscape_runs()
    if how == signal.SIGINT:
        assert run.info.status == "KILLED"
        assert "Go on with: xorlab landscape.x=optimizer.lr" in output
    kept = sorted((folder_of(run) / "pieces").glob("[0-9]*.npz"))
    with pytest.raises(
        xorlab.StoreError, match=f"landscape {run.info.run_id} is {run.info.status}"
    ):
        xorlab.load_landscape(run.info.run_id)
    # A file that is cut off counts for nothing.
    kept[0].with_name("0003.npz").write_bytes(kept[0].read_bytes()[:100])
    trained = []
    from xorlab.landscapes.pixels import PieceWork

    true = PieceWork.run
    with monkeypatch.context() as patched:
        patched.setattr(PieceWork, "run", lambda work: trained.append(work.piece) or true(work))
        went_on = command(*SLOW, INLINE)
    assert went_on.code == 0
    assert f"pieces/0003.npz of run {run.info.run_id} cannot be used: it is damaged" in went_on.out
    assert not ({int(path.stem) for path in kept} - {3}) & set(trained)
    assert 3 in trained
    (run,) = landscape_runs()
    assert run.info.status == "FINISHED"
    assert not (folder_of(run) / "pieces").exists()
    assert_same(xorlab.load_landscape(), xorlab.landscape(xorlab.configure(*SLOW[:-1])))


def test_pieces_that_outlived_the_end_of_their_landscape_are_forgotten(command, store_file):
    command(*SMALL, INLINE)
    (run,) = landscape_runs()
    (folder_of(run) / "pieces").mkdir()
    (folder_of(run) / "pieces" / "0000.npz").write_bytes(b"")
    assert "already finished" in command(*SMALL, INLINE).out
    assert not (folder_of(run) / "pieces").exists()


def test_a_piece_that_breaks_fails_the_run_and_keeps_the_others(command, store_file, monkeypatch):
    import xorlab.landscapes.pixels as module

    true = module.train_pixels

    def breaks(trainer, configs, data):
        if min(config.init.y for config in configs) > 0:
            raise FloatingPointError("odd one")
        return true(trainer, configs, data)

    with monkeypatch.context() as patched:
        patched.setattr(module, "train_pixels", breaks)
        result = command(*SMALL, INLINE)
    assert result.code == 1
    assert "FloatingPointError: odd one" in result.err
    (run,) = landscape_runs()
    assert run.info.status == "FAILED"
    pieces = sorted((folder_of(run) / "pieces").glob("[0-9]*.npz"))
    whole = npz_arrays(pieces[0].read_bytes())
    # Each has the right number of pixels, and something that they cannot have.
    damages = {
        "outcome": whole["outcome"] + 7,
        "final_loss": whole["outcome"],
        "first": np.zeros(2),
    }
    damages |= {"failed": np.array([-1]), "epochs_to_solve": whole["final_loss"]}
    for piece, (name, values) in zip(pieces, damages.items(), strict=False):
        arrays = npz_arrays(piece.read_bytes()) | {name: values, "reasons": np.array(["why"])}
        piece.write_bytes(npz_bytes(arrays))
    pieces[-1].unlink()
    os.mkfifo(pieces[-1])
    again = command(*SMALL, INLINE)
    assert again.code == 0
    assert again.out.count("cannot be used") == min(len(pieces) - 1, len(damages))
    assert f"run {run.info.run_id} has no readable {pieces[-1].name}" in again.out
    assert again.out.count("; it is trained again") > 1
    assert [run.info.status for run in landscape_runs()] == ["FINISHED"]
    assert_same(xorlab.load_landscape(), xorlab.landscape(xorlab.configure(*SMALL)))
    assert issubclass(PieceError, RuntimeError)


@pytest.mark.slow
def test_a_landscape_is_no_job_of_a_sweep_but_may_be_run_one_after_another(command, store_file):
    result = command("-m", *SMALL, "seed=1,2")
    assert (result.code, result.out) == (2, "")
    assert "landscape.x=optimizer.lr: a landscape is one run, not a job of a sweep" in result.err
    one_by_one = ("hydra/sweeper=basic", "hydra/launcher=basic")
    assert command("-m", *SMALL, "seed=1,2", *one_by_one).code == 0
    assert {run.data.params["seed"] for run in landscape_runs()} == {"1", "2"}


def test_wrong_axes_are_one_line_before_any_store_is_made(command, tmp_path):
    result = command(*SMALL, "landscape.y=weight.99")
    assert (result.code, result.out) == (2, "")
    assert "landscape.y=weight.99: must be one of weight.1 to weight.9" in result.err
    assert result.err.count("\n") == 1
    plan = command(*SMALL, "plan=true")
    assert plan.code == 0
    assert "48 x 40 networks, optimizer.lr by weight.9, in 4 pieces" in plan.out
    assert "to train: 1,920 (0 recorded before)" in plan.out
    assert list(tmp_path.iterdir()) == []


def test_the_published_slice_in_small(command, store_file):
    small = ("+study=kolen1990_slice", "landscape.width=24", "landscape.height=24")
    assert command(*small, INLINE).code == 0
    one = xorlab.load_landscape(experiment="kolen1990")
    assert 0 < one.solved.mean() < 1
    # Solved is what the paper says: every output on the right side of one half.
    row, column = np.argwhere(one.solved)[0]
    config = one.pixel(row, column)
    config.training.epochs = int(one.epochs_to_solve[row, column])
    config.training.record_every = 1
    at_once = xorlab.train(config)
    assert ((at_once.predictions[:, 0] > 0.5) == [False, True, True, False]).all()
    config.training.epochs -= 1
    before = xorlab.train(config)
    assert before.outcome == "unsolved"
    assert ((before.predictions[:, 0] > 0.5) != [False, True, True, False]).any()
