"""Hostile or damaged files, and limits of the shell: refused in a line, and nothing runs."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

from tests.faults.fault import Fault
from tests.faults.sweeps import INLINE, SWEEP, Child, Hit, ended, in_a_row, message
from xorlab.tracking.outbox.pending import PendingRun
from xorlab.tracking.write.record import Record

WORKERS = "hydra.launcher.workers=2"
SHORT = ("-m", "seed=0,1", "training.epochs=5", "tracking.report=false")
PWNED = "pwned"  # a file that hostile input would make
BOMB = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"] + [
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)
]
CONFIGURATIONS = (
    "hydra: {callbacks: {a: {_target_: pathlib.Path.touch, self: pwned}}}",
    "hydra: {job_logging: {version: 1, handlers: {a: {(): subprocess.Popen, args: touch}}}}",
    "hydra: {job_logging: {handlers: {a: {class: logging.FileHandler, filename: pwned}}}}",
    "hydra: {job: {env_set: {PATH: /theirs}}}",
    "hydra: {sweep: {dir: pwned}}",
    "\n".join(BOMB),
)


def _refused(child: Child, folder: Path, code: int = 2) -> str:
    """What a command says that refuses something, in one line, and does nothing else."""
    assert child.code == code, child.printed()
    assert child.printed().count("\n") == 1, child.printed()
    assert not list(folder.rglob(PWNED)), child.printed()
    return message(child)


def hostile_configuration(folder: Path, rng: Random) -> str | None:
    """A configuration file names code, or files that are not its sweep's, or grows when read."""
    content = f"defaults: [config, _self_]\n{rng.choice(CONFIGURATIONS)}\n"
    (folder / "theirs.yaml").write_text(content)
    return _refused(
        ended(folder, *SHORT, INLINE, "--config-dir", ".", "--config-name", "theirs"), folder
    )


def modules_of_the_folder(folder: Path, _rng: Random) -> str | None:
    """Files with the names of modules stand in the working folder."""
    names = [f"{name}.py" for name in ("random", "numpy", "xorlab", "struct", "mlflow")]
    for name in names:
        (folder / name).write_text(f"open({PWNED!r}, 'w')\nraise SystemExit('pwned')\n")
    command = [Path(sys.executable).with_name("xorlab"), *SHORT, WORKERS]
    swept = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    for name in names:
        (folder / name).unlink()
    assert (swept.returncode, swept.stderr) == (0, "")
    assert not (folder / PWNED).exists()
    return swept.stdout.splitlines()[-1]


def programs_of_a_repository(folder: Path, _rng: Random) -> str | None:
    """The folder is a repository whose configuration names programs."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "--quiet")
    (folder / "tracked.txt").write_text("one\n")
    git("add", "tracked.txt")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "one")
    for key in ("diff.external", "core.fsmonitor", "filter.y.clean", "diff.x.textconv"):
        git("config", key, f"touch {PWNED}")
    (folder / ".gitattributes").write_text("*.txt diff=x filter=y\n")
    (folder / "tracked.txt").write_text("two\n")
    child = ended(folder, *SHORT, INLINE)
    shutil.rmtree(folder / ".git")
    assert child.code == 0, child.printed()
    assert not (folder / PWNED).exists()
    return message(child)


def planted_in_the_outbox(folder: Path, _rng: Random) -> str | None:
    """A file in the outbox asks to be written into another place of this machine."""
    outbox = folder / "outbox"
    outbox.mkdir(exist_ok=True)
    record = Record("r", "FINISHED", 1, 2, {}, {"k": "v"})
    planted = PendingRun("a" * 32, f"sqlite:///{folder / PWNED}", "e", True, record)
    (outbox / f"{planted.name}.0123.run").write_bytes(planted.content())
    child = ended(folder, "--folder", "outbox", module="xorlab.commands.outbox")
    return _refused(child, folder, code=1)


def damaged_files(folder: Path, rng: Random) -> str | None:
    """Files of a recorded run are damaged or altered; they are as before when it was refused."""
    assert ended(folder, *SHORT, INLINE).code == 0
    run, artifacts = _a_run(folder)
    path = artifacts / rng.choice(["weights.npz", "config.yaml"])
    content = path.read_bytes()
    path.write_bytes(rng.choice([content[:-40], content[:40], b"\0" * 50, rng.randbytes(500)]))
    child = ended(folder, run, module="xorlab.commands.repeat")
    path.write_bytes(content)
    line = _refused(child, folder, code=1)
    assert run in line, line
    assert path.name in line, line
    return line


def _a_run(folder: Path) -> tuple[str, Path]:
    query = "SELECT run_uuid, artifact_uri FROM runs JOIN tags USING (run_uuid) WHERE "
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        run, uri = connection.execute(f"{query} key = 'xorlab.key' LIMIT 1").fetchone()
    return run, Path(uri.removeprefix("file://"))


def without_a_reader(folder: Path, rng: Random) -> str | None:
    """Nobody takes what the sweep prints: it is recorded all the same."""
    full = rng.random() < 0.5

    def redirected() -> None:
        if full:
            os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
        else:
            reader, writer = os.pipe()
            os.close(reader)
            os.dup2(writer, 1)

    child = ended(folder, *SWEEP, INLINE, limit=redirected)
    assert child.code == (1 if full else 141), child.printed()
    return child.printed().strip()


def too_few_files(folder: Path, rng: Random) -> str | None:
    """More workers than files may be open."""
    most = rng.randrange(40, 65)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    child = ended(folder, *SWEEP, "hydra.launcher.workers=24", limit=limited)
    return _refused(child, folder)


def no_working_folder(folder: Path, _rng: Random) -> str | None:
    """The working folder is removed under the shell in which the command is typed."""
    gone = folder / "gone"
    gone.mkdir(exist_ok=True)
    return _refused(ended(gone, *SWEEP, limit=gone.rmdir), folder)


def too_many_runs(folder: Path, _rng: Random) -> str | None:
    """More runs than memory can hold, by a short range."""
    return _refused(ended(folder, "-m", "seed=range(0,100000000)", INLINE), folder)


def _rows(*rows: tuple[str, Hit, str]) -> tuple[Fault, ...]:
    return tuple(Fault(name, in_a_row(hit, hint, INLINE), 1) for name, hit, hint in rows)


OUTSIDE = "left alone: it names no tracking server, but sqlite:"
CANNOT_USE = r"(weights\.npz|config\.yaml) of run [0-9a-f]{32} cannot be used:"
LOST = "^$|standard output: No space left on device; the work is done"
NAMES_CODE = r"a file cannot name code|a configuration file cannot set this|at most 100000 values"
WORKS = "then open http|Make its report|Browse the runs"
FAULTS = _rows(
    ("configuration names code", hostile_configuration, NAMES_CODE),
    ("modules in the working folder", modules_of_the_folder, WORKS),
    ("programs that a repository names", programs_of_a_repository, WORKS),
    (
        "planted file in the outbox",
        planted_in_the_outbox,
        "left alone: it names no tracking server",
    ),
    (
        "files of a run are damaged",
        damaged_files,
        r"(weights\.npz|config\.yaml) of run [0-9a-f]{32} cannot be used:",
    ),
    (
        "standard output is closed or full",
        without_a_reader,
        "^$|standard output: No space left on device; the work",
    ),
    ("too few open files", too_few_files, r"workers=24: must be at most \d+ .*\(ulimit -n\)"),
    ("working folder removed", no_working_folder, "the working folder was removed"),
    ("too many runs", too_many_runs, r"this would need about .* GB of memory.*Nothing was started"),
)
