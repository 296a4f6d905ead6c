"""Recording in PostgreSQL: COPY, which xorlab uses, beside INSERT, in turns in one run.

Usage: python -m tests.benchmarks.postgres [--small]

The same recorder writes the same runs (curve, params, tags and three artifacts each) into a server
that is started for it. INSERT is SQLAlchemy's own for many rows, of which one statement takes up to
a thousand. The median of the rounds is printed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Collection
from contextlib import ExitStack
from unittest.mock import patch

import sqlalchemy
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import xorlab
from tests.helpers.postgres import no_postgres, serving_postgres
from xorlab.networks.spec import spec_of
from xorlab.system.git import Provenance
from xorlab.tracking.store import database
from xorlab.tracking.store.database import SqlAlchemyTransaction
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.write.bulk_recorder import BulkRecorder
from xorlab.tracking.write.record import Context, finished


def insert(transaction: SqlAlchemyTransaction, but: Collection[str]) -> None:
    """As `SqlAlchemyTransaction.insert_new`, by INSERT, of rows that are sent with it."""
    for new in transaction._new:
        target = sqlalchemy.table(new.table, *map(sqlalchemy.column, new.columns))
        values = [dict(zip(new.columns, row, strict=True)) for row in new.without(but)]
        if values:
            transaction._connection.execute(target.insert(), values)


def by_insert() -> ExitStack:
    """Within: the recorder uses INSERT."""
    stack = ExitStack()
    stack.enter_context(patch.object(database, "send", lambda _connection, _new: None))
    stack.enter_context(patch.object(SqlAlchemyTransaction, "insert_new", insert))
    return stack


def measured(runs: int, rounds: int) -> Table:
    """Milliseconds a run by each way."""
    configs = [xorlab.configure(f"seed={seed}") for seed in range(runs)]
    results = xorlab.train_many(configs)
    spec, context = spec_of(configs[0]), Context(Provenance("0"))
    records = [
        finished(spec, config.seed, result, context, 0, 1)
        for config, result in zip(configs, results, strict=True)
    ]
    times: dict[str, list[float]] = {"INSERT": [], "COPY": []}
    with serving_postgres() as server, tempfile.TemporaryDirectory() as folder:
        store = open_store(server.create("recording"), "runs", artifacts=folder)
        ways = {"INSERT": by_insert, "COPY": ExitStack}
        for _ in range(rounds + 1):
            for way, own in times.items():
                server.ask("recording", "TRUNCATE runs CASCADE")
                recorder = BulkRecorder(store)
                with ways[way]():
                    began = time.perf_counter()
                    recorder.record(records, skip_existing=True)
                    own.append(1e3 * (time.perf_counter() - began) / runs)
    title = f"{runs:,} runs of {len(results[0].steps)} points, median of {rounds}"
    table = Table(box=SIMPLE_HEAD, title=title)
    for column in ("", "ms a run", "times the speed"):
        table.add_column(column, justify="left" if not column else "right")
    middle = {way: statistics.median(own[1:]) for way, own in times.items()}  # the first warms up
    for way, value in middle.items():
        table.add_row(way, f"{value:.2f}", f"{middle['INSERT'] / value:.1f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="to see that it works")
    small = parser.parse_args().small
    if no_postgres() is not None:
        raise SystemExit(f"not measured: {no_postgres()}")
    Console(width=100).print(measured(*((5, 1) if small else (300, 5))))


if __name__ == "__main__":
    main()
