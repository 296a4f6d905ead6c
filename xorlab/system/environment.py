"""What decides the bits of a result, beside the configuration: code, libraries, processor."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from xorlab.system.code_digest import code_digest

# The name of each part in messages.
PARTS = {
    "xorlab": "xorlab version",
    "code": "source code of xorlab",
    "numpy": "NumPy version",
    "python": "Python version",
    "machine": "machine type",
    "system": "operating system and C library",
    "cpu": "processor features that NumPy uses",
}


@cache
def environment() -> Mapping[str, str]:
    """Everything but the configuration that a result's bits hang on, by the names of `PARTS`.

    NumPy picks its loops by the processor it finds, and some of its functions are the C library's:
    both may round the last bit differently. ``code`` is a hash of the sources that train, because
    a checkout changes without its version.
    """
    return {
        "xorlab": package_version(),
        "code": code_digest(),
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": " ".join(filter(None, (platform.system(), *platform.libc_ver()))),
        "cpu": _processor(),
    }


def package_version() -> str:
    """The installed version of xorlab."""
    try:
        return version("xorlab")
    except PackageNotFoundError:
        return "unknown"


def encoded(parts: Mapping[str, str]) -> str:
    """As the text of a tag."""
    return json.dumps(parts, separators=(",", ":"))


def decoded(text: str | None) -> dict[str, str]:
    """The reverse of `encoded`; empty for what is none, as of a run that recorded nothing."""
    try:
        parts = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in parts.items()} if type(parts) is dict else {}


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """A line for each part that is not the same, or was not recorded."""
    lines = []
    for part, name in PARTS.items():
        if part not in then:
            lines.append(f"{name}: not recorded, {now[part]} now")
        elif then[part] != now[part]:
            lines.append(f"{name}: {then[part]} then, {now[part]} now")
    return lines


def _processor() -> str:
    """The names of the instruction sets among which NumPy picks, as far as they are there."""
    # Imported here, because printing the version must not wait for NumPy.
    import numpy as np

    extensions = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return " ".join([*extensions.get("baseline", ()), *extensions.get("found", ())])
