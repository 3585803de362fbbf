"""Whole tasks out of an answer: blocks as asked for, the forms near them, and anything at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ittools.generate.parse_tasks import Triple, whole_tasks

ADD = "###\n4. Instruction: Add the numbers.\n4. Input:\n1 + 1\n4. Output:\n2"
TREE = "###\n5. Instruction: Name a tree.\n5. Input:\n<noinput>\n5. Output:\nOak"
TWO = [("Add the numbers.", "1 + 1", "2"), ("Name a tree.", "", "Oak")]
PLAIN = (ADD + "\n" + TREE).replace("4. ", "").replace("5. ", "")
BOLD = "**Instruction:** Add the numbers.\n**Input:** 1 + 1\n**Output:** 2\n\n"
BOLD_TREE = "**Instruction:** Name a tree.\n**Input:** None\n**Output:** Oak"


@pytest.mark.parametrize(
    "text",
    [
        f"{ADD}\n{TREE}",
        f"{ADD}\n{TREE}\n###",
        f"\n\n{ADD}\n\n{TREE}\n\n###\n",
        f"Sure! Here are the tasks.\n\n{ADD}\n{TREE}",
        f"{ADD}\n{TREE}".replace("\n", "\r\n"),
        f"{ADD}\n{TREE}".replace("###\n", ""),
        f"{ADD}\n{TREE}".replace("###", "---"),
        f"{ADD}\n{TREE}".replace("###\n", "\n"),
        f"{ADD}\n{TREE}".replace("4.", "4)").replace("5.", "(5)"),
        f"{ADD}\n{TREE}".replace(":\n", ": "),
        f"{ADD}\n{TREE}".replace(":", "："),
        f"{ADD}\n{TREE}".replace("Instruction", "INSTRUCTION").replace("Output", "output"),
        f"{ADD}\n{TREE}".replace("Output", "Response").replace("Instruction", "Task"),
        f"{ADD}\n{TREE}".replace("<noinput>", "N/A"),
        PLAIN,
        PLAIN.replace("###\n", "\n"),
        PLAIN.replace("Instruction:", "Instruction :"),
        BOLD + BOLD_TREE,
        f"### Task 4\n{BOLD}### Task 5\n{BOLD_TREE}",
        f"---\n{BOLD}---\n{BOLD_TREE}\n---",
        (BOLD + BOLD_TREE).replace("**Instr", "4. **Instr").replace(":**", "**:"),
        (BOLD + BOLD_TREE).replace("**I", "- **I").replace("**O", "- **O"),
        (BOLD + BOLD_TREE).replace("**Instr", "### Instr").replace(":** ", ":\n").replace("**", "### "),
        ADD.replace("1 + 1", "```\n1 + 1\n```") + "\n" + TREE,
    ],
)
def test_tasks_are_found_in_many_forms_of_block(text: str) -> None:
    assert whole_tasks(text) == TWO


@pytest.mark.parametrize(
    "text",
    [
        f"{ADD}\n{TREE.replace('5.', '7.')}",
        f"{ADD}\n{TREE.replace('5.', '4.')}",
        f"{ADD.replace('4. Output', '6. Output')}\n{TREE.replace('5. Input', '9. Input')}",
        f"{ADD.replace('4. Instr', '17. Instr')}\n{TREE.replace('5. ', '')}",
        f"{ADD.replace('4. ', '')}\n{TREE}",
    ],
)
def test_wrong_or_missing_number_costs_nothing(text: str) -> None:
    assert whole_tasks(text) == TWO


PRICE = ("What does it cost?", "It costs\n20. Then $20.", "20. is right, $20.\n21. is not.")
RECIPE = ("Write a recipe for eggs.", "", "Ingredients:\n- 2 eggs\n\nInstructions:\n1. Boil.\n2. Eat.")
FORM = ("Explain the fields of a form.", "", "Each has a label.\nInput: what you type\nOutput: what you get")
CODE = ("Write a loop.", "", "```python\nfor x in y:\n    pass\n\n\n# Output: none\n```")
JSON = ("Write JSON.", "", '{"instruction": "x", "output": "y"}')
LINES = ("Rewrite it in French.", "Hello\n\nWorld", "Bonjour\n\n- le\n- monde")
RULED = ("Write two headings.", "", "## One\ntext\n\n---\n\n### Two\ntext")
LISTED = ("List two steps.", "", "1. Input: the flour\n2. Output: the dough")
SAME = ("Repeat after me: 42.", "", "Here it is.\nAnswer: 42\nOutput: 42")


@pytest.mark.parametrize("one", [PRICE, RECIPE, FORM, CODE, JSON, LINES, RULED, LISTED, SAME])
@pytest.mark.parametrize("numbered", [True, False])
def test_what_looks_like_a_mark_inside_a_text_is_text(one: Triple, numbered: bool) -> None:
    written = blocks([one, TWO[1]])
    assert whole_tasks(written if numbered else written.replace("4. ", "").replace("5. ", "")) == [
        one,
        TWO[1],
    ]


def blocks(triples: list[Triple], first: int = 4) -> str:
    return "\n".join(
        f"###\n{n}. Instruction: {task}\n{n}. Input:\n{given or '<noinput>'}\n{n}. Output:\n{wanted}"
        for n, (task, given, wanted) in enumerate(triples, start=first)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []), ("I cannot help with that.", []), ("###", []), ("###\n4. Instruction:", []), ("4.", []),
        ("{}", []), ("[1, 2]", []), ("null", []), ('{"tasks": []}', []), ("Output: 2", []),
        ("4. Instruction: Add the numbers.", [("Add the numbers.", "", "")]),
        ("4. Instruction: Add 1 and 1.\n4. Output:\n2", [("Add 1 and 1.", "", "2")]),
        (f"###\n4. Instruction: Add.\n4. Input:\n1\n{TREE}", [("Add.", "1", ""), TWO[1]]),
        (f"###\n4. Instruction:\n4. Input:\n1\n4. Output:\n2\n{TREE}", TWO[1:]),
        ("4. Instruction: Translate\nthis  text:\n4. Output: A", [("Translate this text", "", "A")]),
    ],
)  # fmt: skip
def test_broken_answer_gives_what_is_there(text: str, found: list[Triple]) -> None:
    assert whole_tasks(text) == found


@pytest.mark.parametrize(
    "text",
    [f"{ADD}\n{TREE}", f"{ADD}\n{TREE}"[:-4], f"{ADD}\n###\n5. Instr", f"{ADD}\n###\n5. Instruction: Name",
     json.dumps({"tasks": [dict(zip(("instruction", "input", "output"), TWO[0], strict=True))]})[:-2]
     + ', {"instruction": "Na'],
)  # fmt: skip
def test_cut_answer_loses_only_its_last_task(text: str) -> None:
    tasks = whole_tasks(text, cut=True)
    assert tasks == (TWO[:1] if "5. Instruction" in text or text.startswith("{") else [])


@pytest.mark.parametrize(
    "text",
    [
        f"{ADD}\n{TREE}".removeprefix("###\n4. Instruction:"),
        f"{ADD}\n{TREE}".removeprefix("###\n4. "),
        f"{ADD}\n{TREE}".removeprefix("###\n"),
        f"{ADD}\n{TREE}",
    ],
)
def test_completion_goes_on_after_the_label_in_the_prompt(text: str) -> None:
    assert whole_tasks(text, goes_on=True) == TWO


OBJECTS = [{"instruction": task, "input": given, "output": wanted} for task, given, wanted in TWO]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"tasks": OBJECTS}),
        json.dumps(OBJECTS, indent=2),
        "```json\n" + json.dumps({"tasks": OBJECTS}) + "\n```",
        "Here you are:\n```json\n" + json.dumps(OBJECTS) + "\n```\nEnjoy!",
        json.dumps([{"Task": "Add the numbers.", "Input": "1 + 1", "Answer": 2},
                    {"task": "Name a tree.", "response": "Oak"}]),
        json.dumps([OBJECTS[0], 17, {"x": 1}, OBJECTS[1] | {"input": None}]),
        json.dumps({"tasks": OBJECTS})[:-2] + ', {"instruction": "Wri',
    ],
)  # fmt: skip
def test_tasks_in_json_are_all_those_that_are_whole(text: str) -> None:
    assert whole_tasks(text) == TWO


def test_values_in_json_that_are_no_text_stay_json() -> None:
    text = json.dumps([{"instruction": "List the signs.", "input": {"a": 1}, "output": ["é", None]}])
    assert whole_tasks(text) == [("List the signs.", '{"a": 1}', '["é", null]')]


# --- anything at all -----------------------------------------------------------------------------

words = st.from_regex(r"[A-Za-z$][a-z0-9$.,;]{1,8}( [A-Za-z0-9$.:]{1,8}){0,5}", fullmatch=True)
paragraphs = st.lists(
    words | st.sampled_from(["20. Then $20.", "- x", "* y", "", "12:30"]), min_size=1, max_size=4
)
texts = paragraphs.map("\n".join).map(str.strip).filter(bool)
triples = st.lists(
    st.tuples(words.map(lambda text: text.rstrip(" :")), st.just("") | texts, texts), min_size=1
)


def is_plain(triple: Triple) -> bool:
    """Nothing in it that says `no input`, or names a field on a line of its own."""
    names = ("instruction", "task", "input", "output", "answer", "response")
    lines = "\n".join(triple).lower().split("\n")
    nothing = triple[1].strip("-.*_ ").lower() in ("", "none", "na", "n.a", "empty")
    return not any(line.lstrip("-* ").startswith(names) for line in lines) and (not triple[1] or not nothing)


@settings(deadline=None)
@given(triples.filter(lambda found: all(map(is_plain, found))))
def test_blocks_come_back_as_they_were_written(wanted: list[Triple]) -> None:
    text = blocks(wanted)
    assert whole_tasks(text) == wanted
    assert whole_tasks(text + "\n###", cut=False) == wanted
    assert whole_tasks(text, cut=True) == wanted[:-1]
    assert whole_tasks(text.removeprefix("###\n4. Instruction:"), goes_on=True) == wanted
    objects = [{"instruction": task, "input": given, "output": out} for task, given, out in wanted]
    assert whole_tasks(json.dumps({"tasks": objects})) == wanted


pieces = st.sampled_from(
    ["###", "\n", "4. ", "Instruction:", "**Input:**", "Output", ":", "：", "```", '{"tasks": [', '"a"', "]}",
     "<noinput>", "\ud800", "Task ", "---", "Instructions:\n", '{"instruction": ', "\r", "9"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(pieces | st.text(max_size=5), max_size=30).map("".join), st.booleans(), st.booleans())
@example("[" * 100_000, True, True)
@example('{"instruction": ' + "[" * 992 + "]" * 992 + "}", False, False)
def test_no_text_makes_it_raise(text: str, cut: bool, goes_on: bool) -> None:
    for task, given_, wanted in whole_tasks(text, cut=cut, goes_on=goes_on):
        assert task
        assert "\n" not in task
        assert (given_, wanted) == (given_.strip(), wanted.strip())


@pytest.mark.parametrize("piece",
[ADD + "\n", "4. Output:\n", "### ", "###\n", "- ", "Task ", "task 4. ", "\n",
                                   "Instruction:\n", "9", "{", '{"tasks": [', "* "])  # fmt: skip
def test_repetition_costs_no_more_than_its_length(piece: str) -> None:
    assert whole_tasks(piece * 5_000, cut=True) is not None


@pytest.mark.parametrize(
    ("labels", "colon"),
    [
        (("指令", "输入", "输出"), "："),
        (("Anweisung", "Eingabe", "Ausgabe"), ":"),
        (("Instrucción", "Entrada", "Salida"), ":"),
        (("지시", "입력", "출력"), ":"),
        (("Задание", "Ввод", "Ответ"), ":"),
        (("निर्देश", "इनपुट", "आउटपुट"), ":"),
    ],
)
def test_labels_that_a_model_translated_are_read(labels: tuple[str, str, str], colon: str) -> None:
    first, second, third = (f"{label}{colon}" for label in labels)
    four = f"4. {first} A b c.\n4. {second}\n1 + 1\n4. {third}\n2"
    five = f"5. {first} D e f.\n5. {second} <noinput>\n5. {third} g"
    assert whole_tasks(f"###\n{four}\n###\n{five}") == [("A b c.", "1 + 1", "2"), ("D e f.", "", "g")]
