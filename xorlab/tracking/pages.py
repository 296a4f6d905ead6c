"""All runs that a search finds, page after page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xorlab.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

_PAGE, _SERVER_PAGE = 10_000, 1_000  # a server has to answer before it counts as away


def search_all(store: Store, text: str, newest_first: bool = False) -> Iterator[Run]:
    """Runs of the store's experiment that match an MLflow search filter, by start time."""
    token: str | None = None
    while True:
        page = store.client.search_runs(
            [store.experiment_id],
            filter_string=text,
            order_by=[f"attributes.start_time {'DESC' if newest_first else 'ASC'}"],
            max_results=_PAGE if store.has_sql else _SERVER_PAGE,
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return
