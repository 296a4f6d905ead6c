"""Waiting for calls: in order, and no longer than is asked for."""

from __future__ import annotations

import threading

import pytest

from xorlab.system.deadline import in_threads


def test_results_come_in_the_order_of_the_values_a_few_calls_at_a_time():
    at_once, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(3)

    def square(value: int) -> int:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        together.wait(10)
        with lock:
            at_once -= 1
        return value * value

    assert list(in_threads(3, square, range(12))) == [value * value for value in range(12)]
    assert most == 3
    assert list(in_threads(3, square, [])) == []


def test_an_error_comes_in_its_place_and_no_further_calls_begin():
    begun: list[int] = []

    def broken(value: int) -> int:
        begun.append(value)
        if value == 2:
            raise ValueError("the third")
        return value

    results = in_threads(1, broken, range(10_000))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="the third"):
        next(results)
    assert list(results) == []


def test_given_up_results_are_not_waited_for():
    release = threading.Event()
    results = in_threads(2, lambda value: value or release.wait(60), [1, 0, 0, 0])
    assert next(results) == 1
    results.close()
    left = [one for one in threading.enumerate() if one.name == "xorlab-calls"]
    assert all(thread.daemon for thread in left)
    release.set()
    for thread in left:
        thread.join(10)
        assert not thread.is_alive()
