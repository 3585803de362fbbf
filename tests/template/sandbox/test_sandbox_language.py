# ruff: noqa: E501 - a template is read best in one line
"""What templates may do, they do as in Jinja; draws are seeded and never folded into constants."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from ittools.template.sandbox import limits
from ittools.template.sandbox.draws import stream
from ittools.template.sandbox.environment import compiled
from ittools.template.sandbox.limits import RefusedError, TooMuchError
from ittools.template.sandbox.tree import changes_values, checked_tree, draws, fields_of
from ittools.template.style import seeded

ROW: dict[str, Any] = {
    "text": "The Quick fox, the end.", "n": 3, "f": 2.5, "words": ["b", "a", "c", "a"], "none": None,
    "answers": {"text": ["x y", "z"], "start": [1, 2]},
    "rows": [{"k": "u", "v": 1}, {"k": "w", "v": 0}], "t": True,
}  # fmt: skip

SAME = [
    "{{ text }} {{ n }} {{ f }} {{ none }} {{ t }} {{ words }} {{ answers }} {{ missing }}!",
    "{{ text.split(' ')[0] | lower }}{{ text.replace('e', 'E') }}{{ text[3:9] }}{{ text[-1] }}",
    "{{ text.center(40) }}{{ text.title().swapcase() }}{{ ','.join(words) }}{{ 'a%sb' % n }}",
    "{{ '{} and {:>5}'.format(n, text[:2]) }}{{ '{x!r:.3}'.format(x=text) }}{{ '%05.1f'|format(f) }}",
    "{% for w in words if w != 'c' %}{{ loop.index }}{{ loop.last }}{{ w ~ n ~ none }}{% else %}no{% endfor %}",
    "{% for w in words %}{{ loop.cycle('odd', 'even') }}{{ loop.length }}{{ loop.previtem }}{% endfor %}",
    "{% for k, v in answers.items() %}{{ k }}={{ v | join('/') }};{% endfor %}{{ answers.keys() | list }}",
    "{% for a, b in zip(words, range(9)) %}{{ a * b }}{% endfor %}{{ range(2, 9, 3) | list }}",
    "{% set ns = namespace(x=0) %}{% for r in rows %}{% set ns.x = ns.x + r.v %}{% endfor %}{{ ns.x }}",
    "{% set l = [] %}{% for r in rows %}{{ l.append(r['k']) or '' }}{% endfor %}{{ l | join(' + ') }}",
    "{% set d = {} %}{{ d.update({'a': n}) or '' }}{{ d.a }}{{ d['a'] ** 2 // 2 - -1 }}{{ n % 2 }}{{ n / 2 }}",
    "{{ rows | selectattr('v') | map(attribute='k') | list }}{{ rows | map(attribute='v') | sum }}",
    "{{ words | unique | sort(reverse=true) | join(', ') }}{{ words | length }}{{ words | first }}",
    "{{ words | reject('equalto', 'a') | list }}{{ rows | groupby('v') | map('first') | list }}",
    "{{ rows | groupby('v') | map(attribute='grouper') | list }}{{ words | batch(3, '-') | list }}",
    "{{ words | slice(2) | list }}{{ f | round }}{{ f | round(0, 'ceil') | int }}{{ n | abs | string }}",
    "{{ none | default('d', true) }}{{ missing | default('e') }}{{ 'yes' if t else 'no' }}{{ n is odd }}",
    "{% if n > 2 and not none or n in [1, 2] %}a{% elif n %}b{% else %}c{% endif %}{{ 'x' in text }}",
    "{% macro m(a, b=2) %}[{{ a }}{{ b }}{{ varargs }}]{% endmacro %}{{ m(1) }}{{ m(1, 3, 4) }}",
    "{% set block %}{{ text | upper }} {{ n }}{% endset %}{{ block | lower }}{{ text | truncate(9) }}",
    "{% set x | default('q') | upper %}{{ text }}{% endset %}{{ x }}{{ words.sort(reverse=true) }}{{ words }}",
    "{{ text | indent(2) }}{{ 'a\nb' | indent(3, true) }}{{ text | wordcount }}{{ words | max }}",
    "{{ missing.x | default('q') if missing is defined else 'r' }}{{ dict(a=1) }}{{ (1, 2)[0] }}{{ {'a': 1}['b'] }}",
    "{# comment #}{{- n -}}  {% raw %}{{ no }}{% endraw %}\n\n{{ text | replace('the', '') | trim('.') }}\n",
]  # fmt: skip


@pytest.mark.parametrize("source", SAME)
def test_what_is_allowed_is_rendered_as_by_jinja(source: str) -> None:
    plain = Environment()
    plain.globals.update(zip=zip)
    mine, theirs = deepcopy(ROW), deepcopy(ROW)
    assert compiled(source).render(mine) == plain.from_string(source).render(**theirs)


@pytest.mark.parametrize(
    "source", ["{{ missing.x }}", "{{ missing() }}", "{{ text + 1 }}", "{{ [] | first + 1 }}"]
)
def test_what_fails_fails_as_in_jinja(source: str) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011 - which one is compared
        Environment().from_string(source).render(**ROW)
    with pytest.raises(theirs.type) as ours:
        compiled(source).render(dict(ROW))
    assert str(ours.value) == str(theirs.value)


def test_promptsources_own_filters() -> None:
    assert compiled("{{ ['b','a','b','a','c'] | most_frequent }}").render({}) == "['b', 'a']"
    assert compiled("{{ [] | most_frequent }}").render({}) == "None"
    assert compiled("{{ 'x' | highlight }}").render({}) == "<span style='color: #F08080'>x</span>"


def test_a_draw_is_of_its_row_and_no_constant() -> None:
    template = compiled(
        "{{ ['a', 'b', 'c'] | choice }}{{ 'abc' | random }}{{ [[1, 2]] | map('choice') | first }}"
    )
    drawn = [template.render({}, ("0", "t", str(row))) for row in range(50)]
    assert drawn == [template.render({}, ("0", "t", str(row))) for row in range(50)]
    assert len(set(drawn)) > 9
    random = stream(("0", "t", "7"))
    assert drawn[7] == random.choice("abc") + random.choice("abc") + str(random.choice([1, 2]))


@given(st.integers(), st.lists(st.text(), max_size=3))
def test_the_stream_is_that_of_all_styles(seed: int, what: list[str]) -> None:
    ours, theirs = stream((str(seed), *what)), seeded(seed, *what)
    assert isinstance(theirs, Random)
    assert ours.random() == theirs.random()


def test_what_a_tree_tells() -> None:
    def told(source: str) -> tuple[bool, bool, set[str]]:
        tree = checked_tree(source)
        return changes_values(tree), draws(tree), set(fields_of(tree))

    assert told("{{ a.append(1) }}") == (True, False, {"a"})
    assert told("{{ a | choice }}{{ [b] | map('random') }}") == (False, True, {"a", "b"})
    assert told("{% for x in c %}{{ x }}{{ loop.index }}{% endfor %}{% set y = d %}{{ y }}") == (
        False,
        False,
        {"c", "d"},
    )
    assert told("{% if e %}{{ e }}{% endif %}{{ f | default('') }}{{ g is defined }}{{ range(h) }}")[2] == {
        "h"
    }


def test_refusals_name_the_line() -> None:
    with pytest.raises(RefusedError, match=r"line 3: the attribute '__class__' is not allowed"):
        compiled("{{ a }}\n\n{{ a.__class__ }}")
    with pytest.raises(RefusedError, match=r"line 2: the filter 'attr' is not allowed"):
        compiled("\n{{ a | attr('b') }}")
    with pytest.raises(RefusedError, match=r"line 1: Include is not allowed"):
        compiled("{% include 'x' %}")
    with pytest.raises(RefusedError, match=r"line 1: unexpected 'end of template'|line 1: .*expected"):
        compiled("{{ a ")


def test_steps_are_counted_anew_for_each_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STEPS", 100)
    template = compiled("{% for x in a %}{% endfor %}ok")
    for _ in range(9):
        assert template.render({"a": list(range(50))}) == "ok"
    with pytest.raises(TooMuchError, match="more than 100 iterations and calls"):
        template.render({"a": list(range(150))})


def test_what_stands_before_a_truncation_is_checked_as_well() -> None:
    long = "x" * (limits.TEXT // 2 + 1)
    for source in (
        "{{ (a ~ a) }}",
        "{{ (a ~ a) | string | truncate(2048) }}",
        "{{ (a + a) | string | truncate(2048) }}",
    ):
        with pytest.raises(TooMuchError, match="a text of 4,194,306 characters"):
            compiled(source).render({"a": long})
