"""What the command line sets holds for every job that is composed here."""

from __future__ import annotations

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from tests.helpers.overrides import make_loader
from xorlab.config.compose import Composer, from_omegaconf
from xorlab.config.directory import config_directory
from xorlab.errors import UsageError
from xorlab.networks.config import SCHEMA

MAIN = """
defaults:
  - config
  - override task: and
  - _self_
training: {epochs: 30}
network: {hidden: 5}
"""


def master_of(loader, *overrides, name="config"):
    setup_globals()
    return loader.load_configuration(name, list(overrides), run_mode=RunMode.MULTIRUN)


def hydras_own(loader, master, overrides, number):
    """What a job gets that Hydra's own launcher runs."""
    cfg = loader.load_sweep_config(master, list(overrides))
    with open_dict(cfg):
        cfg.hydra.job.id = cfg.hydra.job.num = number
    HydraConfig.instance().set_config(cfg)
    try:
        own = OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])
        OmegaConf.copy_cache(master, own)
        return from_omegaconf(SCHEMA, own)
    finally:
        HydraConfig.instance().cfg = None


@pytest.fixture
def own_loader(tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "mymain.yaml").write_text(MAIN)
    (tmp_path / "study" / "numbered.yaml").write_text(
        "# @package _global_\nseed: ${hydra:job.num}\n"
    )
    (tmp_path / "study" / "swept.yaml").write_text(
        "# @package _global_\nhydra: {sweeper: {params: {seed: 'range(0,3)'}}}\n"
    )
    (tmp_path / "study" / "launching.yaml").write_text(
        "# @package _global_\nhydra: {launcher: {workers: 1}}\n"
    )
    make_loader()
    path = create_config_search_path(f"file://{config_directory()}")
    path.prepend("command-line", f"file://{tmp_path}", SearchPathQuery("schema"))
    return ConfigLoaderImpl(config_search_path=path)


def test_the_named_main_file_is_that_of_every_job(own_loader):
    composer = Composer(SCHEMA, own_loader, master_of(own_loader, name="mymain"))
    config = composer.compose(["seed=3"])
    assert (config.task.name, config.training.epochs, config.network.hidden) == ("and", 30, 5)
    config, seed, shared = composer.setting(["seed=4", "network.hidden=3"])
    assert (config.task.name, config.network.hidden, seed, shared) == ("and", 3, 4, True)


@pytest.mark.parametrize(
    "overrides",
    [
        ["seed=${hydra:job.num}"],
        ["seed=$\\{hydra\\:job.num\\}"],  # as a sweeper spells it
        ["network.hidden=3", "optimizer.lr=${network.hidden}"],
        ["optimizer.lr=$\\{network.hidden\\}", "network.hidden=3"],
        ["tracking.experiment=${hydra:job.name}-${hydra:job.id}"],
        ["seed=7", "tracking.experiment='${hydra:runtime.choices.task}'"],
        ["tracking.experiment=${hydra:job.config_name}", "+study=numbered"],
        ["+study=numbered"],
    ],
)
def test_a_value_that_refers_to_others_is_what_hydra_makes_of_it(own_loader, overrides):
    master = master_of(own_loader, "hydra.job.name=mine")
    composer = Composer(SCHEMA, own_loader, master)
    for number in (0, 5):
        config = composer.compose(overrides, number)
        assert config == hydras_own(own_loader, master, overrides, number)
    assert HydraConfig.instance().cfg is None


def test_the_moment_of_a_sweep_is_one_moment(own_loader):
    master = master_of(own_loader, "tracking.experiment='${now:%f}'")
    moment = master.tracking.experiment
    composer = Composer(SCHEMA, own_loader, master)
    jobs = [composer.compose([f"seed={n}", "tracking.experiment='${now:%f}'"], n) for n in (0, 1)]
    assert {job.tracking.experiment for job in jobs} == {moment}


@pytest.mark.parametrize(
    ("study", "key"), [("swept", "hydra.sweeper.params.seed"), ("launching", "hydra.launcher")]
)
def test_a_preset_that_sets_the_sweep_is_not_swept(own_loader, study, key):
    composer = Composer(SCHEMA, own_loader, master_of(own_loader))
    with pytest.raises(UsageError, match=rf"{key}.*one job of a sweep cannot set this"):
        composer.compose([f"+study={study}"])
    whole = Composer(SCHEMA, own_loader, master_of(own_loader, f"+study={study}"))
    assert whole.compose([f"+study={study}"]).task.name == "xor"
