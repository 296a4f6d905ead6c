"""What a job hands back to Hydra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf, open_dict

from xorlab.sweep.plan.jobs import Job, Jobs
from xorlab.sweep.summary.ledger import Ledger

# An objective that a run does not have, as one that never solved has no epochs to solve, must
# still be a number that other sweepers can compare: the worst.
_WORST = {"accuracy": 0.0, "solved": 0.0}


class JobFailedError(RuntimeError):
    """A job that broke off; its traceback is an artifact of its run."""


class SweepJobReturn(JobReturn):
    """A job return whose configurations are composed when somebody asks for them.

    Composing costs fifty times what training one of a thousand networks costs, and hardly any
    sweeper looks.
    """

    def __init__(self, overrides: Sequence[str], compose: Callable[[], DictConfig]) -> None:
        self._compose: Callable[[], DictConfig] | None = None
        super().__init__(overrides=list(overrides), task_name="xorlab")
        self._compose = compose
        self._composed: DictConfig | None = None

    def _full(self) -> DictConfig | None:
        if self._compose is not None and self._composed is None:
            self._composed = self._compose()
        return self._composed if self._compose is not None else None

    @property
    def cfg(self) -> DictConfig | None:
        """The job's configuration, as its task function would have got it."""
        full = self._full()
        if full is None:
            return None
        own = OmegaConf.masked_copy(full, [str(key) for key in full if key != "hydra"])
        OmegaConf.set_struct(own, True)
        return own

    @cfg.setter
    def cfg(self, value: DictConfig | None) -> None:
        """The base class sets it to None; it is composed instead."""

    @property
    def hydra_cfg(self) -> DictConfig | None:
        """Hydra's own node of the same composition."""
        full = self._full()
        return None if full is None else OmegaConf.masked_copy(full, "hydra")

    @hydra_cfg.setter
    def hydra_cfg(self, value: DictConfig | None) -> None:
        """As with `cfg`."""


def _job_return(
    launcher: Any, num: int, overrides: Sequence[str], outcome: float | Exception
) -> JobReturn:
    """A job's return, completed with a number or failed with an error."""

    def compose() -> DictConfig:
        loader: ConfigLoader = launcher.hydra_context.config_loader
        full = loader.load_sweep_config(launcher.config, list(overrides))
        with open_dict(full):
            full.hydra.job.id, full.hydra.job.num = str(num), num
        return full

    ret = SweepJobReturn(overrides, compose)
    failed = isinstance(outcome, Exception)
    ret.status = JobStatus.FAILED if failed else JobStatus.COMPLETED
    ret.return_value = outcome
    return ret


class JobReturns(Sequence[JobReturn]):
    """What jobs hand back, in their order, each made when somebody looks at it.

    Args:
        owner: the plug-in that Hydra set up.
        jobs: all of them.
        outcome: of a job: the number that it returns, or why it failed.
    """

    def __init__(
        self, owner: Any, jobs: Sequence[Job], outcome: Callable[[Job], float | Exception]
    ) -> None:
        self._owner, self._jobs, self._outcome = owner, jobs, outcome

    def __len__(self) -> int:
        return len(self._jobs)

    @overload
    def __getitem__(self, index: int) -> JobReturn: ...
    @overload
    def __getitem__(self, index: slice) -> list[JobReturn]: ...
    def __getitem__(self, index: int | slice) -> JobReturn | list[JobReturn]:
        if isinstance(index, slice):
            return [self._made(job) for job in self._jobs[index]]
        return self._made(self._jobs[index])

    def _made(self, job: Job) -> JobReturn:
        return _job_return(self._owner, job.num, job.overrides, self._outcome(job))


def returns_of(owner: Any, jobs: Jobs, ledger: Ledger, objective_name: str) -> JobReturns:
    """What the jobs of a sweep return to Hydra, in their order.

    Args:
        owner: the plug-in that Hydra set up.
        jobs: that were launched.
        ledger: of the sweep.
        objective_name: the metric that a job returns.
    """

    def outcome(job: Job) -> float | Exception:
        if job.run in ledger.reasons:
            return JobFailedError(ledger.reasons[job.run])
        row = ledger.row(job.run)
        metrics = {k[8:]: v for k, v in row.items() if k.startswith("metrics.")}
        return objective(metrics, objective_name)

    return JobReturns(owner, jobs, outcome)


def objective(metrics: dict[str, float], name: str) -> float:
    """The metric that a job returns; the worst number where a run does not have it."""
    return metrics.get(name, _WORST.get(name, float("inf")))
