"""Stopping by a validation set: Prechelt's rules as plain loops, and what a run keeps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers import plain_data
from tests.networks.test_train import bits
from xorlab import configure, train, train_many
from xorlab.errors import ConfigError
from xorlab.networks.tasks.tasks import make_task

EPOCHS = 120
DATA = (
    "task=dataset",
    "task.standardise=true",
    "task.validation=0.3",
    "task.test=0.3",
    "network.activation=softsign",
    "network.output=softmax",
    "network.hidden=5",
    "training.loss=categorical_cross_entropy",
    "init=uniform",
    "optimizer.lr=0.08",
    f"training.epochs={EPOCHS}",
)
RULES = {
    "patience": ("training.stop=patience", "training.patience=6"),
    "generalisation_loss": (
        "training.stop=generalisation_loss",
        "training.max_generalisation_loss=8",
    ),
    "progress": ("training.stop=progress", "training.min_progress=90", "training.strip=4"),
    "both": ("training.stop=[generalisation_loss,progress]", "training.min_progress=20"),
}


def config_of(seed, *overrides):
    return configure(*DATA, f"seed={seed}", *overrides)


def by_patience(_, validation, every):
    least, best = np.inf, 0
    for step in range(0, EPOCHS, every):
        if validation[step] < least:
            least, best = validation[step], step
        if step - best > 6:
            return step
    return EPOCHS


def by_generalisation_loss(_, validation, every, limit=8):
    for step in range(0, EPOCHS, every):
        if 100 * (validation[step] / min(validation[: step + 1 : every]) - 1) > limit:
            return step
    return EPOCHS


def by_progress(training, *_, limit=90, strip=4):
    for step in range(strip, EPOCHS, strip):
        last = training[step - strip + 1 : step + 1]
        if 1000 * (sum(last) / (strip * min(last)) - 1) < limit:
            return step
    return EPOCHS


def by_both(*curves):
    return min(by_generalisation_loss(*curves, limit=5), by_progress(*curves, limit=20, strip=5))


PLAIN = {
    "patience": by_patience,
    "generalisation_loss": by_generalisation_loss,
    "progress": by_progress,
    "both": by_both,
}


@pytest.mark.parametrize("every", [1, 3, 7])
@pytest.mark.parametrize("rule", RULES)
def test_a_run_ends_where_a_plain_loop_does_and_keeps_its_best_weights(rule, every):
    ends = set()
    looks = () if every == 1 else (f"training.validate_every={every}",)
    going = train_many(config_of(seed, "training.record_every=1") for seed in range(12))
    for seed, whole in enumerate(going):
        training, validation = (whole.curves[n][1] for n in ("loss", "validation_loss"))
        end = PLAIN[rule](training, validation, every)
        best = every * int(np.argmin(validation[: end + 1 : every]))
        result = train(config_of(seed, *RULES[rule], *looks))
        assert (result.epochs_run, result.metrics["relevant_epochs"]) == (end, best)
        assert result.metrics["final_validation_loss"] == validation[best]
        assert result.final_loss == training[best]
        for name, (steps, values) in result.curves.items():
            assert steps[-1] == end
            assert values[-1] == whole.curves[name][1][end]
        shorter = train(config_of(seed, f"training.epochs={max(best, 1)}"))
        if best:
            assert all((a == b).all() for a, b in zip(result.weights, shorter.weights, strict=True))
            assert result.metrics["test_loss"] == shorter.metrics["test_loss"]
        ends.add(end)
    assert len(ends) > 2


def test_what_is_measured_of_every_set_is_what_plain_loops_give():
    result, task = train(config_of(3)), make_task(config_of(3).task)
    layers = list(zip(result.weights, result.biases, strict=True))
    sets = {"": task, "final_validation_": task.validation, "test_": task.test}
    for name, patterns in sets.items():
        answered = np.array(
            [plain_data.answers(layers, x, "softsign", "softmax")[-1] for x in patterns.inputs]
        )
        loss = np.mean((answered - patterns.targets) ** 2)
        right = answered.argmax(axis=1) == patterns.targets.argmax(axis=1)
        assert result.metrics[f"{name or 'final_'}loss"] == pytest.approx(loss, rel=1e-10)
        assert result.metrics[f"{name}accuracy"] == pytest.approx(right.mean())
    last = {name: values[-1] for name, (_, values) in result.curves.items()}
    assert last["training_accuracy"] == result.accuracy
    assert last["validation_accuracy"] == result.metrics["final_validation_accuracy"]
    assert last["validation_loss"] == result.metrics["final_validation_loss"]


@pytest.mark.parametrize("target", [0.9, 0.97])
def test_an_accuracy_solves_on_the_training_set_and_generalises_on_the_validation_set(target):
    for seed in range(4):
        config = config_of(
            seed, f"training.target_accuracy={target}", "training.record_every=1", "seed=1"
        )
        result = train(config)
        for event, name in (
            (result.epochs_to_solve, "training_accuracy"),
            (result.metrics["epochs_to_generalise"], "validation_accuracy"),
        ):
            steps, shares = result.curves[name]
            met = steps[shares >= target - 1e-12]
            first = met[0] if len(met) else None
            assert (None if event is None or np.isnan(event) else event) == first


def test_a_criterion_on_outputs_is_held_against_both_sets():
    config = config_of(0, "training.target_loss=0.03", "training.record_every=1")
    result = train(config)
    for event, name in (
        (result.epochs_to_solve, "loss"),
        (result.metrics["epochs_to_generalise"], "validation_loss"),
    ):
        steps, losses = result.curves[name]
        assert event == steps[np.argmax(losses <= 0.03)]


def test_looking_less_often_changes_no_curve_and_no_time_but_on_the_validation_set():
    own = ("training.target_accuracy=0.9", "training.record_every=1")
    for seed in range(6):
        often, seldom = (
            train(config_of(seed, *own, *more)) for more in ((), ("training.validate_every=6",))
        )
        assert bits(seldom) == bits(often)
        assert seldom.curves.keys() == often.curves.keys()
        for name, (_, values) in seldom.curves.items():
            assert values.tobytes() == often.curves[name][1].tobytes()
        steps, losses = often.curves["validation_loss"]
        shares = often.curves["validation_accuracy"][1]
        assert seldom.metrics["relevant_epochs"] == steps[::6][np.argmin(losses[::6])]
        assert seldom.metrics["epochs_to_generalise"] == steps[::6][np.argmax(shares[::6] >= 0.9)]


@pytest.mark.parametrize("looks", [1, 4])
@pytest.mark.parametrize("rule", RULES)
def test_runs_end_and_keep_the_same_bits_in_any_company(rule, looks):
    def numbers(result):
        ordered = sorted(result.metrics.items())
        return bits(result), np.array([value for _, value in ordered]).tobytes()

    every = f"training.validate_every={looks}"
    configs = [config_of(seed, *RULES[rule], every) for seed in range(20)]
    together = [numbers(result) for result in train_many(configs)]
    assert [numbers(result) for result in train_many(configs[::-1])][::-1] == together
    assert [numbers(train(config)) for config in configs[:5]] == together[:5]


def test_solved_stops_as_stop_when_solved_does():
    one, other = (
        train(config_of(1, "training.target_accuracy=0.9", *more))
        for more in (["training.stop=solved"], ["training.stop_when_solved=true"])
    )
    assert one.epochs_run == one.epochs_to_solve < EPOCHS
    assert bits(one) == bits(other)


def test_a_run_that_diverges_keeps_no_weights():
    data = [word for word in DATA if "=categorical" not in word and "=softmax" not in word]
    config = configure(*data, "network.output=linear", "optimizer.lr=1e200", *RULES["patience"])
    result = train(config)
    assert result.outcome == "diverged"
    assert np.isnan(result.predictions).all()
    assert all(np.isfinite(values).all() for _, values in result.curves.values())
    assert set(result.numbers()) == {"solved", "epochs_run", "diverged_at"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("task.validation=0 training.stop=generalisation_loss", r"training\.stop=.*no validation"),
        ("task.validation=0 training.stop=patience training.patience=3", r"no validation set"),
        ("training.stop=patience", r"training\.patience=null: .*where training\.stop names pat"),
        ("training.stop=sometimes", r"training\.stop=sometimes: must be one of never, solved"),
        (
            "training.stop=[never,solved]",
            r"training\.stop=\[\W?never\W+solved\W?\]: must be one of",
        ),
        ("training.validate_every=0", r"training\.validate_every=0: must be an integer from 1"),
        ("training.validate_every=121", r"validate_every=121: must be at most 120"),
        (
            "task.validation=0 training.validate_every=5",
            r"training\.validate_every=5: must be left out where the task has no validation set",
        ),
        ("training.strip=3", r"training\.strip=3: must be left out unless training\.stop names pr"),
        ("training.max_generalisation_loss=3", r"unless training\.stop names generalisation_loss"),
        ("training.target_accuracy=1.5", r"training\.target_accuracy=1\.5: must be a number > 0"),
        ("training.target_accuracy=0.9 training.target_loss=0.1", r"training\.target_loss=0\.1: "),
        (
            "task.name=diabetes network.output=linear training.loss=half_mse "
            "training.target_accuracy=0.9",
            r"training\.target_accuracy=0\.9: must be null where targets are any numbers",
        ),
        (
            "training.stop=solved training.solved_at_end=true",
            r"training\.stop=solved: must be without solved where training\.solved_at_end=true",
        ),
    ],
)
def test_rules_that_cannot_end_a_run_are_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        train(configure(*DATA, *overrides.split()))


def test_curves_and_events_are_recorded_and_read_back(command, store_file):
    import xorlab

    ended = command(
        "-m",
        "seed=range(0,6)",
        "hydra.launcher.executor=inline",
        "training.target_accuracy=0.9",
        *DATA,
    )
    assert ended.code == 0
    runs = xorlab.load_runs()
    first = runs.sort_values("seed").iloc[:1]
    result = train(config_of(0, "training.target_accuracy=0.9"))
    for name, (steps, values) in result.curves.items():
        curve = xorlab.load_curves(first, name)
        assert curve["step"].tolist() == steps.tolist()
        assert curve[name].tolist() == values.tolist()
    assert first["test_accuracy"].item() == result.metrics["test_accuracy"]
    times = xorlab.convergence(runs, by="task.name", event="generalise")
    assert times["n"].item() == 6
    assert times["solved"].item() == runs["epochs_to_generalise"].notna().sum()


@pytest.mark.slow
def test_workers_train_the_same_bits(command, store_file):
    import xorlab

    own = ("training.update=minibatch", "training.batch_size=8", *RULES["both"])
    ended = command("-m", "seed=range(0,8)", "hydra.launcher.workers=2", *DATA, *own)
    assert (ended.code, ended.err) == (0, "")
    runs = xorlab.load_runs().sort_values("seed")
    for seed, run in zip(range(8), runs.itertuples(), strict=True):
        result = train(config_of(seed, *own))
        assert (run.epochs_run, run.final_loss) == (result.epochs_run, result.final_loss)
        assert run.relevant_epochs == result.metrics["relevant_epochs"]
        assert run.test_loss == result.metrics["test_loss"]
