"""Outboxes that the version before left, in format 1: they are read and delivered."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

import xorlab
from xorlab.commands.outbox import main
from xorlab.tracking.names import RECORD_TAG, SWEEP_TAG
from xorlab.tracking.outbox.pending import PendingFile, PendingRun, PendingSweep, decoded
from xorlab.tracking.store.opening import open_store

# As that version wrote them, for one sweep and one landscape under way.
WRITTEN = Path(__file__).parent / "outbox_format_1"
NAMES = {"run.npz": "001700000000000-0123.npz", "piece.artifact": "l-0.artifact", "sweep.json": ""}


def with_ids(content: bytes, ids: dict[str, str]) -> bytes:
    """The same file with other values in its header."""

    def changed(header: bytes) -> bytes:
        for old, new in ids.items():
            header = header.replace(json.dumps(old).encode(), json.dumps(new).encode())
        return header

    if content.startswith(b"{"):
        return changed(content)
    with np.load(io.BytesIO(content)) as archive:
        arrays = dict(archive)
    for name in arrays.keys() & {"run", "told"}:
        arrays[name] = np.frombuffer(changed(arrays[name].tobytes()), np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_each_kind_is_read():
    kinds = {path.name: decoded(path.read_bytes()) for path in WRITTEN.iterdir()}
    run, piece, sweep = (kinds[name] for name in NAMES)
    assert isinstance(run, PendingRun)
    assert run.record.tags[RECORD_TAG] == run.id
    steps, loss = run.record.curves["loss"]
    assert (run.skip_existing, list(run.record.curves)) == (True, ["loss"])
    assert 0 < len(steps) == len(loss)
    assert set(run.record.artifacts) == {"config.yaml", "predictions.json", "weights.npz"}
    assert piece == PendingFile(
        "http://SERVER", "format 1", "LANDSCAPE", "pieces", "0001.npz", b"a piece"
    )
    key = run.record.tags["xorlab.key"]
    assert sweep == PendingSweep(
        "http://SERVER", "format 1", "PARENT", "FINISHED", [key], 1.5, 0, ["a note"], []
    )


def test_only_the_present_format_is_written():
    for path in WRITTEN.iterdir():
        pending = decoded(path.read_bytes())
        with np.load(io.BytesIO(pending.content())) as archive:
            assert json.loads(archive["header"].tobytes())["format"] == 3
        assert decoded(pending.content()).content() == pending.content()


@pytest.mark.parametrize("format_number", [0, 4, None])
def test_an_unknown_format_is_left_alone(format_number):
    header = json.loads((WRITTEN / "sweep.json").read_bytes()) | {"format": format_number}
    with pytest.raises(xorlab.StoreError, match="another version of xorlab wrote it"):
        decoded(json.dumps(header).encode())


def test_all_of_it_is_delivered(server, tmp_path, capfd):
    client = open_store(server, "format 1").client
    experiment = client.get_experiment_by_name("format 1").experiment_id
    sweep = client.create_run(experiment, run_name="sweep").info.run_id
    landscape = client.create_run(experiment, run_name="landscape").info.run_id
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    ids = {"http://SERVER": server, "PARENT": sweep, "LANDSCAPE": landscape}
    for name, new in NAMES.items():
        content = with_ids((WRITTEN / name).read_bytes(), ids)
        (outbox / (new or f"{sweep}.json")).write_bytes(content)
    assert main(["--folder", str(outbox), "--uri", server]) == 0, capfd.readouterr().err
    assert "2 results delivered to" in capfd.readouterr().out
    assert client.get_run(sweep).info.status == "FINISHED"
    (run,) = client.search_runs([experiment], f"tags.`{SWEEP_TAG}` = '{sweep}'")
    assert run.info.status == "FINISHED"
    expected = decoded((WRITTEN / "run.npz").read_bytes()).record
    assert run.data.params == expected.params
    curve = [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")]
    steps, loss = expected.curves["loss"]
    assert curve == list(zip(steps.tolist(), loss.tolist(), strict=True))
    weights = client.download_artifacts(run.info.run_id, "weights.npz", str(tmp_path))
    assert Path(weights).read_bytes() == expected.artifacts["weights.npz"]
    piece = client.download_artifacts(landscape, "pieces/0001.npz", str(tmp_path))
    assert Path(piece).read_bytes() == b"a piece"
    assert {path.name for path in outbox.iterdir()} <= {".lock"}
