# ruff: noqa: E501 - an attack is read best in one line
"""Templates that want out, or want all memory or time there is: each is refused or stopped, by name.

All run through the whole of `--style p3` on a chunk of one row, in the guarded process, with small limits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ittools.errors import InputError
from ittools.formats.table_inputs import open_tables
from ittools.formats.tables import chunks, pieces
from ittools.template.options import StyleOptions
from ittools.template.p3 import records, style
from ittools.template.sandbox.guard import Guard, Limits

ESCAPES = {
    "cycler": "{{ cycler.__init__.__globals__.os.popen('touch OWNED').read() }}",
    "joiner": "{{ joiner.__init__.__globals__['os'].system('touch OWNED') }}",
    "namespace": "{{ namespace.__init__.__globals__.os.system('touch OWNED') }}",
    "lipsum": "{{ lipsum.__globals__.os.system('touch OWNED') }}",
    "dict_class": "{{ dict.mro() }}",
    "fromkeys": "{{ dict.fromkeys('ab') }}",
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "class_in_brackets": "{{ text['__class__']['__mro__'] }}",
    "class_by_concat": "{{ text['__cl' ~ 'ass__'] }}",
    "class_by_join": "{{ text[['__cla','ss__']|join] }}",
    "class_by_row": "{{ text[field] }}",
    "attr_filter": "{{ text|attr('__class__') }}",
    "map_attribute": "{{ [text]|map(attribute='__class__')|list }}",
    "map_nested_attribute": "{{ [text]|map(attribute='lower.__self__')|list }}",
    "sort_attribute": "{{ [text]|sort(attribute='__class__.x') }}",
    "groupby_attribute": "{{ [text]|groupby('__class__')|list }}",
    "selectattr": "{{ [text]|selectattr('__class__')|list }}",
    "sum_attribute": "{{ [text]|sum(attribute='__doc__') }}",
    "format_attribute": "{{ '{0.__class__}'.format(text) }}",
    "format_element": "{{ '{0[x]}'.format(text) }}",
    "format_nested": "{{ '{:{}}'.format(text, 10000000000) }}",
    "format_map": "{{ '{text.__class__}'.format_map({'text': text}) }}",
    "format_filter_object": "{{ '%r'|format(range.__self__) }}",
    "undefined": "{{ text.nothing.__class__.__init__.__globals__ }}",
    "undefined_brackets": "{{ text.nothing['__init__'] }}",
    "undefined_method": "{{ text.nothing._fail_with_undefined_error() }}",
    "self": "{{ self.__init__.__globals__ }}",
    "self_blocks": "{{ self._TemplateReference__context }}",
    "caller": "{% macro m() %}{{ caller.__class__ }}{% endmacro %}{{ m() }}",
    "macro": "{% macro m() %}x{% endmacro %}{{ m.__init__ }}",
    "macro_attribute": "{% macro m() %}x{% endmacro %}{{ m.name }}",
    "macro_environment": "{% macro m() %}x{% endmacro %}{{ m['_environment'] }}",
    "loop": "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "loop_private": "{% for x in [1] %}{{ loop['_iterator'] }}{% endfor %}",
    "loop_call": "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "zip_class": "{{ zip.__class__ }}",
    "generator_frame": "{{ ([1]|map('string')).gi_frame.f_globals }}",
    "generator_brackets": "{{ ([1]|map('string'))['gi_frame'] }}",
    "method_self": "{{ text.lower.__self__ }}",
    "sort_key": "{{ rows.sort(key='{0.__class__}'.format) }}",
    "bytes": "{{ text.encode() }}",
    "translate": "{{ text.translate({}) }}",
    "import": "{% import 'os' as os %}{{ os }}",
    "include": "{% include '/etc/passwd' %}",
    "extends": "{% extends '/etc/passwd' %}",
    "call_text": "{{ text() }}",
    "call_number": "{{ (1)() }}",
    "set_namespace_class": "{% set ns = namespace() %}{% set ns.__class__ = 1 %}",
    "namespace_in_brackets": "{{ namespace()['__init__'] }}",
    "builtins": "{{ __builtins__ }}",
    "context_of_filter": "{{ [1]|map('attr', '__class__')|list }}",
    "filter_block": "{% filter attr('__class__') %}x{% endfilter %}",
    "do_extension": "{% do text.x() %}",
    "append_in_brackets": "{{ rows['append'](1) }}",
    "with_statement": "{% with x = text %}{{ x }}{% endwith %}",
}
BOMBS = {
    "repeated_text": "{{ 'a' * 10**10 }}",
    "repeated_left": "{{ 10**10 * 'a' }}",
    "repeated_list": "{{ [0] * 10**9 }}",
    "repeated_tuple": "{{ (1,) * 10**9 }}",
    "power": "{{ 9 ** 999 ** 999 }}",
    "negative_power_of_zero": "{{ 0 ** -1 }}",
    "product": "{% set ns = namespace(n=10) %}{% for i in range(99999) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
    "nested_loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "nested_loops_of_text": "{% for a in big %}{% for b in big %}{% for c in big %}x{% endfor %}{% endfor %}{% endfor %}",
    "loop_over_own_growth": "{% set l = [1] %}{% for x in l %}{{ l.append(1) or '' }}{% endfor %}",
    "extended_by_itself": "{% set l = [1] %}{% for x in range(99) %}{{ l.extend(l) or '' }}{% endfor %}",
    "inserted": "{% set l = [1] %}{% for x in l %}{{ l.insert(0, 1) or '' }}{% endfor %}",
    "doubled_by_plus": "{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "doubled_by_concat": "{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "doubled_list": "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
    "doubled_block": "{% set a = 'x' * 4000000 %}{% set b %}{{ a }}{{ a }}{% endset %}{{ b }}",
    "nested_lists_as_text": "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
    "ljust": "{{ text.ljust(3000000000) }}",
    "rjust": "{{ text.rjust(3000000000) }}",
    "center_method": "{{ text.center(10**9) }}",
    "zfill": "{{ text.zfill(10**9) }}",
    "center": "{{ text|center(10**9) }}",
    "indent": "{{ big|join('\n')|indent(10**9) }}",
    "indent_by_text": "{{ ('\n' * 100000)|indent('x' * 100000) }}",
    "percent": "{{ '%1000000000d' % 1 }}",
    "percent_precision": "{{ '%.1000000000f' % 1.5 }}",
    "percent_star": "{{ '%*d' % (1000000000, 1) }}",
    "percent_filter": "{{ '%1000000000d'|format(1) }}",
    "percent_named": "{{ '%(a)1000000000d' % {'a': 1} }}",
    "format_width": "{{ '{:>1000000000}'.format(text) }}",
    "format_filled": "{{ '{:x>999999999}'.format(text) }}",
    "format_precision": "{{ '{:.1000000000f}'.format(1.5) }}",
    "range": "{{ range(10**12)|list }}",
    "range_sum": "{{ range(10**12)|sum }}",
    "range_step": "{{ range(0, 10**12, 2)|max }}",
    "macro_recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "macro_branching": "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}x{% endmacro %}{{ m(60) }}",
    "replace": "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
    "replace_filter": "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}",
    "replace_nothing": "{{ ('a' * 1000000)|replace('', 'b' * 100000) }}",
    "join": "{{ big|join('x' * 1000000) }}",
    "join_method": "{{ ('x' * 1000000).join(big) }}",
    "batch": "{{ [1]|batch(10**9, 0)|list }}",
    "slice": "{{ [1]|slice(10**9)|list }}",
    "sum_of_lists": "{{ [range(99999)|list]|sum(start=[0] * 150000) }}",
    "round": "{{ 1.5|round(10**9, 'ceil') }}",
    "digits": "{{ ('9' * 1000000)|int * 2 ** 999999 }}",
    "many_events": "{% for i in range(99999) %}{{ 'x' * 1000000 }}{% endfor %}",
    "urlize": "{{ ('http://' * 100000)|urlize }}",
    "wordwrap": "{{ ('x' * 1000000)|wordwrap(1) }}",
    "pprint": "{{ big|pprint }}",
    "lipsum_words": "{{ lipsum(n=10**9) }}",
    "many_copies": "{% set ns = namespace(l=[]) %}{% for i in range(900) %}{{ ns.l.append(big * 200) or '' }}{% endfor %}",
    "sorted": "{% for i in range(9999) %}{% set x = (big * 199)|sort(reverse=true) %}{% endfor %}",
    "split_text": "{% for i in range(99999) %}{% set x = ('a ' * 2000000).split() %}{% endfor %}",
    "sort_key_of_width": "{% set l = [10**9, 2 * 10**9] %}{{ l.sort(key=text.center) }}",
    "set_block_filter": "{% set x | center(10**9) %}y{% endset %}{{ x }}",
    "kept_texts": "{% set l = [] %}{% for i in range(9999) %}{{ l.append('é€' * 1000000) or '' }}{% endfor %}",
}
SHAPES = {
    "deep_brackets": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "deep_lists": "{{ " + "[" * 300 + "]" * 300 + " }}",
    "deep_not": "{{ " + "not " * 5_000 + "1 }}",
    "long_sum": "{{ " + "+".join(["1"] * 5_000) + " }}",
    "deep_ifs": "{% if 1 %}" * 150 + "{% endif %}" * 150,
    "deep_loops": "{% for x in [1] %}" * 30 + "{% endfor %}" * 30,
    "long_filters": "{{ 1" + "|string" * 5_000 + " }}",
    "long_attributes": "{{ text" + ".a" * 5_000 + " }}",
    "huge_source": "x" * 1_000_000,
    "huge_number": "{{ " + "9" * 20_000 + " }}",
    "unclosed": "{{ text",
    "unknown_tag": "{% nothing %}",
    "bad_expression": "{{ text | }}",
    "zero_byte_name": "{{ te\x00xt }}",
}
ATTACKS = ESCAPES | BOMBS | SHAPES


@pytest.fixture(scope="module")
def small_guard() -> Iterator[Guard]:
    guard = Guard(Limits(memory=192, seconds=1.0))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(records, "own_guard", lambda: guard)
        yield guard
    guard.close()


def rendered(source: str, folder: Path, *, choices: str | None = None) -> tuple[list[str], list[str]]:
    """Reasons and details, from a file of templates on."""
    indented = "".join(f"      {line}\n" for line in source.split("\n"))
    block = f"    jinja: |2\n{indented}" if "\x00" not in source else '    jinja: "te\\0xt {{ te\\0xt }}"\n'
    extra = f"    answer_choices: {choices!r}\n" if choices else ""
    (folder / "templates.yaml").write_text(
        f"dataset: bad\ntemplates:\n  a: !Template\n    name: attack\n{block}{extra}", encoding="utf-8"
    )
    row = '{"text": "hello", "field": "__class__", "rows": [1], "big": [' + "1," * 999 + "1]}\n"
    (folder / "rows.jsonl").write_text(row, encoding="utf-8")
    rows, templates = str(folder / "rows.jsonl"), str(folder / "templates.yaml")
    options = StyleOptions(inputs=(rows,), templates=templates, no_truncate=True)
    tables = open_tables(options)
    plan = style.plan(options, tables)
    (piece,) = pieces(tables, folder)
    (chunk,) = chunks(piece, 0)
    made = style.render(plan, chunk, {})
    assert made.batch.num_rows == 1
    return made.reasons.to_pylist(), made.details.to_pylist()


def outcome(source: str, folder: Path, *, choices: str | None = None) -> tuple[str | None, str, str]:
    """The error of the whole command, if it came to that, else the row's reason and detail."""
    try:
        (reason,), (detail,) = rendered(source, folder, choices=choices)
    except InputError as error:
        return str(error), "", ""
    return None, reason, detail


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_or_stopped_and_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_guard: Guard
) -> None:
    monkeypatch.chdir(tmp_path)
    began = time.process_time()
    ended, reason, detail = outcome(ATTACKS[name], tmp_path)
    if ended is None:
        assert reason in {"over-limit", "refused", "template-error"}, (reason, detail)
        assert "rows.jsonl:1" in detail
    else:
        assert "template 'attack'" in ended
        assert "templates.yaml:3" in ended
    assert time.process_time() - began < 60
    assert not (tmp_path / "OWNED").exists()


@pytest.mark.parametrize(
    "name", ["cycler", "repeated_text", "nested_loops", "ljust", "range", "class_in_brackets"]
)
def test_answer_choices_are_held_to_the_same(name: str, tmp_path: Path, small_guard: Guard) -> None:
    ended, reason, _ = outcome("{{ text }} ||| {{ answer_choices[0] }}", tmp_path, choices=ATTACKS[name])
    assert reason in {"over-limit", "refused", "template-error"} if ended is None else "'attack'" in ended


def test_what_memory_and_time_end_is_told_with_the_row(tmp_path: Path, small_guard: Guard) -> None:
    with pytest.raises(
        InputError, match=r"templates.yaml:3: template 'attack': used more than 192 MB .*rows.jsonl:1"
    ):
        rendered(BOMBS["kept_texts"], tmp_path)
    with pytest.raises(InputError, match=r"template 'attack': used more than 1 s at .*rows.jsonl:1; mend it"):
        rendered(BOMBS["split_text"], tmp_path)
    assert rendered("{{ text }} ||| fine", tmp_path) == ([None], [None])
