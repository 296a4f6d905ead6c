"""Closed, full and broken output streams: results are recorded, and the exit code is right."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import xorlab
from xorlab.system.streams import Output, prints

RUN = "xorlab seed=3 training.epochs=20"
SWEEP = "xorlab -m seed=1,2 training.epochs=20 tracking.report=false hydra.launcher.executor=inline"
LOST = r"{}: standard output: No space left on device; .*\n"


def started(line: str, folder, **options) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        text=True,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.parametrize(
    ("line", "runs"), [(RUN, 1), pytest.param(SWEEP, 2, marks=pytest.mark.slow)]
)
def test_runs_are_recorded_although_standard_output_is_full(line, runs, tmp_path, store_file):
    full = started(f"{line} >/dev/full", tmp_path)
    assert full.returncode == 1
    assert re.fullmatch(LOST.format("xorlab"), full.stderr)
    assert len(xorlab.load_runs()) == runs
    assert (xorlab.load_runs()["status"] == "FINISHED").all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "name"),
    [
        (SWEEP, "xorlab"),
        ("xorlab --help", "xorlab"),
        ("xorlab-outbox", "xorlab-outbox"),
    ],
)
def test_every_command_ends_well_without_a_reader(line, name, tmp_path, store_file):
    for redirection, code, pattern in (
        (">/dev/full", 1, LOST.format(name)),
        (">&-", 0, ""),
        ("2>&- >/dev/null", 0, ""),
        ("| true; exit ${PIPESTATUS[0]}", 141, ""),
    ):
        ended = started(f"{line} {redirection}", tmp_path)
        assert ended.returncode == code, (redirection, ended.stderr)
        assert re.fullmatch(pattern, ended.stderr)


def test_the_first_error_is_kept_and_nothing_is_raised():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        output = Output(stream)
        assert output.write("one\n") == 4
        output.flush()
        assert isinstance(output.error, BrokenPipeError)
        assert output.write("two\n") == 4
        assert output.encoding == stream.encoding


def test_what_an_encoding_has_not_is_escaped(tmp_path):
    with (tmp_path / "text").open("w", encoding="ascii") as stream:
        Output(stream).write("\N{MIDDLE DOT} 0\n")
    assert (tmp_path / "text").read_text() == "\\xb7 0\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_interrupted_ends_with_a_code_and_no_traceback(number, code, capsys):
    @prints("anything")
    def works() -> int:
        signal.raise_signal(number)
        return 0

    before = signal.getsignal(signal.SIGTERM)
    assert works() == code
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_failure_is_worth_more_than_a_lost_line(capsys):
    @prints("anything")
    def fails() -> int:
        sys.stdout.write("text\n")
        return 2

    before = sys.stdout
    assert fails() == 2
    assert sys.stdout is before
    assert capsys.readouterr().out == "text\n"
