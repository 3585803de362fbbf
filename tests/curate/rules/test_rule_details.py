"""What `detail` says of a dropped record: the words that were found, the number and its limit."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import ASK, batch_of
from test_language_rules import ENGLISH, RUSSIAN
from test_repetition_rules import STORY

from ittools.curate.filter import FilterOptions, annotate, explained, reason
from ittools.curate.rules.details import LONGEST, told
from ittools.curate.rules.table import DETAILS, RULES

STATED = {"language": "de"}
SHARE = round((10 + 3 * len(STORY)) / (20 + 4 * len(STORY)), 4)  # "Once more." once, the story three times
CASES: dict[str, list[tuple[dict[str, Any], dict[str, Any], Any]]] = {  # record, options, detail
    "empty-instruction": [({"instruction": " "}, {}, None)],
    "instruction-too-short": [
        ({"instruction": "Hi"}, {}, {"words": 1, "least": 3}),
        ({"instruction": "안녕?"}, {}, {"words": 1, "least": 2}),
        ({"instruction": "Sano", "language": "fi"}, {"min_instruction_words": 4}, {"words": 1, "least": 3}),
    ],
    "instruction-too-long": [
        ({"instruction": "word " * 9}, {"max_instruction_words": 8}, {"words": 9, "most": 8})
    ],
    "empty-output": [
        ({"output": " \n"}, {}, None),
        ({"output": " <nooutput> "}, {}, {"found": "<nooutput>"}),
    ],
    "output-too-short": [
        ({"output": "one two"}, {"min_output_words": 3}, {"words": 2, "least": 3}),
        ({"output": "+"}, {"min_output_words": 3}, {"words": 1, "least": 3}),
    ],
    "output-too-long": [({"output": "a b c"}, {"max_output_words": 2}, {"words": 3, "most": 2})],
    "output-echoes-input": [
        ({"input": "He go.", "output": "He go.\n"}, {}, {"field": "input"}),
        ({"output": ASK}, {}, {"field": "instruction"}),
    ],
    "repetitive-output": [
        ({"output": "the same words again " * 10}, {}, {"share": 0.8919, "most": 0.6}),
    ],
    "repeated-lines": [
        (
            {"output": f"{STORY}\n\nOnce more.\nOnce more.\n" + f"{STORY}\n" * 3},
            {},
            {"found": "Once more.", "share": SHARE, "most": 0.5},
        ),
    ],
    "sentence-loop": [
        (
            {"output": f"{STORY} " + "I love the sea. So do you. " * 7},
            {},
            {"found": "I love the sea So do you", "times": 7},
        ),
    ],
    "character-run": [
        ({"output": f"{STORY} W{'ow' * 80}"}, {}, {"found": "owowowowowow", "characters": 160, "most": 100}),
        ({"output": f"{STORY} {'!' * 120}"}, {}, {"found": "!" * 12, "characters": 120, "most": 100}),
    ],
    "run-on": [
        ({"output": "Blue.\n\nInput: another one"}, {}, {"found": "Input:"}),
        ({"output": "Blue.\n### Instruction:\nmore"}, {}, {"found": "### Instruction:"}),
        (
            {"instruction": "Write a prompt for this", "output": "Blue.\nInstruction: go\nmore\nInput: x"},
            {},
            None,  # of the first the task speaks, and of the second too
        ),
    ],
    "mojibake": [
        ({"input": "Visit the cafÃ© now"}, {}, {"field": "input", "found": "isit the cafÃ© now"}),
        ({"output": "lost \ufffd letters"}, {}, {"field": "output", "found": "lost \ufffd letters"}),
    ],
    "no-input": [({"input": " <No input> "}, {"no_input": "drop"}, {"found": "<No input>"})],
    "blacklisted": [
        ({"instruction": "Draw an IMAGE of it"}, {"blacklist": ("unused", "Image")}, {"found": "Image"})
    ],
    "language-mismatch": [
        ({"output": ENGLISH, **STATED}, {"check_language": True},
         {"detected": "en", "probability": 1.0, "stated": "de"}),
    ],
    "wrong-language": [
        ({"output": ENGLISH}, {"keep_language": ("fr",)}, {"detected": "en", "probability": 1.0}),
        ({"instruction": "1 + 2 = 3", "output": "3", **STATED}, {"keep_language": ("fr",)}, {"stated": "de"}),
    ],
    "output-in-another-language": [
        ({"instruction": ENGLISH, "output": RUSSIAN}, {},
         {"instruction": "en", "output": "ru", "probability": 0.9355}),
    ],
    "assistant-boilerplate": [({"output": "Blue. I hope this helps!"}, {}, {"found": "I hope this helps"})],
    "placeholder": [({"output": "Dear [insert name]"}, {}, {"found": "[insert name]"})],
    "refusal": [({"output": " I'm sorry, but I can't say."}, {}, {"found": "I'm sorry, but I can't"})],
    "needs-other-than-text": [
        ({"instruction": "Go on. Draw a picture of it"}, {}, {"found": "Draw a picture"}),
        ({"instruction": "What is in the picture below?"}, {}, {"found": "in the picture below"}),
    ],
    "truncated-output": [
        ({"output": f"{STORY} {STORY} {STORY} He saw a boat and"}, {},
         {"ends": "the grey morning light. He saw a boat and"[-40:]}),
    ],
    "output-repeats-instruction": [({"output": f"{ASK} It is a town."}, {}, None)],
    "mostly-symbols": [({"output": "#$%& " * 6 + "abc"}, {}, {"share": 0.8889, "most": 0.7})],
    "markup-debris": [({"output": "a &quot;b&quot;<br />"}, {}, {"field": "output", "found": "&quot;"})],
}  # fmt: skip


def dropped(
    rule: str, record: dict[str, Any], options: dict[str, Any]
) -> tuple[FilterOptions, pa.RecordBatch]:
    given = FilterOptions(
        inputs=("x",), **({"preset": "none", "rule": (rule,), "no_input": "keep"} | options)
    )
    record = {"instruction": ASK, "input": "", "output": "fine"} | record
    texts = tuple(record.pop(name) for name in ("instruction", "input", "output"))
    batch = batch_of(texts, **record)
    return given, batch


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in CASES.items() for case in cases])
def test_a_detail_says_what_was_found(rule: str, case: tuple[dict[str, Any], dict[str, Any], Any]) -> None:
    record, options, expected = case
    given, batch = dropped(rule, record, options)
    why = reason(annotate(batch, options=given), options=given)
    if rule == "run-on" and expected is None:
        assert why.to_pylist() == [None]
        return
    assert why.to_pylist() == [rule]
    (found,) = explained(batch, why, options=given).to_pylist()
    assert (None if found is None else json.loads(found)) == expected


def test_every_rule_says_where_or_shows_it_as_it_stands() -> None:
    assert list(CASES) == list(RULES)
    silent = {"empty-instruction", "output-repeats-instruction"}
    assert set(DETAILS) == set(RULES) - silent


def test_a_long_text_is_cut_and_a_share_rounded() -> None:
    (found,) = told(found=["x" * 200], share=[0.123456], none=[None]).to_pylist()
    assert json.loads(found) == {"found": "x" * (LONGEST - 1) + "…", "share": 0.1235}
    assert told(found=[None, "ü"]).to_pylist() == [None, '{"found": "ü"}']


PIECES = [
    "ab ",
    ". ",
    "!!!",
    "\n",
    "<br>",
    "&quot;",
    "Ã©",
    "哈",
    "€",
    "\nInput: ",
    "I cannot help",
    "\ufffd",
    "the ",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6))
def test_a_record_is_explained_the_same_alone_and_among_others(rows: list[tuple[str, str, str]]) -> None:
    given = FilterOptions(inputs=("x",), preset="strict", max_run=4, truncation_words=3, no_input="drop",
                          without=("output-in-another-language",))  # fmt: skip
    batch = batch_of(*rows)
    why = reason(batch, options=given)
    gone = why.is_valid()
    batch, why = batch.filter(gone), why.drop_null()
    whole = explained(batch, why, options=given).to_pylist()
    for at, detail in enumerate(whole):
        assert explained(batch.slice(at, 1), why.slice(at, 1), options=given).to_pylist() == [detail]
        if why[at].as_py() in DETAILS and why[at].as_py() != "empty-output":
            assert json.loads(detail)


def test_an_unknown_reason_has_no_detail() -> None:
    batch = batch_of((ASK, "", "x"), (ASK, "", "y"))
    given = FilterOptions(inputs=("x",))
    assert pc.all(explained(batch, pa.array(["over-quota", "other"]), options=given).is_null()).as_py()
