"""Hostile input: refused in a line; nothing is called, unpickled, or written elsewhere."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import xorlab
from tests.fuzz.__main__ import fuzz
from tests.fuzz.runs import record_some
from xorlab.config import data_files
from xorlab.errors import ConfigError, UsageError
from xorlab.networks.tasks import table_file, table_rows
from xorlab.networks.tasks.table import Table
from xorlab.networks.tasks.tasks import make_task

CALLS = "hydra:\n  callbacks:\n    a: {_target_: pathlib.Path.touch, self: pwned}\n"
LOGS = (
    "hydra:\n  job_logging:\n    version: 1\n    handlers: {a: {(): subprocess.Popen, args: x}}\n"
)


def test_five_hundred_hostile_inputs_are_taken_or_refused_readably(tmp_path, store_file):
    folder = tmp_path / "work"
    folder.mkdir()
    store_file.rename(folder / "mlflow.db")
    os.chdir(folder)  # the test's own folder is put back with the fixture
    record_some()
    lines: list[str] = []
    assert fuzz(500, 0, folder, lines.append) == 0, "\n".join(lines)
    assert len(lines) == 10


@pytest.mark.parametrize(
    "override",
    [
        "+_target_=os.system",
        "+task._target_=os.system",
        "++optimizer._target_=os.system",
        "+init._partial_=true",
        "task={_target_: os.system}",
    ],
)
def test_a_target_among_the_science_keys_is_refused(override):
    with pytest.raises((UsageError, ConfigError), match=r"^(_target_|\w+\._\w+_|task): "):
        xorlab.configure(override)


@pytest.mark.parametrize(
    "start",
    [
        ["task=mine"],
        ["-m", "seed=1,2", "task=mine"],
        ["-m", "task=mine,xor", "hydra/launcher=basic"],
    ],
)
@pytest.mark.parametrize("content", [CALLS, LOGS])
def test_a_file_cannot_have_hydra_call_anything(start, content, command, tmp_path):
    place = tmp_path / "theirs" / "task"
    place.mkdir(parents=True)
    (place / "mine.yaml").write_text(f"# @package _global_\ntask: {{low: 0}}\n{content}")
    ended = command("--config-dir", "theirs", *start)
    assert ended.code == 2
    assert "a file cannot name code to be called" in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "content",
    [
        "job: {env_set: {PATH: /theirs}}",
        "job: {env_copy: [HOME]}",
        "job_logging: {handlers: {a: {class: logging.FileHandler, filename: pwned}}}",
        "hydra_logging: {handlers: {a: {class: logging.FileHandler, filename: pwned}}}",
        "run: {dir: pwned}",
        "sweep: {dir: pwned}",
        "output_subdir: pwned",
    ],
)
def test_a_file_cannot_set_what_changes_more_than_the_sweep(content, command, tmp_path):
    (tmp_path / "mine.yaml").write_text(f"defaults: [config, _self_]\nhydra: {{{content}}}\n")
    ended = command("--config-dir", ".", "--config-name", "mine", "training.epochs=2")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert (
        ended.err.startswith(f"xorlab: hydra.{content.partition(':')[0]}.") or "=pwned" in ended.err
    )
    assert "a configuration file cannot set this" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_a_few_lines_of_aliases_are_not_written_out(command, tmp_path):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (tmp_path / "mine.yaml").write_text("\n".join(lines))
    ended = command("--config-dir", ".", "--config-name", "mine")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "mine.yaml: must have at most 100000 values, those that aliases" in ended.err


def test_a_file_can_choose_where_a_sweep_trains(command, tmp_path, store_file):
    content = "defaults: [config, _self_]\nhydra: {launcher: {executor: inline}}\n"
    (tmp_path / "mine.yaml").write_text(content)
    ended = command("-m", "--config-dir", ".", "--config-name", "mine", "training.epochs=2")
    assert (ended.code, ended.err) == (0, "")


def test_a_file_with_settings_alone_is_used(command, tmp_path, store_file):
    place = tmp_path / "theirs" / "optimizer"
    place.mkdir(parents=True)
    (place / "fast.yaml").write_text("defaults: [gd]\nlr: 3.5\n")
    ended = command("--config-dir", "theirs", "optimizer=fast", "training.epochs=5")
    assert (ended.code, ended.err) == (0, "")
    assert xorlab.load_runs()["optimizer.lr"].tolist() == [3.5]


@pytest.mark.slow
def test_modules_in_the_working_folder_are_not_imported(tmp_path, store_file):
    for name in ("random", "numpy", "xorlab", "struct", "signal", "mlflow", "omegaconf"):
        (tmp_path / f"{name}.py").write_text("open('pwned', 'w')\nraise SystemExit('pwned')\n")
    xorlab_command = Path(sys.executable).with_name("xorlab")
    for sweep in ([], ["-m", "seed=0,1"]):
        command = [xorlab_command, *sweep, "training.epochs=2"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert not (tmp_path / "pwned").exists()


def test_nothing_is_unpickled(command, tmp_path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "pwned",)

    content = pickle.dumps(Bomb())
    for name in ("config.pickle", "table.npz", "table.csv"):
        (tmp_path / name).write_bytes(content)
    ended = command("--experimental-rerun", "config.pickle")
    assert (ended.code, "unpickles" in ended.err) == (2, True)
    for name in ("table.npz", "table.csv"):
        with pytest.raises(ConfigError):
            make_task(Table(path=name))
    assert not (tmp_path / "pwned").exists()


def npz(shape: str, body: bytes = bytes(8)) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust(117) + b"\n"
    array = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + body
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("inputs.npy", "targets.npy"):
            archive.writestr(name, array)
    return file.getvalue()


def test_an_array_that_claims_to_be_large_gets_no_room(tmp_path):
    (tmp_path / "a.npz").write_bytes(npz("(1000000000000, 2)"))
    with pytest.raises(ConfigError, match="and is shorter"):
        make_task(Table(path="a.npz"))


def test_limits_of_tables_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(table_rows, "MAX_PATTERNS", 5)
    monkeypatch.setattr(table_rows, "MAX_COLUMNS", 4)
    (tmp_path / "long.csv").write_text("0,1\n" * 6)
    (tmp_path / "wide.csv").write_text(",".join(["1"] * 9))
    np.savez("long.npz", inputs=np.zeros((6, 1)), targets=np.zeros((6, 1)))
    np.savez("wide.npz", inputs=np.zeros((2, 5)), targets=np.zeros((2, 1)))
    for name, limit in {
        "long.csv": "at most 5 patterns",
        "long.npz": "at most 5 patterns",
        "wide.csv": "at most 8 columns",
        "wide.npz": "at most 4 columns of inputs",
    }.items():
        with pytest.raises(ConfigError, match=limit):
            make_task(Table(path=name))
    monkeypatch.setattr(data_files, "MAX_BYTES", 2**20)
    monkeypatch.setattr(table_file, "MAX_BYTES", 2**20)
    (tmp_path / "big.csv").write_bytes(b"0,1\n" * 300_000)
    (tmp_path / "bomb.npz").write_bytes(npz("(262144, 1)", bytes(2**21)))
    assert (tmp_path / "bomb.npz").stat().st_size < 10_000
    with pytest.raises(ConfigError, match="a file of at most 1 MiB"):
        make_task(Table(path="big.csv"))
    with pytest.raises(ConfigError, match="inputs of at most 1 MiB"):
        make_task(Table(path="bomb.npz"))


def test_a_pipe_a_device_or_a_broken_link_is_no_table(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    (tmp_path / "broken.csv").symlink_to("nowhere")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "zero.csv", "broken.csv", "folder.csv", "x" * 300 + ".csv", "a\0.csv"):
        with pytest.raises(ConfigError, match=r"task\.path"):
            make_task(Table(path=name))


@pytest.mark.parametrize(
    "name",
    ["../../up", "a/b", "..", "<b>x</b>", 'it\'s "quoted"', "{0}%s", "x" * 250, "é\U0001f600"],
)
def test_any_experiment_name_keeps_its_files_in_the_folder_of_artifacts(
    name, command, store_file, tmp_path
):
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    ended = command(f"tracking.experiment='{quoted}'", "training.epochs=2")
    assert (ended.code, ended.err) == (0, "")
    assert len(xorlab.load_runs(experiment=name)) == 1
    assert {path.name.partition(".db")[0] for path in tmp_path.iterdir()} == {
        "mlflow",
        "mlartifacts",
    }
    assert not list(tmp_path.parent.glob("up*"))


@pytest.mark.parametrize("name", ["a\nb", "x" * 251, "a\udcffb", "a\0b", "\x1b[31m"])
def test_a_name_that_lists_and_stores_cannot_hold_is_refused(name):
    config = xorlab.Config()
    config.tracking.experiment = name
    from xorlab.networks.rules import check

    with pytest.raises(ConfigError, match="a name in one line of at most 250"):
        check(config)


def test_an_error_is_one_line_of_bounded_length():
    from xorlab.errors import error_line

    line = error_line("xorlab", ConfigError("seed", "a\nb\x1b[31m\udcff" + "9" * 9000, "small"))
    assert line.count("\n") == 1
    assert line[:-1].isprintable()
    assert len(line) < 500
    assert "9000" not in line
    assert "must be small" in line


def test_markup_and_escapes_in_names_are_printed_as_text(command, tmp_path, store_file):
    from xorlab.commands.report import main as report

    names = []
    for number, name in enumerate(("[/b].csv", "[red]x[bold].csv", "\x1b[31mred.csv")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a,b,target\n0,1,1\n1,0,0\n")
        names.append(name)
        (tmp_path / f"{number}.csv").write_text("a,b,target\n0,1,1\n1,1,0\n")
    paths = ",".join(f"'{name}'" for name in (*names, "0.csv"))
    sweep = ("-m", "task=table", f"task.path={paths}", "training.epochs=5")
    inline = "hydra.launcher.executor=inline"
    for more in (("plan=true",), (inline, "tracking.experiment='[/b]x'")):
        ended = command(*sweep, *more)
        assert (ended.code, ended.err) == (0, "")
        assert "[/b].csv" in ended.out
        assert "[red]x[bold].csv" in ended.out
        assert "\x1b" not in ended.out
    assert report(["latest", "--experiment", "[/b]x", "--out", "report"]) == 0
