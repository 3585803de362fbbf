"""Tk-Instruct's five encodings, against prompts built here step by step as its collator's text is described.

What is described: `Definition: {d}[.]`, an empty line; ` Positive Example 1 -`, `Input: {}[.]`,
` Output: {}[.]`, with explanations ` Explanation: {}[.]`, an empty line; ` Negative Example 1 -` likewise;
`Now complete the following example -`, `Input: {}[.]`, `Output: `. `[.]` stands where the last character is
no ASCII punctuation. An example is added while definition, examples (of a kind joined by a space in this
count), it and the input are within the length; the first that is not ends its kind. Too long a whole is cut.
"""

from __future__ import annotations

import gzip
import json
import string
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from superni_tasks import FRUIT, rendered

Row = dict[str, Any]
Count = Callable[[str], int]
SETTINGS = {  # definition, positive, negative, explanations
    "def": (True, 0, 0, False),
    "pos": (False, 2, 0, False),
    "def-pos": (True, 2, 0, False),
    "def-pos-neg": (True, 2, 2, False),
    "def-pos-neg-expl": (True, 2, 2, True),
}


ALONE = ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def ends(text: str) -> list[int]:
    """Where each word ends: at white space, and after each letter of a script that has none."""
    found, inside = [], False
    for at, char in enumerate(text):
        alone = unicodedata.name(char, "").startswith(ALONE)
        if inside and (char.isspace() or alone):
            found.append(at)
        if alone:
            found.append(at + 1)
        inside = not alone and not char.isspace()
    return [*found, len(text)] if inside else found


def words(text: str) -> int:
    return len(text.split()) if text.isascii() else len(ends(text))


def first_words(text: str, most: int) -> str:
    return text[: ends(text)[most - 1]]


def dotted(text: str) -> str:
    if text[-1] not in string.punctuation:
        text += "."
    return text


def block(kind: str, number: int, example: Row, explained: bool) -> str:
    lines = [
        f" {kind} Example {number} -",
        dotted("Input: " + example["input"].strip()),
        dotted(" Output: " + example["output"].strip()),
    ]
    if explained and "explanation" in example:
        lines.append(dotted(" Explanation: " + example["explanation"].strip()))
    return "\n".join(lines) + "\n\n"


def expected(
    task: Row, instance: Row, setting: str, count: Count, most: int, cut: Callable[[str], str]
) -> str:
    defined, positive, negative, explained = SETTINGS[setting]
    definition = task["Definition"] if isinstance(task["Definition"], str) else task["Definition"][0]
    start = dotted("Definition: " + definition.strip()) + "\n\n" if defined else ""
    end = "Now complete the following example -\n" + dotted("Input: " + instance["input"].strip()) + "\n"
    end += "Output: "
    good: list[str] = []
    for number, example in enumerate(task["Positive Examples"][:positive], 1):
        text = block("Positive", number, example, explained)
        if count(start + " ".join(good) + text + end) > most:
            break
        good.append(text)
    bad: list[str] = []
    for number, example in enumerate(task["Negative Examples"][:negative], 1):
        text = block("Negative", number, example, explained)
        if count(start + " ".join(good) + " ".join(bad) + text + end) > most:
            break
        bad.append(text)
    whole = start + "".join(good) + "".join(bad) + end
    return whole if count(whole) <= most else cut(whole)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("most", [1024, 60, 45, 30, 12, 1])
def test_prompts_are_theirs_at_every_length(setting: str, most: int) -> None:
    records = rendered(FRUIT, encoding=setting, max_length=most)
    for record, instance in zip(records, FRUIT["Instances"], strict=True):
        wanted = expected(FRUIT, instance, setting, words, most, lambda text: first_words(text, most))
        assert record["instruction"] == wanted
        assert (record["input"], record["output"]) == ("", instance["output"][0])
        assert words(record["instruction"]) <= most


def test_a_whole_prompt_with_everything() -> None:
    assert rendered(FRUIT, encoding="def-pos-neg-expl")[0]["instruction"] == (
        "Definition: Say whether it is a fruit.\n\n"
        " Positive Example 1 -\nInput: apple.\n Output: yes.\n Explanation: It grows on a tree.\n\n"
        " Positive Example 2 -\nInput: Is it a chair?\n Output: no.\n Explanation: .\n\n"
        " Negative Example 1 -\nInput: stone.\n Output: yes.\n Explanation: It is a mineral.\n\n"
        " Negative Example 2 -\nInput: pear.\n Output: no.\n Explanation: It is one.\n\n"
        "Now complete the following example -\nInput: thing number 0.\nOutput: "
    )


texts = st.text(
    st.sampled_from("ab .!?:\n\t«。é東京カไ") | st.characters(min_codepoint=33, max_codepoint=126),
    max_size=20,
)
examples = st.lists(
    st.fixed_dictionaries(
        {"input": texts, "output": texts.filter(str.strip)}, optional={"explanation": texts}
    ),
    max_size=4,
)


@given(
    texts.filter(lambda text: text.strip() not in ("", "-")),
    examples,
    examples,
    st.lists(texts, min_size=1, max_size=4),
    st.sampled_from(sorted(SETTINGS)),
    st.integers(1, 60),
)
def test_any_text_is_encoded_as_theirs(
    definition: str, good: list[Row], bad: list[Row], inputs: list[str], setting: str, most: int
) -> None:
    task: Row = {
        "Definition": definition,
        "Positive Examples": good,
        "Negative Examples": bad,
        "Instances": [{"input": text, "output": "x"} for text in inputs],
    }
    for record, instance in zip(
        rendered(task, encoding=setting, max_length=most), task["Instances"], strict=True
    ):
        wanted = expected(task, instance, setting, words, most, lambda text: first_words(text, most))
        assert record["instruction"] == wanted


def byte_tokenizer(folder: Path) -> Any:
    from ittools.train.tiny import tiny_tokenizer

    tokenizer = tiny_tokenizer()
    tokenizer.save_pretrained(folder)
    return tokenizer


def test_a_tokenizer_counts_and_cuts(tmp_path: Path) -> None:
    tokenizer = byte_tokenizer(tmp_path / "bytes")

    def count(text: str) -> int:
        return len(tokenizer(text)["input_ids"])

    def cut(text: str) -> str:
        return str(tokenizer.decode(tokenizer(text)["input_ids"][:most], skip_special_tokens=True))

    for most in (400, 260, 200, 100, 20):
        records = rendered(FRUIT, encoding="def-pos-neg", max_length=most, tokenizer=str(tmp_path / "bytes"))
        for record, instance in zip(records, FRUIT["Instances"], strict=True):
            assert record["instruction"] == expected(FRUIT, instance, "def-pos-neg", count, most, cut)
            assert count(record["instruction"]) <= most


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_public_task_is_encoded_as_theirs(shared_data: Path, setting: str) -> None:
    files = sorted(shared_data.glob("superni*/*.json.gz"))
    assert len(files) == 52
    for file in files:
        task = json.loads(gzip.decompress(file.read_bytes()))
        task["Instances"] = task["Instances"][:: max(1, len(task["Instances"]) // 20)]
        for most, cut in ((1024, to_1024), (150, to_150)):
            records = rendered(task, encoding=setting, max_length=most)
            for record, instance in zip(records, task["Instances"], strict=True):
                wanted = expected(task, instance, setting, words, most, cut)
                assert record["instruction"] == wanted, (file.name, most)


def to_1024(text: str) -> str:
    return first_words(text, 1024)


def to_150(text: str) -> str:
    return first_words(text, 150)
