"""Tables of the user's own: a CSV or npz file in, patterns out, whatever the file holds."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.config.data_files import MAX_BYTES, digest, read_file
from xorlab.config.paths import given_path
from xorlab.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MAX_PATTERNS = 100_000
MAX_COLUMNS = 1024  # inputs, and targets

_KEY = "task.path"
_CSV = {".csv": ",", ".txt": ",", ".tsv": "\t"}
_NPZ = "an npz file with numeric arrays inputs (P, I) and targets (P, O)"


def read_table(name: str, outputs: int) -> tuple[Floats, Floats, str]:
    """The patterns in a file, and a hash of it.

    Args:
        name: its path; what its name ends in says what it is.
        outputs: how many of the last columns of a CSV are targets.

    Returns:
        inputs (P, I), targets (P, O), all finite, and the SHA-256 of the file in hexadecimal.

    Raises:
        ConfigError: the file is missing, too large, empty, ragged, not numeric or not finite.
    """
    path = given_path(_KEY, name)
    suffix = path.suffix.lower()
    content = read_file(_KEY, path)
    if suffix == ".npz":
        inputs, targets = _read_npz(path, content)
    elif suffix in _CSV:
        inputs, targets = _read_csv(path, content, _CSV[suffix], outputs)
    else:
        raise ConfigError(_KEY, name, "a .csv or .npz file")
    for kind, values in (("inputs", inputs), ("targets", targets)):
        _check(name, kind, values)
    return inputs, targets, digest(content)


def _check(name: str, kind: str, values: Floats) -> None:
    import numpy as np

    if values.size == 0:
        raise ConfigError(_KEY, name, f"a table with {kind} (this one has none)")
    if len(values) > MAX_PATTERNS:
        raise _too_many(name, "patterns", len(values), MAX_PATTERNS)
    if values.shape[1] > MAX_COLUMNS:
        raise _too_many(name, f"columns of {kind}", values.shape[1], MAX_COLUMNS)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        raise ConfigError(
            _KEY,
            name,
            f"a table of finite numbers ({kind}, pattern {row + 1}, column {column + 1} is "
            f"{values[row, column]})",
        )


def _too_many(name: object, what: str, found: object, most: int) -> ConfigError:
    return ConfigError(_KEY, name, f"a table with at most {most} {what} (this one has {found})")


def _read_npz(path: Path, content: bytes) -> tuple[Floats, Floats]:
    import numpy as np

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in ("inputs", "targets"):
                _check_header(path, archive, name)
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            inputs, targets = (np.asarray(arrays[name]) for name in ("inputs", "targets"))
    except ConfigError:
        raise
    except Exception as error:  # of zip, zlib, NumPy: a file may be broken in any way
        raise ConfigError(_KEY, path, f"{_NPZ} ({type(error).__name__}: {error})") from error
    if targets.ndim == 1:
        targets = targets[:, None]
    if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets):
        raise ConfigError(_KEY, path, f"{_NPZ} (found {inputs.shape} and {targets.shape})")
    with np.errstate(over="ignore"):  # to infinity, which is refused by its place
        return inputs.astype(np.float64), targets.astype(np.float64)


def _check_header(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    """Refuse what is too large before NumPy makes room for it."""
    import numpy as np

    try:
        entry = archive.getinfo(f"{name}.npy")
    except KeyError:
        there = ", ".join(archive.namelist()[:5]) or "nothing"
        raise ConfigError(_KEY, path, f"{_NPZ} ({name} is missing; it has {there})") from None
    if entry.file_size > MAX_BYTES:
        raise ConfigError(_KEY, path, f"a table with {name} of at most {MAX_BYTES // 2**20} MiB")
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        known = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in known:
            raise ConfigError(_KEY, path, f"{_NPZ} ({name} has format version {version})")
        shape, _, dtype = known[version](file)
    if dtype.kind not in "biuf":
        raise ConfigError(_KEY, path, f"{_NPZ} ({name} has dtype {dtype})")
    count = 1
    for length in shape:
        count *= length
    if not 0 <= count * dtype.itemsize <= entry.file_size:
        raise ConfigError(_KEY, path, f"{_NPZ} ({name} says shape {shape}, and is shorter)")


def _read_csv(path: Path, content: bytes, delimiter: str, outputs: int) -> tuple[Floats, Floats]:
    import numpy as np

    rows: list[tuple[int, list[str]]] = []
    try:
        reader = csv.reader(
            io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter
        )
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, row))
            if len(rows) > MAX_PATTERNS + 1:  # one of them may be a header
                raise _too_many(path, "patterns", "more", MAX_PATTERNS)
            if len(row) > 2 * MAX_COLUMNS:
                raise _too_many(path, "columns", len(row), 2 * MAX_COLUMNS)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(_KEY, path, f"a CSV file of numbers ({error})") from error
    if rows and not any(map(_is_number, rows[0][1])):
        rows = rows[1:]  # a header
    if not rows:
        raise ConfigError(_KEY, path, "a table with at least one pattern (this one is empty)")
    width = len(rows[0][1])
    if width <= outputs:
        raise ConfigError(
            _KEY,
            path,
            f"a table with more than {outputs} columns, the last {outputs} being targets "
            f"(this one has {width})",
        )
    for line, row in rows:
        if len(row) != width:
            raise ConfigError(
                _KEY,
                path,
                f"a table with {width} columns in every row (line {line} has {len(row)})",
            )
        for column, cell in enumerate(row, start=1):
            if not _is_number(cell):
                raise ConfigError(
                    _KEY,
                    path,
                    f"a table of numbers (line {line}, column {column} is {cell[:80]!r})",
                )
    values = np.array([[float(cell) for cell in row] for _, row in rows])
    return values[:, :-outputs], values[:, -outputs:]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
