"""User names and passwords in addresses: never in what is printed, logged or recorded."""

from __future__ import annotations

import re
from urllib.parse import unquote

HIDDEN = "***"

# Up to the last @ of the text: a password may hold any letter that nobody has encoded, a blank too.
# The path of a database file may hold one as well, and no user name.
_USER = re.compile(r"(?<![\w+.-])(?!sqlite:)([\w+.-]*://).*@", re.DOTALL)
_QUERY = re.compile(
    r"(?i)\b([\w-]*(?:user|uid|pass|passwd|password|pwd|token|secret|credential|odbc_connect)s?=)"
    r"[^&\s'\"]+"
)


def without_credentials(text: str) -> str:
    """The text with ``***`` for the user name and password of every address in it.

    What an address asks for after its question mark is hidden too where it is named like a secret:
    databases take ``?password=`` there.
    """
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{HIDDEN}", _USER.sub(rf"\1{HIDDEN}@", text))


def without_those_of(address: str, text: str) -> str:
    """What a driver said about an address, without the user and password in it, however spelt."""
    found = _USER.match(address)
    if found:
        user, _, password = address[found.end(1) : found.end() - 1].partition(":")
        for secret in {password, unquote(password)} - {""}:
            text = text.replace(secret, HIDDEN)
        for name in {user, unquote(user)} - {""}:  # alone it may be part of any word
            text = re.sub(rf"(['\"])({re.escape(name)})\1", rf"\1{HIDDEN}\1", text)
    return without_credentials(text)
