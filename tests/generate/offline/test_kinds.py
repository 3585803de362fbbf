"""The kinds of the offline teacher: wording, format, and answers checked a second way."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from checkers import CHECKERS
from rapidfuzz.distance import LCSseq

from ittools.generate.offline.kind import Kind, read_instruction, write_instruction
from ittools.generate.offline.kinds import KINDS

LANGUAGES = ("en", "de", "fr", "es", "it")
CASES = [(kind, language) for kind in KINDS for language in kind.phrasings]
each_case = pytest.mark.parametrize(
    ("kind", "language"), CASES, ids=[f"{kind.name}-{language}" for kind, language in CASES]
)

BARRED = re.compile(
    r"image|graph|picture|\bfiles?\b|\bmaps?\b|\bdraw|\bplot|go to|video|audio|music|flowchart"
    r"|diagram|example|input|output|class label|^write a program|\n|^\d+\.|:$",
    re.IGNORECASE,
)
BARRED_LINE = re.compile(r"^(Input:|Output:|Example|Task:|Class label)", re.MULTILINE)


def instances(
    kind: Kind, language: str, count: int, first_seed: int = 0
) -> Iterator[tuple[dict[str, str], str, str]]:
    for seed in range(first_seed, first_seed + count):
        rng = random.Random(seed * 7919 + 13)
        params = kind.draw(rng, language)
        yield params, *kind.make(rng, params, language)


def instructions(kind: Kind, language: str, phrasing: int, count: int) -> list[str]:
    return [write_instruction(kind, language, phrasing, random.Random(s)) for s in range(count)]


def overlap(left: list[str], right: list[str]) -> float:
    """ROUGE-L F1 of two texts given as words."""
    return 2 * LCSseq.similarity(left, right) / (len(left) + len(right))


def corruptions(kind: Kind, language: str, output: str) -> set[str]:
    if kind.is_classification:
        return set(kind.labels[language]) - {output} | {output[:-1], output.swapcase()}
    spoiled = {output[1:], output[:-1], output + output[-1], output[::-1], output + " "}
    middle = len(output) // 2
    spoiled.add(output[:middle] + output[middle + 1 :])
    for found in re.finditer(r"\d", output):
        other = str((int(found[0]) + 1) % 10)
        spoiled.add(output[: found.start()] + other + output[found.end() :])
    return spoiled - {output, ""}


def test_there_are_enough_kinds_with_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 48
    assert sum(kind.is_classification for kind in KINDS) >= 14


def test_each_language_has_enough_kinds() -> None:
    counts = Counter(language for kind in KINDS for language in kind.phrasings)
    assert set(counts) == set(LANGUAGES)
    assert counts["en"] == len(KINDS)
    assert all(counts[language] >= 30 for language in LANGUAGES)


def test_at_least_half_of_the_kinds_have_parameters() -> None:
    assert 2 * sum(bool(kind.draw(random.Random(0), "en")) for kind in KINDS) >= len(KINDS)


@each_case
def test_a_kind_has_several_phrasings_and_labels_in_each_language(kind: Kind, language: str) -> None:
    assert len(set(kind.phrasings[language])) >= (4 if language == "en" else 3)
    assert not kind.labels or len(set(kind.labels[language])) >= 2


@each_case
def test_every_phrasing_keeps_the_rules_of_wording(kind: Kind, language: str) -> None:
    for phrasing in range(len(kind.phrasings[language])):
        for text in instructions(kind, language, phrasing, 10):
            assert not BARRED.search(text), text
            assert text[0].isalpha(), text
            assert text[0].isupper(), text
            assert 6 <= len(text.split()) <= 30, text


@each_case
def test_every_phrasing_reads_back_with_its_parameters(kind: Kind, language: str) -> None:
    for phrasing in range(len(kind.phrasings[language])):
        for seed in range(100):
            text = write_instruction(kind, language, phrasing, random.Random(seed))
            task = read_instruction(text, KINDS)
            assert task is not None
            assert (task.kind.name, task.language) == (kind.name, language), text
            assert task.parameters == kind.draw(random.Random(seed), language), text


def test_a_foreign_instruction_is_not_recognised() -> None:
    assert read_instruction("Tell me a story about a lighthouse.", KINDS) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_phrasings_of_a_language_are_alike(language: str) -> None:
    rows = [
        (f"{kind.name} {phrasing}", re.findall(r"\w+", text.lower()))
        for kind in KINDS
        for phrasing in range(len(kind.phrasings.get(language, ())))
        for text in instructions(kind, language, phrasing, 2)
    ]
    alike = [
        (name, other)
        for place, (name, words) in enumerate(rows)
        for other, more in rows[:place]
        if name != other and overlap(words, more) >= 0.7
    ]
    assert alike == []


@each_case
def test_instances_keep_the_rules_of_format(kind: Kind, language: str) -> None:
    for _, given, output in instances(kind, language, 100):
        assert output
        assert output != given
        assert not output.endswith(":")
        assert given == given.strip()
        assert output == output.strip()
        assert "\n\n" not in given
        assert "\n\n" not in output
        assert not BARRED_LINE.search(given)
        assert not BARRED_LINE.search(output)


@each_case
def test_the_same_seed_gives_the_same_instance(kind: Kind, language: str) -> None:
    assert list(instances(kind, language, 20)) == list(instances(kind, language, 20))


@each_case
def test_inputs_are_varied(kind: Kind, language: str) -> None:
    distinct = {given or str(params) for params, given, _ in instances(kind, language, 200)}
    assert len(distinct) >= 120


@each_case
def test_a_kind_without_input_depends_on_its_parameters_alone(kind: Kind, language: str) -> None:
    for params, given, output in instances(kind, language, 20):
        if given == "":
            assert kind.make(random.Random(99), params, language) == ("", output)


@each_case
def test_a_classification_gives_each_label_often_enough(kind: Kind, language: str) -> None:
    if not kind.is_classification:
        return
    counts = Counter(output for _, _, output in instances(kind, language, 200))
    assert set(counts) == set(kind.labels[language])
    assert min(counts.values()) >= 200 / len(counts) * 0.4


def test_every_kind_has_an_independent_checker() -> None:
    assert set(CHECKERS) == {kind.name for kind in KINDS}


@each_case
def test_a_second_way_of_solving_agrees_with_every_answer(kind: Kind, language: str) -> None:
    for params, given, output in instances(kind, language, 200):
        assert CHECKERS[kind.name](language, params, given, output), (params, given, output)


@each_case
def test_a_corrupted_answer_is_refused(kind: Kind, language: str) -> None:
    for params, given, output in instances(kind, language, 40):
        for spoiled in corruptions(kind, language, output):
            assert not CHECKERS[kind.name](language, params, given, spoiled), (given, spoiled)
