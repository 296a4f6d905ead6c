"""The MLflow UI in a real browser: what a sweep leaves is there to be looked at."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

import xorlab
from tests.helpers.samples import table
from tests.helpers.servers import serving_store
from xorlab.analysis.report.html import report_html
from xorlab.analysis.report.summary import summarise
from xorlab.tracking.read.frames import curves_frame

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TRAINING = "workflowType=machine_learning"
# A curve of many points somewhere on the page, not a bar or a dot.
DRAWN = """() => [...document.querySelectorAll("path.js-line")].some(
    line => (line.getAttribute("d") || "").split("L").length > 20)"""
WAIT = 60_000  # milliseconds

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture
def page() -> Iterator:
    """A page of a headless browser; opening one takes it a second."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1700, "height": 1500})
        opened.set_default_timeout(WAIT)
        yield opened
        browser.close()


def text_of(page, *shown: str) -> str:
    """What the page says, once it says all of these."""
    for text in shown:
        page.get_by_text(text).first.wait_for()
    return re.sub(r"\s+", " ", page.locator("body").inner_text())


def test_the_tables_of_a_report_use_a_wide_page_and_keep_settings_in_sight_on_a_narrow_one(
    tmp_path, page
):
    """Of six keys, whose columns alone are wider than a telephone."""
    keys = [f"task.key_number_{n}" for n in range(6)]
    runs = table({2.0: [5, 9, 7], 5.0: [8, 9, None]}, status="FINISHED")
    for number, key in enumerate(keys):
        runs[key] = runs["optimizer.lr"] + number
    runs = runs.assign(run_id=[f"{n:032x}" for n in range(len(runs))])
    summary = summarise(runs, curves_frame([]), "", keys)
    (tmp_path / "report.html").write_bytes(report_html("six keys", summary))
    page.goto(f"file://{tmp_path / 'report.html'}")
    page.set_viewport_size({"width": 1900, "height": 900})
    settings = page.locator(".wide").first
    assert settings.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert not settings.locator("td.whole").first.is_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    settings.evaluate("one => one.scrollTo(1000, 0)")
    setting = settings.locator("td.whole").first
    assert "key_number_0=2, key_number_1=3, " in setting.inner_text()
    assert 0 <= setting.bounding_box()["x"] < 30
    assert not settings.locator("td.key").first.is_visible()


def test_the_ui_shows_a_sweep_its_report_and_its_runs(command, store_file, tmp_path, page):
    sweep = ("-m", "seed=1,2", "network.hidden=2,3", "optimizer.lr=3", "training.epochs=800")
    ended = command(*sweep, "tracking.report=true")
    assert ended.code == 0
    # The part of the address that the sweep printed which does not depend on the server.
    printed = re.search(r"open http://127\.0\.0\.1:5000/(#/\S+)", ended.out)[1]
    assert (
        command(
            *sweep, "tracking.existing=rerun", "tracking.bulk=false", "tracking.report=true"
        ).code
        == 0
    )
    runs = xorlab.load_runs().sort_values(["network.hidden", "seed"])
    parent, again = runs["sweep"].unique()
    twins = runs[(runs["seed"] == 1) & (runs["network.hidden"] == 2)]
    with serving_store(tmp_path, store_file) as address:
        # MLflow 3.17 opens every experiment as one of language models unless the address says
        # otherwise, whatever the experiment's own tag says: the printed address does.
        page.goto(f"{address}/{printed}")
        # The columns that its view names, and the runs, not their parent run closed above them.
        name = "xor h=2 lr=3 seed=1"
        text_of(page, "Model training", "Run Name", "epochs_to_solve", "final_loss", name)
        experiment = f"{address}/{printed.partition('/runs')[0]}"

        page.goto(f"{experiment}/runs/{parent}?{TRAINING}")
        page_text = text_of(page, "4 runs in", "xor h=3 lr=3 seed=2")
        assert re.search(r"network\.hidden\s+runs\s+solved\s+rate", page_text)  # the description
        page.goto(f"{experiment}/runs/{parent}/artifacts/report.html?{TRAINING}")
        report = page.frame_locator("iframe").first
        report.get_by_role("heading", name="Settings", exact=True).wait_for()
        assert report.locator("figure svg").count() >= 3
        shown = "them => them.every(one => one.getBoundingClientRect().width > 100)"
        assert report.locator("figure svg").evaluate_all(shown)

        said = []
        for run_id in twins["run_id"]:
            page.goto(f"{experiment}/runs/{run_id}?{TRAINING}")
            said.append(text_of(page, "xor h=2 lr=3 seed=1", "About this run").replace(run_id, ""))
            assert re.search(r"optimizer\.lr\s+3\.0", said[-1])
            assert re.search(r"epochs_run\s+\d+", said[-1])
        # Recorded in bulk or run by run: the same parameters and metrics.
        facts = [re.findall(r"Metrics \(\d+\).*?About this run", text) for text in said]
        assert facts[0] == facts[1] != []

        page.goto(f"{experiment}/runs/{twins['run_id'].iloc[0]}/model-metrics?{TRAINING}")
        page.get_by_text("loss", exact=True).first.wait_for()
        page.wait_for_function(DRAWN, timeout=WAIT)

        page.goto(
            f"{experiment}/runs/{twins['run_id'].iloc[0]}/artifacts/predictions.json?{TRAINING}"
        )
        table = text_of(page, "inputs", "target", "output")
        assert "[0,1]" in table.replace(" ", "")
    assert again != parent
