"""What the plug-ins do: from overrides to job returns, in one go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf
from rich.console import Console

from xorlab.checks import check
from xorlab.composition import Composer
from xorlab.config import Config, TrackingConfig
from xorlab.errors import ConfigError, NoStoreError, UsageError
from xorlab.memory import refuse_too_much
from xorlab.sweep.axes import swept
from xorlab.sweep.closing import deliver_all
from xorlab.sweep.engines.make import make_engine
from xorlab.sweep.engines.options import Options
from xorlab.sweep.plan import Job, Plan, Tasks, make_job, make_plan
from xorlab.sweep.returns import JobFailedError, job_return, objective
from xorlab.sweep.session import Session
from xorlab.sweep.tables import plan_table
from xorlab.tracking.keeper import results
from xorlab.tracking.outbox import Outbox
from xorlab.tracking.record import FINISHED
from xorlab.tracking.search import ended_runs
from xorlab.tracking.server import ServerAwayError
from xorlab.tracking.store import Store, open_store
from xorlab.usage import readable

Returns = Sequence[JobReturn]


class JobsFailedError(RuntimeError):
    """Some jobs of a sweep failed; the summary has told which."""


def sweep(sweeper: Any, arguments: Sequence[str]) -> list[Returns]:
    """The whole grid, through whichever launcher is configured.

    Raises:
        UsageError, ConfigError: something is wrong with a job; nothing was started.
        JobsFailedError: jobs failed, all others are recorded.
    """
    launcher, grid = launcher_and_grid(sweeper, arguments)
    if hasattr(launcher, "executor"):
        returns = launcher.launch(grid, 0)
    else:
        returns = _launch_elsewhere(sweeper, launcher, grid)
    if any(ret.status is JobStatus.FAILED for ret in returns):
        raise JobsFailedError
    return [returns]


def launcher_and_grid(sweeper: Any, arguments: Sequence[str]) -> tuple[Any, list[list[str]]]:
    """The configured launcher, and the overrides of each job of the grid.

    Raises:
        UsageError: an override that cannot be parsed.
    """
    parser = OverridesParser.create(config_loader=sweeper.hydra_context.config_loader)
    params = [f"{key}={value}" for key, value in sweeper.params.items()]
    with readable(arguments):
        overrides = parser.parse_overrides([*params, *arguments])
        (grid,) = BasicSweeper.split_arguments(overrides, None)
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=sweeper.hydra_context,
            task_function=sweeper.task_function,
            config=sweeper.config,
        )
    return launcher, grid


def launch(launcher: Any, grid: Sequence[Sequence[str]], first: int) -> Returns:
    """Train jobs together; several launches of one sweep share a session and its parent run."""
    options = Options.of(launcher)
    executor = make_engine(options)
    try:
        session = getattr(launcher, "session", None)
        processes = options.processes_here(executor.workers)
        prepared = prepare(launcher, grid, first, executor.workers, session, processes)
        if prepared is None:
            return [job_return(launcher, first + n, o, 0.0) for n, o in enumerate(grid)]
        session, plan = prepared
        launcher.session = session
        if plan.shards:
            executor.start()
        with session.opened():
            session.train(plan, executor)
            session.close()
    finally:
        executor.close()
    return job_returns(launcher, session, plan.jobs)


def _launch_elsewhere(sweeper: Any, launcher: Any, grid: Sequence[Sequence[str]]) -> Returns:
    """Hand the jobs that remain to any other launcher, one at a time, under one parent run."""
    prepared = prepare(sweeper, grid, 0, 1)
    if prepared is None:
        return []
    session, plan = prepared
    began = time.monotonic()
    with session.opened() as parent:
        told = f"tracking.sweep={parent.run_id}"
        remaining = [[*job.overrides, told] for job in plan.remaining]
        returns = launcher.launch(remaining, 0) if remaining else []
        session.elsewhere.update(job.key for job in plan.remaining)
        for job, ret in zip(plan.remaining, returns, strict=True):
            if ret.status is JobStatus.FAILED:
                session.reasons[job.key] = repr(ret._return_value)  # noqa: SLF001
        session.seconds = time.monotonic() - began
        session.close()
    return job_returns(sweeper, session, plan.jobs)


def prepare(
    owner: Any,
    grid: Sequence[Sequence[str]],
    first: int,
    workers: int,
    session: Session | None = None,
    processes: int = 0,
) -> tuple[Session, Plan] | None:
    """Compose and check every job, then look what is finished.

    Args:
        owner: the plug-in that Hydra set up.
        grid: the overrides of each job.
        first: number of the first job.
        workers: how many shards are trained at a time.
        session: of earlier jobs of the same sweep; None to begin one.
        processes: how many of the workers are processes that need memory of this machine.

    Returns:
        the session, which these jobs now belong to, and their plan; None if only a plan was asked
        for, which is printed then.

    Raises:
        UsageError: something is wrong with a job, or all of them need more memory than there is;
            nothing was started.
        StoreError: the tracking store cannot be opened, or its server does not answer at the start.
    """
    tasks = Tasks()
    jobs = _jobs(owner, grid, first, tasks)
    tracking = _tracking(jobs)
    only_plan = any(job.config.plan for job in jobs)
    # A store that is not there yet is made once it is clear that the sweep can begin.
    store = session.store if session else _existing(tracking)
    if store is not None and session is None and not only_plan:
        _deliver(store, tracking)
    found = {} if store is None else _found(store, jobs, under_way=session is not None)
    if tracking.existing == "retry":
        found = {key: row for key, row in found.items() if row["status"] == FINISHED}
    if tracking.existing == "rerun":
        found = {}
    plan = make_plan(jobs, tasks, found, workers)
    if only_plan:
        _console().print(plan_table(plan, swept(jobs), workers, processes))
    refuse_too_much(plan.need(processes))
    if only_plan:
        return None
    store = store or open_store(tracking.uri, tracking.experiment, artifacts=tracking.artifacts)
    session = session or Session(store, tracking, _console())
    session.extend(plan, found)
    return session, plan


def _jobs(owner: Any, grid: Sequence[Sequence[str]], first: int, tasks: Tasks) -> list[Job]:
    shared = OmegaConf.to_container(owner.config.hydra.overrides.hydra)
    assert isinstance(shared, list)  # noqa: S101  (Hydra's own schema)
    composer = Composer(owner.hydra_context.config_loader, [str(item) for item in shared])
    jobs = []
    for num, overrides in enumerate(grid, first):
        try:
            with readable(overrides):
                config = composer.compose(overrides)
            check(config)
            _refuse_landscape(config)
            tasks.make(config.task)
        except (ConfigError, UsageError) as error:
            where = f"job {num} of {len(grid)} ({' '.join(overrides)}): " if len(grid) > 1 else ""
            raise UsageError(f"{where}{error}") from error
        jobs.append(make_job(num, overrides, config))
    return jobs


def _refuse_landscape(config: Config) -> None:
    if config.landscape.x is not None:
        raise UsageError(
            f"landscape.x={config.landscape.x}: a landscape is one run, not a job of a sweep; "
            "leave out -m, or run one after another with hydra/sweeper=basic hydra/launcher=basic"
        )


def _tracking(jobs: Sequence[Job]) -> TrackingConfig:
    first = jobs[0].config.tracking
    for job in jobs:
        for key, value in vars(job.config.tracking).items():
            if value != getattr(first, key):
                raise UsageError(
                    f"tracking.{key}: cannot be swept; one sweep is recorded in one way"
                )
    return first


def _console() -> Console:
    """Standard output; a file or a pipe has no width that a table would have to fit."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=160, highlight=False)


def _existing(tracking: TrackingConfig) -> Store | None:
    try:
        return open_store(tracking.uri, tracking.experiment, create=False)
    except NoStoreError:  # nothing is finished yet
        return None


def _found(store: Store, jobs: Sequence[Job], under_way: bool) -> dict[str, dict[str, Any]]:
    """What is recorded of these jobs; a sweep that is under way goes on without knowing it."""
    try:
        return ended_runs(store, {job.key for job in jobs})
    except ServerAwayError:
        if not under_way:
            raise
        return {}


def _deliver(store: Store, tracking: TrackingConfig) -> None:
    """What an earlier sweep could not deliver counts as finished."""
    outbox = Outbox(tracking.outbox)
    done = deliver_all(store, outbox)
    lines = done.lines()
    arrived = done.delivered + done.present
    if arrived:
        lines.insert(0, f"{results(arrived)} delivered from {outbox.folder}")
    for line in lines:
        _console().print(line, soft_wrap=True, markup=False)


def job_returns(owner: Any, session: Session, jobs: Sequence[Job]) -> Returns:
    """What the jobs of a sweep hand back to Hydra, in their order."""
    name = session.tracking.objective
    returns = []
    for job in jobs:
        outcome: float | Exception
        if job.key in session.reasons:
            outcome = JobFailedError(session.reasons[job.key])
        else:
            row = session.rows[job.key]
            metrics = {k[8:]: v for k, v in row.items() if k.startswith("metrics.")}
            outcome = objective(metrics, name)
        returns.append(job_return(owner, job.num, job.overrides, outcome))
    return returns
