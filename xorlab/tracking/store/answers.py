"""What a tracking server answers, looked at before it is believed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from xorlab.errors import StoreError
from xorlab.tracking.store.address import public_address

# Ids become names of files and parts of addresses.
_ID = re.compile(r"[A-Za-z0-9_-]{1,250}")
_PORTS = {"http": 80, "https": 443}
_OWN_FOLDER = "mlartifacts"  # in the working folder: where files of a SQLite store go by default


def is_unintelligible(error: BaseException) -> bool:
    """Whether MLflow's client could not understand an answer: it is not one of MLflow's."""
    from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]

    kinds = (ParseError, json.JSONDecodeError, UnicodeError, KeyError, AttributeError, TypeError)
    return isinstance(error, kinds)


def unintelligible(address: str, call: str, what: object) -> StoreError:
    """The error for an answer that cannot be used."""
    return StoreError(
        f"the tracking server {public_address(address)} does not answer {call} as an MLflow server "
        f"does ({' '.join(str(what).split())}). Check the address, and what is between it and here"
    )


def checked(address: str, call: str, asked: Sequence[Any], answer: Any) -> Any:
    """An answer, if it is about what was asked.

    Args:
        address: of the server.
        call: name of the method of MLflow's client.
        asked: its positional arguments.
        answer: what it returned.

    Raises:
        StoreError: it is about another run or experiment, or its ids are no ids.
    """
    try:
        wrong = _CHECKS.get(call, _nothing)(asked, answer)
    except (AttributeError, TypeError, IndexError) as error:
        wrong = f"{type(error).__name__}: {error}"
    if wrong is not None:
        raise unintelligible(address, call, wrong)
    return answer


def _nothing(asked: Sequence[Any], answer: Any) -> str | None:
    return None


def _run(asked: Sequence[Any], run: Any) -> str | None:
    if run.info.run_id != asked[0]:
        return f"asked for run {asked[0]}, it names {run.info.run_id!r}"
    return None


def _new_run(asked: Sequence[Any], run: Any) -> str | None:
    if str(run.info.experiment_id) != str(asked[0]):
        return f"asked for a run in experiment {asked[0]}, it names {run.info.experiment_id!r}"
    return _id(run.info.run_id)


def _runs(asked: Sequence[Any], runs: Any) -> str | None:
    within = set(map(str, asked[0]))
    for run in runs:
        if str(run.info.experiment_id) not in within:
            return f"it names a run of experiment {run.info.experiment_id!r}, which was not asked"
        if (wrong := _id(run.info.run_id)) is not None:
            return wrong
    return None


def _experiment(asked: Sequence[Any], found: Any) -> str | None:
    if str(found.experiment_id) != str(asked[0]):
        return f"asked for experiment {asked[0]}, it names {found.experiment_id!r}"
    return None


def _experiment_of_name(asked: Sequence[Any], found: Any) -> str | None:
    if found is None:
        return None
    if found.name != asked[0]:
        return f"asked for experiment {asked[0]!r}, it names {found.name!r}"
    return _id(found.experiment_id)


def _new_experiment(asked: Sequence[Any], found: Any) -> str | None:
    return _id(found)


def _id(text: object) -> str | None:
    return None if _ID.fullmatch(str(text)) else f"{str(text)[:80]!r} cannot be an id"


_CHECKS: dict[str, Callable[[Sequence[Any], Any], str | None]] = {
    "get_run": _run,
    "create_run": _new_run,
    "search_runs": _runs,
    "get_experiment": _experiment,
    "get_experiment_by_name": _experiment_of_name,
    "create_experiment": _new_experiment,
}


def refuse_location(address: str, location: str, allowed: str | None) -> None:
    """Refuse to write files where a server says, unless that is itself or the user allows it.

    A server could otherwise name any folder of this machine, or have files, and with them the
    password of its users, sent to another host.

    Args:
        address: of the tracking server.
        location: where it says that artifacts go.
        allowed: what the user has named as `tracking.artifacts`; None for nothing.

    Raises:
        StoreError: says how to allow it.
    """
    parts = urlsplit(location)
    if parts.scheme not in ("", "file"):
        refuse_other_host(address, location, allowed)
        return
    folder = Path(unquote(parts.path) if parts.scheme else location).resolve()
    roots = [Path.cwd() / _OWN_FOLDER]
    if allowed is not None and urlsplit(allowed).scheme in ("", "file"):
        path = urlsplit(allowed).path
        roots.append(Path(unquote(path) if urlsplit(allowed).scheme else path).expanduser())
    here = parts.netloc in ("", "localhost")
    if not here or not any(folder.is_relative_to(root.resolve()) for root in roots):
        raise _refused(address, location, str(folder))


def refuse_other_host(address: str, location: str, allowed: str | None = None) -> None:
    """Refuse to exchange files, and credentials, with another host than the tracking server.

    Raises:
        StoreError: says how to allow it.
    """
    named = allowed is not None and f"{location}/".startswith(f"{allowed.rstrip('/')}/")
    if is_other_host(address, location) and not named:
        raise _refused(address, location, location)


def is_other_host(address: str, location: str) -> bool:
    """Whether an address of files names a host, and another one than the tracking server."""
    parts = urlsplit(location)
    if parts.scheme not in ("http", "https", "mlflow-artifacts") or not parts.netloc:
        return False
    return _host(parts) != _host(urlsplit(address))


def _host(parts: SplitResult) -> tuple[str | None, int | None]:
    """Host and port; `mlflow-artifacts` has the port of the server that it names or none."""
    return parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _refused(address: str, location: str, allow: str) -> StoreError:
    return StoreError(
        f"the tracking server {public_address(address)} says that files of runs go to "
        f"{public_address(location)!r}, which is not the server itself. Nothing is written there "
        f"unless you name it: tracking.artifacts={public_address(allow)}; or record in another "
        "experiment, whose files the server takes itself (mlflow-artifacts:)"
    )
