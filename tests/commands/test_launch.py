"""An ordinary run or sweep starts without `hydra.main`, and is the same."""

from __future__ import annotations

import sys
from typing import Any

import hydra
import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from xorlab.commands.launch import VERSION_BASE, is_ordinary, launch
from xorlab.config.directory import config_directory
from xorlab.config.registration import CONFIG_NAME
from xorlab.config.user_files import parse

ELSEWHERE = ("hydra/sweeper=basic", "hydra/launcher=basic")


class Seen:
    """A task function that keeps what Hydra gives to it."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, Any]] = []

    def __call__(self, cfg: Any) -> float:
        node = OmegaConf.masked_copy(HydraConfig.instance().cfg, "hydra")
        self.jobs.append((OmegaConf.to_container(cfg), OmegaConf.to_container(node)))
        return 0.5


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("seed=3", "optimizer=adam", "hydra.job.name=mine"),
        ("-m", "seed=1,2", "network=dense", *ELSEWHERE),
        ("-m", "optimizer=gd,adam", "seed=range(0,2)", *ELSEWHERE),
    ],
)
def test_a_job_gets_what_hydra_main_gives(arguments, monkeypatch):
    options = parse(arguments)
    assert is_ordinary(options)
    ours, hydras = Seen(), Seen()

    def task(cfg):
        return seen(cfg)

    seen = ours
    launch(task, CONFIG_NAME, options)
    seen = hydras
    monkeypatch.setattr(sys, "argv", ["xorlab", *arguments])
    hydra.main(
        config_path=str(config_directory()), config_name=CONFIG_NAME, version_base=VERSION_BASE
    )(task)()
    assert ours.jobs
    assert ours.jobs == hydras.jobs


@pytest.mark.parametrize(
    "arguments",
    [
        ("hydra.mode=MULTIRUN", "seed=1,2"),
        ("+hydra={mode:MULTIRUN}", "seed=1,2"),
        ("--cfg", "job"),
        ("--info", "config"),
        ("--config-dir", "."),
        ("hydra.searchpath=[.]",),
        ("--help",),
        ("--shell-completion",),
    ],
)
def test_whatever_else_can_set_the_mode_takes_hydras_way(arguments):
    assert not is_ordinary(parse(arguments))


def test_a_mode_that_is_set_decides(command, store_file):
    ended = command("hydra.mode=MULTIRUN", "seed=1,2", "training.epochs=5", "tracking.report=false")
    assert ended.code == 0, ended.err
    assert "2 runs" in ended.out + ended.err
