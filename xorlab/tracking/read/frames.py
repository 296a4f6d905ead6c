"""What is read from a store, as tidy, typed tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from math import nan
from sys import intern
from typing import TYPE_CHECKING, Any

import numpy as np

from xorlab.analysis.column_names import TABLE, TRAINER
from xorlab.config.values import as_texts
from xorlab.tracking.names import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG
from xorlab.trainers.find import built_in
from xorlab.trainers.trainer import TABLE_TAG, TRAINER_TAG

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from mlflow.entities import Run

# What is known of one run, by column: those of `LEADING`, then ``params.NAME`` as text and
# ``metrics.NAME`` as a number.
Row = dict[str, Any]
# Run id, steps, losses.
Curve = tuple[str, "np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]

# When a run began, and where there are such: the beginning of the digest of its data, and the name
# and version of its trainer.
START = "started"
OWN_TAGS = {TABLE: TABLE_TAG, TRAINER: TRAINER_TAG}  # that not every run has
LEADING = ("run_id", "name", "status", "outcome", "sweep", "key")
_DIGITS = 12  # of a digest: enough to tell tables apart
_PARAMS, _METRICS = "params.", "metrics."
_MOST_APART = 60  # columns; pandas warns when another one is added to a hundred of numbers
_AT_ONCE = 512  # rows that are Python objects at a time; Arrow's columns take far less memory


def runs_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """A typed table of rows.

    Params become numbers or truth values where all of them are. Where only some are, as sizes of
    one hidden layer beside ``[4,4]``, each has a type of its own, so that ``== 2`` finds the 2s
    whatever the other rows hold.
    """
    import pandas as pd
    import pyarrow as pa

    table = pa.concat_tables(map(_table, _batches(rows)), promote_options="default")
    arrays = dict(zip(table.column_names, table.columns, strict=True))
    del table  # so that an array ends where its column begins
    columns = {name: _text(arrays.pop(name)) for name in LEADING}
    params = sorted(_named(arrays, _PARAMS), key=_schema_order)
    of_others = arrays[TRAINER].is_valid() if TRAINER in arrays else None
    for name in params:
        columns[name] = _typed(_completed(name, arrays.pop(_PARAMS + name), of_others))
    for name in sorted(_named(arrays, _METRICS)):
        columns[name] = pd.Series(arrays.pop(_METRICS + name).to_numpy(), copy=True)
    if START in arrays and START not in columns:
        milliseconds = arrays.pop(START).to_numpy()
        columns[START] = pd.Series(pd.to_datetime(milliseconds, unit="ms", utc=True))
    if TABLE in arrays and TABLE not in columns:
        columns[TABLE] = _text(arrays.pop(TABLE)).str.slice(0, _DIGITS)
    if TRAINER in arrays and TRAINER not in columns:
        columns[TRAINER] = _text(arrays.pop(TRAINER))
    # Joining columns in blocks would copy all numbers; of very many, pandas wants that.
    frame = pd.DataFrame(columns, copy=len(columns) > _MOST_APART)
    frame.attrs["params"] = params
    pa.default_memory_pool().release_unused()
    return frame


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Some rows at a time; at least one batch, be it empty. None is held while the next is made."""
    remaining = iter(rows)
    yield list(islice(remaining, _AT_ONCE))
    for first in remaining:
        yield [first, *islice(remaining, _AT_ONCE - 1)]


def _table(rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    columns = {}
    for name in dict.fromkeys(chain(LEADING, *rows)):
        values = [row.get(name) for row in rows]
        if name in LEADING:
            columns[name] = pa.array(values, pa.large_string())
        elif name == START:
            columns[name] = pa.array(values, pa.int64())
        elif name in (TABLE, TRAINER) or name.startswith(_PARAMS):  # few different texts
            columns[name] = pa.array(values, pa.large_string()).dictionary_encode()
        elif name != _METRICS + CURVE:  # its last value is `final_loss`
            columns[name] = pa.array(values, pa.float64())
    return pa.table(columns)


def _named(names: Iterable[str], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _typed(column: pa.ChunkedArray) -> pd.Series[Any]:
    """Params as what they spell: numbers, truth values, or text."""
    import pandas as pd
    import pyarrow as pa

    encoded = pa.concat_arrays(column.unify_dictionaries().chunks)
    codes = encoded.indices.fill_null(-1).to_numpy()  # -1: the missing value, behind all others
    values = [_value(text) for text in encoded.dictionary.to_pylist()]
    kinds, partly = {type(value) for value in values}, encoded.null_count > 0
    if kinds <= {str} or (bool in kinds and len(kinds) > 1):
        return _text(encoded.cast(pa.large_string()))
    if kinds <= {int, float} or kinds == {bool}:
        if not partly:
            return pd.Series(np.array(values)[codes])
        return pd.Series(np.array([*values, nan], object if kinds == {bool} else float)[codes])
    return pd.Series(np.array([*values, nan], object)[codes])


def _completed(
    name: str, column: pa.ChunkedArray, of_others: pa.ChunkedArray | None
) -> pa.ChunkedArray:
    """A param with the default in runs that are recorded without it, as it played no part in them.

    Runs beside them have another value, and a comparison needs both.

    Args:
        name: of the param.
        column: its texts.
        of_others: which runs are of a user's trainer, whose keys are others; None for none.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    default = _left_out().get(name)
    if default is None or not column.null_count:
        return column
    texts = column.cast(pa.large_string())
    filled = pc.fill_null(texts, pa.scalar(default, pa.large_string()))
    if of_others is not None:
        filled = pc.if_else(of_others, texts, filled)
    return filled.dictionary_encode()


def typed_again(frame: pd.DataFrame) -> pd.DataFrame:
    """A table from a file, in which a param with values of several types is text."""
    import pyarrow as pa

    texts = [name for name in setting_keys(frame) if frame[name].dtype == "str"]
    columns = {
        name: pa.chunked_array([pa.array(frame[name], pa.large_string()).dictionary_encode()])
        for name in texts
    }
    typed = {name: _typed(column) for name, column in columns.items()}
    return frame.assign(**{name: t for name, t in typed.items() if t.dtype == object})


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text


def _text(array: pa.Array | pa.ChunkedArray) -> pd.Series[Any]:
    """An Arrow array as pandas keeps text, without a copy."""
    import pandas as pd

    kept: Any = pd.StringDtype("pyarrow", na_value=nan)
    return pd.Series(kept.__from_arrow__(array))


def curves_frame(curves: Sequence[Curve], name: str = CURVE) -> pd.DataFrame:
    """Curves (run id, steps, values) below one another."""
    none = [np.empty(0)]
    return long_frame(
        [run_id for run_id, _, _ in curves],
        np.repeat(np.arange(len(curves)), [len(steps) for _, steps, _ in curves]),
        np.concatenate([steps for _, steps, _ in curves] or none),
        np.concatenate([losses for _, _, losses in curves] or none),
        name,
    )


def long_frame(
    run_ids: Sequence[str],
    runs: np.ndarray[Any, Any],
    steps: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    name: str = CURVE,
) -> pd.DataFrame:
    """A table of curves from its columns, each (N,).

    Args:
        run_ids: of the runs.
        runs: which of them each row belongs to, as an index.
        steps: epochs completed.
        values: at that step.
        name: of the values.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "run_id": pd.array(run_ids, dtype="str").take(runs),
            "step": steps.astype(np.int64),
            name: values.astype(np.float64),
        }
    )


def client_row(run: Run) -> dict[str, Any]:
    """One of MLflow's runs as a row for `runs_frame`."""
    tags = run.data.tags
    return row_of(
        run.info.run_id,
        run.info.run_name,
        run.info.status,
        tags,
        run.data.params,
        run.data.metrics,
    ) | {START: run.info.start_time}


def row_of(
    run_id: str,
    name: str,
    status: str,
    tags: dict[str, str],
    params: dict[str, str],
    metrics: dict[str, float],
) -> dict[str, Any]:
    """A row for `runs_frame`."""
    return {
        "run_id": run_id,
        "name": name,
        "status": status,
        "outcome": tags.get(OUTCOME_TAG),
        "sweep": tags.get(SWEEP_TAG),
        "key": tags[KEY_TAG],
        **{name: intern(tags[tag]) for name, tag in OWN_TAGS.items() if tag in tags},
        # Many rows have the same few keys and values: each is in memory once.
        **{intern(f"params.{key}"): intern(value) for key, value in params.items()},
        **{intern(f"metrics.{key}"): value for key, value in metrics.items()},
    }


def _schema_order(name: str) -> tuple[int, str]:
    order = _order()
    return order.get(name, len(order)), name


@cache
def _order() -> dict[str, int]:
    """The keys of the built-in trainer, in its own order; those of others are sorted by name."""
    trainer = built_in()
    keys = () if trainer is None else [leaf.key for leaf in trainer.schema.fields]
    return {key: number for number, key in enumerate(keys)}


@cache
def _left_out() -> dict[str, str]:
    """The keys of the built-in trainer that runs are recorded without at their defaults."""
    trainer = built_in()
    fields = () if trainer is None else trainer.schema.fields
    defaults = {one.key: one.item.default for one in fields if one.item.metadata.get("silent")}
    return as_texts({key: value for key, value in defaults.items() if value is not None})


def setting_keys(runs: pd.DataFrame) -> list[str]:
    """The keys that make settings of recorded runs, in order: their params but the seed.

    The trainer with its version comes before them where the runs are of several, and the digest of
    the table after them where one file had several contents: such runs are not of one setting.
    Params whose column was dropped, as none of the runs has them, are left out.
    """
    params = runs.attrs.get("params", _order())
    keys = [name for name in params if name != "seed" and name in runs]
    if TRAINER in runs and len(runs[TRAINER].unique()) > 1:
        keys.insert(0, TRAINER)
    if TABLE in runs and TABLE not in keys and "task.path" in runs:
        contents = runs[["task.path", TABLE]].dropna().drop_duplicates()
        keys += [TABLE] * bool(contents["task.path"].duplicated().any())
    return keys
