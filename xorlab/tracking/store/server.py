"""A client of a tracking server that may be unreachable.

MLflow itself repeats a call that a server does not answer, with back-off, as its
MLFLOW_HTTP_REQUEST_* variables say. An error after that means one of two things: the server is
unreachable, or it refuses the call.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from xorlab.errors import StoreError
from xorlab.system.deadline import within
from xorlab.system.logs import quiet_logger
from xorlab.tracking.store.address import public_address
from xorlab.tracking.store.answers import (
    checked,
    is_other_host,
    is_unintelligible,
    refuse_other_host,
    unintelligible,
)
from xorlab.tracking.store.refusals import STATUS

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

# How MLflow calls a server, unless its user says otherwise: a server that refuses connections is
# known to be unreachable after some three seconds, one that hangs after some fifty; by MLflow's own
# defaults after a quarter of an hour.
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a server may ask for an hour
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",  # what is recorded goes to the address that was named
}
# MLflow's time limit is one between two bytes: a server that sends one byte a second is never late.
# So each call has a limit of its own: the time in which MLflow itself would give up, and some more,
# which is a lot more where a call sends or fetches files.
_MORE, _MORE_FOR_FILES = 10.0, 600.0  # seconds
_FILES = ("log_artifact", "log_artifacts", "list_artifacts", "download_artifacts")
_ASKING = 10.0  # seconds for the question whether a server is back
# After an interrupt the calls that close a sweep share so many seconds, and each has at least the
# least of them; calls that come much later have nothing to do with the interrupt.
_CLOSING, _LATER, _LEAST = 1.0, 10.0, 0.05
_AWAY = frozenset({408, 429, 500, 502, 503, 504})  # statuses of which MLflow repeats a call
_NO_ANSWER = re.compile(r"API request to .* failed with (?:timeout )?exception", re.DOTALL)
_TOO_LONG = "it took too long"
_FIRST, _LONGEST = 1.0, 30.0  # seconds between questions whether the server is back


class ServerAwayError(StoreError):
    """A tracking server that does not answer, or only with an error of its own.

    Attributes:
        address: of the server, as it may be shown.
        reason: how it does not answer, in a few words.
    """

    def __init__(self, address: str, reason: str) -> None:
        self.address = public_address(address)
        self.reason = reason
        super().__init__(
            f"the tracking server {self.address} does not answer ({reason}); repeat the command "
            "when it does, or name another store with tracking.uri"
        )

    def __reduce__(self) -> tuple[type[ServerAwayError], tuple[str, str]]:
        return type(self), (self.address, self.reason)


class ServerClient:
    """MLflow's client of a server; every call returns, is refused, or finds it unreachable.

    While the server is unreachable, calls fail at once. From time to time a call first asks whether
    it answers again: less often, the sooner it failed after the last time.

    Args:
        client: MLflow's client, whose methods this one has.
        address: of the server.

    Attributes:
        artifacts: where else than on the server the user lets files of runs go; None for nowhere.

    Raises:
        ServerAwayError: by every call, while the server is unreachable.
        StoreError: by every call whose answer is not one of MLflow, or not about what was asked.
    """

    def __init__(self, client: MlflowClient, address: str) -> None:
        self._client = client
        self._address = address
        self.artifacts: str | None = None
        self._reason: str | None = None
        self._wait, self._due, self._back = _FIRST, 0.0, 0.0
        self._closed_by = -math.inf  # when the calls that follow an interrupt have to be done

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return found if name.startswith("_") or not callable(found) else partial(self._call, found)

    def answers(self, now: bool = False) -> bool:
        """Whether the server answers, as far as is known; one that did not is asked again.

        Args:
            now: ask at once, even if the last time was a moment ago.
        """
        if self._reason is None:
            return True
        if not now and time.monotonic() < self._due:
            return False
        reason = self._asked()
        if reason is not None:
            self._lost(reason)
            return False
        self._reason, self._back = None, time.monotonic()
        return True

    def _call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if not self.answers():
            raise ServerAwayError(self._address, str(self._reason))
        call = function.__name__
        more = _MORE_FOR_FILES if call in _FILES else _MORE
        if call in _FILES:
            function = partial(self._with_files, function)
        try:
            with quiet_logger("urllib3"):
                answer = within(
                    self._limit(_patience() + more), partial(function, *arguments, **options)
                )
        except StoreError:
            raise
        except KeyboardInterrupt:
            self._closed_by = time.monotonic() + _CLOSING
            raise
        except Exception as error:
            reason = _TOO_LONG if isinstance(error, TimeoutError) else outage(error)
            if reason is None:
                if is_unintelligible(error):
                    raise unintelligible(self._address, call, error) from error
                raise
            self._lost(reason)
            raise ServerAwayError(self._address, reason) from error
        return checked(self._address, call, arguments, answer)

    def _limit(self, usual: float) -> float:
        """Seconds for a call; the calls that follow an interrupt share a second."""
        left = self._closed_by - time.monotonic()
        return usual if left < -_LATER else min(usual, max(_LEAST, left))

    def _with_files(
        self, function: Callable[..., Any], run_id: str, *arguments: Any, **options: Any
    ) -> Any:
        """A call that exchanges files of a run with the place that the server names for them."""
        from mlflow.tracking._tracking_service import utils

        # MLflow keeps what this finds, for all clients of a process together, and asks once.
        find = self._client._tracking_client._get_artifact_repo  # noqa: SLF001
        if is_other_host(self._address, find(run_id).artifact_uri):
            utils._artifact_repos_cache.pop(run_id, None)  # noqa: SLF001
            refuse_other_host(self._address, find(run_id).artifact_uri, self.artifacts)
        return function(run_id, *arguments, **options)

    def _lost(self, reason: str) -> None:
        lasted = time.monotonic() - self._back
        self._wait = _FIRST if lasted > self._wait else min(2 * self._wait, _LONGEST)
        self._due = time.monotonic() + self._wait
        self._reason = reason

    def _asked(self) -> str | None:
        """Why the server does not answer one request; None if it answers or refuses."""
        from mlflow.utils.rest_utils import http_request

        creds = self._client._tracking_client.store.get_host_creds()  # noqa: SLF001
        try:
            with quiet_logger("urllib3"):
                # This needs the server's database, not only the process in front of it.
                ask = partial(
                    http_request,
                    creds,
                    "/api/2.0/mlflow/experiments/get",
                    "GET",
                    max_retries=0,
                    timeout=5,
                    params={"experiment_id": "0"},
                )
                answer = within(self._limit(_ASKING), ask)
        except TimeoutError:
            return _TOO_LONG
        except Exception as error:
            return outage(error) or str(error)
        return f"it answers {answer.status_code}" if answer.status_code in _AWAY else None


def allow_files(client: MlflowClient, artifacts: str | None) -> None:
    """Let the files of runs go to a place that the user names, besides the server itself."""
    assert isinstance(client, ServerClient)  # noqa: S101  (that of any server is)
    client.artifacts = artifacts


def answers_now(client: MlflowClient) -> bool:
    """Whether the server of a `ServerClient` answers; one that did not is asked at once."""
    assert isinstance(client, ServerClient)  # noqa: S101  (that of any server is)
    return client.answers(now=True)


def answers_by_now(client: MlflowClient) -> bool:
    """The same, but a server is asked no more often than its back-off allows."""
    assert isinstance(client, ServerClient)  # noqa: S101  (that of any server is)
    return client.answers()


def outage(error: Exception) -> str | None:
    """Why a server is unreachable, from an error of MLflow's client; None for other errors."""
    from mlflow.exceptions import InvalidUrlException, MlflowException, RestException
    from requests.exceptions import RequestException

    if isinstance(error, RequestException):
        if error.response is None:
            return _reason(str(error))
        status = error.response.status_code
        return f"it answers {status}" if status in _AWAY else None
    if isinstance(error, InvalidUrlException) or not isinstance(error, MlflowException):
        return None
    if isinstance(error, RestException):
        status = error.get_http_status_code()  # type: ignore[no-untyped-call]
        return f"it answers {status}" if status in _AWAY else None
    found = STATUS.search(str(error))
    if found:
        return f"it answers {found[1]}" if int(found[1]) in _AWAY else None
    # Several files are fetched at once, and one error names all of theirs.
    return _reason(str(error)) if _NO_ANSWER.search(str(error)) else None


def _reason(text: str) -> str:
    """A long error text of requests, in a few words."""
    status = re.search(r"too many (\d{3}) error responses", text)
    if status:
        return f"it answers {status[1]}"
    words = {
        "refused": "connection refused",
        "timed out": _TOO_LONG,
        "timeout": _TOO_LONG,
        "resolve": "there is no such host",
        "certificate": "its certificate is not trusted",
    }
    found = [reason for word, reason in words.items() if word in text.lower()]
    return found[0] if found else "the connection broke"


def _patience() -> float:
    """Seconds after which MLflow gives up a server that does not answer at all."""
    from mlflow.environment_variables import (
        MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES,
        MLFLOW_HTTP_REQUEST_TIMEOUT,
    )

    retries, factor, timeout = (
        float(variable.get())  # type: ignore[no-untyped-call]
        for variable in (
            MLFLOW_HTTP_REQUEST_MAX_RETRIES,
            MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR,
            MLFLOW_HTTP_REQUEST_TIMEOUT,
        )
    )
    return (retries + 1) * timeout + factor * (2**retries - 1)


def with_patience() -> None:
    """Set how MLflow repeats calls, unless the user has set it."""
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
