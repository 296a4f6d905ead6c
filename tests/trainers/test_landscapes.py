"""Landscapes of a user's trainer: any two of its numbers, from the command line to the picture."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import xorlab
from tests.conftest import ROOT
from xorlab.errors import StoreError
from xorlab.landscapes.axis import Axis
from xorlab.landscapes.pixels import PieceWork
from xorlab.trainers.find import find
from xorlab.trainers.result import OUTCOMES

SOURCE = '''
import math
import os
from dataclasses import dataclass
import xorlab

@dataclass
class Descent:
    seed: int = 0
    lr: float = xorlab.field(0.1, above=0)
    power: int = xorlab.field(2, at_least=1, at_most=9)
    breaks: str = "nothing"
    device: int = xorlab.field(0, compare=False)

@xorlab.trainer(version=3)
def train(config: Descent) -> xorlab.Result:
    """Descends |x| to a power."""
    if config.breaks == "raise" and config.lr > 0.5 and config.power == 3:
        raise ArithmeticError("too steep")
    if config.breaks == "exit" and 0.2 < config.lr < 0.5 and config.power == 2:
        os._exit(3)
    x, note = 1.0 + config.seed / 10, xorlab.Recorder(
        solved=lambda now: now["loss"] < 1e-3, events={"half": lambda now: now["loss"] < 0.5}
    )
    for step in range(30):
        if note(step, loss=abs(x) ** config.power if abs(x) < 1e9 else math.inf, place=x):
            break
        x -= config.lr * config.power * abs(x) ** (config.power - 1) * (1 if x > 0 else -1)
    return note.result()

@xorlab.trainer(version=3)
def twin(config: Descent) -> xorlab.Result:
    """The same in batches."""
    return train(config)

@twin.many(together=lambda config: config.power)
def twins(configs):
    assert len({config.power for config in configs}) == 1
    return [train(config) for config in configs]
'''
PLANE = (
    "landscape.x=lr",
    "landscape.x_low=0.01",
    "landscape.x_high=3",
    "landscape.x_scale=log",
    "landscape.width=7",
    "landscape.y=power",
    "landscape.y_low=1",
    "landscape.y_high=4",
    "landscape.height=4",
)
INLINE = "hydra.launcher.executor=inline"
NAMED = ("--trainer", "./descent.py:train")


@pytest.fixture(autouse=True)
def train(tmp_path, store_file):
    """The trainer of a file in this folder."""
    Path("descent.py").write_text(SOURCE)
    return find("./descent.py:train")


def assert_same(one: xorlab.Landscape, other: xorlab.Landscape) -> None:
    assert one.metrics.keys() == other.metrics.keys()
    for name in ("outcome", "epochs_to_solve", *one.metrics):
        np.testing.assert_array_equal(one.numbers(name), other.numbers(name))


def test_a_plane_of_two_keys_is_one_run_whose_pixels_are_runs_of_the_trainer(command, train):
    ended = command(*NAMED, *PLANE, INLINE, "landscape.value=place")
    assert ended.code == 0, ended.err
    assert "7 x 4 runs, lr by power: " in ended.out
    (folder,) = Path("mlartifacts").glob("*/*/artifacts")
    files = {"config.yaml", "landscape.npz", "landscape.png"}
    assert {path.name for path in folder.iterdir()} == files
    one = xorlab.load_landscape(trainer=train)
    assert one.y.values.tolist() == [1, 2, 3, 4]
    assert one.x.values[[0, -1]] == pytest.approx(0.01 * 300 ** (np.array([0.5, 6.5]) / 7))
    assert set(one.outcome.ravel().tolist()) == {0, 1, 2}
    for row, column in np.ndindex(4, 7):
        config = one.pixel(row, column)
        assert (config.lr, config.power) == (one.x.values[column], row + 1)
        alone = train(config)
        assert OUTCOMES[one.outcome[row, column]] == alone.outcome
        at = -1 if alone.epochs_to_solve is None else alone.epochs_to_solve
        assert one.epochs_to_solve[row, column] == at
        assert one.metrics["epochs_run"][row, column] == alone.epochs_run
        ends = alone.metrics.get("final_loss", np.nan), alone.curves["place"][1][-1]
        if alone.outcome == "diverged":
            ends = np.nan, np.nan
        np.testing.assert_equal(one.final_loss[row, column], ends[0])
        np.testing.assert_equal(one.metrics["place"][row, column], ends[1])
        half = alone.numbers().get("epochs_to_half", np.nan)
        np.testing.assert_equal(one.numbers("epochs_to_half")[row, column], half)
    assert_same(one, xorlab.landscape(one.config, train))
    # Without the trainer all but its configurations is there.
    plain = xorlab.load_landscape()
    with pytest.raises(StoreError, match=r"in experiment 'Default'; experiments .*: 'xorlab'"):
        xorlab.load_landscape(experiment="Default")
    assert_same(plain, one)
    assert (plain.x, plain.y, plain.value) == (one.x, one.y, "place")
    with pytest.raises(xorlab.UsageError, match=r"load_landscape\(trainer=train\)"):
        plain.pixel(0, 0)
    with pytest.raises(xorlab.UsageError, match=r"is of the trainer descent 3, not of d"):
        xorlab.load_landscape(trainer=find("./descent.py:twin"))
    ax = xorlab.plot.landscape(plain)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale()) == ("lr", "power", "log")
    assert ax.get_ylim() == (0.5, 4.5)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["1", "2", "3", "4"]
    assert ax.get_title().startswith("Place: ")
    # A finished one is told, and shows any other value.
    again = command(*NAMED, *PLANE, INLINE, "landscape.value=epochs_to_half")
    assert again.code == 0
    assert "already finished" in again.out
    assert (folder / "epochs_to_half.png").read_bytes().startswith(b"\x89PNG")
    closer = one.zoomed(0.1, 2, 2)
    window = (closer.landscape.y_low, closer.landscape.y_high, closer.landscape.height)
    assert window == (1, 3, 3)
    assert xorlab.landscape(closer, train).outcome.shape == (3, 7)


@pytest.mark.slow
def test_an_interrupted_plane_goes_on_where_it_was(command, train, monkeypatch):
    true, trained = PieceWork.run, []

    def stopping(work):
        if len(trained) == 5:
            raise KeyboardInterrupt
        trained.append(work.piece)
        return true(work)

    with monkeypatch.context() as patched:
        patched.setattr(PieceWork, "run", stopping)
        ended = command(*NAMED, *PLANE, INLINE)
    assert ended.code == 130
    assert "Go on with: xorlab --trainer ./descent.py:train landscape.x=lr" in ended.out
    plan = command(*NAMED, *PLANE, INLINE, "plan=true")
    assert plan.code == 0
    assert "to train: 18 (10 recorded before); the time is not known" in plan.out
    monkeypatch.setattr(PieceWork, "run", lambda work: trained.append(work.piece) or true(work))
    ended = command(*NAMED, *PLANE, INLINE)
    assert ended.code == 0, ended.err
    assert "28 runs in" in ended.out
    assert "10 of them recorded before" in ended.out
    assert sorted(trained) == [*range(14)]
    one = xorlab.load_landscape(trainer=train)
    assert_same(one, xorlab.landscape(one.config, train))
    assert not list(Path("mlartifacts").glob("*/*/artifacts/pieces"))


@pytest.mark.slow
def test_a_run_that_raises_costs_only_its_pixel(command, train):
    breaks = (*PLANE, INLINE, "breaks=raise", "landscape.value=final_loss")
    stopped = command(*NAMED, *breaks, "tracking.failures=stop")
    assert stopped.code == 1
    assert "tracking.failures=stop: lr=" in stopped.err
    assert " power=3: ArithmeticError: too steep" in stopped.err
    ended = command(*NAMED, *breaks)
    assert ended.code == 1
    assert "error in 2 runs, such as lr=" in ended.out
    one = xorlab.load_landscape()
    assert (one.outcome[2] == -1).tolist() == (one.x.values > 0.5).tolist()
    assert set(one.failures) == {(2, 5), (2, 6)}
    assert set(one.failures.values()) == {"ArithmeticError: too steep"}
    assert np.isnan(one.final_loss[2, 5:]).all()
    assert one.shares()["failed"] == pytest.approx(2 / 28)
    for value in ("final_loss", "outcome"):
        legend = xorlab.plot.landscape(one, value=value).get_legend()
        assert "with an error" in [text.get_text() for text in legend.get_texts()]


def test_a_batched_twin_trains_the_pixels_that_go_together(train):
    twin = find("./descent.py:twin")
    from xorlab.config.compose import own_composer

    config = own_composer(twin.schema).compose(PLANE)
    one, other = xorlab.landscape(config, twin), xorlab.landscape(config, train)
    assert_same(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("document", ["extending.md", "guides/landscapes.md"])
def test_the_commands_of_the_guides_make_a_picture(document, command):
    text = re.sub(r" \\\n +", " ", (ROOT / "experiments" / document).read_text())
    (line,) = re.findall(r"^ *((?:python|xorlab --trainer) .*landscape\.x=.*)$", text, re.MULTILINE)
    if "digits" in line:
        pytest.importorskip("sklearn")
    file, *keys = re.sub(r"^(python|xorlab --trainer) ", "", line).split()
    path = ROOT / "experiments" / "trainers" / Path(file.partition(":")[0]).name
    ended = command("--trainer", f"{path}:train", *keys, INLINE, "landscape.width=3", "epochs=2")
    assert (ended.code, ended.err) == (0, "")
    assert xorlab.load_landscape().outcome.shape == (5, 3)


@pytest.mark.slow
def test_a_pixel_that_ends_its_worker_costs_only_itself(command, train):
    ended = command(*NAMED, *PLANE, "breaks=exit", "hydra.launcher.executor=processes")
    assert ended.code == 1
    one = xorlab.load_landscape(trainer=train)
    inside = (one.x.values > 0.2) & (one.x.values < 0.5)
    assert inside.any()
    assert ((one.outcome == -1) == (inside & (one.y.values == 2)[:, None])).all()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["landscape.x=rate"],
            "landscape.x=rate: must be a key of numbers: one of seed, lr",
        ),
        (["landscape.y=breaks"], "landscape.y=breaks: must be a key of numbers: one of seed"),
        (["landscape.y=device"], "landscape.y=device: must be a key of numbers: one of seed"),
        (["landscape.y=lr"], "landscape.y=lr: must be another key than landscape.x"),
        (["landscape.y_low=0.5"], "landscape.y_low=0.5: must be an integer, as power is one"),
        (["landscape.y_high=12"], "power=12: must be an integer >= 1 and <= 9"),
        (["landscape.height=5"], "landscape.height=5: must be at most 4: power is an integer from"),
        (
            ["landscape.y_high=9", "landscape.y_scale=log", "landscape.height=9"],
            "landscape.height=9: must be at most 5: power is an integer from 1 to 9 on a log scale",
        ),
        (["landscape.x_low=-1"], "landscape.x_low=-1.0: must be above 0 where"),
        (["landscape.x_low=-1", "landscape.x_scale=linear"], "lr=-0.7"),
        (["landscape.y_low=null"], "landscape.y_low=null: must be a finite number where"),
        (["seed=1,2"], "a landscape is one run, not a job of a sweep"),
        (
            ["landscape.value=acuracy"],
            "landscape.value=acuracy: must be one of outcome, epochs_to_solve, epochs_run, loss",
        ),
    ],
)
def test_planes_that_cannot_be_are_one_line(overrides, message, command):
    many = ["-m"] if overrides == ["seed=1,2"] else []
    ended = command(*NAMED, *many, *PLANE, *overrides, INLINE)
    assert ended.code == 2
    assert message in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("axis", "values", "edges"),
    [
        (Axis("n", 1, 64, True, 7, True), [1, 2, 4, 8, 16, 32, 64], (1 / 2**0.5, 64 * 2**0.5)),
        (Axis("n", 1, 9, False, 3, True), [1, 5, 9], (-1, 11)),
        (Axis("n", 3, 4, False, 1, True), [3], (2.5, 3.5)),
    ],
)
def test_integers_are_their_ends_and_what_is_evenly_between(axis, values, edges):
    assert axis.values.tolist() == values
    assert axis.settings == values
    assert all(isinstance(value, int) for value in axis.settings)
    assert axis.ends == pytest.approx(edges)
    assert (np.diff(axis.edges) > 0).all()
    assert ((axis.edges[:-1] < values) & (values < axis.edges[1:])).all()
