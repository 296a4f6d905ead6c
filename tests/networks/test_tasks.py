"""Tasks: patterns in binary order, and tables of the user's own."""

from __future__ import annotations

import numpy as np
import pytest

from xorlab.errors import ConfigError
from xorlab.networks.tasks.encoder import Encoder
from xorlab.networks.tasks.gates import Xor
from xorlab.networks.tasks.parity import Parity
from xorlab.networks.tasks.symmetry import Symmetry
from xorlab.networks.tasks.table import Table
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import make_task

TRUTH = {
    "xor": [0, 1, 1, 0],
    "and": [0, 0, 0, 1],
    "or": [0, 1, 1, 1],
    "nand": [1, 1, 1, 0],
    "nor": [1, 0, 0, 0],
    "xnor": [1, 0, 0, 1],
}


@pytest.mark.parametrize("name", TRUTH)
def test_a_gate_is_its_truth_table(name):
    task = make_task(TaskConfig.choices()[name]())
    assert task.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert task.targets[:, 0].tolist() == TRUTH[name]


@pytest.mark.parametrize("bits", range(2, 8))
def test_parity_is_one_where_the_number_of_ones_is_odd(bits):
    task = make_task(Parity(bits=bits))
    assert task.inputs.shape == (2**bits, bits)
    assert len(np.unique(task.inputs, axis=0)) == 2**bits
    assert (task.targets[:, 0] == task.inputs.sum(axis=1) % 2).all()


@pytest.mark.parametrize("bits", range(2, 8))
def test_symmetry_is_one_where_the_bits_are_a_palindrome(bits):
    task = make_task(Symmetry(bits=bits))
    for row, target in zip(task.inputs.astype(int).tolist(), task.targets[:, 0], strict=True):
        assert target == (row == row[::-1])
    assert task.targets.sum() == 2 ** ((bits + 1) // 2)
    assert task.codes == (0, 1)


@pytest.mark.parametrize("width", [2, 3, 8])
def test_an_encoder_gives_every_one_hot_pattern_back(width):
    task = make_task(Encoder(width=width))
    assert task.inputs.tolist() == task.targets.tolist() == np.eye(width).tolist()
    coded = make_task(Encoder(width=width, low=-1, target_low=0.1, target_high=0.9))
    assert coded.inputs.tolist() == (2 * np.eye(width) - 1).tolist()
    np.testing.assert_allclose(coded.targets, 0.1 + 0.8 * np.eye(width))
    assert coded.margin == pytest.approx(0.4)


def test_codes_replace_zero_and_one():
    task = make_task(Xor(low=-1, high=2, target_low=0.1, target_high=0.9))
    assert task.inputs.tolist() == [[-1, -1], [-1, 2], [2, -1], [2, 2]]
    assert task.targets[:, 0].tolist() == [0.1, 0.9, 0.9, 0.1]
    assert task.margin == pytest.approx(0.4)


def test_a_csv_table_has_its_targets_last_and_may_have_a_header(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,t,u\n1,2,0,1\n3,4,1,0\n\n")
    task = make_task(Table(path=str(path), outputs=2))
    assert task.inputs.tolist() == [[1, 2], [3, 4]]
    assert task.targets.tolist() == [[0, 1], [1, 0]]


def test_an_npz_table_is_read_without_pickle(tmp_path):
    path = tmp_path / "table.npz"
    np.savez(path, inputs=np.eye(3), targets=np.arange(3))
    task = make_task(Table(path=str(path)))
    assert task.inputs.shape == (3, 3)
    assert task.targets.tolist() == [[0], [1], [2]]
    np.savez(path, inputs=np.array([{}], object), targets=np.zeros(1))
    with pytest.raises(ConfigError, match=r"task\.path=.*numeric arrays inputs"):
        make_task(Table(path=str(path)))


@pytest.mark.parametrize(
    "arrays",
    [
        {"inputs": np.zeros((2, 2))},
        {"inputs": np.zeros((2, 2)), "targets": np.zeros(3)},
        {"inputs": np.zeros(2), "targets": np.zeros(2)},
        {"inputs": np.array([["a"]]), "targets": np.zeros(1)},
        {"inputs": np.zeros((0, 2)), "targets": np.zeros((0, 1))},
    ],
)
def test_an_npz_table_of_the_wrong_kind_is_refused(arrays, tmp_path):
    path = tmp_path / "table.npz"
    np.savez(path, **arrays)
    with pytest.raises(ConfigError, match=r"task\.path"):
        make_task(Table(path=str(path)))


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"a \.csv, \.tsv or \.txt file"):
        make_task(Table(path=str(path)))
