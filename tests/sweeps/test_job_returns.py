"""What launchers give back to Hydra, and other applications of Hydra."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import xorlab
from tests.helpers.commands import parents
from tests.helpers.recorded import INLINE


@pytest.mark.slow
def test_job_returns_are_hydras_with_the_objective_in_job_order(store_file, monkeypatch):
    """Another sweeper, on top of the vectorized launcher, gets what any launcher gives."""
    from hydra._internal.callbacks import Callbacks
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path
    from hydra.core.plugins import Plugins
    from hydra.core.singleton import Singleton
    from hydra.core.utils import JobStatus
    from hydra.types import HydraContext, RunMode

    from xorlab.commands.app import task_function
    from xorlab.config.directory import config_directory
    from xorlab.config.registration import register_schema
    from xorlab.networks.config import SCHEMA
    from xorlab.networks.trainer import TRAINER

    monkeypatch.setattr(sys, "argv", ["xorlab"])
    register_schema(SCHEMA)
    path = create_config_search_path(f"file://{config_directory()}")
    loader = ConfigLoaderImpl(config_search_path=path)
    master = loader.load_configuration(
        "config", [INLINE, "tracking.objective=epochs_to_solve"], run_mode=RunMode.MULTIRUN
    )
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=HydraContext(config_loader=loader, callbacks=Callbacks()),
        task_function=task_function(TRAINER),
        config=master,
    )
    shared = "tracking.objective=epochs_to_solve"
    jobs = [[f"seed={n}", "optimizer.lr=2", "training.epochs=400", shared] for n in (3, 1, 2)]
    first = launcher.launch(jobs, initial_job_idx=0)
    second = launcher.launch([["seed=9", "training.epochs=5", shared]], initial_job_idx=3)
    assert [ret.status for ret in first] == [JobStatus.COMPLETED] * 3
    runs = xorlab.load_runs().set_index("seed")
    solved = runs["epochs_to_solve"].fillna(float("inf"))
    assert [ret.return_value for ret in first] == [solved[3], solved[1], solved[2]]
    assert second[0].return_value == float("inf")
    assert second[0].hydra_cfg.hydra.job.num == 3
    assert (first[0].cfg.seed, first[0].cfg.optimizer.lr) == (3, 2.0)
    assert "hydra" not in first[0].cfg
    (parent,) = parents()  # of all that was launched
    assert parent.data.metrics["runs"] == 4
    assert len(xorlab.load_runs(sweep=parent.info.run_id)) == 4
    assert Singleton  # imported so that Hydra's plug-ins are the process's own
    assert json.dumps(list(first[0].overrides))


def test_other_hydra_applications_are_not_disturbed(tmp_path):
    """Hydra runs every plug-in's module in every application, by a way of its own."""
    (tmp_path / "app.py").write_text(
        "import hydra\n"
        "@hydra.main(version_base='1.3', config_path=None)\n"
        "def main(cfg): print('ran', cfg.x)\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "app.py", "-m", "+x=1,2", "hydra.sweep.dir=out"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "ran 1" in ended.stdout
    assert "ran 2" in ended.stdout
