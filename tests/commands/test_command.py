"""The command: the notebook by default, help at once, refusals before any work."""

from __future__ import annotations

import html
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import xorlab
from tests.conftest import ROOT
from xorlab.commands.report import main as report
from xorlab.config.launcher_keys import LauncherConfig, PrecisionConfig
from xorlab.errors import spell
from xorlab.failures.explanations import EXPLANATIONS, advice
from xorlab.networks.config import FIELDS, SCHEMA

# Printed by the notebook on another machine.
WEIGHTS = ["[[0.37454012 0.95071431]\n [0.73199394 0.59865848]]", "[[0.15601864]\n [0.15599452]]"]
LOSSES = [
    0.287974821321425,
    0.24943329766543199,
    0.24567537147115226,
    0.21996241841579695,
    0.1621992454420141,
    0.05270887579146114,
    0.016926012420416685,
    0.00891778531419988,
    0.00584454666369325,
    0.0042817900236595905,
]
SEVERAL = "several values make a sweep; start it with xorlab -m"
PREDICTIONS = "[[0.06028403]\n [0.9444784 ]\n [0.9443732 ]\n [0.05996465]]"


def test_with_no_argument_the_notebook_is_printed_and_recorded(command, store_file):
    ended = command()
    assert (ended.code, ended.err) == (0, "")
    for weights in WEIGHTS:
        assert weights in ended.out
    assert PREDICTIONS in ended.out
    printed = re.findall(r"^step (\d+): loss (\S+)$", ended.out, flags=re.MULTILINE)
    assert [int(step) for step, _ in printed] == list(range(0, 10_000, 1000))
    np.testing.assert_allclose([float(loss) for _, loss in printed], LOSSES, rtol=1e-12)
    assert f"mlflow ui --backend-store-uri sqlite:///{store_file}\n" in ended.out
    (run,) = xorlab.load_runs().to_dict("records")
    assert (run["outcome"], run["seed"], run["status"]) == ("solved", 42, "FINISHED")
    curve = xorlab.load_curves(xorlab.load_runs()).set_index("step")["loss"]
    np.testing.assert_allclose(curve.loc[range(0, 10_000, 1000)], LOSSES, rtol=1e-12)


def test_skip_weights_and_a_sum_are_printed(command, store_file):
    ended = command(
        "network.skip=true",
        "network.readout=sum",
        "network.output=linear",
        "training.epochs=3",
        "optimizer=rprop",
    )
    assert (ended.code, ended.err) == (0, "")
    assert "Initial weights, inputs to hidden:\n" in ended.out
    assert "Initial weights, inputs to output:\n" in ended.out
    assert "hidden to output" not in ended.out
    assert "The output is the sum of the last hidden units, without weights." in ended.out
    # What differs from the defaults comes first: at most four of the keys that no name has anyway.
    named = "output=linear readout=sum skip=true epochs=3"
    assert f"Recorded as '{named} xor h=2 rprop seed=42'" in ended.out
    deep = command("network.skip=all", "network.hidden=[2,2]", "training.epochs=3").out
    for layers in ("inputs to hidden 2", "hidden 1 to output", "inputs to output"):
        assert f"Initial weights, {layers}:\n" in deep
    assert "Recorded as 'epochs=3 xor h=0" in command("network.hidden=[]", "training.epochs=3").out


@pytest.mark.parametrize(
    "overrides",
    [
        ["network.hidden=[4,3]", "task=parity", "training.epochs=20"],
        ["training.epochs=1"],
        ["network.output=linear", "network.activation=relu", "optimizer.lr=1e9"],
        ["training.stop_when_solved=true", "optimizer.lr=3"],
    ],
)
def test_any_single_run_is_printed_and_recorded(overrides, command, store_file):
    ended = command(*overrides)
    assert (ended.code, ended.err) == (0, "")
    run = xorlab.load_runs().iloc[0]
    word = {"solved": "Solved at", "unsolved": "Not solved in", "diverged": "Diverged at"}
    assert word[run["outcome"]] in ended.out


def test_help_tells_every_key_with_an_example_at_once():
    code = (
        "import sys, xorlab.commands.built_in as m; sys.argv = ['xorlab', '--help']; m.main(); "
        "print([n for n in ('mlflow', 'hydra', 'numpy') if n in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    keys = [key for key, section, _, _ in FIELDS if key != section]  # not the choices themselves
    for key in keys:
        assert f"\n  {key}  (default: " in ended.stdout
    of_plug_ins = 2
    assert ended.stdout.count("example: xorlab ") == of_plug_ins + len(keys)
    assert ended.stdout.endswith("[]\n")


def test_help_tells_every_key_of_launcher_and_precision_sweeper_with_its_default(command):
    ended = command("--help").out
    for node, conf in (("launcher", LauncherConfig()), ("sweeper", PrecisionConfig())):
        for name, default in vars(conf).items():
            if name not in ("_target_", "params"):
                assert f"\n  hydra.{node}.{name}  (default: {spell(default)})\n" in ended
    assert "hydra/sweeper=precision" in ended


@pytest.mark.parametrize(
    "overrides", [["seed=1"], ["seed=3"], ["seed=1", "optimizer.lr=100"]], ids=lambda one: one[-1]
)
def test_a_run_that_is_not_solved_says_why(overrides, command, store_file):
    ended = command(*overrides, "training.epochs=300")
    assert ended.code == 0
    runs = xorlab.load_runs()
    failure = xorlab.diagnose(runs)["failure"].iloc[0]
    said = f"{EXPLANATIONS[failure].meaning}\n{advice(failure, early=False, has_rate=True)}\n"
    assert f"Why: {failure}. {said}" in ended.out
    seeds = shlex.join(["-m", "seed=range(0,100)", *overrides[1:], "training.epochs=300"])
    assert f"How often this setting is solved: xorlab {seeds}\n" in ended.out
    assert f"xorlab-report {runs['run_id'].iloc[0][:8]}" in ended.out


def test_of_many_patterns_each_prediction_names_its_own(command, store_file):
    ended = command("task=parity", "task.bits=3", "training.epochs=5")
    lines = ended.out.partition("Predictions after training:\n")[2].splitlines()
    assert lines[1].startswith("  pattern 2, 0 0 1: 0.")
    assert lines[1].endswith(" (target 1)")


def test_a_run_of_classes_says_what_it_answers_and_which_rule_ended_it(command, store_file):
    ended = command(
        *("task=dataset", "optimizer=rprop", "seed=1", "task.validation=0.25"),
        *("training.stop=generalisation_loss", "training.epochs=500"),
    )
    (run,) = xorlab.load_runs().to_dict("records")
    assert run["outcome"] == "unsolved"
    assert run["epochs_run"] < 500
    right = round(112 * run["accuracy"])
    assert f"{right} of 112 patterns of the training set are answered rightly." in ended.out
    rule = "training.stop=generalisation_loss ended it before training.epochs=500."
    lines = ended.out.partition(f"Not solved in {run['epochs_run']:.0f} epochs.\n")[2].splitlines()
    assert lines[0].endswith("To ask for right answers, set training.target_accuracy=0.95.")
    assert (lines[1], lines[2][:5]) == (rule, "Why: ")
    usual = "network.output=softmax training.loss=categorical_cross_entropy init=uniform"
    assert lines[3] == f"The usual choice for classes: {usual} task.standardise=true."
    assert report([run["run_id"], "--out", "page"]) == 0
    (file,) = Path("page").glob("run-*.html")
    page = html.unescape(file.read_text())
    # The page has the same advice, and the same names of the classes.
    for line in lines[: lines.index("")]:
        assert re.sub("^Why: [^.]*[.] ", "", line) in page
    assert re.search(r">versicolor</td>\s*<td[^>]*>(setosa|versicolor|virginica) \(", page)


@pytest.mark.parametrize(
    ("named", "keys"),
    [
        ("optimizer.lr", ["optimizer.lr"]),
        ("+optimizer.lr=3", ["optimizer.lr"]),
        ("task", ["task.bits", "task.width", "task.path"]),
        ("hydra.launcher.workers", ["hydra.launcher.workers"]),
        ("hydra.sweeper", ["hydra.sweeper.half_width"]),
    ],
)
def test_help_explains_one_key_or_group_alone(named, keys, command):
    ended = command("--help", named)
    assert (ended.code, ended.err) == (0, "")
    for key in keys:
        assert f"  {key}  (default: " in ended.out
    assert "\n  seed  (default" not in ended.out
    assert "xorlab -m [KEY" not in ended.out


@pytest.mark.parametrize("group", SCHEMA.groups)
def test_help_on_a_group_says_what_each_choice_is(group, command):
    lines = command("--help", group).out.splitlines()
    for name, kind in SCHEMA.groups[group].choices().items():
        (line,) = (line for line in lines if re.match(rf"      {name} ", line))
        about = line.split(maxsplit=1)[1]
        assert about == kind.__doc__.partition("\n")[0]
        assert not about.startswith(f"{kind.__name__}(")  # what a dataclass has without a docstring


def test_help_for_an_unknown_key_names_the_nearest(command):
    ended = command("--help", "optimizer.rl")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean optimizer.lr?" in ended.err


def test_the_examples_of_the_help_compose(tmp_path):
    (tmp_path / "data.csv").write_text("0,1,1\n1,0,1\n")
    for key, _, _, item in FIELDS:
        example = item.metadata["example"].replace("'", "")
        example = re.sub(r"range\((\d+),\d+\)", r"\1", example)  # of a sweep, its first job
        overrides = [word for word in example.split() if word != "-m"]
        assert xorlab.configure(*overrides), key


def test_importing_xorlab_imports_neither_mlflow_nor_pandas():
    code = "import sys, xorlab; print([n for n in sys.modules if n in ('mlflow', 'pandas')])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_a_run_on_large_inputs_is_told_to_standardise_them(command, store_file, tmp_path):
    (tmp_path / "large.csv").write_text("a,b,y\n0,1000,0\n0,2000,1\n1,1000,1\n1,2000,0\n")
    run = ("task=table", "task.path=large.csv", "training.epochs=20")
    hint = "Its inputs lie between 0 and 2,000. Try task.standardise=true first"
    assert hint in command(*run).out
    assert hint not in command(*run, "task.standardise=true").out


def test_a_run_is_recorded_before_it_is_drawn(command, store_file, monkeypatch):
    from xorlab.analysis.figures import run_picture

    def interrupted(*_arguments: object) -> None:
        (run,) = xorlab.load_runs().itertuples()
        assert run.status == "FINISHED"
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(run_picture, "draw_surface", interrupted)
    ended = command("training.epochs=20")
    assert (ended.code, ended.err) == (130, "")
    assert "Recorded as" in ended.out
    assert len(xorlab.load_weights(xorlab.load_runs())) == 1


def test_a_run_whose_picture_cannot_be_drawn_is_recorded(command, store_file, monkeypatch):
    from xorlab.analysis.figures import run_picture

    monkeypatch.delattr(run_picture, "draw_surface")
    ended = command("training.epochs=20")
    assert (ended.code, ended.err) == (0, "")
    assert "learning.png was not drawn: NameError: " in ended.out
    assert xorlab.load_runs()["status"].tolist() == ["FINISHED"]


@pytest.mark.parametrize("start", [[], ["-m"]])
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lr=-1", "optimizer.lr=-1.0: must be a finite number > 0"),
        ("optimizer.lr=fast", "optimizer.lr=fast: must be a finite number > 0"),
        ("optimizer.rate=1", "optimizer.rate: there is no such key"),
        ("task=xorr", "did you mean xor?"),
        ("tracking.uri=ftp://host", "tracking.uri=ftp://host: must be the address of"),
        ("seed=[", "seed=[: the [ is never closed; write 'seed=[]'"),
        ("network.hidden=[2,3", "the [ is never closed; write 'network.hidden=[2,3]'"),
        ("network.hidden=[2,", "the [ is never closed; where there are spaces, put the whole"),
        ("network.hidden=2]", "network.hidden=2]: nothing opens the ]"),
        ("seed=range(0,5", "the ( is never closed; write 'seed=range(0,5)'"),
        ("tracking.experiment='a", "tracking.experiment='a: the quote ' is never closed"),
        ("seed", "seed: = is missing; write seed=VALUE, without spaces around the ="),
        ("=3", "=3: there is no key before the ="),
        ("seed=3 optimizer.lr=1", "these are several; give each by itself: seed=3 optimizer.lr=1"),
        (
            "task.inputs=[leaf length,bark edge (mm)]",
            """twice, for the shell too: 'task.inputs=[leaf length,"bark edge (mm)"]'""",
        ),
        ("optimizer.name=adam", "optimizer.name: there is no such key; write optimizer=adam"),
        ("seed==3", "seed==3: there are two = signs; write seed=3"),
        ("seed=1,,2", "seed=1,,2: a value is missing beside a comma; write seed=1,2,3"),
        ("seed=rang(1,2)", "there is no function rang; did you mean range?"),
        ("training.epochs=1e4", "; write training.epochs=10000"),
        ("seed=0..9", "; a sweep over them is -m 'seed=range(0,10)'"),
        ("seed=3-5", "; a sweep over them is -m 'seed=range(3,6)'"),
        ("optimizer.lr=[0.1,0.5]", "; a sweep over several values is -m optimizer.lr=0.1,0.5"),
        (
            "optimizer.lr=logspace(-2,0,3)",
            "list the values: optimizer.lr=0.01,0.1,1",
        ),
        ("seed=range(1,b)", "seed=range(1,b): range(1,b) cannot be computed"),
        (
            "tracking.experiment=a#b",
            "because of #; a value with spaces or special characters is "
            """quoted twice, for the shell too: 'tracking.experiment="a#b"'""",
        ),
        ("--seed=3", "--seed=3 is not an option; a key has no dashes: seed=3"),
        ("hydra.launcher.worker=2", "did you mean hydra.launcher.workers?"),
        ("hydra.sweeper.half_width=0.1", "belongs to hydra/sweeper=precision, which is not"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(start, override, message, command, tmp_path):
    ended = command(*start, override)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_value_by_itself_is_taken_for_another_of_the_key_before_it(command):
    ended = command("-m", "seed=1", "network.hidden=2", "3")
    assert ended.code == 2
    assert "as another value of the key before it: network.hidden=2,3" in ended.err


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["optimizer.lr=", "0.5"], "write optimizer.lr=0.5, without spaces around the ="),
        (["m", "seed=1,2"], "if the option is meant, write -m"),
    ],
)
def test_a_space_or_a_dash_too_few_is_recognised(words, advice, command):
    ended = command(*words)
    assert ended.code == 2
    assert ended.err.endswith(f"{advice}\n")


def test_several_values_without_m_are_recognised_as_a_sweep(command):
    for several in ("seed=1,2", "seed=range(0,5)", "task=glob(x*)"):
        ended = command(several)
        assert ended.code == 2
        assert ended.err == f"xorlab: {several}: {SEVERAL}\n"
    as_list = "; as one list: 'network.hidden=[2,3]'"
    assert command("network.hidden=2,3").err.endswith(f"{SEVERAL}{as_list}\n")


@pytest.mark.parametrize("name", ["ü", "a#b", "a=b", "a;b", "(a)", "a[b]"])
def test_what_a_message_proposes_for_a_name_means_that_name(name, command):
    said = command(f"tracking.experiment={name}").err
    (override,) = shlex.split(said.partition("for the shell too: ")[2])
    assert xorlab.configure(override).tracking.experiment == name


@pytest.mark.parametrize("start", [[], ["-m"]])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "training: {epoch: 5}",
            "study/mine.yaml: training.epoch: there is no such key; did you mean training.epochs?",
        ),
        ("training: {epochs: fifty}", "study/mine.yaml: training.epochs=fifty: must be an integer"),
        ("training: [1\n b: 2", "a configuration file is not valid YAML: "),
    ],
)
def test_a_mistake_in_a_users_file_is_reported(start, content, message, command, tmp_path):
    (tmp_path / "my" / "study").mkdir(parents=True)
    (tmp_path / "my" / "study" / "mine.yaml").write_text(f"# @package _global_\n{content}\n")
    ended = command("--config-dir", "my", *start, "+study=mine")
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_an_option_between_keys_is_reported(command):
    ended = command("seed=1,2", "-m", "training.epochs=5")
    assert ended.code == 2
    assert "training.epochs=5: an option stands between the keys; options come first" in ended.err


def test_a_grid_of_an_interval_is_refused(command):
    ended = command("-m", "optimizer.lr=interval(0,1)")
    assert ended.code == 2
    assert "interval(0,1): an interval is for search; list values, or range" in ended.err


def test_an_unknown_option_is_wrong_usage(command):
    assert command("--frobnicate").code == 2


def test_the_traceback_is_there_for_those_who_ask():
    environment = os.environ | {"HYDRA_FULL_ERROR": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "xorlab", "optimizer.lr=-1"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert ended.returncode != 0
    assert "Traceback" in ended.stderr
    assert "optimizer.lr=-1.0: must be a finite number > 0" in ended.stderr


def test_a_store_that_cannot_be_reached_is_one_line(command, tmp_path):
    ended = command("tracking.uri=http://127.0.0.1:9")
    assert ended.code == 1
    assert (
        "the tracking server http://127.0.0.1:9 does not answer (connection refused)" in ended.err
    )
    assert "Traceback" not in ended.err
    (tmp_path / "mlflow.db").write_text("this is no database, whatever its name says\n" * 99)
    ended = command()
    assert ended.code == 1
    assert "cannot open the tracking store" in ended.err


def test_a_password_in_an_address_is_never_shown(command):
    ended = command("tracking.uri=http://me:secret@127.0.0.1:9")
    assert ended.code == 1
    assert "secret" not in ended.err + ended.out


def test_version_is_printed(command):
    assert command("--version").out == f"xorlab {_declared_version()}\n"


def _declared_version() -> str:
    text = (ROOT / "pyproject.toml").read_text()
    return re.search(r'^version = "(.+)"$', text, flags=re.MULTILINE)[1]
