"""What each kind of input is given to, and which endings are the right ones."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery

import xorlab
from tests.fuzz import inputs
from tests.helpers.overrides import compose_with_hydra, draw, make_loader, outcome, same_outcome
from xorlab.analysis.report.html import Origin, report_html
from xorlab.analysis.report.summary import summarise
from xorlab.commands import repeat, report
from xorlab.config.compose import Composer
from xorlab.config.directory import config_directory
from xorlab.config.fields import is_name
from xorlab.config.messages import readable
from xorlab.config.registration import register_schema
from xorlab.errors import ConfigError, StoreError, UsageError, error_line
from xorlab.networks.config import SCHEMA
from xorlab.networks.identity import SETTING_KEYS
from xorlab.networks.rules import check
from xorlab.networks.spec import spec_of
from xorlab.networks.tasks.table import Table
from xorlab.networks.tasks.tasks import make_task
from xorlab.tracking.read.weights import _config
from xorlab.tracking.store.address import public_address, resolve
from xorlab.tracking.store.opening import _folder

READABLE = (ConfigError, UsageError, StoreError)


class Kinds:
    """Runs inputs of every kind against the real thing.

    Args:
        folder: an own, empty one; the store ``mlflow.db`` in it has some runs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = xorlab.load_runs()
        self.summary = summarise(
            self.runs, xorlab.load_curves(self.runs), "a headline", SETTING_KEYS
        )
        self.loader = make_loader()
        self.composer = Composer(SCHEMA, self.loader)
        good = spec_of(xorlab.configure("task=parity", "network.hidden=[3,2]"))
        self.good = good.yaml(42).encode()
        # Of 1,000 inputs each kind gets so many; those that open a store or compose files are slow.
        self.shares: dict[str, tuple[int, Callable[[random.Random], tuple[object, bool]]]] = {
            "values": (400, self.values),
            "overrides": (20, self.overrides),
            "recorded configuration": (220, self.recorded),
            "tables": (190, self.tables),
            "addresses and names": (130, self.addresses),
            "filters": (15, self.filters),
            "report pages": (8, self.pages),
            "arguments": (4, self.arguments),
            "configuration folders": (3, self.folders),
            "compositions": (10, self.compositions),
        }

    # Each returns the input, and whether it was accepted; what it raises is a finding.

    def values(self, rng: random.Random) -> tuple[object, bool]:
        given = [inputs.value(rng) for _ in range(rng.randint(1, 3))]
        return given, accepted(given, lambda: xorlab.configure(*given))

    def overrides(self, rng: random.Random) -> tuple[object, bool]:
        given = [inputs.override(rng) for _ in range(rng.randint(1, 3))]
        # A file that a task names is read when it is made: not here.
        return given, accepted(given, lambda: xorlab.configure(*given))

    def recorded(self, rng: random.Random) -> tuple[object, bool]:
        given = inputs.yaml_file(rng, self.good)
        return given, accepted(given, lambda: _config("0" * 32, given))

    def tables(self, rng: random.Random) -> tuple[object, bool]:
        ending, content = given = inputs.table(rng)
        path = self.folder / f"table{ending}"
        path.write_bytes(content)
        name = inputs.text(rng) if rng.random() < 0.1 else str(path)
        config = Table(path=name, outputs=rng.choice((None, 1, 2)))
        try:
            return (given, name), accepted((given, name), lambda: make_task(config))
        finally:
            path.unlink()

    def addresses(self, rng: random.Random) -> tuple[object, bool]:
        if rng.random() < 0.3:
            name = inputs.text(rng)
            place = _folder(name)
            expect(place not in ("", ".", "..") and "/" not in place and "\0" not in place, name)
            expect("\n" not in name or not is_name(name), name)
            return name, is_name(name)
        given = inputs.address(rng)
        if "://" in given:
            expect(inputs.SECRET not in public_address(given), given)
        return given, accepted(given, lambda: resolve(given, self.folder))

    def filters(self, rng: random.Random) -> tuple[object, bool]:
        given = inputs.search(rng)
        return given, accepted(given, lambda: xorlab.load_runs(filter=given))

    def pages(self, rng: random.Random) -> tuple[object, bool]:
        given = [inputs.text(rng) for _ in range(6)]
        runs = self.runs.assign(name=_text(given[0]), task=_text(given[1]))
        whole = self.summary
        changed = replace(
            whole,
            headline=given[2],
            runs=runs,
            shared=whole.shared | {"task": given[1]},
            answer=given[3],
            notes=(given[4],),
        )
        tags = _Tags()
        tags.feed(report_html(given[5], changed, Origin({given[0]: given[1]}), given).decode())
        expect(not tags.forbidden, given)
        return given, True

    def arguments(self, rng: random.Random) -> tuple[object, bool]:
        some = str(self.runs["run_id"].iloc[0])
        known = {
            "--uri": "sqlite:///mlflow.db",
            "--experiment": "xorlab",
            "--filter": "x",
            "--table": "x.csv",
        }
        run = rng.choice((repeat.main, report.main))
        given = [rng.choice((some, some, "latest", inputs.text(rng)))]
        for option in rng.sample(list(known), rng.randint(0, 2)):
            if run is repeat.main and option in ("--experiment", "--filter"):
                continue
            value = known[option] if rng.random() < 0.5 else inputs.text(rng)
            given += [option, inputs.search(rng) if option == "--filter" else value]
        if run is report.main:
            given += ["--out", str(self.folder / "out")]
        given = [word for word in given if "://" not in word or word.startswith("sqlite")]
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                code = run(given)
            except SystemExit as ending:  # argparse's
                code = ending.code if isinstance(ending.code, int) else 9
        expect(code in (0, 1, 2), given)
        expect("Traceback" not in errors.getvalue(), given)
        return given, code == 0

    def folders(self, rng: random.Random) -> tuple[object, bool]:
        group, content = rng.choice(("task", "optimizer", "init")), inputs.yaml_file(rng, self.good)
        if rng.random() < 0.5:
            content = f"name: {inputs.plain(rng)!r}\n{rng.choice(inputs.ODD_KEYS)}: 1\n".encode(
                "utf-8", "surrogatepass"
            )
        if rng.random() < 0.5:
            content = b"# @package _global_\n" + content
        place = self.folder / "conf" / group
        place.mkdir(parents=True, exist_ok=True)
        (place / "theirs.yaml").write_bytes(content)
        register_schema(SCHEMA)
        path = create_config_search_path(f"file://{config_directory()}")
        path.prepend("user", f"file://{self.folder / 'conf'}", SearchPathQuery("schema"))
        composer = Composer(SCHEMA, ConfigLoaderImpl(config_search_path=path))
        given = (group, content)

        def compose() -> None:
            with readable(SCHEMA, [f"{group}=theirs"]):
                config = composer.compose([f"{group}=theirs"])
            check(config)

        return given, accepted(given, compose)

    def compositions(self, rng: random.Random) -> tuple[object, bool]:
        """Composed as Hydra composes them, errors included."""
        given = draw(rng)
        ours = outcome(self.composer.compose, given)
        expect(same_outcome(ours, outcome(self._by_hydra, given)), given)
        return given, isinstance(ours, str)

    def _by_hydra(self, overrides: list[str]) -> xorlab.Config:
        return compose_with_hydra(self.loader, overrides)


def accepted(given: object, call: Callable[[], object]) -> bool:
    """Whether a call takes an input; it may also refuse it readably, and do nothing else."""
    try:
        call()
    except READABLE as error:
        line = error_line("xorlab", error)
        expect((line.count("\n") == 1 and line.isascii()) or line[:-1].isprintable(), given)
        expect(len(line) < 3000, given)
        line.encode()
        return False
    return True


def expect(right: bool, given: object) -> None:
    """Fail with the input that does not behave."""
    if not right:
        raise AssertionError(f"wrong for {given!r}"[:2000])


def _text(given: str) -> str:
    """As a table can hold it: what cannot be encoded never gets into a store."""
    return given.encode("utf-8", "replace").decode()


class _Tags(HTMLParser):
    """Finds what can run in a page, or be loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "link", "form", "base"):
            self.forbidden.append(tag)
        for name, value in attrs:
            local = (value or "").startswith(("data:image/png", "#"))
            if name.startswith("on") or (name in ("src", "href") and not local):
                self.forbidden.append(f"{tag} {name}")
