"""Hydra's errors in the user's words: which key, which value, what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.errors import HydraException, OverrideParseException
from omegaconf.errors import (
    InterpolationResolutionError,
    OmegaConfBaseException,
    ValidationError,
)

from xorlab.config.as_typed import as_list
from xorlab.config.launcher_keys import SWEEP_KEYS
from xorlab.config.schema import Schema
from xorlab.config.syntax import wrong_syntax
from xorlab.config.values import belongs_elsewhere
from xorlab.errors import ConfigError, UsageError, causes
from xorlab.system.program import typed_program

_HELP = "--help lists every key"
_HYDRA_KEYS = (*SWEEP_KEYS, "hydra.sweeper.params", "hydra.sweeper", "hydra.launcher")
_OWN_FILES = "--config-dir"
# What other programs call a key: its own last word, or a whole key.
_MEANINGS = {
    **dict.fromkeys(("learning_rate", "rate", "step_size", "eta", "alpha", "lr0", "init_lr"), "lr"),
    **dict.fromkeys(
        ("epoch", "n_epochs", "num_epochs", "max_epochs", "max_iter", "iterations", "steps"),
        "epochs",
    ),
    **dict.fromkeys(
        (
            "units",
            "neurons",
            "nodes",
            "hidden_size",
            "hidden_units",
            "hidden_dim",
            "n_hidden",
            "num_hidden",
            "hidden_layers",
            "hidden_layer_sizes",
            "layers",
        ),
        "network.hidden",
    ),
    **dict.fromkeys(("act", "activation_function", "nonlinearity", "transfer"), "activation"),
    **dict.fromkeys(("random_state", "random_seed", "rng"), "seed"),
    **dict.fromkeys(("l2", "wd", "decay", "regularization"), "weight_decay"),
    **dict.fromkeys(("tol", "eps", "threshold"), "tolerance"),
    **dict.fromkeys(("criterion", "loss_function", "cost"), "loss"),
    **dict.fromkeys(("file", "filename", "csv", "data", "dataset"), "task.path"),
    **dict.fromkeys(("tracking_uri", "mlflow_uri", "uri"), "tracking.uri"),
    **dict.fromkeys(("experiment_name", "exp_name"), "tracking.experiment"),
    **dict.fromkeys(("n_jobs", "num_workers", "jobs", "processes"), "hydra.launcher.workers"),
    **dict.fromkeys(("sep", "separator"), "task.delimiter"),
}


@contextmanager
def readable(schema: Schema, overrides: Sequence[str] = ()) -> Iterator[None]:
    """Raise an error of composition within the block as a `ConfigError` or a `UsageError`."""
    try:
        yield
    except (ConfigError, UsageError):
        raise
    except Exception as error:  # of Hydra, OmegaConf, their parsers: a file may hold anything
        raise translate(schema, error, overrides) from error


def translate(
    schema: Schema, error: Exception, overrides: Sequence[str] = ()
) -> ConfigError | UsageError:
    """The same error for the reader who typed the overrides."""
    text = "\n".join(_messages(error))
    for cause in causes(error):
        if isinstance(cause, OverrideParseException):
            return wrong_syntax(str(cause.override), text, overrides)
    for cause in causes(error):
        if isinstance(cause, InterpolationResolutionError):
            return _unresolved(cause, overrides)
    if match := re.search(r"In '(.+?)': (\w+) raised while composing config", text):
        return _in_file(schema, match[1], text)
    if match := re.search(r"Could not override '([^']+)'", text):
        return _no_such_key(schema, match[1], text, overrides)
    if match := re.search(r"Error merging override (.+)", text):
        return _bad_value(schema, match[1], text)
    if match := re.search(r"Missing mandatory value: (\w+)", text):
        return _not_chosen(schema, match[1])
    if match := re.search(r"Could not find '([^']+)/([^'/]+)'", text):
        return _unknown_choice(schema, match[1], match[2], text, overrides)
    if match := re.search(r"Could not append to config\. (.*)", text):
        return UsageError(f"{match[1]} Leave out the + to change it.")
    several = r"Ambiguous value for argument '(.+?)'|Sweep parameters '(.+)' requires --multirun"
    if match := re.search(several, text):
        return UsageError(
            f"{match[1] or match[2]}: several values make a sweep; start it with "
            f"{typed_program()} -m{as_list(schema, match[1] or match[2])}"
        )
    if "does not support sweep type" in text:
        intervals = (word for word in overrides if "interval(" in word)
        return UsageError(
            f"{' '.join(intervals)}: an interval is for search; list values, or range"
        )
    if isinstance(error, ValidationError) and (allowed := schema.allowed(str(error.full_key))):
        return ConfigError(str(error.full_key), error.value, allowed)
    origin = " (from: " + " ".join(overrides) + ")" if overrides else ""
    lines = [line for line in text.splitlines() if line.strip() and "hydra.cc" not in line]
    if not isinstance(error, HydraException | OmegaConfBaseException):
        lines.insert(0, type(error).__name__)
    return UsageError("; ".join(dict.fromkeys(line.strip() for line in lines)) + origin)


def _unresolved(error: InterpolationResolutionError, overrides: Sequence[str]) -> UsageError:
    """The error for a value that refers to what is not there, in one sentence."""
    first = str(error).partition("\n")[0]
    message = (first.partition("raised while resolving interpolation: ")[2] or first).strip('"')
    key = str(error.full_key)
    given = [one for one in overrides if one.lstrip("+").startswith(f"{key}=")]
    return UsageError(f"{given[-1] if given else key}: {message}")


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that a mistyped one most likely means."""
    section, _, tail = name.rpartition(".")
    same = [key for key in known if key.rpartition(".")[2] == tail]
    if not same:
        meant = _MEANINGS.get(tail.lower().replace("-", "_"), "")
        same = [key for key in known if key == meant or key.rpartition(".")[2] == meant]
        same.sort(key=lambda key: key.rpartition(".")[0] != section)
    if same:
        return same[0]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        tails = {key.rpartition(".")[2]: key for key in known}
        close = [tails[match] for match in difflib.get_close_matches(tail, tails, n=1, cutoff=0.7)]
    return close[0] if close else None


def _messages(error: BaseException) -> Iterator[str]:
    for cause in causes(error):
        if cause.args and cause.args[0] is not None:
            yield str(cause)


def unknown_key(schema: Schema, key: str, value: str | None = None) -> UsageError:
    """The error for a key that the schema does not have, where this value was to be set."""
    choices = schema.choices.get(key)
    if choices:
        name = value if value in choices else choices[0]
        return UsageError(f"{key}: nothing is chosen there yet; add it, as +{key}={name}")
    group = key.removesuffix(".name")
    if group != key and group in schema.choices:
        return UsageError(f"{key}: there is no such key; write {group}={value or 'NAME'}")
    if key in SWEEP_KEYS:
        return UsageError(f"{key}: belongs to {SWEEP_KEYS[key]}, which is not chosen here")
    known = _HYDRA_KEYS if key.startswith("hydra.") else _known(schema)
    guess = nearest(key, [*known])
    hint = f"did you mean {guess}?" if guess else _HELP
    return UsageError(f"{key}: there is no such key; {hint}")


def _known(schema: Schema) -> list[str]:
    """Keys, and groups that have files alone."""
    return [*(leaf.key for leaf in schema.fields), *schema.choices]


def _no_such_key(
    schema: Schema, key: str, text: str, overrides: Sequence[str]
) -> ConfigError | UsageError:
    """The error for a key that is not there: of a choice that was not made, or unknown."""
    found = re.search(rf"use \+{re.escape(key)}=(.*)", text)
    value = found[1] if found else None
    return _of_another_choice(schema, key, value, text) or unknown_key(schema, key, value)


def _of_another_choice(schema: Schema, key: str, value: object, text: str) -> ConfigError | None:
    """The error for a key of a choice that was not made; None for any other key."""
    chosen = _chosen(schema, key, text)
    return belongs_elsewhere(schema, key, value, chosen) if chosen else None


def _chosen(schema: Schema, key: str, text: str) -> str | None:
    """The choice that Hydra's error is about, where the key belongs to some choices alone."""
    found = re.search(r"object_type=(\w+)", text)
    if key not in schema.owners or not found:
        return None
    choices = schema.groups[key.partition(".")[0]].choices()
    return next((name for name, kind in choices.items() if kind.__name__ == found[1]), None)


def _not_chosen(schema: Schema, group: str) -> UsageError:
    names = schema.choices.get(group, ())
    return UsageError(f"{group}: must be chosen; one of {', '.join(names)}")


def _in_file(schema: Schema, file: str, text: str) -> UsageError:
    """The error for a file of the user's own that does not fit the schema."""
    found = re.search(r"full_key: (\S+)", text)
    key = found[1] if found else ""
    value = re.search(r"Value '(.*)' of type", text)
    group, _, name = key.partition(".")
    if value and (allowed := schema.allowed(key)):
        return UsageError(f"{file}.yaml: {ConfigError(key, value[1], allowed)}")
    if group in schema.groups and file.partition("/")[0] == group and "not in" in text:
        base = schema.groups[group]
        if re.search(rf"object_type={base.__name__}$", text, flags=re.MULTILINE):
            return UsageError(
                f"{file}.yaml: {name}: the file must name the choice that it changes; begin it "
                f"with defaults: [{schema.choices[group][0]}], or another {group}"
            )
    folder = file.rpartition("/")[0].replace("/", ".")
    if key == folder and folder not in schema.sections:
        return UsageError(
            f"{file}.yaml: its first line must be # @package _global_; without it, its keys are "
            f"taken to be parts of {folder}"
        )
    if key and "not in" in text:
        error = _of_another_choice(schema, key, "...", text) or unknown_key(schema, key)
        return UsageError(f"{file}.yaml: {error}")
    return UsageError(f"{file}.yaml: {'; '.join(text.splitlines()[1:])}")


def _bad_value(schema: Schema, line: str, text: str) -> ConfigError | UsageError:
    sign = re.match(r"[+~]*", line)
    key, _, value = line[sign.end() if sign else 0 :].partition("=")
    if key in schema.choices:
        choices = schema.choices[key]
        return UsageError(
            f"{line}: {key} is chosen by name, as {key}={choices[0]}; one of {', '.join(choices)}"
        )
    if key in SWEEP_KEYS and (wrong := re.search(r"could not be converted to (\w+)", text)):
        kind = {"Integer": "an integer", "Float": "a number"}.get(wrong[1], "text")
        return ConfigError(key, value, kind)
    allowed = schema.allowed(key)
    if allowed is None:
        return unknown_key(schema, key)
    if line.startswith("~"):
        return UsageError(f"{line}: {key} cannot be taken away; set it instead, as {key}=VALUE")
    if value == "null" and (chosen := _chosen(schema, key, text)):
        return ConfigError(key, value, f"{allowed} where {key.partition('.')[0]}={chosen}")
    return ConfigError(key, value, allowed)


def _unknown_choice(
    schema: Schema, group: str, choice: str, text: str, overrides: Sequence[str]
) -> UsageError:
    options = re.findall(r"^\t(.+)$", text.partition("Config search path")[0], flags=re.MULTILINE)
    known = list(dict.fromkeys(options)) or list(schema.choices.get(group, ()))
    guess = nearest(choice, known)
    hint = f"did you mean {guess}? One of" if guess else "it is one of"
    own = f". Files of your own are found with {_OWN_FILES} FOLDER"
    if group in schema.groups or any(one.startswith(_OWN_FILES) for one in overrides):
        own = ""
    return UsageError(f"{group}={choice}: there is no such choice; {hint} {', '.join(known)}{own}")
