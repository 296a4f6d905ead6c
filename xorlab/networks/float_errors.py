"""Errors of floating-point numbers, noted without a check of every number."""

from __future__ import annotations


class FloatErrorFlag:
    """Raised by NumPy when an operation overflows or is invalid.

    The loop looks for diverged networks only while it is raised.
    """

    def __init__(self) -> None:
        self.raised = False

    def __call__(self, _kind: str, _bits: int) -> None:
        """Raise the flag: NumPy calls this."""
        self.raised = True

    def set(self) -> None:
        """Raise the flag by hand: infinities that were given spread without a NumPy error."""
        self.raised = True
