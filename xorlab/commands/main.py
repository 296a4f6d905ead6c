"""The command line of any trainer: `xorlab`, and a user's own script."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from xorlab.errors import UsageError, error_line
from xorlab.system.leaving import leave
from xorlab.system.program import program_name, typed_program
from xorlab.system.streams import prints

if TYPE_CHECKING:
    from xorlab.commands.drawing import Drawing
    from xorlab.trainers.trainer import Trainer

_OPTION, _LIST, _REPEAT = "--trainer", "--trainers", "--repeat"
_USAGE = 2


def main(trainer: Trainer) -> NoReturn:
    """Run the command line of a trainer's script.

    Its last lines are::

        if __name__ == "__main__":
            xorlab.main(train)

    ``python digits.py lr=0.1`` then trains one configuration and records the run;
    ``python digits.py -m 'seed=range(0,100)' lr=0.03,0.1`` is a sweep; ``--help`` lists the keys;
    ``--repeat RUN_ID`` trains a recorded run again and compares.

    Raises:
        SystemExit: with the exit code: 0 done, 1 a job failed, 2 wrong usage.
    """
    from xorlab.trainers.trainer import Trainer

    if not isinstance(trainer, Trainer):
        raise TypeError("xorlab.main takes a trainer: decorate the function with @xorlab.trainer()")
    leave(run_trainer(trainer))


@prints("xorlab")
def run_trainer(trainer: Trainer, drawing: Drawing | None = None) -> int:
    """Run the command line of this process for a trainer; returns the exit code.

    Args:
        trainer: what is run.
        drawing: what draws the picture of a single run of networks; None for one made when needed.
    """
    if _REPEAT in sys.argv[1:]:
        from xorlab.commands.repeat import main as repeat

        return repeat([word for word in sys.argv[1:] if word != _REPEAT], trainer)
    if _asks_for_help():
        from xorlab.trainers.help import help_page

        return _print_help(lambda keys: help_page(trainer, typed_program(), keys))
    from xorlab.commands.app import run_xorlab

    return run_xorlab(trainer, drawing)


def run_built_in(drawing: Drawing | None = None) -> int:
    """Run the command line of this process for the built-in trainer.

    Its help page is there at once: it needs no NumPy.

    Args:
        drawing: as of `run_trainer`.
    """
    if _asks_for_help():
        from xorlab.networks.help import help_text

        return _print_help(help_text)
    from xorlab.trainers.find import BUILT_IN, find

    return run_trainer(find(BUILT_IN), drawing)


def run_named(arguments: Sequence[str], drawing: Drawing | None = None) -> int:
    """Run the command line of this process, which has ``--trainer`` or ``--trainers``.

    Args:
        arguments: of the command line.
        drawing: as of `run_trainer`.
    """
    from xorlab.trainers.find import BUILT_IN, find, names

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
    return run_built_in(drawing) if trainer.name == BUILT_IN else run_trainer(trainer)


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


def _asks_for_help() -> bool:
    """Whether the command line of this process does."""
    return any(option in ("-h", "--help") for option in sys.argv[1:])


def _print_help(text_of: Callable[[Sequence[str]], str]) -> int:
    """Print a help page, or its part about the keys that the command line names.

    Args:
        text_of: the text about these keys; about all of them where there are none.
    """
    arguments = [name for name in sys.argv[1:] if not name.startswith("-")]
    keys = [name.lstrip("+~").partition("=")[0] for name in arguments]
    try:
        text = text_of(keys)
    except UsageError as error:
        sys.stderr.write(error_line(program_name(), error))
        return _USAGE
    sys.stdout.write(text)
    return 0
