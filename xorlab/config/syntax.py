"""Messages about overrides that cannot be parsed: what is wrong, and how to write it."""

from __future__ import annotations

import difflib
import math
import re
import shlex
from collections.abc import Sequence
from typing import Any

import hydra
from hydra._internal.grammar.grammar_functions import sort
from hydra.core.override_parser.overrides_parser import OverridesParser, create_functions
from hydra.core.override_parser.types import RangeSweep
from hydra.errors import OverrideParseException

from xorlab.errors import UsageError, causes
from xorlab.system.program import typed_program

_MOST_VALUES = 8  # of a range, in a message
_PLAIN_ITEM = re.compile(r"[\w.+-]+( [\w.+-]+)*")  # what a list may hold without quotes
_CLOSING = {"[": "]", "{": "}", "(": ")"}
# Options whose dashes are easily forgotten.
_OPTIONS = {"m": "-m", "multirun": "-m", "help": "--help", "h": "--help"}
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
            raise UsageError(f"{word} is not an option{way}; see {typed_program()} --help")
        if word.startswith("="):
            raise UsageError(f"{word}: there is no key before the =; write KEY=VALUE, no spaces")


def refuse_wrong_sort(overrides: Sequence[str]) -> None:
    """Refuse a range that Hydra would sort to other values, as 1.3.8 does with a falling one.

    Raises:
        UsageError: names the override and the values.
    """
    doubtful = [override for override in overrides if "sort(" in override and "range(" in override]
    if not doubtful:
        return
    functions = create_functions()
    functions.functions["sort"] = _checked_sort
    for override in doubtful:
        try:
            OverridesParser(functions).parse_overrides([override])
        except OverrideParseException as error:
            for cause in causes(error):
                if isinstance(cause, _OtherValuesError):
                    raise UsageError(f"{override}: {cause}") from error


class _OtherValuesError(ValueError):
    """Hydra's function would give other values than it was given."""


def _checked_sort(*args: Any, reverse: bool = False, **named: Any) -> Any:
    given = [list(one.range()) for one in args if isinstance(one, RangeSweep)]
    result = sort(*args, reverse=reverse, **named)
    for values in given:
        wanted = sorted(values, reverse=reverse)
        made = list(result.range()) if isinstance(result, RangeSweep) else wanted
        if len(made) != len(wanted) or any(
            not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
            for a, b in zip(made, wanted, strict=True)
        ):
            raise _OtherValuesError(
                f"Hydra {hydra.__version__} would sort this to {_listed(made)}, which are other "
                f"values; write {_listed(wanted)}"
            )
    return result


def _listed(values: Sequence[float]) -> str:
    shown = ",".join(f"{value:g}" for value in values[:_MOST_VALUES])
    return shown + ",..." * (len(values) > _MOST_VALUES)


def wrong_syntax(override: str, message: str, overrides: Sequence[str] = ()) -> UsageError:
    """The error for an override that Hydra's parser refused.

    Args:
        override: the override, as typed.
        message: the parser's message.
        overrides: all of the command line.
    """
    key, equals, value = override.partition("=")
    if not equals:
        if key.lower() in _OPTIONS:
            option = _OPTIONS[key.lower()]
            return UsageError(f"{key}: = is missing; if the option is meant, write {option}")
        before = overrides[overrides.index(key) - 1] if key in overrides[1:] else ""
        if re.fullmatch(r"[^=]+=", before):
            return UsageError(
                f"{before} {key}: there is a space after the =; write {before}{key}, without "
                "spaces around the ="
            )
        another = (
            f"; as another value of the key before it: {before},{key}" if "=" in before else ""
        )
        return UsageError(
            f"{key}: = is missing; write {key}=VALUE, without spaces around the ={another}"
        )
    if problem := _unpaired(override):
        return UsageError(f"{override}: {problem}")
    if match := re.search(r"Unknown function '(\w+)'", message):
        if values := _spaced(match[1], value):
            return UsageError(
                f"{override}: there is no function {match[1]}; list the values: {key}={values}"
            )
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
    if several := _several(override):
        return UsageError(f"{override}: these are several; give each by itself: {several}")
    quoted = shlex.quote(f"{key}={_quoted(value)}")
    return UsageError(
        f"{override}: cannot be read{what}; a value with spaces or special characters is quoted "
        f"twice, for the shell too: {quoted}"
    )


def _several(override: str) -> str | None:
    """Overrides that were given as one text, apart; None if it is one."""
    parts = re.split(r"\s+(?=[\w.+~/@]+=)", override)
    return " ".join(shlex.quote(part) for part in parts) if len(parts) > 1 else None


def _quoted(value: str) -> str:
    """A value in quotes; of a list, each item that needs them."""
    if not (value.startswith("[") and value.endswith("]")) or '"' in value:
        return f'"{value}"'
    items = [item.strip() for item in value[1:-1].split(",")]
    quoted = [item if _PLAIN_ITEM.fullmatch(item) else f'"{item}"' for item in items]
    return f"[{','.join(quoted)}]"


def _spaced(function: str, call: str) -> str | None:
    """The values that NumPy's function of this name would give; None for any other call."""
    found = re.fullmatch(rf"{function}\(([^,()]+),([^,()]+),\s*(\d+)\s*\)", call)
    if function not in ("linspace", "logspace", "geomspace") or found is None:
        return None
    try:
        low, high, count = float(found[1]), float(found[2]), int(found[3])
        if function == "geomspace":
            low, high = math.log10(low), math.log10(high)
        even = [low + (high - low) * n / max(count - 1, 1) for n in range(count)]
        return _listed(even if function == "linspace" else [10**one for one in even])
    except (ValueError, OverflowError):
        return None


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
