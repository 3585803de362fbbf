"""Columns and rows give the same records, the same ids and the same refusals, whatever stands in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ittools.errors import InputError
from ittools.formats import columns, columns_jsonl, columns_parquet, parts
from ittools.formats.mapping import Defaults, map_rows
from ittools.formats.parts import cut
from ittools.formats.rows import bare_suffix, file_rows
from ittools.formats.source import ReadOptions, open_inputs
from ittools.records.build import record_batch
from ittools.records.schema import SCHEMA

TEXT = st.text(st.characters(codec=None), max_size=8) | st.sampled_from([
    "", " ", "a", '"', "\\", "\n\t\r", "2020-01-01", "2020-01-01T00:00:00Z", "10:00", "1", "😀", "\x00",
    "\ud83d",
])  # fmt: skip
NUMBER = st.sampled_from(
    [0, 1, -1, 2**40, 2**63, 10**30, 0.5, 1.0, -0.0, 1e16, 1e300, float("nan"), float("inf")]
)
PLAIN = st.none() | TEXT | NUMBER | st.booleans()
VALUE = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
NAMES = (
    "instruction", "input", "output", "response", "completion", "answer", "prompt", "question", "task",
    "source", "license", "language", "template", "generator", "system", "history", "parents", "scores",
    "meta", "id", "category", "rejected", "context", "messages", "instances", "",
)  # fmt: skip
USUAL = st.fixed_dictionaries(
    {"instruction": TEXT, "output": TEXT},
    optional={"input": TEXT | st.none(), "category": VALUE, "id": PLAIN, "source": PLAIN, "system": PLAIN},
)
PROMPTS = st.fixed_dictionaries({"prompt": TEXT, "completion": TEXT | st.none()}, optional={"extra": VALUE})
OURS = st.fixed_dictionaries(
    dict.fromkeys("id instruction input output task source license".split(), TEXT | st.none()),
    optional={
        "context": st.sampled_from([[], None, "", "[]", [{"role": "user", "content": "a"}]]),
        "meta": st.sampled_from([None, "", "x", '{"a": 1}', {"a": 1}]), "language": PLAIN, "generator": TEXT,
        "rejected": st.none() | TEXT, "scores": st.none() | st.just({"a": 1}),
        "parents": st.none() | st.just([]), "category": VALUE,
    },
)  # fmt: skip
ODD = st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=5)


def spelt(row: dict[str, Any], ascii_only: bool) -> str:
    line = json.dumps(row, ensure_ascii=ascii_only)
    return line.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def same_names(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first row's names for all, null where a row has none: as tools write tables."""
    return [{name: row.get(name) for name in rows[0]} for row in rows] if rows else rows


STRANGE = st.sampled_from([
    "", "  ", "\x0b", "[1]", "{", "{}", "null", '"a"}', '{"instruction":', '{"instruction": "a"} ',
    '{"instruction": "a"}{"instruction": "b"}', '{"instruction": "a", "instruction": 1}',
    '{"instruction": "a", "x": 01}', '{"\\u0069nstruction": "a", "output": 1e400}', "{}\r{}",
    '{"instruction": "\\ud800"}', '{"instruction": "\\udc00 \\ud83d\\ude00"}', "\ufeff{}",
    '{"instruction": "a\tb"}',
])  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A JSONL file: rows of one layout or of any, now and then with a strange line among them."""
    rows = draw(
        st.one_of(*(st.lists(kind, max_size=6) for kind in (USUAL, PROMPTS, OURS, USUAL | OURS | ODD)))
    )
    ascii_only = draw(st.booleans())
    written = [spelt(row, ascii_only) for row in (same_names(rows) if draw(st.booleans()) else rows)]
    for line in draw(st.lists(STRANGE, max_size=1)):
        written.insert(draw(st.integers(0, len(written))), line)
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    return end.join([*written, ""])


OWN = dict.fromkeys("id instruction input output task source".split(), "a") | {"license": ""}
EXPORTED = OWN | {
    "context": [],
    "scores": None,
    "meta": '{"x": 1}',
    "language": "fr",
    "task": "",
    "category": "d",
}
MAPS = st.sampled_from(
    [(), (), ("instruction=prompt",), ("output=category",), ("instruction=output", "output=input")]
)


def outcome(records: Callable[[], Iterator[dict[str, Any]]]) -> tuple[list[dict[str, Any]], str]:
    """The records, and the refusal that ended them if one did."""
    found: list[dict[str, Any]] = []
    try:
        for record in records():
            found.append(record)
    except InputError as error:
        return found, str(error)
    return found, ""


def by_rows(path: Path, defaults: Defaults) -> list[dict[str, Any]]:
    """The row-wise path alone."""
    rows = list(map_rows(file_rows(path), defaults))
    return [row for batch in [record_batch(rows)] for row in batch.to_pylist()]


def defaults_of(options: ReadOptions, name: str) -> Defaults:
    pairs = dict(pair.split("=") for pair in options.map)
    return Defaults(options.source or name, options.license, options.language, pairs, options.open_ended)


def assert_alike(path: Path, work: Path, options: ReadOptions) -> None:
    """Streamed, in parts and by rows: the same records and the same refusal."""
    (source,) = open_inputs(options)
    expected = outcome(lambda: iter(by_rows(path, defaults_of(options, path.stem))))
    streamed = outcome(lambda: (row for batch in source.batches() for row in batch.to_pylist()))
    in_parts = outcome(lambda: (row for part in cut([source], work) for row in part.read().to_pylist()))
    assert in_parts == expected
    assert streamed[1] == expected[1]
    if not expected[1]:
        assert repr(streamed) == repr(expected)


@given(lines(), MAPS, st.integers(1, 200), st.integers(1, 300))
@example('{"instruction": "a", "x": 1}\n{"instruction": "b", "x": 1.0}\n', (), 999, 999)
@example('{"instruction": "a", "x": {"a": 1}}\n{"instruction": "b", "x": {"b": 1}}\n', (), 999, 999)
@example('{"instruction": "a"}{"instruction":\n"b"}\n', (), 999, 999)
@example('{"instruction": "a"}{"instruction": {}\n}\n', (), 999, 999)
@example('{"prompt": "a"}\n{"prompt": "a", "answer": "b"}\n', (), 999, 999)
@example('{"output": null, "instruction": "a", "response": "b"}\n' * 2, (), 999, 999)
@example('{"instruction": "a", "response": "b"}\n{"instruction": "a", "output": "c"}\n', (), 999, 999)
@example(json.dumps(EXPORTED) + "\n", (), 999, 999)
@example(json.dumps(EXPORTED) + "\n" + json.dumps(EXPORTED | {"meta": "x"}) + "\n", (), 999, 999)
@example(json.dumps(EXPORTED) + "\n" + json.dumps(EXPORTED | {"rejected": "x"}) + "\n", (), 999, 999)
@settings(deadline=None, max_examples=150)
def test_lines_are_mapped_alike_by_columns_and_by_rows(
    tmp_path_factory: pytest.TempPathFactory, text: str, maps: tuple[str, ...], block: int, reach: int
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    path = folder / "in.jsonl"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns_jsonl, "BLOCK", block)
        patch.setattr(parts, "RANGE", reach)
        patch.setattr(parts, "MOST", 3)
        assert_alike(path, folder / "work", ReadOptions(inputs=(str(path),), map=maps, language="de"))


@given(st.lists(USUAL | PROMPTS | OURS | ODD, min_size=1, max_size=6), st.booleans(), MAPS)
@settings(deadline=None, max_examples=80)
def test_rows_of_an_array_are_mapped_alike(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], alike: bool, maps: tuple[str, ...]
) -> None:
    folder = tmp_path_factory.mktemp("array")
    path = folder / "in.json"
    path.write_text(json.dumps(same_names(rows) if alike else rows), encoding="utf-8")
    assert_alike(path, folder / "work", ReadOptions(inputs=(str(path),), map=maps, license=""))


CELL = st.none() | st.text(max_size=5)
TABLE = st.dictionaries(
    st.sampled_from([name for name in NAMES if name not in ("messages", "parents", "scores")]),
    st.sampled_from(["string", "large", "dictionary", "int", "float", "time", "list", "struct", "null"]),
    min_size=1,
)


def column(kind: str, texts: list[str | None]) -> pa.Array:
    strings = pa.array(texts, pa.string())
    sizes = [None if text is None else len(text) for text in texts]
    letters = [None if text is None else list(text) for text in texts]
    return {
        "string": lambda: strings,
        "large": lambda: strings.cast(pa.large_string()),
        "dictionary": strings.dictionary_encode,
        "int": lambda: pa.array(sizes, pa.int32()),
        "float": lambda: pa.array(sizes, pa.float64()),
        "time": lambda: pa.array(sizes, pa.timestamp("ms")),
        "list": lambda: pa.array(letters, pa.list_(pa.string())),
        "struct": lambda: pa.StructArray.from_arrays([strings], ["a"], mask=strings.is_null()),
        "null": lambda: pa.nulls(len(texts)),
    }[kind]()


@given(TABLE | TABLE.map(lambda kinds: kinds | {"instruction": "string", "output": "large"}), st.data())
@settings(deadline=None, max_examples=80)
def test_parquet_of_others_is_mapped_alike(
    tmp_path_factory: pytest.TempPathFactory, kinds: dict[str, str], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("table")
    path, count = folder / "in.parquet", data.draw(st.integers(0, 7))
    texts = {name: data.draw(st.lists(CELL, min_size=count, max_size=count)) for name in kinds}
    pq.write_table(pa.table({n: column(kinds[n], texts[n]) for n in kinds}), path, row_group_size=3)
    rows = ((f"{path}#{n}", row) for n, row in enumerate(pq.read_table(path).to_pylist(), 1))
    (source,) = open_inputs(ReadOptions(inputs=(str(path),)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns_parquet, "BATCH", 2)
        expected = outcome(lambda: iter(record_batch(list(map_rows(rows, Defaults("in")))).to_pylist()))
        found = outcome(lambda: (r for part in cut([source], folder) for r in part.read().to_pylist()))
        streamed = outcome(lambda: (row for batch in source.batches() for row in batch.to_pylist()))
    assert found == expected
    assert streamed == expected or expected[1] == streamed[1] != ""


def test_a_published_file_is_mapped_alike(shared_data: Path, tmp_path: Path) -> None:
    endings, alike, refused = (".jsonl", ".ndjson", ".json", ".csv", ".tsv"), 0, 0
    for path in sorted(shared_data.rglob("*")):
        if not path.is_file() or bare_suffix(path).lower() not in endings or path.stat().st_size > 1 << 20:
            continue
        options = ReadOptions(inputs=(str(path),))
        bare = path.with_suffix("") if path.suffix in (".gz", ".zst") else path
        expected = outcome(lambda: iter(by_rows(path, Defaults(bare.stem))))  # noqa: B023
        (source,) = open_inputs(options)
        found = outcome(lambda: (r for p in cut([source], tmp_path) for r in p.read().to_pylist()))  # noqa: B023
        assert found == expected, path
        alike, refused = alike + (not expected[1]), refused + bool(expected[1])
    assert alike
    assert refused


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "a", "input": None, "output": "2020-01-01", "tags": ["x"], "at": {"n": 1}, "p": 0.5},
        {"prompt": "a", "completion": "b"},
        {name: value for name, value in EXPORTED.items() if name != "category"} | {"id": 32 * "0"},
    ],
    ids=",".join,
)
def test_plain_lines_never_become_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: dict[str, Any]
) -> None:
    path = tmp_path / "in.jsonl"
    rows = [row | ({} if "source" in row else {"extra": number}) for number in range(50)]
    path.write_text("\n" + "".join(json.dumps(row) + "\r\n" for row in rows), encoding="utf-8")
    expected = by_rows(path, Defaults("in"))

    def refuse(*_: object) -> None:
        raise AssertionError("a row was made")

    monkeypatch.setattr(columns, "map_rows", refuse)
    monkeypatch.setattr(columns, "map_flat_rows", refuse)
    monkeypatch.setattr(columns_jsonl, "BLOCK", 500)
    (source,) = open_inputs(ReadOptions(inputs=(str(path),)))
    assert [row for batch in source.batches() for row in batch.to_pylist()] == expected


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (
            b'{"instruction": "a"}\n' * 40 + b'{"instruction": "\xff"}\n',
            ":41: not UTF-8 (invalid start byte)",
        ),
        (b'{"instruction": "a"}\n' * 40 + b'{"instruction": "b', ":41: not JSON ("),
        (b'{"instruction": "a"}\r' * 40 + b'{"text": "b"}', ":41: cannot map the columns text"),
        (
            b'{"instruction": "a"}\r\n\r\n' * 20 + b'{"instruction": []}',
            ":41: column 'instruction' holds a list",
        ),
        (b'{"instruction": "a"}\n' * 3 + b"\xef\xbb\xbf{}", ":4: not JSON (Unexpected UTF-8 BOM"),
        (b"\n" * 300, ": holds no record"),
        (b"", ": holds no record"),
        (b"\xef\xbb\xbf\n", ": holds no record"),
    ],
)
@pytest.mark.parametrize("reach", [7, 100, 10_000])
def test_a_part_tells_the_line_of_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, place: str, reach: int
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    monkeypatch.setattr(parts, "RANGE", reach)
    (source,) = open_inputs(ReadOptions(inputs=(str(path),)))
    for refusal in (outcome(lambda: iter(cut([source], tmp_path))), outcome(source.batches)):
        assert refusal[1].startswith(f"{path}{place}")


def test_the_first_refusal_by_position_counts(tmp_path: Path) -> None:
    bad = b'{"instruction": "a"}\n{"text": 1}\n'
    names = ("a.json", "b.jsonl", "c.csv", "d.jsonl")
    for name in names:
        (tmp_path / name).write_bytes(b"text\n1\n" if name == "c.csv" else bad)
    for first in range(len(names)):
        sources = open_inputs(ReadOptions(inputs=tuple(str(tmp_path / name) for name in names[first:])))
        with pytest.raises(InputError, match=f"{names[first]}:2: cannot map the columns text"):
            cut(sources, tmp_path / "work")


@pytest.mark.parametrize("levels", [50, 99, 100, 101, 150, 50_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}"), ('["]]]", ', "]")])
def test_deep_nesting_ends_no_process(tmp_path: Path, levels: int, opening: str, closing: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(f'{{"instruction": "a", "x": {opening * levels}1{closing * levels}}}\n', encoding="utf-8")
    (source,) = open_inputs(ReadOptions(inputs=(str(path),)))
    found = outcome(lambda: (row for batch in source.batches() for row in batch.to_pylist()))
    assert found == outcome(lambda: iter(by_rows(path, Defaults("in"))))
    assert bool(found[1]) == (levels == 50_000)


@pytest.mark.parametrize("first", [[], [{"instruction": "a", **{f"k{i}": 1 for i in range(300)}}]], ids=len)
def test_rows_of_many_names_make_no_wide_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: list[dict[str, Any]]
) -> None:
    rows = [*first, *({"instruction": "a", "x": {f"n{i}": i}} for i in range(300))]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    expected = by_rows(path, Defaults("in"))

    def refuse(*_: object, **how: Any) -> None:
        assert "explicit_schema" in how, "a table of any names was asked for"
        assert len(how["explicit_schema"]) < 300
        raise pa.ArrowInvalid("other names")

    monkeypatch.setattr(columns_jsonl, "_read", refuse)
    (source,) = open_inputs(ReadOptions(inputs=(str(path),)))
    assert [row for batch in source.batches() for row in batch.to_pylist()] == expected


def test_an_error_of_reading_comes_after_the_rows_before_it() -> None:
    def rows() -> Iterator[tuple[str, dict[str, Any]]]:
        yield from ((f"f:{n}", {"instruction": str(n)}) for n in range(5))
        raise InputError("f:6: torn")

    batches = columns.map_batches(rows(), Defaults("here"), size=2)
    found, refusal = outcome(lambda: (row for batch in batches for row in batch.to_pylist()))
    assert ([row["instruction"] for row in found], refusal) == (["0", "1", "2", "3", "4"], "f:6: torn")


def test_a_byte_order_mark_and_compression_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    content = b'\xef\xbb\xbf{"instruction": "a \xc3\xa9", "output": "b"}\n'
    path.write_bytes(content)
    packed = tmp_path / "in.jsonl.zst"
    packed.write_bytes(pa.compress(content, codec="zstd", asbytes=True))
    found = []
    for one in (path, packed):
        (part,) = cut(open_inputs(ReadOptions(inputs=(str(one),))), tmp_path / one.suffix)
        found.append(part.read())
    assert found[0].equals(found[1])
    assert found[0].schema == SCHEMA
    assert found[0].column("instruction").to_pylist() == ["a é"]
