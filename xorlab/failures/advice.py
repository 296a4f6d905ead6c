"""Why one run was not solved, and what to try, in sentences: for the terminal and for its page."""

from __future__ import annotations

from dataclasses import dataclass

from xorlab.failures.classes import MINIMUM
from xorlab.failures.explanations import EXPLANATIONS, advice
from xorlab.networks.config import Config
from xorlab.networks.ending_words import early_end
from xorlab.networks.tasks.tasks import Task
from xorlab.trainers.result import DIVERGED

_LARGE_INPUT = 20.0  # beyond it a unit with a weight of 1 is saturated


@dataclass(frozen=True)
class Advice:
    """What is said of a run that was not solved.

    Attributes:
        meaning: of its class of failure, as a sentence; empty where that is not known.
        rules: sentences on what counts as solved where that may surprise, and on the rule that
            ended the run early.
        steps: sentences on what to try, the first one first.
    """

    meaning: str
    rules: tuple[str, ...]
    steps: tuple[str, ...]


def advice_on(
    config: Config, task: Task | None, failure: str | None, outcome: str, epochs_run: int
) -> Advice:
    """The sentences on one run.

    Args:
        config: of the run, which was not solved.
        task: that it learned; None where its patterns are gone.
        failure: its class; None where that is not known.
        outcome: of the run.
        epochs_run: when it ended.
    """
    early = "" if outcome == DIVERGED else early_end(config.training, epochs_run)
    rules, steps = [early], []
    if task is not None:
        rules.insert(0, _criterion(config, task))
        steps = [_scale(config, task), _output(config, task)]
        if failure == MINIMUM and config.training.target_accuracy is not None:
            steps.append("These data may not allow the share of right answers that is asked for.")
    meaning = ""
    if failure is not None:
        meaning = EXPLANATIONS[failure].meaning
        steps.append(advice(failure, bool(early), hasattr(config.optimizer, "lr")))
    return Advice(meaning, tuple(filter(None, rules)), tuple(filter(None, steps)))


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
