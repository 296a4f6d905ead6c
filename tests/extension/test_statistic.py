"""A statistic is one new file: a sweep shows it in its report, and nothing else is edited."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

from tests.conftest import ROOT

STATISTIC = '''
"""The largest error that is left at the end."""

from xorlab.analysis.report.column import Column, GroupedRuns

ORDER = 50


def columns(data: GroupedRuns) -> list[Column]:
    errors = data.column("max_error")
    return [Column("largest error", errors.max(), "{:.6f}".format)]
'''
SWEEP = "-m seed=1,2,3 network.hidden=2,3 training.epochs=20 hydra.launcher.executor=inline"


def test_a_statistic_in_a_new_file_is_in_the_report(tmp_path):
    for name in ("xorlab", "conf", "hydra_plugins"):
        copytree(ROOT / name, tmp_path / name, ignore=ignore_patterns("__pycache__"))
    file = tmp_path / "xorlab" / "analysis" / "report" / "columns" / "largest_error.py"
    file.write_text(STATISTIC)
    command = [sys.executable, "-m", "xorlab", *SWEEP.split()]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    _, _, address = ended.stdout.partition("Open the report: ")
    report = Path(address.splitlines()[0]).read_text()
    assert "<th>diverged</th><th>largest error</th></tr>" in report
    printed = [cell for line in _rows(report) for cell in line[-1:]]
    assert printed == [f"{error:.6f}" for error in _largest_errors(tmp_path)]


def _rows(report: str) -> list[list[str]]:
    """Cells of the table of settings."""
    table = report.partition("<tbody>")[2].partition("</tbody>")[0]
    lines = (line.split("<td") for line in table.strip().splitlines())
    return [[cell.partition(">")[2].partition("<")[0] for cell in cells[1:]] for cells in lines]


def _largest_errors(folder: Path) -> list[float]:
    import xorlab

    runs = xorlab.load_runs(f"sqlite:///{folder / 'mlflow.db'}")
    return runs.groupby("network.hidden")["max_error"].max().tolist()
