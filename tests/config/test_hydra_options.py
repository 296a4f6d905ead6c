"""Hydra's options, functions and compose API, as its users know them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from xorlab.config.syntax import refuse_wrong_sort
from xorlab.errors import UsageError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "--cfg", "job"], "-m --cfg job: only one of these at a time"),
        (["-m", "-r", "seed=1"], "-m -r: only one of these at a time"),
        (["--cfg", "job", "--info"], "--cfg job --info all: only one of these"),
        (["--resolve", "seed=1"], "--resolve: only together with --cfg"),
        (["--package", "task", "seed=1"], "--package: only together with --cfg"),
        (["seed=${oc.env:NOPE}"], "seed=${oc.env:NOPE}: Environment variable 'NOPE' not found"),
        (
            ["-m", "seed=1,2", "optimizer.lr=${oc.env:NOPE}"],
            "Environment variable 'NOPE' not found",
        ),
        (["seed=${nope.x}"], "seed=${nope.x}: Interpolation key 'nope.x' not found"),
        (["seed=${unheard_of:1}"], "seed=${unheard_of:1}: Unsupported interpolation type"),
        (
            ["-m", "seed=sort(range(1.3,0,-0.5))"],
            "would sort this to 0.5,1,1.5, which are other values; write 0.3,0.8,1.3",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(arguments, message, command):
    ended = command(*arguments, *(["plan=true"] if "-m" in arguments else []))
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert ended.err.count("not found") <= 1


@pytest.mark.parametrize(
    "override",
    [
        "a=sort(range(0,1.3,0.5))",
        "a=sort(range(3,0,-1))",
        "a=sort(range(1.3,0,-0.5),reverse=true)",
        "a=sort(3,1,2)",
        "a=range(1.3,0,-0.5)",
        "a='sort(range('",
    ],
)
def test_what_is_sorted_rightly_passes(override):
    refuse_wrong_sort([override])


@pytest.mark.parametrize("override", ["a=sort(range(10,0,-3))", "a=sort(tag(x,range(2.2,0,-1)))"])
def test_other_falling_ranges_are_refused_too(override):
    with pytest.raises(UsageError, match="which are other values"):
        refuse_wrong_sort([override])


def test_hydras_compose_api_finds_the_schema_before_anything_of_xorlab_is_used():
    code = (
        "import sys\n"
        "from hydra import compose, initialize_config_dir\n"
        "from hydra.core.config_store import ConfigStore\n"
        "with initialize_config_dir(sys.argv[2], version_base='1.3'):\n"
        "    compose()\n"
        "print('schema.yaml' in ConfigStore.instance().repo, 'numpy' in sys.modules)\n"
        "with initialize_config_dir(sys.argv[1], version_base='1.3'):\n"
        "    cfg = compose('config', ['optimizer=adam', 'task=parity'])\n"
        "print(cfg.optimizer.lr, cfg.task.bits)\n"
    )
    other = str(ROOT / "tests")
    ended = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "conf"), other],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "False False\n0.001 3\n"
