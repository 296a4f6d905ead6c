"""Repeating a run from its own record: the same bits, or what has changed since."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import xorlab
from xorlab.commands.repeat import main
from xorlab.system.environment import PARTS, decoded, differences, encoded, environment
from xorlab.tracking.store.opening import open_store

TABLE = "0,0,0\n0,1,1\n1,0,1\n1,1,0\n"
SWEEP = (
    "-m",
    "seed=1,2",
    "network.hidden=2,[3,2]",
    "training.epochs=60",
    "hydra.launcher.executor=inline",
)


def client():
    return open_store(None, "xorlab").client


@pytest.mark.parametrize(
    "overrides",
    [
        ["seed=3", "training.epochs=50"],
        ["optimizer.lr=3", "training.epochs=2000", "training.stop_when_solved=true"],
        ["network.output=linear", "network.activation=relu", "optimizer.lr=1e9"],
        [
            "task=parity",
            "network.hidden=[3,2]",
            "network.skip=all",
            "training.dtype=float32",
            "optimizer=adam",
            "training.epochs=20",
        ],
    ],
)
def test_a_run_by_itself_repeats_bit_for_bit(overrides, command, store_file, capfd):
    assert command(*overrides).code == 0
    run = xorlab.load_runs()["run_id"].iloc[0]
    assert main([run]) == 0
    printed = capfd.readouterr().out
    assert printed.count("the same bits") == 4
    assert printed.endswith("The run repeats bit for bit.\n")
    assert len(xorlab.load_runs()) == 1  # nothing is recorded


@pytest.mark.parametrize("bulk", ["true", "false"])
def test_every_run_of_a_sweep_repeats(bulk, command, store_file, capfd):
    assert command(*SWEEP, f"tracking.bulk={bulk}").code == 0
    runs = xorlab.load_runs()
    for run in runs["run_id"]:
        assert main([run]) == 0
    assert main([runs["sweep"].iloc[0]]) == 2
    assert "this is a sweep; name one of its runs" in capfd.readouterr().err


@pytest.mark.slow
def test_a_run_on_a_server_repeats(command, server, capfd):
    there = [f"tracking.uri={server}", "tracking.experiment=repeated"]
    assert command("training.epochs=30", *there).code == 0
    run = xorlab.load_runs(server, "repeated")["run_id"].iloc[0]
    assert main([run, "--uri", server]) == 0
    assert main([run[:12], "--uri", server]) == 0


def test_a_run_goes_by_the_beginning_of_its_id_or_key(command, store_file, capfd):
    for experiment in ("one", "two"):
        assert command("training.epochs=9", f"tracking.experiment={experiment}").code == 0
    first, second = (xorlab.load_runs(experiment=name).iloc[0] for name in ("one", "two"))
    assert main([first["run_id"][:8]]) == 0
    assert f"Training run {first['run_id']} again" in capfd.readouterr().out
    assert main([second["run_id"][:8].upper()]) == 0
    assert first["key"] == second["key"]
    assert main([first["key"][:8]]) == 2
    printed = capfd.readouterr().err
    assert "2 runs in sqlite:" in printed
    assert first["run_id"] in printed
    assert second["run_id"] in printed
    client().delete_run(second["run_id"])
    assert main([first["key"][:8]]) == 0


def test_another_processor_is_named(command, store_file):
    command("training.epochs=30")
    run = xorlab.load_runs()["run_id"].iloc[0]
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    if not found:
        pytest.skip("NumPy has one set of loops for this processor")
    ended = subprocess.run(
        [sys.executable, "-m", "xorlab.commands.repeat", run],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(found)},
    )
    assert ended.returncode in (0, 1)  # the bits may agree all the same
    assert "processor features that NumPy uses: " in ended.stdout
    assert f"{found[-1]} then" in ended.stdout


def test_other_libraries_and_code_are_named(command, store_file, capfd):
    command("training.epochs=30")
    run = xorlab.load_runs()["run_id"].iloc[0]
    then = {**environment(), "numpy": "1.0", "code": "abc"}
    del then["python"]
    client().set_tag(run, "xorlab.environment", encoded(then))
    assert main([run]) == 0
    printed = capfd.readouterr().out
    assert "The run repeats bit for bit, although this has changed:" in printed
    assert f"NumPy version: 1.0 then, {np.__version__} now" in printed
    assert "source code of xorlab: abc then" in printed
    assert "Python version: not recorded" in printed


def test_a_record_that_was_altered_does_not_repeat(command, store_file, capfd):
    command("training.epochs=30")
    run = xorlab.load_runs()["run_id"].iloc[0]
    folder = Path(client().download_artifacts(run, ""))
    with np.load(folder / "weights.npz") as arrays:
        changed = dict(arrays)
    changed["weights_1"][0, 0] = np.nextafter(changed["weights_1"][0, 0], 9)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **changed)
    (folder / "weights.npz").write_bytes(file.getvalue())
    assert main([run]) == 1
    printed = capfd.readouterr().out
    assert "1 of 9 numbers differ, by" in printed
    assert printed.count("the same bits") == 3
    assert "although code, libraries and processor are the same" in printed
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text.replace("lr: 0.1", "lr: 0.2"))
    assert main([run]) == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "gives another key than its tag xorlab.key: one of them was altered" in printed.err


def test_a_table_that_changed_or_moved_is_named(command, store_file, tmp_path, capfd):
    table = tmp_path / "mine.csv"
    table.write_text(TABLE)
    assert command("task=table", "task.path=mine.csv", "training.epochs=9").code == 0
    run = xorlab.load_runs()["run_id"].iloc[0]
    digest = client().get_run(run).data.tags["xorlab.table"]
    assert main([run]) == 0
    moved = table.rename(tmp_path / "moved.csv")
    assert main([run]) == 2
    assert "--table PATH says where it is now" in capfd.readouterr().err
    assert main([run, "--table", str(moved)]) == 0
    moved.write_text(TABLE.replace("1,1,0", "1,1,1"))
    capfd.readouterr()
    assert main([run, "--table", str(moved)]) == 1
    assert f"SHA-256 {digest[:12]} then" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["f" * 32], 2, "there is no such run"),
        (["../../etc"], 2, "a run id is made of letters and digits"),
        (["a\nb"], 2, "a run id is made of"),
        (["abc"], 2, "abc: at least 4 letters or digits of a run id are needed"),
        (["f" * 32, "--uri", "ftp://me:secret@x"], 2, "tracking.uri=ftp://***@x"),
        (["f" * 32, "--uri", "sqlite:///nowhere.db"], 1, "does not exist; has a run"),
    ],
)
def test_wrong_usage_is_reported_in_a_line(arguments, code, message, store_file, capfd):
    assert main(arguments) == code
    printed = capfd.readouterr()
    assert message in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_what_was_recorded_comes_back():
    assert decoded(encoded(environment())) == environment()
    assert differences(environment(), environment()) == []
    assert set(environment()) == set(PARTS)
    for broken in (None, "", "{", "[]", "3"):
        assert decoded(broken) == {}
        assert len(differences(decoded(broken), environment())) == len(PARTS)
