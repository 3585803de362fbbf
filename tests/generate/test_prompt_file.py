"""Prompts in files: what a section says to each form of endpoint, and the user's own file in its place."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from generate_runs import Runner, ledger_rows, records, words
from hypothesis import given
from hypothesis import strategies as st

from ittools.errors import InputError
from ittools.generate.offline.kinds import KINDS
from ittools.generate.offline.solve import whole_task
from ittools.generate.options import MethodName
from ittools.generate.prompt_file import FORMS, PromptFile, Section, Style, prompts_of

METHODS: tuple[str, ...] = MethodName.__args__  # type: ignore[attr-defined]
CHAT, JSON, COMPLETION = Style("chat", False), Style("chat", True), Style("completions", False)
OWN = "=== answer\nPlease: {task}\n--- completion\nReply:\n"


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize("method", METHODS)
def test_own_file_of_a_method_may_be_ours_word_for_word(method: str, tmp_path: Path) -> None:
    ours = prompts_of(method)
    given_ = prompts_of(method, own(tmp_path, ours.text))
    assert given_.sections == ours.sections
    assert given_.version == f"{method}+own@{ours.hash}"


@pytest.mark.parametrize("method", METHODS)
def test_header_explains_every_word_that_is_filled_in(method: str) -> None:
    ours = prompts_of(method)
    header = ours.text.partition("\n===")[0]
    used = {word for section in ours.sections.values() for word in section.words}
    unexplained = {word for word in used if "{" + word + "}" not in header}
    assert unexplained == set()


def test_version_names_the_method_and_changes_with_every_letter() -> None:
    one, other = (PromptFile("x", {}, text) for text in ("a", "a "))
    assert re.fullmatch(r"x@[0-9a-f]{8}", one.version)
    assert one.version != other.version


SECTION = Section("Do {task}.", {"chat": "Say it.", "json": 'As {"a": 1}.', "completion": "It is:"})


@pytest.mark.parametrize(
    ("style", "text"),
    [(CHAT, "Do {task}.\n\nSay it."), (JSON, 'Do {task}.\n\nAs {"a": 1}.'),
     (COMPLETION, "Do {task}.\nIt is:"),
     (Style("responses", False), "Do {task}.\n\nSay it."),
     (Style("responses", True), 'Do {task}.\n\nAs {"a": 1}.'),
     (Style("completions", True), "Do {task}.\nIt is:")],
    ids=str,
)  # fmt: skip
def test_each_form_of_endpoint_has_its_ending(style: Style, text: str) -> None:
    assert SECTION.text(style.form) == text


def test_form_without_an_ending_of_its_own_is_told_what_chat_is_told() -> None:
    section = Section("Do it.", {"chat": "Say it."})
    assert section.text("json") == "Do it.\n\nSay it."
    assert section.text("completion") == "Do it."


def filled(body: str, **values: str) -> str:
    return PromptFile("x", {"a": Section(body, {})}, "").fill("a", CHAT, values)


@pytest.mark.parametrize(
    ("body", "text"),
    [("{task} {task}", "T T"), ("{{task}}", "{T}"), ('{"task": "{task}"}', '{"task": "T"}'),
     ("{Task} {task } { task} {0} {} {", "{Task} {task } { task} {0} {} {"), ("{other}", "{other}"),
     ("{task.__class__}", "{task.__class__}"), ("%s $task \\1 \\g<0>", "%s $task \\1 \\g<0>")],
)  # fmt: skip
def test_only_known_words_in_braces_are_filled_in(body: str, text: str) -> None:
    assert filled(body, task="T") == text


@given(st.text() | st.sampled_from(["{task}", "{other}", "{", "\\1", "=== answer", "--- chat"]))
def test_what_is_filled_in_is_never_read_again(text: str) -> None:
    assert filled("<{task}|{other}>", task=text, other="no") == f"<{text}|no>"


def test_braces_of_inputs_reach_the_teacher_as_they_are(run: Runner, tmp_path: Path) -> None:
    task = 'Explain {task} and {language} and {"a": {}} in {instruction}.'
    (tmp_path / "prompts.jsonl").write_text(json.dumps({"instruction": task}))
    out = tmp_path / "out"
    run(*words(out, "--method", "answer", "--keep-dropped", str(tmp_path / "prompts.jsonl"), num=1))
    assert [
        json.loads(str(text))["prompt"] for [text] in ledger_rows(out, "SELECT request FROM intents")
    ] == [task]


# --- the user's own file --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "text", "said"),
    [
        ("answer", "", "no section; a section begins with a line such as `=== answer`"),
        ("answer", "=== anwser\n{task}", "no section 'anwser'; did you mean 'answer'?"),
        ("answer", "=== answer\n{task} {tusk}", "answer: nothing fills {tusk}; did you mean 'task'?"),
        ("answer", "=== answer\nSay something.", "answer: {task} is missing for chat endpoints"),
        ("answer", "=== answer\n--- chat\n{task}", "answer: {task} is missing for completion endpoints"),
        ("answer", "=== answer\n--- completion\n{task}", "answer: {task} is missing for chat endpoints"),
        ("answer", "=== answer\n{task}\n--- chatty\nx",
        "3: no form 'chatty'; there are chat, json, completion"),
        ("alpaca", "=== tasks\nx", "tasks: {demonstrations} is missing for json endpoints"),
        ("evolve", "=== equal\n{task}", "equal: {other} is missing for chat endpoints"),
    ],
)  # fmt: skip
def test_own_file_with_a_mistake_is_a_clear_error(tmp_path: Path, method: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=r"own\.txt") as caught:
        prompts_of(method, own(tmp_path, text))
    assert said in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "=== equal\n{tsk}\n=== depen\n{task}\n=== breadth\nNothing."
    with pytest.raises(InputError) as caught:
        prompts_of("evolve", own(tmp_path, text))
    for part in ("{tsk}", "'depen'; did you mean 'deepen'?", "breadth: {task} is missing", "equal: {other}"):
        assert part in str(caught.value)
    assert str(caught.value).endswith("`--show-prompts` prints those of evolve")


@pytest.mark.parametrize("content", [None, b"\xff\xfe=== answer", "folder"])
def test_own_file_that_cannot_be_read_is_a_clear_error(
    run: Runner, tmp_path: Path, content: bytes | str | None
) -> None:
    path = tmp_path / "own.txt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    ran = run(*words(tmp_path / "out", "--prompts", str(path)))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert f"--prompts {path}: " in ran.err
    assert not (tmp_path / "out").exists()


def test_words_that_may_be_left_out_are_no_mistake(tmp_path: Path) -> None:
    text = "=== deepen\nMake it harder: {task}\n"
    given_ = prompts_of("evolve", own(tmp_path, text))
    assert given_.fill("deepen", CHAT, {"task": "Add."}) == "Make it harder: Add."
    assert given_.sections["breadth"] == prompts_of("evolve").sections["breadth"]


def test_byte_order_mark_and_comment_before_the_first_section_are_no_prompt(tmp_path: Path) -> None:
    path = own(tmp_path, "")
    path.write_bytes("\ufeff--- a comment {of} mine\n\n=== answer\n\n\nPlease: {task}\n\n\n".encode())
    assert prompts_of("answer", path).fill("answer", CHAT, {"task": "Add."}) == "Please: Add."


def test_own_prompts_change_version_request_keys_and_what_is_sent(run: Runner, tmp_path: Path) -> None:
    asked = whole_task(KINDS[0], "en", random.Random(0))
    (tmp_path / "prompts.jsonl").write_text(json.dumps({"instruction": asked}))
    line = ("--method", "answer", "--offline-errors", "0", str(tmp_path / "prompts.jsonl"))
    run(*words(tmp_path / "ours", *line, num=1))
    run(*words(tmp_path / "own", *line, "--prompts", str(own(tmp_path, OWN)), num=1))
    [ours], [other] = (records(tmp_path / name) for name in ("ours", "own"))
    assert str(other["template"]).startswith("answer+own@")
    assert other["template"] != ours["template"]
    keys = [json.loads(str(record["meta"]))["requests"]["answer"] for record in (ours, other)]
    assert keys[0] != keys[1]
    [[request]] = ledger_rows(tmp_path / "own", f"SELECT request FROM intents WHERE key = '{keys[1]}'")
    assert json.loads(str(request))["prompt"] == f"Please: {asked}"


def test_own_prompts_in_the_same_directory_are_another_output(run: Runner, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "out"))
    text = prompts_of("self-instruct").text.replace("varied", "diverse")
    ran = run(*words(tmp_path / "out", "--prompts", str(own(tmp_path, text))))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--force" in ran.err


def test_manifest_keeps_the_text_that_was_used(run: Runner, tmp_path: Path) -> None:
    text = prompts_of("self-instruct").text.replace("varied", "diverse")
    manifest = run.finished(*words(tmp_path / "out", "--prompts", str(own(tmp_path, text))))
    version = records(tmp_path / "out")[0]["template"]
    assert manifest["prompts"] == {"version": version, "text": text}


@pytest.mark.parametrize("method", METHODS)
def test_show_prompts_prints_a_file_that_prompts_takes(run: Runner, tmp_path: Path, method: str) -> None:
    more = ["--api", "completions", "--pre-query", "chatml"] if method == "magpie" else []
    more += ["x.jsonl"] if method in ("answer", "backtranslate") else []
    ran = run(*words(tmp_path / "out", "--method", method, "--show-prompts", *more))
    assert (ran.code, ran.err) == (0, "")
    assert prompts_of(method, own(tmp_path, ran.out)).sections == prompts_of(method).sections
    assert not (tmp_path / "out").exists()


def test_every_form_of_every_section_says_something_or_is_what_the_method_never_asks() -> None:
    for method in METHODS:
        for name, section in prompts_of(method).sections.items():
            silent = [form for form in FORMS if not section.text(form)]
            chat_only = method == "magpie" and name in ("query", "answer")
            assert silent == (["chat", "json"] if chat_only else []), (method, name)
