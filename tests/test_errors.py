"""Errors: what led to one is found, however it is linked."""

from __future__ import annotations

from xorlab.errors import causes


def test_causes_come_in_order():
    first, second, third = ValueError("first"), KeyError("second"), OSError("third")
    first.__cause__, second.__context__ = second, third
    assert list(causes(first)) == [first, second, third]


def test_causes_that_are_a_ring_end():
    """Some database drivers under Python 3.13 link a lost connection's errors so."""
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__context__ = second, first
    assert list(causes(first)) == [first, second]
