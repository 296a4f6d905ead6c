"""A copy of the package to which a test adds a file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

Extended = Callable[..., str]


@pytest.fixture
def extended(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Extended:
    """Adds a file to a copy of xorlab, and runs the command line with that copy."""

    def run(name: str, source: str, *arguments: str) -> str:
        folder = tmp_path_factory.mktemp("extended")
        for part in ("xorlab", "conf"):
            shutil.copytree(
                ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        added = folder / "xorlab" / name
        assert not added.exists()
        added.write_text(source)
        ended = subprocess.run(
            [sys.executable, "-m", "xorlab", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run
