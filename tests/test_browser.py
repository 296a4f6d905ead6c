"""The MLflow UI in a real browser: runs recorded in bulk look like runs recorded one by one."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import xorlab
from tests.tracking.test_server import serving_store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=20000", "--window-size=1700,1500",
)  # fmt: skip


def page_text(address: str, profile) -> str:
    """What a page shows once its scripts have run, as text."""
    told = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", address],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", told.stdout, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_the_ui_shows_a_sweep_and_both_ways_of_recording_alike(command, store_file, tmp_path):
    sweep = ("-m", "seed=1,2", "optimizer.lr=3", "training.epochs=800")
    assert command(*sweep).code == 0
    assert command(*sweep, "tracking.existing=rerun", "tracking.bulk=false").code == 0
    runs = xorlab.load_runs().sort_values("seed")
    texts = []
    with serving_store(tmp_path, store_file) as address:
        for run_id in runs.loc[runs["seed"] == 1, "run_id"]:
            page = f"{address}/#/experiments/1/runs/{run_id}?workflowType=machine_learning"
            texts.append(page_text(page, tmp_path / run_id).replace(run_id, "ID"))
        sweeps = runs["sweep"].unique()
        parent = f"{address}/#/experiments/1/runs/{sweeps[0]}?workflowType=machine_learning"
        described = page_text(parent, tmp_path / "parent")
    for text in texts:
        assert "xor h=2 lr=3 seed=1" in text
        assert re.search(r"optimizer\.lr\s+3\.0", text)
        assert re.search(r"epochs_to_solve\s+\d+", text)
    facts = [re.findall(r"(?:Metrics|Parameters) \(\d+\).*?About this run", text) for text in texts]
    assert facts[0] == facts[1] != []
    assert "2 runs in" in described
    assert "xor h=2 lr=3 seed=2" in described
