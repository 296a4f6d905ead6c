"""How a number of things is written."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number of things as it is written everywhere: ``1 run``, ``1,200 runs``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
