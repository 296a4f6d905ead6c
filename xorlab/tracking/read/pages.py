"""All results of a search, page after page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from xorlab.errors import StoreError
from xorlab.tracking.store.client import through_mlflow, without_mlflow
from xorlab.tracking.store.conditions import Condition, mlflow_filter
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.store.entities import PagedList

T = TypeVar("T")

_MOST_EMPTY = 50  # pages one after the other; some servers filter a page after they have cut it
_PAGE, _SERVER_PAGE = 10_000, 1_000  # a server must answer before it counts as absent


def search_all(
    store: Store,
    conditions: Sequence[Condition],
    text: str | None = None,
    newest_first: bool = False,
    everywhere: bool = False,
) -> Iterator[Run]:
    """Runs that meet all conditions, by start time.

    Args:
        store: where to search.
        conditions: at least one, unless there is a filter.
        text: an MLflow search filter that they must match too.
        newest_first: or oldest first.
        everywhere: in all experiments, not only in the store's own.
    """
    client = store.client
    own = without_mlflow(client)
    if own is not None and text is None:
        experiment = None if everywhere else store.experiment_id
        yield from cast("list[Run]", own.search(conditions, experiment, newest_first))
        return
    client = through_mlflow(client)
    wanted = " AND ".join(filter(None, [mlflow_filter(conditions), text]))
    experiments = [store.experiment_id]
    if everywhere:
        found = _pages(lambda token: client.search_experiments(page_token=token))
        experiments = [experiment.experiment_id for experiment in found]
    yield from _pages(
        lambda token: client.search_runs(
            experiments,
            filter_string=wanted,
            order_by=[f"attributes.start_time {'DESC' if newest_first else 'ASC'}"],
            max_results=_PAGE if store.has_sql else _SERVER_PAGE,
            page_token=token,
        )
    )


def newest_run(
    store: Store, conditions: Sequence[Condition], everywhere: bool = False
) -> Run | None:
    """The run that started last among those that meet conditions; None if there is none.

    Args:
        store: where to search.
        conditions: at least one.
        everywhere: in all experiments, not only in the store's own.
    """
    return next(search_all(store, conditions, newest_first=True, everywhere=everywhere), None)


def _pages(fetch: Callable[[str | None], PagedList[T]]) -> Iterator[T]:
    token: str | None = None
    before: set[str] = set()
    empty = 0
    while True:
        page = fetch(token)
        yield from page
        token, empty = page.token, 0 if page else empty + 1
        if not token:
            return
        if token in before or empty > _MOST_EMPTY:
            raise StoreError(
                "the tracking server's list of results does not end: "
                + ("it names the same page again" if token in before else f"{empty} empty pages")
                + "; its administrator should look at it"
            )
        before.add(token)
