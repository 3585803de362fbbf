from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ittools.template.flan.pattern import Pattern, compiled

TEXT = st.text(alphabet=st.characters(exclude_characters="{}"), max_size=8)
NAMES = ("a", "b", "long_name")


def test_names_are_filled_in_and_doubled_braces_stay() -> None:
    pattern = compiled('Does "{premise}" imply {{x}} by 100%?')
    assert pattern == Pattern('Does "%s" imply {x} by 100%%?', ("premise",))
    assert pattern.fill({"premise": "{x}"}) == 'Does "{x}" imply {x} by 100%?'


def test_the_field_of_a_name_inside_is_its_root() -> None:
    assert compiled("{answers.text} {question}").roots == {"answers", "question"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{a", "a single {; write {{"),
        ("a}", "a single }; write }}"),
        ("{a b}", "{a b} is no field name"),
        ("{}", "{} is no field name"),
        ("{a!r}", "{a!r} is no field name"),
        ("{a[0]}", "is no field name"),
        ("{ {a} }", "a single {"),
    ],
)
def test_what_is_no_place_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        compiled(text)


@given(
    parts=st.lists(
        st.one_of(TEXT, st.sampled_from([f"{{{name}}}" for name in NAMES] + ["{{", "}}"])), max_size=9
    ),
    values=st.tuples(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9)),
)
def test_it_fills_in_as_str_format_does(parts: list[str], values: tuple[str, str, str]) -> None:
    """Independent: Python's own format."""
    text, known = "".join(parts), dict(zip(NAMES, values, strict=True))
    assert compiled(text).fill(known) == text.format(**known)
