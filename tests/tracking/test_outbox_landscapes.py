"""Pieces of a landscape that wait while a tracking server is away."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import xorlab
from tests.helpers.away import OUTBOX, is_back, there
from tests.helpers.planes import plane
from tests.helpers.proxies import ERROR, PASS
from xorlab.commands.outbox import main

LANDSCAPE = (*plane("weight.1", "weight.9", (30, 40), 30), "hydra.launcher.executor=inline")


@pytest.mark.slow
def test_pieces_of_a_landscape_wait_and_the_same_command_ends_it(proxy, server, process, capfd):
    found = (*LANDSCAPE, *there(proxy, "planes that wait"))
    sent = Counter()

    def rule(number: int, method: str, path: str) -> str:
        sent["pieces"] += "/pieces/" in path
        return PASS if sent["pieces"] < 2 else ERROR

    proxy.rule = rule
    first = process(*found)
    out, err = first.communicate()
    assert first.returncode == 1
    assert out.count(f"Training goes on; pieces wait in {OUTBOX.absolute()}") == 1
    assert f"2 of its pieces are safe in {OUTBOX.absolute()}; when it answers again: xorlab" in err
    is_back(proxy)
    assert main([]) == 0
    delivered = capfd.readouterr().out
    assert delivered.startswith(f"delivering 2 results to {proxy.address}, experiment")
    assert "2 results delivered to" in delivered
    assert "is a landscape that is not finished: start it again by the same command" in delivered
    again = process(*found)
    out, err = again.communicate()
    assert again.returncode == 0, err
    assert ", 1,200 of them recorded before: run" in out
    one = xorlab.load_landscape(uri=server, experiment="planes that wait")
    here = xorlab.landscape(xorlab.configure(*LANDSCAPE[:-1]))
    assert one.final_loss.tobytes() == here.final_loss.tobytes()


@pytest.mark.slow
def test_a_piece_of_a_landscape_that_the_server_refuses_is_kept(proxy, server, process):
    found = (*LANDSCAPE, *there(proxy, "refused planes"))
    proxy.rule = lambda number, method, path: "403" if "/pieces/" in path else PASS
    first = process(*found)
    _, err = first.communicate()
    assert first.returncode == 1
    assert "the server refuses it" in err
    assert f"it is kept in {OUTBOX.absolute()}. Once the cause is mended" in err
    assert len(list(OUTBOX.glob("*.file"))) == 1
    is_back(proxy)
    again = process(*found)
    out, err = again.communicate()
    assert again.returncode == 0, err
    assert re.search(r", [\d,]+ of them recorded before: run", out)
    assert not list(OUTBOX.glob("*.file"))


@pytest.mark.slow
def test_a_piece_of_a_landscape_that_was_finished_without_it_is_dropped(proxy, server, process):
    found = (*LANDSCAPE, *there(proxy, "planes that go on"))
    sent = Counter()

    def rule(number: int, method: str, path: str) -> str:
        sent["pieces"] += "/pieces/" in path
        return ERROR if sent["pieces"] in (2, 3) and "/pieces/" in path else PASS

    proxy.rule = rule
    child = process(*found)
    out, err = child.communicate()
    assert (child.returncode, err) == (0, "")
    assert "pieces wait in" in out
    assert not list(OUTBOX.glob("*.file"))
    assert xorlab.load_landscape(uri=server, experiment="planes that go on").run_id in out
