"""A sweep from Python, as in a notebook."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.singleton import Singleton

from xorlab.commands.app import task_function
from xorlab.config.directory import config_directory
from xorlab.config.messages import readable
from xorlab.config.registration import register_schema
from xorlab.errors import ConfigError, JobsFailedError, UsageError
from xorlab.trainers.find import BUILT_IN, find
from xorlab.trainers.trainer import Trainer

if TYPE_CHECKING:
    import pandas as pd


def sweep(*overrides: str, trainer: Trainer | None = None) -> pd.DataFrame:
    """Run a sweep: record it, show its progress and its summary, and return its runs.

    It is what ``xorlab -m`` does with the same words: runs that are recorded are not trained again,
    and after an interrupt the same call goes on. A run that ended in an error is a row without an
    outcome.

    Args:
        overrides: each by itself, as on the command line: ``"seed=range(0,100)"``,
            ``"optimizer.lr=0.1,0.5"``, ``"+study=first"``.
        trainer: a function decorated by `xorlab.trainer`; None for the built-in network.

    Returns:
        the sweep's runs, as of `xorlab.load_runs`.

    Raises:
        UsageError: an unknown key, a wrong word, or not enough memory; nothing was started.
        ConfigError: a value that cannot be used; nothing was started.
        StoreError: the store cannot be opened or written.
    """
    for override in overrides:
        if not isinstance(override, str):
            raise UsageError(
                "sweep: takes overrides as text, each by itself, as "
                "sweep('seed=range(0,100)', 'optimizer.lr=0.1,0.5'); this is a "
                f"{type(override).__name__}"
            )
    from xorlab.sweeps.pipeline import Sweep
    from xorlab.tracking.read.runs import load_runs

    chosen: Trainer = find(BUILT_IN) if trainer is None else trainer
    register_schema(chosen.schema)
    function = task_function(chosen)
    with _alone(), _as_typed(overrides), _own_hydra(), readable(chosen.schema, overrides):
        path = create_config_search_path(str(config_directory()))
        hydra = Hydra.create_main_hydra2("xorlab", path)
        with contextlib.suppress(JobsFailedError):  # the summary names them
            hydra.multirun(
                chosen.schema.primary, function, [*overrides], with_log_configuration=False
            )
    done: Sweep | None = getattr(function, "sweep", None)
    if done is None or done.parent is None:
        raise UsageError("plan=true: the plan is shown, and there are no runs to return")
    return load_runs(done.store.uri, done.store.experiment, sweep=done.parent.run_id)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Show a message for the user without the errors of Hydra that led to it."""
    try:
        yield
    except (ConfigError, UsageError) as error:
        raise error from None


@contextlib.contextmanager
def _as_typed(overrides: tuple[str, ...]) -> Iterator[None]:
    """While the block runs, what messages and reports call the command is this sweep."""
    before = sys.argv
    sys.argv = ["xorlab", "-m", *overrides]
    try:
        yield
    except KeyboardInterrupt:
        sys.stdout.write("In Python, the same call of xorlab.sweep goes on.\n")
        raise
    finally:
        sys.argv = before


@contextlib.contextmanager
def _own_hydra() -> Iterator[None]:
    """Leave the caller's use of Hydra as it was."""
    before = Singleton.get_state()
    try:
        yield
    finally:
        Singleton.set_state(before)
