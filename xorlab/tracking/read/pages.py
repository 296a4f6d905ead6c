"""All runs that a search finds, page after page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Experiment, Run

_PAGE, _SERVER_PAGE = 10_000, 1_000  # a server has to answer before it counts as away


def search_all(
    store: Store, text: str, newest_first: bool = False, everywhere: bool = False
) -> Iterator[Run]:
    """Runs that match an MLflow search filter, by start time.

    Args:
        store: where they are.
        text: the filter.
        newest_first: or oldest first.
        everywhere: those of all experiments, not of the store's alone.
    """
    experiments = [store.experiment_id]
    if everywhere:
        experiments = [one.experiment_id for one in experiments_of(store)]
    token: str | None = None
    while True:
        page = store.client.search_runs(
            experiments,
            filter_string=text,
            order_by=[f"attributes.start_time {'DESC' if newest_first else 'ASC'}"],
            max_results=_PAGE if store.has_sql else _SERVER_PAGE,
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def experiments_of(store: Store) -> Iterator[Experiment]:
    """All experiments of a store that are not deleted."""
    token: str | None = None
    while True:
        page = store.client.search_experiments(page_token=token)
        yield from page
        token = page.token
        if not token:
            return
