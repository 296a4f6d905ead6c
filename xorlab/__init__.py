"""xorlab: a convergence laboratory for small neural networks."""

from __future__ import annotations
