"""Tracking servers that go away, and come back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.helpers.proxies import ERROR, PASS

OUTBOX = Path("xorlab-outbox")


def there(proxy, experiment: str) -> tuple[str, str]:
    return f"tracking.uri={proxy.address}", f"tracking.experiment={experiment}"


def goes_away_at(proxy, call: str, count: int = 1, fault: str = ERROR) -> None:
    """From the count-th call of this name on."""
    calls = Counter()

    def rule(number: int, method: str, path: str) -> str:
        calls[call] += path.endswith(call)
        return PASS if calls[call] < count else fault

    proxy.rule = rule


def is_back(proxy) -> None:
    proxy.rule = lambda number, method, path: PASS
