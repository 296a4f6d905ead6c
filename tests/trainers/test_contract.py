"""The contract of trainers: the good ones keep it, and each check finds its bad one."""

from __future__ import annotations

import pytest

import xorlab
from tests.trainers import bad, coin
from xorlab import testing
from xorlab.networks.trainer import TRAINER

QUICK = xorlab.configure("training.epochs=60", "optimizer.lr=4")


@testing.each_check(coin.train)
def test_a_function_keeps_the_contract(check):
    check()


@testing.each_check(coin.twin)
def test_a_function_with_a_twin_keeps_the_contract(check):
    check()


@testing.each_check(TRAINER, QUICK)
def test_the_built_in_trainer_keeps_the_contract(check):
    check()


@pytest.mark.parametrize("name", bad.BROKEN)
def test_each_check_finds_a_trainer_that_breaks_it(name):
    with pytest.raises(AssertionError):
        testing.checks(bad.BROKEN[name])[name]()


def test_a_variable_that_is_set_at_every_call_is_a_trace(monkeypatch):
    monkeypatch.setenv("XORLAB_LEFT", "another")  # it is as before in the end
    with pytest.raises(AssertionError, match="it changed environment variables"):
        testing.checks(bad.sets)["leaves no trace"]()


@pytest.mark.parametrize("trainer", [bad.shortens, bad.closes], ids=lambda one: one.name)
def test_only_an_interrupt_that_was_raised_is_said_to_be_swallowed(trainer):
    for _ in range(3):
        testing.checks(trainer)["an interrupt ends it"]()


def test_every_check_has_a_trainer_that_breaks_it():
    assert list(testing.checks(coin.train)) == list(bad.BROKEN)


def test_a_failure_may_be_expected():
    with pytest.raises(AssertionError, match="the seed matters: seeds 0 to 4 give one"):
        testing.check(bad.ignores)
    testing.check(bad.ignores, expected_failures={"the seed matters": "it has no randomness"})
