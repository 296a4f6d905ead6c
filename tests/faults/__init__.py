"""Faults injected for real, and what is left of a sweep after them."""
