"""The command line of any trainer: `xorlab`, and a user's own script."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import NoReturn

from xorlab.errors import UsageError, error_line
from xorlab.system.program import typed_program
from xorlab.trainers.find import BUILT_IN, find, names
from xorlab.trainers.trainer import Trainer

_OPTION, _LIST = "--trainer", "--trainers"
_USAGE = 2


def main(trainer: Trainer) -> NoReturn:
    """Run the command line of a trainer's script.

    Its last lines are::

        if __name__ == "__main__":
            xorlab.main(train)

    ``python digits.py lr=0.1`` then trains one configuration and records the run;
    ``python digits.py -m 'seed=range(0,100)' lr=0.03,0.1`` is a sweep; ``--help`` lists the keys.

    Raises:
        SystemExit: with the exit code: 0 done, 1 a job failed, 2 wrong usage.
    """
    if not isinstance(trainer, Trainer):
        raise TypeError("xorlab.main takes a trainer: decorate the function with @xorlab.trainer()")
    sys.exit(run_trainer(trainer))


def run_trainer(trainer: Trainer) -> int:
    """Run the command line of this process for a trainer; returns the exit code."""
    arguments = sys.argv[1:]
    if any(option in ("-h", "--help") for option in arguments):
        return _help(trainer, [name for name in arguments if not name.startswith("-")])
    from xorlab.commands.app import run_xorlab

    return run_xorlab(trainer)


def run_named(arguments: Sequence[str]) -> int:
    """Run the command line of this process, which has ``--trainer`` or ``--trainers``."""
    if _LIST in arguments:
        sys.stdout.write("".join(f"{name:<16} {value}\n" for name, value in names().items()))
        return 0
    try:
        text, rest = _taken(arguments)
        trainer = find(text)
    except (UsageError, TypeError) as error:
        sys.stderr.write(error_line("xorlab", error))
        return _USAGE
    # As it is typed again to go on with a sweep.
    sys.argv[:] = [f"xorlab {_OPTION} {shlex.quote(text)}", *rest]
    return run_trainer(trainer)


def names_trainer(arguments: Sequence[str]) -> bool:
    """Whether a command line names a trainer, or asks for their names."""
    return any(word in (_OPTION, _LIST) or word.startswith(f"{_OPTION}=") for word in arguments)


def _taken(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The value of ``--trainer``, and the other arguments."""
    rest, found = [], None
    words = iter(arguments)
    for word in words:
        if word == _OPTION:
            found = next(words, "")
        elif word.startswith(f"{_OPTION}="):
            found = word.partition("=")[2]
        else:
            rest.append(word)
    if not found:
        raise UsageError(f"{_OPTION}: name a trainer after it; {_LIST} lists the known ones")
    return found, rest


def _help(trainer: Trainer, arguments: Sequence[str]) -> int:
    """Print the help page of a trainer, or the part about the keys among the arguments."""
    keys = [name.lstrip("+~").partition("=")[0] for name in arguments]
    try:
        if trainer.name == BUILT_IN:
            from xorlab.networks.help import help_text

            text = help_text(keys)
        else:
            from xorlab.trainers.help import help_page

            text = help_page(trainer, typed_program(), keys)
    except UsageError as error:
        sys.stderr.write(error_line("xorlab", error))
        return _USAGE
    sys.stdout.write(text)
    return 0
