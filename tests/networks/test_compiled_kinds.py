"""Which kinds of training are compiled as a whole, and large ones that properties leave out."""

from __future__ import annotations

import pytest

from tests.networks.test_train import bits
from xorlab import configure
from xorlab.networks.activations.activation import Activation
from xorlab.networks.cost import epochs_are_compiled
from xorlab.networks.optimizers.optimizer import Optimizer
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import train, train_many
from xorlab.networks.updates.update import UpdateSchedule

pytest.importorskip("llvmlite", reason="needs xorlab[compiled]")

from xorlab.networks.compiled import epochs, loop, machine


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Code is kept in a folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


KINDS = [
    *(f"network.activation={name}" for name in Activation.choices() if name != "softmax"),
    *(f"optimizer={name}" for name in Optimizer.choices()),
    *(f"training.update={name}" for name in UpdateSchedule.choices() if name != "minibatch"),
    *("training.update=minibatch training.batch_size=2", "training.min_gradient=0.1"),
    *("network.output=sigmoid training.loss=cross_entropy", "training.min_loss=0.1"),
    "task=encoder network.output=softmax training.loss=categorical_cross_entropy",
    "task=encoder network.output=softmax training.target_accuracy=0.5",
    "training.stop=progress training.patience=3",
    *("task=two_spirals training.update=online", "task=parity task.bits=6 training.update=online"),
    "task=two_spirals task.validation=0.25 training.stop=generalisation_loss",
]


@pytest.mark.parametrize("overrides", KINDS)
def test_whole_epochs_are_compiled_wherever_the_plan_says_so(overrides, monkeypatch):
    """So every function that activations, losses, optimizers and rules call can be compiled."""
    config = configure(*overrides.split(), "training.backend=compiled")
    found: list[bool] = []

    class Read(Exception):  # noqa: N818  (nothing is wrong)
        """The calls were read: there is nothing to compile."""

    def read(*arguments):
        found.append(epochs.epochs_of(*arguments) is not None)
        raise Read

    monkeypatch.setattr(epochs, "Epochs", lambda *arguments: arguments)
    monkeypatch.setattr(loop, "epochs_of", read)
    with pytest.raises(Read):
        train(config)
    assert found == [epochs_are_compiled(config, make_task(config.task))]


LARGE = "task=two_spirals network.activation=softsign network.output=linear training.epochs=40"


@pytest.mark.parametrize(
    "overrides",
    [
        "network.hidden=[7,5] optimizer=rprop",
        "network.hidden=9 optimizer.lr=0.01 training.min_gradient=0.1 training.dtype=float32",
        "task.validation=0.25 training.stop=[generalisation_loss,progress] optimizer=rprop "
        "training.validate_every=5",
        "task.validation=0.25 training.patience=3 training.stop=patience optimizer=rprop",
        "task.validation=0.25 training.update=minibatch training.batch_size=50 optimizer.lr=0.001",
        "training.update=online optimizer.lr=0.001 training.epochs=12",
        "training.update=minibatch training.batch_size=16 optimizer=adam training.stop=progress",
        "training.target_accuracy=0.5 training.stop_when_solved=true optimizer=rprop",
    ],
)
def test_many_patterns_and_held_out_ones_have_the_bits_of_numpy(overrides):
    """Programs that are written as loops, and epochs that are run call by call."""

    def outcomes(backend: str) -> list[object]:
        keys = [*LARGE.split(), *overrides.split(), f"training.backend={backend}"]
        found = train_many(configure(*keys, f"seed={seed}") for seed in range(5))
        return [
            (
                bits(one),
                {name: values.tobytes() for name, (_, values) in one.curves.items()},
                one.metrics,
            )
            for one in found
        ]

    assert repr(outcomes("compiled")) == repr(outcomes("numpy"))


@pytest.mark.parametrize("held_out", ["task.validation=0", "task.validation=0.25"])
def test_code_does_not_grow_with_the_number_of_mini_batches(held_out, monkeypatch):
    """Whether whole epochs are compiled or, with a validation set, parts of them."""
    written: list[int] = []
    emit = machine.object_code
    monkeypatch.setattr(
        machine, "object_code", lambda text: written.append(len(text)) or emit(text)
    )

    def longest(size: int) -> int:
        written.clear()
        own = f"training.update=minibatch training.batch_size={size} network.hidden=11 {held_out}"
        train(configure(*LARGE.split(), *own.split(), "training.backend=compiled"))
        return max(written)

    assert longest(12) < 2 * longest(40)
