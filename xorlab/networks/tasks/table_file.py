"""Tables of the user's own: a file in, patterns out, whatever the file holds."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.config.data_files import MAX_BYTES, digest, read_file
from xorlab.config.paths import given_path
from xorlab.errors import ConfigError
from xorlab.networks.tasks import table_rows
from xorlab.networks.tasks.classes import is_one_hot, one_hot
from xorlab.networks.tasks.table_rows import DELIMITERS
from xorlab.networks.tasks.table_text import TextFormat, TextTable, read_text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_KEY = "task.path"
# What the end of a name says about the delimiter.
_TEXT = {".csv": "comma", ".txt": "comma", ".tsv": "tab"}
_NPZ = "an npz file with numeric arrays inputs (P, I) and targets (P, O)"


@dataclass(frozen=True, eq=False)
class TableData:
    """The patterns in a file.

    Attributes:
        inputs: (P, I), all finite.
        targets: (P, O), all finite.
        digest: SHA-256 of the file in hexadecimal; of its content where it is compressed.
        understood: how the file was understood, in a few words.
        classes: the class of each target; empty where targets are no classes.
        sets: the set of each pattern, as a column calls it; None without such a column.
        lines: of the file, one for each pattern; None where there are none.
    """

    inputs: Floats
    targets: Floats
    digest: str
    understood: str
    classes: tuple[str, ...] = ()
    sets: tuple[str, ...] | None = None
    lines: tuple[int, ...] | None = None


class TableFile:
    """A file of patterns, whose content is read once.

    Args:
        name: its path; what its name ends in says what it is.

    Raises:
        ConfigError: it is missing, too large, or damaged.
    """

    def __init__(self, name: str) -> None:
        self._path = given_path(_KEY, name)
        self._content = read_file(_KEY, self._path)
        self._suffix = self._path.suffix.lower()
        if self._suffix == ".gz":
            self._content = _unpacked(self._path, self._content)
            self._suffix = Path(self._path.stem).suffix.lower()

    def read(self, text: TextFormat, strict: bool = True) -> TableData:
        """The patterns in it.

        Args:
            text: how a text file is understood.
            strict: see `xorlab.networks.tasks.table_text.read_text`.

        Raises:
            ConfigError: the file is empty, ragged, not numeric or not finite, or has not the
                columns that are named.
        """
        path, content = self._path, self._content
        if self._suffix == ".npz":
            for key, value in vars(text).items():
                if value is not None and key not in ("outputs", "classes"):
                    raise ConfigError(
                        f"task.{key}", value, "left out where task.path is an npz file"
                    )
            read = TextTable(*_read_npz(path, content), (), None, "arrays inputs and targets")
        elif self._suffix in _TEXT:
            mark = DELIMITERS[text.delimiter or _TEXT[self._suffix]]
            read = read_text(path, content, text, mark, strict)
        else:
            raise ConfigError(
                _KEY, path, "a .csv, .tsv or .txt file, also with .gz, or an .npz file"
            )
        for kind, values in (("inputs", read.inputs), ("targets", read.targets)):
            _check(str(path), kind, values, read.lines)
        targets, classes = read.targets, read.classes
        if text.classes and not classes:
            targets, classes = _as_classes(path, targets)
        patterns = f"{len(targets)} pattern{'s' * (len(targets) != 1)}"
        understood = f"{patterns}, {read.understood}"
        return TableData(
            read.inputs, targets, digest(content), understood, classes, read.sets, read.lines
        )


def _as_classes(path: Path, targets: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Numbers as classes: one column of integers, or one-hot columns.

    Raises:
        ConfigError: they are something else.
    """
    if targets.shape[1] > 1 and is_one_hot(targets):
        return targets, tuple(str(number) for number in range(targets.shape[1]))
    if targets.shape[1] > 1 or (targets % 1).any():
        raise ConfigError(
            "task.classes",
            True,
            f"false where the targets of {path} are neither one column of integers nor one-hot "
            "columns, with a single 1 for every pattern",
        )
    return one_hot(_KEY, path, [f"{one:.0f}" for one in targets[:, 0]])


def _unpacked(path: Path, content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            unpacked = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(_KEY, path, f"a whole gzip file ({error})") from error
    if len(unpacked) > MAX_BYTES:
        raise ConfigError(_KEY, path, f"a file of at most {MAX_BYTES // 2**20} MiB, unpacked")
    return unpacked


def _check(name: str, kind: str, values: Floats, lines: tuple[int, ...] | None) -> None:
    import numpy as np

    if values.size == 0:
        raise ConfigError(_KEY, name, f"a table with {kind} (this one has none)")
    if len(values) > table_rows.MAX_PATTERNS:
        raise _too_many(name, "patterns", len(values), table_rows.MAX_PATTERNS)
    if values.shape[1] > table_rows.MAX_COLUMNS:
        raise _too_many(name, f"columns of {kind}", values.shape[1], table_rows.MAX_COLUMNS)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        where = f"pattern {row + 1}" if lines is None else f"line {lines[row]}"
        more = f"; {len(bad):,} cells in all" * (len(bad) > 1)
        raise ConfigError(
            _KEY,
            name,
            f"a table of finite numbers ({kind}, {where}, column {column + 1} is "
            f"{values[row, column]}{more})",
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
