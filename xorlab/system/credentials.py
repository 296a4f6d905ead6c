"""Hide user names and passwords of addresses in everything printed, logged or recorded."""

from __future__ import annotations

import re
from urllib.parse import unquote

HIDDEN = "***"

# Up to the last @ of the text, because a password may contain any character, unencoded, even a
# space. The path of a SQLite file may contain an @ too, but never a user name.
_USER = re.compile(r"(?<![\w+.-])(?!sqlite:)([\w+.-]*://).*@", re.DOTALL)
_QUERY = re.compile(
    r"(?i)\b([\w-]*(?:user|uid|pass|passwd|password|pwd|token|secret|credential|odbc_connect|api_?key|access_?key|auth|sig|signature)s?=)"
    r"[^&\s'\"]+"
)


def without_credentials(text: str) -> str:
    """The text with ``***`` for the user name and password of every address in it.

    Query parameters whose names sound like a secret are hidden too, such as ``?password=``.
    """
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{HIDDEN}", _USER.sub(rf"\1{HIDDEN}@", text))


def without_those_of(address: str, text: str) -> str:
    """Text of a driver about an address, without its user and password, encoded or not.

    Args:
        address: whose user and password are hidden.
        text: where they may occur.
    """
    found = _USER.match(address)
    if found:
        user, _, password = address[found.end(1) : found.end() - 1].partition(":")
        for secret in {password, unquote(password)} - {""}:
            text = text.replace(secret, HIDDEN)
        for name in {user, unquote(user)} - {
            ""
        }:  # only in quotes: a short name may be part of any word
            text = re.sub(rf"(['\"])({re.escape(name)})\1", rf"\1{HIDDEN}\1", text)
    return without_credentials(text)
