"""Shards out to an executor, outcomes back, until none is left."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, wait

from xorlab.sweep.cuts import Cuts, bundle
from xorlab.sweep.executors import Executor
from xorlab.sweep.plan import Shard
from xorlab.sweep.work import Done

_WAIT = 0.5  # seconds between signs of life


def trained(
    cuts: Cuts, executor: Executor, alive: Callable[[], None]
) -> Generator[tuple[Shard, Done]]:
    """Each shard with what became of it, as it ends; to be closed by whoever breaks off.

    Args:
        cuts: the shards that wait.
        executor: where they are trained; it gives up what is under way where this breaks off.
        alive: called now and then; what it raises breaks this off.

    Raises:
        EngineError: there are no workers any more.
    """
    under_way: dict[Future[list[Done]], tuple[Shard, ...]] = {}
    try:
        while cuts or under_way:
            while cuts and len(under_way) < executor.slots:
                shards = cuts.take()
                under_way[executor.submit(bundle(shards))] = shards
            ended, _ = wait(under_way, timeout=_WAIT, return_when=FIRST_COMPLETED)
            alive()
            for future in ended:
                shards, outcomes = under_way.pop(future), future.result()
                cuts.learn(shards, outcomes)
                yield from zip(shards, outcomes, strict=True)
                del future, outcomes  # results that somebody has taken need no room
            executor.check()
    except BaseException:
        executor.close()
        raise
