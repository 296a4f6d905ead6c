"""What travels to a cluster and back: the same bits, few bytes, and nothing that runs when read."""

from __future__ import annotations

import json
import subprocess
import sys
from zipfile import BadZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.strategies import TABLE, draws, member, shapes
from tests.networks.test_train import bits
from xorlab import configure
from xorlab.config.identity import identity_params
from xorlab.config.schema import TrackingConfig
from xorlab.engines.wire import pack_outcome, pack_work, unpack_outcome, unpack_work
from xorlab.engines.work import Failure, ShardGroup, Work
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.landscape import Fault, PieceWork
from xorlab.networks.tasks.tasks import make_task

PLANE = (
    "landscape.x=optimizer.lr",
    "landscape.x_low=0.1",
    "landscape.x_high=10",
    "landscape.y=init.range",
    "landscape.y_low=0.1",
    "landscape.y_high=1",
    "landscape.width=9",
    "landscape.height=7",
    "init=uniform",
    "training.epochs=30",
)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text(TABLE)
    return str(path)


def told(outcomes) -> list:
    return [o.traceback if isinstance(o, Failure) else bits(o) for o in outcomes]


@given(data=st.data())
@settings(max_examples=40)
def test_a_shard_is_the_same_there_and_comes_home_bit_for_bit(data, table):
    shape = data.draw(shapes(table))
    configs = [
        member(shape, values) for values in data.draw(st.lists(draws(), min_size=1, max_size=6))
    ]
    for config in configs:
        config.tracking.uri = "sqlite:////somewhere/secret.db"
    work = Work(configs, make_task(shape.task))
    sent = pack_work(ShardGroup((work, work)))
    assert b"secret" not in sent
    there = unpack_work(sent)
    assert [list(map(identity_params, part.configs)) for part in there.works] == [
        list(map(identity_params, configs))
    ] * 2
    assert all(config.tracking == TrackingConfig() for config in there.works[0].configs)
    home = unpack_outcome(pack_outcome(there.run()))
    here = told(work.run().outcomes)
    assert [told(done.outcomes) for done in home] == [here, here]


def test_failures_travel_among_results():
    configs = [configure(f"seed={n}", "training.epochs=9") for n in range(3)]
    work = ShardGroup((Work(configs, make_task(configs[0].task)),))
    (done,) = work.run()
    done.outcomes[1] = Failure("Traceback\nMemoryError: no room")
    (home,) = unpack_outcome(pack_outcome([done]))
    assert told(home.outcomes) == told(done.outcomes)
    assert (home.started, home.ended) == (done.started, done.ended)
    on_worker_death = work.on_worker_death("gone")
    assert unpack_outcome(pack_outcome(on_worker_death)) == on_worker_death


def test_a_piece_of_a_landscape_travels_with_its_plane():
    config = configure(*PLANE)
    work = PieceWork(config, Grid(config).task, 0)
    home = unpack_outcome(pack_outcome(unpack_work(pack_work(work)).run()))
    for name, array in work.run().arrays().items():
        np.testing.assert_array_equal(home.arrays()[name], array)
        assert home.arrays()[name].dtype == array.dtype
    assert unpack_outcome(pack_outcome(Fault("odd"))) == Fault("odd")


def test_what_is_no_message_is_refused():
    for data in (b"", b"\x80\x04K\x01.", pack_outcome(Fault("odd"))[:40]):
        with pytest.raises((ValueError, OSError, EOFError, BadZipFile)):
            unpack_outcome(data)


def test_a_run_travels_in_few_bytes():
    """Out: what differs. Home: 8 bytes a point of the curve, and the weights."""
    configs = [configure(f"seed={n}", "optimizer.lr=2") for n in range(500)]
    work = ShardGroup((Work(configs, make_task(configs[0].task)),))
    assert len(pack_work(work)) / 500 < 20
    (done,) = outcome = work.run()
    points = sum(len(result.loss) for result in done.outcomes)
    assert len(pack_outcome(outcome)) < 8 * points + 300 * 500


def test_a_worker_needs_numpy_and_xorlab_alone():
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
