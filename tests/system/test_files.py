"""Files that appear complete or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from xorlab.system.files import write_whole


@pytest.mark.parametrize("private", [False, True])
def test_a_file_has_the_new_content_and_nothing_stands_beside_it(tmp_path, private):
    path = tmp_path / "run.json"
    for content in (b"first", b"", bytes(range(256))):
        write_whole(path, content, private)
        assert path.read_bytes() == content
        assert (path.stat().st_mode & 0o077 == 0) == private
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_can_be_the_copy_of_another(tmp_path):
    (tmp_path / "source").write_bytes(b"table")
    write_whole(tmp_path / "copy", tmp_path / "source")
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "source").read_bytes() == b"table"


def test_what_cannot_be_written_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(b"old")
    with pytest.raises(FileNotFoundError):
        write_whole(path, tmp_path / "missing")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"a folder stands there")
    assert path.read_bytes() == b"old"
    assert sorted(file.name for file in Path(tmp_path).iterdir()) == ["folder", "run.json"]
