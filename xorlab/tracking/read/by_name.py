"""Finding a run by the beginning of its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.errors import UsageError
from xorlab.tracking.names import KEY_TAG
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.store.address import public_address
from xorlab.tracking.store.conditions import attribute, tag
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

_MOST_LISTED = 8  # candidates in a message


def run_by_name(
    store: Store, name: str, kind: str = "run", kind_tag: str | None = None, everywhere: bool = True
) -> Run:
    """The only run whose id begins like this; a run of a network is also found by its key.

    Args:
        store: where it is recorded.
        name: an id or a key, or the beginning of one, checked by
            `xorlab.commands.common.check_id`.
        kind: what it is, for messages.
        kind_tag: that only runs of this kind have; None for any run.
        everywhere: in all experiments, not only in the store's own.

    Raises:
        UsageError: no such run, or several.
    """
    begins = "begins with", name.lower()
    by_id = attribute("run_id", *begins)
    ways = [[by_id], [tag(KEY_TAG, *begins)]] if kind_tag is None else [[by_id, tag(kind_tag)]]
    found = {
        run.info.run_id: run
        for way in ways
        for run in search_all(store, way, newest_first=True, everywhere=everywhere)
    }
    where = public_address(store.uri) if everywhere else f"experiment {store.experiment!r}"
    if not found:
        raise UsageError(f"{name}: there is no such {kind} in {where}")
    if len(found) > 1:
        listed = _listed([*found.values()])
        kinds = kind.replace(" or ", "s or ") + "s"
        raise UsageError(f"{name}: the ids of {len(found)} {kinds} in {where} begin so: {listed}")
    (run,) = found.values()
    return run


def _listed(runs: list[Run]) -> str:
    lines = [
        f"{run.info.run_id} ({run.info.run_name}, {run.info.status})" for run in runs[:_MOST_LISTED]
    ]
    more = len(runs) - len(lines)
    return ", ".join(lines) + (f", and {more} more" if more else "")
