"""The table of rules: names, presets, and what every rule must stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import batch_of

import ittools
from ittools.curate.filter import FilterOptions, annotate, reason
from ittools.curate.rules.table import RULES, chosen
from ittools.errors import UsageError

ROWS = (
    ("", "", ""),
    (" \n", "", "\u3000"),
    ("12 + 3 = ?", "", "15"),
    ("?!…", "—", "。"),
    ("😀", "😀😀", "👍🏽"),
    ("\u0301\u200d", "\u0000", "\ufeff"),
    ("Name a fruit, please.", "", "Apple"),
)
EVERY = FilterOptions(
    inputs=("x",), preset="strict", check_language=True, keep_language=("en",), blacklist=("nothing",),
    no_input="drop", min_instruction_words=0, min_output_words=0,
)  # fmt: skip


def test_the_usual_rules_are_on_and_the_strict_ones_are_not() -> None:
    usual = [name for name, rule in RULES.items() if rule.when == "usual"]
    assert list(chosen(FilterOptions(inputs=("x",)))) == usual
    assert {"refusal", "truncated-output", "mostly-symbols"} & set(usual) == set()
    strict = chosen(FilterOptions(inputs=("x",), preset="strict"))
    assert set(strict) == {name for name, rule in RULES.items() if rule.when != "asked"}
    assert chosen(FilterOptions(inputs=("x",), preset="none")) == {}


def test_single_rules_are_switched_by_name() -> None:
    given = FilterOptions(inputs=("x",), rule=("refusal",), without=("mojibake", "run-on"))
    assert set(chosen(given)) - set(chosen(FilterOptions(inputs=("x",)))) == {"refusal"}
    assert not {"mojibake", "run-on"} & set(chosen(given))


def test_an_option_of_its_own_switches_a_rule_on() -> None:
    assert list(chosen(EVERY)) == list(RULES)
    assert list(chosen(FilterOptions(inputs=("x",), preset="none", keep_language=("en",)))) == [
        "wrong-language"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"rule": ("refusals",)},
            "no rule 'refusals'; did you mean 'refusal'?; there are: empty-instruction, ",
        ),
        ({"without": ("x",)}, "no rule 'x'"),
        ({"rule": ("refusal",), "without": ("refusal",)}, "--rule and --without both name refusal"),
        ({"rule": ("no-input",)}, "--rule no-input drops nothing without --no-input drop"),
        (
            {"rule": ("no-input",), "no_input": "keep"},
            "--rule no-input drops nothing without --no-input drop",
        ),
        ({"rule": ("blacklisted",)}, "--rule blacklisted drops nothing without --blacklist WORD"),
        ({"rule": ("wrong-language",)}, "--rule wrong-language drops nothing without --keep-language CODE"),
    ],
)
def test_names_that_can_do_nothing_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(FilterOptions(inputs=("x",), **options))
    assert message in str(refused.value)


def test_a_rule_of_an_option_of_its_own_may_be_named_beside_it() -> None:
    named = {"no-input": {"no_input": "drop"}, "blacklisted": {"blacklist": ("x",)},
             "wrong-language": {"keep_language": ("en",)}, "language-mismatch": {}}  # fmt: skip
    for name, options in named.items():
        given = FilterOptions(inputs=("x",), preset="none", rule=(name,), **options)  # type: ignore[arg-type]
        assert list(chosen(given)) == [name]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_gives_its_own_name_or_null_for_any_text(name: str) -> None:
    batch = annotate(batch_of(*ROWS), options=EVERY)
    found = RULES[name].reason(batch, EVERY)
    assert found.type == pa.string()
    assert len(found) == len(ROWS)
    assert set(found.to_pylist()) <= {name, None}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_stands_an_empty_batch_and_one_without_any_text(name: str) -> None:
    for batch in (batch_of(), batch_of(("", "", ""), ("", "", "")), batch_of(*ROWS).slice(2, 0)):
        batch = annotate(batch, options=EVERY)
        assert len(RULES[name].reason(batch, EVERY)) == batch.num_rows


PIECES = [*"ab .,!?\n<>&;#|`[]{}", "é", "Ã", "©", "哈", "ก", "â", "€", "™", "😀", "the ", "\nInput:"]
TEXT = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5), st.integers(0, 4))
def test_a_record_is_judged_the_same_alone_and_among_others(
    rows: list[tuple[str, str, str]], at: int
) -> None:
    at %= len(rows)
    given = FilterOptions(inputs=("x",), preset="strict", max_run=4, truncation_words=3,
                          without=("output-in-another-language",))  # fmt: skip
    batch = batch_of(*rows)
    whole = reason(batch, options=given).to_pylist()
    assert reason(batch.slice(at, 1), options=given).to_pylist() == [whole[at]]
    assert reason(batch_of(rows[at]), options=given).to_pylist() == [whole[at]]


def test_a_text_of_ten_megabytes_is_judged_by_every_rule() -> None:
    long = "The harbour lies still, and nobody walks there at night. " * 180_000
    given = FilterOptions(inputs=("x",), preset="strict", max_output_words=10**9, max_instruction_words=10**9)
    batch = batch_of(("Tell me a story.", "", long), (long, long, "fine"))
    assert reason(batch, options=given).to_pylist() == ["repetitive-output", None]


def test_every_rule_is_in_the_documentation() -> None:
    page = Path(ittools.__file__).parents[1] / "docs" / "filter.md"
    text = page.read_text(encoding="utf-8")
    assert [name for name in (*RULES, "over-quota") if f"`{name}`" not in text] == []
