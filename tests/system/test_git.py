"""Provenance: the git state of the working folder, bounded, and nothing beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import xorlab
from xorlab.system.git import MAX_DIFF_BYTES, provenance
from xorlab.tracking.store.opening import open_store


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    done = subprocess.run(
        ["git", *identity, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git("init", "-q")
    git("remote", "add", "origin", "https://me:secret@host/x.git")
    (tmp_path / "tracked.txt").write_text("one\n")
    git("add", "tracked.txt")
    git("commit", "-q", "-m", "first")
    return tmp_path


def test_outside_a_repository_only_versions_are_told(tmp_path):
    found = provenance(tmp_path)
    assert (found.commit, found.dirty, found.files()) == (None, None, {})
    assert set(found.tags()) == {"xorlab.version", "xorlab.environment"}


def test_a_clean_repository_has_no_diff(repository):
    (repository / "untracked.txt").write_text("not mine to tell")
    found = provenance(repository)
    assert (found.dirty, found.files()) == (False, {})
    assert found.commit == git("rev-parse", "HEAD").strip()


def test_the_diff_applies_and_leaves_untracked_files_out(repository, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "from-the-environment")
    (repository / "tracked.txt").write_text("one\ntwo\n")
    (repository / "untracked.txt").write_text("not mine to tell")
    found = provenance(repository)
    ((name, diff),) = found.files().items()
    assert name == f"changes-{found.tags()['xorlab.changes']}.diff"
    assert b"+two" in diff
    seen = diff + repr(found.tags()).encode()
    for hidden in (b"not mine", b"untracked", b"secret", b"from-the-environment"):
        assert hidden not in seen
    git("checkout", "-q", "tracked.txt")
    Path("kept.diff").write_bytes(diff)
    git("apply", "kept.diff")
    assert (repository / "tracked.txt").read_text() == "one\ntwo\n"


def test_a_long_diff_is_cut_at_a_line_and_says_so(repository):
    hashes = set()
    for last in "ab":
        (repository / "tracked.txt").write_text("a line like any other\n" * 60_000 + last)
        found = provenance(repository)
        assert len(found.changes) <= MAX_DIFF_BYTES + 100
        *_, before, cut = found.changes.decode().splitlines()
        assert before == "+a line like any other"
        assert cut.startswith("# cut here by xorlab: ")
        hashes.add(found.changes_hash)
    assert len(hashes) == 2  # of all of it


def test_programs_that_a_repository_names_are_not_run(repository):
    git("config", "diff.external", "touch pwned")
    git("config", "core.fsmonitor", "touch pwned")
    git("config", "diff.x.textconv", "touch pwned")
    for name in ("y", "z=.clean"):
        git("config", f"filter.{name}.clean", "touch pwned")
        git("config", f"filter.{name}.process", "touch pwned")
        git("config", f"filter.{name}.required", "true")
    (repository / ".gitattributes").write_text("*.txt diff=x filter=y\nt* filter=z=.clean\n")
    (repository / "tracked.txt").write_text("two\n")
    assert provenance(repository).dirty
    assert not (repository / "pwned").exists()


@pytest.mark.slow
def test_runs_and_sweeps_keep_the_diff(command, repository, store_file):
    (repository / "tracked.txt").write_text("two\n")
    inline = "hydra.launcher.executor=inline"
    assert command("training.epochs=5").code == 0
    assert command("-m", "seed=1,2", "training.epochs=5", inline).code == 0
    client = open_store(None, "xorlab").client
    runs = xorlab.load_runs()
    sweep = runs["sweep"].dropna().iloc[0]
    for run in (runs.loc[runs["sweep"].isna(), "run_id"].iloc[0], sweep):
        tags = client.get_run(run).data.tags
        names = [artifact.path for artifact in client.list_artifacts(run)]
        assert f"changes-{tags['xorlab.changes']}.diff" in names
    for run in runs.loc[runs["sweep"].notna(), "run_id"]:
        assert client.get_run(run).data.tags["xorlab.changes"] == tags["xorlab.changes"]
        assert not any(a.path.endswith(".diff") for a in client.list_artifacts(run))
