"""A folder of configuration files that the user gives: looked through before Hydra acts on it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import get_args_parser
from hydra.core.config_search_path import SearchPathQuery
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from xorlab.config.callables import refuse_calls
from xorlab.config.directory import application_search_path
from xorlab.config.file_settings import refuse_other_settings_of_files
from xorlab.config.registration import CONFIG_NAME
from xorlab.config.syntax import check_words, refuse_wrong_sort
from xorlab.config.yaml_size import refuse_too_large
from xorlab.errors import UsageError
from xorlab.system.program import typed_program


def parse(arguments: Sequence[str]) -> Namespace:
    """Hydra's options, the overrides among them, of a command line.

    Raises:
        UsageError: a word that is neither an option nor an override.
    """
    options, rest = get_args_parser().parse_known_args(list(arguments))
    every = [*options.overrides, *rest]
    check_words(every)
    refuse_wrong_sort(options.overrides)
    _refuse_pairs(options)
    if rest:
        raise UsageError(
            f"{rest[0]}: an option stands between the keys; options come first, as in "
            f"{typed_program()} -m KEY=VALUE KEY=VALUE"
        )
    return options


def _refuse_pairs(options: Namespace) -> None:
    """Refuse options of which only one can be meant, or that change nothing."""
    given = {
        "-m": options.multirun,
        "-r": options.run,
        f"--cfg {options.cfg}": options.cfg,
        f"--info {options.info}": options.info,
        "--shell-completion": options.shell_completion,
    }
    several = [name for name, value in given.items() if value]
    if len(several) > 1:
        raise UsageError(
            f"{' '.join(several)}: only one of these at a time; what a sweep would do is shown by "
            f"{typed_program()} -m plan=true, the configuration of one run by "
            f"{typed_program()} --cfg job"
        )
    for name in ("resolve", "package"):
        if getattr(options, name) and not options.cfg:
            raise UsageError(f"--{name}: only together with --cfg")


def check_user_folder(options: Namespace, primary: str = CONFIG_NAME) -> None:
    """Refuse files that name code to be called, or set what only a command line may set.

    This comes before Hydra acts on them.

    Only where a folder, a file or a search path is given is anything composed here.

    Args:
        options: from `parse`.
        primary: name of the configuration that Hydra starts from.

    Raises:
        UsageError: names the key, and its value or what it would have called.
    """
    if options.experimental_rerun is not None:
        raise UsageError(
            "--experimental-rerun: not here, since it unpickles a file, and a pickle can call "
            "anything; xorlab-repeat RUN_ID repeats a recorded run"
        )
    if (options.config_dir or "").startswith("~"):
        raise UsageError(
            f"--config-dir={options.config_dir}: the shell has left ~ as it is; write "
            f"--config-dir {options.config_dir}, with a blank"
        )
    if not names_files(options):
        return
    _refuse_large_files(options)
    loader = _loader(options)
    for mode in RunMode:
        try:
            composed = loader.load_configuration(
                options.config_name or primary, options.overrides, run_mode=mode
            )
            node = OmegaConf.to_container(composed.hydra, resolve=False)
        except (HydraException, OmegaConfBaseException, OSError):
            continue  # Hydra finds the same when it composes, and tells it
        refuse_calls(node, options.overrides, loader)
        refuse_other_settings_of_files(node, options.overrides, primary, mode)


def names_files(options: Namespace) -> bool:
    """Whether a command line names configuration files, or where to look for them.

    Args:
        options: from `parse`.
    """
    searched = any("searchpath" in override for override in options.overrides)
    return bool(options.config_dir or options.config_path or options.config_name or searched)


def _refuse_large_files(options: Namespace) -> None:
    for folder in filter(None, (options.config_dir, options.config_path)):
        for path in sorted(Path(folder).rglob("*.y*ml")):
            if path.is_file():
                refuse_too_large(str(path), path.read_bytes())


def _loader(options: Namespace) -> ConfigLoaderImpl:
    """As Hydra sets it up for the application."""
    path = application_search_path(options.config_path)
    if options.config_dir:
        folder = f"file://{Path(options.config_dir).absolute()}"
        path.prepend(provider="command-line", path=folder, anchor=SearchPathQuery("schema"))
    return ConfigLoaderImpl(config_search_path=path)
