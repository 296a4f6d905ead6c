"""The `xorlab` command."""

from __future__ import annotations

import gc
import sys

from xorlab.system.streams import prints

_OBJECTS = 50_000  # made between two searches for garbage


@prints("xorlab")
def main() -> int:
    """Run the command line; returns the exit code: 0 done, 1 a job failed, 2 wrong usage."""
    if sys.argv[1:] == ["--version"]:
        from xorlab.system.environment import package_version

        sys.stdout.write(f"xorlab {package_version()}\n")
        return 0
    # What is imported and composed stays: to look through it again and again takes a tenth of it.
    gc.set_threshold(_OBJECTS)
    from xorlab.commands.drawing import Drawing, draws_picture

    with Drawing() as drawing:
        if draws_picture(sys.argv[1:]):
            drawing.start()
        from xorlab.commands.main import names_trainer, run_built_in, run_named

        if names_trainer(sys.argv[1:]):
            return run_named(sys.argv[1:], drawing)
        return run_built_in(drawing)
