"""Tables: how a file is read is stated, by a key or in what a run says; nothing is guessed."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import xorlab
from xorlab.errors import ConfigError
from xorlab.networks.spec import run_key
from xorlab.networks.tasks.table import Table

ROWS = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]
PLAIN = "a,b,y\n" + "".join(f"{a},{b},{y}\n" for a, b, y in ROWS)
INDEXED = ",a,b,y\n" + "".join(f"{n},{a},{b},{y}\n" for n, (a, b, y) in enumerate(ROWS))
# As R's write.table does: the names of rows have no name.
R_TABLE = "a b y\n" + "".join(f'"{n}" {a} {b} {y}\n' for n, (a, b, y) in enumerate(ROWS, 1))
EUROPEAN = "a;b;y\n" + "".join(f"{a},5;{b};{y}\n" for a, b, y in ROWS)
NAMED = "a;kind\n0,5;cat\n1,5;dog\n"  # decimal commas, and classes in words


def table(tmp_path, content, name="t.csv", **keys):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Table(path=str(path), **keys)


def made(*arguments, **keys):
    return table(*arguments, **keys).make()


def key_of(task: Table) -> str:
    config = xorlab.configure()
    config.task = task
    return run_key(config)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (INDEXED, "t.csv", r"column 1 is named ''.*index.*task\.inputs=\[2,3\]"),
        (INDEXED.replace(",a", "Unnamed: 0,a", 1), "t.csv", r"column 1 is named 'Unnamed: 0'"),
        (R_TABLE, "t.txt", r"delimiter is taken to be a comma.*"),
        (PLAIN.replace(",", ";"), "t.csv", r"comma; the file reads well with task\.delimiter=semi"),
        (PLAIN.replace(",", "\t"), "t.csv", r"reads well with task\.delimiter=tab"),
        (PLAIN, "t.tsv", r"to be a tab; the file reads well with task\.delimiter=comma"),
        (PLAIN.replace(",", "  "), "t.txt", r"reads well with task\.delimiter=blank"),
        (PLAIN.replace(",", "|"), "t.csv", r"reads well with task\.delimiter=bar"),
        (EUROPEAN, "t.csv", r"reads well with task\.delimiter=semicolon task\.decimal=comma"),
        (NAMED, "t.csv", r"delimiter=semicolon task\.decimal=comma task\.classes=true$"),
        (
            "a,kind\n0.5,cat\n1.5,dog\n",
            "t.csv",
            r"is 'cat', .* is 'dog'; task\.classes=true .*delimiter$",
        ),
        ("0,1,2\n1,2,3\n", "t.csv", r"task\.header=null: must be given where the first row is 0,1"),
        ("a,b,7\n1,2,3\n", "t.csv", r"is 'a', .* column 2 is 'b'; task\.header=true if this line"),
        ("1,2,1\n0,,0\n", "t.csv", r"line 2, column 2 is ''\); a value is missing: remove the row"),
        ("1,2,1\nNA,1,0\n", "t.csv", r"column 1 is 'NA'\); a value is missing: remove the row"),
        ("1,yes\n0,no\n", "t.csv", r"line 1, column 2 is 'yes'"),
        (b"\xff\xfea\x00,\x00b\x00", "t.csv", r"in UTF-8 \(line 1 has the byte 0xff"),
        (b"\x1f\x8b nothing", "t.csv.gz", r"a whole gzip file"),
        (PLAIN, "t.xlsx", r"a \.csv, \.tsv or \.txt file, also with \.gz"),
    ],
)
def test_what_the_file_does_not_say_is_refused_with_the_keys_that_say_it(
    content, name, message, tmp_path
):
    with pytest.raises(ConfigError, match=message):
        made(tmp_path, content, name)


@pytest.mark.parametrize(
    ("content", "name", "keys"),
    [
        (INDEXED, "t.csv", {"inputs": ["a", "b"]}),
        (INDEXED, "t.csv", {"inputs": [2, 3], "targets": "y"}),
        (R_TABLE.partition("\n")[2], "t.txt", {"delimiter": "blank", "inputs": [2, 3]}),
        (
            "y,a,b,note\n0,0,0,x\n1,0,1,?\n1,1,0,\n0,1,1,z\n",
            "t.csv",
            {"inputs": ["a", "b"], "targets": ["y"]},
        ),
        (PLAIN.replace(",", ";"), "t.csv", {"delimiter": "semicolon"}),
        (PLAIN.replace(",", "   "), "t.txt", {"delimiter": "blank"}),
        ("# " + PLAIN, "t.csv", {"inputs": ["a", "b"]}),
        (PLAIN.replace("a,b,y", "0,1,2"), "t.csv", {"header": True}),
        (PLAIN.replace("a,b,y\n", ""), "t.csv", {"header": False}),
        (gzip.compress(PLAIN.encode(), mtime=0), "t.csv.gz", {}),
        ("\ufeff" + PLAIN.replace("\n", "\r\n"), "t.csv", {}),
    ],
)
def test_a_table_is_read_as_its_keys_state(content, name, keys, tmp_path):
    task = made(tmp_path, content, name, **keys)
    assert np.c_[task.inputs, task.targets].tolist() == ROWS


def test_decimal_commas_are_numbers_where_they_are_stated(tmp_path):
    task = made(tmp_path, EUROPEAN, delimiter="semicolon", decimal="comma")
    assert task.inputs[:, 0].tolist() == [0.5, 0.5, 1.5, 1.5]
    quoted = made(tmp_path, '"0,5",1\n"1,5",0\n', decimal="comma")
    assert quoted.inputs.tolist() == [[0.5], [1.5]]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"inputs": ["c"]}, r"task\.inputs=c: must be the name of one column; one of a, b, y"),
        ({"targets": [4]}, r"task\.targets=4: must be from 1 to 3"),
        ({"inputs": ["a", "y"]}, r"task\.inputs=\[.*: must be without y, which is a target"),
        ({"inputs": ["a", 1]}, r"task\.inputs=.*columns that differ"),
        ({"inputs": ["a", "b", "y"]}, r"must be without y, which is a target"),
        ({"targets": ["a", "b", "y"]}, r"task\.targets=.*so few that inputs are left"),
        ({"targets": ["b", "y"], "outputs": 1}, r"task\.outputs=1: must be left out, or 2"),
        ({"header": False}, r"line 1, column 1 is 'a'"),
        ({"inputs": ["a"], "header": False}, r"a position, counted from 1, as the table has no"),
    ],
)
def test_columns_that_do_not_fit_the_table_are_refused(keys, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        made(tmp_path, PLAIN, **keys)


def test_an_npz_file_needs_no_keys_of_text(tmp_path):
    np.savez(tmp_path / "t.npz", inputs=np.eye(2), targets=np.arange(2))
    with pytest.raises(ConfigError, match=r"task\.header=true: must be left out where task\.path"):
        Table(path=str(tmp_path / "t.npz"), header=True).make()


@pytest.mark.parametrize(
    "override",
    [
        "task.delimiter=comma",
        "task.header=true",
        "task.inputs=[a,b]",
        "task.targets=3",
        "task.decimal=point",
    ],
)
def test_keys_that_say_nothing_new_leave_the_identity_as_it_is(override, tmp_path):
    (tmp_path / "t.csv").write_text(PLAIN)
    plain = ("task=table", "task.path=t.csv")
    assert run_key(xorlab.configure(*plain, override)) == run_key(xorlab.configure(*plain))


def test_what_is_learned_counts_however_it_is_stated(tmp_path):
    swapped = key_of(table(tmp_path, PLAIN, inputs=["b", "a"]))
    assert swapped == key_of(table(tmp_path, PLAIN, inputs=[2, 1], targets="y"))
    assert swapped == key_of(table(tmp_path, INDEXED, "i.csv", inputs=["b", "a"]))
    assert swapped != key_of(table(tmp_path, PLAIN))
    two = key_of(table(tmp_path, PLAIN, targets=["b", "y"]))
    assert two == key_of(table(tmp_path, PLAIN, outputs=2))
    packed = table(tmp_path, gzip.compress(PLAIN.encode(), mtime=0), "t.csv.gz")
    assert key_of(packed) == key_of(table(tmp_path, PLAIN))


def test_a_run_says_how_it_understood_its_table(command, store_file, tmp_path):
    (tmp_path / "t.csv").write_text(INDEXED)
    words = "t.csv: 4 patterns, inputs a, b; targets y; a header, delimiter comma"
    overrides = ("task=table", "task.path=t.csv", "task.inputs=[a,b]", "training.epochs=3")
    assert f"Table {words}\n" in command(*overrides).out
    planned = command("-m", "seed=1,2", "plan=true", *overrides).out
    assert f"table {words}\n" in planned
    (tag,) = xorlab.load_runs()["run_id"].map(_table_read).unique()
    assert tag == words


def _table_read(run_id):
    from xorlab.tracking.store.opening import open_store

    return open_store(None, "xorlab").client.get_run(run_id).data.tags["xorlab.table_read"]


def one_hot(*classes: int, of: int) -> str:
    """A table of one input and its class, one column for each."""
    rows = [[float(n), *np.eye(of, dtype=int)[one]] for n, one in enumerate(classes)]
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_classes_in_the_last_columns_are_no_inputs_unless_that_is_stated(count, tmp_path):
    content = one_hot(*range(count), 0, of=count)
    with pytest.raises(ConfigError, match=rf"task.outputs={count} if they are the targets"):
        made(tmp_path, content)
    assert made(tmp_path, content, outputs=count).targets.shape == (count + 1, count)
    assert made(tmp_path, content, outputs=1).inputs.shape == (count + 1, count)
    assert made(tmp_path, content, targets=count + 1).inputs.shape == (count + 1, count)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        one_hot(0, 0, of=2),  # a column without a one says nothing
        one_hot(0, 1, of=2).replace("1,0", "1,1"),
        "5,0.5,1\n6,0.5,0\n",
        "5,0,1\n6,0,1\n",
    ],
)
def test_other_last_columns_are_taken_as_they_are(content, tmp_path):
    assert made(tmp_path, content).targets.shape[1] == 1


NUMBERS = "".join(f"0.{n},1.{n},{n}\n" for n in range(1, 15))  # more rows than a hint looks at


@pytest.mark.parametrize("late", ["", NUMBERS])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ["1,,0", "1,NA,0", ",1,0", "?,1,0", "1,,0"],
            r"\(5 cells are not: line L, column 2 \(b\) is '', line M, column 2 \(b\) is 'NA', "
            r"line N, column 1 \(a\) is '' and 2 more\); a value is missing: remove the row, or "
            r"fill the value in, in each of these rows$",
        ),
        (
            ['1,"2,5",0', '1,"3,5",0', ",2,1"],
            r"\(3 cells are not: line L, column 2 \(b\) is '2,5', .*; where the comma of '2,5' is "
            r"a decimal mark, write 2\.5 or add task\.decimal=comma \(with task\.delimiter=semi.*",
        ),
        (["1,2,5,0", "0,1,1"], r"\(line L has 4\); commas separate the columns: write decimal"),
        (["1,2,0", "1,O,0"], r"\(line M, column 2 \(b\) is 'O'\); correct these values"),
    ],
)
def test_what_is_wrong_in_some_rows_is_said_at_once(rows, message, late, tmp_path):
    content = "a,b,y\n" + "0,1,1\n" * 6 + late + "".join(f"{row}\n" for row in rows)
    first = 8 + late.count("\n")
    for n, letter in enumerate("LMN"):
        message = message.replace(f"line {letter}", f"line {first + n}")
    with pytest.raises(ConfigError, match=message):
        made(tmp_path, content)


CLASSES = "a,b,kind\n0,1,no\n1,0,yes\n1,1,{}\n0,0,no \n"


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("Yes", r"differ by more than capitals and blanks \(kind is 'Yes' in line 4 and 'yes' in"),
        (
            "",
            r"a class in every row \(kind is '' in line 4\); fill the class in, or remove",
        ),
        ("NA", r"a class in every row \(kind is 'NA' in line 4\)"),
    ],
)
def test_a_class_that_is_misspelt_or_missing_is_refused_with_its_line(label, message, tmp_path):
    with pytest.raises(ConfigError, match=rf"task\.path=.*t\.csv: must be a table .*{message}"):
        made(tmp_path, CLASSES.format(label), classes=True)


def test_further_rows_without_a_class_are_counted(tmp_path):
    two = CLASSES.format("NA") + "1,2,\n"
    with pytest.raises(ConfigError, match=r"\(kind is 'NA' in line 4 and line 6\); fill"):
        made(tmp_path, two, classes=True)
    with pytest.raises(ConfigError, match=r"is 'NA' in line 4 and in 2 more rows\); fill"):
        made(tmp_path, two + "1,3,?\n", classes=True)


def test_blanks_around_a_class_do_not_count_and_a_class_of_one_row_is_pointed_out(tmp_path):
    assert made(tmp_path, CLASSES.format('" yes "'), classes=True).classes == ("no", "yes")
    task = made(tmp_path, CLASSES.format("yse"), classes=True)
    assert task.understood is not None
    assert task.understood.endswith("3 classes: no, yes (1 pattern), yse (1 pattern)")


def test_a_table_without_two_classes_names_the_keys_that_help(tmp_path):
    with pytest.raises(ConfigError, match=r"\(a has 1\); another column may have the classes"):
        made(tmp_path, "b,a\n0,x\n1,x\n", classes=True)
    training = "a,kind,set\n0,x,training\n1,y,test\n0,x,test\n"
    with pytest.raises(
        ConfigError,
        match=r"of y it has none: the data have 1 pattern of it, the first one in line 3 of "
        r".*t\.csv\); correct the class if it is misspelt$",
    ):
        made(tmp_path, training, classes=True, targets="kind", split="set")


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ("who,a,b,y\nme,0,1,1\nyou,1,0,1\n", "task.inputs=[2,3]"),
        ("who,a,b,kind\nme,0,1,x\nyou,1,0,y\n", "task.inputs=[2,3] task.classes=true"),
    ],
)
def test_the_keys_that_leave_columns_of_text_out_are_named(content, keys, tmp_path):
    with pytest.raises(ConfigError) as caught:
        made(tmp_path, content)
    assert str(caught.value).endswith(f"to learn from the columns of numbers alone: {keys}")


@pytest.mark.parametrize(("classes", "more"), [(True, ""), (False, " task.classes=true")])
def test_a_class_in_another_column_than_the_last_is_named_first(classes, more, tmp_path):
    with pytest.raises(
        ConfigError, match=rf"column 1: task\.targets=1{more}; to learn from"
    ) as caught:
        made(tmp_path, "kind,a,b\nx,0.5,1\ny,1.5,2\nx,0,1\n", classes=classes)
    assert str(caught.value).endswith("task.inputs=[2]")
    task = made(tmp_path, "kind,a,b\nx,0.5,1\ny,1.5,2\nx,0,1\n", classes=True, targets=1)
    assert task.classes == ("x", "y")
