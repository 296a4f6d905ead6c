"""What the plug-ins do: from overrides to job returns, in one go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf
from rich.console import Console

from xorlab.config.compose import Composer
from xorlab.config.messages import readable
from xorlab.config.rules import check, check_seed
from xorlab.config.schema import Config, TrackingConfig
from xorlab.engines.make import make_engine
from xorlab.engines.options import Options
from xorlab.errors import ConfigError, NoStoreError, UsageError
from xorlab.networks.memory import refuse_too_much
from xorlab.networks.spec import Spec
from xorlab.sweep.job_returns import JobFailedError, JobReturns, objective
from xorlab.sweep.plan.axes import swept
from xorlab.sweep.plan.grid import Product, grid_of
from xorlab.sweep.plan.jobs import Catalogue, Job, Jobs
from xorlab.sweep.plan.plan import Plan, make_plan
from xorlab.sweep.session import Session
from xorlab.sweep.summary.ledger import Ledger
from xorlab.sweep.summary.parent_run import deliver_all
from xorlab.sweep.summary.tables import plan_table
from xorlab.tracking.names import FINISHED
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.recorder import results
from xorlab.tracking.read.search import ended_runs
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store, open_store

Returns = Sequence[JobReturn]

_MANY = 10_000  # jobs: it takes seconds before there is anything to see
_FAILED_BEFORE = "failed before; tracking.existing=retry runs it again"


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


def launcher_and_grid(sweeper: Any, arguments: Sequence[str]) -> tuple[Any, Product]:
    """The configured launcher, and the overrides of each job of the grid.

    Raises:
        UsageError: an override that cannot be parsed.
    """
    parser = OverridesParser.create(config_loader=sweeper.hydra_context.config_loader)
    params = [f"{key}={value}" for key, value in sweeper.params.items()]
    with readable(arguments):
        overrides = parser.parse_overrides([*params, *arguments])
        grid = grid_of(overrides)
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
        session, plan = prepare(launcher, grid, first, executor.workers, session, processes)
        if session is None:
            return JobReturns(launcher, plan.jobs, lambda _: 0.0)
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
    session, plan = prepare(sweeper, grid, 0, 1)
    if session is None:
        return ()
    began = time.monotonic()
    with session.opened() as parent:
        told = f"tracking.sweep={parent.run_id}"
        remaining = [[*job.overrides, told] for job in plan.remaining]
        returns = launcher.launch(remaining, 0) if remaining else []
        session.elsewhere.update(plan.remaining.runs.tolist())
        for job, ret in zip(plan.remaining, returns, strict=True):
            if ret.status is JobStatus.FAILED:
                session.ledger.reasons[job.run] = repr(ret._return_value)  # noqa: SLF001
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
) -> tuple[Session | None, Plan]:
    """Compose and check every job, then look what is finished.

    Args:
        owner: the plug-in that Hydra set up.
        grid: the overrides of each job.
        first: number of the first job.
        workers: how many shards are trained at a time.
        session: of earlier jobs of the same sweep; None to begin one.
        processes: how many of the workers are processes that need memory of this machine.

    Returns:
        the session, which these jobs now belong to, or None if only a plan was asked for, which is
        printed then; and the plan.

    Raises:
        UsageError: something is wrong with a job, or all of them need more memory than there is;
            nothing was started.
        StoreError: the tracking store cannot be opened, or its server does not answer at the start.
    """
    catalogue = session.catalogue if session else Catalogue()
    ledger = session.ledger if session else Ledger()
    jobs = _jobs(owner, grid, first, catalogue)
    tracking = _tracking(jobs)
    only_plan = any(spec.config.plan for spec, _ in jobs.settings())
    # A store that is not there yet is made once it is clear that the sweep can begin.
    store = session.store if session else _existing(tracking)
    if store is not None and session is None and not only_plan:
        _deliver(store, tracking)
    if store is not None and tracking.existing != "rerun":
        _look(store, jobs, ledger, tracking.existing == "retry", under_way=session is not None)
    plan = make_plan(jobs, ledger, workers)
    if only_plan:
        _console().print(plan_table(plan, swept(jobs), workers, processes))
    refuse_too_much(plan.need(processes))
    if only_plan:
        return None, plan
    if session is None:
        store = store or open_store(tracking.uri, tracking.experiment, artifacts=tracking.artifacts)
        session = Session(store, tracking, _console(), catalogue, ledger)
    session.skipped += plan.skipped
    return session, plan


def _jobs(owner: Any, grid: Sequence[Sequence[str]], first: int, catalogue: Catalogue) -> Jobs:
    """Jobs of a grid, composed, checked and added to a catalogue."""
    shared = OmegaConf.to_container(owner.config.hydra.overrides.hydra)
    assert isinstance(shared, list)  # noqa: S101  (Hydra's own schema)
    composer = Composer(owner.hydra_context.config_loader, [str(item) for item in shared])
    start = len(catalogue)
    catalogue.begin(grid, first)
    if len(grid) >= _MANY:
        _console().print(f"composing and checking {len(grid)} jobs")
    known: dict[int, Spec] = {}  # by the id of what is composed once for all seeds
    for num, overrides in enumerate(grid, first):
        try:
            with readable(overrides):
                config, seed, shared = composer.setting(overrides)
            check_seed(seed)
            if not shared or id(config) not in known:
                check(config)
                _refuse_landscape(config)
                spec = catalogue.specs.of(config)
                if shared:
                    known[id(config)] = spec
            else:
                spec = known[id(config)]
        except (ConfigError, UsageError) as error:
            where = f"job {num} of {len(grid)} ({' '.join(overrides)}): " if len(grid) > 1 else ""
            raise UsageError(f"{where}{error}") from error
        catalogue.add(spec, seed)
    return catalogue.since(start)


def _refuse_landscape(config: Config) -> None:
    if config.landscape.x is not None:
        raise UsageError(
            f"landscape.x={config.landscape.x}: a landscape is one run, not a job of a sweep; "
            "leave out -m, or run one after another with hydra/sweeper=basic hydra/launcher=basic"
        )


def _tracking(jobs: Jobs) -> TrackingConfig:
    first, *others = (spec.config.tracking for spec, _ in jobs.settings())
    for other in others:
        for key, value in vars(other).items():
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


def _look(store: Store, jobs: Jobs, ledger: Ledger, only_finished: bool, under_way: bool) -> None:
    """What is recorded of these jobs; a sweep that is under way goes on without knowing it."""
    runs = {key: run for key, run in jobs.run_keys().items() if run not in ledger}
    try:
        for row in ended_runs(store, runs):
            if row["status"] == FINISHED:
                ledger.add(runs[row["key"]], row)
            elif not only_finished:
                ledger.add(runs[row["key"]], row, _FAILED_BEFORE)
    except ServerAwayError:
        if not under_way:
            raise


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


def job_returns(owner: Any, session: Session, jobs: Jobs) -> Returns:
    """What the jobs of a sweep hand back to Hydra, in their order."""
    name, ledger = session.tracking.objective, session.ledger

    def outcome(job: Job) -> float | Exception:
        if job.run in ledger.reasons:
            return JobFailedError(ledger.reasons[job.run])
        row = ledger.row(job.run)
        metrics = {k[8:]: v for k, v in row.items() if k.startswith("metrics.")}
        return objective(metrics, name)

    return JobReturns(owner, jobs, outcome)
