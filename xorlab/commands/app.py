"""The Hydra application: configuration in, outcome out."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from xorlab.commands.drawing import Drawing
from xorlab.commands.launch import VERSION_BASE, is_ordinary, launch
from xorlab.commands.published import print_published, study_of
from xorlab.commands.saved_files import without_passwords
from xorlab.config.compose import from_omegaconf
from xorlab.config.directory import config_directory
from xorlab.config.messages import readable, translate
from xorlab.config.registration import register_schema
from xorlab.config.user_files import check_user_folder, parse
from xorlab.errors import (
    ConfigError,
    EngineError,
    JobsFailedError,
    StoppedError,
    StoreError,
    UsageError,
    error_line,
)
from xorlab.sweeps.unused_keys import refuse_sweep_keys
from xorlab.system.credentials import without_credentials
from xorlab.system.limits import refuse_unusable
from xorlab.system.program import program_name
from xorlab.system.signals import interruptions
from xorlab.trainers.find import BUILT_IN
from xorlab.trainers.trainer import Trainer

_FULL_ERROR = "HYDRA_FULL_ERROR"
_DONE, _FAILED, _USAGE = 0, 1, 2


def run_xorlab(trainer: Trainer, drawing: Drawing | None = None) -> int:
    """Compose the configuration of the command line and run it; returns the exit code.

    Args:
        trainer: what is run.
        drawing: as of `task_function`.
    """
    register_schema(trainer.schema)
    if os.environ.get(_FULL_ERROR):
        with without_passwords():
            return _dispatch_with_traceback(trainer, drawing)
    try:
        with _errors_raised(), interruptions(), without_passwords():
            refuse_unusable()
            return _dispatch(trainer, drawing)
    except _Refused as error:
        return _fail(str(error), error.code)
    except (ConfigError, UsageError) as error:
        return _fail(str(error), _USAGE)
    except (EngineError, StoreError, StoppedError) as error:
        return _fail(str(error), _FAILED)
    except YAMLError as error:
        return _fail(
            f"a configuration file is not valid YAML: {' '.join(str(error).split())}", _USAGE
        )
    except (HydraException, OmegaConfBaseException) as error:
        return _fail(str(translate(trainer.schema, error, sys.argv[1:])), _USAGE)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        return _fail(f"{what} ({_FULL_ERROR}=1 shows where)", _FAILED)


def task_function(
    trainer: Trainer, drawing: Drawing | None = None
) -> Callable[[DictConfig], float]:
    """What Hydra runs for each job: train one configuration and record it.

    Its attribute ``trainer`` is how Hydra's plug-ins, which get it, know the trainer.

    Args:
        trainer: trains.
        drawing: what draws the picture of a single run of networks; None for one made when needed.
    """

    def run(cfg: DictConfig) -> float:
        hydra_node = HydraConfig.get()
        if hydra_node.mode is not RunMode.RUN:
            return _job(trainer, from_omegaconf(trainer.schema, cfg), drawing)
        try:
            with readable(trainer.schema, sys.argv[1:]):
                config = from_omegaconf(trainer.schema, cfg)
            refuse_sweep_keys(hydra_node, _is_landscape(config))
            return _job(trainer, config, drawing)
        except (ConfigError, UsageError, EngineError, StoreError, StoppedError) as error:
            raise _Refused(error) from error
        except JobsFailedError:
            raise _RunsFailed from None

    run.trainer = trainer  # type: ignore[attr-defined]
    return run


class _Refused(BaseException):
    """Carries a user's error past Hydra, which would report it as an error in the program."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.code = _USAGE if isinstance(error, ConfigError | UsageError) else _FAILED


class _RunsFailed(BaseException):
    """Carries past Hydra that runs of a landscape failed, which is recorded and told."""


def _is_landscape(config: Any) -> bool:
    return config.landscape.x is not None


def _job(trainer: Trainer, config: Any, drawing: Drawing | None) -> float:
    trainer.check(config)
    if _is_landscape(config):
        if drawing is not None:
            drawing.stop()
        from xorlab.config.launcher_keys import LauncherConfig
        from xorlab.sweeps.landscape_run import run_landscape

        launcher = HydraConfig.get().launcher  # only xorlab's own launcher has these keys
        options = LauncherConfig(**launcher) if "engine" in launcher else None
        return run_landscape(trainer, config, options)
    if trainer.name != BUILT_IN:
        from xorlab.commands.one_run import run_one

        return run_one(trainer, config)
    from xorlab.commands.single_run import run_single

    return run_single(config, drawing)


def _dispatch_with_traceback(trainer: Trainer, drawing: Drawing | None) -> int:
    """Run with tracebacks, as HYDRA_FULL_ERROR asks; passwords are hidden there too."""
    try:
        return _dispatch(trainer, drawing)
    except (Exception, _Refused):
        sys.stderr.write(without_credentials(traceback.format_exc()))
        return _FAILED


def _dispatch(trainer: Trainer, drawing: Drawing | None) -> int:
    options = parse(sys.argv[1:])
    check_user_folder(options, trainer.schema.primary)
    if options.cfg or options.info:
        # Hydra prints the configuration, which may hold a password in the tracking address.
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                return _start(trainer, options, drawing)
        finally:
            sys.stdout.write(without_credentials(printed.getvalue()))
    return _start(trainer, options, drawing)


def _start(trainer: Trainer, options: Namespace, drawing: Drawing | None) -> int:
    task, primary = task_function(trainer, drawing), trainer.schema.primary
    try:
        if is_ordinary(options):
            launch(task, primary, options)
        else:
            hydra.main(
                version_base=VERSION_BASE, config_path=str(config_directory()), config_name=primary
            )(task)()
    except (JobsFailedError, _RunsFailed):
        return _FAILED
    study = study_of(options.overrides) if trainer.name == BUILT_IN else None
    sweep = getattr(task, "sweep", None)
    if study is not None and sweep is not None:
        print_published(study, sweep.ledger.frame())
    return _DONE


@contextlib.contextmanager
def _errors_raised() -> Iterator[None]:
    """Make Hydra raise errors instead of printing them and exiting, while the block runs."""
    os.environ[_FULL_ERROR] = "1"
    try:
        yield
    finally:
        del os.environ[_FULL_ERROR]


def _fail(message: str, code: int) -> int:
    """Print an error; returns the exit code."""
    sys.stderr.write(error_line(program_name(), message))
    return code
