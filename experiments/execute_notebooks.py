"""Execute notebooks on recorded sweeps, and draw the README's picture.

Usage: python -m experiments.execute_notebooks FOLDER NAME...

FOLDER holds the mlflow.db of the sweeps that the named notebooks read; see the Makefile. The
picture is drawn together with the notebook first_sweep.
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

import xorlab
from xorlab.analysis.figures.style import new_figure, png
from xorlab.analysis.figures.sweep import epochs_distribution, success_heatmap

PNG = "image/png"
_LARGE = 250_000  # characters of a picture
EXPERIMENTS = Path(__file__).resolve().parent


def execute(path: Path, folder: Path) -> None:
    """Execute a notebook in a folder, and overwrite it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, kernel_name="python3", timeout=600, resources=resources).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if len(data.get(PNG, "")) > _LARGE:
                data[PNG] = smaller(data[PNG])
    nbformat.write(notebook, path)


def smaller(image: str) -> str:
    """A picture, in base64, with at most 256 colours: a notebook has less than a megabyte."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(image))) as whole:
        few = whole.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(file, format="png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def picture(folder: Path) -> bytes:
    """A picture (PNG) of how often each setting of the first sweep learns, and how fast."""
    runs = xorlab.load_runs(f"sqlite:///{folder.resolve() / 'mlflow.db'}", experiment="first")
    figure = new_figure(11, 4)
    left, right = figure.subplots(1, 2)
    by = ["network.hidden", "optimizer.lr"]
    success_heatmap(xorlab.convergence(runs, by=by), "optimizer.lr", "network.hidden", left)
    epochs_distribution(runs, "optimizer.lr", right)
    return png(left, dpi=110)


if __name__ == "__main__":
    target = Path(sys.argv[1]).resolve()
    for name in sys.argv[2:]:
        execute(EXPERIMENTS / f"{name}.ipynb", target)
    if "first_sweep" in sys.argv[2:]:
        (EXPERIMENTS / "first_sweep.png").write_bytes(picture(target))
