"""What travels to a cluster and back: the same bits, few bytes, and nothing that runs when read."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import fields, replace
from zipfile import BadZipFile, ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.memory import bytes_each
from tests.helpers.planes import rates_and_ranges
from tests.helpers.strategies import TABLE, draws, member, shapes
from tests.networks.test_train import bits
from xorlab import configure
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.engines.wire import from_npz, pack_work, to_npz, unpack_work
from xorlab.engines.work import ShardGroup, Work
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.pixels import Fault, PieceWork
from xorlab.networks.identity import identity_params
from xorlab.networks.result import NetworkResult
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import train_chunk
from xorlab.networks.trainer import TRAINER
from xorlab.trainers.shard_result import Failure, ShardResult

PLANE = rates_and_ranges((9, 7), 30, 1)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text(TABLE)
    return str(path)


def content(result: ShardResult) -> list:
    return [
        run.traceback if isinstance(run, Failure) else bits(run)
        for run in result.runs(NetworkResult)
    ]


@given(data=st.data())
@settings(max_examples=40)
def test_a_shard_is_the_same_there_and_comes_home_bit_for_bit(data, table):
    shape = data.draw(shapes(table))
    configs = [
        member(shape, values) for values in data.draw(st.lists(draws(), min_size=1, max_size=6))
    ]
    for config in configs:
        config.tracking.uri = "sqlite:////somewhere/secret.db"
    work = Work(configs, make_task(shape.task), TRAINER)
    sent = pack_work(ShardGroup((work, work)))
    assert b"secret" not in sent
    there = unpack_work(sent)
    assert [list(map(identity_params, part.configs)) for part in there.works] == [
        list(map(identity_params, configs))
    ] * 2
    assert all(config.tracking == TrackingConfig() for config in there.works[0].configs)
    results = there.run()
    here = content(work.run())
    for result, home in zip(results, from_npz(to_npz(results)), strict=True):
        assert content(home) == content(result) == here
        assert_same_columns(home, result)


def assert_same_columns(one: ShardResult, other: ShardResult) -> None:
    """Everything but curves, which `content` compares run by run."""
    for item in fields(ShardResult):
        a, b = getattr(one, item.name), getattr(other, item.name)
        if item.name in ("metrics", "arrays"):
            assert {n: (v.dtype, v.tobytes()) for n, v in a.items()} == {
                n: (v.dtype, v.tobytes()) for n, v in b.items()
            }
        elif item.name != "curves":
            np.testing.assert_array_equal(a, b)


def test_runs_that_fail_travel_among_others(monkeypatch):
    def breaks(configs, task):
        if any(config.seed == 1 for config in configs):
            raise MemoryError("no room")
        return train_chunk(configs, task)

    configs = [
        configure(f"seed={n}", "training.epochs=9000", "optimizer.lr=2") for n in (0, 1, 2, 3)
    ]
    for config in configs:
        config.training.stop_when_solved = True
    work = ShardGroup((Work(configs, make_task(configs[0].task), TRAINER),))
    ((*before, last),) = map(content, work.run())
    monkeypatch.setattr("xorlab.networks.trainer.train_chunk", breaks)
    results = work.run()
    (home,) = from_npz(to_npz(results))
    assert list(home.failures) == [1]
    assert home.run(1, NetworkResult).reason == "MemoryError: no room"
    assert (home.started, home.ended) == (results[0].started, results[0].ended)
    assert content(home)[0] == before[0]
    assert content(home)[2:] == [before[2], last]
    assert_same_columns(home, results[0])


def test_a_shard_without_one_result_travels():
    configs = [configure(f"seed={n}") for n in range(3)]
    work = ShardGroup((Work(configs, make_task(configs[0].task), TRAINER),))
    (home,) = from_npz(to_npz(work.on_worker_death("gone")))
    assert [run.reason for run in home.runs(NetworkResult)] == ["gone"] * 3
    assert (len(home), home.longest_curve, home.ended) == (3, 0, 0)


def test_a_piece_of_a_landscape_travels_with_its_plane():
    config = configure(*PLANE)
    work = PieceWork(config, Grid(config).data, TRAINER, 0)
    home = from_npz(to_npz(unpack_work(pack_work(work)).run()))
    for name, array in work.run().arrays().items():
        np.testing.assert_array_equal(home.arrays()[name], array)
        assert home.arrays()[name].dtype == array.dtype
    assert from_npz(to_npz(Fault("odd"))) == Fault("odd")


def test_what_is_no_message_is_refused():
    for data in (b"", b"\x80\x04K\x01.", to_npz(Fault("odd"))[:40]):
        with pytest.raises((ValueError, OSError, EOFError, BadZipFile)):
            from_npz(data)


def test_a_message_that_states_a_shape_of_terabytes_allocates_nothing():
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000000,), }".ljust(117)
    array = (
        b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + f"{header}\n".encode() + b"12345678"
    )
    file = io.BytesIO(to_npz([]))
    with ZipFile(file, "a") as message:
        message.writestr("0.x.npy", array)
    with pytest.raises(ValueError, match="says that it has 2000000000000 values"):
        from_npz(file.getvalue())


def test_times_and_records_travel():
    arrays = {
        "times": np.array(["2020-01-01", "2020-01-02"], "datetime64[s]"),
        "records": np.array([(1, 2.5)], [("n", "i4"), ("x", "f8")]),
    }
    configs = [configure(f"seed={n}", "training.epochs=5") for n in range(2)]
    (result,) = ShardGroup((Work(configs, make_task(configs[0].task), TRAINER),)).run()
    sent = replace(result, arrays=arrays)
    (home,) = from_npz(to_npz([sent]))
    for name, array in arrays.items():
        np.testing.assert_array_equal(home.arrays[name], array)


def test_a_run_travels_in_few_bytes():
    """Out: what differs. Home: 8 bytes a point of the curve, and the weights."""
    configs = [configure(f"seed={n}", "optimizer.lr=2") for n in range(500)]
    work = ShardGroup((Work(configs, make_task(configs[0].task), TRAINER),))
    assert len(pack_work(work)) / 500 < 20
    (result,) = results = work.run()
    points = result.curves["loss"].lengths.sum()
    assert len(to_npz(results)) < 8 * points + 300 * 500


def test_packing_a_run_more_takes_little_memory():
    config = configure()
    task = make_task(config.task)
    shards = {
        n: Work([replace(config, seed=k) for k in range(n)], task, TRAINER) for n in (1_000, 2_000)
    }
    packed = bytes_each(lambda n: pack_work(ShardGroup((shards[n],))), *shards)
    # Its seed, as a number and in the message, and none of its other values.
    assert packed.peak < 300


def test_a_worker_needs_numpy_and_no_other_package():
    program = (
        "import json, sys, xorlab.engines.slurm_spool\n"
        "from xorlab.engines.worker import versions\n"
        "versions()\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    foreign = set(json.loads(out.stdout)) - set(sys.stdlib_module_names) - {"__main__"}
    assert {name for name in foreign if not name.startswith("_")} == {"numpy", "xorlab"}
