"""Which code made a run: the package's version, and the git state of the working directory."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True)
class Provenance:
    """Code version and git state; the git parts are None outside a repository."""

    version: str
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None

    def tags(self) -> dict[str, str]:
        """As run tags, without what is not known."""
        tags = {"xorlab.version": self.version}
        if self.commit is not None:
            tags["mlflow.source.git.commit"] = self.commit
        if self.branch is not None:
            tags["mlflow.source.git.branch"] = self.branch
        if self.dirty is not None:
            tags["mlflow.source.git.dirty"] = str(self.dirty).lower()
        return tags


def provenance(folder: Path) -> Provenance:
    """The state of the repository that ``folder`` is in, as far as git tells."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return Provenance(package_version())
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    dirty = None if status is None else bool(status)
    return Provenance(package_version(), commit, branch, dirty)


def package_version() -> str:
    """The installed version of xorlab."""
    try:
        return version("xorlab")
    except PackageNotFoundError:
        return "unknown"


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
