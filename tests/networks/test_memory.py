"""Memory: the estimate is what is measured, within a factor of two, and too much is refused."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.process_faults import family
from tests.helpers.planes import plane
from xorlab import configure
from xorlab.errors import UsageError
from xorlab.landscapes.grid import Grid
from xorlab.networks.memory import estimate_landscape_memory, estimate_memory
from xorlab.networks.tasks.tasks import make_task
from xorlab.system.memory_limits import MemoryLimit, memory_limits, out_of_memory_kills
from xorlab.trainers.memory import refuse_too_much, size

POINTS = ("training.epochs=4000", "training.record_every=1")
WORK = """
import sys
from xorlab import configure
from xorlab.engines.work import Work
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.trainer import TRAINER
import pickle
configs = [configure(f"seed={n}", *sys.argv[2:]) for n in range(int(sys.argv[1]))]
pickle.dumps(Work(configs, make_task(configs[0].task), TRAINER).run())
# Not what getrusage tells: that counts the process which this one was forked from.
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def need(count: int, *overrides: str, workers: int = 1):
    configs = [configure(f"seed={n}", *overrides) for n in range(count)]
    return estimate_memory(
        [(configs[0], make_task(configs[0].task), count)], [(configs[0], count)], workers
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "overrides"),
    [
        (3, ["training.epochs=10"]),
        (600, POINTS),
        (64, ["network.hidden=[700,700]", "training.epochs=1"]),
    ],
)
def test_a_worker_needs_what_is_estimated_within_a_factor_of_two(count, overrides):
    result = subprocess.run(
        [sys.executable, "-c", WORK, str(count), *overrides],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 0.5 < 1024 * int(result.stdout) / need(count, *overrides).worker < 2


@pytest.mark.slow
def test_a_sweep_needs_what_is_estimated_within_a_factor_of_two(process, store_file):
    sweep = ("seed=range(0,40)", *POINTS)
    child = process("-m", *sweep, "hydra.launcher.workers=2")
    most = 0
    while child.poll() is None:
        most = max(most, sum(map(_own_memory, [child.pid, *family(child.pid)])))
        time.sleep(0.02)
    assert child.returncode == 0, child.communicate()
    assert 0.5 < most / need(40, *POINTS, workers=2).total < 2


@pytest.mark.slow
def test_a_landscape_needs_no_more_than_is_estimated(process, store_file):
    found = plane("weight.1", "weight.2", (600, 600), 5)
    grid = Grid(configure(*found))
    need = estimate_landscape_memory(grid.config(0), grid.data, grid.piece, grid.count, 2)
    child = process(*found, "hydra.launcher.workers=2")
    most = own = 0
    while child.poll() is None:
        used = [_own_memory(pid) for pid in (child.pid, *family(child.pid))]
        most, own = max(most, sum(used)), max(own, used[0])
        time.sleep(0.02)
    assert child.returncode == 0, child.communicate()
    assert 0.3 < most / need.total < 1  # with a new store it is more: MLflow is imported too
    assert own / need.parent < 1.1


def _own_memory(pid: int) -> int:
    """What a process holds, pages that it shares counted in part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def test_more_runs_points_units_and_workers_need_more():
    assert need(20).total > need(10).total
    assert need(10, *POINTS).total > need(10).total
    assert need(10, "network.hidden=500").worker > need(10).worker
    assert need(10, workers=0).worker == 0


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (["training.epochs=1000000", "training.record_every=1"], "training.record_every=1"),
        (["network.hidden=[1000,1000]"], "network.hidden=[1000,1000]"),
    ],
)
def test_too_much_is_refused_with_what_decides_it_and_what_would_help(overrides, key):
    with pytest.raises(UsageError) as refused:
        refuse_too_much(need(64, *overrides), [MemoryLimit(10**8, "the machine")])
    text = str(refused.value)
    assert text.startswith(f"{key}: this would need about ")
    assert "the machine leaves 100 MB. Nothing was started. What needs less: " in text
    assert key.partition("=")[0] in text.partition("What needs less")[2]


def test_a_limit_of_each_process_is_compared_with_the_largest_of_them():
    asked = need(10, workers=8)
    refuse_too_much(asked, [MemoryLimit(asked.parent, "ulimit", per_process=True)])
    with pytest.raises(UsageError):
        refuse_too_much(asked, [MemoryLimit(asked.parent, "the machine")])


def test_the_plan_tells_the_estimate_and_refuses_what_cannot_be(command, tmp_path):
    result = command("-m", "seed=1,2", "plan=true")
    assert "estimated memory" in result.out
    result = command(
        "-m", "seed=range(0,300)", "training.epochs=1000000", "training.record_every=1", "plan=true"
    )
    assert result.code == 2
    assert "estimated memory" in result.out
    assert result.err.startswith("xorlab: training.record_every=1: this would need about ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "overrides",
    [
        ["-m", "seed=range(0,300)", "training.epochs=1000000", "training.record_every=1"],
        ["-m", "seed=range(0,1000000000)"],
        ["-m", "hydra/sweeper=precision", "optimizer.lr=range(0.001,1000000,0.001)"],
        [
            "landscape.x=weight.1",
            "landscape.y=weight.2",
            "network.hidden=[1024,1024,1024,1024]",
            "landscape.x_low=-1",
            "landscape.x_high=1",
            "landscape.y_low=-1",
            "landscape.y_high=1",
            "landscape.width=8192",
            "landscape.height=8192",
            "hydra.launcher.workers=64",
        ],
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(overrides, command, tmp_path):
    result = command(*overrides)
    assert (result.code, result.out) == (2, "")
    assert "Nothing was started. What needs less: " in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_network_is_refused_under_the_limit_of_a_shell(process, tmp_path):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    child = process("training.epochs=1000000", "training.record_every=1", preexec_fn=limit)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 2, err
    assert "(ulimit -v) leaves" in err
    assert list(tmp_path.iterdir()) == []


def test_the_system_tells_what_is_left():
    assert all(room.bytes >= 0 and room.reason for room in memory_limits())
    assert {room.reason for room in memory_limits()} >= {"the memory that this machine has free"}
    assert out_of_memory_kills() is not None
    assert size(2_500_000_000) == "2.5 GB"
