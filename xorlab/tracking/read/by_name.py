"""The run that a user means by the beginning of its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.errors import UsageError
from xorlab.tracking.names import KEY_TAG
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.store.address import shown
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

_MOST_TOLD = 8  # candidates


def named_run(
    store: Store, named: str, kind: str = "run", tag: str | None = None, everywhere: bool = True
) -> Run:
    """The one run whose id begins so; a run of a network goes by its key as well.

    Args:
        store: where it is recorded.
        named: an id or a key, or the beginning of one, checked by
            `xorlab.commands.common.check_id`.
        kind: what it is, for messages.
        tag: that only runs of that kind have; None for any run.
        everywhere: in whichever experiment, not in the store's alone.

    Raises:
        UsageError: no such run, or several.
    """
    begins = f"LIKE '{named.lower()}%'"
    texts = [f"attributes.run_id {begins}"]
    if tag is None:
        texts.append(f"tags.`{KEY_TAG}` {begins}")
    else:
        texts[0] += f" AND tags.`{tag}` LIKE '%'"
    found = {
        run.info.run_id: run
        for text in texts
        for run in search_all(store, text, newest_first=True, everywhere=everywhere)
    }
    where = shown(store.uri) if everywhere else f"experiment {store.experiment!r}"
    if not found:
        raise UsageError(f"{named}: there is no such {kind} in {where}")
    if len(found) > 1:
        raise UsageError(f"{named}: {len(found)} {kind}s in {where} are called so: {_told(found)}")
    (run,) = found.values()
    return run


def _told(found: dict[str, Run]) -> str:
    runs = [*found.values()][:_MOST_TOLD]
    told = [f"{run.info.run_id} ({run.info.run_name}, {run.info.status})" for run in runs]
    more = len(found) - len(runs)
    return ", ".join(told) + (f", and {more} more" if more else "")


LATEST = "latest"  # what stands for the id of the last one
