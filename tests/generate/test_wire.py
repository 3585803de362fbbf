"""Bodies sent and bodies read, in the three forms of OpenAI-compatible endpoints."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.generate.teacher import Api, Request, Response, TryAgain
from ittools.generate.wire import body_of, read_answer, without_thought

SCHEMA = '{"type": "object", "properties": {"a": {"type": "string"}}}'
FORMS: tuple[Api, ...] = ("chat", "completions", "responses")
forms = pytest.mark.parametrize("api", FORMS)


def asked(api: Api = "chat", **others: Any) -> Request:
    return Request("answer", 0, 0, "What?", "m", "1", 99, 0.5, top_p=0.9, api=api, **others)


def body(api: Api, text: Any, **others: Any) -> dict[str, Any]:
    """An answer in one of the forms; `others` go beside the text."""
    if api == "responses":
        part = {"type": "output_text", "text": text}
        return {"output": [{"type": "message", "content": [part]}], **others}
    said = {"message": {"content": text, **others}} if api == "chat" else {"text": text, **others}
    return {"choices": [{**said, "finish_reason": "stop"}]}


def read(value: Any, api: Api = "chat") -> Response:
    return read_answer(value if isinstance(value, str) else json.dumps(value), asked(api))


def chosen(*texts: str | None, finish: Any = "stop", **message: Any) -> dict[str, Any]:
    choices = [{"message": {"content": text, **message}, "finish_reason": finish} for text in texts]
    return {"choices": choices}


# --- what is sent -----------------------------------------------------------------------------------


def test_plain_question_in_the_three_forms() -> None:
    common = {"model": "m", "temperature": 0.5, "top_p": 0.9}
    turn = [{"role": "user", "content": "What?"}]
    assert body_of(asked("chat")) == {**common, "max_tokens": 99, "messages": turn}
    assert body_of(asked("completions")) == {**common, "max_tokens": 99, "prompt": "What?"}
    assert body_of(asked("responses")) == {
        **common, "max_output_tokens": 99, "input": turn, "store": False, "stream": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("api", "more"),
    [("chat", {"stop": ["a", "b", "c", "d"], "presence_penalty": 1.5, "n": 3}),
     ("completions", {"stop": ["a", "b", "c", "d"], "presence_penalty": 1.5, "n": 3}), ("responses", {})],
)  # fmt: skip
def test_four_stops_a_penalty_and_n_where_the_form_has_them(api: Api, more: dict[str, Any]) -> None:
    full = body_of(asked(api, stop=("a", "b", "c", "d", "e"), presence_penalty=1.5, n=3))
    assert full == body_of(asked(api)) | more


@pytest.mark.parametrize(
    ("api", "more"),
    [("chat", {"logprobs": True, "top_logprobs": 5}), ("completions", {"logprobs": 5}),
     ("responses", {"include": ["message.output_text.logprobs"], "top_logprobs": 5})],
)  # fmt: skip
def test_alternatives_are_asked_for_in_the_words_of_the_form(api: Api, more: dict[str, Any]) -> None:
    assert body_of(asked(api, top_logprobs=5)) == body_of(asked(api)) | more


def test_schema_goes_where_the_form_has_its_place_and_completions_have_none() -> None:
    schema = {"name": "answer", "strict": True, "schema": json.loads(SCHEMA)}
    chat, responses = (body_of(asked(api, schema=SCHEMA)) for api in ("chat", "responses"))
    assert chat["response_format"] == {"type": "json_schema", "json_schema": schema}
    assert responses["text"] == {"format": {"type": "json_schema", **schema}}
    assert body_of(asked("completions", schema=SCHEMA)) == body_of(asked("completions"))


def test_earlier_turns_stand_before_the_question_and_a_completion_has_none() -> None:
    before = (("system", "Be terse."), ("user", "Hi."), ("assistant", "Hello."))
    turns = [{"role": role, "content": content} for role, content in (*before, ("user", "What?"))]
    assert body_of(asked("chat", before=before))["messages"] == turns
    assert body_of(asked("responses", before=before))["input"] == turns
    assert body_of(asked("completions", before=before)) == body_of(asked("completions"))


# --- what is read -----------------------------------------------------------------------------------


@forms
def test_text_finish_and_usage_are_read_in_each_form(api: Api) -> None:
    value = body(api, "Yes.") | {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    assert read(value, api) == Response("Yes.", "stop", 7, 2, raw=json.dumps(value))


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [({"input_tokens": 3, "output_tokens": 4}, (3, 4)),
     ({"prompt_tokens": 0, "completion_tokens": 0}, (0, 0)),
     ({"prompt_tokens": 3, "output_tokens": 4}, (3, 4)), (None, None), ([], None), ("9", None),
     ({"prompt_tokens": 3}, None), ({"prompt_tokens": 3.0, "completion_tokens": 4}, None),
     ({"prompt_tokens": True, "completion_tokens": 4}, None),
     ({"prompt_tokens": -1, "completion_tokens": 4}, None),
     ({"prompt_tokens": 3, "completion_tokens": 1 << 31}, None)],
)  # fmt: skip
def test_usage_counts_under_either_name_or_not_at_all(usage: Any, tokens: tuple[int, int] | None) -> None:
    said = read(chosen("Yes.") | {"usage": usage})
    assert said.usage_known == (tokens is not None)
    assert (said.prompt_tokens, said.completion_tokens) == (tokens or (0, 0))


def test_every_choice_is_an_answer_and_the_parts_of_one_output_are_joined() -> None:
    said = read(chosen("one", "two", "three"))
    assert (said.text, said.others) == ("one", ("two", "three"))
    parts = [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}]
    value = {"output": [{"type": "message", "content": [part]} for part in parts]}
    assert (read(value, "responses").text, read(value, "responses").others) == ("ab", ())


@pytest.mark.parametrize(
    ("text", "answer", "thought"),
    [("<think>2 + 2</think>\n\n4", "4", "2 + 2"),
     (" \n<thinking>\nhm\n</thinking>4", "4", "hm"),
     ("<think></think>4", "4", ""),
     ("so it is</think>\n4", "4", "so it is"),  # opened in the template
     ("</think>4", "4", ""),
     ("<think>cut in the mid", "", "cut in the mid"),
     ("<think>a <think>b</think> c</think>4", "4", "a <think>b</think> c"),
     ("<think>asked about <think> tags</think>4", "4", "asked about <think> tags"),
     ("4, and <think> is a tag", "4, and <think> is a tag", ""),
     ("<think> closes with </think> in XML", "in XML", "closes with"),
     ("It is <think>x</think>.", "It is <think>x</think>.", ""), ("", "", "")],
)  # fmt: skip
def test_thought_aloud_is_no_part_of_the_answer(text: str, answer: str, thought: str) -> None:
    assert without_thought(text) == (answer, thought)
    for api in FORMS:
        said = read(body(api, text), api)
        assert (said.text, said.reasoning) == (answer, thought)


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_reasoning_in_a_field_of_its_own_is_kept_apart(api: Api, name: str) -> None:
    said = read(body(api, "4", **{name: "2 + 2"}), api)
    assert (said.text, said.reasoning) == ("4", "2 + 2")
    assert read(body(api, "4", **{name: {"text": "2 + 2"}}), api).reasoning == ""
    assert read(body(api, "<think>aloud</think>4", **{name: "apart"}), api).reasoning == "apart"


def test_summaries_of_reasoning_are_read_in_responses() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "2 + 2"}, {"text": None}]}
    value = body("responses", "4")
    said = read({"output": [thought, *value["output"]]}, "responses")
    assert (said.text, said.reasoning) == ("4", "2 + 2")


@pytest.mark.parametrize(
    ("value", "finish"),
    [(chosen(None, finish="content_filter"), "content_filter"),
     (chosen("half a", finish="content_filter"), "content_filter"),
     (chosen(None, finish="tool_calls"), "content_filter"),
     (chosen(None, refusal="I cannot."), "stop"), (chosen(None, finish="length"), "length"),
     (chosen("", finish=None), "stop")],
)  # fmt: skip
def test_refused_and_empty_answers_are_empty_texts(value: Any, finish: str) -> None:
    said = read(value)
    assert (said.text, said.finish) == ("", finish)


def test_refusal_in_responses_is_an_answer_that_is_paid_once() -> None:
    refused = {"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}
    said = read({"status": "completed", "output": [refused]}, "responses")
    assert (said.text, said.finish, said.failed) == ("", "content_filter", False)


@pytest.mark.parametrize(
    ("details", "finish"),
    [({"reason": "max_output_tokens"}, "length"), ({"reason": "max_tokens"}, "length"),
     (None, "length"), ({}, "length"), ({"reason": "content_filter"}, "content_filter")],
)  # fmt: skip
def test_incomplete_response_is_cut_or_filtered(details: Any, finish: str) -> None:
    value = body("responses", "Half of", status="incomplete", incomplete_details=details)
    said = read(value, "responses")
    assert (said.text, said.finish) == ("" if finish == "content_filter" else "Half of", finish)
    nothing = read({"output": [], "status": "incomplete", "incomplete_details": details}, "responses")
    assert (nothing.text, nothing.finish) == ("", finish)


@forms
@pytest.mark.parametrize(
    "text",
    ["null", "[]", "{}", "true", "3", '"text"', "", "   ", "<html><body>502</body></html>",
     '{"choices": []}', '{"choices": null}', '{"choices": [null]}', '{"choices": "yes"}',
     '{"choices": {"text": "yes"}}', '{"choices": [[]]}', '{"choices": [{}]}', '{"output": []}',
     '{"output": null}', '{"output": [{"type": "message", "content": null}]}',
     '{"output": [{"type": "message", "content": [{"type": "output_text", "text": null}]}]}',
     '{"output": [], "status": "failed", "error": {"message": "no"}}', '{"error": {"message": "no"}}',
     '{"choices": [{"message": {"content": "cut', "[" * 100_000],
)  # fmt: skip
def test_status_200_without_an_answer_is_tried_again_and_counted_as_billed(api: Api, text: str) -> None:
    with pytest.raises(TryAgain, match="status 200 with no answer in it") as again:
        read(text, api)
    assert again.value.maybe_billed
    assert len(str(again.value)) < 200


def test_lone_surrogates_are_mended_everywhere() -> None:
    lone = "\\ud800"
    text = json.dumps(chosen("X", "Y", reasoning="Z", finish="F"))
    for letter in "XYZF":
        text = text.replace(f'"{letter}"', f'"{lone}"')
    said = read(text)
    assert (said.text, said.others, said.reasoning, said.finish) == ("�", ("�",), "�", "�")
    assert read('{"choices": [{"message": {"content": "ok"}}], "x": "\ud800"}').raw.isprintable()


# --- anything -----------------------------------------------------------------------------------------

_NAMES = ("choices message content text finish_reason reasoning reasoning_content refusal usage "
          "prompt_tokens completion_tokens input_tokens output_tokens output type status incomplete_details "
          "reason summary error").split()  # fmt: skip
_WORDS = ("message output_text reasoning refusal stop length incomplete max_output_tokens <think> "
          "</think>").split()  # fmt: skip
leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(_WORDS) | st.text(max_size=8)
anything = st.recursive(
    leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6),
    max_leaves=30,
)
parts = st.fixed_dictionaries({"type": st.sampled_from(_WORDS)}, optional={"text": anything})
outputs = st.fixed_dictionaries(
    {"type": st.sampled_from(_WORDS)}, optional={"content": st.lists(parts, max_size=3) | anything,
                                                 "summary": st.lists(parts, max_size=2) | anything},
)  # fmt: skip
messages = st.dictionaries(st.sampled_from(["content", "reasoning", "refusal"]), anything, max_size=3)
choices = st.fixed_dictionaries(
    {}, optional={"message": messages | anything, "text": anything, "finish_reason": anything}
)
bodies = anything | st.fixed_dictionaries(
    {},
    optional={"choices": st.lists(choices, max_size=3) | anything, "usage": anything, "status": anything,
              "output": st.lists(outputs, max_size=3) | anything, "incomplete_details": anything},
)  # fmt: skip


@settings(max_examples=1_000, deadline=None)
@given(bodies, st.sampled_from(FORMS))
def test_any_json_value_is_an_answer_or_tried_again(value: Any, api: Api) -> None:
    try:
        said = read(value, api)
    except TryAgain:
        return
    for text in (said.text, said.finish, said.reasoning, said.raw, *said.others):
        text.encode("utf-8")  # a string, and one that UTF-8 holds
    assert (type(said.prompt_tokens), type(said.completion_tokens)) == (int, int)


@given(st.text(max_size=200), st.sampled_from(FORMS))
def test_any_text_is_an_answer_or_tried_again(text: str, api: Api) -> None:
    with suppress(TryAgain):
        read(text, api)


@given(st.lists(st.sampled_from("<think> </think> <thinking> </thinking> a b < /".split()), max_size=12))
def test_answer_and_thoughts_are_pieces_of_what_was_said(pieces: list[str]) -> None:
    text = " ".join(pieces)
    answer, thought = without_thought(text)
    assert len(answer) + len(thought) <= len(text)
    assert answer in text
    assert all(line in text for line in thought.split("\n"))
    assert without_thought(answer)[0] == answer or "</think" in answer


def test_answer_in_parts_is_their_text() -> None:
    parts = [
        {"type": "text", "text": "Half "},
        {"type": "image"},
        "odd",
        {"type": "text", "text": "and half."},
    ]
    assert read(chosen(parts)).text == "Half and half."


def test_second_thought_is_no_part_of_the_answer_either() -> None:
    said = read(chosen("<think>a</think><think>b</think>So."))
    assert (said.text, said.reasoning) == ("So.", "a\nb")
