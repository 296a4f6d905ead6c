"""Run a command, and make a file as soon as a phase of it begins.

Usage: python -m tests.faults.at_phase FILE FUNCTIONS MODULE [ARGUMENT ...]

FUNCTIONS are those with which the phase begins, each MODULE:NAME, with commas between them.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path


def main() -> None:
    file, functions, module, *arguments = sys.argv[1:]
    for function in functions.split(","):
        _watch(function, Path(file))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch(function: str, file: Path) -> None:
    """Have the file made whenever this function is called; modules that use it come later."""
    where, _, name = function.partition(":")
    *parents, name = name.split(".")
    owner = importlib.import_module(where)
    for parent in parents:
        owner = getattr(owner, parent)
    call = getattr(owner, name)

    def begins(*arguments: object, **options: object) -> object:
        file.touch()
        return call(*arguments, **options)

    setattr(owner, name, begins)


if __name__ == "__main__":
    main()
