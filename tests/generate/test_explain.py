"""`--explain ID`: the exact requests and responses behind a record, dropped ones too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from generate_runs import Runner, ledger_of, ledger_rows, records, words
from method_lines import METHODS, own_options
from misbehaving_server import Asked, Server, Trouble, error, on_prompt, says, status


def explained(run: Runner, out: Path, wanted: str) -> dict[str, Any]:
    ran = run("generate", "--out", str(out), "--explain", wanted, "--json")
    assert (ran.code, ran.err) == (0, "")
    return dict(json.loads(ran.out))


def test_exchange_is_word_for_word_what_was_sent_and_what_came(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run.finished(*words(out, "--structured", "off", url=server.url))
    for record in records(out):
        value = explained(run, out, str(record["id"]))
        assert value["record"]["id"] == record["id"]
        assert [one["stage"] for one in value["exchanges"]] == ["instructions", "classification", "instances"]
        for one in value["exchanges"]:
            [asked] = [asked for asked in server.asked if asked.prompt == one["request"]["prompt"]]
            assert one["request"]["max_tokens"] == asked.body["max_tokens"]
            assert one["request"]["temperature"] == asked.body["temperature"]
            raw = one["response"]["raw"]
            assert raw["choices"][0]["message"]["content"] == one["response"]["text"]
            [[text]] = ledger_rows(out, f"SELECT text FROM responses WHERE key = '{one['key']}'")
            assert one["response"]["text"] == text
            assert one["response"]["prompt_tokens"] == raw["usage"]["prompt_tokens"]
        assert value["not_in_ledger"] == []


@pytest.mark.parametrize("method", METHODS)
def test_every_record_of_every_method_is_explained_from_its_output_back_to_its_prompt(
    run: Runner, tmp_path: Path, method: str
) -> None:
    out = tmp_path / "out"
    run.finished(
        *words(out, "--keep-dropped", "--offline-errors", "0.3", *own_options(method, tmp_path), num=6)
    )
    for record in (*records(out), *records(out, "dropped")):
        value = explained(run, out, str(record["id"]))
        assert value["not_in_ledger"] == []
        texts = "\n".join(one["response"]["text"] for one in value["exchanges"])
        said = str(record["output"])
        assert said in texts or method in ("backtranslate", "self-instruct") or not record["output"]


def test_for_a_person_it_is_the_prompt_indented_and_the_answer(run: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run.finished(*words(out, *own_options("answer", tmp_path, 4), num=4))
    record = records(out)[0]
    ran = run("generate", "--out", str(out), "--explain", str(record["id"]))
    lines = ran.out.splitlines()
    assert lines[0] == f"record     {record['id']}"
    assert f"parents    {record['parents'][0]}" in lines  # type: ignore[index]
    sent, came = (
        lines.index("sent >"),
        next(n for n, line in enumerate(lines) if line.startswith("came < stop, ")),
    )
    assert lines[sent + 1] == f"  {record['instruction']}"
    assert lines[came + 1] == f"  {str(record['output']).splitlines()[0]}"


def test_beginning_of_an_id_is_enough_where_it_is_one_record_s(run: Runner, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "out"))
    for record in records(tmp_path / "out"):
        assert explained(run, tmp_path / "out", str(record["id"])[:12])["record"]["id"] == record["id"]


def test_dropped_record_says_why(run: Runner, server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out"
    server.trouble = lambda asked: says("Input: 1\nOutput:") if wants_instances(asked) else None
    ran = run(*words(out, "--structured", "off", "--keep-dropped", url=server.url, num=3))
    assert ran.code == 3  # nothing was of use
    server.trouble = once_empty()
    run.finished(*words(out, "--structured", "off", "--keep-dropped", "--seed", "1", url=server.url, num=3))
    lost = [record for record in records(out, "dropped") if record["reason"] == "empty-output"]
    assert lost
    ran = run("generate", "--out", str(out), "--explain", str(lost[0]["id"]))
    assert ran.out.splitlines()[0] == f"record     {lost[0]['id']}  dropped: empty-output"
    assert "  Output:" in ran.out


def wants_instances(asked: Asked) -> bool:
    return "instances of it" in asked.prompt[:80]


def once_empty() -> Any:
    seen: list[Asked] = []

    def decide(asked: Asked) -> Trouble | None:
        if wants_instances(asked) and not seen:
            seen.append(asked)
            return says("Input: 1\nOutput:")
        return None

    return decide


def test_failed_request_is_named_as_such(run: Runner, server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out"
    flags = own_options("answer", tmp_path, 5)
    poison = json.loads((tmp_path / "prompts.jsonl").read_text().splitlines()[2])
    server.trouble = on_prompt(poison["instruction"], status(400, error("poison")))
    run.finished(*words(out, "--keep-dropped", *flags, url=server.url, num=5))
    lost = [record for record in records(out, "dropped") if record["reason"] == "teacher-failed"]
    value = explained(run, out, str(lost[0]["id"]))
    said = json.dumps(value["exchanges"]) + str(value["not_in_ledger"])
    assert "answer" in said
    assert "poison" in said or value["not_in_ledger"] == ["answer"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("abc", "--explain abc: give at least 6 digits of an id"),
     ("ffffffffffff", "no record whose id is or begins with ffffffffffff; `ittools head "),
     ("zzzzzz", "no record whose id is or begins with zzzzzz")],
)  # fmt: skip
def test_unknown_id_is_one_line(run: Runner, tmp_path: Path, wanted: str, said: str) -> None:
    run.finished(*words(tmp_path / "out", num=2))
    ran = run("generate", "--out", str(tmp_path / "out"), "--explain", wanted)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert said in ran.err


def test_directory_without_records_is_one_line(run: Runner, tmp_path: Path) -> None:
    ran = run("generate", "--out", str(tmp_path / "none"), "--explain", "abcdef")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "holds no records; --explain reads the finished run of --out" in ran.err
    assert not (tmp_path / "none").exists()


def test_ledger_moved_away_is_one_line(run: Runner, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "out", num=2))
    wanted = str(records(tmp_path / "out")[0]["id"])
    ledger_of(tmp_path / "out").rename(tmp_path / "elsewhere.sqlite")
    ran = run("generate", "--out", str(tmp_path / "out"), "--explain", wanted)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "ledger.sqlite: missing; the ledger of a run stands beside its records" in ran.err


def test_it_asks_nobody_and_changes_nothing(run: Runner, server: Server, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "out", url=server.url, num=2))
    asked, wanted = len(server.asked), str(records(tmp_path / "out")[0]["id"])
    before = {
        p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file() and "ledger" not in str(p)
    }
    assert run("generate", "--out", str(tmp_path / "out"), "--explain", wanted).code == 0
    assert len(server.asked) == asked
    after = {
        p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file() and "ledger" not in str(p)
    }
    assert after == before


def test_control_characters_of_an_answer_do_not_reach_the_terminal(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    server.trouble = lambda _: says("red \x1b[31m and \x07 bell\u202e and\rback")
    run.finished(*words(tmp_path / "out", *own_options("answer", tmp_path, 1), url=server.url, num=1))
    ran = run(
        "generate", "--out", str(tmp_path / "out"), "--explain", str(records(tmp_path / "out")[0]["id"])
    )
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(ran.out)
