"""The test of the seam: without the built-in trainer, everything is there for a user's own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import xorlab
from tests.conftest import ROOT
from tests.trainers import coin

GONE = ("networks", "failures", "studies")
SWEEP = ("-m", "seed=range(0,100)", "chance=0.1,0.4")


@pytest.mark.slow
def test_a_users_trainer_sweeps_resumes_after_a_kill_and_reports_without_networks(tmp_path):
    for name in ("xorlab", "hydra_plugins", "conf"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    for name in GONE:
        shutil.rmtree(tmp_path / "copy" / "xorlab" / name)
    source = Path(coin.__file__).read_text()
    slow = source.replace("    draw = np", "    import time\n\n    time.sleep(0.1)\n    draw = np")
    end = '\nif __name__ == "__main__":\n    xorlab.main(train)\n'
    (tmp_path / "coin.py").write_text(slow + end)
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment = own | {"PYTHONPATH": str(tmp_path / "copy")}

    def command(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    uri, started = f"sqlite:///{tmp_path / 'mlflow.db'}", command("coin.py", *SWEEP)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and started.poll() is None:
        time.sleep(0.2)
        if len(list((tmp_path / "mlartifacts").glob("xorlab/*/artifacts/log.txt"))) >= 20:
            break
    started.send_signal(signal.SIGKILL)
    started.communicate()
    before = len(xorlab.load_runs(uri))
    assert 0 < before < 200
    again = command("coin.py", *SWEEP)
    out, _ = again.communicate(timeout=300)
    assert again.returncode == 0, out
    assert f"{before} skipped (recorded before: " in out
    runs = xorlab.load_runs(uri)
    assert len(runs) == runs["key"].nunique() == 200
    assert xorlab.convergence(runs, by="chance")["n"].tolist() == [100, 100]
    report = command("-m", "xorlab.commands.report", "latest", "--out", "report")
    out, _ = report.communicate(timeout=120)
    assert report.returncode == 0, out
    assert (
        "diagnos" not in out
    )  # why runs of networks were not solved is known, of others it is not
    assert "chance=0.4" in (tmp_path / "report" / "report.html").read_text()
