"""Every job is dispatched once, and dispatch costs a small share of the work."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorlab import configure
from xorlab.networks.train import chunk_width, shard_key
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.chunks import SHARE, AdaptiveChunks
from xorlab.sweeps.plan.jobs import catalogued
from xorlab.sweeps.plan.plan import make_plan
from xorlab.trainers.shard_result import failed


@lru_cache(maxsize=1)  # several tests cut the same large plan
def plan_of(runs: int, hidden: tuple[int, ...], epochs: int, workers: int):
    """Jobs of a few shapes."""
    configs = [configure(f"network.hidden={h}", f"training.epochs={epochs}") for h in hidden]
    seeded = [replace(config, seed=seed) for config in configs for seed in range(runs)]
    return make_plan(catalogued([()] * len(seeded), seeded, TRAINER), (), workers)


def dispatched(chunks: AdaptiveChunks, speed: float) -> list[tuple]:
    """All of it, by workers that are so many times as fast as estimated."""
    taken = []
    while chunks:
        shards = chunks.take()
        taken.append(shards)
        seconds = [shard.seconds / speed for shard in shards]
        done = [replace(failed(1, ""), started=1, ended=1 + int(1e3 * s)) for s in seconds]
        chunks.observe(shards, done)
    return taken


@given(
    runs=st.integers(1, 700),
    hidden=st.sets(st.integers(1, 6), min_size=1, max_size=4),
    workers=st.integers(1, 40),
    dispatch=st.sampled_from([0.0, 0.002, 0.1]),
    speed=st.sampled_from([0.1, 1.0, 30.0, 1e6]),
)
@settings(max_examples=25)
def test_every_job_is_dispatched_once_and_shards_are_one_array_program(
    runs, hidden, workers, dispatch, speed
):
    plan = plan_of(runs, tuple(hidden), 300, workers)
    shards = [
        s for taken in dispatched(AdaptiveChunks(plan, workers, dispatch), speed) for s in taken
    ]
    assert sorted(job.num for s in shards for job in s.jobs) == [job.num for job in plan.jobs]
    for shard in shards:
        assert len({shard_key(job.config) for job in shard.jobs}) == 1
        assert 0 < len(shard.jobs) <= chunk_width(shard.jobs[0].config, shard.data)
    if dispatch == 0 and speed >= 1:
        assert shards == list(plan.shards)


@given(
    hidden=st.sampled_from(["2", "16", "[8,8]"]),
    epochs=st.sampled_from([300, 10_000, 200_000]),
    update=st.sampled_from(["batch", "online"]),
)
@settings(max_examples=10)
def test_a_shard_is_short_unless_it_would_be_mostly_fixed_cost(hidden, epochs, update):
    config = configure(
        f"network.hidden={hidden}", f"training.epochs={epochs}", f"training.update={update}"
    )
    seeded = [replace(config, seed=seed) for seed in range(3000)]
    plan = make_plan(catalogued([()] * len(seeded), seeded, TRAINER), (), 2)
    assert sum(len(shard.jobs) for shard in plan.shards) == len(seeded)
    for shard in plan.shards:
        fixed, each = shard.line
        assert shard.seconds <= 2.5 + each or fixed >= 0.08 * shard.seconds


@given(
    speed=st.sampled_from([0.2, 1.0, 5.0]),
    epochs=st.sampled_from([20_000, 100_000]),
    workers=st.integers(1, 3),
)
@settings(max_examples=5)
def test_a_shard_takes_a_quarter_of_the_time_so_far_or_little_more_than_it_must(
    speed, epochs, workers
):
    plan = plan_of(1_000, (3,), epochs, workers)
    times = [0.0] * workers  # at which each worker is free
    chunks = AdaptiveChunks(plan, workers, 0.0, clock=lambda: min(times))
    trained = []
    while chunks:
        begins = min(times)
        (shard,) = chunks.take()
        seconds = shard.seconds / speed
        short = max(4.0, begins / 4) if trained else 1.0 / speed
        trained += [job.num for job in shard.jobs]
        fixed, each = shard.line
        assert seconds <= 1.01 * 1.25 * max(short, 2.0 * fixed / speed) + 2 * each / speed
        times[times.index(begins)] += seconds
        chunks.observe([shard], [replace(failed(1, ""), started=1, ended=1 + int(1e3 * seconds))])
    assert sorted(trained) == [job.num for job in plan.jobs]


@pytest.mark.slow
@pytest.mark.parametrize("dispatch", [0.005, 0.05])
@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_dispatch_costs_less_than_its_share_of_the_work(dispatch, speed):
    plan = plan_of(20_000, (2, 3, 4, 5, 6), 20_000, 8)
    taken = dispatched(AdaptiveChunks(plan, 8, dispatch), speed)
    work = sum(shard.seconds for shards in taken for shard in shards) / speed
    assert len(taken) * dispatch < SHARE * work


def test_a_shard_that_took_less_than_a_millisecond_still_took_time():
    chunks = AdaptiveChunks(plan_of(94, (3, 4, 5, 6), 300, 2), 2, 0.002)
    first = chunks.take()
    chunks.observe(first, [replace(failed(1, ""), started=1, ended=1) for _ in first])
    assert chunks.pace > 0
    assert chunks.take()


def test_the_first_is_small_and_the_last_are_even():
    plan = plan_of(8_000, (2, 3), 10_000, 2)
    taken = dispatched(AdaptiveChunks(plan, 2, 0.001), 1.0)
    seconds = [sum(shard.seconds for shard in shards) for shards in taken]
    assert seconds[0] < max(seconds) / 2
    assert seconds[-1] < sum(seconds) / 4
    assert len(taken) >= 8
