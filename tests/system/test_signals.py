"""Ctrl-C that cannot get lost."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
import weakref
import zipfile

import pytest

from xorlab.system.signals import (
    Interrupts,
    Terminated,
    interruptions,
    interrupts_kept,
    signals_deferred,
    terminations,
)


class Finaliser:
    """Gone in the middle of a Ctrl-C: Python drops what is raised in here."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_a_finaliser_swallows_is_raised_at_the_next_look():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        interrupts.check()
        Finaliser()
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_was_swallowed_is_raised_at_the_end_at_the_latest():
    with pytest.raises(KeyboardInterrupt), Interrupts():
        Finaliser()


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_an_interrupt_that_a_callback_of_a_weak_reference_swallows_comes_again(number, kind):
    lost = []

    def callback(_reference: object) -> None:
        lost.append(True)
        signal.raise_signal(number)

    def work() -> None:
        gone = set()  # type: ignore[var-annotated]
        reference = weakref.ref(gone, callback)
        del gone
        time.sleep(5)
        raise AssertionError(reference)

    with pytest.raises(KeyboardInterrupt) as raised, terminations(), interrupts_kept():
        work()
    assert lost == [True]
    assert type(raised.value) is kind


def test_other_errors_in_callbacks_are_reported_as_ever(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)
    with interrupts_kept():
        gone = {1}
        reference = weakref.ref(gone, lambda _: 1 / 0)
        del gone
    assert reference() is None
    assert [one.exc_type for one in seen] == [ZeroDivisionError]
    assert sys.unraisablehook == seen.append


def test_a_process_that_ignores_ctrl_c_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            interrupts.check()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_sigterm_is_raised_within_and_left_to_its_handler_without():
    before = signal.getsignal(signal.SIGTERM)
    with terminations(), pytest.raises(Terminated), Interrupts():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_handler_of_sigterm_that_somebody_else_has_set_is_theirs():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with terminations(), Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGTERM)
            interrupts.check()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


@pytest.fixture
def told_while_writing():
    """Send a signal while an archive has an open member: closing the archive fails then."""
    with zipfile.ZipFile(io.BytesIO(), "w") as archive, archive.open("member", "w") as member:

        def tell(number):
            member.write(b"half")
            try:
                signal.raise_signal(number)
            finally:
                archive.close()

        yield tell


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_an_interrupt_that_a_library_turned_into_its_own_error_is_an_interrupt(
    told_while_writing, number, kind
):
    with terminations():
        with pytest.raises(ValueError, match="open writing handle"):
            told_while_writing(number)
        with pytest.raises(KeyboardInterrupt) as raised, interruptions():
            told_while_writing(number)
    assert type(raised.value) is kind
    assert isinstance(raised.value.__cause__, ValueError)


def test_an_error_that_came_of_no_interrupt_stays_what_it_is():
    error = OSError("full")
    error.__cause__ = ValueError("half")
    with pytest.raises(OSError, match="full") as raised, interruptions():
        raise error
    assert raised.value is error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_held_is_done_to_its_end_before_an_interrupt_is_obeyed(number):
    done = []

    def work():
        with signals_deferred():
            signal.raise_signal(number)
            signal.raise_signal(number)
            done.append(True)

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with terminations(), pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_ctrl_c_while_handlers_are_put_back_leaves_none_behind(monkeypatch):
    before, put = signal.getsignal(signal.SIGTERM), signal.signal

    def put_and_told(number, handler):
        was = put(number, handler)
        if number == signal.SIGINT and handler is signal.default_int_handler:
            os.kill(os.getpid(), signal.SIGINT)
        return was

    def work():
        with signals_deferred():
            monkeypatch.setattr(signal, "signal", put_and_told)

    with terminations():
        with pytest.raises(KeyboardInterrupt):
            work()
        monkeypatch.undo()
        with pytest.raises(Terminated):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_is_ignored_is_ignored_while_something_is_held():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals_deferred():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
