"""The parser: the form that was asked for, the many forms near it, and anything at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ittools.generate.parse import as_input, instances, numbered_tasks, says_yes

TWO = ["Name a colour of the sky.", "Add the two numbers."]


@pytest.mark.parametrize(
    "text",
    [
        "9. Name a colour of the sky.\n10. Add the two numbers.",
        "9) Name a colour of the sky.\n10) Add the two numbers.",
        "(9) Name a colour of the sky.\n(10) Add the two numbers.",
        "9: Name a colour of the sky.\n10: Add the two numbers.",
        "9、Name a colour of the sky.\n10、Add the two numbers.",
        "９．Name a colour of the sky.\n１０．Add the two numbers.",
        "٩. Name a colour of the sky.\n١٠. Add the two numbers.",
        "**9.** Name a colour of the sky.\n**10.** Add the two numbers.",
        "**9. Name a colour of the sky.**\n**10. Add the two numbers.**",
        "9. **Name a colour of the sky.**\n10. *Add the two numbers.*",
        '9. "Name a colour of the sky."\n10. “Add the two numbers.”',
        "9. `Name a colour of the sky.`\n10. 'Add the two numbers.'",
        "Task 9: Name a colour of the sky.\nTask 10: Add the two numbers.",
        "TASK 9: Name a colour of the sky.\ntask 10: Add the two numbers.",
        "**Task 9:** Name a colour of the sky.\n\n**Task 10:** Add the two numbers.",
        "### Task 9. Name a colour of the sky.\n### Task 10. Add the two numbers.",
        "Aufgabe 9: Name a colour of the sky.\nAufgabe 10: Add the two numbers.",
        "- 9. Name a colour of the sky.\n- 10. Add the two numbers.",
        "> 9. Name a colour of the sky.\n> 10. Add the two numbers.",
        "  9.Name a colour of the sky.\n\n\t10.  Add the  two\nnumbers.",
        "9. Name a colour of the sky.\r\n10. Add the two numbers.\r\n",
        "- Name a colour of the sky.\n- Add the two numbers.",
        "* Name a colour of the sky.\n• Add the two numbers.",
        "1. Name a colour of the sky.\n1. Add the two numbers.",
        "Sure! Here are the tasks:\n\n9. Name a colour of the sky.\n10. Add the two numbers.",
        "9. Name a colour of the sky.\n10. Add the two numbers.\n\nLet me know if you need more!",
        "```\n9. Name a colour of the sky.\n10. Add the two numbers.\n```",
        "Here:\n```text\n9. Name a colour of the sky.\n10. Add the two numbers.\n```\nEnjoy!",
        json.dumps({"tasks": TWO}),
        json.dumps({"tasks": TWO}, indent=2),
        json.dumps(TWO),
        json.dumps({"tasks": ["9. " + TWO[0], "10. " + TWO[1]]}),
        json.dumps([{"instruction": TWO[0]}, {"instruction": TWO[1]}]),
        json.dumps({"tasks": [{"id": 9, "task": TWO[0]}, {"id": 10, "task": TWO[1]}]}),
        "```json\n" + json.dumps({"tasks": TWO}) + "\n```",
        "Here you are:\n" + json.dumps({"tasks": TWO}) + "\nHave fun.",
        "Here you are:\n```json\n" + json.dumps(TWO, indent=1) + "\n```\nHave fun.",
    ],
)
def test_tasks_are_found_in_many_styles_of_list(text: str) -> None:
    assert numbered_tasks(text) == TWO


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("9. Convert 3.5 miles to km.\n10. It costs $20. Is that 16. or more?",
         ["Convert 3.5 miles to km.", "It costs $20. Is that 16. or more?"]),
        ("9. Add these numbers:\n3.5 and 4.25\n10. When is 12:30 in Rome?",
         ["Add these numbers: 3.5 and 4.25", "When is 12:30 in Rome?"]),
        ("9. Meet at\n12:30 or later?", ["Meet at 12:30 or later?"]),
        ('9. Sort ["pear", "fig"] by length.\n10. Is {"a": 1} valid JSON?',
         ['Sort ["pear", "fig"] by length.', 'Is {"a": 1} valid JSON?']),
        ('9. Sort this list:\n["pear", "fig"]\n10. Name one tree.',
         ['Sort this list: ["pear", "fig"]', "Name one tree."]),
        ("9. Compute 2**10 and f(**kwargs) - x ** 2.", ["Compute 2**10 and f(**kwargs) - x ** 2."]),
        ('9. "Hot" is to "cold" as "day" is to "night"', ['"Hot" is to "cold" as "day" is to "night"']),
        ("9. **Translate**: say it in French.", ["Translate: say it in French."]),
        ("9. What is the capital of France?\n10. Who wrote Faust, Goethe or Schiller?",
         ["What is the capital of France?", "Who wrote Faust, Goethe or Schiller?"]),
        ("9. List the steps:\n10. Continue:", ["List the steps", "Continue"]),
        ("9. \n10. Name one tree.", ["Name one tree."]),
        ("9. 请列举三种颜色。\n10. 날씨를 묘사하세요.", ["请列举三种颜色。", "날씨를 묘사하세요."]),
        ('{"tasks": ["Say \\ud800 now.", "Two\\nlines."]}', ["Say \ufffd now.", "Two lines."]),
        ('{"tasks": []}', []), ("", []), ("I cannot help with that.", []), ("null", []), ("[1, 2]", []),
    ],
)  # fmt: skip
def test_tasks_keep_their_text_to_the_letter(text: str, tasks: list[str]) -> None:
    assert numbered_tasks(text) == tasks


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("9. Add 2 and 2.\n10. Name a col", ["Add 2 and 2."]),
        ("9. Add 2 and", []),
        ('{"tasks": ["Add 2 and 2.", "Name a colour.", "Wri', ["Add 2 and 2.", "Name a colour."]),
        ('{"tasks": ["Add 2 and 2.", "Name a colour."', ["Add 2 and 2.", "Name a colour."]),
        ('```json\n["Add 2 and 2.",\n "Name a col', ["Add 2 and 2."]),
        ('{"tasks": [{"instruction": "Add 2 and 2."}, {"instruc', ["Add 2 and 2."]),
        ('{"tasks": ["Say \\"16. no\\", please.", "cut \\', ['Say "16. no", please.']),
        ('{"tasks": ["Add \\q 2.", "Name a col', []),
        ('{"tasks": ["Wri', []),
        (json.dumps({"tasks": TWO}), TWO),
        ("", []),
    ],
)
def test_cut_answer_keeps_its_complete_tasks(text: str, tasks: list[str]) -> None:
    assert numbered_tasks(text, cut=True) == tasks


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        (" Add 2 and 2.\n10. Name a colour.", ["Add 2 and 2.", "Name a colour."]),
        ("9. Add 2 and 2.\n10. Name a colour.", ["Add 2 and 2.", "Name a colour."]),
        (' Sort ["b", "a"].\n10. Name a colour.', ['Sort ["b", "a"].', "Name a colour."]),
        (" Add 2 and 2.", ["Add 2 and 2."]),
        ('{"tasks": ["Add 2 and 2."]}', ["Add 2 and 2."]),
    ],
)
def test_completion_goes_on_after_the_number_in_the_prompt(text: str, tasks: list[str]) -> None:
    assert numbered_tasks(text, goes_on=True) == tasks


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Yes", True), ("yes.", True), (" No", False), ("NO!", False), ("**Yes**", True), ('"No"', False),
        ("Yes, this is a classification task.", True), ("No, because the answer is free text. Yes?", False),
        ("The answer is no.", False), ("Answer: Yes", True), ("It is not a classification task.", False),
        ("This is a task whose labels are fixed, so the answer is yes", True), ("True", True),
        ("false", False), ("Ja.", True), ("Nein", False), ("Oui", True), ("Sí", True), ("Нет", False),
        ("是的，这是分类任务", True), ("不是", False), ("はい", True), ("いいえ", False),
        ('{"answer": "Yes"}', True), ("", None), ("Perhaps", None), ("Yesterday", None), ("Nothing", None),
        ("No\n\nTask: Is it raining?\nIs it classification? Yes", False),
    ],
)  # fmt: skip
def test_verdict_is_read_from_chatty_answers(text: str, verdict: bool | None) -> None:
    assert says_yes(text) is verdict


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Input: 1\nOutput: one", [("1", "one")]),
        ("Example 1\nInput: 1\nOutput: one\nExample 2\nInput: 2\nOutput: two", [("1", "one"), ("2", "two")]),
        ("Example 1:\nInput: 1\nOutput: one\n\nExample 2:\nInput: 2\nOutput: two",
         [("1", "one"), ("2", "two")]),
        ("Example 1: Input: 1\nOutput: one\nExample 2: Input: 2\nOutput: two", [("1", "one"), ("2", "two")]),
        ("Example: Input: 1\nOutput: one", [("1", "one")]),
        ("Input: 1 Output: one\nInput: 2  output: two", [("1", "one"), ("2", "two")]),
        ("Input: the word Output: is here\nOutput: yes", [("the word Output: is here", "yes")]),
        ("1. Input: 1\n   Output: one\n2. Input: 2\n   Output: two", [("1", "one"), ("2", "two")]),
        ("**Input:** 1\n**Output:** one\n\n**Input:** 2\n**Output:** two", [("1", "one"), ("2", "two")]),
        ("### Input:\n1\n\n### Output:\none", [("1", "one")]),
        ("- Input: 1\n- Output: one", [("1", "one")]),
        ("Input：一\nOutput：二", [("一", "二")]),
        ("Sample Input: 1\nExpected Output: one", [("1", "one")]),
        ("Output: one", [("", "one")]),
        ("one", [("", "one")]),
        ("Input: none\nOutput: one", [("", "one")]),
        ("Input: <noinput>\nOutput: one", [("", "one")]),
        ("Input: No input needed.\nAnswer: one", [("", "one")]),
        ("Input: This Example shows Input and Output\nOutput: An Example: yes",
         [("This Example shows Input and Output", "An Example: yes")]),
        ("Input: a\nb\n\nc\nOutput: d\n\ne", [("a\nb\n\nc", "d\n\ne")]),
        ("Input:\n```python\nx = 1\n```\nOutput:\n```\n2\n```", [("x = 1", "2")]),
        ("Input: 1\nOutput: one\nTask: Say two.\nInput: 2\nOutput: two", [("1", "one")]),
        ("Input: (()\nOutput: no\nInput: 😀\nOutput: joy\nInput: ?!\nOutput: doubt",
         [("(()", "no"), ("😀", "joy"), ("?!", "doubt")]),
        ("Input: what is the capital of France\nOutput: Paris", [("what is the capital of France", "Paris")]),
        ("Input: 3 + 4\nOutput:", [("3 + 4", "")]),
        ("Input: 1\nOutput:\nInput: 2\nOutput: two", [("1", ""), ("2", "two")]),
        ("One, two, three.\nOutput:", [("", "One, two, three.")]),
        ("", []), ("Output:", []),
    ],
)  # fmt: skip
def test_instances_are_found_in_many_forms(text: str, found: list[tuple[str, str]]) -> None:
    assert instances(text, label_first=False) == found


@pytest.mark.parametrize("label_first", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "Class label: sad\nInput: I lost.\nClass label: glad\nInput: I won.",
        "Class label: sad\nInput: I lost.\n\nClass label: glad\nInput: I won.\n",
        "**Class label:** sad\n**Input:** I lost.\n\n**Class label:** glad\n**Input:** I won.",
        "1. Class label: sad\nInput: I lost.\n2. Class label: glad\nInput: I won.",
        "Input: I lost.\nClass label: sad\nInput: I won.\nClass label: glad",
        "Example 1\nInput: I lost.\nLabel: sad\n\nExample 2\nInput: I won.\nLabel: glad",
        "Input: I lost.\nOutput: sad\n\nInput: I won.\nOutput: glad",
        json.dumps({"instances": [{"input": "I lost.", "output": "sad"},
                                  {"input": "I won.", "output": "glad"}]}),
        json.dumps([{"Input": "I lost.", "Class label": "sad"}, {"Input": "I won.", "Class label": "glad"}]),
    ],
)  # fmt: skip
def test_labels_stay_with_their_inputs_in_either_order(text: str, label_first: bool) -> None:
    assert instances(text, label_first=label_first) == [("I lost.", "sad"), ("I won.", "glad")]


def test_label_may_have_several_inputs() -> None:
    text = "Class label: sad\nInput: I lost.\nInput: I fell.\nClass label: glad\nInput: I won."
    found = [("I lost.", "sad"), ("I fell.", "sad"), ("I won.", "glad")]
    assert instances(text, label_first=True) == found


PAIRS = [{"input": "1", "output": "one"}, {"input": "", "output": "two"}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"instances": PAIRS}),
        json.dumps(PAIRS, indent=2),
        "```json\n" + json.dumps({"instances": PAIRS}) + "\n```",
        "Here you are:\n```json\n" + json.dumps({"instances": PAIRS}) + "\n```\nAnything else?",
        "Here you are: " + json.dumps({"instances": PAIRS}),
        json.dumps({"instances": PAIRS})[:-2] + ', {"input": "3", "out',
        json.dumps({"instances": PAIRS})[:-2] + ",]}",
        '{"instances": [{"input": 1, "output": "one"}, {"input": null, "output": "two"}]}',
    ],
)
@pytest.mark.parametrize("cut", [False, True])
def test_instances_in_json_are_all_those_that_are_whole(text: str, cut: bool) -> None:
    assert instances(text, label_first=False, cut=cut) == [("1", "one"), ("", "two")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Input: 1\nOutput: one\nInput: 2\nOutput: tw", [("1", "one")]),
        ("Input: 1\nOutput: on", []),
        ("Class label: sad\nInput: I lo", []),
        ('{"instances": [{"inp', []),
        ("", []),
    ],
)
def test_cut_text_loses_its_last_instance(text: str, found: list[tuple[str, str]]) -> None:
    assert instances(text, label_first=False, cut=True) == found


def test_broken_json_is_no_output() -> None:
    assert instances('{"instances": [{"input": "1", outp', label_first=False) == []


def test_json_that_is_the_answer_itself_is_kept_as_text() -> None:
    assert instances('Output: {"name": "Ada", "age": 36}', label_first=False) == [
        ("", '{"name": "Ada", "age": 36}')
    ]
    assert instances('{"name": "Ada"}', label_first=False) == [("", '{"name": "Ada"}')]


def test_all_instances_are_read_however_many_there_are() -> None:
    text = "\n".join(f"Input: {n}\nOutput: {n}{n}" for n in range(9))
    assert instances(text, label_first=False) == [(str(n), f"{n}{n}") for n in range(9)]


@pytest.mark.parametrize("text", ["", "None", "none.", "N/A", "<noinput>", "(no input)", "-", "...", '"',
                                  '""', "No input required", "[empty]", "**None**", "```\n```"])  # fmt: skip
def test_ways_to_say_nothing_are_no_input(text: str) -> None:
    assert as_input(text) == ""


@pytest.mark.parametrize("text", ["0", "+", "?", "!", "[]", "{[()]}", "😀", "None of these", "no", "不", "->",
                                  "n", "na na", "-1", "Nonetheless"])  # fmt: skip
def test_short_inputs_are_inputs(text: str) -> None:
    assert as_input(text) == text


# --- anything at all -----------------------------------------------------------------------------

pieces = st.sampled_from(
    ["9.", "10)", "Task 3:", "**", "```", "```json\n", "\n", "\n\n", '{"tasks": [', '"a"', ", ", "]}",
     "Input:", "Output:", "Class label:", "Example 1", "Yes", "no", "\\", '\\"', "\\ud800", "\ud800", "\x00",
     " ", "[", "{", '{"instances": [{"input": "x", "output": "y"}', "是", "–", "９．", "\u2028", "1e999"]
)  # fmt: skip
anything = st.text() | st.lists(pieces | st.text(max_size=5), max_size=25).map("".join)


@settings(max_examples=400, deadline=None)
@given(anything, st.booleans(), st.booleans())
@example("[" * 100_000, True, True)
@example('{"output": ' + "[" * 992 + "]" * 992 + "}", False, False)
def test_no_text_makes_the_parser_raise_or_write_what_utf8_cannot(text: str, cut: bool, flag: bool) -> None:
    tasks = numbered_tasks(text, cut=cut, goes_on=flag)
    assert all(task and task == task.strip() and "\n" not in task for task in tasks)
    assert says_yes(text) in (True, False, None)
    found = instances(text, label_first=flag, cut=cut)
    if "\ud800" not in text:
        json.dumps([tasks, found], ensure_ascii=False).encode()


@given(st.lists(st.from_regex(r"[A-Z][a-z]{2,8}( [a-z0-9$.]{1,7}){2,6}[a-z]\.", fullmatch=True), min_size=1))
def test_what_was_asked_for_is_read_back_as_written(tasks: list[str]) -> None:
    assert numbered_tasks(json.dumps({"tasks": tasks})) == tasks
    listed = "\n".join(f"{number}. {task}" for number, task in enumerate(tasks, start=9))
    assert numbered_tasks(listed) == tasks
    assert numbered_tasks(listed.removeprefix("9."), goes_on=True) == tasks
    assert numbered_tasks(listed, cut=True) == tasks[:-1]


REPEATED = ["Output" + " ", "Input: " + "-", "9." + " ", "*", "`", "\n", "- ", "9", "```\n", "Task ", "yes ",
            " \n", "[", '{"a":', '["a\\', "_ ", "a** ", "Example 1 ", "None", "> ", "Class label ", "no, ",
            '{"instances": [', '"', ", ", "Input:\n", "Task: a\n"]  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
def test_repetition_costs_no_more_than_its_length(piece: str) -> None:
    """Models do fall into loops. What took minutes before is over while the test runs."""
    text = piece[:6] + piece[-2:] * 6_000 + "x"
    again = piece * 3_000 + "x"
    for looped in (text, again):
        assert numbered_tasks(looped, cut=True) is not None
        assert len(instances(looped, label_first=True)) <= len(looped)
        assert len(instances(looped, label_first=False, cut=True)) <= len(looped)
        assert says_yes(looped) in (True, False, None)
