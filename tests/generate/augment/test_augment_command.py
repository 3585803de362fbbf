"""`ittools augment`: what each way writes, drops, names and keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from generate_runs import Runner, records, shard_hashes

from ittools.generate.augment.derive import rewritten_reason
from ittools.generate.offline.solve import solve

PASSAGES = [
    {"title": "Primes", "text": "A prime has two divisors.", "license": "CC-BY-4.0"},
    {"title": "Words", "text": "Sort words by their letters.", "license": "CC-BY-4.0"},
    {"title": "Numbers", "text": "Even numbers divide by two, odd ones do not.", "license": "CC-BY-4.0"},
]


@pytest.fixture
def first(run: Runner, tmp_path: Path) -> Path:
    """A small generated dataset, nothing in it spoiled."""
    out = tmp_path / "first"
    run.finished(
        "generate", "--teacher", "offline", "--offline-errors", "0", "--num", "12", "--out", str(out)
    )
    return out


@pytest.fixture
def augment(run: Runner, first: Path, tmp_path: Path) -> Any:
    def call(*more: str, out: str = "out") -> tuple[Path, dict[str, Any]]:
        words = ("augment", str(first), "--out", str(tmp_path / out), "--keep-dropped", *more)
        return tmp_path / out, run.finished(*words)

    return call


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "passages.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in PASSAGES))
    return path


def by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def test_new_records_keep_task_language_and_output_and_name_their_parent(augment: Any, first: Path) -> None:
    before = by_id(records(first))
    out, _ = augment("--noise", "typos", "--noise-rate", "1")
    made = records(out)
    assert len(made) == len(before)
    for row in made:
        [parent] = row["parents"]
        assert row["id"] not in before
        for name in ("task", "language", "license", "input", "output", "generator"):
            assert row[name] == before[parent][name]
        assert json.loads(row["meta"])["method"] == "noise"
        assert row["source"] == f"noise/{before[parent]['source']}"


def test_noise_asks_no_teacher_and_needs_no_key(augment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    _, manifest = augment("--noise", "case", "--noise-copies", "3")
    assert manifest.get("teacher") is None


def test_paraphrase_has_the_same_right_answer(augment: Any) -> None:
    out, manifest = augment("--teacher", "offline", "--offline-errors", "0", "--paraphrase", "2")
    made = records(out)
    assert made
    for row in made:
        whole = row["instruction"] + (f"\n\n{row['input']}" if row["input"] else "")
        solved = solve(whole)
        # a kind without an input has many right answers; the rule gives its first
        assert row["input"] == "" or solved == row["output"]
    assert manifest["teacher"]["responses"] == 2 * manifest_records(manifest)
    assert set(manifest["funnel"]["dropped"]) <= {"repeated", "empty-instruction", "numbers-changed"}


def manifest_records(manifest: dict[str, Any]) -> int:
    return int(manifest["teacher"]["stages"]["paraphrase"]["responses"]) // 2


def test_pivot_goes_there_and_back(augment: Any) -> None:
    out, manifest = augment("--teacher", "offline", "--offline-errors", "0", "--pivot", "de", "--pivot", "fr")
    made = records(out)
    assert made
    for row in made:
        meta = json.loads(row["meta"])
        assert meta["pivot"] in ("de", "fr")
        assert meta["there"]
        assert list(meta["requests"]) == ["there", "back"]
    assert manifest["teacher"]["stages"]["translate"]["responses"] > len(made)


def test_search_puts_passages_before_the_input_and_a_verdict_before_the_output(
    augment: Any, first: Path, corpus: Path
) -> None:
    before = by_id(records(first))
    out, manifest = augment("--search", str(corpus))
    made = records(out)
    assert manifest["funnel"] == {"in": len(before), "dropped": {}, "out": len(before)}
    with_passages = [row for row in made if json.loads(row["meta"])["passages"]]
    assert with_passages
    for row in with_passages:
        parent = before[row["parents"][0]]
        found = json.loads(row["meta"])["passages"]
        assert row["input"].startswith("Search results:\n(1) ")
        assert f"({len(found)}) " in row["input"]
        assert row["input"].endswith(parent["input"])
        assert row["output"].endswith(f"\n\n{parent['output']}")
        helpful = [n for n, one in enumerate(found, start=1) if one["verdict"] == "informative"]
        assert all(f"({n})" in row["output"].splitlines()[0] for n in helpful)
        assert row["license"] == "Apache-2.0 AND CC-BY-4.0"
    for row in made:
        if not json.loads(row["meta"])["passages"]:
            assert row["id"] in before
            assert row["parents"] == []


def test_verdicts_by_the_teacher_are_in_the_ledger(augment: Any, corpus: Path) -> None:
    _, manifest = augment("--search", str(corpus), "--verdicts", "teacher", "--teacher", "offline")
    assert set(manifest["teacher"]["stages"]) == {"verdict"}


def test_originals_stand_beside_what_was_made_of_them(augment: Any, first: Path) -> None:
    out, _ = augment("--noise", "typos", "--noise-rate", "1", "--keep-originals")
    ids = [row["id"] for row in records(out)]
    assert set(by_id(records(first))) < set(ids)
    assert len(ids) == len(set(ids)) == 2 * len(records(first))


def test_bytes_are_the_same_at_any_concurrency(augment: Any, corpus: Path) -> None:
    ways = ("--teacher", "offline", "--paraphrase", "2", "--pivot", "de", "--noise", "typos",
            "--search", str(corpus), "--verdicts", "teacher")  # fmt: skip
    outs = [augment(*ways, "-c", count, out=f"out{count}")[0] for count in ("1", "64", "500")]
    assert len({tuple(shard_hashes(out).items()) for out in outs}) == 1


def test_noise_of_a_record_does_not_hang_on_the_others(run: Runner, tmp_path: Path) -> None:
    rows = [
        {"instruction": f"Describe carefully the {w} mountains.", "output": w}
        for w in ("blue", "green", "red")
    ]
    for name, chosen in (("all", rows), ("last", rows[2:])):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in chosen))
        run.finished(
            "augment", str(path), "--noise", "typos", "--noise-rate", "1", "--out", str(tmp_path / name)
        )
    assert records(tmp_path / "all")[2]["instruction"] == records(tmp_path / "last")[0]["instruction"]


@pytest.mark.parametrize(
    ("text", "before", "reason"),
    [
        ("", "Add 2 and 3.", "empty-instruction"),
        ("add  2 and 3.", "Add 2 and 3.", "unchanged"),
        ("Sum 2 and 4.", "Add 2 and 3.", "numbers-changed"),
        ("Sum 3 and 2.", "Add 2 and 3.", None),
        ("Sum 2.50 and 3.", "Add 2.5 and 3.", "numbers-changed"),
    ],
)
def test_wording_that_changes_a_number_cannot_stand_for_the_instruction(
    text: str, before: str, reason: str | None
) -> None:
    assert rewritten_reason(text, before) == reason


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to do: give --paraphrase N"),
        (
            ("--noise", "typo"),
            "--noise typo: expected one of typos, case, punctuation; did you mean 'typos'?",
        ),
        (("--noise", "typos", "--noise-rate", "0"), "--noise-rate is a share above 0"),
        (("--search", "nowhere.txt"), "nowhere.txt: no such file or directory"),
        (("--pivot", "sw", "--teacher", "offline"), "the offline teacher writes"),
        (("--paraphrase", "-1"), "--paraphrase must not be negative"),
    ],
)
def test_bad_options_are_one_clear_line(
    run: Runner, first: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    ran = run("augment", str(first), "--out", str(tmp_path / "out"), *words)
    assert ran.code in (1, 2)
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_estimate_counts_the_calls(run: Runner, first: Path, tmp_path: Path) -> None:
    ran = run("augment", str(first), "--paraphrase", "3", "--pivot", "de", "--dry-run", "--json")
    count = len(records(first))
    assert json.loads(ran.out)["calls"] == 5 * count


@pytest.mark.parametrize("name", ["alpaca_data_51009-52002.json.gz", "instructwild_seed_prompts_ch.jsonl.gz"])
def test_records_of_others_get_noise_and_passages(
    run: Runner, shared_data: Path, corpus: Path, tmp_path: Path, name: str
) -> None:
    run.finished(
        "augment", str(shared_data / "instruct" / name), "--noise", "typos", "--search", str(corpus),
        "--license", "CC-BY-NC-4.0", "--out", str(tmp_path / "out"),
    )  # fmt: skip
    made = records(tmp_path / "out")
    assert {json.loads(row["meta"])["method"] for row in made} >= {"search"}
    assert all("CC-BY-NC-4.0" in row["license"] for row in made)
