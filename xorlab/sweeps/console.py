"""Where a sweep prints: standard output, one line at a time."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from xorlab.errors import printable

_FILE_WIDTH = 160  # characters
_MOST_LISTED = 20  # lines


def make_console() -> Console:
    """Standard output; a file or a pipe has no width that a table would have to fit."""
    # Without markup: the name of a file may be [/b].
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        return console
    return Console(width=_FILE_WIDTH, highlight=False, markup=False)


def print_line(console: Console, line: str) -> None:
    """Print text as it is: no markup, no line breaks but its own, control characters escaped."""
    console.print(printable(line, "\n"), soft_wrap=True, markup=False)


def print_some(console: Console, lines: Sequence[str]) -> None:
    """Print the first lines, and how many more there are."""
    for line in lines[:_MOST_LISTED]:
        print_line(console, line)
    if len(lines) > _MOST_LISTED:
        print_line(console, f"and {len(lines) - _MOST_LISTED:,} more")
