"""What is trained, over chat templates and shapes of conversation."""

from __future__ import annotations

import importlib.util
import re
from itertools import groupby
from pathlib import Path

import pytest
from chat_templates import (
    DROPS_TEXT,
    END_ONLY_AT_LAST,
    NEVER_ASKS,
    NO_END,
    SHAPES,
    STRIPS_ALL_REASONING,
    STRIPS_REASONING,
    STYLES,
    assistant,
    system,
    tokenizer_for,
    user,
)

from ittools.errors import TrainError
from ittools.records.build import Turn
from ittools.train.mask import Encoded, encode, render

CHATML_TOKENS = ("<|im_start|>", "<|im_end|>")


def trained_runs(encoded: Encoded, tokenizer) -> list[str]:  # type: ignore[no-untyped-def]
    pairs = zip(encoded.ids, encoded.trained, strict=True)
    runs = [(on, [token for token, _ in run]) for on, run in groupby(pairs, key=lambda pair: pair[1])]
    return [tokenizer.decode(run, skip_special_tokens=False) for on, run in runs if on]


def answers(messages: list[Turn]) -> list[str]:
    return [turn["content"] for turn in messages if turn["role"] == "assistant"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", STYLES)
def test_trained_is_each_answer_and_its_end_and_nothing_else(name: str, shape: str) -> None:
    style, messages = STYLES[name], SHAPES[shape]
    if shape == "system" and not style.system:
        pytest.skip("this template has no system role; see the test of its refusal")
    tokenizer = tokenizer_for(style.template, style.tokens)
    encoded = encode(messages, tokenizer)
    runs = trained_runs(encoded, tokenizer)
    if name == "mistral":  # what follows [/INST] is the model's to write, the space too
        runs = [run.removeprefix(" ") for run in runs]
    assert runs == [(text.strip() if style.trims else text) + style.end for text in answers(messages)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", STYLES)
def test_the_tokens_are_those_of_the_rendered_conversation(name: str, shape: str) -> None:
    style, messages = STYLES[name], SHAPES[shape]
    if shape == "system" and not style.system:
        pytest.skip("this template has no system role; see the test of its refusal")
    tokenizer = tokenizer_for(style.template, style.tokens)
    encoded = encode(messages, tokenizer)
    assert tokenizer.decode(encoded.ids, skip_special_tokens=False) == render(messages, tokenizer)
    assert len(encoded.ids) == len(encoded.trained) == len(encoded.labels)


def test_labels_are_minus_100_exactly_where_nothing_is_trained() -> None:
    style = STYLES["chatml"]
    tokenizer = tokenizer_for(style.template, style.tokens)
    encoded = encode([user("1 + 1"), assistant("2")], tokenizer)
    assert encoded.labels == [
        token if on else -100 for token, on in zip(encoded.ids, encoded.trained, strict=True)
    ]
    kept = [label for label in encoded.labels if label != -100]
    assert tokenizer.convert_ids_to_tokens(kept) == ["2", "<|im_end|>"]


def test_a_conversation_that_the_assistant_opens_does_not_train_its_header() -> None:
    for name in ("chatml", "llama-3", "zephyr"):
        style = STYLES[name]
        tokenizer = tokenizer_for(style.template, style.tokens)
        encoded = encode([assistant("Hello."), user("Hi"), assistant("Yes?")], tokenizer)
        assert trained_runs(encoded, tokenizer) == ["Hello." + style.end, "Yes?" + style.end]


def test_a_system_turn_without_a_system_role_is_refused_in_the_templates_words() -> None:
    style = STYLES["gemma"]
    tokenizer = tokenizer_for(style.template, style.tokens)
    with pytest.raises(TrainError, match="refuses this conversation: System role not supported"):
        encode([system("Be brief."), user("Hi"), assistant("Hello")], tokenizer)


@pytest.mark.parametrize(
    ("template", "messages", "reason"),
    [
        (STRIPS_REASONING, [user("a"), assistant("<think>x</think>b"), user("c"), assistant("d")],
         "renders turn 2 otherwise inside a conversation"),
        (STRIPS_ALL_REASONING, [user("a"), assistant("<think>x</think>b")],
         "rewrites or leaves out text of assistant turn 2"),
        (DROPS_TEXT, [user("a"), assistant("b")], "rewrites or leaves out text of assistant turn 2"),
        (NO_END, [user("a"), assistant("b")], "writes nothing after assistant turn 2"),
        (END_ONLY_AT_LAST, [user("a"), assistant("b"), user("c"), assistant("d")],
         "renders turn 2 otherwise inside a conversation"),
        (NEVER_ASKS, [user("a"), assistant("b")], "not for `add_generation_prompt`"),
        ("{% for m in messages %}{{ m.nothing.here }}{% endfor %}", [user("a"), assistant("b")],
         "refuses this conversation"),
        ("{% for m in messages %}", [user("a"), assistant("b")], "refuses this conversation"),
    ],
)  # fmt: skip
def test_a_template_that_would_train_the_wrong_text_is_refused(
    template: str, messages: list[Turn], reason: str
) -> None:
    with pytest.raises(TrainError, match=re.escape(reason)):
        encode(messages, tokenizer_for(template, CHATML_TOKENS))


def test_reasoning_that_the_template_keeps_is_trained() -> None:
    tokenizer = tokenizer_for(STRIPS_REASONING, CHATML_TOKENS)
    encoded = encode([user("a"), assistant("<think>x</think>b")], tokenizer)
    assert trained_runs(encoded, tokenizer) == ["<think>x</think>b<|im_end|>"]


def test_a_conversation_without_an_assistant_is_refused() -> None:
    style = STYLES["chatml"]
    with pytest.raises(TrainError, match="no assistant turn"):
        encode([user("a")], tokenizer_for(style.template, style.tokens))


def test_a_tokenizer_without_a_template_is_refused_with_the_flag() -> None:
    tokenizer = tokenizer_for("x")
    tokenizer.chat_template = None
    with pytest.raises(TrainError, match="--chat-template"):
        encode([user("a"), assistant("b")], tokenizer)


def _peer_templates() -> list[Path]:
    spec = importlib.util.find_spec("trl")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("chat_templates/*.jinja"))


@pytest.mark.skipif(not _peer_templates(), reason="trl, whose templates are the oracle set, is not installed")
@pytest.mark.parametrize("shape", SHAPES)
def test_stock_templates_train_answers_and_ends_or_are_refused(shape: str) -> None:
    messages = SHAPES[shape]
    for path in _peer_templates():
        template = path.read_text(encoding="utf-8")
        names = set(re.findall(r"<[|｜]?[A-Za-z_/▁][^<>\s{}'\"]*[|｜]?>|\[/?[A-Z_]+\]", template))
        tokenizer = tokenizer_for(template, tuple(sorted(names - {"<s>", "</s>"})))
        try:
            encoded = encode(messages, tokenizer)
        except TrainError:
            continue
        runs = trained_runs(encoded, tokenizer)
        assert len(runs) == len(answers(messages)), path.name
        for run, text in zip(runs, answers(messages), strict=True):
            assert text.strip() in run, path.name
            assert run.partition(text.strip())[2].strip(), path.name
