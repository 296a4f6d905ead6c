"""Where the files of the configuration are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra.core.config_search_path import ConfigSearchPath


def config_directory() -> Path:
    """Where the groups are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def application_search_path(folder: str | None = None) -> ConfigSearchPath:
    """Where Hydra looks for the files of the command line's application.

    Args:
        folder: of the application's own files; None for `config_directory`.
    """
    from hydra._internal.utils import create_automatic_config_search_path

    own = folder or str(config_directory())
    return create_automatic_config_search_path(None, "xorlab.commands.app", own)
