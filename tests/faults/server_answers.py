"""Tracking servers that answer, but not with what they were asked for."""

from __future__ import annotations

import os
import uuid
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

from tests.faults.fault import Fault, Outcome
from tests.faults.server_faults import HURRY, REQUESTS, with_shared
from tests.faults.server_sweeps import SWEEP, again, outcome, places, recover, started
from tests.helpers.proxies import ELSEWHERE, GARBLED, NEXT_PAGE, PASS, SAME_PAGE, proxied


def answered(
    kinds: tuple[str, ...], call: str, hint: str, server: str, folder: Path, rng: Random
) -> Outcome:
    """A sweep that gets such answers from one request on, and the same command after that.

    Args:
        kinds: of answers, one of which is drawn.
        call: the end of the path of the requests that are answered so.
        hint: a pattern that a line of the sweep must match.
        server: address of the server behind the proxy.
        folder: for the outbox.
        rng: draws the moment.
    """
    experiment = uuid.uuid4().hex
    kind = rng.choice(kinds)
    with proxied(server) as proxy:
        there = places(proxy, experiment, folder)
        first = rng.randrange(REQUESTS)
        calls = [kind if number >= first else PASS for number in range(REQUESTS)]
        proxy.rule = lambda number, method, path: (
            calls[min(number, REQUESTS - 1)] if path.partition("?")[0].endswith(call) else PASS
        )
        with patch.dict(os.environ, HURRY):
            code, printed = started(*SWEEP, *there)
        proxy.rule = lambda number, method, path: PASS
        proxy.idle()
        assert "Traceback" not in printed, printed
        assert code in (0, 1), printed
        if "xorlab-outbox --folder" in printed:
            recover(folder, printed)
        again(*SWEEP, *there)
    return outcome(server, experiment, printed, hint=hint)


def _row(name: str, kinds: tuple[str, ...], call: str, hint: str, times: int) -> Fault:
    return Fault(name, with_shared(partial(answered, kinds, call, f"{hint}|{DONE}")), times)


DONE = r"^6 runs in .* s: "  # no such request came after the moment
NO_SERVER = (
    r"not the address of an MLflow server \(it answers (404|with a page)\)\. Give the address|"
    r"sends its callers elsewhere.*\(it answers 302\)\. Give the address"
)
FAULTS: list[Fault] = [
    _row(
        "pages of results without an end",
        (SAME_PAGE, NEXT_PAGE),
        "runs/search",
        "does not end: (it names the same page again|.* empty pages)",
        3,
    ),
    _row(
        "server answers 401 or 403",
        ("401", "403"),
        "",
        r"does not let this user in \(it answers 40[13]: the proxy says so\)\. Check MLFLOW_TR",
        3,
    ),
    _row("server answers 404 or 302", ("404", ELSEWHERE), "", NO_SERVER, 3),
    _row("answers are not MLflow's", (GARBLED,), "", NO_SERVER, 3),
]
