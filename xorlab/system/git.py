"""Provenance of a run: versions, machine, and the git state of the working folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from xorlab.system.environment import encoded, environment, package_version

ENVIRONMENT_TAG = "xorlab.environment"
CHANGES_TAG = "xorlab.changes"
COMMIT_TAG = "mlflow.source.git.commit"
MAX_DIFF_BYTES = 512 * 1024  # longer diffs are cut

# A repository's configuration must not start a pager or a file monitor.
_GIT = ("git", "-c", "core.fsmonitor=false", "--no-pager")
_SECONDS = 10
_COUNT = "GIT_CONFIG_COUNT"  # of settings in the environment


@dataclass(frozen=True)
class Provenance:
    """Code version and git state; the git parts are None outside a repository.

    Attributes:
        version: version of xorlab.
        commit, branch: what is checked out.
        dirty: whether tracked files differ from the commit.
        changes: the diff of the tracked files, cut to `MAX_DIFF_BYTES`; None without changes. It
            may contain anything that the user wrote into a tracked file.
        changes_hash: hash of the whole diff.
    """

    version: str
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    changes: bytes | None = field(default=None, repr=False)
    changes_hash: str | None = None

    def tags(self) -> dict[str, str]:
        """The known parts as run tags."""
        tags = {"xorlab.version": self.version, ENVIRONMENT_TAG: encoded(environment())}
        if self.commit is not None:
            tags[COMMIT_TAG] = self.commit
        if self.branch is not None:
            tags["mlflow.source.git.branch"] = self.branch
        if self.dirty is not None:
            tags["mlflow.source.git.dirty"] = str(self.dirty).lower()
        if self.changes_hash is not None:
            tags[CHANGES_TAG] = self.changes_hash
        return tags

    def files(self) -> dict[str, bytes]:
        """The diff as an artifact of a sweep or single run: file name to content."""
        if self.changes is None:
            return {}
        # Named by content: a sweep resumed from different code has both.
        return {f"changes-{self.changes_hash}.diff": self.changes}


def provenance(folder: Path) -> Provenance:
    """Versions, and the state of the repository that contains ``folder``, if any.

    No program that the repository's configuration names is run. Its filters are such programs: a
    file that one of them changes when it is committed counts as changed once it was touched.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return Provenance(package_version())
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    plain = _without_filters(folder)
    status = _git(folder, "status", "--porcelain", "--untracked-files=no", variables=plain)
    if not status:
        return Provenance(package_version(), commit, branch, None if status is None else False)
    return Provenance(package_version(), commit, branch, True, *_changes(folder, plain))


def _without_filters(folder: Path) -> dict[str, str]:
    """Variables that turn off every filter which git's configuration has."""
    found = _git(folder, "config", "--null", "--name-only", "--get-regexp", r"^filter\.") or ""
    drivers = sorted({name.rpartition(".")[0] for name in found.split("\0") if name})
    settings = [
        (f"{driver}.{key}", value)
        for driver in drivers
        for key, value in (("clean", ""), ("process", ""), ("required", "false"))
    ]
    first = int(os.environ.get(_COUNT) or 0)
    variables = {_COUNT: str(first + len(settings))} if settings else {}
    for number, (name, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _changes(folder: Path, plain: Mapping[str, str]) -> tuple[bytes | None, str | None]:
    """The diff of the tracked files against HEAD, cut if it is long, and a hash of all of it."""
    # Through a temporary file: a diff may be larger than memory, and only its beginning is kept.
    with tempfile.TemporaryFile() as file:
        options = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "HEAD")
        if not _run(folder, ("diff", *options), file, plain):
            return None, None
        size = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        file.seek(0)
        kept = file.read(MAX_DIFF_BYTES)
    if size > len(kept):
        kept = kept[: kept.rfind(b"\n") + 1] or kept + b"\n"
        kept += f"# cut here by xorlab: {len(kept)} of {size} bytes are kept\n".encode()
    return kept, digest


def _git(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> str | None:
    with tempfile.TemporaryFile() as file:
        if not _run(folder, arguments, file, variables or {}):
            return None
        file.seek(0)
        return file.read().decode(errors="replace").strip()


def _run(
    folder: Path, arguments: tuple[str, ...], output: IO[bytes], variables: Mapping[str, str]
) -> bool:
    """Run git with its output going to a file; returns whether it succeeded."""
    try:
        done = subprocess.run(  # noqa: S603
            [*_GIT, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            # Reading must not write to the repository, nor wait for a process that does.
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"} | dict(variables),
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    output.seek(0, os.SEEK_END)
    return done.returncode == 0
