"""What Hydra writes about a sweep: without passwords."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from tests.faults.server_faults import HURRY
from xorlab.commands.saved_files import without_passwords

ADDRESS = "tracking.uri=http://me:s3cret@127.0.0.1:1"


def test_a_sweeper_of_hydras_keeps_no_password(command, monkeypatch):
    for name, value in HURRY.items():
        monkeypatch.setenv(name, value)
    ended = command("-m", "seed=1,2", "training.epochs=5", ADDRESS, "hydra/sweeper=basic")
    assert ended.code == 1
    files = [path for path in Path().rglob("*") if path.is_file()]
    assert "multirun.yaml" in [path.name for path in files]
    for path in files:
        assert "s3cret" not in path.read_text(errors="replace")
    (saved,) = Path().rglob("multirun.yaml")
    assert OmegaConf.load(saved).tracking.uri.startswith("http://***@127.0.0.1")


def test_what_is_saved_within_is_else_the_same(tmp_path):
    config = OmegaConf.create(
        {"uri": "http://me:s3cret@host", "list": ["${uri}", 2, 0.5, None, True], "sqlite": "a@b"}
    )
    with without_passwords():
        OmegaConf.save(config, tmp_path / "hidden.yaml")
    hidden = OmegaConf.load(tmp_path / "hidden.yaml")
    config.uri = "http://***@host"
    assert hidden == config
    assert OmegaConf.to_container(hidden) == OmegaConf.to_container(config)


def test_an_error_puts_the_way_of_saving_back():
    before = OmegaConf.save
    with pytest.raises(ZeroDivisionError), without_passwords():
        _ = 1 / 0
    assert OmegaConf.save is before
