"""Hostile inputs: texts, overrides, YAML and tables, mostly a little wrong and sometimes wild."""

from __future__ import annotations

import io
import random
import zipfile

import numpy as np

from xorlab.errors import spell
from xorlab.networks.config import FIELDS, GROUPS

SECRET = "hunter2XYZ"
TEXTS = (
    "", " ", "'", '"', "`", "\\", "\n", "a\nb", "\r\n", "\0", "a\0b", "\t", "\x1b[31m", "\x7f",
    "../..", "../../etc/passwd", "/", "//", "C:\\x", "~", "~root", ".", "-", "--", "--help", "-m",
    "<script>alert(1)</script>", "</title><img src=x onerror=alert(1)>", "&lt;", "{{ 7*7 }}",
    "{% raw %}", "%s%n%d", "{0}", "{0.__class__}", "$(touch pwned)", "`touch pwned`", "; touch pwned",
    "| cat", "${oc.env:HOME}", "${oc.decode:1}", "${nope:1}", "${", "${}", "$", "!!python/object:os.system",
    "!!python/object/apply:os.system [touch pwned]", "*a", "&a", "?", "???", "null", "true", "nan",
    ".inf", "-inf", "1e999", "1e-999", "0x10", "1_000", "9" * 400, "-" * 50, "é", "\u202e", "\U0001f600",
    "\udcff", "a\udc80", "\ufeff", "x" * 5000, "[" * 200, "{" * 200, "(" * 200, "[1,[2,[3]]]", "{a: 1}",
    "{_target_: os.system}", "1,2", "range(0,3)", "choice(a,b)", "glob(*)", "interval(0,1)", "sort(3,2)",
    "int(3.5)", "json_str(1)", "=", "==", "a=b", "@", "#", "%00", "%2e%2e%2f", "' OR 1=1 --",
    "'; DROP TABLE runs; --",
)  # fmt: skip
GOOD = (
    "1",
    "2",
    "3",
    "0.5",
    "[2,3]",
    "true",
    "xor",
    "gd",
    "sigmoid",
    "tanh",
    "null",
    "0.1",
    "batch",
)
KEYS = tuple(key for key, _, _, _ in FIELDS)
ODD_KEYS = (
    "_target_", "task._target_", "optimizer._target_", "init._args_", "_convert_", "_recursive_",
    "network._partial_", "task", "optimizer", "init", "network", "training", "tracking", "study",
    "", ".", "a.b.c", "seed.x", "task@other", "@", "defaults", "_self_", "_group_", "_here_.x", "name",
)  # fmt: skip
SIGNS = ("", "", "", "", "", "+", "++", "~", "+ ", "-")


def text(rng: random.Random) -> str:
    """A hostile text: known ones, pieces of them together, or letters drawn at random."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(TEXTS)
    if kind < 0.85:
        return "".join(rng.choice(TEXTS)[:60] for _ in range(rng.randint(2, 4)))
    return "".join(
        chr(rng.choice((rng.randint(0, 127), rng.randint(0, 0x2FFF), rng.randint(0xD800, 0xDFFF))))
        for _ in range(rng.randint(1, 30))
    )


def value(rng: random.Random) -> str:
    """A value for a key of the schema that takes no file to choose: mostly one that may stand."""
    while True:
        key, _, _, item = rng.choice(FIELDS)
        if not key.endswith(".name"):
            break
    good = rng.random() < 0.6 and "choices" not in item.metadata
    spelt = spell(item.default) if good else rng.choice(GOOD) if rng.random() < 0.4 else text(rng)
    return f"{key}={spelt}"


def override(rng: random.Random) -> str:
    """An override: any key with any value."""
    key = rng.choice(KEYS) if rng.random() < 0.7 else rng.choice((*ODD_KEYS, text(rng)))
    value = rng.choice(GOOD) if rng.random() < 0.5 else text(rng)
    if key in GROUPS and rng.random() < 0.8:
        value = rng.choice(GROUPS[key])
    if rng.random() < 0.15:
        value = "'" + value.replace("'", "\\'") + "'"
    return f"{rng.choice(SIGNS)}{key}{'=' if rng.random() < 0.97 else ''}{value}"


def plain(rng: random.Random, depth: int = 0) -> object:
    """A value as YAML may hold it."""
    kind = rng.random()
    if depth < 3 and kind < 0.15:
        return [plain(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    if depth < 3 and kind < 0.25:
        return {rng.choice((*KEYS, *ODD_KEYS, "1")): plain(rng, depth + 1) for _ in range(2)}
    return rng.choice(
        (
            1,
            2,
            -1,
            0,
            0.5,
            1e308,
            10**30,
            float("nan"),
            float("inf"),
            True,
            None,
            "xor",
            "gd",
            "sigmoid",
            text(rng),
        )
    )


def yaml_file(rng: random.Random, good: bytes) -> bytes:
    """A configuration file: a good one with some lines or bytes changed, or anything."""
    kind = rng.random()
    if kind < 0.35:
        lines = good.split(b"\n")
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(lines))
            lines[at] = f"{rng.choice((*KEYS, *ODD_KEYS))}: {plain(rng)!r}".encode(
                "utf-8", "surrogatepass"
            )
        return b"\n".join(lines)
    if kind < 0.7:
        changed = bytearray(good)
        for _ in range(rng.randint(1, 5)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        return bytes(changed)
    if kind < 0.9:
        body = f"{rng.choice(('task', 'seed', 'init', 'optimizer', '_target_'))}: {text(rng)}\n"
        return body.encode("utf-8", "surrogatepass") + good[rng.randrange(len(good)) :]
    return rng.choice((
        b"", b"\n", b"\xff\xfe", b"- 1\n- 2\n", b"a: &a [*a]\n", b"1: 2\n", b"? [1]\n: 2\n",
        b"a: !!python/object/apply:os.system ['touch pwned']\n", b"--- 1\n--- 2\n", b"\0", b"{" * 500,
        b"[" * 5000, b"task: {name: [x]}\n", b"network: {hidden: {a: 1}}\n", b"seed: 1\nseed: 2\n",
        b"a: &b {<<: *b}\n", b"<<: 3\n", b"seed: 2001-01-01\n", b"seed: !!binary x\n",
    ))  # fmt: skip


def table(rng: random.Random) -> tuple[str, bytes]:
    """The ending of a table's name, and its content."""
    if rng.random() < 0.6:
        cells = lambda: (
            rng.choice(("0", "1", "0.5", "-1e3", "1e308", "-1e308"))
            if rng.random() < 0.95
            else text(rng)
        )
        width = rng.randint(1, 5)
        rows = [",".join(cells() for _ in range(width)) for _ in range(rng.randint(0, 6))]
        if rng.random() < 0.1:
            rows.append(text(rng))
        content = rng.choice(("\n", "\r\n", "\r")).join(rows).encode("utf-8", "surrogatepass")
        return rng.choice((".csv", ".csv", ".tsv", ".txt", ".CSV", ".npz", ".bin", "")), content
    if rng.random() < 0.3:
        return ".npz", _archive(rng)
    file = io.BytesIO()
    shape = (rng.randint(0, 3), rng.randint(0, 3))
    arrays = {
        name: np.zeros(
            shape[: rng.choice((1, 2, 2))], rng.choice(("f8", "f4", "i8", "U3", "c16", "?", "f2"))
        )
        for name in rng.choice((("inputs", "targets"), ("inputs",), ("targets", "other")))
    }
    np.savez(file, **arrays)
    content = bytearray(file.getvalue())
    for _ in range(rng.choice((0, 1, 3, 20))):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return ".npz", bytes(
        content[: rng.choice((len(content), len(content), rng.randrange(len(content))))]
    )


def _archive(rng: random.Random) -> bytes:
    """An archive whose arrays say what is not so."""
    shape = rng.choice(
        ("(10**12,)", "(1000000000, 1000000)", "(-1, 2)", "(2, 2)", "()", "(1.5,)", "((((", "(2,)")
    )
    kind = rng.choice(("'<f8'", "'|O'", "'<U9'", "[('a', '<f8')]", "'nope'", "'<V8'", "'M8[s]'"))
    header = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust(118) + b"\n"
    version = rng.choice((b"\1\0", b"\2\0", b"\3\0", b"\x09\0"))
    size = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    body = b"\x93NUMPY" + version + size + header + bytes(rng.choice((0, 8, 32)))
    file = io.BytesIO()
    with zipfile.ZipFile(
        file, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    ) as archive:
        for name in ("inputs.npy", rng.choice(("targets.npy", "../targets.npy", "/targets.npy"))):
            archive.writestr(name, body)
    return file.getvalue()


def address(rng: random.Random) -> str:
    """A tracking address, with a password in most of them."""
    scheme = rng.choice(
        (
            "http",
            "https",
            "postgresql",
            "postgresql+psycopg2",
            "mysql",
            "ftp",
            "file",
            "sqlite",
            "HTTP",
            "h ttp",
            "databricks",
            "",
        )
    )
    user = rng.choice(
        (f"me:{SECRET}@", f"{SECRET}@", f":{SECRET}@", f"me:a/{SECRET}@", f"m@e:?{SECRET}#@", "")
    )
    host = rng.choice(
        ("host", "localhost:5000", "[::1", "[::1]:80", "host:port", "host:99999999", text(rng), "")
    )
    tail = rng.choice(
        (
            "",
            "/",
            "/db",
            f"/db?password={SECRET}",
            f"/db?user=x&PWD={SECRET}&a=1",
            f"?token={SECRET}",
        )
    )
    if scheme == "sqlite":
        return f"sqlite:///{text(rng)}"
    return f"{scheme}://{user}{host}{tail}"


def search(rng: random.Random) -> str:
    """An MLflow search filter, or what resembles one."""
    left = rng.choice(
        (
            "params.`seed`",
            "params.seed",
            "metrics.loss",
            "tags.`xorlab.key`",
            "attributes.status",
            "status",
            "params",
            text(rng)[:200],
        )
    )
    sign = rng.choice(("=", "!=", ">", "LIKE", "ILIKE", "IN", "AND", "", text(rng)[:20]))
    right = rng.choice(
        ("'1'", "1", "'%'", "('a')", "'", text(rng)[:200], "'" + text(rng)[:200] + "'")
    )
    joined = rng.choice(("", "", " AND params.seed = '1'", " OR 1=1", " AND"))
    return f"{left} {sign} {right}{joined}"
