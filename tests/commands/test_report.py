"""Reports: one page that opens offline, and the command that makes it anew."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import xorlab
from tests.helpers.commands import Recorded, record
from tests.helpers.recorded import INLINE
from xorlab.analysis.report.html import Origin, report_html
from xorlab.analysis.report.summary import headline, summarise
from xorlab.commands import outbox, repeat
from xorlab.commands.report import main
from xorlab.failures.classes import CLASSES
from xorlab.failures.explanations import EXPLANATIONS, advice
from xorlab.networks.identity import SETTING_KEYS
from xorlab.tracking.store.opening import open_store

SWEEP = ("-m", "seed=range(0,5)", "network.hidden=2,3", "optimizer.lr=0.5,3", "training.epochs=900")
FILES = {"curves.parquet", "report.html", "runs.parquet", "settings.parquet"}
PICTURES = {
    "cost.png",
    "curves.png",
    "ert.png",
    "failures.png",
    "heatmap.png",
    "success.png",
    "survival.png",
}
BROKEN = """
from dataclasses import dataclass
from pathlib import Path
import xorlab

@dataclass
class Keys:
    seed: int = 0

@xorlab.trainer(version=1)
def train(config: Keys) -> xorlab.Result:
    if config.seed % 2 and not Path("mended").exists():
        raise ValueError("no luck")
    return xorlab.Result("solved", 1, epochs_to_solve=1)
"""
HOSTILE = "</title><script>alert('x')</script>\"' {{ 7 * 7 }} %s | \u202e"


class Page(HTMLParser):
    """What a page is made of: tags, addresses that it would load, and its text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        named = dict(attrs)
        self.loads += [named[name] for name in ("src", "xlink:href") if named.get(name)]
        self.links += [named["href"]] if "href" in named else []
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text.append(data)


def artifacts(run_id: str, experiment: str = "xorlab") -> Path:
    return Path(open_store(None, experiment).client.download_artifacts(run_id, ""))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, empty_store) -> Recorded:
    """What the sweep leaves, for the tests that only read it."""
    folder = tmp_path_factory.mktemp("sweep")
    return record(folder, empty_store, *SWEEP, "tracking.report=true")


@pytest.fixture
def sweep_store(recorded, tmp_path) -> Path:
    """A copy of the store with the sweep, at the default address."""
    return recorded.copy_to(tmp_path)


def test_a_sweep_leaves_a_report_that_opens_offline(sweep_store):
    runs = xorlab.load_runs()
    folder = artifacts(runs["sweep"].iloc[0])
    assert {path.name for path in folder.iterdir()} == FILES
    page = Page((folder / "report.html").read_bytes())
    assert "script" not in page.tags
    assert page.tags.count("svg") == page.tags.count("figure") >= 6
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.loads)
    *rows, link = page.links
    assert link.startswith("http://127.0.0.1:5000/#/experiments/")
    linked = sorted(link.partition("/runs/")[2].partition("?")[0] for link in rows)
    assert linked == sorted(runs["run_id"])
    text = " ".join(page.text)
    assert "xorlab -m 'seed=range(0,5)' network.hidden=2,3" in text  # the command
    settings = pd.read_parquet(folder / "settings.parquet")
    assert len(settings) == 4
    for row in settings.itertuples():
        assert f"{100 * row.rate:.0f} %" in text
    for name in runs["name"]:
        assert name in text


def test_everything_from_a_user_is_escaped(sweep_store):
    runs = xorlab.load_runs().assign(name=HOSTILE, task=[HOSTILE, *["xor"] * 19])
    summary = summarise(
        runs, xorlab.load_curves(xorlab.load_runs()), HOSTILE, SETTING_KEYS, [HOSTILE]
    )
    content = report_html(HOSTILE, summary, Origin({HOSTILE: HOSTILE}, HOSTILE), [HOSTILE])
    page = Page(content)
    assert "script" not in page.tags
    assert page.tags.count("title") == 1
    assert "".join(page.text).count(HOSTILE) >= 20  # all of it is there, as text
    assert "49" not in "".join(page.text).replace("0.49", "").split(HOSTILE)[0]


@pytest.mark.slow
def test_a_report_of_a_thousand_runs_is_small():
    configs = [xorlab.Config(seed=seed) for seed in range(1000)]
    for number, config in enumerate(configs):
        config.optimizer.lr = (0.5, 1.0, 2.0, 4.0)[number % 4]
        config.network.hidden, config.training.epochs = 2 + number % 2, 300
    from xorlab.networks.spec import spec_of
    from xorlab.system.git import Provenance
    from xorlab.tracking.read.frames import curves_frame, runs_frame
    from xorlab.tracking.write.record import Context, finished, record_row

    results = xorlab.train_many(configs)
    context = Context(Provenance("1"))
    pairs = zip(configs, results, strict=True)
    records = [finished(spec_of(c), c.seed, r, context, 1, 2) for c, r in pairs]
    runs = runs_frame([record_row(str(n), record) for n, record in enumerate(records)])
    curves = curves_frame([(str(n), r.steps, r.loss) for n, r in enumerate(results)])
    content = report_html("sweep", summarise(runs, curves, headline(runs), SETTING_KEYS))
    assert 100_000 < len(content) < 3_000_000


@pytest.mark.slow
def test_a_report_can_be_made_anew_for_a_sweep_or_a_filter(command, store_file, tmp_path, capfd):
    command(*SWEEP)
    sweep = xorlab.load_runs()["sweep"].iloc[0]
    folder = artifacts(sweep)
    before = pd.read_parquet(folder / "runs.parquet")
    for path in folder.iterdir():
        path.unlink()
    assert main(["latest"]) == 0
    printed = capfd.readouterr().out
    assert "20 runs in" in printed
    assert f"Open the report: {folder / 'report.html'}\n" in printed
    assert {path.name for path in folder.iterdir()} == FILES
    assert "runs were not solved: " in (folder / "report.html").read_text()
    after = pd.read_parquet(folder / "runs.parquet")
    pd.testing.assert_frame_equal(
        *(f.sort_values("run_id", ignore_index=True) for f in (before, after))
    )
    assert main([sweep[:8], "--out", "there"]) == 0
    assert f"Open the report: {tmp_path / 'there' / 'report.html'}\n" in capfd.readouterr().out
    assert {path.name for path in Path("there").iterdir()} >= FILES | PICTURES
    assert main(["--filter", "params.`network.hidden` = '3'", "--out", "three"]) == 0
    assert len(pd.read_parquet("three/runs.parquet")) == 10


def test_a_report_can_be_made_anew_beside_runs_with_other_params(
    command, sweep_store, tmp_path, capfd
):
    assert command("task=parity", "task.bits=2", "training.epochs=5").code == 0
    for _ in range(2):  # the second one reads what the first has stored
        assert main(["latest", "--diagnose", "0"]) == 0, capfd.readouterr().err
    runs = xorlab.load_runs(sweep="latest")
    assert len(runs) == 20
    assert "task.bits" not in runs


def test_a_run_that_failed_is_named_with_its_error_instead_of_a_page(tmp_path, command, capfd):
    (tmp_path / "broken.py").write_text(BROKEN)
    ended = command("--trainer", "./broken.py:train", "seed=3")
    assert ended.code == 1
    (run_id,) = xorlab.load_runs()["run_id"]
    assert ended.err.endswith(f"ValueError: no luck; recorded with its traceback as run {run_id}\n")
    assert main([run_id]) == 1
    message = capfd.readouterr().err
    assert (
        f"run {run_id} ended in an error, so it has no page: ValueError: no luck. Its traceback: "
        in message
    )
    assert Path(message.rpartition("Its traceback: ")[2].strip()).is_file()
    assert main(["--filter", "status = 'FAILED'", "--out", "failed"]) == 0
    page = Page(Path("failed/report.html").read_bytes())
    assert f"/runs/{run_id}?" in page.links[0]
    text = " ".join(page.text)
    assert f"(run {run_id[:8]}): ValueError: no luck" in text


def test_a_sweep_whose_runs_all_broke_off_has_a_report(tmp_path, command, capfd):
    (tmp_path / "broken.py").write_text(BROKEN)
    assert command("--trainer", "./broken.py:train", "-m", "seed=1,3", INLINE).code == 1
    assert main(["latest"]) == 0
    assert "0 diverged, 2 with an error\n" in capfd.readouterr().out


def test_runs_that_were_trained_again_count_once(tmp_path, command, capfd):
    (tmp_path / "broken.py").write_text(BROKEN)
    sweep = ("--trainer", "./broken.py:train", "-m", "seed=range(0,4)", INLINE)
    assert command(*sweep).code == 1
    (tmp_path / "mended").touch()
    assert command(*sweep, "tracking.existing=retry").code == 0
    assert main(["latest", "--diagnose", "0"]) == 0
    assert "4 runs: 4 solved, 0 unsolved, 0 diverged\n" in capfd.readouterr().out


def test_a_report_says_what_it_is_not_of(sweep_store, capfd):
    store = open_store(None, "xorlab")
    store.client.set_terminated(xorlab.load_runs()["sweep"].iloc[0], "KILLED")
    for options in (["latest"], ["latest"], ["--filter", "metrics.final_loss < 9", "--out", "few"]):
        assert main([*options, "--diagnose", "0"]) == 0
    out = capfd.readouterr().out
    assert out.count("This sweep has not ended") == 2
    assert out.count("The filter chooses runs by how they ended") == 1
    (file,) = Path("few").glob("report.html")
    assert "The filter chooses runs by how they ended" in file.read_text()
    assert main(["--filter", 'params.seed = "1"', "--diagnose", "0"]) == 0
    assert "The filter chooses" not in capfd.readouterr().out


@pytest.mark.slow
def test_the_beginning_of_an_id_finds_a_sweep_in_any_experiment(command, store_file, capfd):
    small = ("-m", "seed=1,2", "training.epochs=5", "hydra.launcher.executor=inline")
    assert command(*small).code == 0
    assert command(*small, "tracking.experiment=pilot").code == 0
    sweep = xorlab.load_runs(experiment="pilot")["sweep"].iloc[0]
    assert main(["latest", "--out", "last"]) == 0  # of the store, whatever the experiment
    assert ", in experiment 'pilot'\n2 runs: reading" in capfd.readouterr().out
    assert main([sweep[:6].upper()]) == 0
    assert f"with sweep {sweep}\n" in capfd.readouterr().out
    assert main([sweep[:6], "--experiment", "xorlab"]) == 2
    assert "no such sweep or run in experiment 'xorlab'" in capfd.readouterr().err


@pytest.fixture(scope="module")
def endings(tmp_path_factory, empty_store) -> Recorded:
    """Runs of two settings: one solves or not by its seed, the other one diverges."""
    wild = ("network.output=sigmoid,linear", "optimizer.lr=2", "training.epochs=250")
    return record(tmp_path_factory.mktemp("endings"), empty_store, "-m", "seed=range(0,6)", *wild)


@pytest.mark.parametrize("outcome", ["solved", "unsolved", "diverged"])
def test_a_run_has_a_page_that_says_how_it_ended(outcome, endings, tmp_path, capfd):
    endings.copy_to(tmp_path)
    runs = xorlab.load_runs()
    run = runs[runs["outcome"] == outcome].iloc[0]
    assert main([run["run_id"][:12], "--out", "pages"]) == 0
    printed = capfd.readouterr().out
    (file,) = Path("pages").iterdir()
    assert printed.endswith(f"Open the page: {file.absolute()}\n")
    page = Page(file.read_bytes())
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.loads)
    text = " ".join(page.text)
    assert run["name"] in text
    words = " ".join(text.split())
    assert "How it was configured key value " in words
    assert f" optimizer.lr {run['optimizer.lr']} " in words
    assert page.tags.count("svg") == (1 if outcome == "diverged" else 3)
    others = runs["run_id"] != run["run_id"]
    setting = runs[others & (runs["network.output"] == run["network.output"])]
    solved = (setting["outcome"] == "solved").sum()
    assert f"{solved} of 5 other runs of this setting were solved" in text
    if outcome == "solved":
        assert f"Solved at step {run['epochs_to_solve']:,.0f}." in text
        return
    failure = str(xorlab.diagnose(runs[runs["run_id"] == run["run_id"]])["failure"].iloc[0])
    explanation = EXPLANATIONS[failure]
    assert f"{failure}." in text
    assert explanation.meaning in text
    assert advice(failure, early=False, has_rate=True) in text


def test_every_class_of_failure_is_explained():
    assert set(EXPLANATIONS) == set(CLASSES)


@pytest.mark.parametrize("columns", ["60", "80", "200"])
@pytest.mark.parametrize("tool", [main, repeat.main, outbox.main])
def test_the_examples_of_the_help_can_be_copied(tool, columns, monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit):
        tool(["--help"])
    printed = capfd.readouterr().out
    examples = printed.partition("\nexamples:\n")[2].splitlines()
    assert len(examples) >= 2
    assert all(line.startswith("  xorlab-") for line in examples)
    description = printed.partition("\n\n")[2].partition("\n\n")[0].splitlines()
    assert max(map(len, description)) <= int(columns)


def test_a_sweep_whose_runs_all_diverge_is_summarised(command, store_file):
    wild = ("network.activation=relu", "network.output=linear", "optimizer.lr=1e3")
    ended = command("-m", "seed=range(0,4)", *wild, "training.epochs=200")
    assert (ended.code, ended.err) == (0, "")
    assert "4 runs in" in ended.out
    assert "0 solved, 0 unsolved, 4 diverged" in ended.out
    assert main(["latest", "--out", "wild"]) == 0
    assert "4 diverged" in Path("wild/report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name a SWEEP"),
        (["latest", "--filter", "x"], 2, "name a SWEEP"),
        (["--filter", " "], 2, "--filter: it is empty; name conditions, as \"params.seed = '3'\""),
        (["zzzz"], 2, "zzzz: there is no such sweep or run in sqlite:"),
        (
            ["zzzz", "--experiment", "xorlab"],
            2,
            "there is no such sweep or run in experiment 'xorlab'",
        ),
        (["latest", "--out", "mlflow.db"], 2, "--out mlflow.db: this is a file; name a folder"),
        (["ab"], 2, "ab: at least 4 letters or digits of a sweep or run id are needed"),
        (["my-sweep"], 2, "of an experiment is: xorlab-report latest --experiment NAME"),
        (["xorlab"], 2, "of an experiment is: xorlab-report latest --experiment NAME"),
        ([""], 2, "'': a sweep or run id is made of letters and digits"),
        (
            ["latest", "--experiment", "other"],
            1,
            "this store lacks the experiment 'other'; it has 'Default', ",
        ),
        (["latest", "--uri", "ftp://x"], 2, "tracking.uri=ftp://x"),
        (
            ["--filter", "nonsense"],
            2,
            "--filter=nonsense: must be an MLflow search filter: "
            "conditions joined by AND, the values of params quoted, "
            "as params.`network.hidden` = '2'",
        ),
        (["--filter", "params.seed = 2"], 2, "--filter=params.seed = 2: must be an MLflow search"),
        (
            ["--filter", "params.seed = '99'"],
            1,
            "--filter=params.seed = '99': none of the 20 runs of experiment 'xorlab' matches; seed "
            "is 0, 1, 2, 3, 4",
        ),
    ],
)
def test_wrong_usage_is_reported_in_a_line(arguments, code, message, sweep_store, capfd):
    assert main(arguments) == code
    printed = capfd.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert len(printed.err.splitlines()) == 1


def test_wrong_usage_is_reported_before_anything_heavy_is_imported():
    code = (
        "import sys; from xorlab.commands.report import main; main([]); "
        "print('mlflow' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"


@pytest.mark.slow
def test_a_sweep_on_a_server_gets_its_report_anew(command, server, capfd):
    there = [f"tracking.uri={server}", "tracking.experiment=reported"]
    assert command("-m", "seed=1,2,3", "optimizer.lr=3", "training.epochs=400", *there).code == 0
    options = ["--uri", server, "--experiment", "reported"]
    assert main(["latest", *options]) == 0
    assert main(["latest", *options, "--out", "here"]) == 0
    printed = capfd.readouterr().out
    sweep = re.search(r"with sweep (\w+)", printed)[1]
    client = open_store(server, "reported").client
    page = rf"Open the report: {server}/#/experiments/\d+/runs/{sweep}/artifacts/report.html\?"
    assert re.search(page, printed)
    names = {artifact.path for artifact in client.list_artifacts(sweep)}
    assert {path.name for path in Path("here").iterdir()} - PICTURES == FILES <= names
    assert server in Path("here/report.html").read_text()
