"""Starting Hydra for an ordinary run or sweep, without composing the configuration once more.

`hydra.main` composes the whole configuration only to read `hydra.mode`, which takes as long as all
other work of Hydra for a single run. Where no file of the user and no override can set the mode,
the option `-m` alone decides it.
"""

from __future__ import annotations

from argparse import Namespace

from hydra import version
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode, TaskFunction

from xorlab.config.directory import application_search_path
from xorlab.config.user_files import names_files

VERSION_BASE = "1.3"  # which version's defaults Hydra follows
_OTHER_ACTIONS = ("help", "hydra_help", "cfg", "info", "shell_completion", "version")


def is_ordinary(options: Namespace) -> bool:
    """Whether a command line asks for a run or a sweep whose mode only `-m` decides.

    Args:
        options: from `xorlab.config.user_files.parse`.
    """
    if names_files(options) or any(getattr(options, name, None) for name in _OTHER_ACTIONS):
        return False
    return not any("hydra.mode" in text or "hydra=" in text for text in options.overrides)


def launch(task: TaskFunction, primary: str, options: Namespace) -> None:
    """What the application of `hydra.main` does with the same command line.

    Args:
        task: runs one job.
        primary: name of the configuration that Hydra starts from.
        options: of an ordinary run or sweep.
    """
    version.setbase(VERSION_BASE)
    mode = RunMode.MULTIRUN if options.multirun else RunMode.RUN
    path = application_search_path()
    application = Hydra.create_main_hydra2(task_name="app", config_search_path=path)
    start = application.multirun if options.multirun else application.run
    try:
        start(primary, task, [*options.overrides, f"hydra.mode={mode.name}"])
    finally:
        GlobalHydra.instance().clear()
