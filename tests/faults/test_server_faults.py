"""A tracking server that goes away, each way once; `python -m tests.faults` does it many times."""

from __future__ import annotations

import os
import re
from random import Random
from unittest.mock import patch

import pytest

from tests.faults import landscape_server_faults
from tests.faults.race_faults import both, one_killed
from tests.faults.server_faults import HURRY, SCENARIOS, restartable, restarted
from tests.faults.server_sweeps import BRIDGED, RUNS, SWEEP, outcome, places, started
from tests.helpers.proxies import ERROR, PASS, proxied

pytestmark = pytest.mark.slow


def check(found):
    assert (found.found, found.twice, found.half) == (found.expected, 0, 0)
    assert re.search(found.hint, found.message), found.message


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name != "server answers 500"))
        for name in SCENARIOS
    ],
)
def test_nothing_is_lost_twice_or_half(name, server, tmp_path):
    scenario, _ = SCENARIOS[name]
    check(scenario(server, tmp_path, Random(name)))


def test_a_landscape_loses_nothing_to_a_server_that_goes_away(server, tmp_path):
    check(landscape_server_faults.goes_away(server, tmp_path, Random(3)))


@pytest.mark.slow
@pytest.mark.parametrize("race", [both, one_killed])
def test_two_that_record_the_same_runs_at_once_leave_each_once(race, server, tmp_path):
    check(race(server, tmp_path, Random(race.__name__)))


@pytest.mark.slow
def test_a_server_that_goes_away_when_all_is_recorded_is_no_fault(server, tmp_path):
    with proxied(server) as proxy, patch.dict(os.environ, HURRY):
        there = places(proxy, "all recorded", tmp_path)

        def rule(number: int, method: str, path: str) -> str:
            ended = sum("runs/update" in seen for _, seen in proxy.seen[:number])
            return ERROR if ended > RUNS else PASS

        proxy.rule = rule
        code, printed = started(*SWEEP, *there)
        page = rf"^Open the report: {proxy.address}/#/experiments/.+/artifacts/report.html\?"
    assert code == 0, printed
    assert re.search(page, printed, flags=re.MULTILINE), printed
    check(outcome(server, "all recorded", BRIDGED))


@pytest.mark.slow
def test_a_server_that_is_killed_and_restarted_gets_everything(tmp_path, store_file):
    (tmp_path / "server").mkdir()
    with restartable(tmp_path / "server", store_file) as server:
        check(restarted(server, tmp_path, Random(3)))
