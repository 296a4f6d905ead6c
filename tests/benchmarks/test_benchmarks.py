"""Benchmarks run; their timings are for people to read, and are not asserted."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from tests.benchmarks import notebook_loop
from tests.benchmarks.training import train_shards
from tests.conftest import ROOT
from tests.helpers.postgres import no_postgres
from xorlab import Config, configure, train
from xorlab.engines.local import Inline
from xorlab.engines.work import ShardGroup, Work
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.trainer import TRAINER


def run(name: str, *options: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stdout


def test_the_loop_that_is_timed_is_the_notebooks_and_xorlab_agrees_with_it():
    losses: dict[int, float] = {}
    outputs = notebook_loop.train(42, 3, 0.5, 1000, losses.__setitem__)
    result = train(configure("network.hidden=3", "optimizer.lr=0.5", "training.epochs=1000"))
    np.testing.assert_allclose(result.predictions, outputs, rtol=1e-9)
    own = dict(zip(result.steps.tolist(), result.loss.tolist(), strict=True))
    assert {step: own[step] for step in losses} == {
        step: pytest.approx(loss, rel=1e-10) for step, loss in losses.items()
    }


@pytest.mark.slow
def test_the_training_benchmark_compares_side_by_side():
    printed = run("training", "--small")
    for hidden in (2, 4, 16):
        assert f"2-{hidden}-1" in printed
    assert printed.count("notebook's loop") == 3
    for backend in ("numpy", "compiled"):
        assert printed.count(f"xorlab {backend}, 64 networks") == 3


def test_the_training_benchmark_ends_where_a_network_is_not_trained():
    impossible = ShardGroup((Work([Config(seed=-1)], make_task(Config().task), TRAINER),))
    with pytest.raises(SystemExit, match="not trained"):
        train_shards(Inline(), [impossible])


@pytest.mark.slow
@pytest.mark.skipif(no_postgres() is not None, reason=str(no_postgres()))
def test_the_postgres_benchmark_compares_copy_with_insert():
    printed = run("postgres", "--small")
    assert "COPY" in printed
    assert "INSERT" in printed


@pytest.mark.slow
def test_the_sweep_benchmark_compares_side_by_side():
    printed = run("sweeps", "--small")
    for line in (
        "Hydra, once",
        "xorlab in bulk",
        "the same, files not synced",
        "the plain way",
        "10 runs",
        "load_runs + load_curves",
    ):
        assert line in printed


@pytest.mark.slow
def test_the_parts_of_each_command_are_its_time():
    rows = re.findall(r"^ +(?:one run|\d+ runs x \d+ epochs) (.*)$", run("shares", "--small"), re.M)
    assert len(rows) == 3
    for *parts, whole in (map(float, row.split()) for row in rows):
        assert min(parts) >= 0
        assert sum(parts) == pytest.approx(whole, abs=0.05)


@pytest.mark.slow
def test_the_benchmark_of_trainers_shows_what_the_harness_costs():
    printed = run("trainers", "--small")
    assert re.search(r"40 +\d+\.\d +\d+\.\d\d +-?\d+\.\d\d", printed)
    assert "ratio: " in printed or "JAX is not installed" in printed


@pytest.mark.slow
def test_the_landscape_benchmark_shows_time_and_memory():
    printed = run("landscapes", "--small")
    for line in ("48 x 48", "networks/s", "MiB, largest worker"):
        assert line in printed


@pytest.mark.slow
def test_the_engine_benchmark_sets_the_model_beside_landscapes():
    printed = run("engines", "--small", "--scale")
    assert re.search(r"256 +\d+\.\d +\d+\.\d", printed)


@pytest.mark.slow
def test_the_benchmark_of_large_sweeps_shows_time_and_memory():
    printed = run("engines", "--small", "--large")
    assert "peak MiB" in printed
    assert re.search(r"local +80 +\d+\.\d", printed)


@pytest.mark.slow
def test_a_killed_sweep_is_whole_in_the_end():
    printed = run("kills", "--kills", "1", "--epochs", "2000")
    assert "runs expected 300, finished 300, twice 0, half 0, curves that differ 0" in printed


@pytest.mark.slow
def test_an_interrupted_sweep_has_recorded_what_it_showed():
    sweep = ("seed=range(0,4000)", "network.hidden=4", "training.epochs=20000")
    printed = run("interrupts", "--seconds", "12", *sweep)
    found = re.search(r"([\d,]+) runs shown, ([\d,]+) recorded; exit code 130", printed)
    assert found is not None
    # An interrupt may come after a shard was recorded and before it was shown.
    shown, recorded = (int(number.replace(",", "")) for number in found.groups())
    assert 0 < shown <= recorded


@pytest.mark.slow
def test_the_statistics_benchmark_times_convergence():
    printed = run("statistics", "--small")
    assert "2,000 resamples" in printed
    assert "ms per setting" in printed


@pytest.mark.slow
def test_the_study_of_coverage_finds_what_is_nominal_and_has_a_row_for_each_kind_of_claim():
    """Small: the shares are rough, and only gross failures are caught."""
    printed = run("coverage", "--small")
    rows = [line.split() for line in printed.splitlines()]
    found = [row for row in rows if row[:1] in (["lognormal"], ["XOR,"])]
    assert len(found) == 2 * (6 + 3)
    shares = [[float(x) for x in row[-9:] if x != "-"] for row in found]
    assert min(map(min, shares)) >= 75
    assert np.mean([x for row in shares for x in row]) >= 94
    for kind in ("balanced", "unbalanced", "few events", "paired", "pooled", "anytime", "fresh"):
        assert kind in printed
    assert printed.count("true least ERT: ") == 3


@pytest.mark.slow
def test_sweeps_at_once_lose_nothing_in_any_store():
    printed = run("load", "--sweeps", "2", "--runs", "40", "--epochs", "50")
    assert "| SQLite | 80 | 80 | 0 | 0 | 0 |" in printed
    assert "| PostgreSQL" in printed
