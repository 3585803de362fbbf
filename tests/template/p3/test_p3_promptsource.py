# ruff: noqa: E501 - rows as they are
"""Every public template at hand against plain Jinja put together as promptsource does, in both truncate modes.

`bench/template_oracle.py` asks promptsource itself, for all of its templates.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import BaseLoader, Environment

from ittools.template.options import StyleOptions
from ittools.template.p3.apply import rendered_parts
from ittools.template.p3.files import Template, read_templates, template_files
from ittools.template.p3.style import known_of
from ittools.template.sandbox import draws

LONG = "many words of a long text, " * 120
NLI = {"premise": "It rains.", "hypothesis": "It is wet. " + LONG, "label": 1}
COPA = {
    "premise": "The man fell.",
    "choice1": "He slipped.",
    "choice2": "He slept.",
    "question": "cause",
    "label": 1,
}
QA = {
    "context": LONG,
    "question": "Who?",
    "title": "T",
    "answers": {"text": ["he ", "him"], "answer_start": [5, 9]},
}
ROWS: dict[str, dict[str, Any]] = {
    "GEM/web_nlg/ru": {"input": ["a | b | c", "d | e | f"], "category": "City", "references": ["один"]},
    "ag_news": {"text": " edged ||| text ", "label": 2},
    "common_gen": {"concepts": ["dog", "run", "park"], "target": "A dog runs."},
    "cosmos_qa": {"context": LONG, "question": "Why?", "label": 3, **{f"answer{n}": f"answer {n}" for n in range(4)}},
    "craigslist_bargains": {
        "agent_info": {"Target": [12.0, 20.0], "Role": ["buyer", "seller"]},
        "dialogue_acts": {"price": [-1.0, 15.0, 18.5], "intent": ["intro", "offer", "accept"]},
        "items": {"Price": [20.0, 20.0], "Category": ["bike", "bike"], "Title": ["Bike", "Bike"],
                  "Description": ["Old.", "Old."]},
        "utterance": ["Hi", "15?", "18.5 then"],
    },
    "dream": {"dialogue": ["M: a", "W: b", "M: c"], "question": "q?", "choice": ["x", "y", "z"], "answer": "y"},
    "glue/mnli": NLI,
    "glue/mrpc": {"sentence1": "One.", "sentence2": LONG, "label": 1},
    "imdb": {"text": LONG + "|||" + LONG, "label": 0},
    "piaf": QA,
    "qasc": {"question": "What is it?", "choices": {"text": ["A b.", "c", "d"], "label": ["A", "B", "C"]},
             "answerKey": "B", "fact1": "F one.", "fact2": "F two.", "combinedfact": "Both."},
    "samsum": {"dialogue": "A: hi\r\nB: ho", "summary": LONG},
    "sciq": {"question": "What?", "correct_answer": "x", "distractor1": "y", "distractor2": "z", "distractor3": "w",
             "support": LONG},
    "snli": NLI,
    "squad": QA,
    "super_glue/boolq": {"passage": LONG, "question": "is it", "label": 0},
    "super_glue/copa": COPA,
    "trec": {"text": "How far is it?", "label-coarse": 4, "coarse_label": 4, "fine_label": 21},
    "wiki_hop/original": {"question": "country_of_origin Film", "answer": "b", "candidates": ["a", "b"],
                          "supports": ["s1", LONG]},
    "xcopa/id": COPA,
    "xsum": {"document": LONG, "summary": "Short."},
}  # fmt: skip
GUARD = "3ed2dface8203c4c9dfb1a5dc58e41e0"


def plain(template: Template, row: dict[str, Any], truncate: bool) -> tuple[list[str], list[str] | None]:
    """As promptsource's documentation has it: escape, render choices, truncate, render, split, strip."""
    environment = Environment(loader=BaseLoader())
    environment.globals.update(zip=zip)
    environment.filters.update(choice=lambda values: values[0], random=lambda values: values[0])
    environment.filters["most_frequent"] = lambda values: [v for v in dict.fromkeys(values)
        if values.count(v) == max(map(values.count, values))]  # fmt: skip
    guarded = {k: v.replace("|||", GUARD) if isinstance(v, str) else v for k, v in row.items()}
    choices = None
    if template.answer_choices is not None:
        text = environment.from_string(template.answer_choices).render(**guarded)
        choices = [part.strip().replace(GUARD, "|||") for part in text.split("|||")]
    jinja = template.jinja.replace("}}", " | string | truncate(2048) }}") if truncate else template.jinja
    text = environment.from_string(jinja).render(**guarded, answer_choices=choices)
    return [part.replace(GUARD, "|||").strip() for part in text.split("|||")], choices


@pytest.mark.parametrize("truncate", [True, False])
def test_every_template_at_hand_renders_as_plain_jinja_does(
    truncate: bool, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draws.Draws, "choice", lambda self, values: values[0])
    root, equal, two = shared_data / "promptsource", 0, 0
    for file in template_files(str(root)):
        for template in read_templates(file, root):
            source = known_of(template, StyleOptions(inputs=(), no_truncate=not truncate)).source
            row = ROWS[template.set]
            assert source.needed <= row.keys(), template.key
            ours = rendered_parts(source, row, "0:0")
            assert ours == plain(template, row, truncate), template.key
            equal += 1
            two += len(ours[0]) == 2 and all(ours[0])
    assert equal == 204
    assert two == 189  # the others render for other labels only, or several parts
