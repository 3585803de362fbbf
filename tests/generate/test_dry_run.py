"""`--dry-run`: what a run will cost, told without sending; close to the truth after a pilot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from generate_runs import Runner

LANGUAGES = ("-l", "en", "-l", "de", "-l", "fr", "-l", "es", "-l", "it")
OFFLINE = ("--teacher", "offline", *LANGUAGES)
IN, OUT = 0.15, 0.60  # dollars per million tokens


def estimate(run: Runner, *words: str) -> dict[str, Any]:
    ran = run("generate", *words, "--dry-run", "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)  # type: ignore[no-any-return]


def dollars(tokens_in: float, tokens_out: float) -> float:
    return (tokens_in * IN + tokens_out * OUT) / 1e6


@pytest.mark.parametrize("method", ["self-instruct", "alpaca", "evolve", "topics", "dialogue"])
def test_every_method_is_estimated_without_a_key_and_nothing_is_written(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    found = estimate(run, "--method", method, "-n", "500")
    assert found["method"] == method
    for name in ("calls", "prompt_tokens", "answer_tokens", "price_usd"):
        assert 0 < found[name]["low"] <= found[name]["expected"] <= found[name]["high"]
    assert list(tmp_path.iterdir()) == []


def test_calls_for_given_prompts_are_counted_not_guessed(run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"What is {n}?"}) + "\n" for n in range(300)))
    found = estimate(run, str(path), "--method", "answer", "--per-task", "3")
    assert (found["prompts"], found["calls"]["low"], found["calls"]["expected"]) == (300, 900, 900)


@pytest.mark.parametrize(("method", "small", "large"), [("self-instruct", 100, 500), ("alpaca", 60, 300)])
def test_pilot_tells_the_cost_of_the_whole_within_15_per_cent(
    run: Runner, tmp_path: Path, method: str, small: int, large: int
) -> None:
    words = ("--method", method, *OFFLINE)
    run.finished("generate", *words, "-n", str(small), "--out", str(tmp_path / "pilot"))
    found = estimate(run, *words, "-n", str(large), "--pilot", str(tmp_path / "pilot"))
    really = run.finished("generate", *words, "-n", str(large), "--out", str(tmp_path / "whole"))["teacher"]
    told = dollars(found["prompt_tokens"]["expected"], found["answer_tokens"]["expected"])
    paid = dollars(really["prompt_tokens"], really["completion_tokens"])
    assert told == pytest.approx(paid, rel=0.15)
    assert found["calls"]["expected"] == pytest.approx(really["responses"], rel=0.15)


def test_pilot_of_a_replay_tells_the_cost_of_the_replayed_whole(run: Runner, tmp_path: Path) -> None:
    """A recorded run, replayed small and whole: the recording is all that answers."""
    whole, small = tmp_path / "whole", tmp_path / "small"
    license = ("--license", "Apache-2.0", "-m", "ittools-offline-1")
    run.finished("generate", *OFFLINE, "-n", "200", "--out", str(whole))
    run.finished("generate", *OFFLINE, "-n", "40", "--out", str(small))
    ledgers = {"whole": whole, "small": small}
    for name, out in ledgers.items():
        number = "200" if name == "whole" else "40"
        run.finished(
            "generate", "--teacher", "replay", "--replay", str(out / "ledger" / "ledger.sqlite"), *license,
            *LANGUAGES, "--structured", "off", "-n", number, "--out", str(tmp_path / f"replayed-{name}"),
        )  # fmt: skip
    pilot = str(tmp_path / "replayed-small")
    found = estimate(run, "-m", "gpt-4o-mini", *LANGUAGES, "-n", "200", "--pilot", pilot)
    really = json.loads((tmp_path / "replayed-whole" / "manifest.json").read_text())["teacher"]
    paid = dollars(really["prompt_tokens"], really["completion_tokens"])
    assert found["price_usd"]["expected"] == pytest.approx(paid, rel=0.15)


def test_batch_is_half_the_price(run: Runner) -> None:
    words = ("-n", "100", "-m", "gpt-4o-mini")
    full, half = estimate(run, *words), estimate(run, *words, "--batch")
    assert half["price_usd"]["expected"] == pytest.approx(full["price_usd"]["expected"] / 2, rel=1e-4)


def test_prices_of_a_file_hold(run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("mine: [1000000, 0]\n")  # a dollar a token of the prompt
    found = estimate(run, "-m", "mine", "--base-url", "https://api.example.com/v1", "--prices", str(path))
    assert found["price_usd"]["expected"] == found["prompt_tokens"]["expected"]


def test_pilot_must_be_a_finished_run_of_generate(run: Runner, tmp_path: Path) -> None:
    ran = run("generate", "--pilot", str(tmp_path), "--dry-run")
    assert ran.code == 1
    assert "not a finished run of `ittools generate` with accepted tasks" in ran.err
