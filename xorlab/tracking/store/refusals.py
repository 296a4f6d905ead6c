"""Why a tracking server that answers does not do what it is asked, in words."""

from __future__ import annotations

import re

from xorlab.errors import causes, printable

STATUS = re.compile(r"failed with error code (\d{3})")
_LONGEST_ANSWER = 160  # characters


def refusal(error: BaseException) -> tuple[str, str, str] | None:
    """Why a server that answers does not do what it is asked; None for other errors.

    Returns:
        the cause, the answer in short, and what to do.
    """
    from mlflow.exceptions import MlflowException, RestException

    for one in causes(error):
        if not isinstance(one, MlflowException):
            continue
        text = str(one)
        if isinstance(one, RestException):
            status = str(one.get_http_status_code())  # type: ignore[no-untyped-call]
        else:
            found = STATUS.search(text)
            status = found[1] if found else ""
        if status in ("401", "403"):
            return (
                "the server does not let this user in",
                f"it answers {status}{_said(text)}",
                "Check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
                "MLFLOW_TRACKING_TOKEN, and what that user may do on the server",
            )
        if isinstance(one, RestException):
            continue  # a server of MLflow says itself what is wrong
        if status.startswith("3"):
            return (
                "this address sends its callers elsewhere, and what is recorded goes to no other",
                f"it answers {status}",
                "Give the address of the MLflow server itself, with https where it asks for that",
            )
        if status in ("404", "405") or "valid JSON" in text:
            answer = f"it answers {status}" if status else "it answers with a page"
            return (
                "this is not the address of an MLflow server",
                answer,
                "Give the address that `mlflow server` prints, without a page that a browser "
                "shows, and with its --static-prefix where it has one, as http://host:5000/prefix",
            )
        if status:
            return (
                "the server, or what is in front of it, refuses what it is asked",
                f"it answers {status}{_said(text)}",
                "Its administrator can say why; then start the same command again",
            )
    return None


def _said(text: str) -> str:
    """The first words of an answer, unless it is a page for browsers."""
    body = text.partition("Response body: ")[2].strip("'\" \n") or text.partition(": ")[2]
    line = body.partition("\n")[0][:_LONGEST_ANSWER]
    return f": {printable(line)}" if line and not line.startswith("<") else ""
