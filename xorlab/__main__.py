"""The `xorlab` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code: 0 done, 1 a job failed, 2 wrong usage."""
    if any(option in ("-h", "--help") for option in sys.argv[1:]):
        return _help([name for name in sys.argv[1:] if not name.startswith("-")])
    if sys.argv[1:] == ["--version"]:
        from xorlab.system.environment import package_version

        sys.stdout.write(f"xorlab {package_version()}\n")
        return 0
    from xorlab.commands.app import run_xorlab

    return run_xorlab()


def _help(arguments: list[str]) -> int:
    """Print the help page, or the part about the keys among the arguments."""
    from xorlab.errors import UsageError, error_line
    from xorlab.networks.help import help_text

    try:
        text = help_text([name.lstrip("+~").partition("=")[0] for name in arguments])
    except UsageError as error:
        sys.stderr.write(error_line("xorlab", error))
        return 2
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
