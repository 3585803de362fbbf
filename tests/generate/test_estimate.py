"""`--dry-run` and `--pilot`: nothing is sent or written, and what is told comes true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from generate_runs import Runner, all_bytes, records
from misbehaving_server import Server

LANGUAGES = ("-l", "en", "-l", "de", "-l", "fr", "-l", "es", "-l", "it")
PRICE = ("--price", "0.15,0.60")
METHODS = {
    "self-instruct": (), "alpaca": (), "evolve": (), "topics": (), "dialogue": (),
    "magpie": ("--api", "completions", "--pre-query", "chatml"), "answer": ("INPUTS",),
    "backtranslate": ("INPUTS",),
}  # fmt: skip


def estimate(run: Runner, *words: str) -> dict[str, Any]:
    ran = run("generate", *words, "--dry-run", "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def dollars(account: dict[str, Any]) -> float:
    """At PRICE, from the tokens of a manifest."""
    return float((account["prompt_tokens"] * 0.15 + account["completion_tokens"] * 0.60) / 1e6)


def near(told: dict[str, Any], account: dict[str, Any], share: float = 0.15) -> None:
    """Calls, prompt tokens and dollars as expected, within a share of what they were."""
    assert told["calls"]["expected"] == pytest.approx(account["responses"], rel=share)
    assert told["prompt_tokens"]["expected"] == pytest.approx(account["prompt_tokens"], rel=share)
    assert told["price_usd"]["expected"] == pytest.approx(dollars(account), rel=share)


def holds(told: dict[str, Any], account: dict[str, Any]) -> None:
    """What it was lies between low and high."""
    really = {"calls": account["responses"], "prompt_tokens": account["prompt_tokens"],
              "answer_tokens": account["completion_tokens"], "price_usd": dollars(account)}  # fmt: skip
    for name, amount in really.items():
        assert told[name]["low"] <= amount <= told[name]["high"], name


@pytest.fixture
def tasks(run: Runner, tmp_path: Path) -> list[dict[str, Any]]:
    """Tasks of the offline teacher, of which it answers each; in five languages, well mixed."""
    run.finished("generate", "--teacher", "offline", "--offline-errors", "0", *LANGUAGES, "-n", "240",
                 "--out", str(tmp_path / "source"))  # fmt: skip
    return records(tmp_path / "source")


def write(path: Path, rows: list[dict[str, Any]], *names: str) -> str:
    path.write_text("".join(json.dumps({name: row[name] for name in names}) + "\n" for row in rows))
    return str(path)


# --- nothing happens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_estimate_of_any_method_sends_and_writes_nothing_and_needs_no_key(
    run: Runner, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text('{"prompt": "What is one?"}\n{"prompt": "What is two?"}\n')
    (tmp_path / "in.txt").write_text("One is the first number.\n\nTwo is the second number.\n")
    before = all_bytes(tmp_path)
    given = "in.jsonl" if method == "answer" else "in.txt"
    words = ["--method", method, *(given if word == "INPUTS" else word for word in METHODS[method])]
    for address in ((), ("--base-url", server.url, "-m", "served")):
        told = estimate(run, *words, *address)
        for name in ("calls", "prompt_tokens", "answer_tokens", "price_usd"):
            assert 0 <= told[name]["low"] <= told[name]["expected"] <= told[name]["high"]
        assert sum(told["stages"].values()) >= told["calls"]["expected"] > 0
        assert told["price_usd"]["expected"] == 0.0 or not address  # a machine of one's own
    assert server.asked == []
    assert all_bytes(tmp_path) == before


def test_estimate_beside_a_finished_run_leaves_it_alone(run: Runner, tmp_path: Path) -> None:
    line = ("--teacher", "offline", "-n", "5", "--out", str(tmp_path / "out"))
    run.finished("generate", *line)
    before = all_bytes(tmp_path)
    assert estimate(run, *line)["tasks"] == 5
    assert all_bytes(tmp_path) == before


def test_lines_for_a_person_say_the_same(run: Runner) -> None:
    told = estimate(run, "-n", "100", *PRICE)
    ran = run("generate", "-n", "100", *PRICE, "--dry-run")
    lines = {line[:16].strip(): line[16:] for line in ran.out.splitlines()}
    calls, price = told["calls"], told["price_usd"]
    assert lines["calls"] == f"about {calls['expected']:,}, {calls['low']:,} to {calls['high']:,}"
    assert lines["price"] == f"about ${price['expected']:,.4f}, ${price['low']:,.4f} to ${price['high']:,.4f}"
    assert lines["tasks"] == "100"
    assert ran.out.endswith("nothing was sent or written\n")


def test_unknown_price_is_said_and_a_limit_is_no_error_here(run: Runner) -> None:
    words = ("-m", "mine", "--base-url", "https://api.example.com/v1", "--max-cost", "1", "-n", "10")
    assert "price_usd" not in estimate(run, *words)
    ran = run("generate", *words, "--dry-run")
    assert "unknown; give --price IN,OUT in dollars per million tokens" in ran.out


# --- what is told comes true ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["self-instruct", "alpaca"])
def test_truth_lies_in_the_range_without_a_pilot_and_within_15_per_cent_with_one(
    run: Runner, tmp_path: Path, method: str
) -> None:
    words = ("--method", method, "--teacher", "offline", *LANGUAGES, *PRICE)
    run.finished("generate", *words, "-n", "100", "--out", str(tmp_path / "pilot"))
    really = run.finished("generate", *words, "-n", "500", "--out", str(tmp_path / "whole"))["teacher"]
    assert really["cost_usd"] == pytest.approx(dollars(really), abs=1e-6)
    near(estimate(run, *words, "-n", "500", "--pilot", str(tmp_path / "pilot")), really)
    holds(estimate(run, *words, "-n", "500"), really)


@pytest.mark.parametrize("samples", ["1", "2"])
def test_pilot_of_answers_tells_the_price_of_the_rest(
    run: Runner, tmp_path: Path, tasks: list[dict[str, Any]], samples: str
) -> None:
    """The teacher spoils one answer in three: inputs without a task are paid for like the others."""
    small = write(tmp_path / "small.jsonl", tasks[::6], "instruction", "input", "language")
    large = write(tmp_path / "large.jsonl", tasks, "instruction", "input", "language")
    words = ("--method", "answer", "--teacher", "offline", "--offline-errors", "0.35", *PRICE)
    words += ("--per-task", samples)
    pilot = run.finished("generate", small, *words, "--out", str(tmp_path / "pilot"))
    assert pilot["funnel"]["dropped"]["empty-output"] > 0
    told = estimate(run, large, *words, "--pilot", str(tmp_path / "pilot"))
    really = run.finished("generate", large, *words, "--out", str(tmp_path / "whole"))["teacher"]
    assert told["calls"]["expected"] == really["responses"] == len(tasks) * int(samples)
    near(told, really)
    unasked = estimate(run, large, *words)  # the length of answers is only known of a teacher that was asked
    assert unasked["calls"]["expected"] == really["responses"]
    assert unasked["prompt_tokens"]["low"] <= really["prompt_tokens"] <= unasked["prompt_tokens"]["high"]


def test_pilot_of_backtranslation_tells_the_price_of_the_rest(
    run: Runner, tmp_path: Path, tasks: list[dict[str, Any]]
) -> None:
    texts = [{"text": f"{row['instruction']} {row['output']}", "language": row["language"]} for row in tasks]
    small = write(tmp_path / "small.jsonl", texts[::6], "text", "language")
    large = write(tmp_path / "large.jsonl", texts, "text", "language")
    words = ("--method", "backtranslate", "--teacher", "offline", "--offline-errors", "0.3", *PRICE)
    run.finished("generate", small, *words, "--out", str(tmp_path / "pilot"))
    told = estimate(run, large, *words, "--pilot", str(tmp_path / "pilot"))
    near(told, run.finished("generate", large, *words, "--out", str(tmp_path / "whole"))["teacher"])


def test_pilot_replayed_from_a_ledger_tells_the_replayed_whole(run: Runner, tmp_path: Path) -> None:
    """Both runs were recorded in one ledger; nothing else answers."""
    offline = ("--teacher", "offline", *LANGUAGES, "--out", str(tmp_path / "recorded"))
    run.finished("generate", *offline, "-n", "100")
    run.finished("generate", *offline, "-n", "500", "--force")
    ledger = str(tmp_path / "recorded" / "ledger" / "ledger.sqlite")
    words = ("--teacher", "replay", "--replay", ledger, "-m", "ittools-offline-1", *LANGUAGES, *PRICE)
    pilot = run.finished("generate", *words, "-n", "100", "--out", str(tmp_path / "pilot"))
    told = estimate(run, *words, "-n", "500", "--pilot", str(tmp_path / "pilot"))
    really = run.finished("generate", *words, "-n", "500", "--out", str(tmp_path / "whole"))["teacher"]
    assert pilot["teacher"]["responses"] < really["responses"]
    near(told, really)


# --- prices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "price"),
    [("mine", (1.0, 2.0)), ("mine-large", (10.0, 20.0)), ("mine-large-2026", (10.0, 20.0)),
     ("mine-2026", (1.0, 2.0))],
)  # fmt: skip
def test_longest_name_in_the_file_of_prices_counts(
    run: Runner, tmp_path: Path, model: str, price: tuple[float, float]
) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("mine: [1, 2]\nmine-large: [10, 20]\n")
    words = ("-m", model, "--base-url", "https://api.example.com/v1", "--prices", str(path), "-n", "50")
    told = estimate(run, *words)
    tokens = (told["prompt_tokens"]["expected"], told["answer_tokens"]["expected"])
    assert told["price_usd"]["expected"] == pytest.approx(
        (tokens[0] * price[0] + tokens[1] * price[1]) / 1e6, rel=1e-3
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "expected a line `model: [IN, OUT]`"), ("- 1\n", "expected a line"),
     ("mine: 3\n", "mine: expected [IN"), ("mine: [1]\n", "mine: expected [IN"),
     ("mine: [1, -2]\n", "mine: expected [IN"),
     ("mine: [1, .nan]\n", "mine: expected [IN"), ("mine: [true, 1]\n", "mine: expected [IN"),
     (None, "no such file")],
)  # fmt: skip
def test_file_of_prices_that_is_none_is_one_clear_line(
    run: Runner, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "prices.yaml"
    if content is not None:
        path.write_text(content)
    ran = run("generate", "-m", "mine", "--prices", str(path), "--dry-run")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert str(path) in ran.err
    assert said in ran.err


# --- pilots that are none -----------------------------------------------------------------------------------


def wrong_pilot(kind: str, run: Runner, folder: Path) -> Path:
    """A directory that is no finished run of self-instruct."""
    rows = folder / "rows.jsonl"
    rows.write_text('{"instruction": "Name a colour of the sky.", "output": "blue"}\n')
    if kind == "filter":
        run.finished("filter", str(rows), "--out", str(folder / "pilot"))
    elif kind == "augment":
        run.finished(
            "augment", str(rows), "--noise", "case", "--noise-rate", "1", "--out", str(folder / "pilot")
        )
    elif kind == "another method":
        run.finished(
            "generate",
            "--teacher",
            "offline",
            "--method",
            "alpaca",
            "-n",
            "5",
            "--out",
            str(folder / "pilot"),
        )
    elif kind == "unfinished":
        (folder / "pilot").mkdir()
        (folder / "pilot" / ".lock").touch()
    elif kind == "a file":
        return rows
    return folder / "pilot"


@pytest.mark.parametrize("kind", ["missing", "a file", "unfinished", "filter", "augment", "another method"])
def test_wrong_pilot_is_one_clear_line(run: Runner, tmp_path: Path, kind: str) -> None:
    pilot = wrong_pilot(kind, run, tmp_path)
    ran = run("generate", "--dry-run", "--pilot", str(pilot))
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    why = (
        "a run of --method alpaca, which tells nothing of self-instruct"
        if kind == "another method"
        else "not a finished run of `ittools generate` with accepted tasks"
    )
    assert ran.err == f"ittools generate: --pilot {pilot}: {why}\n"


def test_damaged_manifest_of_a_pilot_is_said(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    ran = run("generate", "--dry-run", "--pilot", str(tmp_path))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert str(tmp_path / "manifest.json") in ran.err
