"""`dedup --against` and `--index`: what is there already goes, and what is there already stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, Row, manifest_of, numbered, read_records, write_jsonl, written

from ittools.curate import saved_index
from ittools.store.lock import writer_lock

TEXT = "the quick brown fox jumps over the lazy dog and runs into the deep green forest at night"


def row(output: str, instruction: str = "Go on.") -> Row:
    return {"instruction": instruction, "output": output}


def dropped(out: Path) -> list[tuple[str, str, str, float]]:
    """(output, reason, kept id, similarity) of what went."""
    records = read_records(out, "dropped", "dropped")
    details = [json.loads(record["detail"]) for record in records]
    return [
        (record["output"], record["reason"], detail["kept"], detail["jaccard"])
        for record, detail in zip(records, details, strict=True)
    ]


@pytest.mark.parametrize("method", ["near", "join"])
def test_what_another_dataset_has_goes(tmp_path: Path, cli: Cli, method: str) -> None:
    other = write_jsonl(tmp_path / "other.jsonl", [row(TEXT), row("alone"), row(TEXT)])
    mine = write_jsonl(tmp_path / "mine.jsonl", [row("Alone."), row("new"), row(TEXT + " again"), row("new")])
    out = tmp_path / "out"
    ran = cli("dedup", mine, "--against", other, "--method", method, "--keep-dropped", "--out", out)
    assert ran.code == 0, ran.err
    ids = [record["id"] for record in read_records(_exported(cli, other, tmp_path / "copy"))]
    assert [record["output"] for record in read_records(out)] == ["new"]
    assert dropped(out) == [
        ("Alone.", "exact-known", ids[1], 1.0),
        (TEXT + " again", "near-known", ids[0], pytest.approx(16 / 17, abs=1e-6)),
        ("new", "exact-duplicate", read_records(out)[0]["id"], 1.0),
    ]
    assert manifest_of(out)["funnel"]["in"] == 4
    assert [entry["kind"] for entry in manifest_of(out)["inputs"]] == ["jsonl", "against: jsonl"]


def _exported(cli: Cli, source: Path, out: Path) -> Path:
    assert cli("filter", source, "--min-instruction-words", 0, "--out", out).code == 0
    return out


def test_another_dataset_is_an_input_like_any(tmp_path: Path, cli: Cli) -> None:
    """Its content is part of the fingerprint, its name is not; a missing one is an error."""
    mine = write_jsonl(tmp_path / "mine.jsonl", numbered(3))
    one = write_jsonl(tmp_path / "one.jsonl", numbered(1))
    two = write_jsonl(tmp_path / "two.jsonl", numbered(2))
    out = tmp_path / "out"
    assert cli("dedup", mine, "--against", one, "--out", out).code == 0
    assert "reused" in cli("dedup", mine, "--against", one, "--out", out).err
    ran = cli("dedup", mine, "--against", two, "--out", out)
    assert (ran.code, "--force" in ran.err) == (2, True)
    ran = cli("dedup", mine, "--against", tmp_path / "none.jsonl", "--out", tmp_path / "x")
    assert (ran.code, "none.jsonl: no such file" in ran.err) == (1, True)


def test_the_preferred_record_of_another_dataset_does_not_matter(tmp_path: Path, cli: Cli) -> None:
    """--keep longest chooses among the new ones; what is known stays whatever its length."""
    other = write_jsonl(tmp_path / "other.jsonl", [row(TEXT)])
    mine = write_jsonl(tmp_path / "mine.jsonl", [row(TEXT + " again")])
    cli("dedup", mine, "--against", other, "--keep", "longest", "--out", tmp_path / "out")
    assert manifest_of(tmp_path / "out")["funnel"]["out"] == 0


@pytest.mark.parametrize("method", ["near", "join"])
def test_an_index_grows_with_each_run(tmp_path: Path, cli: Cli, method: str) -> None:
    runs = [numbered(40), [*numbered(20, 30), row(TEXT)], [row(TEXT + " again"), *numbered(5, 48)]]
    funnels = []
    for number, rows in enumerate(runs):
        source = write_jsonl(tmp_path / f"{number}.jsonl", rows)
        how = ("--index", tmp_path / "index", "--method", method)
        ran = cli("dedup", source, *how, "--out", tmp_path / str(number))
        assert ran.code == 0, ran.err
        funnels.append(manifest_of(tmp_path / str(number))["funnel"])
    assert [(funnel["dropped"], funnel["out"]) for funnel in funnels] == [
        ({}, 40),
        ({"exact-known": 10}, 11),
        ({"exact-known": 2, "near-known": 1}, 3),
    ]
    saved = json.loads((tmp_path / "index" / "index.json").read_text())
    assert [run["records"] for run in saved["runs"]] == [40, 11, 3]


def test_incremental_runs_keep_what_one_run_over_all_keeps(tmp_path: Path, cli: Cli) -> None:
    rows = [*numbered(30), *(r | {"output": r["output"] + " indeed"} for r in numbered(30)), *numbered(9, 25)]
    source = write_jsonl(tmp_path / "all.jsonl", rows)
    cli("dedup", source, "--out", tmp_path / "whole")
    kept = []
    for first in range(0, len(rows), 17):
        part, out = write_jsonl(tmp_path / f"{first}.jsonl", rows[first : first + 17]), tmp_path / f"o{first}"
        assert cli("dedup", part, "--index", tmp_path / "index", "--out", out).code == 0
        kept += [record["id"] for record in read_records(out)]
    assert kept == [record["id"] for record in read_records(tmp_path / "whole")]


def test_a_run_is_added_once(tmp_path: Path, cli: Cli) -> None:
    """Repeated, reused or forced: it sees the runs before it, and writes the same bytes."""
    source, later = (
        write_jsonl(tmp_path / "a.jsonl", numbered(9)),
        write_jsonl(tmp_path / "b.jsonl", numbered(12)),
    )
    index, out = tmp_path / "index", tmp_path / "out"
    command = ("dedup", source, "--index", index, "--out", out)
    assert cli(*command).code == 0
    first, content = written(out), (index / "index.json").read_bytes()
    assert "reused" in cli(*command).err
    assert (index / "index.json").read_bytes() == content
    assert cli(*command, "--force").code == 0
    assert (written(out), (index / "index.json").read_bytes()) == (first, content)
    assert cli("dedup", later, "--index", index, "--out", tmp_path / "later").code == 0
    both = (index / "index.json").read_bytes()
    assert cli(*command, "--force").code == 0
    assert (written(out), (index / "index.json").read_bytes()) == (first, both)


def test_a_finished_output_does_not_hide_an_index_that_lacks_it(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "a.jsonl", numbered(9)), tmp_path / "out"
    assert cli("dedup", source, "--index", tmp_path / "one", "--out", out).code == 0
    ran = cli("dedup", source, "--index", tmp_path / "two", "--out", out)
    assert (ran.code, "has nothing of this run" in ran.err, "--force" in ran.err) == (2, True, True)
    assert cli("dedup", source, "--index", tmp_path / "two", "--out", out, "--force").code == 0
    assert json.loads((tmp_path / "two" / "index.json").read_text())["runs"][0]["records"] == 9


def test_an_index_compares_one_thing_only(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", numbered(3))
    index = tmp_path / "index"
    cli("dedup", source, "--index", index, "--out", tmp_path / "one")
    ran = cli("dedup", source, "--index", index, "--ngram", 5, "--out", tmp_path / "two")
    assert ran.code == 2
    assert "was begun with --ngram 3, not 5; give the same, or another folder" in ran.err
    assert cli("dedup", source, "--index", index, "--threshold", 0.9, "--out", tmp_path / "three").code == 0


def test_a_folder_of_other_things_is_no_index(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "data" / "a.jsonl", numbered(3))
    ran = cli("dedup", source, "--index", tmp_path / "data", "--out", tmp_path / "out")
    assert (ran.code, "neither an index of dedup nor an empty folder" in ran.err) == (2, True)


@pytest.mark.parametrize("harm", ["cut", "gone", "nonsense"])
def test_a_damaged_index_is_an_error(tmp_path: Path, cli: Cli, harm: str) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", numbered(30))
    index = tmp_path / "index"
    cli("dedup", source, "--index", index, "--out", tmp_path / "one")
    file = next(index.glob("*.arrays"))
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    elif harm == "gone":
        file.unlink()
    else:
        (index / "index.json").write_text("{}")
    ran = cli(
        "dedup", write_jsonl(tmp_path / "b.jsonl", numbered(4)), "--index", index, "--out", tmp_path / "o"
    )
    assert ran.code == 1
    assert str(index) in ran.err
    assert not (tmp_path / "o" / "manifest.json").exists()


def test_an_input_and_another_dataset_are_different_roles(tmp_path: Path, cli: Cli) -> None:
    """`a b` keeps what b has; `a --against b` drops what b has: neither is reused for the other."""
    one, two = write_jsonl(tmp_path / "a.jsonl", numbered(4)), write_jsonl(tmp_path / "b.jsonl", numbered(3))
    out = tmp_path / "out"
    assert cli("dedup", one, two, "--index", tmp_path / "index", "--out", out).code == 0
    ran = cli("dedup", one, "--against", two, "--out", out)
    assert (ran.code, "--force" in ran.err) == (2, True)
    assert (
        cli("dedup", one, "--against", two, "--index", tmp_path / "index", "--out", tmp_path / "o").code == 0
    )
    saved = json.loads((tmp_path / "index" / "index.json").read_text())
    assert [run["records"] for run in saved["runs"]] == [4, 0]


@pytest.mark.parametrize("other", [("--keep-dropped",), ("--threshold", 0.9), ("--check", 5)])
def test_the_same_input_with_other_options_is_no_copy_of_itself(
    tmp_path: Path, cli: Cli, other: tuple[object, ...]
) -> None:
    source, out = write_jsonl(tmp_path / "a.jsonl", numbered(9)), tmp_path / "out"
    command = ("dedup", source, "--index", tmp_path / "index", "--out", out)
    assert cli(*command).code == 0
    assert cli(*command, *other, "--force").code == 0
    assert manifest_of(out)["funnel"] == {"in": 9, "dropped": {}, "out": 9}
    saved = json.loads((tmp_path / "index" / "index.json").read_text())
    assert [run["records"] for run in saved["runs"]] == [9]


def twins_and_one_of_them(tmp_path: Path) -> tuple[Path, Path]:
    """Two alike by 16 / 17, and a later input that holds the second of them."""
    first = write_jsonl(tmp_path / "first.jsonl", [row(TEXT), row(TEXT + " again")])
    return first, write_jsonl(tmp_path / "second.jsonl", [row(TEXT + " again"), row("new")])


def test_a_repeated_run_that_is_killed_leaves_the_index_as_it_was(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = twins_and_one_of_them(tmp_path)
    index, out = tmp_path / "index", tmp_path / "out"
    assert cli("dedup", first, "--index", index, "--threshold", 0.7, "--out", out).code == 0
    saved = written(index)
    with monkeypatch.context() as killed:
        killed.setattr(saved_index, "write_text", _killed)
        ran = cli("dedup", first, "--index", index, "--threshold", 0.99, "--out", out, "--force")
        assert ran.code != 0
    assert {name: content for name, content in written(index).items() if name in saved} == saved
    ran = cli("dedup", second, "--index", index, "--threshold", 0.99, "--out", tmp_path / "later")
    assert (ran.code, manifest_of(tmp_path / "later")["funnel"]["dropped"]) == (0, {}), ran.err
    listed = [run["files"] for run in json.loads((index / "index.json").read_text())["runs"]]
    there = {file.name for file in index.glob("*.arrays")}
    assert there == {name for files in listed for name in files}  # what was half done is gone


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_earlier_runs_kept_is_an_input_of_a_run(tmp_path: Path, cli: Cli) -> None:
    """Not only what they read: repeated with another threshold, the first run keeps more."""
    first, second = twins_and_one_of_them(tmp_path)
    index, out = tmp_path / "index", tmp_path / "later"
    begin = ("dedup", first, "--index", index, "--out", tmp_path / "out")
    later = ("dedup", second, "--index", index, "--threshold", 0.99, "--out", out)
    assert (cli(*begin, "--threshold", 0.7).code, cli(*later).code) == (0, 0)
    assert manifest_of(out)["funnel"]["dropped"] == {}
    assert "reused" in cli(*later).err
    assert cli(*begin, "--threshold", 0.99, "--force").code == 0
    ran = cli(*later)
    assert (ran.code, "--force" in ran.err) == (2, True)
    assert cli(*later, "--force").code == 0
    assert manifest_of(out)["funnel"]["dropped"] == {"exact-known": 1}


@pytest.mark.parametrize("names", [["größe-1", "größe-2"], ["Ω" * 40, "a"]])
def test_ids_need_not_be_ours(tmp_path: Path, cli: Cli, names: list[str]) -> None:
    """Parquet of our columns that somebody else wrote; an index keeps its ids as they are."""
    cli("filter", write_jsonl(tmp_path / "a.jsonl", numbered(2)), "--out", tmp_path / "a")
    table = pq.read_table(next((tmp_path / "a" / "data").glob("*.parquet")))
    renamed = table.set_column(0, table.schema.field("id"), pa.array(names))
    pq.write_table(renamed, tmp_path / "theirs.parquet")
    index, out = tmp_path / "index", tmp_path / "out"
    assert cli("dedup", tmp_path / "theirs.parquet", "--index", index, "--out", tmp_path / "one").code == 0
    assert [record["id"] for record in read_records(tmp_path / "one")] == names
    ran = cli("dedup", tmp_path / "a.jsonl", "--index", index, "--keep-dropped", "--out", out)
    assert ran.code == 0, ran.err
    assert [kept for _, _, kept, _ in dropped(out)] == names


def test_another_column_of_the_same_file_is_another_run(tmp_path: Path, cli: Cli) -> None:
    rows = [{"instruction": "Go on.", "output": f"one {n}", "alt": f"two {n}"} for n in range(3)]
    source, index = write_jsonl(tmp_path / "a.jsonl", rows), tmp_path / "index"
    theirs = ("dedup", source, "--index", index, "--map", "output=alt", "--out", tmp_path / "theirs")
    assert cli(*theirs).code == 0
    assert cli("dedup", source, "--index", index, "--out", tmp_path / "own").code == 0
    saved = json.loads((index / "index.json").read_text())
    assert [run["records"] for run in saved["runs"]] == [3, 3]
    later = write_jsonl(tmp_path / "b.jsonl", [row("one 1"), row("two 1"), row("three 1")])
    assert cli("dedup", later, "--index", index, "--out", tmp_path / "later").code == 0
    assert [record["output"] for record in read_records(tmp_path / "later")] == ["three 1"]


def test_a_run_against_one_more_dataset_is_the_same_run(tmp_path: Path, cli: Cli) -> None:
    source, index = write_jsonl(tmp_path / "a.jsonl", numbered(5)), tmp_path / "index"
    other = write_jsonl(tmp_path / "b.jsonl", numbered(2))
    assert cli("dedup", source, "--index", index, "--out", tmp_path / "one").code == 0
    ran = cli("dedup", source, "--index", index, "--against", other, "--out", tmp_path / "two")
    assert (ran.code, manifest_of(tmp_path / "two")["funnel"]["out"]) == (0, 3), ran.err
    saved = json.loads((index / "index.json").read_text())
    assert [run["records"] for run in saved["runs"]] == [3]


def test_any_byte_of_an_index_that_has_changed_is_damage(tmp_path: Path, cli: Cli) -> None:
    source, index = write_jsonl(tmp_path / "a.jsonl", numbered(3)), tmp_path / "index"
    assert cli("dedup", source, "--index", index, "--out", tmp_path / "out").code == 0
    later = write_jsonl(tmp_path / "b.jsonl", numbered(4))
    [file] = index.glob("*.arrays")
    content = file.read_bytes()
    for place in range(0, len(content), 37):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        ran = cli("dedup", later, "--index", index, "--out", tmp_path / "later", "--force")
        if ran.code == 0:  # a byte between two arrays
            assert manifest_of(tmp_path / "later")["funnel"]["dropped"] == {"exact-known": 3}
        else:
            assert (ran.code, "build it again in a new folder" in ran.err) == (1, True), (place, ran.err)


def test_one_run_at_a_time_on_an_index(tmp_path: Path, cli: Cli) -> None:
    source, index = write_jsonl(tmp_path / "a.jsonl", numbered(3)), tmp_path / "index"
    with writer_lock(index):
        ran = cli("dedup", source, "--index", index, "--out", tmp_path / "out")
    assert (ran.code, "another ittools process is writing here" in ran.err) == (1, True)
    assert "choose another --index" in ran.err
    assert cli("dedup", source, "--index", index, "--out", tmp_path / "out").code == 0


@pytest.mark.parametrize("inner", ["", "index"])
def test_an_index_cannot_lie_in_the_output(tmp_path: Path, cli: Cli, inner: str) -> None:
    source, out = write_jsonl(tmp_path / "a.jsonl", numbered(3)), tmp_path / "out"
    ran = cli("dedup", source, "--index", out / inner, "--out", out)
    assert (ran.code, "give a folder beside it" in ran.err) == (2, True)


def test_what_a_killed_run_left_of_an_index_is_no_hindrance(tmp_path: Path, cli: Cli) -> None:
    source, index = write_jsonl(tmp_path / "a.jsonl", numbered(3)), tmp_path / "index"
    index.mkdir()
    (index / "000001-00000.arrays").write_bytes(b"half")
    (index / ".000001-00001.arrays.77-ab.tmp").write_bytes(b"half")
    assert cli("dedup", source, "--index", index, "--out", tmp_path / "out").code == 0
    later = write_jsonl(tmp_path / "b.jsonl", numbered(4))
    assert cli("dedup", later, "--index", index, "--out", tmp_path / "later").code == 0
    assert manifest_of(tmp_path / "later")["funnel"]["out"] == 1


@pytest.mark.parametrize(
    "content",
    [
        '{"format": 1, "runs": []}',
        '{"format": 1, "compared": {}, "runs": null}',
        '{"format": 1, "compared": {}, "runs": [{}]}',
        "[]",
        "",
    ],
)
def test_a_file_that_is_no_index_is_named(tmp_path: Path, cli: Cli, content: str) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "index.json").write_text(content)
    source = write_jsonl(tmp_path / "a.jsonl", numbered(3))
    ran = cli("dedup", source, "--index", tmp_path / "index", "--out", tmp_path / "out")
    assert (ran.code, "index.json: not the file of an index" in ran.err) == (1, True), ran.err


def test_a_segment_of_another_length_is_damage(tmp_path: Path, cli: Cli) -> None:
    source, index = write_jsonl(tmp_path / "a.jsonl", numbered(3)), tmp_path / "index"
    cli("dedup", source, "--index", index, "--out", tmp_path / "out")
    text, [file] = (index / "index.json").read_text(), list(index.glob("*.arrays"))
    (index / "index.json").write_text(text.replace(f'"{file.name}": 3', f'"{file.name}": 4'))
    later = write_jsonl(tmp_path / "b.jsonl", numbered(4))
    ran = cli("dedup", later, "--index", index, "--out", tmp_path / "later")
    assert (ran.code, "holds 3 records, not 4" in ran.err, "build it again" in ran.err) == (1, True, True)
