"""Seeds where they are needed: more for a setting until its success rate is known well enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from hydra.core.utils import JobReturn

from xorlab.analysis.counts import counted
from xorlab.analysis.statistics.sequential import confidence_sequence, seeds_until
from xorlab.config.launcher_keys import PrecisionConfig
from xorlab.engines.local import Executor
from xorlab.engines.make import make_engine
from xorlab.errors import JobsFailedError, UsageError
from xorlab.sweeps.compose import launcher_and_grid
from xorlab.sweeps.console import make_console, print_line
from xorlab.sweeps.ending import finish
from xorlab.sweeps.job_returns import returns_of
from xorlab.sweeps.pipeline import Sweep, opened, prepare, train_and_record
from xorlab.sweeps.plan.axes import described, settings_axes, sweep_name, swept
from xorlab.sweeps.plan.plan import Plan
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.sweeps.unused_keys import refuse_job_keys
from xorlab.tracking.write.sweep_run import SweepIdentity
from xorlab.trainers.result import SOLVED


@dataclass
class SettingProgress:
    """How far one setting is.

    Attributes:
        overrides: those of the setting, without a seed.
        runs: numbers of its runs so far.
        n, solved: runs with an outcome, and how many of them were solved.
        low, high: interval of its success rate, valid at any number of looks.
        stopped: why it gets no more seeds; None while it does.
    """

    overrides: tuple[str, ...]
    runs: list[int]
    n: int = 0
    solved: int = 0
    low: float = 0.0
    high: float = 1.0
    stopped: str | None = None

    def update(self, ledger: Ledger, target: PrecisionConfig) -> None:
        """Count the outcomes so far, and decide whether they are enough."""
        outcomes = Counter(map(ledger.outcome, self.runs))
        self.n, self.solved = outcomes.total() - outcomes[None], outcomes[SOLVED]
        low, high = confidence_sequence(self.solved, self.n, target.confidence)
        self.low, self.high = float(low), float(high)
        if (self.high - self.low) / 2 <= target.half_width:
            self.stopped = "half_width"
        elif len(self.runs) >= target.max_seeds:
            self.stopped = "max_seeds"

    def next_seeds(self, target: PrecisionConfig) -> range:
        """As many as the present rate suggests, but at most as many again as there are."""
        have = len(self.runs)
        if have == 0:
            more = target.first_round
        else:
            asked = seeds_until(self.solved, self.n, target.half_width, target.confidence)
            more = min(max(asked, target.first_round), have)
        first = target.first_seed + have
        return range(first, min(first + more, target.first_seed + target.max_seeds))


def sweep_to_precision(sweeper: Any, arguments: Sequence[str]) -> list[Sequence[JobReturn]]:
    """Run all rounds of an adaptive sweep under one parent run.

    Args:
        sweeper: the plug-in, set up by Hydra.
        arguments: the command line's overrides.

    Returns:
        a batch of job returns for each round.

    Raises:
        UsageError, ConfigError: something is wrong with a setting or option; nothing was started.
        JobsFailedError: jobs failed, all others are recorded.
    """
    target: PrecisionConfig = sweeper.target
    target.check()
    # This sweeper replaces the seeds of a study, and refuses seeds that the user typed.
    sweeper.params = {key: value for key, value in sweeper.params.items() if key != "seed"}
    launcher, grid = launcher_and_grid(sweeper, arguments)
    if not hasattr(launcher, "options"):
        raise UsageError("hydra/sweeper=precision: needs hydra/launcher=vectorized")
    if any(override.partition("=")[0] == "seed" for override in grid[0]):
        raise UsageError(
            "seed: hydra/sweeper=precision chooses the seeds; leave it out, or set "
            "hydra.sweeper.first_seed"
        )
    refuse_job_keys(launcher)
    executor = make_engine(launcher.options)
    try:
        return _rounds(launcher, [tuple(overrides) for overrides in grid], target, executor)
    finally:
        executor.close()


def _rounds(
    launcher: Any, settings: Sequence[tuple[str, ...]], target: PrecisionConfig, executor: Executor
) -> list[Sequence[JobReturn]]:
    states = [SettingProgress(overrides, []) for overrides in settings]
    returns: list[Sequence[JobReturn]] = []
    sweep, plan = _next_round(launcher, states, target, executor, None)
    if sweep is None:
        print_line(make_console(), _later_rounds(len(states), target))
        return []
    sweep.sequential = target.confidence
    with opened(sweep, _identity(sweep, target)):
        for number in count(1):
            train_and_record(sweep, plan, executor)
            returns.append(returns_of(launcher, plan.jobs, sweep.ledger, sweep.tracking.objective))
            for state in states:
                state.update(sweep.ledger, target)
            left = [state for state in states if state.stopped is None]
            every = counted(len(states), "setting")
            known = f"{len(states) - len(left):,} of {every} known well enough"
            sweep.console.print(f"round {number}: {counted(len(plan.jobs), 'run')}; {known}")
            if not left:
                break
            _, plan = _next_round(launcher, left, target, executor, sweep)
        finish(sweep, _notes(states, target))
    if sweep.failed:
        raise JobsFailedError
    return returns


def _next_round(
    launcher: Any,
    states: Sequence[SettingProgress],
    target: PrecisionConfig,
    executor: Executor,
    sweep: Sweep | None,
) -> tuple[Sweep | None, Plan]:
    """Give more seeds to some settings, and plan them; the engine is started if it is needed."""
    grid, owners = [], []
    for state in states:
        for seed in state.next_seeds(target):
            grid.append((*state.overrides, f"seed={seed}"))
            owners.append(state)
    first = len(sweep.jobs) if sweep else 0
    processes = launcher.options.processes_here(executor.workers)
    sweep, plan = prepare(launcher, grid, first, executor.workers, sweep, processes)
    for state, run in zip(owners, plan.jobs.runs.tolist(), strict=True):
        state.runs.append(run)
    launcher.task_function.sweep = sweep  # for who called it
    if sweep is not None and plan.shards:
        executor.start()
    return sweep, plan


def _identity(sweep: Sweep, target: PrecisionConfig) -> SweepIdentity:
    """An adaptive sweep is the same one if it has the same settings and target, not seeds."""
    axes = swept(sweep.jobs)
    params = {key: described(axes[key]) for key in settings_axes(axes)}
    parts = [str(sorted(spec.values.items())) for spec, _ in sweep.jobs.settings()]
    spelled = target.spelled()
    name = sweep_name(sweep.jobs, params | {"precision": f"{target.half_width:g}"})
    return SweepIdentity(
        [*parts, *(f"{k}={v}" for k, v in spelled.items())], params | spelled, name
    )


def _setting(state: SettingProgress) -> str:
    """Its overrides that make a setting."""
    own = [one for one in state.overrides if not one.startswith("tracking.")]
    return " ".join(own) or "defaults"


def _later_rounds(settings: int, target: PrecisionConfig) -> str:
    """For the plan: what follows the first round."""
    most = counted(settings * target.max_seeds, "run")
    return (
        f"This is the first round alone, first_round={target.first_round} seeds of each setting. "
        f"More follow until every interval is at most {200 * target.half_width:g} points wide, at "
        f"most max_seeds={target.max_seeds} of each: at most {most}."
    )


def _notes(states: Sequence[SettingProgress], target: PrecisionConfig) -> list[str]:
    """For the summary: why each setting got as many seeds as it did."""
    why = {
        "half_width": f"the interval is at most {200 * target.half_width:g} points wide",
        "max_seeds": f"it has max_seeds={target.max_seeds}",
    }
    lines = [
        f"{_setting(state)}: {state.solved} of {state.n} solved, "
        f"{100 * state.low:.1f}-{100 * state.high:.1f} % (valid at any number of looks, "
        f"{100 * target.confidence:g} %); stopped because {why[str(state.stopped)]}"
        for state in states
    ]
    return ["Seeds were added setting by setting:", *lines]
