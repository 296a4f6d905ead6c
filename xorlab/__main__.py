"""The `xorlab` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code: 0 done, 1 a job failed, 2 wrong usage."""
    if any(option in ("-h", "--help") for option in sys.argv[1:]):
        from xorlab.networks.help import help_text

        sys.stdout.write(help_text())
        return 0
    if sys.argv[1:] == ["--version"]:
        from xorlab.system.environment import package_version

        sys.stdout.write(f"xorlab {package_version()}\n")
        return 0
    from xorlab.commands.app import run_xorlab

    return run_xorlab()


if __name__ == "__main__":
    sys.exit(main())
