"""Bad input ends in one clear line that names the place, with the right exit code."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, numbered, write_jsonl

GOOD = b'{"instruction": "a b c", "output": "d"}\n'
BAD: list[tuple[str, bytes, str]] = [
    ("empty.jsonl", b"", "holds no record"),
    ("blank.jsonl", b"\n \n", "holds no record"),
    ("empty.json", b"", "holds no record"),
    ("empty_array.json", b"[]", "holds no record"),
    ("only_header.csv", b"instruction,output\n", "holds no record"),
    ("empty.yaml", b"[]", "holds no record"),
    ("empty.jsonl.gz", gzip.compress(b""), "holds no record"),
    ("zero_bytes.parquet", b"", "not readable Parquet"),
    ("torn.jsonl", GOOD + b'{"instruction": "a', ":2: not JSON (Unterminated string"),
    ("torn.json", b"[\n" + GOOD + b",\n" + GOOD, ":5: ends inside the array; the file may be cut short"),
    ("torn_object.json", b'[\n{"instruction": "a",', ":2: not JSON"),
    ("two_arrays.json", b"[" + GOOD + b"]\n\n[" + GOOD + b"]", ":4: more text after the end of the array"),
    ("no_object.json", b"[\n1]", ":2: expected an object, got int"),
    ("list.jsonl", GOOD + b"[1]\n", ":2: expected a JSON object, got list"),
    ("word.json", b"hello", ":1: not JSON (starts with 'h')"),
    ("deep.jsonl", GOOD + b"[" * 100_000 + b"\n", ":2: not JSON"),
    ("digits.jsonl", GOOD + b'{"instruction": ' + b"9" * 5_000 + b"}\n", ":2: not JSON"),
    ("nul.jsonl", GOOD + b'{"instruction": "a\0"}\n', ":2: not JSON (Invalid control character"),
    ("latin1.jsonl", GOOD * 3_000 + b'{"instruction": "\xe9"}\n', ":3001: not UTF-8"),
    ("latin1.csv", b"instruction,output\na,b\nc,\xe9\n", ":3: not UTF-8"),
    ("latin1.jsonl.gz", gzip.compress(GOOD + b"\xff"), ":2: not UTF-8"),
    ("utf16.jsonl", GOOD.decode().encode("utf-16"), ":1: not UTF-8"),
    ("truncated.jsonl.gz", gzip.compress(GOOD * 1_000)[:-30], "cannot be read (Truncated compressed stream)"),
    ("not_packed.jsonl.gz", GOOD, "cannot be read"),
    ("not_packed.jsonl.zst", GOOD, "cannot be read"),
    ("ragged.csv", b"instruction,output\na,b\na,b,c\n", ":3: 3 fields, the header has 2"),
    ("open_quote.csv", b'instruction,output\n"a,b\n', ":2: not CSV (unexpected end of data)"),
    ("stray_quote.csv", b'instruction,output\n"a"x,b\n', ":2: not CSV"),
    ("twice.csv", b"instruction,instruction\na,b\n", ":1: a column name stands twice"),
    ("mapping.yaml", b"a: 1\n", "expected a YAML list of mappings"),
    ("alias.yaml", b"- &a {x: 1}\n- *a\n", ":2: aliases (*name) are not allowed"),
    ("columns.jsonl", b'{"q": 1, "r": 2}\n', ":1: cannot map the columns q, r; name them with --map"),
    ("unknown.docx", GOOD, "unknown ending; ittools reads .parquet .jsonl"),
    ("not.parquet", b"PAR1 but no more PAR1", "not readable Parquet"),
]


@pytest.mark.parametrize(("name", "content", "problem"), BAD, ids=[name for name, _, _ in BAD])
@pytest.mark.parametrize("command", ["stats", "filter"])
def test_a_bad_file_is_one_clear_line(
    tmp_path: Path, cli: Cli, command: str, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    extra = ("--out", tmp_path / "out") if command == "filter" else ()
    ran = cli(command, path, *extra)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert ran.err.startswith(f"ittools {command}: {path}")
    assert problem in ran.err
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_missing_file_is_named_with_the_folder_it_was_sought_in(cli: Cli) -> None:
    ran = cli("head", "nowhere.jsonl")
    message = f"ittools head: nowhere.jsonl: no such file or directory (cwd is {Path.cwd()})\n"
    assert (ran.code, ran.err) == (1, message)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("head", "--numm", "3", "x"), "No such option: --numm (Possible options: --num)"),
        (("haed", "x"), "no such command; did you mean 'head'?"),
        (("head",), "Missing argument"),
        (("head", "x", "-n", "many"), "'many' is not a valid int"),
        (("head", "x", "-n", "-1"), "--num must be at least 1"),
        (("stats", "x", "-n", "0"), "--top must be at least 1"),
        (("filter", "x", "--max-repetition", "2"), "--max-repetition is a share from 0 to 1"),
        (("filter", "x", "--min-output-words", "9", "--max-output-words", "1"), "no record could pass"),
        (("filter", "x", "--blacklist", " "), "--blacklist: an empty word would drop every record"),
        (("dedup", "x", "--threshold", "0"), "--threshold 0.0: a similarity above 0 and up to 1"),
        (("dedup", "x", "--threshold", "nan"), "--threshold nan: a similarity above 0 and up to 1"),
        (("dedup", "x", "--ngram", "0"), "--ngram 0: a shingle has at least 1 of --unit"),
        (("mix", "x", "--temperature", "nan"), "--temperature must be a positive number"),
        (("mix", "x", "--heldout", "1"), "--heldout is a share from 0 to below 1"),
        (("export", "x", "--to", "xml"), "'xml' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_exits_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli, words: tuple[str, ...], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x").mkdir()
    pq.write_table(pa.table({"instruction": ["a"], "output": ["b"]}), "x/train.parquet")
    ran = cli(*words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert problem in ran.err


def test_a_damaged_shard_is_one_clear_line(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(100))
    assert cli("filter", source, "--out", tmp_path / "out").code == 0
    shard = tmp_path / "out" / "data" / "train-00000-of-00001.parquet"
    clean = shard.read_bytes()
    for at in (20, 300):
        shard.write_bytes(clean[:at] + bytes([clean[at] ^ 1]) + clean[at + 1 :])
        for command in ("head", "stats", "dedup", "mix", "export"):
            extra = ("--out", tmp_path / f"{command}{at}.jsonl") if command not in ("head", "stats") else ()
            ran = cli(command, tmp_path / "out", *extra)
            assert (ran.code, ran.err.count("\n")) == (1, 1)
            assert ran.err.startswith(f"ittools {command}: {shard}: damaged Parquet in row group 0 (")


def test_a_control_character_of_a_stranger_never_reaches_the_terminal(tmp_path: Path, cli: Cli) -> None:
    hostile = "\x1b]52;c;AAAA\x07\x9b31m\u202e"
    row = {"instruction": f"say {hostile}", "output": hostile, "task": hostile, "source": hostile}
    path = write_jsonl(tmp_path / "in.jsonl", [row])
    for command in ("head", "stats"):
        ran = cli(command, path)
        assert (ran.code, {c for c in ran.out if ord(c) < 32}) == (0, {"\n"})
        assert not {"\x9b", "\u202e"} & set(ran.out)
    refused = cli("stats", write_jsonl(tmp_path / "columns.jsonl", [{hostile: 1}]))
    assert (refused.code, {c for c in refused.err if ord(c) < 32}) == (1, {"\n"})
