"""Jobs in columns are the jobs that went in; a grid is that of Hydra's own sweeper."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.memory import bytes_each
from xorlab import configure
from xorlab.networks.spec import run_key
from xorlab.networks.train import shard_key
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.axes import sweep_identity
from xorlab.sweeps.plan.grid import grid_of
from xorlab.sweeps.plan.jobs import Catalogue, catalogued
from xorlab.sweeps.plan.plan import Plan, make_plan
from xorlab.tracking.write.sweep_run import SweepIdentity

VALUES = {
    "seed": ["1", "2", "4294967295"],
    "network.hidden": ["2", "[2]", "[2,3]"],
    "optimizer.lr": ["1", "1.0", "0.5"],
    "optimizer.momentum": ["0.0", "-0.0", "0.9"],
    "task": ["xor", "parity"],
    "tracking.experiment": ["a", "b"],
}
JOB = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in VALUES.items()}).map(
    lambda values: [f"{key}={value}" for key, value in values.items()]
)


@given(grid=st.lists(JOB, min_size=1, max_size=12))
@settings(max_examples=60)
def test_jobs_come_out_as_they_went_in(grid):
    configs = [configure(*overrides) for overrides in grid]
    jobs = catalogued(grid, configs, TRAINER)
    assert [list(job.overrides) for job in jobs] == grid
    assert [repr(job.config) for job in jobs] == [repr(config) for config in configs]
    keys = [run_key(config) for config in configs]
    assert [job.key for job in jobs] == keys
    different = list(dict.fromkeys(keys))
    assert list(jobs.run_keys()) == different
    assert [jobs.run_keys()[n] for n in range(len(different))] == different
    assert jobs.run_keys()[-2:] == different[-2:]
    assert [job.num for job in jobs.first_of_each_run()] == [
        n for n, key in enumerate(keys) if key not in keys[:n]
    ]
    plain = [repr(replace(config, seed=0)) for config in configs]
    found = [(repr(spec.run(0)), count) for spec, count in jobs.settings()]
    assert found == [(text, plain.count(text)) for text in dict.fromkeys(plain)]


@given(grid=st.lists(JOB, min_size=1, max_size=12), finished=st.sets(st.integers(0, 11)))
@settings(max_examples=40)
def test_a_plan_trains_every_run_once_that_is_not_finished(grid, finished):
    jobs = catalogued(grid, [configure(*overrides) for overrides in grid], TRAINER)
    plan = make_plan(jobs, finished, workers=2)
    left = [job.num for job in jobs.first_of_each_run() if job.run not in finished]
    assert [job.num for job in plan.remaining] == left
    assert sorted(job.num for shard in plan.shards for job in shard.jobs) == left
    assert all(len({shard_key(job.config) for job in s.jobs}) == 1 for s in plan.shards)
    assert plan.duplicates + plan.skipped + len(plan.remaining) == len(jobs)


def test_batches_of_one_sweep_share_their_runs():
    catalogue = Catalogue(TRAINER)
    for first, seeds in ((10, (1, 2)), (12, (2, 3))):
        catalogue.begin([[f"seed={seed}"] for seed in seeds])
        for number, seed in enumerate(seeds, first):
            catalogue.add(number, catalogue.specs.of(configure()), seed)
        jobs = catalogue.since(0)
    assert [(job.num, job.run, *job.overrides) for job in jobs] == [
        (10, 0, "seed=1"),
        (11, 1, "seed=2"),
        (12, 1, "seed=2"),
        (13, 2, "seed=3"),
    ]
    assert [job.num for job in catalogue.since(2)] == [12, 13]
    assert [job.num for job in jobs[1:3]] == [11, 12]
    assert jobs[-1].num == 13


def test_a_job_more_costs_little_memory():
    base = configure()

    def planned(count: int) -> tuple[Plan, SweepIdentity]:
        catalogue = Catalogue(TRAINER)
        spec = catalogue.specs.of(base)
        catalogue.begin(
            grid_of(OverridesParser.create().parse_overrides([f"seed=range(0,{count})"]))
        )
        for seed in range(count):
            catalogue.add(seed, spec, seed)
        plan = make_plan(catalogue.since(0), (), workers=2)
        assert len(plan.remaining) == count
        return plan, sweep_identity(plan.jobs)

    configuration = bytes_each(lambda n: [copy.deepcopy(base) for _ in range(n)], 50, 150).held
    job = bytes_each(planned, 3_000, 6_000).held
    assert job < 200  # a third of it is the text of its seed
    assert configuration > 8 * job


@pytest.mark.parametrize(
    "overrides",
    [
        ["seed=range(0,5)", "network.hidden=2,3", "task=xor"],
        ["seed=1,2", "optimizer.lr=0.5", "seed=3,4"],
        ["network.hidden=[2,3],[4]", "tracking.experiment='a b','c,d'", "+seed=1,2"],
        ["optimizer=adam,gd", "~training.target_loss", "optimizer.lr=choice(1,2)"],
        ["seed=1"],
        [],
    ],
)
def test_a_grid_is_the_one_of_hydras_own_sweeper(overrides):
    parsed = OverridesParser.create().parse_overrides(overrides)
    (expected,) = BasicSweeper.split_arguments(parsed, None)
    grid = grid_of(parsed)
    assert [list(overrides) for overrides in grid] == expected
    assert [list(grid[number]) for number in range(len(grid))] == expected
    assert [list(overrides) for overrides in grid[-3:]] == expected[-3:]
    with pytest.raises(IndexError):
        grid[len(grid)]


@pytest.mark.parametrize("empty", ["seed=range(5,0)", "task=glob(z*)"])
def test_a_grid_without_a_job_is_refused(empty, command, tmp_path):
    ended = command("-m", "network.hidden=2,3", empty)
    assert ended.code == 2
    assert ended.err == f"xorlab: {empty}: this names no value, so there is no job\n"
    assert list(tmp_path.iterdir()) == []
