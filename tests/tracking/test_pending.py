"""Files of an outbox: what is read is what was written."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xorlab.tracking.outbox.pending import (
    DamagedError,
    PendingFile,
    PendingRun,
    PendingSweep,
    decoded,
)
from xorlab.tracking.write.record import Record

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
records = st.builds(
    Record,
    name=texts,
    status=st.sampled_from(["FINISHED", "FAILED"]),
    started=st.integers(0, 2**50),
    ended=st.integers(0, 2**50),
    params=st.dictionaries(texts, texts, max_size=3),
    tags=st.dictionaries(texts, texts, max_size=3),
    metrics=st.dictionaries(texts, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    step=st.integers(0, 10**8),
    curves=st.dictionaries(
        texts,
        st.tuples(
            st.lists(st.integers(0, 10**8), max_size=4).map(lambda v: np.array(v, np.int64)),
            st.lists(st.floats(), max_size=4).map(lambda v: np.array(v, np.float64)),
        ),
        max_size=3,
    ),
    artifacts=st.dictionaries(st.sampled_from(["a.txt", "b.npz", "c d.json"]), st.binary()),
)
pending_runs = st.builds(PendingRun, st.just("0" * 32), texts, texts, st.booleans(), records)
RUN = PendingRun("0" * 32, "http://host", "e", True, Record("r", "FINISHED", 1, 2, {}, {"k": "v"}))


@given(run=pending_runs)
def test_a_run_is_read_back_bit_for_bit(run):
    found = decoded(run.content())
    assert found.content() == run.content()
    assert (found.record.params, found.record.tags) == (run.record.params, run.record.tags)
    curves = [
        {name: (steps.tobytes(), values.tobytes()) for name, (steps, values) in one.curves.items()}
        for one in (found.record, run.record)
    ]
    assert curves[0] == curves[1]


def test_a_run_of_format_2_has_the_loss_apart_from_its_other_curves():
    loss, hits = (np.arange(3), np.ones(3)), (np.arange(2), np.zeros(2))
    run = replace(RUN, record=replace(RUN.record, curves={"loss": loss, "hits": hits}))
    with np.load(io.BytesIO(run.content())) as archive:
        arrays = dict(archive)
    header = json.loads(arrays["header"].tobytes()) | {"format": 2, "curves": ["hits"]}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    old = {"steps_0": "steps", "values_0": "loss", "steps_1": "steps_0", "values_1": "values_0"}
    file = io.BytesIO()
    np.savez(file, **{old.get(name, name): array for name, array in arrays.items()})
    assert decoded(file.getvalue()).content() == run.content()


@given(position=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans())
@example(position=0, bit=0, cut=True)
def test_a_damaged_file_is_known_as_such_or_has_lost_nothing(position, bit, cut):
    content = bytearray(RUN.content())
    position %= len(content)
    if cut:
        del content[position:]
    else:
        content[position] ^= 1 << bit
    try:
        found = decoded(bytes(content))
    except DamagedError:
        return
    assert found.content() == RUN.content()


@pytest.mark.parametrize("name", ["../up", "/tmp/up", "a\\b", "..", ""])
def test_a_file_leads_into_no_other_folder(name):
    run = PendingRun(
        "0", "s", "e", True, Record("r", "FINISHED", 1, 2, {}, {}, artifacts={name: b""})
    )
    with pytest.raises(DamagedError, match="cannot be the name of a file"):
        decoded(run.content())


@given(
    content=st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | texts,
        lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    ).map(lambda value: json.dumps(value).encode())
)
@example(content=b'{"format": 1, "store": "s", "experiment": "e", "run_id": "r", "status": "s"}')
def test_other_content_is_refused(content):
    with pytest.raises(DamagedError):
        decoded(content)


def test_an_end_of_a_sweep_is_read_back():
    ending = PendingSweep("s", "e", "r", "FINISHED", ["k", "l"], 1.5, 2, ["a note"], [])
    assert decoded(ending.content()) == ending


@given(data=st.binary(), position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_file_of_a_run_is_read_back_or_known_as_damaged(data, position, bit):
    file = PendingFile("s", "e", "r", "pieces", "0001.npz", data)
    assert decoded(file.content()) == file
    content = bytearray(file.content())
    content[position % len(content)] ^= 1 << bit
    with contextlib.suppress(DamagedError):
        assert decoded(bytes(content)) == file
    with pytest.raises(DamagedError):
        decoded(PendingFile("s", "e", "r", "../up", "0001.npz", data).content())
