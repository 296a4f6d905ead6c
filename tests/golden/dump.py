"""Dumps of what xorlab prints, computes and records; run as a module it records them anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xorlab
from tests.golden.configurations import KINDS, overrides, write_tables
from tests.golden.fingerprint import digest, fingerprint
from tests.golden.normalise import as_json
from tests.golden.stores import store_dumps
from tests.golden.stores import xorlab as command

FOLDER = Path(__file__).parent
HELP, KEYS, RESULTS, FINGERPRINT = "help.txt", "keys.json", "results.json", "fingerprint.json"
SEEDS = (0, 1, 2, 42)
# Enough for some networks of most kinds to solve their task; a kind may name its own.
_EPOCHS = "training.epochs=300"


def store_file(name: str) -> str:
    """The recorded file of what a command leaves in its store."""
    return f"store_{name}.json"


def key_of(*given: str) -> str:
    """The key of the run of a configuration."""
    from xorlab.networks.spec import run_key

    return run_key(xorlab.configure(*given))


def help_text(folder: Path) -> str:
    """What ``xorlab --help`` prints."""
    return command(folder, "--help")


def keys(folder: Path) -> dict[str, dict[str, str]]:
    """The overrides of every kind, and the key of its run."""
    write_tables(folder)
    return {
        name: {"overrides": KINDS[name], "key": key_of(*overrides(name, folder))} for name in KINDS
    }


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """The results of every kind with every seed, trained by one call, kinds mixed."""
    write_tables(folder)
    jobs = [(name, seed) for seed in SEEDS for name in KINDS]
    configs = [
        xorlab.configure(_EPOCHS, *overrides(name, folder), f"seed={seed}") for name, seed in jobs
    ]
    trained = zip(jobs, xorlab.train_many(configs), strict=True)
    found = {f"{name} seed={seed}": _result(result) for (name, seed), result in trained}
    return {f"{name} seed={seed}": found[f"{name} seed={seed}"] for name in KINDS for seed in SEEDS}


def _result(result: xorlab.Result) -> dict[str, Any]:
    parameters = [*result.weights, *result.biases]
    if result.skip is not None:
        parameters.append(result.skip)
    return {
        "outcome": result.outcome,
        "epochs_run": result.epochs_run,
        "epochs_to_solve": result.epochs_to_solve,
        "diverged_at": result.diverged_at,
        # Recorded as `near_targets` where targets are any numbers.
        "accuracy": repr(float(result.metrics.get("near_targets", result.accuracy))),
        "max_error": repr(float(result.max_error)),
        "final_loss": repr(float(result.final_loss)),
        "points": len(result.steps),
        "shapes": " ".join(str(list(array.shape)) for array in parameters),
        "dtypes": [result.loss.dtype.str, result.predictions.dtype.str, parameters[0].dtype.str],
        "steps": digest(result.steps),
        "loss": digest(result.loss),
        "predictions": digest(result.predictions),
        "weights": digest(*result.weights),
        "biases": digest(*result.biases),
        "skip": None if result.skip is None else digest(result.skip),
    }


def recorded(name: str) -> Any:
    """The content of a recorded file."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else text


def _record(folder: Path) -> None:
    text = help_text(folder)
    files: dict[str, Any] = {KEYS: keys(folder), RESULTS: results(folder)}
    files[FINGERPRINT] = fingerprint()
    files |= {store_file(name): dump for name, dump in store_dumps(folder).items()}
    (FOLDER / HELP).write_text(text, encoding="utf-8")
    for name, content in files.items():
        (FOLDER / name).write_text(as_json(content) + "\n", encoding="utf-8")
        sys.stdout.write(f"recorded {name}\n")


if __name__ == "__main__":
    with TemporaryDirectory(prefix="xorlab-golden-") as folder:
        _record(Path(folder))
