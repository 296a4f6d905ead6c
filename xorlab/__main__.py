"""The `xorlab` command."""

from __future__ import annotations

import sys

from xorlab.system.streams import prints


@prints("xorlab")
def main() -> int:
    """Run the command line; returns the exit code: 0 done, 1 a job failed, 2 wrong usage."""
    if sys.argv[1:] == ["--version"]:
        from xorlab.system.environment import package_version

        sys.stdout.write(f"xorlab {package_version()}\n")
        return 0
    from xorlab.commands.main import names_trainer, run_built_in, run_named

    if names_trainer(sys.argv[1:]):
        return run_named(sys.argv[1:])
    return run_built_in()


if __name__ == "__main__":
    sys.exit(main())
