"""Why a single run was not solved, and what to try: a few sentences for the terminal."""

from __future__ import annotations

from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.ending_words import early_end
from xorlab.networks.result import NetworkResult
from xorlab.networks.tasks.tasks import Task
from xorlab.trainers.result import DIVERGED

_LARGE_INPUT = 20.0  # beyond it a unit with a weight of 1 is saturated


def why_unsolved(config: Config, task: Task, result: NetworkResult) -> str:
    """What counts as solved where that may surprise, the likely cause, and what to try.

    Args:
        config: of the run.
        task: its patterns.
        result: of training; not solved.
    """
    from xorlab.failures.diagnose_result import failure_of
    from xorlab.failures.explanations import EXPLANATIONS, advice

    try:
        failure = failure_of(config, task, result)
    except ConfigError as error:
        return f"Why is not known: {error}"
    early = "" if result.outcome == DIVERGED else early_end(config.training, result.epochs_run)
    lines = [
        _criterion(config, task),
        early,
        f"Why: {failure}. {EXPLANATIONS[failure].meaning}",
        _scale(config, task),
        _output(config, task),
        advice(failure, bool(early), hasattr(config.optimizer, "lr")),
    ]
    return "\n".join(filter(None, lines))


def _criterion(config: Config, task: Task) -> str:
    """What else could count as solved, where outputs are classes."""
    training = config.training
    by_errors = training.target_accuracy is None and training.target_loss is None
    if task.answer != "largest" or not by_errors:
        return ""
    return (
        f"Solved means here: every output within training.tolerance={training.tolerance:g} of its "
        "target. To ask for right answers, set training.target_accuracy=0.95."
    )


def _scale(config: Config, task: Task) -> str:
    """What to try first where inputs of a table are so large that units saturate."""
    low, high = float(task.inputs.min()), float(task.inputs.max())
    if getattr(config.task, "standardise", True) or max(-low, high) <= _LARGE_INPUT:
        return ""
    return (
        f"Its inputs lie between {low:,.6g} and {high:,.6g}. Try task.standardise=true first: each "
        "input then has mean 0 and standard deviation 1."
    )


def _output(config: Config, task: Task) -> str:
    """The usual output and loss of classes, where they are not used."""
    if task.answer != "largest" or config.network.output == "softmax":
        return ""
    standardised = getattr(config.task, "standardise", True)
    keys = ["network.output=softmax", "training.loss=categorical_cross_entropy", "init=uniform"]
    keys += [] if standardised else ["task.standardise=true"]
    return f"The usual choice for classes: {' '.join(keys)}."
