"""What a tracking server answers is looked at before it is believed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.helpers.handlers import serving
from xorlab.errors import StoreError, error_line, printable
from xorlab.sweeps.console import make_console, print_line
from xorlab.tracking.store.answers import refuse_location, refuse_other_host
from xorlab.tracking.store.artifacts import put_files
from xorlab.tracking.store.errors import explained
from xorlab.tracking.store.opening import open_store

EXPERIMENT = {"experiment_id": "7", "name": "xorlab", "lifecycle_stage": "active"}
EXPERIMENT |= {"artifact_location": "mlflow-artifacts:/7"}
INFO = {"run_id": "a" * 32, "experiment_id": "7", "status": "RUNNING"}


class _Saying(BaseHTTPRequestHandler):
    """Answers each call with what a test has set for the end of its path."""

    says: dict[str, tuple[int, object]]
    asked: list[str]

    def do_GET(self) -> None:
        call = self.path.partition("?")[0].rpartition("mlflow/")[2]
        self.asked.append(self.headers.get("Authorization", ""))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = self.says.get(call, (404, "nothing"))
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextlib.contextmanager
def _served() -> Iterator[tuple[str, type[_Saying]]]:
    known = {"experiments/get-by-name": {"experiment": EXPERIMENT}}
    known |= {"experiments/get": {"experiment": EXPERIMENT}}
    says = {call: (200, answer) for call, answer in known.items()}
    kind = type("Saying", (_Saying,), {"says": says, "asked": []})
    with serving(kind) as address:
        yield address, kind


@pytest.fixture
def saying() -> Iterator[tuple[str, type[_Saying]]]:
    with _served() as served:
        yield served


def info(**values: object) -> dict[str, object]:
    return {"run": {"info": INFO | values, "data": {}}}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"experiment": {"experiment_id": ["a"]}}, "get_experiment_by_name as an MLflow server"),
        ({"experiment": 7}, "get_experiment_by_name as an MLflow server"),
        ({"experiment": EXPERIMENT | {"name": "other"}}, "it names 'other'"),
        ({"experiment": EXPERIMENT | {"experiment_id": "../.."}}, r"'../..' cannot be an id"),
        ({}, "asked for experiment 'xorlab', it names ''"),
        (b"\xff\xfe{", "not the address of an MLflow server"),
        (b"[1, 2]", "not the address of an MLflow server"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_named_before_work_starts(answer, message, saying):
    address, kind = saying
    kind.says["experiments/get-by-name"] = 200, answer
    with pytest.raises(StoreError, match=message) as caught:
        open_store(address, "xorlab")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "path", "answer"),
    [
        (lambda c: c.get_run("a" * 32), "runs/get", info(run_id="b" * 32)),
        (lambda c: c.get_run("a" * 32), "runs/get", {}),
        (lambda c: c.create_run("7"), "runs/create", info(experiment_id="8")),
        (lambda c: c.create_run("7"), "runs/create", info(run_id="../../x")),
        (lambda c: c.search_runs(["7"]), "runs/search", {"runs": [info(experiment_id="8")["run"]]}),
        (lambda c: c.search_runs(["7"]), "runs/search", {"runs": [info(run_id="a/b")["run"]]}),
        (lambda c: c.search_runs(["7"]), "runs/search", {"runs": "many"}),
        (lambda c: c.get_experiment("9"), "experiments/get", {"experiment": EXPERIMENT}),
        (lambda c: c.create_experiment("x"), "experiments/create", {"experiment_id": "a b"}),
    ],
)
def test_an_answer_about_something_else_is_refused(call, path, answer, saying):
    address, kind = saying
    client = open_store(address, "xorlab").client
    kind.says[path] = 200, answer
    with pytest.raises(StoreError, match=r"does not answer \w+ as an MLflow server does"):
        call(client)


@pytest.mark.parametrize(
    "location",
    [
        "/etc/elsewhere",
        "file:///etc/elsewhere",
        "FILE:///etc/elsewhere",
        "../elsewhere",
        "mlartifacts/../../elsewhere",
        "file:///tmp/%2e%2e/elsewhere",
        "file://other-host/srv/files",
        "http://127.0.0.2:1/files",
        "mlflow-artifacts://127.0.0.2:1/files",
    ],
)
def test_a_server_does_not_decide_where_files_are_written(location, saying, tmp_path):
    address, kind = saying
    there = {"experiment": EXPERIMENT | {"artifact_location": location}}
    kind.says["experiments/get"] = 200, there
    with pytest.raises(StoreError, match="Nothing is written there unless you name it"):
        open_store(address, "xorlab")
    store = open_store(address, "xorlab", create=False)  # what it has can be read
    kind.says["runs/get"] = 200, info(artifact_uri=location)
    with pytest.raises(StoreError, match=r"tracking\.artifacts="):
        put_files(store, "a" * 32, {"report.html": b"here"})
    assert not list(tmp_path.iterdir())


def test_what_the_user_names_is_allowed(saying, tmp_path, monkeypatch):
    address, kind = saying
    shared = tmp_path / "shared"
    there = {"experiment": EXPERIMENT | {"artifact_location": f"{shared}/7"}}
    kind.says["experiments/get"] = 200, there
    kind.says["runs/get"] = 200, info(artifact_uri=f"{shared}/7/a")
    store = open_store(address, "xorlab", artifacts=str(shared))
    put_files(store, "a" * 32, {"report.html": b"here"})
    assert (shared / "7/a/report.html").read_bytes() == b"here"
    (tmp_path / "link").symlink_to(shared)
    monkeypatch.setenv("HOME", str(tmp_path))
    for allowed in (f"file://{shared}", "~/shared", str(tmp_path / "link")):
        refuse_location(address, f"{shared}/7", allowed)
    for location in ("mlflow-artifacts:/7", f"{address}/x", "s3://bucket/7"):
        refuse_location(address, location, None)
    refuse_location(address, "mlartifacts/7", None)  # where a store of one's own has them
    refuse_other_host(address, "http://files.example/a/b", "http://files.example/a")
    with pytest.raises(StoreError):
        refuse_other_host(address, "http://files.example/other", "http://files.example/a")


def test_no_password_goes_to_the_host_that_a_server_names(saying, monkeypatch):
    address, kind = saying
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    with _served() as (elsewhere, other):
        kind.says["runs/get"] = 200, info(artifact_uri=f"{elsewhere}/api/2.0/mlflow/x")
        client = open_store(address, "xorlab").client
        for call in (client.list_artifacts, lambda run: client.download_artifacts(run, "a")):
            with pytest.raises(StoreError, match="which is not the server itself"):
                call("a" * 32)
        assert any(kind.asked)
        assert not other.asked


def test_what_a_server_says_cannot_move_the_cursor(saying, capsys):
    address, kind = saying
    kind.says["experiments/get-by-name"] = 403, b"please \x1b[2Jgo away from here\x07"
    with pytest.raises(StoreError, match=r"answers 403: please \\x1b\[2Jgo away from here\\x07\)"):
        open_store(address, "xorlab")
    kind.says["experiments/get-by-name"] = 413, b"too large"
    with pytest.raises(StoreError, match=r"refuses what it is asked \(it answers 413: too large"):
        open_store(address, "xorlab")
    assert error_line("xorlab", "a\x1b]0;b\x07") == "xorlab: a\\x1b]0;b\\x07\n"
    print_line(make_console(), "run \x1b[31m\u202e one\n  then two")
    assert capsys.readouterr().out == "run \\x1b[31m\\u202e one\n  then two\n"
    assert printable("plain é") == "plain é"
    assert explained(address, ValueError("odd")) is None
