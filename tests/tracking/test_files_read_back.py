"""What was recorded is read back whole, or refused in one line with run, file and cause."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import xorlab
from tests.helpers.commands import Recorded, record
from xorlab.commands.repeat import main as repeat
from xorlab.config.yaml_size import read_yaml
from xorlab.errors import StoreError, UsageError
from xorlab.system.npz import npz_arrays, npz_bytes
from xorlab.tracking.read.files import read_all_files, read_file
from xorlab.tracking.read.sweep_files import recorded_curves, recorded_runs
from xorlab.tracking.store.opening import open_store

INLINE = "hydra.launcher.executor=inline"
PLANE = (
    "landscape.x=optimizer.lr",
    "landscape.x_low=0.5",
    "landscape.x_high=2",
    "landscape.y=weight.1",
    "landscape.y_low=-1",
    "landscape.y_high=1",
    "landscape.width=3",
    "landscape.height=2",
    "training.epochs=20",
    INLINE,
)


@pytest.fixture(scope="module")
def swept(tmp_path_factory, empty_store) -> Recorded:
    """A sweep of one run, a copy of whose folder each test changes."""
    folder = tmp_path_factory.mktemp("swept")
    return record(folder, empty_store, "-m", "seed=1", "training.epochs=5", INLINE)


@pytest.fixture
def run(swept, tmp_path) -> Iterator[tuple[str, Path]]:
    """A run and the folder of its files, which are as recorded again after the test."""
    shutil.copy(swept.store, tmp_path / "mlflow.db")
    (run_id,) = xorlab.load_runs()["run_id"]
    folder = Path(open_store(None, "xorlab").client.download_artifacts(run_id, ""))
    shutil.copytree(folder, tmp_path / "kept")
    yield run_id, folder
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "kept", folder)


def refusal(run_id: str, name: str, capfd, repeats: bool = True) -> str:
    """Why Python and the command refuse a run: the same line."""
    with pytest.raises(StoreError, match=rf"{run_id}") as caught:
        xorlab.load_weights(xorlab.load_runs())
    text = str(caught.value)
    assert name in text
    assert "\n" not in text
    if repeats:
        capfd.readouterr()
        assert repeat([run_id]) == 1
        assert capfd.readouterr().err == f"xorlab-repeat: {text}\n"
    return text


def test_weights_that_are_not_those_of_the_network_are_refused(run, capfd):
    run_id, folder = run
    path = folder / "weights.npz"
    whole = npz_arrays(path.read_bytes())
    for change, cause in (
        ({"weights_1": np.zeros((3, 2))}, r"weights_1 has the shape \(3, 2\), not \(2, 2\)"),
        ({"weights_2": np.zeros(2)}, r"weights_2 has the shape \(2,\)"),
        ({"biases_1": np.zeros((2, 1))}, r"biases_1 has the shape"),
        ({"biases_2": np.array(1.0)}, r"biases_2 has the shape \(\)"),
        ({"weights_1": np.zeros((2, 2), int)}, "weights_1 has values of type int64, not numbers"),
        ({"weights_1": np.array([["a", "b"]] * 2)}, "weights_1 has values of type <U1"),
        ({"skip": np.zeros((2, 1))}, "it has the arrays .*skip, not weights_1"),
        ({"weights_2": None}, "it has the arrays weights_1, biases_1, biases_2, not"),
    ):
        arrays = {name: a for name, a in (whole | change).items() if a is not None}
        path.write_bytes(npz_bytes(arrays))
        assert re.search(cause, refusal(run_id, "weights.npz", capfd))
    path.write_bytes(b"PK\x03\x04")
    assert "damaged, or not an npz file" in refusal(run_id, "weights.npz", capfd)


def test_a_configuration_that_is_absurd_or_was_altered_trains_nothing(run, capfd):
    run_id, folder = run
    path = folder / "config.yaml"
    text = path.read_text()
    bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    for content, cause in (
        (text + bomb, "at most 100000 values"),
        (text + "deep: " + "[" * 500 + "]" * 500, "at most 100 levels"),
        (text + "- 3", "mapping|block"),
        (text.replace("seed: 1", "seed: !!python/name:os.system"), "could not determine"),
        (text.replace("seed: 1", "seed: 1" + "0" * 5000), "seed|digits"),
        (text.replace("seed: 1", "seed: .inf"), "seed=inf"),
        (text.replace("epochs: 5", "epochs: 1.0e+300"), "training.epochs"),
        (text.replace("hidden: 2", "hidden: 2000000000"), "network.hidden"),
        ("\0\0", "control characters"),
        ("\u202e", ""),
    ):
        assert content != text
        path.write_text(content)
        found = refusal(run_id, "config.yaml", capfd)
        assert re.search(cause, found), found
    # It could be trained, and would take hours.
    path.write_text(text.replace("epochs: 5", "epochs: 90000000"))
    capfd.readouterr()
    assert repeat([run_id]) == 1
    printed = capfd.readouterr()
    assert "Training run" not in printed.out
    assert f"config.yaml of run {run_id} gives another key than its tag" in printed.err


def test_what_is_not_a_file_or_is_larger_than_memory_is_not_read(run, capfd):
    run_id, folder = run
    for name in ("weights.npz", "config.yaml", "predictions.json"):
        path, whole = folder / name, (folder / name).read_bytes()
        for spoil in (os.mkfifo, Path.mkdir, lambda p: p.symlink_to("/dev/zero"), lambda p: None):
            path.unlink()
            spoil(path)
            capfd.readouterr()
            assert repeat([run_id]) == 1
            assert f"run {run_id} has no readable {name}" in capfd.readouterr().err
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            path.unlink(missing_ok=True)
            path.write_bytes(whole)
        os.truncate(path, 1 << 43)  # 8 TiB on no more than a page of the disk
        assert repeat([run_id]) == 1
        assert f"{name} of run {run_id} cannot be used: reading it would need" in (
            capfd.readouterr().err
        )
        path.write_bytes(whole)
    assert repeat([run_id]) == 0
    store = open_store(None, "xorlab")
    (folder / "pipe").mkdir()
    os.mkfifo(folder / "fifo")
    assert set(read_all_files(store, run_id)) == {"config.yaml", "predictions.json", "weights.npz"}
    with pytest.raises(StoreError, match="there is no run unknown"):
        read_file(store, "unknown", "config.yaml")


def test_a_sweeps_tables_are_read_or_named(swept, tmp_path):
    shutil.copy(swept.store, tmp_path / "mlflow.db")
    store = open_store(None, "xorlab")
    sweep = xorlab.load_runs()["sweep"].iloc[0]
    folder = Path(store.client.download_artifacts(sweep, ""))
    assert len(recorded_runs(store, sweep)) == 1
    assert recorded_curves(store, [sweep])["step"].iloc[-1] == 5
    texts = {name: repeated("a" * 1_000_000, 50_000) for name in ("run_id", "status", "key")}
    numbers = {"step": pa.array(np.zeros(50_000, int)), "loss": pa.array(np.zeros(50_000))}
    read = {
        "runs.parquet": lambda: recorded_runs(store, sweep),
        "curves.parquet": lambda: recorded_curves(store, [sweep]),
    }
    for name, call in read.items():
        path, whole = folder / name, (folder / name).read_bytes()
        for content, cause in (
            (whole[:-30], ""),
            (b"PAR1", ""),
            (as_parquet({"run_id": pa.array([1])}), "run_id has the type int64"),
            (as_parquet({"run_id": pa.array(["a"])}), "(status|step)"),
            (as_parquet(texts | numbers), "need .* GB of memory"),
        ):
            path.write_bytes(content)
            refused = rf"{name} of run {sweep} cannot be used: .*{cause}"
            with pytest.raises(StoreError, match=refused):
                call()
        path.write_bytes(whole)


def as_parquet(columns: dict[str, pa.Array]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, store_schema=False)  # a dictionary is an encoding then
    return sink.getvalue().to_pybytes()


def repeated(text: str, count: int) -> pa.Array:
    """A column with one text, which is once in the file, and takes much more memory."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))


def test_a_damaged_landscape_is_one_line(command, store_file):
    assert command(*PLANE).code == 0
    found = xorlab.load_landscape()
    folder = Path(open_store(None, "xorlab").client.download_artifacts(found.run_id, ""))
    arrays, text = folder / "landscape.npz", (folder / "config.yaml").read_text()
    whole = npz_arrays(arrays.read_bytes())
    some = whole["outcome"]
    for change, cause in (
        ({"outcome": some[:1]}, "epochs_to_solve has 6 values of type .*, not 3"),
        ({"outcome": np.full_like(some, 9)}, "values that stand for no outcome"),
        ({"outcome": some.astype(float)}, "outcome has 6 values of type float64"),
        ({"x": whole["x"][:2]}, "it has 6 pixels, not 3 x 2"),
        ({"outcome": None}, "'outcome' is missing in it"),
        ({"failed": np.array([99]), "reasons": np.array(["why"])}, "pixels that there are not"),
    ):
        arrays.write_bytes(
            npz_bytes({name: a for name, a in (whole | change).items() if a is not None})
        )
        with pytest.raises(StoreError, match=f"landscape.npz of run {found.run_id} .*{cause}"):
            xorlab.load_landscape()
    arrays.write_bytes(npz_bytes(whole))
    for content, cause in (
        (text.replace("width: 3", "width: 8000"), "6 pixels, not 8000 x 2"),
        (text.replace("width: 3", "width: 900000000000"), "landscape.width"),
        (text.replace("landscape:", "landscapes:"), "'landscape' is missing"),
        ("[", "cannot be used: while parsing"),
    ):
        (folder / "config.yaml").write_text(content)
        with pytest.raises(StoreError, match=f"of run {found.run_id} .*{cause}"):
            xorlab.load_landscape()
    (folder / "config.yaml").write_text(text)
    assert xorlab.load_landscape().outcome.tolist() == found.outcome.tolist()


def test_yaml_that_is_small_in_every_way_is_read():
    assert read_yaml("a.yaml", "a: &a [1, 2]\nb: *a\n") == {"a": [1, 2], "b": [1, 2]}
    for text in ("[" * 101 + "]" * 101, "- " * 5000 + "a", "{a: " * 300 + "1" + "}" * 300):
        with pytest.raises(UsageError, match="levels"):
            read_yaml("a.yaml", text)
