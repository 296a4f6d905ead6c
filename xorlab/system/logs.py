"""Quieter loggers of libraries, for messages that xorlab reports in its own words."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_logger(name: str, level: int = logging.ERROR) -> Iterator[None]:
    """Silence a library's logger below a level while the block runs.

    Args:
        name: of the logger.
        level: messages below this level are dropped.
    """
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
