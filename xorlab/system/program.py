"""How this process was started, as it can be typed again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from xorlab.system.credentials import without_credentials

_OWN = "xorlab"


def typed_program() -> str:
    """The command without its arguments: ``xorlab``, or ``python digits.py``."""
    first = sys.argv[0]
    if first.startswith(f"{_OWN} "):  # with the trainer that was named
        return first
    path = Path(first)
    is_script = path.suffix == ".py" and path.parent.name != _OWN
    return f"python {shlex.quote(first)}" if is_script else _OWN


def program_name() -> str:
    """What errors begin with: ``xorlab``, or ``python digits.py``."""
    program = typed_program()
    return _OWN if program.startswith(f"{_OWN} ") else program


def typed_command() -> str:
    """The command that started this process, without passwords."""
    return f"{typed_program()} {shlex.join(map(without_credentials, sys.argv[1:]))}"


def many_seeds_command() -> str:
    """The sweep that trains many seeds of the single run of this process, without passwords."""
    words = [word for word in sys.argv[1:] if not word.startswith("seed=")]
    command = ["-m", "seed=range(0,100)", *map(without_credentials, words)]
    return f"{typed_program()} {shlex.join(command)}"
