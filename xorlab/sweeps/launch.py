"""The grid sweeper and the launcher of xorlab, and launching through other launchers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from xorlab.engines.make import make_engine
from xorlab.errors import JobsFailedError
from xorlab.sweeps.compose import launcher_and_grid
from xorlab.sweeps.ending import finish
from xorlab.sweeps.job_returns import SweepJobReturn, returns_of
from xorlab.sweeps.pipeline import opened, prepare, train_and_record
from xorlab.sweeps.plan.jobs import Jobs
from xorlab.sweeps.unused_keys import refuse_chdir, refuse_job_keys

_NUMBER = re.compile(r"\{hydra[:.]job\.(?:num|id)")


def sweep_grid(sweeper: Any, arguments: Sequence[str]) -> list[Sequence[JobReturn]]:
    """Run the whole grid through the configured launcher.

    Args:
        sweeper: the plug-in, set up by Hydra.
        arguments: the command line's overrides.

    Returns:
        one batch of job returns.

    Raises:
        UsageError, ConfigError: something is wrong with a job; nothing was started.
        JobsFailedError: jobs failed, all others are recorded.
    """
    launcher, grid = launcher_and_grid(sweeper, arguments)
    if hasattr(launcher, "options"):
        returns = launcher.launch(grid, 0)
    else:
        returns = _launch_elsewhere(sweeper, launcher, grid)
    if any(ret.status is JobStatus.FAILED for ret in returns):
        raise JobsFailedError
    return [returns]


def launch(launcher: Any, grid: Sequence[Sequence[str]], first: int) -> Sequence[JobReturn]:
    """Train jobs together. Launches by the same launcher are one sweep with one parent run.

    Args:
        launcher: xorlab's own, set up by Hydra.
        grid: the overrides of each job.
        first: number of the first job.
    """
    refuse_job_keys(launcher)
    executor = make_engine(launcher.options)
    try:
        earlier = getattr(launcher, "sweep", None)
        processes = launcher.options.processes_here(executor.workers)
        sweep, plan = prepare(launcher, grid, first, executor.workers, earlier, processes)
        if sweep is None:
            return [SweepJobReturn(launcher, job.num, job.overrides, 0.0) for job in plan.jobs]
        launcher.sweep = launcher.task_function.sweep = sweep  # the latter for who called it
        if plan.shards:
            executor.start()
        with opened(sweep):
            train_and_record(sweep, plan, executor)
            finish(sweep)
    finally:
        executor.close()
    return returns_of(launcher, plan.jobs, sweep.ledger, sweep.tracking.objective)


def _launch_elsewhere(
    sweeper: Any, launcher: Any, grid: Sequence[Sequence[str]]
) -> Sequence[JobReturn]:
    """Launch the jobs that remain through any other launcher, under one parent run.

    Each job trains and records its own run.
    """
    refuse_chdir(sweeper)
    sweep, plan = prepare(sweeper, grid, 0, workers=1)
    if sweep is None:
        return ()
    began = time.monotonic()
    with opened(sweep, elsewhere=True):
        assert sweep.parent is not None  # noqa: S101  (it was opened)
        parent = f"tracking.sweep={sweep.parent.run_id}"
        returns: list[JobReturn] = []
        for jobs in _in_batches(plan.remaining, sweeper.config):
            returns += launcher.launch([[*job.overrides, parent] for job in jobs], jobs[0].num)
        sweep.writer.recorded_elsewhere(plan.remaining.runs.tolist())
        for job, ret in zip(plan.remaining, returns, strict=True):
            if ret.status is JobStatus.FAILED:
                sweep.ledger.reasons[job.run] = repr(ret._return_value)  # noqa: SLF001
        sweep.seconds = time.monotonic() - began
        finish(sweep)
    sweeper.task_function.sweep = sweep  # not before: a launcher may have pickled it
    return returns_of(sweeper, plan.jobs, sweep.ledger, sweep.tracking.objective)


def _in_batches(jobs: Jobs, config: DictConfig) -> Iterator[Jobs]:
    """Jobs that Hydra may number from the first on: all at once, unless a value is the number.

    Args:
        jobs: to launch; some of the sweep's jobs may be missing among them.
        config: of the sweep.
    """
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    folders = OmegaConf.to_container(config.hydra.sweep, resolve=False)
    texts = (text for job in jobs for text in job.overrides)
    every = (OmegaConf.to_yaml(own), str(folders), *texts)
    numbered = any(_NUMBER.search(text.replace("\\", "")) for text in every)
    cuts = np.flatnonzero(np.diff(jobs.numbers) != 1)[: len(jobs) if numbered else 0] + 1
    for part in np.split(np.arange(len(jobs)), cuts):
        if len(part):
            yield jobs[int(part[0]) : int(part[-1]) + 1]
