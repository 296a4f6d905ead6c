"""Where the files of the configuration are."""

from __future__ import annotations

from pathlib import Path


def config_directory() -> Path:
    """Where the groups are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"
