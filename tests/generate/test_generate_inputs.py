"""Seeds, recordings, prompts and the plan: what a run starts from."""

from __future__ import annotations

import json
import socket
from collections import Counter
from pathlib import Path

import pytest
from generate_runs import Runner, ledger_of, records, responses_kept, shard_hashes, words
from misbehaving_server import Server

from ittools.cli.app import main
from ittools.errors import InputError
from ittools.generate.demonstrations import Demonstration
from ittools.generate.replay import ReplayTeacher
from ittools.generate.seeds import FEWEST_OWN, Seed, in_language, open_seeds, read_seeds

ALPACA = [{"instruction": f"Name {n} trees.", "input": "", "output": f"{n} trees"} for n in range(9)]


def builtin_seeds() -> list[Seed]:
    return read_seeds(open_seeds(()))


def test_own_seeds_are_many_in_many_languages_with_instances() -> None:
    seeds = builtin_seeds()
    languages = Counter(seed.task.language for seed in seeds)
    assert len(seeds) >= 175
    assert len(languages) >= 10
    assert all(seed.task.instances and seed.ids for seed in seeds)
    assert sum(seed.task.is_classification for seed in seeds) >= 25


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("alpaca.json", json.dumps(ALPACA)),
        ("alpaca.jsonl", "\n".join(map(json.dumps, ALPACA))),
        ("original.jsonl", "\n".join(
            json.dumps({"id": f"seed_task_{n}", "name": "x", "instruction": f"Name {n} trees.",
                        "instances": [{"input": "", "output": "oak"}], "is_classification": n == 0})
            for n in range(9))),
        ("messages.jsonl", "\n".join(
            json.dumps({"messages": [{"role": "user", "content": f"Name {n} trees."},
                                     {"role": "assistant", "content": "oak"}]}) for n in range(9))),
        ("table.csv", "instruction,input,output\n" + "\n".join(f"Name {n} trees.,,oak" for n in range(9))),
    ],
)  # fmt: skip
def test_seeds_are_read_from_foreign_formats(run: Runner, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    seeds = read_seeds(open_seeds((str(tmp_path / name),)))
    assert [seed.task.instruction for seed in seeds] == [f"Name {n} trees." for n in range(9)]
    assert [seed.task.is_classification for seed in seeds] == [name == "original.jsonl"] + [False] * 8
    manifest = run.finished(*words(tmp_path / "out", "--seeds", str(tmp_path / name), num=4))
    assert manifest["tasks"] == 4


def test_records_of_one_instruction_are_one_seed(tmp_path: Path) -> None:
    rows = [{"instruction": "Add.", "input": f"{n} + 1", "output": str(n + 1)} for n in range(3)]
    (tmp_path / "seeds.json").write_text(json.dumps(rows))
    [seed] = read_seeds(open_seeds((str(tmp_path / "seeds.json"),)))
    assert seed.task.instances == (("0 + 1", "1"), ("1 + 1", "2"), ("2 + 1", "3"))
    assert len(seed.ids) == 3


@pytest.mark.parametrize("meta", ["[1]", '"text"', "null", "{", '{"is_classification": "yes"}'])
def test_meta_of_somebody_else_is_no_obstacle(tmp_path: Path, meta: str) -> None:
    row = {"instruction": "Add.", "input": "1", "output": "2", "meta": meta}
    (tmp_path / "seeds.json").write_text(json.dumps([row]))
    assert len(read_seeds(open_seeds((str(tmp_path / "seeds.json"),)))) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("seeds.jsonl", "", "holds no record"), ("seeds.json", "[]", "holds no record"),
     ("seeds.jsonl", '{"instruction": " ", "input": "", "output": "x"}', "no seed task in"),
     ("seeds.jsonl", '{"a": 1}', "--map"), ("seeds.jsonl", "{", "seeds.jsonl:1"),
     ("seeds.txt", "x", "ending")],
)  # fmt: skip
def test_no_seed_is_a_clear_error(run: Runner, tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    ran = run(*words(tmp_path / "out", "--seeds", str(tmp_path / name)))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert said in ran.err
    assert not (tmp_path / "out").exists()


def test_language_with_few_seeds_is_shown_all_of_them() -> None:
    def seed(number: int, language: str) -> Seed:
        return Seed(Demonstration(f"Task {number}", (), False, language), (str(number),))

    seeds = [seed(n, "en") for n in range(20)] + [seed(n, "de") for n in range(20, 20 + FEWEST_OWN)]
    assert in_language(seeds, "de-AT") == seeds[20:]
    assert in_language(seeds[:-1], "de") == seeds[:-1]
    assert in_language(seeds, "fr") == seeds


def test_dry_run_touches_neither_network_nor_disk(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket in a dry run")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for way in ("connect", "connect_ex", "sendto"):  # a loop of asyncio wakes itself by a pair of its own
        monkeypatch.setattr(socket.socket, way, refuse)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    before = sorted(tmp_path.rglob("*"))
    for flags in (["-m", "gpt-4o-mini", "--max-cost", "1"], ["--teacher", "offline"], ["-m", "unheard-of"]):
        ran = run("generate", "-n", "50", *flags, "--out", str(tmp_path / "out"), "--dry-run")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.endswith("nothing was sent or written\n")
    assert "price           unknown; give --price IN,OUT" in ran.out
    assert sorted(tmp_path.rglob("*")) == before


def test_dry_run_estimate_holds_what_a_run_then_asks(run: Runner, server: Server, tmp_path: Path) -> None:
    line = words(tmp_path / "out", "--structured", "off", url=server.url, num=30)
    value = json.loads(run(*line, "--dry-run", "--json").out)
    teacher = run.finished(*line)["teacher"]
    calls, tokens = value["calls"], value["prompt_tokens"]
    assert calls["low"] <= teacher["responses"] <= calls["high"]
    assert tokens["low"] <= teacher["prompt_tokens"] <= tokens["high"]


# --- replay ---------------------------------------------------------------------------------------

REPLAY = ("--teacher", "replay", "-m", "served", "--license", "LicenseRef-unspecified", "--num", "6")


def test_recording_in_jsonl_gives_the_same_bytes(run: Runner, server: Server, tmp_path: Path) -> None:
    from contextlib import closing
    from sqlite3 import connect

    run.finished(*words(tmp_path / "out", url=server.url, num=6))
    with closing(connect(ledger_of(tmp_path / "out"))) as ledger:
        rows = ledger.execute("SELECT key, text, finish FROM responses").fetchall()
    lines = [json.dumps(dict(zip(("key", "text", "finish"), row, strict=True))) for row in rows]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines))
    replay = ("--replay", str(tmp_path / "answers.jsonl"), "--out", str(tmp_path / "again"))
    run.finished("generate", *REPLAY, *replay)
    assert shard_hashes(tmp_path / "again") == shard_hashes(tmp_path / "out")
    assert responses_kept(tmp_path / "again") == len(rows)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("none.jsonl", None, "no such file"), ("text.sqlite", "not a ledger " * 99, "not a ledger"),
     ("a.jsonl", '{"key": "k"}', "a.jsonl:1: a recorded answer needs key and text"),
     ("a.jsonl", '{"key": "k", "text": null}', "a.jsonl:1: a recorded answer needs key and text"),
     ("a.jsonl", '{"key": [], "text": "x"}', "a.jsonl:1: a recorded answer needs key and text"),
     ("a.jsonl", '{"key": "k", "text": "x", "prompt_tokens": "many"}', "a.jsonl:1: a recorded answer needs"),
     ("a.jsonl", '{"key": "k", "text": "x"}', "no recorded answer for instructions 0.0 (key ")],
)  # fmt: skip
def test_recording_that_does_not_serve_is_a_clear_error(
    run: Runner, tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    ran = run("generate", *REPLAY, "--replay", str(tmp_path / name), "--out", str(tmp_path / "out"))
    assert ran.code == 1
    assert said in ran.err.splitlines()[-1]


def test_replay_needs_a_recording(run: Runner, tmp_path: Path) -> None:
    ran = run("generate", *REPLAY, "--out", str(tmp_path / "out"))
    assert (ran.code, ran.err) == (2, "ittools generate: --teacher replay needs --replay PATH\n")


def test_recorded_surrogates_are_mended(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"key": "k", "text": "\\ud800", "finish": "\\udfff"}')
    [said] = ReplayTeacher(tmp_path / "a.jsonl", model="m")._answers.values()
    assert (said.text, said.finish) == ("\ufffd", "\ufffd")


def test_foreign_database_is_not_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"")
    with pytest.raises(InputError, match="not a ledger"):
        ReplayTeacher(tmp_path / "a.sqlite", model="m")


# --- provenance -----------------------------------------------------------------------------------


def test_own_seeds_and_no_others_stand_behind_every_record(run: Runner, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "out", num=4))
    written = records(tmp_path / "out")
    ids = {identity for seed in builtin_seeds() for identity in seed.ids}
    ids |= {str(record["id"]) for record in written}  # later rounds show what earlier ones kept
    parents = [parent for record in written for parent in record["parents"]]  # type: ignore[attr-defined]
    assert parents
    assert set(parents) <= ids


def test_a_language_that_the_offline_teacher_does_not_write_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["generate", "--teacher", "offline", "-l", "sw", "--out", str(out)]) == 2
    line = capsys.readouterr().err
    assert line == ("ittools generate: --language sw: the offline teacher writes de, en, es, fr, it only\n")
    assert not out.exists()
