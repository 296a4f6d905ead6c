"""Why a single run was not solved, and what to try: a few sentences for the terminal."""

from __future__ import annotations

from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.result import NetworkResult
from xorlab.networks.tasks.tasks import Task


def why_unsolved(config: Config, task: Task, result: NetworkResult) -> str:
    """What counts as solved where that may surprise, the likely cause, and what to try.

    Args:
        config: of the run.
        task: its patterns.
        result: of training; not solved.
    """
    from xorlab.failures.advice import advice_on
    from xorlab.failures.diagnose_result import failure_of

    failure, why = None, ""
    try:
        failure = failure_of(config, task, result)
    except ConfigError as error:
        why = f"Why is not known: {error}"
    found = advice_on(config, task, failure, result.outcome, result.epochs_run)
    why = why or f"Why: {failure}. {found.meaning}"
    return "\n".join([*found.rules, why, *found.steps])
