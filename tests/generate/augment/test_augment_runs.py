"""Whole runs of `ittools augment`: kills, corpora of every shape, splits, limits, other people's files."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from generate_runs import Runner, all_bytes, records, responses_kept, shard_hashes, start, wait_for
from misbehaving_server import Asked, Server, Trouble, hang, says

TEXTS = ["A prime has two divisors.", "Sort words by their letters.", "Even numbers leave nothing over."]
WORDS = "amber birch coral delta ember fjord grove heron inlet jetty".split()
COUNT = 12


@pytest.fixture
def parents(tmp_path: Path) -> Path:
    """Records of three tasks that share words with the corpus."""
    pairs = [(WORDS[n % 10], WORDS[(n + n // 10 + 1) % 10]) for n in range(COUNT)]
    rows = [
        {"instruction": f"Sort the words {one} and {two} by their letters.", "output": f"{one}, {two}",
         "task": f"task-{n % 3}", "license": "MIT", "language": "en"}
        for n, (one, two) in enumerate(pairs)
    ]  # fmt: skip
    path = tmp_path / "parents.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def words(parents: Path, out: Path, *more: str) -> list[str]:
    return ["augment", str(parents), "--out", str(out), "--backoff", "0", *more]


def other_words(asked: Asked) -> Trouble:
    """A paraphrase by the server."""
    instruction = asked.prompt.split("<instruction>\n")[1].split("\n</instruction>")[0]
    return says(f"Please: {instruction}")


def passages_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return list(json.loads(row["meta"])["passages"])


# --- kills --------------------------------------------------------------------------------------------


def test_killed_run_ends_in_the_bytes_of_a_quiet_one_and_buys_again_only_what_was_in_flight(
    run: Runner, server: Server, parents: Path, tmp_path: Path
) -> None:
    more = ("--base-url", server.url, "-m", "served", "--paraphrase", "3", "-c", "4", "--noise", "typos")
    server.trouble = other_words
    run.finished(*words(parents, tmp_path / "quiet", *more, "-c", "1"))
    quiet = len(server.asked)
    server.asked.clear()
    server.trouble = lambda asked: hang if asked.number > 20 else other_words(asked)
    process = start(words(parents, tmp_path / "killed", *more), tmp_path / "log")
    wait_for(lambda: responses_kept(tmp_path / "killed") == 20, "20 answers kept")
    process.kill()
    assert process.wait() == -signal.SIGKILL
    server.trouble = other_words
    manifest = run.finished(*words(parents, tmp_path / "killed", *more))
    assert quiet == 3 * COUNT
    assert len(server.asked) <= quiet + 4  # those in the slots
    assert manifest["teacher"]["this_run"]["reused"] == 20
    assert shard_hashes(tmp_path / "killed") == shard_hashes(tmp_path / "quiet")


def test_budget_stops_the_run_and_a_higher_one_goes_on(
    run: Runner, server: Server, parents: Path, tmp_path: Path
) -> None:
    server.trouble = other_words
    more = ("--base-url", server.url, "-m", "served", "--paraphrase", "1", "--price", "100,100", "-c", "1")
    line = words(parents, tmp_path / "out", *more)
    ran = run(*line, "--max-cost", "0.25")  # one answer of 1,024 tokens is worth $0.10 and its prompt more
    assert ran.code == 3
    assert "every answer is kept, go on with a higher --max-cost" in ran.err
    first = len(server.asked)
    assert 0 < first < COUNT
    manifest = run.finished(*line, "--max-cost", "5")
    assert manifest["teacher"]["this_run"]["reused"] == first
    assert (len(server.asked), len(records(tmp_path / "out"))) == (COUNT, COUNT)


def test_teacher_without_a_key_is_one_line_before_anything_is_written(
    run: Runner, parents: Path, tmp_path: Path
) -> None:
    ran = run(*words(parents, tmp_path / "out", "--paraphrase", "1"))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "no key: set OPENAI_API_KEY" in ran.err
    assert not (tmp_path / "out").exists()


def test_all_that_is_wrong_is_said_at_once(run: Runner, parents: Path, tmp_path: Path) -> None:
    wrong = ("--noise", "typos", "--noise", "typos", "--noise-rate", "1.5", "--noise-copies", "0",
             "--pivot", "de", "--pivot", "de", "-c", "0", "--batch", "--teacher", "offline")  # fmt: skip
    ran = run(*words(parents, tmp_path / "out", *wrong))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    for said in ("--noise-rate is a share", "--noise-copies at least 1", "--concurrency must be",
                 "--batch are of --teacher openai", "name each language and kind once"):  # fmt: skip
        assert said in ran.err


# --- corpora ------------------------------------------------------------------------------------------


def corpus_of(kind: str, folder: Path, run: Runner) -> Path:
    """The same three passages in another shape."""
    folder.mkdir()
    rows = [{"text": text} for text in TEXTS]
    if kind == "folder":
        for number, text in enumerate(TEXTS):
            (folder / f"{number}.md").write_text(text)
        return folder
    if kind == "dataset directory":
        source = folder / "rows.jsonl"
        lines = [json.dumps({"instruction": f"Say fact {n}.", "output": t}) for n, t in enumerate(TEXTS)]
        source.write_text("\n".join(lines))
        run.finished("filter", str(source), "--license", "CC0-1.0", "--out", str(folder / "data"))
        return folder / "data"
    content = {"txt": "\n\n".join(TEXTS), "jsonl": "\n".join(map(json.dumps, rows)),
               "json": json.dumps(rows), "csv": "\n".join(["text", *TEXTS])}  # fmt: skip
    path = folder / f"corpus.{kind}"
    path.write_text(content[kind])
    return path


@pytest.mark.parametrize("kind", ["txt", "jsonl", "json", "csv", "folder", "dataset directory"])
def test_corpus_of_any_shape_gives_the_same_passages(
    run: Runner, parents: Path, tmp_path: Path, kind: str
) -> None:
    corpus = corpus_of(kind, tmp_path / "corpus", run)
    run.finished(*words(parents, tmp_path / "out", "--search", str(corpus), "--corpus-license", "CC0-1.0"))
    found = {one["place"]: row for row in records(tmp_path / "out") for one in passages_of(row)}
    assert set(found) == {1}  # the one passage that shares a word with the questions
    text = f"1: {TEXTS[1]}" if kind == "folder" else TEXTS[1]  # its name is its title
    assert found[1]["input"] == f"Search results:\n(1) {text}"
    assert found[1]["license"] == "MIT AND CC0-1.0"


def test_several_corpora_are_one(run: Runner, parents: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.txt" for n in range(3)]
    for path, text in zip(paths, TEXTS, strict=True):
        path.write_text(text)
    searched = [word for path in paths for word in ("--search", str(path))]
    run.finished(*words(parents, tmp_path / "out", *searched))
    assert {
        (one["place"], one["source"]) for row in records(tmp_path / "out") for one in passages_of(row)
    } == {(1, "1")}


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", ""), ("a.txt", "---\n\n..."), ("a.jsonl", '{"text": ""}')]
)
def test_empty_corpus_is_one_clear_line(
    run: Runner, parents: Path, tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    ran = run(*words(parents, tmp_path / "out", "--search", str(tmp_path / name)))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert f"no document in {tmp_path / name}" in ran.err
    assert not (tmp_path / "out").exists()


def test_another_corpus_is_another_run(run: Runner, parents: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n\n".join(TEXTS))
    line = words(parents, tmp_path / "out", "--search", str(corpus))
    run.finished(*line)
    before = all_bytes(tmp_path / "out")
    assert run(*line).code == 0  # reused
    assert all_bytes(tmp_path / "out") == before
    corpus.write_text("Sort letters by their words.")
    ran = run(*line)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "holds the finished output of another run of `augment`" in ran.err


# --- what comes after ---------------------------------------------------------------------------------


def test_held_out_split_has_a_record_and_all_that_was_made_of_it_on_one_side(
    run: Runner, parents: Path, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n\n".join(TEXTS))
    more = ("--noise", "typos", "--noise-rate", "0.9", "--noise-copies", "3", "--search", str(corpus))
    run.finished(*words(parents, tmp_path / "out", *more, "--keep-originals"))
    mixed = tmp_path / "mixed"
    run.finished(
        "mix", str(tmp_path / "out"), "--heldout", "0.3", "--heldout-by", "task", "--out", str(mixed)
    )
    sides: dict[str, set[str]] = {}
    for shard in sorted((mixed / "data").glob("*.parquet")):
        side = shard.name.split("-")[0]
        for row in pq.read_table(shard).to_pylist():
            sides.setdefault(row["task"], set()).add(side)
    assert set(sides) == {"task-0", "task-1", "task-2"}
    assert all(len(found) == 1 for found in sides.values())
    assert {side for found in sides.values() for side in found} == {"train", "heldout"}


# --- other people's files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "count"),
    [("instruct/user_oriented_instructions.jsonl.gz", 252), ("instruct/gpteacher_roleplay.yaml.gz", 1_923),
     ("instruct/code_alpaca_2k.json.gz", 2_017), ("chat/oasst_fr_top1.jsonl.gz", 256),
     ("chat/sharegpt_dummy_conversation.json.gz", 500), ("seeds/merged_ko_seed_tasks.jsonl.gz", 134)],
)  # fmt: skip
def test_every_published_shape_gets_noise_and_passages(
    run: Runner, shared_data: Path, tmp_path: Path, name: str, count: int
) -> None:
    path = shared_data / name
    more = ("--noise", "typos", "--noise", "punctuation", "--noise-rate", "0.5", "--search", str(path))
    manifest = run.finished(*words(path, tmp_path / "out", *more, "--license", "CC-BY-4.0"))
    made = [json.loads(row["meta"])["method"] for row in records(tmp_path / "out")]
    assert made.count("search") == count
    assert made.count("noise") + sum(manifest["funnel"]["dropped"].values()) == count
    assert made.count("noise") > count / 3
    licenses = {row["license"] for row in records(tmp_path / "out")}
    assert licenses == {"CC-BY-4.0", "CC-BY-4.0 AND LicenseRef-unspecified"}
