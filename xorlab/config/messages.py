"""Hydra's errors in the user's words: which key, which value, what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.errors import HydraException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException, ValidationError

from xorlab.config.launcher_keys import SWEEP_KEYS
from xorlab.config.schema import FIELDS, GROUPS
from xorlab.config.syntax import wrong_syntax
from xorlab.errors import ConfigError, UsageError

_LEAVES = {key: item for key, _, _, item in FIELDS}
_HELP = "xorlab --help lists every key"


@contextmanager
def readable(overrides: Sequence[str] = ()) -> Iterator[None]:
    """Within: an error of composition leaves as a `ConfigError` or a `UsageError`."""
    try:
        yield
    except (ConfigError, UsageError):
        raise
    except Exception as error:  # of Hydra, OmegaConf, their parsers: a file may hold anything
        raise translate(error, overrides) from error


def translate(error: Exception, overrides: Sequence[str] = ()) -> ConfigError | UsageError:
    """The same error for the reader who typed the overrides."""
    text = "\n".join(_messages(error))
    for cause in _causes(error):
        if isinstance(cause, OverrideParseException):
            return wrong_syntax(str(cause.override), text)
    if match := re.search(r"In '(.+?)': (\w+) raised while composing config", text):
        return _in_file(match[1], text)
    if match := re.search(r"Could not override '([^']+)'", text):
        return unknown_key(match[1])
    if match := re.search(r"Error merging override (.+)", text):
        return _bad_value(match[1], text)
    if match := re.search(r"Could not find '([^']+)/([^'/]+)'", text):
        return _unknown_choice(match[1], match[2], text)
    if match := re.search(r"Could not append to config\. (.*)", text):
        return UsageError(f"{match[1]} Leave out the + to change it.")
    several = r"Ambiguous value for argument '(.+?)'|Sweep parameters '(.+)' requires --multirun"
    if match := re.search(several, text):
        return UsageError(
            f"{match[1] or match[2]}: several values make a sweep; start it with xorlab -m"
        )
    if "does not support sweep type" in text:
        return UsageError(
            f"{' '.join(overrides)}: an interval is for search; list values, or range"
        )
    if isinstance(error, ValidationError) and error.full_key in _LEAVES:
        return ConfigError(error.full_key, error.value, _LEAVES[error.full_key].metadata["allowed"])
    told = " (from: " + " ".join(overrides) + ")" if overrides else ""
    lines = [line for line in text.splitlines() if line.strip() and "hydra.cc" not in line]
    if not isinstance(error, HydraException | OmegaConfBaseException):
        lines.insert(0, type(error).__name__)
    return UsageError("; ".join(dict.fromkeys(line.strip() for line in lines)) + told)


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that a mistyped one most likely means."""
    tail = name.rpartition(".")[2]
    same = [key for key in known if key.rpartition(".")[2] == tail]
    if same:
        return same[0]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        tails = {key.rpartition(".")[2]: key for key in known}
        close = [tails[match] for match in difflib.get_close_matches(tail, tails, n=1, cutoff=0.7)]
    return close[0] if close else None


def _messages(error: BaseException) -> Iterator[str]:
    for cause in _causes(error):
        if cause.args and cause.args[0] is not None:
            yield str(cause)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def unknown_key(key: str) -> UsageError:
    """What to say about a key that the schema does not have."""
    if key in GROUPS:
        return UsageError(f"{key}: nothing is chosen there yet; add it, as +{key}={GROUPS[key][0]}")
    if key in SWEEP_KEYS:
        return UsageError(f"{key}: belongs to {SWEEP_KEYS[key]}, which is not chosen here")
    known = SWEEP_KEYS if key.startswith("hydra.") else {**_LEAVES, **GROUPS}
    guess = nearest(key, [*known])
    hint = f"did you mean {guess}?" if guess else _HELP
    return UsageError(f"{key}: there is no such key; {hint}")


def _in_file(file: str, text: str) -> UsageError:
    """What to say about a file of configuration, one of the user's own, that does not fit."""
    key = re.search(r"full_key: (\S+)", text)
    value = re.search(r"Value '(.*)' of type", text)
    if key and value and key[1] in _LEAVES:
        allowed = _LEAVES[key[1]].metadata["allowed"]
        return UsageError(f"{file}.yaml: {ConfigError(key[1], value[1], allowed)}")
    if key and "not in" in text:
        return UsageError(f"{file}.yaml: {unknown_key(key[1])}")
    return UsageError(f"{file}.yaml: {'; '.join(text.splitlines()[1:])}")


def _bad_value(line: str, text: str) -> ConfigError | UsageError:
    sign = re.match(r"[+~]*", line)
    key, _, value = line[sign.end() if sign else 0 :].partition("=")
    if key in GROUPS:
        choices = ", ".join(GROUPS[key])
        return UsageError(
            f"{line}: {key} is chosen by name, as {key}={GROUPS[key][0]}; one of {choices}"
        )
    if key in SWEEP_KEYS and (wrong := re.search(r"could not be converted to (\w+)", text)):
        kind = {"Integer": "an integer", "Float": "a number"}.get(wrong[1], "text")
        return ConfigError(key, value, kind)
    if key not in _LEAVES:
        return unknown_key(key)
    if line.startswith("~"):
        return UsageError(f"{line}: {key} cannot be taken away; set it instead, as {key}=VALUE")
    return ConfigError(key, value, _LEAVES[key].metadata["allowed"])


def _unknown_choice(group: str, choice: str, text: str) -> UsageError:
    options = re.findall(r"^\t(.+)$", text.partition("Config search path")[0], flags=re.MULTILINE)
    known = list(dict.fromkeys(options)) or list(GROUPS.get(group, ()))
    guess = nearest(choice, known)
    hint = f"did you mean {guess}? One of" if guess else "it is one of"
    return UsageError(f"{group}={choice}: there is no such choice; {hint} {', '.join(known)}")
