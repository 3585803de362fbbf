"""`decontaminate` as a command: evaluation files of every kind, tables, bytes, reuse, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from decontaminations import prompts, tasks
from workbench import Cli, manifest_of, numbered, read_records, write_jsonl, written

from ittools.curate import decontaminate as command
from ittools.curate.decontamination.compare import compare_part, found_file, send_part
from ittools.curate.decontamination.evaluation import read_sets
from ittools.curate.decontamination.index import build
from ittools.curate.decontamination.options import DecontaminateOptions, Rule
from ittools.engine.exchange import get_table
from ittools.formats.parts import cut
from ittools.formats.source import open_inputs
from ittools.store.verify import verify

DUCKS = "Janet's ducks lay 16 eggs per day, and she eats three of them for breakfast every morning."
ROBE = "A robe takes 2 bolts of blue fiber and half that much white fiber; how many bolts in total?"


def passages(*specs: object, **given: Any) -> list[tuple[str, int, str | None, str, str]]:
    options = DecontaminateOptions(inputs=("x",), against=tuple(map(str, specs)), **given)
    rows = read_sets(options).passages.to_pylist()
    return [(row["set"], row["row"], row["id"], row["of"], row["text"]) for row in rows]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"question": "Q?", "answer": "A", "task_id": "t/1"},
         [("t/1", "prompt", "Q?"), ("t/1", "answer", "A")]),
        ({"input": "not ( True ) is", "target": "False"}, [(None, "prompt", "not ( True ) is"),
                                                          (None, "answer", "False")]),
        ({"question_id": 81, "turns": ["One.", "Two."]},
         [("81", "turn 1", "One."), ("81", "turn 2", "Two.")]),
        ({"prompt": "def f():", "canonical_solution": "pass"}, [(None, "prompt", "def f():"),
                                                                (None, "answer", "pass")]),
        ({"instruction": "Add.", "input": "1 + 1", "output": "2"}, [(None, "prompt", "Add.\n1 + 1"),
                                                                    (None, "answer", "2")]),
        ({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]},
         [(None, "prompt", "U")]),
        ({"instruction": "Do.", "instances": [{"input": "a", "output": "x"}, {"input": "b", "output": "x"}]},
         [(None, "prompt", "Do.\na"), (None, "answer", "x"), (None, "prompt", "Do.\nb")]),
        ({"problem": "P", "solution": "S", "level": 3}, [(None, "prompt", "P"), (None, "answer", "S")]),
        ({"text": "T"}, [(None, "prompt", "T")]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)  # fmt: skip
def test_rows_of_evaluation_files_become_passages(tmp_path: Path, row: Any, found: Any) -> None:
    path = write_jsonl(tmp_path / "held.jsonl", [row])
    assert passages(path, answers=True) == [("held", 1, *one) for one in found]
    assert passages(path) == [("held", 1, *one) for one in found if one[1] != "answer"]


def test_files_of_every_kind_are_evaluation_sets(tmp_path: Path, cli: Cli) -> None:
    rows = [{"question": DUCKS}, {"question": ROBE}]
    write_jsonl(tmp_path / "lines.jsonl", rows)
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress((tmp_path / "lines.jsonl").read_bytes()))
    (tmp_path / "one.json").write_text(
        json.dumps({"canary": "c", "examples": [{"input": DUCKS}, {"input": ROBE}]})
    )
    (tmp_path / "cells.csv").write_text(f'question\n"{DUCKS}"\n"{ROBE}"\n')
    (tmp_path / "plain.txt").write_text(f"{DUCKS}\n\n{ROBE}\n")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "columns.parquet", row_group_size=1)
    assert (
        cli("filter", write_jsonl(tmp_path / "own.jsonl", tasks(DUCKS, ROBE)), "--out", tmp_path / "own").code
        == 0
    )
    for name in (
        "lines.jsonl",
        "packed.jsonl.gz",
        "one.json",
        "cells.csv",
        "plain.txt",
        "columns.parquet",
        "own",
    ):
        found = passages(tmp_path / name)
        assert [(row, of, text) for _, row, _, of, text in found] == [
            (1, "prompt", DUCKS),
            (2, "prompt", ROBE),
        ]
        assert {where for where, *_ in found} == {name.split(".")[0]}


def test_text_files_of_a_folder_are_the_set_only_where_no_other_data_is(tmp_path: Path) -> None:
    """A dataset may come with a LICENSE.txt."""
    texts, dataset = tmp_path / "texts", tmp_path / "dataset"
    for folder in (texts, dataset):
        folder.mkdir()
        (folder / "LICENSE.txt").write_text("Do what you want.\n")
    pq.write_table(pa.table({"question": [DUCKS]}), dataset / "test.parquet")
    assert [text for *_, text in passages(texts)] == ["Do what you want."]
    assert [text for *_, text in passages(dataset)] == [DUCKS]


def test_rows_of_several_layouts_are_one_set(tmp_path: Path) -> None:
    rows = [
        {"question": "Q?"},
        {"turns": ["T."]},
        {"turns": []},
        {"input": "I", "target": "O"},
        {"prompt": None},
    ]
    path = write_jsonl(tmp_path / "held.jsonl", rows)
    options = DecontaminateOptions(inputs=("x",), against=(str(path),))
    assert read_sets(options).records == [5]
    assert [(row, text) for _, row, _, _, text in passages(path)] == [(1, "Q?"), (2, "T."), (4, "I")]


def test_columns_are_named_for_one_set_or_for_all(tmp_path: Path) -> None:
    one = write_jsonl(tmp_path / "one.jsonl", [{"stem": "Which?", "key": "k"}])
    two = write_jsonl(tmp_path / "two.jsonl", [{"question": "What?"}])
    found = passages(one, two, against_map=("one:instruction=stem",))
    assert found == [("one", 1, "k", "prompt", "Which?"), ("two", 1, None, "prompt", "What?")]
    assert passages(one, against_map=("instruction=stem",)) == found[:1]


def test_two_sets_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = [write_jsonl(tmp_path / name / "test.jsonl", prompts(DUCKS)) for name in "ab"]
    assert [where for where, *_ in passages(*paths)] == [str(path) for path in paths]


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ((), 2, "no evaluation set given; name one with --against"),
        (("--against", "no.jsonl"), 1, "no.jsonl: no such file"),
        (("--against", "-"), 2, "--against '-': name a file, a directory or a hub dataset; no pipe is read"),
        (("--against", ""), 2, "--against '': name a file"),
        (("--against", "held.jsonl", "--against", "./held.jsonl"), 2, "given twice; give each"),
        (("--against", "none.jsonl"), 1, "none.jsonl: holds no record"),
        (("--against", "turns.jsonl"), 1, "turns.jsonl:2: turn 2 of `turns` is no text; mend or remove"),
        (("--against", "void.json"), 1, "void.json:1: a record without columns; remove it"),
        (("--against", "cut.parquet"), 1, "cut.parquet: not readable Parquet"),
        (("--against", "cut.jsonl"), 1, "cut.jsonl:1: not JSON"),
        (("--against", "short.jsonl", "--exact", "off"), 2, "nor 6 to be sought whole; lower --ngram"),
        (("--against", "held.jsonl", "--whole", "8"), 2, "--whole 8 is not below --ngram 8"),
        (("--against", "held.jsonl", "--ngram", str(10**20)), 2, "a number of words up to 10,000"),
        (("--against", "held.jsonl", "--preset", "exact", "--on", "output"), 2, "no output is one"),
        (("--against", "held.jsonl", "--workers", "0"), 2, "--workers 0: at least 1"),
        (("--against", "odd.jsonl"), 1, "cannot map the columns a; name them with --against-map"),
        (("--against", "blank.jsonl"), 1, "blank.jsonl: no text to compare"),
        (("--against", "held.jsonl", "--against", "held.jsonl"), 2, "held.jsonl is given twice"),
        (("--against", "held.jsonl", "--against-map", "x:instruction=q"), 2,
         "no evaluation set 'x'; there are: held"),
        (("--against", "held.jsonl", "--against-map", "question"), 2, "expected ours=theirs"),
        (("--against", "held.jsonl", "--coverage", "7"), 2, "--coverage 7.0: a share from 0 to 1"),
        (("--against", "held.jsonl", "--ngram", "50", "--exact", "off", "--whole", "0"), 2,
         "no evaluation record could be found: none has 50 words that are not template text; lower --ngram"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_the_way_out(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "in.jsonl", numbered(2))
    write_jsonl(tmp_path / "held.jsonl", prompts(DUCKS))
    write_jsonl(tmp_path / "odd.jsonl", [{"a": 1}])
    write_jsonl(tmp_path / "blank.jsonl", prompts(" "))
    write_jsonl(tmp_path / "none.jsonl", [])
    write_jsonl(tmp_path / "turns.jsonl", [{"turns": ["One.", "Two."]}, {"turns": ["One.", None]}])
    write_jsonl(tmp_path / "short.jsonl", prompts("Hello.", "Go on"))
    (tmp_path / "void.json").write_text("{}")
    (tmp_path / "cut.jsonl").write_text('{"prompt": "One')
    pq.write_table(pa.table({"prompt": [DUCKS]}), tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-9])
    ran = cli("decontaminate", "in.jsonl", *flags, "-o", "out")
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert not (tmp_path / "out" / "manifest.json").exists()


def _corpus(folder: Path) -> tuple[Path, Path, Path]:
    training = [*numbered(40), *tasks(DUCKS, f"{ROBE} Thanks.", f"{DUCKS} {ROBE}")]
    first = write_jsonl(folder / "maths.jsonl", prompts(DUCKS, "Short one."))
    second = write_jsonl(
        folder / "more.jsonl", prompts("Something else that nobody has asked for here.", ROBE)
    )
    return write_jsonl(folder / "in.jsonl", training), first, second


def test_every_match_is_in_the_table_and_every_set_in_the_manifest(tmp_path: Path, cli: Cli) -> None:
    source, first, second = _corpus(tmp_path)
    out = tmp_path / "out"
    ran = cli(
        "decontaminate",
        source,
        "--against",
        first,
        "--against",
        second,
        "-o",
        out,
        "--keep-dropped",
        "--json",
    )
    manifest = json.loads(ran.out)
    assert manifest == manifest_of(out)
    assert manifest["funnel"] == {
        "in": 43, "dropped": {"contaminated-ngram": 2, "contaminated-exact": 1}, "out": 40
    }  # fmt: skip
    found = manifest["decontamination"]
    assert [{key: one[key] for key in ("name", "records", "too_short", "hit", "share", "dropped")}
            for one in found["sets"]] == [
        {"name": "maths", "records": 2, "too_short": 1, "hit": 1, "share": 0.5, "dropped": 2},
        {"name": "more", "records": 2, "too_short": 0, "hit": 1, "share": 0.5, "dropped": 2},
    ]  # fmt: skip
    gone = read_records(out, "dropped", "dropped")
    matches = pq.read_table(out / found["all"]).to_pylist()
    assert [(m["dropped"], m["set"], m["row"], m["method"], m["coverage"], m["span"]) for m in matches] == [
        (gone[0]["id"], "maths", 1, "exact", 1.0, DUCKS[:-1]),
        (gone[1]["id"], "more", 2, "ngram", 1.0, ROBE[:-1]),
        (gone[2]["id"], "more", 2, "ngram", 1.0, ROBE[:-1]),
        (gone[2]["id"], "maths", 1, "ngram", 1.0, DUCKS[:-1]),
    ]
    assert verify(out) == []
    assert [entry["spec"] for entry in manifest["inputs"]] == [str(source), str(first), str(second)]


def test_the_screen_says_what_each_set_met_and_what_is_too_short(tmp_path: Path, cli: Cli) -> None:
    source, first, second = _corpus(tmp_path)
    ran = cli("decontaminate", source, "--against", first, "--against", second, "-o", tmp_path / "out")
    lines = [" ".join(line.split()) for line in ran.err.splitlines()]
    assert lines[0] == (
        "decontaminate: maths: 1 of 2 records are below 8 words: "
        "sought whole from 6 words on, shorter ones only as equal prompts"
    )
    assert "maths 1 of 2 records met (50.0%), 2 dropped here" in lines
    assert " ".join(lines).endswith(
        f"next: ittools mix {tmp_path / 'out'} --heldout 0.1 --out {tmp_path / 'mix'}"
    )


def test_the_bytes_do_not_depend_on_engine_or_workers(tmp_path: Path, cli: Cli) -> None:
    source, first, second = _corpus(tmp_path)
    third = write_jsonl(tmp_path / "third.jsonl", numbered(30, first=500))
    found = []
    for engine, workers in (("inline", 1), ("processes", 1), ("processes", 2), ("auto", 2)):
        out = tmp_path / f"{engine}{workers}" / "out"
        ran = cli("decontaminate", source, third, "--against", first, "--against", second,
                  "--preset", "strict",
                  "--engine", engine, "--workers", workers, "--keep-dropped", "--out", out)  # fmt: skip
        assert ran.code == 0
        found.append(written(out))
    assert all(one == found[0] for one in found)
    assert "contamination.parquet" in found[0]


@pytest.mark.parametrize("scratch", ["memory://bench/here", "exchange"])
def test_the_exchange_may_be_elsewhere_and_is_gone_afterwards(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, scratch: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source, first, second = _corpus(tmp_path)
    found = []
    for flags in ((), ("--scratch", scratch)):
        out = tmp_path / str(len(flags)) / "out"
        ran = cli("decontaminate", source, "--against", first, "--against", second, "--keep-dropped",
                  "--engine", "inline", *flags, "--out", out)  # fmt: skip
        assert ran.code == 0, ran.err
        found.append(written(out))
    assert found[0] == found[1]
    assert not list(tmp_path.glob("exchange/*"))


def test_a_part_that_is_sent_is_compared_alike(tmp_path: Path) -> None:
    source, first, _ = _corpus(tmp_path)
    options = DecontaminateOptions(inputs=(str(source),), against=(str(first),), on="all")
    rule, folder = Rule.of(options), str(tmp_path / "work")
    build(read_sets(options), rule, folder)
    (part,) = cut(open_inputs(options), tmp_path / "parts")
    here = compare_part(part, folder, 0, rule, True)
    there = compare_part(send_part(part, folder, 1, rule), folder, 1, rule, True)
    assert (here.wordings.tolist(), here.dropped.tolist()) == (there.wordings.tolist(), [2])
    assert get_table(found_file(folder, 0)).equals(get_table(found_file(folder, 1)))


def test_an_equal_run_is_reused_and_a_changed_evaluation_set_is_another_run(tmp_path: Path, cli: Cli) -> None:
    source, first, _ = _corpus(tmp_path)
    words = ("decontaminate", source, "--against", first, "-o", tmp_path / "out")
    assert cli(*words).code == 0
    again = cli(*words)
    assert (again.code, "reused" in again.err) == (0, True)
    assert "1 of 2 records met" in again.err
    write_jsonl(first, prompts(ROBE))
    refused = cli(*words)
    assert (refused.code, "another run" in refused.err) == (2, True)
    assert cli(*words, "--force").code == 0


def test_an_interrupted_run_leaves_nothing_and_the_next_one_is_whole(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, first, second = _corpus(tmp_path)
    out = tmp_path / "out"
    words = (
        "decontaminate",
        source,
        "--against",
        first,
        "--against",
        second,
        "--engine",
        "inline",
        "-o",
        out,
    )

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(command, "emit", interrupted)
        assert cli(*words).code == 130
    assert [path.name for path in out.rglob("*") if path.name != ".lock"] == []
    assert cli(*words).code == 0
    assert verify(out) == []
    assert manifest_of(out)["funnel"]["out"] == 40


def test_alpaca_eval_holds_the_prompts_of_three_other_sets(
    shared_data: Path, tmp_path: Path, cli: Cli
) -> None:
    """All 252 of Self-Instruct's user tasks, all 80 of Vicuna and 144 of Koala's 180."""
    held = shared_data / "eval" / "alpaca_eval_text_davinci_003.json.gz"
    # as AlpacaEval joins them: instruction, a blank line, input
    sets = {"user": (shared_data / "instruct" / "user_oriented_instructions.jsonl.gz", 252),
            "vicuna": (shared_data / "eval" / "vicuna_question.jsonl", 80),
            "koala": (shared_data / "eval" / "koala_test_set.jsonl.gz", 144)}  # fmt: skip
    for name, (path, count) in sets.items():
        training = write_jsonl(tmp_path / f"{name}.jsonl", tasks(*(text for *_, text in passages(path))))
        out = tmp_path / name
        assert cli("decontaminate", training, "--against", held, "--preset", "exact", "-o", out).code == 0
        assert manifest_of(out)["funnel"]["dropped"] == {"contaminated-exact": count}


def test_alpaca_is_nearly_clean_of_its_time_s_evaluations(
    shared_data: Path, tmp_path: Path, cli: Cli
) -> None:
    files = sorted(p for p in (shared_data / "eval").iterdir() if p.suffix != ".md")
    against = [word for path in files for word in ("--against", path)]
    out = tmp_path / "out"
    source = shared_data / "instruct" / "alpaca_52k.parquet"
    assert cli("decontaminate", source, *against, "--keep-dropped", "-o", out).code == 0
    manifest = manifest_of(out)
    assert manifest["funnel"]["dropped"] == {
        "contaminated-ngram": 5, "contaminated-exact": 3, "contaminated-whole": 3
    }  # fmt: skip
    assert sum(one["records"] for one in manifest["decontamination"]["sets"]) == 15_380
    exact = [r for r in read_records(out, "dropped", "dropped") if r["reason"] == "contaminated-exact"]
    assert [record["instruction"] for record in exact] == [
        "Prove the Pythagorean Theorem.", "What color is the sky?", "How does the greenhouse effect work?"
    ]  # fmt: skip


def test_a_copy_of_any_benchmark_record_is_found(shared_data: Path, tmp_path: Path, cli: Cli) -> None:
    """Every eleventh record of six sets, words before and after: all but those that are template text."""
    for name in (
        "bbh.parquet", "gsm8k_test.jsonl.gz", "mt_bench_question.jsonl.gz", "ifeval_input_data.jsonl.gz",
        "HumanEval.jsonl.gz", "mmlu_redux_questions.parquet",
    ):  # fmt: skip
        held, out = shared_data / "eval" / name, tmp_path / name
        long = [text for *_, text in passages(held) if len(text.split()) >= 8][::11]
        copies = tasks(*(f"Please answer now:\n{text.upper()}\nThank you." for text in long))
        training = write_jsonl(tmp_path / "in.jsonl", copies)
        assert cli("decontaminate", training, "--against", held, "-o", out).code == 0
        manifest = manifest_of(out)
        kept, template = manifest["funnel"]["out"], manifest["decontamination"]["sets"][0]["template"]
        assert kept <= template, name
        assert manifest["funnel"]["in"] == len(long) > 10
