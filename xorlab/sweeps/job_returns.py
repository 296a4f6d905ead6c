"""What jobs return to Hydra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf, open_dict

if TYPE_CHECKING:
    from xorlab.sweeps.plan.jobs import Jobs
    from xorlab.sweeps.summary.ledger import Ledger

# An objective that a run does not have, as one that never solved has no epochs to solve, must
# still be a number that other sweepers can compare: the worst.
_WORST = {"accuracy": 0.0, "solved": 0.0}


class JobFailedError(RuntimeError):
    """A job that failed; its traceback is an artifact of its run."""


class SweepJobReturn(JobReturn):
    """A job return whose configurations are composed when a sweeper asks for them.

    Composing a job costs fifty times what training one of a thousand networks costs, and hardly
    any sweeper asks.

    Args:
        plugin: launcher or sweeper, set up by Hydra.
        number: of the job.
        overrides: of the job.
        outcome: the number that it returns, or why it failed.
    """

    def __init__(
        self, plugin: Any, number: int, overrides: Sequence[str], outcome: float | Exception
    ) -> None:
        # Not the base class's own: an attribute costs memory in each of very many jobs.
        self._plugin, self._number, self.overrides = plugin, number, overrides
        self.status = JobStatus.FAILED if isinstance(outcome, Exception) else JobStatus.COMPLETED
        self.return_value = outcome

    @property
    def task_name(self) -> str:  # type: ignore[override]
        """The name of the application."""
        return "xorlab"

    @property
    def cfg(self) -> DictConfig:  # type: ignore[override]
        """The job's configuration, as its task function would have got it."""
        full = self._composed()
        own = OmegaConf.masked_copy(full, [str(key) for key in full if key != "hydra"])
        OmegaConf.set_struct(own, True)
        return own

    @property
    def hydra_cfg(self) -> DictConfig:  # type: ignore[override]
        """Hydra's own node of the same composition."""
        return OmegaConf.masked_copy(self._composed(), "hydra")

    def _composed(self) -> DictConfig:
        loader: ConfigLoader = self._plugin.hydra_context.config_loader
        full = loader.load_sweep_config(self._plugin.config, list(self.overrides or ()))
        with open_dict(full):
            full.hydra.job.id, full.hydra.job.num = str(self._number), self._number
        return full


def returns_of(plugin: Any, jobs: Jobs, ledger: Ledger, objective_name: str) -> list[JobReturn]:
    """What the jobs of a sweep return to Hydra, in their order.

    Args:
        plugin: launcher or sweeper, set up by Hydra.
        jobs: that were launched.
        ledger: of the sweep.
        objective_name: the metric that a job returns.
    """
    returns: list[JobReturn] = []
    for job in jobs:
        if job.run in ledger.reasons:
            outcome: float | Exception = JobFailedError(ledger.reasons[job.run])
        else:
            row = ledger.row(job.run)
            metrics = {k[8:]: v for k, v in row.items() if k.startswith("metrics.")}
            outcome = objective(metrics, objective_name)
        returns.append(SweepJobReturn(plugin, job.num, job.overrides, outcome))
    return returns


def objective(metrics: dict[str, float], name: str) -> float:
    """The metric that a job returns; the worst number where a run does not have it."""
    return metrics.get(name, _WORST.get(name, float("inf")))
