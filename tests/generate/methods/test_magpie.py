"""Magpie: the prompt is the model's own template up to the user's turn, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generate_runs import Runner, words
from method_runs import Say, job_for, reasons, run_method, sent, some_rounds, unlike
from misbehaving_server import Server

from ittools.errors import UsageError
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job
from ittools.generate.methods.magpie import TEMPLATES, Magpie, Marks, marks_for
from ittools.generate.teacher import Response

CHATML = TEMPLATES["chatml"]


def writing(query: Say = lambda r: unlike(r)[0]) -> Say:
    return lambda request: query(request) if request.stage == "query" else f"Answer {request.index}."


def magpie(
    say: Say, marks: Marks = CHATML, *, speaks: bool = False, **options: object
) -> tuple[Job, Harvest]:
    wanted = {"quotas": {"en": 3}, "num": 3, "api": "completions"} | options
    job = job_for("magpie", say, **wanted)  # type: ignore[arg-type]
    return job, run_method(job, Magpie(job, marks, speaks=speaks))


@pytest.mark.parametrize(
    ("name", "system", "query", "answer", "end"),
    [
        ("chatml", "S", "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n",
         "Q<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
        ("chatml", None, "<|im_start|>user\n", "Q<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
        ("llama3", "S",
         "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
         "Q<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
        ("mistral", "S", "[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]", "Q[/INST]", "</s>"),
        ("phi3", "S", "<|system|>\nS<|end|>\n<|user|>\n", "Q<|end|>\n<|assistant|>\n", "<|end|>"),
        ("gemma", None, "<start_of_turn>user\n", "Q<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>"),
    ],
)  # fmt: skip
def test_prompts_are_the_template_and_nothing_else(
    name: str, system: str | None, query: str, answer: str, end: str
) -> None:
    job, _ = magpie(
        writing(lambda _: "Q is asked of you here"), TEMPLATES[name], system=system, quotas={"en": 1}
    )
    asked, answered = sent(job, "query")[0], sent(job, "answer")[0]
    assert asked.prompt == query
    assert answered.prompt == query + answer.replace("Q", "Q is asked of you here", 1)
    assert (asked.stop, answered.stop) == ((end,), (end,))
    assert (asked.temperature, answered.temperature) == (1.0, 0.0)
    assert {request.before for request in (asked, answered)} == {()}


def test_system_message_of_gemma_stands_in_the_user_s_turn() -> None:
    """Its template has no system role: what it would say is the beginning of the first user's turn."""
    assert TEMPLATES["gemma"].before("S") == "<start_of_turn>user\nS\n\n"


def test_language_is_told_only_where_one_was_asked_for() -> None:
    told = "You talk with a user who writes in German."
    job, harvest = magpie(writing(), speaks=True, quotas={"de": 1})
    assert sent(job, "query")[0].prompt == f"<|im_start|>system\n{told}<|im_end|>\n<|im_start|>user\n"
    assert harvest.records[0]["language"] == "de"
    job, _ = magpie(writing(), speaks=True, quotas={"de": 1}, system="Be kind.")
    assert sent(job, "answer")[0].prompt.startswith(f"<|im_start|>system\nBe kind.\n{told}<|im_end|>\n")


def test_record_has_both_requests_and_the_turn_as_it_was_written() -> None:
    job, harvest = magpie(writing())
    for place, record in enumerate(harvest.records):
        asked, answered = sent(job, "query")[place], sent(job, "answer")[place]
        assert (record["instruction"], record["output"]) == (unlike(asked)[0], f"Answer {place}.")
        assert json.loads(record["meta"])["requests"] == {"query": asked.key, "answer": answered.key}
        assert (record["parents"], record["context"]) == ([], [])


@pytest.mark.parametrize(
    ("said", "reason"),
    [(Response("down", "failed"), "teacher-failed"), (Response("", "stop"), "empty-instruction"),
     (Response(" \n", "length"), "empty-instruction"), (Response("What is the ca", "length"), "cut-off"),
     (Response("Hm?", "stop"), "instruction-too-short"),
     (Response("Draw me a map of the town", "stop"), None)],
)  # fmt: skip
def test_turn_that_is_no_task_is_dropped_with_its_reason(said: Response, reason: str | None) -> None:
    job = job_for(
        "magpie",
        writing(lambda r: said if r.index == 0 else unlike(r)[0]),
        quotas={"en": 3},
        api="completions",
    )
    harvest = some_rounds(job, Magpie(job, CHATML, speaks=False))
    assert [why for _, why in harvest.dropped if why != "surplus"] == [reason] * bool(reason)


def test_turn_said_before_is_not_new() -> None:
    job = job_for(
        "magpie", writing(lambda _: "What is the capital of France?"), quotas={"en": 3}, api="completions"
    )
    harvest = some_rounds(job, Magpie(job, CHATML, speaks=False))
    assert (harvest.tasks, reasons(harvest)) == (1, {"What is the capital of France?": "not-novel"})


def test_quotas_are_met_exactly_and_surplus_is_not_answered() -> None:
    quotas = {"en": 7, "de": 2}
    job, harvest = magpie(writing(), quotas=quotas, num=9, speaks=True)
    assert harvest.by_language == quotas
    assert len(sent(job, "answer")) == 9
    assert harvest.reasons["surplus"] == len(sent(job, "query")) - 9


# --- which marks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "name"),
    [("Qwen/Qwen2.5-7B-Instruct", "chatml"), ("01-ai/Yi-34B-Chat", "chatml"), ("SmolLM2-1.7B", "chatml"),
     ("meta-llama/Llama-3.1-8B-Instruct", "llama3"), ("llama3:8b", "llama3"),
     ("google/gemma-2-9b-it", "gemma"),
     ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mistral"), ("microsoft/Phi-3-mini", "phi3"),
     ("phi3.5", "phi3")],
)  # fmt: skip
def test_marks_are_known_by_the_model_s_name(model: str, name: str) -> None:
    assert marks_for(model, None) == TEMPLATES[name]
    assert marks_for(model, "gemma") == TEMPLATES["gemma"]


@pytest.mark.parametrize("model", ["gpt-4o-mini", "served", "", "meta-llama/Llama-2-7b-chat-hf"])
def test_unknown_model_needs_its_marks(model: str) -> None:
    with pytest.raises(UsageError, match=r"is not known; give --pre-query with one of chatml, llama3"):
        marks_for(model, None)


def test_own_template_is_what_stands_round_the_instruction() -> None:
    marks = marks_for("served", "<|u|>\\n{instruction}<|e|>\\n<|a|>\\n")
    assert (marks.before(""), marks.answer, marks.end) == ("<|u|>\n", "<|e|>\n<|a|>\n", "<|e|>")
    assert marks.before("S") == "S\n\n<|u|>\n"


@pytest.mark.parametrize(
    "given", ["", "chat", "<|u|>", "{instruction}", "{instruction}<|a|>", "<|u|>{instruction}"]
)
def test_own_template_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match=r"expected one of chatml.* or the text of a user's turn"):
        marks_for("served", given)


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_chat_endpoint_is_refused_with_the_reason_and_asked_nothing(
    run: Runner, server: Server, tmp_path: Path, api: str
) -> None:
    ran = run(*words(tmp_path / "out", "--method", "magpie", "--api", api, url=server.url))
    assert (ran.code, ran.err.count("\n"), server.asked) == (2, 1, [])
    assert "--method magpie needs --api completions: the model must write the user's turn" in ran.err
    assert "`--method answer` and `--method self-instruct` work on chat endpoints" in ran.err
    assert not (tmp_path / "out").exists()


def test_unknown_template_is_one_line_and_exit_2(run: Runner, server: Server, tmp_path: Path) -> None:
    ran = run(*words(tmp_path / "out", "--method", "magpie", "--api", "completions", url=server.url))
    assert (ran.code, server.asked) == (2, [])
    assert "the chat template of 'served' is not known; give --pre-query" in ran.err
    assert not (tmp_path / "out").exists()


def test_server_is_sent_raw_text_and_its_turns_become_tasks(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    line = ("--method", "magpie", "--api", "completions", "--pre-query", "chatml", "-l", "de")
    server.vary = True
    run.finished(*words(tmp_path / "out", *line, url=server.url, num=4))
    queries = [a for a in server.asked if a.prompt.endswith("<|im_start|>user\n")]
    assert {a.path for a in server.asked} == {"/v1/completions"}
    assert all(a.body["stop"] == ["<|im_end|>"] for a in server.asked)
    assert len(queries) >= 4
