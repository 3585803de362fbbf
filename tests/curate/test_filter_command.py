"""`filter` as a command: funnel, dropped records with reasons, the same bytes however it runs."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl, written

from ittools.curate.filter import FilterOptions, filter_records
from ittools.formats import parts
from ittools.progress import Silent
from ittools.store.verify import verify

MIXED = [
    *numbered(5),
    {"instruction": "Hi", "output": "x"},
    {"instruction": "Say something, please.", "output": "<nooutput>"},
    {"instruction": "Say it again please", "output": "Say it again please"},
    {"instruction": "Say something, please.", "output": ""},
]


def test_the_funnel_adds_up_and_every_drop_has_its_reason(tmp_path: Path, cli: Cli) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", MIXED), tmp_path / "out"
    ran = cli("filter", source, "--out", out, "--keep-dropped", "--json")
    manifest = json.loads(ran.out)
    assert manifest == manifest_of(out)
    assert manifest["funnel"] == {
        "in": 9,
        "dropped": {"empty-output": 2, "instruction-too-short": 1, "output-echoes-input": 1},
        "out": 5,
    }
    kept, dropped = read_records(out), read_records(out, "dropped", "dropped")
    assert [row["instruction"] for row in kept] == [row["instruction"] for row in MIXED[:5]]
    assert [row["reason"] for row in dropped] == [
        "instruction-too-short", "empty-output", "output-echoes-input", "empty-output"
    ]  # fmt: skip
    assert verify(out) == []


def test_the_bytes_do_not_depend_on_engine_workers_or_parts(tmp_path: Path, cli: Cli) -> None:
    inputs = [
        write_jsonl(tmp_path / name / "in.jsonl", numbered(30, first=n * 100)) for n, name in enumerate("ab")
    ]
    found = []
    for engine, workers in (("inline", 1), ("processes", 1), ("processes", 2)):
        out = tmp_path / f"{engine}{workers}" / "out"
        ran = cli("filter", *inputs, "--engine", engine, "--workers", workers, "--keep-dropped", "--out", out)
        assert ran.code == 0
        found.append(written(out))
    assert found[0] == found[1] == found[2]


def test_the_shards_do_not_depend_on_how_the_input_was_grouped(tmp_path: Path, cli: Cli) -> None:
    first = tmp_path / "first"
    assert cli("filter", write_jsonl(tmp_path / "in.jsonl", numbered(50)), "--out", first).code == 0
    table = pq.read_table(first / "data" / "train-00000-of-00001.parquet")
    found = []
    for size in (7, 50):
        path = tmp_path / f"{size}" / "same.parquet"
        path.parent.mkdir()
        pq.write_table(table, path, row_group_size=size)
        assert len(parts.cut(_opened(path), tmp_path)) == -(-50 // size)
        assert cli("filter", path, "--workers", 1, "--out", tmp_path / f"out{size}").code == 0
        found.append((tmp_path / f"out{size}" / "data" / "train-00000-of-00001.parquet").read_bytes())
    assert found[0] == found[1] == (first / "data" / "train-00000-of-00001.parquet").read_bytes()


def _opened(path: Path) -> list[parts.Source]:
    from ittools.formats.source import ReadOptions, open_inputs

    return open_inputs(ReadOptions(inputs=(str(path),)))


def test_the_command_shows_the_funnel_and_what_to_type_next(tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    ran = cli("filter", write_jsonl(tmp_path / "in.jsonl", MIXED), "--out", out)
    lines = [" ".join(line.split()) for line in ran.err.splitlines()]
    assert lines[:5] == [
        "in 9", "dropped: empty-output 2", "dropped: instruction-too-short 1",
        "dropped: output-echoes-input 1", "out 5",
    ]  # fmt: skip
    assert " ".join(ran.err.split()).endswith(f"next: ittools dedup {out} --out {tmp_path / 'dedup'}")
    assert cli("filter", tmp_path / "in.jsonl", "--out", out, "--quiet").err == ""


TASKS = [row | {"task": "abc"[n % 3], "language": "en"} for n, row in enumerate(numbered(60))]


@pytest.mark.parametrize("keep", ["first", "random"])
def test_quotas_choose_the_same_records_on_any_engine_and_grouping(
    tmp_path: Path, cli: Cli, keep: str
) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [*TASKS, *MIXED[5:]])
    assert cli("filter", source, "--preset", "none", "--out", tmp_path / "all").code == 0
    table = pq.read_table(tmp_path / "all" / "data" / "train-00000-of-00001.parquet")
    found = []
    for size, engine, workers in ((7, "processes", 2), (64, "inline", 1)):
        path = tmp_path / f"{size}{engine}" / "same.parquet"
        path.parent.mkdir()
        pq.write_table(table, path, row_group_size=size)
        out = path.parent / "out"
        ran = cli(
            *("filter", path, "--quota", "task:b=4", "--quota", "language=30", "--quota-keep", keep),
            *("--keep-dropped", "--engine", engine, "--workers", workers, "--out", out),
        )
        assert ran.code == 0, ran.err
        found.append({k: v for k, v in written(out).items() if k != "README.md"})  # names the input
    assert found[0] == found[1]
    kept, dropped = read_records(out), read_records(out, "dropped", "dropped")
    assert manifest_of(out)["funnel"]["dropped"]["over-quota"] == 60 - len(kept)
    assert len(kept) == 30
    assert sum(row["task"] == "b" for row in kept) == 4
    told = {(row["reason"], row["detail"]) for row in dropped}
    assert told == {
        ("over-quota", '{"quota": "task:b=4"}'), ("over-quota", '{"quota": "language:en=30"}'),
        ("instruction-too-short", '{"words": 1, "least": 3}'), ("empty-output", '{"found": "<nooutput>"}'),
        ("empty-output", None), ("output-echoes-input", '{"field": "instruction"}'),
    }  # fmt: skip
    assert verify(out) == []


def test_inputs_that_say_there_is_none_are_emptied_and_counted(tmp_path: Path, cli: Cli) -> None:
    rows = [{"instruction": "Name a fruit, please.", "input": "<noinput>", "output": "Apple"}, *numbered(2)]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    ran = cli("filter", source, "--out", tmp_path / "out")
    assert 'repaired  1 input that spelt "no input", empty now\n' in ran.err
    assert manifest_of(tmp_path / "out")["repaired"] == 1
    assert read_records(tmp_path / "out")[0]["input"] == ""
    assert cli("filter", source, "--no-input", "drop", "--out", tmp_path / "drop").code == 0
    assert manifest_of(tmp_path / "drop")["funnel"]["dropped"] == {"no-input": 1}


def test_without_any_rule_inputs_are_emptied_all_the_same_unless_they_shall_be_kept(
    tmp_path: Path, cli: Cli
) -> None:
    rows = [{"instruction": "Hi", "input": "N/A", "output": ""}] * 2
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    for words, inputs in (((), ["", ""]), (("--no-input", "keep"), ["N/A", "N/A"])):
        out = tmp_path / "-".join(("out", *words))
        ran = cli("filter", source, "--preset", "none", *words, "--out", out)
        assert [row["input"] for row in read_records(out)] == inputs
        assert ("repaired  2 inputs" in ran.err) == (not words)


class Watched(Silent):
    """Every stage with its total, and how far it came."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None, int]] = []

    def start(self, what: str, total: int | None = None) -> None:
        self.stages.append((what, total, 0))

    def advance(self, count: int = 1) -> None:
        what, total, done = self.stages[-1]
        self.stages[-1] = (what, total, done + count)


@pytest.mark.parametrize("engine", ["inline", "processes"])
def test_each_stage_tells_how_many_tasks_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setattr("ittools.store.shards.SHARD", 7)
    inputs = [str(write_jsonl(tmp_path / f"{n}.jsonl", [*TASKS[n * 10 :][:10], *MIXED])) for n in range(3)]
    options = FilterOptions(
        inputs=tuple(inputs), out=tmp_path / "out", quota=("task=6",), keep_dropped=True, workers=2,
        engine=engine,  # type: ignore[arg-type]
    )  # fmt: skip
    watched = Watched()
    filter_records(options, watched)
    shards = len(list((tmp_path / "out").rglob("*.parquet")))
    assert shards == 9  # 33 kept and 24 dropped records
    assert watched.stages == [
        ("read", 3, 3), ("filter", 3, 3), ("filter: quotas", 3, 3), ("filter: write", shards, shards)
    ]  # fmt: skip


def test_presets_and_single_rules(tmp_path: Path, cli: Cli) -> None:
    rows = [
        {"instruction": "Name a fruit, please.", "output": "I'm sorry, but I can't do that."},
        {"instruction": "Name a fruit, please.", "output": "Apple <br /> pear"},
        {"instruction": "Hi", "output": "Hello"},
    ]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    found = []
    for number, words in enumerate(
        (
            ("--preset", "strict"),
            ("--preset", "strict", "--without", "refusal"),
            ("--rule", "markup-debris"),
            ("--preset", "none"),
        )
    ):
        assert cli("filter", source, *words, "--out", tmp_path / f"{number}").code == 0
        found.append(manifest_of(tmp_path / f"{number}")["funnel"]["dropped"])
    assert found == [
        {"instruction-too-short": 1, "markup-debris": 1, "refusal": 1},
        {"instruction-too-short": 1, "markup-debris": 1},
        {"instruction-too-short": 1, "markup-debris": 1},
        {},
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rule", "refusals"), "no rule 'refusals'; did you mean 'refusal'?"),
        (("--quota", "langage=5"), "no quota by 'langage'; did you mean 'language'?"),
        (("--max-repetition", "2"), "--max-repetition is a share from 0 to 1"),
        (("--max-symbols", "-1"), "--max-symbols is a share from 0 to 1"),
        (("--min-output-words", "9", "--max-output-words", "3"), "no record could pass"),
        (("--min-instruction-words", "900"), "no record could pass"),
        (("--blacklist", " "), "an empty word would drop every record"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    tmp_path: Path, cli: Cli, words: tuple[str, ...], message: str
) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    ran = cli("filter", source, *words, "--out", tmp_path / "out")
    assert ran.code == 2
    assert message in ran.err
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_corpus_of_nothing_but_empty_texts_is_dropped_whole(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"instruction": "", "output": ""}] * 5)
    out = tmp_path / "out"
    ran = cli("filter", source, "--preset", "strict", "--quota", "language=2", "-k", "en", "--out", out)
    assert ran.code == 0
    assert manifest_of(out)["funnel"] == {"in": 5, "dropped": {"empty-instruction": 5}, "out": 0}


def test_the_usual_rules_cost_good_data_little(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    for name in ("instruct/dolly_3k_alpagasus.json.gz", "chat/lf_alpaca_en_demo.json.gz",
                 "seeds/merged_ko_seed_tasks.jsonl.gz", "classic/gsm8k/train.jsonl.gz"):  # fmt: skip
        out = tmp_path / name.replace("/", "-")
        assert cli("filter", shared_data / name, "--out", out).code == 0
        funnel = manifest_of(out)["funnel"]
        assert sum(n for why, n in funnel["dropped"].items() if why != "instruction-too-short") <= 3, name


def test_alpacas_empty_outputs_are_found(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    """52,002 published records, of them 28 without output and 40 that spell it out."""
    source = shared_data / "instruct" / "alpaca_52k.parquet"
    assert cli("filter", source, "--out", tmp_path / "out", "--min-instruction-words", 0).code == 0
    funnel = manifest_of(tmp_path / "out")["funnel"]
    assert funnel["in"] == 52_002 == funnel["out"] + sum(funnel["dropped"].values())
    assert funnel["dropped"]["empty-output"] >= 28 + 40
    assert funnel["out"] > 0.99 * funnel["in"]
    assert manifest_of(tmp_path / "out")["repaired"] >= 600  # of 673 some mean something


def test_code_is_hardly_dropped(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    source = shared_data / "instruct" / "code_alpaca_2k.json.gz"
    cli("filter", source, "--out", tmp_path / "out", "--keep-language", "en")
    assert manifest_of(tmp_path / "out")["funnel"]["out"] > 0.95 * 2_017


def test_a_chinese_file_is_not_dropped_for_its_script(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    source = shared_data / "instruct" / "alpaca_zh_part-00.json.gz"
    cli("filter", source, "--out", tmp_path / "out")
    assert manifest_of(tmp_path / "out")["funnel"]["out"] > 0.95 * 10_021


@pytest.mark.parametrize("code", ["englsh", "egn", "xx-YY"])
def test_a_language_that_nothing_detects_is_refused(tmp_path: Path, cli: Cli, code: str) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(3))
    ran = cli("filter", source, "--keep-language", code, "--out", tmp_path / "out")
    assert ran.code == 2
    assert f"--keep-language {code}: no language that 'fast' knows" in ran.err
