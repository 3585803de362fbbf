"""Tests of the seed tasks in `seeds/`: their form, their spread and their answers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import pytest
from langdetect import DetectorFactory, detect
from rapidfuzz.distance import LCSseq
from seed_checks import CHECKS, Instance, Task

DetectorFactory.seed = 0

SEEDS = Path(__file__).parents[2] / "seeds"
README = SEEDS / "README.md"
PATHS = sorted(SEEDS.glob("*.jsonl"))
REQUIRED_KEYS = [
    "id", "name", "instruction", "instances", "is_classification",
    "language", "category", "license", "author",
]  # fmt: skip
CATEGORIES = {
    "writing", "rewriting", "summarization", "question-answering", "reasoning", "math", "code",
    "data-wrangling", "extraction", "classification", "translation", "dialogue", "brainstorming",
    "planning", "safety", "knowledge", "editing", "formatting",
}  # fmt: skip
NO_LANGUAGE_CHECK = {"code", "math", "translation", "formatting"}
MIN_LETTERS_FOR_DETECTION = 40
ROUGE_LIMIT = 0.7
UNSPACED = r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
TOKEN = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})(?:[^\W_]|[\u0900-\u0dff]))+")
NOT_TEXT_ONLY = re.compile(
    r"\b(images?|pictures?|photos?|graphs?|files?|maps?|draw(ing)?|plot(ting)?|charts?|"
    r"diagrams?|flowcharts?|go to|videos?|audio|music)\b",
    re.IGNORECASE,
)


def no_repeated_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(pairs)


def read_tasks(path: Path) -> list[Task]:
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [cast(Task, json.loads(line, object_pairs_hook=no_repeated_key)) for line in lines]


TASKS = [task for path in PATHS for task in read_tasks(path)]
ENGLISH = [task for task in TASKS if task["language"] == "en"]
CHECKED = [task for task in TASKS if "check" in task]
LANGUAGES = sorted({task["language"] for task in TASKS})
each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task["id"])
each_language = pytest.mark.parametrize("language", LANGUAGES)


def texts(task: Task) -> Iterator[str]:
    yield task["instruction"]
    for instance in task["instances"]:
        yield from (instance["input"], instance["output"])


def of_language(language: str) -> list[Task]:
    return [task for task in TASKS if task["language"] == language]


def tokens(text: str) -> list[str]:
    return TOKEN.findall(unicodedata.normalize("NFC", text).lower())


def rouge_l(one: list[str], other: list[str]) -> float:
    common = LCSseq.similarity(one, other)
    return 2 * common / (len(one) + len(other))


def table_rows(heading: str) -> list[tuple[str, ...]]:
    section = README.read_text(encoding="utf-8").split(f"### {heading}\n")[1].split("\n#")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows[2:]]


# Form


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_seed_file_is_strict_jsonl(path: Path) -> None:
    raw = path.read_bytes()
    assert raw.endswith(b"\n")
    assert not raw.endswith(b"\n\n")
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    for line, task in zip(raw.decode("utf-8").split("\n"), read_tasks(path), strict=False):
        assert line == json.dumps(task, ensure_ascii=False)


@each_task
def test_a_record_has_exactly_the_described_fields(task: Task) -> None:
    optional = ["check"] if "check" in task else []
    assert list(task) == REQUIRED_KEYS + optional
    strings = [value for key, value in task.items() if key not in {"instances", "is_classification"}]
    assert all(isinstance(value, str) and value for value in strings)
    assert isinstance(task["is_classification"], bool)
    assert 1 <= len(task["instances"]) <= 3
    for instance in task["instances"]:
        assert list(instance) == ["input", "output"]
        assert all(isinstance(value, str) for value in instance.values())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_ids_count_up_and_the_language_is_the_file_name(path: Path) -> None:
    for number, task in enumerate(read_tasks(path), 1):
        assert task["language"] == path.stem
        assert task["id"] == f"{path.stem}-{number:04d}"


def test_ids_and_names_are_unique() -> None:
    for values in ([task["id"] for task in TASKS], [task["name"] for task in TASKS]):
        assert [value for value, count in Counter(values).items() if count > 1] == []


@each_task
def test_names_categories_licence_and_author_are_from_the_allowed_set(task: Task) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", task["name"])
    assert task["category"] in CATEGORIES
    assert task["license"] == "Apache-2.0"
    assert task["author"] == "project"


@each_task
def test_texts_are_clean_unicode_without_edge_whitespace(task: Task) -> None:
    for text in texts(task):
        assert text == text.strip()
        assert text == unicodedata.normalize("NFC", text)
        odd = [c for c in text if unicodedata.category(c)[0] == "C" and c != "\n"]
        assert odd == []


@each_task
def test_an_output_is_never_empty_and_never_its_input(task: Task) -> None:
    for instance in task["instances"]:
        assert instance["output"]
        assert instance["output"].casefold() != instance["input"].casefold()


@each_task
def test_an_instruction_is_long_enough_and_text_only(task: Task) -> None:
    instruction = task["instruction"]
    assert unicodedata.category(instruction[0])[0] == "L"
    if task["language"] in {"zh", "ja"}:
        assert len(instruction) > 6
    else:
        assert 3 < len(instruction.split()) <= 60
    assert not NOT_TEXT_ONLY.search(instruction)


@each_task
def test_instances_of_a_task_differ(task: Task) -> None:
    inputs = [instance["input"] for instance in task["instances"]]
    assert len(set(inputs)) == len(inputs)
    if task["is_classification"]:
        labels = [instance["output"] for instance in task["instances"]]
        assert len(labels) > 1
        assert len(set(labels)) > 1
        assert all(len(label) <= 20 for label in labels)


# Spread


def test_there_are_enough_tasks_and_languages() -> None:
    assert len(TASKS) >= 175
    assert len(ENGLISH) >= 100
    assert len(LANGUAGES) >= 10


@each_language
def test_every_language_has_eight_tasks_and_two_classifications(language: str) -> None:
    tasks = of_language(language)
    assert len(tasks) >= 8
    assert sum(task["is_classification"] for task in tasks) >= 2
    assert len({task["category"] for task in tasks}) >= 6


def test_english_covers_every_category_and_many_classifications() -> None:
    assert {task["category"] for task in ENGLISH} == CATEGORIES
    assert sum(task["is_classification"] for task in ENGLISH) >= 35


def test_english_opens_with_short_tasks_of_both_kinds() -> None:
    short = [task for task in ENGLISH[:50] if len(task["instruction"].split()) <= 25]
    classifications = sum(task["is_classification"] for task in short)
    assert classifications >= 12
    assert len(short) - classifications >= 22


def test_many_tasks_have_several_instances() -> None:
    assert sum(len(task["instances"]) > 1 for task in TASKS) >= 60


def test_checked_tasks_are_many_and_varied() -> None:
    assert len(CHECKED) >= 45
    assert len({task["language"] for task in CHECKED}) >= 5
    assert len({task["check"] for task in CHECKED}) >= 15


def test_every_check_function_is_used_and_every_check_key_exists() -> None:
    assert {task["check"] for task in CHECKED} == set(CHECKS)


@each_language
def test_no_two_instructions_of_a_language_are_alike(language: str) -> None:
    tokenised = [(task["id"], tokens(task["instruction"])) for task in of_language(language)]
    alike = [
        (id_a, id_b)
        for (id_a, one), (id_b, other) in combinations(tokenised, 2)
        if rouge_l(one, other) >= ROUGE_LIMIT
    ]
    assert alike == []


def test_the_tokenizer_splits_unspaced_scripts_and_keeps_words_whole() -> None:
    assert tokens("Ein Öl-Test 42!") == ["ein", "öl", "test", "42"]
    assert tokens("猫とcat") == ["猫", "と", "cat"]
    assert tokens("한국어 문장") == ["한국어", "문장"]
    assert tokens("हिन्दी शब्द") == ["हिन्दी", "शब्द"]


# Content


@each_task
def test_the_text_is_in_the_language_of_its_file(task: Task) -> None:
    text = " ".join([task["instruction"], *(i["output"] for i in task["instances"])])
    if task["category"] in NO_LANGUAGE_CHECK:
        return
    if sum(letter.isalpha() for letter in text) <= MIN_LETTERS_FOR_DETECTION:
        return
    assert detect(text).split("-")[0] == task["language"]


@pytest.mark.parametrize("task", CHECKED, ids=lambda task: f"{task['id']}-{task['check']}")
def test_a_checked_answer_is_right(task: Task) -> None:
    for instance in task["instances"]:
        assert CHECKS[task["check"]](task, instance["input"], instance["output"]), instance


@pytest.mark.parametrize("task", CHECKED, ids=lambda task: f"{task['id']}-{task['check']}")
def test_a_check_turns_down_a_wrong_answer(task: Task) -> None:
    for instance in task["instances"]:
        try:
            accepted = CHECKS[task["check"]](task, instance["input"], spoiled(task, instance))
        except (ValueError, KeyError, re.error):
            accepted = False
        assert not accepted, instance


def spoiled(task: Task, instance: Instance) -> str:
    """A wrong answer: another label of the task, or the right answer made wrong."""
    if task["is_classification"]:
        labels = [i["output"] for i in task["instances"] if i["output"] != instance["output"]]
        return labels[0]
    words_too_many = " e" * 200
    endings = {"max-words": words_too_many, "lipogram": words_too_many, "acrostic": "\nQ"}
    programs = {"python-asserts": "pass", "sql": "SELECT reader FROM loans", "regex": ".*"}
    kind = task["check"]
    return programs.get(kind, instance["output"] + endings.get(kind, "1"))


# README


def test_the_readme_table_of_languages_matches_the_tasks() -> None:
    expected = []
    for language in LANGUAGES:
        tasks = of_language(language)
        chosen = sum(task["is_classification"] for task in tasks)
        expected.append((language, str(chosen), str(len(tasks) - chosen), str(len(tasks))))
    chosen = sum(task["is_classification"] for task in TASKS)
    expected.append(("total", str(chosen), str(len(TASKS) - chosen), str(len(TASKS))))
    assert table_rows("By language") == expected


def test_the_readme_table_of_categories_matches_the_tasks() -> None:
    everywhere = Counter(task["category"] for task in TASKS)
    english = Counter(task["category"] for task in ENGLISH)
    expected = [
        (name, str(english[name]), str(everywhere[name] - english[name]), str(everywhere[name]))
        for name in sorted(CATEGORIES)
    ]
    assert table_rows("By category") == expected
