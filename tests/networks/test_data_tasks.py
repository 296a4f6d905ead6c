"""Data: what scikit-learn ships, spirals, Proben1, and how patterns are divided into sets."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st

from xorlab import configure
from xorlab.errors import ConfigError
from xorlab.networks.spec import run_key, spec_of
from xorlab.networks.tasks.splits import Shares, drawn
from xorlab.networks.tasks.table import Table
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.trainer import TRAINER

KINDS, SETS = ("cat", "dog", "emu"), ("train", "valid", "test", "train")
CLASSES = "a,b,kind,set\n" + "".join(
    f"{n},{n * n % 7},{KINDS[n % 3]},{SETS[n % 4]}\n" for n in range(24)
)


def made(*overrides):
    return make_task(configure("task=dataset", *overrides).task)


def table(tmp_path, content=CLASSES, **keys):
    path = tmp_path / "data.csv"
    path.write_text(content)
    return Table(path=str(path), **keys)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_classes_are_those_of_scikit_learn(name):
    task, bunch = made(f"task.name={name}"), getattr(sklearn.datasets, f"load_{name}")()
    assert task.inputs.tobytes() == bunch.data.astype(np.float64).tobytes()
    assert task.targets.tolist() == np.eye(len(bunch.target_names))[bunch.target].tolist()
    assert task.classes == tuple(map(str, bunch.target_names))


def test_numbers_to_predict_are_those_of_scikit_learn():
    inputs, targets = sklearn.datasets.load_diabetes(return_X_y=True, scaled=False)
    task = made("task.name=diabetes", "network.output=linear")
    assert (task.inputs == inputs).all()
    assert (task.targets[:, 0] == targets).all()
    assert task.classes == ()


def test_spirals_wind_round_each_other():
    task = make_task(configure("task=two_spirals", "task.target_low=-1").task)
    first, mirrored = task.inputs[::2], task.inputs[1::2]
    assert task.inputs.shape == (194, 2)
    assert (first == -mirrored).all()
    assert task.targets[:, 0].tolist() == [1, -1] * 97
    radii = np.hypot(*first.T)
    np.testing.assert_allclose(radii, 6.5 * (104 - np.arange(97)) / 104)
    turned = first[:-1, 0] * first[1:, 1] - first[:-1, 1] * first[1:, 0]
    np.testing.assert_allclose(np.arcsin(turned / (radii[:-1] * radii[1:])), -np.pi / 16)


DT = (
    "bool_in=0\nreal_in=2\nbool_out=2\nreal_out=0\ntraining_examples=3\nvalidation_examples=2\n"
    "test_examples=1\n0.1 0.2 1 0\n0.3 0.4 0 1\n0.5 0.6 1 0\n0.7 0.8 0 1\n0.9 1 1 0\n1 1 0 1\n"
)


def proben1(tmp_path, content=DT, *overrides):
    path = tmp_path / "some1.dt"
    path.write_text(content)
    return make_task(configure("task=proben1", f"task.path={path}", *overrides).task)


def test_a_file_of_proben1_says_which_patterns_are_which(tmp_path):
    task = proben1(tmp_path)
    assert task.inputs.tolist() == [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    assert task.validation.inputs.tolist() == [[0.7, 0.8], [0.9, 1]]
    assert task.test.targets.tolist() == [[0, 1]]
    assert task.classes == ("0", "1")
    assert proben1(tmp_path, DT.replace("0.5 0.6 1 0", "0.5 0.6 1 1")).classes == ()


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ("bool_out", "bools", r"with bool_out= in its first 7 lines"),
        ("real_in=2", "real_in=x", r"with real_in= in its first 7 lines"),
        ("test_examples=1", "test_examples=2", r"7 examples of 4 numbers.*has 6"),
        ("0.3 0.4 0 1", "0.3 0.4 0", r"of 4 numbers.*example 2 has not"),
        ("0.3 0.4 0 1", "0.3 x 0 1", r"a file of numbers"),
        ("0.3 0.4 0 1", "0.3 nan 0 1", r"finite"),
        (
            "0.3 0.4 0 1",
            "0.3 0.4 1 0",
            r"a pattern of every class \(of 1 it has none: the data",
        ),
    ],
)
def test_another_file_than_proben1s_is_refused(was, now, message, tmp_path):
    with pytest.raises(ConfigError, match=rf"task\.path=.*{message}"):
        proben1(tmp_path, DT.replace(was, now))


@settings(max_examples=100)
@given(
    count=st.integers(12, 60),
    classes=st.integers(1, 4),
    validation=st.sampled_from([0.0, 0.2, 0.4]),
    test=st.sampled_from([0.0, 0.3, 0.5]),
    folds=st.integers(2, 5),
    seed=st.integers(0, 99),
)
def test_sets_part_the_patterns_and_keep_the_share_of_every_class(
    count, classes, validation, test, folds, seed
):
    labels = np.random.default_rng(seed).integers(0, classes, count)
    sets = drawn(count, labels, Shares(validation, test, seed=seed))
    assert sorted(np.concatenate([*sets.values()]).tolist()) == list(range(count))
    for name, share in (("validation", validation), ("test", test)):
        mine = sets.get(name, np.zeros(0, int))
        assert len(mine) == round(share * count)
        for one in range(classes):
            there = (labels == one).sum()
            assert abs((labels[mine] == one).sum() - len(mine) / count * there) <= 2
    parts = [
        drawn(count, labels, Shares(0.0, test, fold, folds, seed)).get("validation")
        for fold in range(folds)
    ]
    rest = sorted(set(range(count)) - set(sets.get("test", np.zeros(0, int)).tolist()))
    assert sorted(np.concatenate(parts).tolist()) == rest
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_draw_depends_on_its_own_seed_alone():
    one = made("task.validation=0.3", "seed=1")
    assert made("task.validation=0.3", "seed=2").inputs.tobytes() == one.inputs.tobytes()
    assert made("task.validation=0.3", "task.split_seed=1").inputs.tobytes() != one.inputs.tobytes()


def test_standardised_is_by_the_figures_of_the_training_set():
    plain, task = made("task.test=0.5"), made("task.test=0.5", "task.standardise=true")
    mean, spread = plain.inputs.mean(axis=0), plain.inputs.std(axis=0)
    np.testing.assert_allclose(task.inputs, (plain.inputs - mean) / spread, rtol=1e-12)
    np.testing.assert_allclose(task.test.inputs, (plain.test.inputs - mean) / spread, rtol=1e-12)
    assert (task.targets == plain.targets).all()
    numbers = made("task.name=diabetes", "task.standardise=true", "network.output=linear")
    assert abs(numbers.targets.mean()) < 1e-12
    assert numbers.targets.std() == pytest.approx(1)


def test_what_is_constant_in_the_training_set_becomes_zero(tmp_path):
    content = "a,b,y\n" + "".join(f"7,{n},{n % 2}\n" for n in range(6))
    assert table(tmp_path, content, standardise=True).make().inputs[:, 0].tolist() == [0] * 6


@pytest.mark.parametrize("labels", ["cat,dog,emu", "0,1,2", "1,5,10", "3,4,5.0"])
def test_a_column_of_classes_has_one_output_for_each(labels, tmp_path):
    content = CLASSES
    for old, new in zip(("cat", "dog", "emu"), labels.split(","), strict=True):
        content = content.replace(old, new)
    task = table(tmp_path, content, classes=True, targets="kind", inputs=["a", "b"]).make()
    assert task.targets.tolist() == np.eye(3)[np.arange(24) % 3].tolist()
    assert task.classes == tuple(labels.replace(".0", "").split(","))


def test_one_hot_columns_and_arrays_are_classes(tmp_path):
    np.savez(tmp_path / "d.npz", inputs=np.eye(4), targets=np.array([3, 1, 2, 1]))
    task = Table(path=str(tmp_path / "d.npz"), classes=True).make()
    assert task.classes == ("1", "2", "3")
    assert task.targets.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    content = "5,1,0\n6,0,1\n7,1,0\n"
    assert table(tmp_path, content, classes=True, outputs=2).make().classes == ("0", "1")


def test_a_column_names_the_sets(tmp_path):
    task = table(tmp_path, classes=True, split="set", targets="kind").make()
    assert task.inputs[:, 0].tolist() == [n for n in range(24) if n % 4 in (0, 3)]
    assert task.validation.inputs[:, 0].tolist() == [*range(1, 24, 4)]
    assert task.test.inputs[:, 0].tolist() == [*range(2, 24, 4)]
    # As a message names them: by the line of the file, whose first line is the header.
    assert [task.name_of(n) for n in range(3)] == ["line 2", "line 5", "line 6"]
    last = table(tmp_path, classes=True, split=4).make()
    assert last.validation.targets.tobytes() == task.validation.targets.tobytes()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"split": "kind", "inputs": ["a"], "targets": "b"},
            r"task\.split=kind: .* that says training.*\(line 2 of .*\.csv says 'cat'\)",
        ),
        ({"split": "none", "targets": "b"}, r"task\.split=none: must be the name of one column"),
        ({"split": "a", "inputs": ["a", "b"]}, r"task\.split=a: must be neither an input nor"),
        (
            {"split": "set", "classes": True, "validation": 0.2},
            r"task\.validation=0\.2: must be left out",
        ),
        ({"split": "set", "classes": True, "fold": 0}, r"task\.fold=0: must be left out"),
        ({"inputs": ["a"], "targets": "kind"}, r"task\.classes=true if it is a class"),
        (
            {"classes": True, "inputs": ["a"], "targets": "b", "validation": 0.9},
            r"task\.validation=0\.9: .* class",
        ),
        ({"classes": True, "targets": ["a", "b"], "inputs": ["a"]}, r"task\.inputs"),
        ({"classes": True, "targets": ["a", "b"], "split": "set"}, r"task\.path"),
    ],
)
def test_what_does_not_fit_a_table_is_refused(keys, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        table(tmp_path, **keys).make()


def test_columns_that_are_not_one_hot_are_no_classes(tmp_path):
    with pytest.raises(ConfigError, match=r"task\.classes=true: must be false where the targets"):
        table(tmp_path, "5,1,0\n6,1,1\n", classes=True, outputs=2).make()
    with pytest.raises(ConfigError, match=r"task\.path=.*: must be .* 2 to 1024 classes"):
        table(tmp_path, "5,1\n6,1\n", classes=True).make()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("task.validation=0.6 task.test=0.5", r"task\.validation=0\.6: must be less than 1 - task"),
        ("task.validation=1", r"task\.validation=1\.0: must be a number >= 0 and < 1"),
        ("task.fold=5", r"task\.fold=5: must be below task\.folds=5"),
        ("task.fold=1 task.validation=0.2", r"task\.validation=0\.2: must be 0 where task\.fold=1"),
        ("task.name=mnist", r"task\.name=mnist: must be one of iris, wine, breast_cancer"),
        ("task.validation=0.001", r"task\.validation=0\.001: must be at least 0\.0033"),
        ("task.fold=0 task.folds=151", r"task\.folds=151: must be at most 150"),
        (
            "task.split_seed=3",
            r"task\.split_seed=3: must be left out without task\.validation, task",
        ),
        ("task.folds=4", r"task\.folds=4: must be left out without task\.fold"),
        ("task.validation=0.2 task.folds=4", r"task\.folds=4: must be left out without task\.fold"),
        ("task.test=0.985", r"task\.test=0\.985: .*every class"),
    ],
)
def test_sets_that_cannot_be_drawn_are_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        made(*overrides.split())


def test_data_count_by_content_and_sets_count(tmp_path):
    def key(**keys):
        config = configure()
        config.task = table(tmp_path, classes=True, targets="kind", inputs=["a", "b"], **keys)
        return run_key(config)

    keys = {key(), key(validation=0.25), key(validation=0.25, split_seed=1), key(fold=1)}
    assert len(keys) == 4
    (tmp_path / "elsewhere").mkdir()
    assert key() == key()
    moved = configure()
    moved.task = table(tmp_path / "elsewhere", classes=True, targets="kind", inputs=["a", "b"])
    assert run_key(moved) == key()


def test_sets_and_classes_travel_to_workers():
    task = made("task.validation=0.2", "task.test=0.2")
    there = TRAINER.unpack_data(*TRAINER.pack_data(task))
    assert there.classes == task.classes
    for name, patterns in task.held_out.items():
        assert there.held_out[name].inputs.tobytes() == patterns.inputs.tobytes()
        assert there.held_out[name].targets.tobytes() == patterns.targets.tobytes()


def test_a_run_records_which_data_it_learned(command, store_file):
    overrides = ("task=dataset", "task.name=wine", "task.validation=0.25", "training.epochs=2")
    assert "wine: 178 patterns; 134 training, 44 validation; 3 classes" in command(*overrides).out
    spec = spec_of(configure(*overrides))
    assert spec.name(3) == "wine h=2 lr=0.1 seed=3"
    assert "choice: dataset" in spec.yaml(3)
    assert "name: wine" in spec.yaml(3)
