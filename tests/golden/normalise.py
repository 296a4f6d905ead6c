"""Replacing what differs between two runs of one command, and showing what still differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

# Tags that name a process, a moment, a user or a version: only that they are there is compared.
_VARYING_TAGS = (
    "mlflow.user",
    "xorlab.heartbeat",
    "xorlab.owner",
    "xorlab.record",
    "xorlab.version",
)
_ENVIRONMENT_TAG = "xorlab.environment"
_IMAGE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
_SECONDS = re.compile(r"\b[0-9]+\.[0-9]+ s\b")
# Printed every few seconds, and so only where the machine is busy.
_PROGRESS = re.compile(r"^[0-9]+/[0-9]+ (runs|networks)\b.*\n", re.MULTILINE)


def text_without(text: str, names: Mapping[str, str]) -> str:
    """A text without images, progress, seconds, xorlab's version, and what ``names`` replaces.

    Args:
        text: what a command printed, or the content of a file.
        names: what is replaced, such as a run's id, to what is written there instead.
    """
    for old, new in names.items():
        text = text.replace(old, new)
    text = _PROGRESS.sub("", text)
    text = _IMAGE.sub("data:image/png;base64,<image>", text)
    text = text.replace(f"xorlab {version('xorlab')}", "xorlab <version>")
    return _SECONDS.sub("<seconds> s", text)


def lines_without(text: str, names: Mapping[str, str]) -> list[str]:
    """The lines of `text_without`, so that one that differs is easily seen."""
    return text_without(text, names).splitlines()


def tags_without(tags: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """All tags in the order of their names; a text of several lines is a list of them."""
    kept: dict[str, Any] = {}
    for tag, value in sorted(tags.items()):
        if tag in _VARYING_TAGS:
            kept[tag] = "<varies>"
        elif tag == _ENVIRONMENT_TAG:
            kept[tag] = dict.fromkeys(json.loads(value), "<varies>")
        else:
            lines = lines_without(value, names)
            kept[tag] = lines if len(lines) > 1 else "".join(lines)
    return kept


def as_json(value: Any, indent: int = 0) -> str:
    """Like `json.dumps`, but what fits into a line is in one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= 100 or not isinstance(value, dict | list) or not value:
        return line
    pad = "\n" + " " * (indent + 1)
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {as_json(item, indent + 1)}" for key, item in value.items()]
        return "{" + pad + f",{pad}".join(items) + pad[:-1] + "}"
    return "[" + pad + f",{pad}".join(as_json(item, indent + 1) for item in value) + pad[:-1] + "]"


def differences(recorded: Any, now: Any, path: str = "") -> Iterator[str]:
    """A line for every place at which a dump differs from the recorded one; it may hold more."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for key in recorded:
            below = f"{path} > {key}" if path else str(key)
            if key not in now:
                yield f"{below}: recorded, missing now"
            else:
                yield from differences(recorded[key], now[key], below)
    elif isinstance(recorded, list) and isinstance(now, list):
        if len(recorded) != len(now):
            yield f"{path}: {len(recorded)} items recorded, {len(now)} now"
        for number, (old, new) in enumerate(zip(recorded, now, strict=False)):
            yield from differences(old, new, f"{path} > {number}")
    elif type(recorded) is not type(now) or recorded != now:
        yield f"{path}:\n  recorded {recorded!r}\n  now      {now!r}"
