"""Turns as others spell them: a system text apart, roles of other names, text and calls in one turn."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ittools.errors import InputError
from ittools.formats.finish import is_language
from ittools.formats.mapping import Defaults, map_rows
from ittools.records.build import record_batch
from ittools.records.messages import messages_batch, to_messages
from ittools.text.language import known_languages

Row = dict[str, Any]
SYSTEM, ASKED, GOOD, BAD = (
    {"role": role, "content": text}
    for role, text in (("system", "s"), ("user", "q"), ("assistant", "a"), ("assistant", "b"))
)
CALLS = [{"type": "function", "function": {"name": "rain", "arguments": "{}"}}]
CALLED = {"role": "function_call", "content": json.dumps(CALLS)}
LOOKS = {"role": "assistant", "content": "I look.", "tool_calls": CALLS}
FOUND = {"role": "tool", "content": "no"}


def mapped(row: Row) -> Row:
    (record,) = map_rows([("f:1", row)], Defaults("here"))
    return record


def meta(record: Row) -> Any:
    return json.loads(record["meta"] or "{}")


@pytest.mark.parametrize("system", ["s", [{"type": "text", "text": "s"}]], ids=["text", "list"])
@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASKED, GOOD]},
        {"messages": [SYSTEM, ASKED, GOOD]},
        {"conversations": [ASKED, GOOD]},
        {"messages": [ASKED], "chosen": "a", "rejected": "b"},
        {"prompt": [ASKED], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": [SYSTEM, ASKED], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": "q", "chosen": "a", "rejected": "b"},
    ],
    ids=lambda row: f"{len(next(iter(row.values())))} {' '.join(row)}",
)
def test_a_system_text_stands_first_and_once(row: Row, system: Any) -> None:
    record = mapped(row | {"system": system, "id": "row7"})
    assert to_messages(record) == [SYSTEM, ASKED, GOOD]
    assert meta(record) == {"id": "row7"}


def test_system_turns_of_two_texts_are_both_kept() -> None:
    record = mapped({"messages": [SYSTEM, ASKED, GOOD], "system": "t"})
    assert record["context"] == [{"role": "system", "content": "t"}, SYSTEM]


@pytest.mark.parametrize("name", ["messages", "conversations"])
@pytest.mark.parametrize("system", [7, {"a": 1}, ["s"]], ids=str)
def test_a_system_that_is_no_text_stays_in_meta(name: str, system: Any) -> None:
    record = mapped({name: [ASKED, GOOD], "system": system})
    assert (record["context"], meta(record)) == ([], {"system": system})


def test_an_id_of_our_own_is_made_anew() -> None:
    record = mapped({"messages": [ASKED, GOOD], "id": "row7"})
    assert meta(record) == {"id": "row7"}
    (written,) = messages_batch(record_batch([record | {"meta": None}])).to_pylist()
    assert mapped(written) == record | {"meta": None}


def test_a_developer_is_the_system() -> None:
    record = mapped({"messages": [SYSTEM | {"role": "developer"}, ASKED, GOOD]})
    assert record["context"] == [SYSTEM]


def test_text_and_calls_of_one_turn_are_two_turns() -> None:
    record = mapped({"messages": [ASKED, LOOKS, FOUND, GOOD]})
    assert (record["instruction"], record["output"], record["meta"]) == ("", "a", None)
    assert record["context"] == [ASKED, {"role": "assistant", "content": "I look."}, CALLED, FOUND]
    assert to_messages(record) == [*record["context"], GOOD]
    again = mapped({"messages": to_messages(record)})
    assert again["id"] == record["id"]


@pytest.mark.parametrize("empty", [None, "", []])
def test_calls_alone_are_one_turn(empty: Any) -> None:
    record = mapped({"messages": [ASKED, LOOKS | {"content": empty}]})
    assert (record["instruction"], record["output"], record["meta"]) == ("q", CALLED["content"], None)
    assert mapped({"messages": [ASKED, LOOKS | {"tool_calls": empty}]})["output"] == "I look."


def test_a_call_that_ends_a_conversation_stands_after_the_text_that_answers() -> None:
    record = mapped({"messages": [ASKED, LOOKS]})
    assert (record["instruction"], record["output"], record["context"]) == ("q", "I look.", [])
    assert meta(record) == {"after": [CALLED]}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"messages": [ASKED | {"tool_calls": CALLS}, GOOD]}, "a turn of the role 'user' calls a tool; only"),
        ({"prompt": "q", "chosen": [LOOKS], "rejected": "b"}, "`chosen` does not end with the assistant"),
        ({"prompt": "q", "chosen": "a", "rejected": LOOKS}, "`rejected` does not end with the assistant"),
    ],
    ids=["user", "chosen", "rejected"],
)
def test_calls_that_have_no_place_are_refused(row: Row, problem: str) -> None:
    with pytest.raises(InputError) as refusal:
        mapped(row)
    assert str(refusal.value).startswith(f"f:1: {problem}")


@pytest.mark.parametrize("code", ["de", "zh-Hans", "pt-BR", "yue", "nb", "iw", "bo", "yi", "kbd-x"])
def test_a_code_of_a_language_is_one(code: str) -> None:
    assert is_language(code) == (code != "kbd-x")


@pytest.mark.parametrize(
    "code", ["sql", "cpp", "c", "php", "css", "js", "py", "rb", "go", "java", "", None, 7]
)
def test_a_language_of_programs_is_kept_as_it_is(code: Any) -> None:
    assert not is_language(code)
    record = mapped({"prompt": "p", "completion": "c", "lang": code})
    assert (record["language"], meta(record)) == (None, {} if code is None else {"lang": code})


@pytest.mark.parametrize("backend", ["fast", "lingua"])
def test_what_a_backend_answers_is_a_language(backend: Any) -> None:
    assert [code for code in known_languages(backend) if not is_language(code)] == []
