"""YAML of strangers: bounded, without aliases, tags or duplicate keys, and `no` stays text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.errors import InputError
from ittools.formats.strict_yaml import Lines, load_yaml

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("[yes, off, y, true, True, null, ~, '']", ["yes", "off", "y", True, True, None, None, ""]),
        ("12:30:45", "12:30:45"),
        ("[1, -2, +3, 007, 0x1F, 1_000]", [1, -2, 3, 7, "0x1F", "1_000"]),
        ("[1.5, .5, 1., 1e3, -2.5E-2, .inf]", [1.5, 0.5, 1.0, 1000.0, -0.025, ".inf"]),
        ("'1'", "1"),
        ("|\n  1\n", "1\n"),
        ("2024-01-01", "2024-01-01"),
        ("a:", {"a": None}),
        ("{a: [b, {c: d}], e: f}", {"a": ["b", {"c": "d"}], "e": "f"}),
        ("1: one", {"1": "one"}),
        ("- &anchor a", ["a"]),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ("", None),
        ("# nothing", None),
    ],
)
def test_plain_words_follow_yaml_1_2(text: str, value: Any) -> None:
    assert load_yaml(text, where="f") == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOMB, "f:2: aliases (*name) are not allowed"),
        ("a: 1\nb: 2\na: 3", "f:3: the key 'a' stands twice"),
        ("x:\n  - {k: 1, k: 2}", "f:2: the key 'k' stands twice"),
        ("[" * 200_000, "f:1: nested deeper than 50"),
        ("{a: " * 200_000, "f:1: nested deeper than 50"),
        ("- " * 60 + "a", "f:1: nested deeper than 50"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "f:1: tags (tag:yaml.org,2002:python/object/apply:os.system) are not allowed",
        ),
        ("a: 1\nb: !Template {c: d}", "f:2: tags (!Template) are not allowed"),
        ("? [a]\n: b", "f:1: a key must be a word"),
        ("--- a\n--- b", "f: holds 2 documents, expected one"),
        ("a: [1, 2", "f:2: not YAML"),
        ("a: b: c", "f:1: not YAML"),
        ("a\tb: 'x", "f:1: not YAML"),
        ("\x00", "f: not YAML"),
        ("n: " + "9" * 5_000, "f:1: a number of 5,000 digits"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_strict_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(InputError) as refusal:
        load_yaml(text, where="f")
    assert str(refusal.value).startswith(problem)
    assert "\n" not in str(refusal.value)


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ittools.formats.strict_yaml.MAX_CHARACTERS", 1 << 20)
    with pytest.raises(InputError, match="f: larger than 1 MiB of YAML"):
        load_yaml("a" * ((1 << 20) + 1), where="f")


def test_every_key_has_its_line() -> None:
    lines: Lines = {}
    load_yaml("name: x\nsteps:\n  filter:\n    out: y\n  mix: {a: 1}\n", where="f", lines=lines)
    assert lines == {
        ("name",): 1, ("steps",): 2, ("steps", "filter"): 3, ("steps", "filter", "out"): 4,
        ("steps", "mix"): 5, ("steps", "mix", "a"): 5,
    }  # fmt: skip


WORDS = st.text(st.characters(categories=["L", "Nd", "P", "S", "Zs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@settings(deadline=None)
def test_what_json_says_yaml_says_too(value: Any) -> None:
    assert load_yaml(json.dumps(value, ensure_ascii=False), where="f") == value


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_a_value_or_one_clear_line(text: str) -> None:
    message = "f:"
    try:
        load_yaml(text, where="f")
    except InputError as error:
        message = str(error)
    assert message.startswith("f:")
    assert "\n" not in message
