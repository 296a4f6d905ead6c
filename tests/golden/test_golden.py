"""What xorlab computes and records is what it was when the golden files were made.

What is recorded may grow, and what is written for readers (printed lines, descriptions, reports and
their statistics) may become better: tests of their own are about that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest

from tests.golden.configurations import KINDS
from tests.golden.dump import (
    FINGERPRINT,
    HELP,
    KEYS,
    RESULTS,
    help_text,
    keys,
    recorded,
    results,
    store_file,
)
from tests.golden.fingerprint import fingerprint
from tests.golden.normalise import differences
from tests.golden.stores import COMMANDS, store_dumps

# One process runs them all: the stores are made once.
pytestmark = pytest.mark.xdist_group("golden")

# Where a run may end before its last epoch.
_MAY_STOP = ("stop_when_solved=true", "min_gradient")
_DESCRIPTION = "mlflow.note.content"


@pytest.fixture(scope="module")
def other_bits() -> list[str]:
    """The functions that this machine rounds differently; empty where recorded bits hold."""
    now = fingerprint()
    return [name for name, value in recorded(FINGERPRINT).items() if now.get(name) != value]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return store_dumps(tmp_path_factory.mktemp("golden"))


def test_help_still_says_what_it_said(tmp_path):
    now = iter(help_text(tmp_path).splitlines())
    missing = [line for line in recorded(HELP).splitlines() if line not in now]  # in this order
    assert not missing


def test_keys_are_as_recorded(tmp_path):
    assert_same(recorded(KEYS), keys(tmp_path))


def test_results_are_as_recorded(tmp_path, other_bits):
    was, now = recorded(RESULTS), results(tmp_path)
    if other_bits:
        assert_same(_shapes_of_results(was, was), _shapes_of_results(now, was))
        skip_bits(other_bits)
    assert_same(was, now)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_stores_are_as_recorded(name, stores, other_bits):
    was, now = recorded(store_file(name)), stores[name]
    if other_bits:
        assert_same(_outline_of_store(was), _outline_of_store(now))
        skip_bits(other_bits)
    assert_same(_without_texts(was), _without_texts(now))


def test_the_first_difference_is_shown():
    was = {"runs": {"one": {"params": {"seed": "1"}, "files": [1.5, 2.5]}, "two": {}}}
    now = {"runs": {"one": {"params": {"seed": "1"}, "files": [1.5, 3.5]}, "three": {}}}
    first, *others = differences(was, now)
    assert first == "runs > one > files > 1:\n  recorded 2.5\n  now      3.5"
    assert others == [
        "runs > two: recorded, missing now",
    ]


def assert_same(was: Any, now: Any) -> None:
    """Fails with the first places at which what is recorded and what is now differ."""
    found = differences(was, json.loads(json.dumps(now)))
    first = list(islice(found, 8))
    left = sum(1 for _ in found)
    more = [f"and {left} more differences"] if left else []
    assert not first, "\n".join(["differs from the golden file:", *first, *more])


def skip_bits(other_bits: list[str]) -> None:
    """Skips what is left of a test: bits cannot be compared on this machine."""
    pytest.skip(
        "this machine or its NumPy and SciPy round other than where the golden files were made, "
        f"so bits were not compared: {', '.join(other_bits)}"
    )


def _shapes_of_results(found: Mapping[str, Any], was: Mapping[str, Any]) -> dict[str, Any]:
    """What does not depend on the last bit: shapes, and the steps of runs to the last epoch."""
    return {
        name: {
            key: value
            for key, value in result.items()
            if key in ("shapes", "dtypes")
            or (key in ("points", "steps", "epochs_run") and _runs_to_the_end(name, was[name]))
        }
        for name, result in found.items()
    }


def _runs_to_the_end(name: str, was: Mapping[str, Any]) -> bool:
    overrides = KINDS[name.split()[0]]
    return was["outcome"] != "diverged" and not any(key in overrides for key in _MAY_STOP)


def _without_texts(dump: Mapping[str, Any]) -> dict[str, Any]:
    """A dump of a store without what is written for readers."""
    runs = {
        name: run
        | {
            "tags": {
                tag: text for tag, text in run["tags"].items() if tag != "mlflow.note.content"
            },
            "files": {
                file: None if file in ("report.html", "settings.parquet") else content
                for file, content in run["files"].items()
            },
        }
        for name, run in dump["runs"].items()
    }
    return {"experiments": dump["experiments"], "other files": dump["other files"], "runs": runs}


def _outline_of_store(dump: Mapping[str, Any]) -> dict[str, Any]:
    """What does not depend on the last bit: names, statuses, params, and which files there are."""
    runs = {
        name: {key: run[key] for key in ("status", "stage", "experiment", "location", "params")}
        | {kind: dict.fromkeys(run[kind]) for kind in ("tags", "files")}
        for name, run in dump["runs"].items()
    }
    return {"experiments": dump["experiments"], "other files": dump["other files"], "runs": runs}
