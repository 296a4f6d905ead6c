"""Messages about overrides that cannot be parsed: what is wrong, and how to write it."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Sequence

from xorlab.errors import UsageError

_CLOSING = {"[": "]", "{": "}", "(": ")"}
_FUNCTIONS = ("choice", "range", "glob", "sort", "shuffle", "str", "int", "float", "bool")


def check_words(words: Sequence[str]) -> None:
    """Refuse words of a command line that are not of the form KEY=VALUE.

    Raises:
        UsageError: names the word.
    """
    for word in words:
        if word.startswith("-"):
            bare = word.lstrip("-")
            way = f"; a key has no dashes: {bare}" if "=" in bare else ""
            raise UsageError(f"{word}: there is no such option{way}; see xorlab --help")
        if word.startswith("="):
            raise UsageError(f"{word}: there is no key before the =; write KEY=VALUE, no spaces")


def wrong_syntax(override: str, message: str) -> UsageError:
    """The error for an override that Hydra's parser refused.

    Args:
        override: the override, as typed.
        message: the parser's message.
    """
    key, equals, value = override.partition("=")
    if not equals:
        return UsageError(f"{key}: = is missing; write {key}=VALUE, without spaces around the =")
    if problem := _unpaired(override):
        return UsageError(f"{override}: {problem}")
    if match := re.search(r"Unknown function '(\w+)'", message):
        close = difflib.get_close_matches(match[1], _FUNCTIONS, n=1)
        hint = f"did you mean {close[0]}? One of" if close else "it is one of"
        known = ", ".join(_FUNCTIONS)
        return UsageError(f"{override}: there is no function {match[1]}; {hint} {known}")
    if match := re.search(r"while evaluating '(.+)': (.+)", message):
        return UsageError(
            f"{override}: {match[1]} cannot be computed ({match[2]}); a range of whole numbers is "
            "written range(0,100), a list of values 1,2,3"
        )
    if value.startswith("="):
        return UsageError(f"{override}: there are two = signs; write {key}{value}")
    if re.search(r"(^|,)\s*(,|$)", value):
        return UsageError(f"{override}: a value is missing beside a comma; write {key}=1,2,3")
    found = re.search(r"(?:at:|input) '(.+?)'(?: expecting|$)", message, flags=re.MULTILINE)
    what = f" because of {found[1]}" if found and found[1] != "<EOF>" else ""
    quoted = shlex.quote(f'{key}="{value}"')
    return UsageError(
        f"{override}: cannot be read{what}; a value with spaces or special characters is quoted "
        f"twice, for the shell too: {quoted}"
    )


def _unpaired(override: str) -> str | None:
    """A message about a quote or bracket without its counterpart; None if all are paired."""
    opened: list[str] = []
    quote = ""
    for letter in re.sub(r"\\.", "", override):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _CLOSING:
            opened.append(letter)
        elif letter in _CLOSING.values() and (not opened or letter != _CLOSING[opened.pop()]):
            return f"nothing opens the {letter}"
    if quote:
        return f"the quote {quote} is never closed"
    if not opened:
        return None
    problem = f"the {opened[-1]} is never closed"
    if override.endswith(","):  # what the shell made of [2, 3]
        return f"{problem}; where there are spaces, put the whole KEY=VALUE in quotes"
    whole = override + "".join(_CLOSING[letter] for letter in reversed(opened))
    return f"{problem}; write {shlex.quote(whole)}, with the quotes"
