"""What a store says is understood by the kind of store that says it."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

import xorlab
from tests.helpers.handlers import serving
from xorlab.errors import ConfigError, StoreError
from xorlab.tracking.store.address import resolve
from xorlab.tracking.store.errors import explained
from xorlab.tracking.store.opening import open_store

PAGE = "<!doctype html><html><title>Not here: permission denied, disk quota exceeded</title></html>"


class _Answering(BaseHTTPRequestHandler):
    """Gives one answer to whatever is asked."""

    status, body, elsewhere, asked = 200, "", "", 0

    def do_GET(self) -> None:
        type(self).asked += 1
        content = self.body.encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(content)))
        if self.elsewhere:
            self.send_header("Location", self.elsewhere)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextlib.contextmanager
def _served() -> Iterator[tuple[str, type[_Answering]]]:
    kind = type("Answering", (_Answering,), {})
    with serving(kind) as address:
        yield address, kind


@pytest.fixture
def answering() -> Iterator[tuple[str, type[_Answering]]]:
    with _served() as served:
        yield served


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (403, PAGE, r"does not let this user in \(it answers 403\)\. Check MLFLOW_TRACKING_USER"),
        (403, "Permission denied", r"user in \(it answers 403: Permission denied\)"),
        (403, "Invalid Host header - possible DNS rebinding attack", "Invalid Host header"),
        (401, "You are not authenticated", r"user in \(it answers 401: You are not auth"),
        (
            403,
            '{"error_code": "PERMISSION_DENIED", "message": "Permission denied"}',
            r"user in \(it answers 403: Permission denied\)",
        ),
        (404, PAGE, r"not the address of an MLflow server \(it answers 404\).*--static-prefix"),
        (405, PAGE, r"not the address of an MLflow server \(it answers 405\)"),
        (200, PAGE, r"not the address of an MLflow server \(it answers with a page\)"),
    ],
)
def test_what_a_server_refuses_is_not_taken_for_a_file(status, body, message, answering):
    address, kind = answering
    kind.status, kind.body = status, body
    with pytest.raises(StoreError, match=message) as caught:
        open_store(address, "xorlab", create=False)
    text = str(caught.value)
    assert text.startswith(f"cannot open the tracking store {address}: ")
    for foreign in ("<", "folder writable", "Free some space"):
        assert foreign not in text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_request_follows_a_server_to_another_host(status, answering):
    address, kind = answering
    with _served() as (elsewhere, other):
        kind.status, kind.elsewhere = status, f"{elsewhere}/api/2.0/mlflow/experiments/get-by-name"
        with pytest.raises(StoreError, match=rf"sends its callers elsewhere.*answers {status}"):
            open_store(address.replace("//", "//me:secret@"), "xorlab")
        assert kind.asked
        assert not other.asked


@pytest.mark.parametrize(
    ("uri", "error", "word"),
    [
        ("http://host:5000", PermissionError(13, "Permission denied", "/srv/art/x"), "/srv/art"),
        ("http://host:5000", Exception("database is locked"), None),
        ("postgresql://h/d", Exception("permission denied for table runs"), "let this user in"),
        ("postgresql://h/d", Exception("database is locked"), None),
        ("postgresql://h/d", Exception("No space left on device"), "disk is full"),
        ("sqlite:////a.db", Exception("role x does not exist"), None),
        ("sqlite:////a.db", Exception("Permission denied"), "folder writable"),
    ],
)
def test_a_word_means_what_it_means_in_that_store(uri, error, word):
    text = explained(uri, error)
    assert (text is None) == (word is None)
    assert word is None or word in text


@pytest.mark.parametrize(
    "address",
    [
        "http://host:5000/#/experiments/1",
        "https://host/mlflow/#/experiments/1/runs?workflowType=machine_learning",
        "http://host:5000/?x=1",
    ],
)
def test_the_address_of_a_browser_is_refused_with_the_servers_own(address):
    with pytest.raises(ConfigError, match="without a page of its UI: ") as caught:
        resolve(address)
    proposed = str(caught.value).rpartition(" ")[2]
    assert resolve(proposed) == proposed == address.partition("/#")[0].partition("/?")[0]


def test_a_deleted_experiment_is_restored_by_the_command_that_is_printed(store_file):
    store = open_store(None, "mine")
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(StoreError, match="was deleted") as caught:
        open_store(None, "mine")
    (command,) = re.findall("`(.+)`", str(caught.value))
    variable, _, *words = shlex.split(command)
    assert variable == f"MLFLOW_TRACKING_URI=sqlite:///{store_file}"
    assert words == ["experiments", "restore", "--experiment-id", store.experiment_id]


@pytest.mark.slow
def test_the_experiment_of_the_environment_counts_like_its_address(
    command, store_file, monkeypatch
):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from outside")
    ended = command("training.epochs=3", "seed=4")
    assert "in experiment 'from outside'" in ended.out
    assert xorlab.load_runs()["seed"].tolist() == [4]
    assert command("training.epochs=3", "tracking.experiment=xorlab").code == 0
    assert xorlab.load_runs(experiment="xorlab")["seed"].tolist() == [42]
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "a\nb")
    ended = command("training.epochs=3")
    assert (ended.code, "MLFLOW_EXPERIMENT_NAME=a" in ended.err) == (2, True)


@pytest.mark.slow
def test_a_sweep_is_found_by_its_beginning_and_as_the_latest(command, store_file):
    small = ("training.epochs=3", "hydra.launcher.executor=inline")
    command("-m", "seed=0,1", *small)
    command("-m", "seed=5,6,7", *small)
    latest = xorlab.load_runs(sweep="latest")
    assert sorted(latest["seed"]) == [5, 6, 7]
    sweep = latest["sweep"].iloc[0]
    assert sorted(xorlab.load_runs(sweep=sweep[:9])["seed"]) == [5, 6, 7]
    assert sorted(xorlab.load_runs(sweep=sweep)["seed"]) == [5, 6, 7]
    for wrong in ("f" * 32, "no such id", "'; DROP"):
        with pytest.raises(StoreError, match=r"no such sweep|letters and digits"):
            xorlab.load_runs(sweep=wrong)
