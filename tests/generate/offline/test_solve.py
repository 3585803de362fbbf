"""The offline teacher's answers to texts: right by a second way of solving, or none at all."""

from __future__ import annotations

import random
from itertools import product

import pytest
from checkers import CHECKERS

from ittools.generate.offline.kind import Kind, write_instruction
from ittools.generate.offline.kinds import KINDS
from ittools.generate.offline.solve import (
    CONSTRAINTS,
    INSTANCES,
    MOST_CONSTRAINTS,
    constrained,
    instance,
    read_task,
    rephrased,
    solve,
    whole_task,
)

CASES = [(kind, language) for kind in KINDS for language in kind.phrasings]
each_case = pytest.mark.parametrize(
    ("kind", "language"), CASES, ids=[f"{kind.name}-{language}" for kind, language in CASES]
)


def right(text: str) -> str:
    """The answer, checked by the kind's independent checker."""
    read = read_task(text)
    assert read is not None, text
    task, given, _ = read
    said = solve(text)
    assert said is not None, text
    assert CHECKERS[task.kind.name](task.language, dict(task.parameters), given, said), (text, said)
    return said


@each_case
@pytest.mark.parametrize("one_line", [False, True])
def test_whole_task_is_solved_rightly(kind: Kind, language: str, one_line: bool) -> None:
    for seed in range(12):
        text = whole_task(kind, language, random.Random(seed), one_line=one_line)
        right(text)


@each_case
def test_instance_is_the_same_wherever_it_is_made(kind: Kind, language: str) -> None:
    read = read_task(write_instruction(kind, language, 0, random.Random(1)))
    assert read is not None
    made = [instance(read[0], number) for number in range(INSTANCES)]
    assert made == [instance(read[0], number) for number in range(INSTANCES)]
    answers: dict[str, set[str]] = {}
    for given, wanted in made:
        answers.setdefault(given, set()).add(wanted)
    assert all(len(wanted) == 1 for wanted in answers.values())


FORMS = [
    lambda text, _: f"[{text}]",
    lambda text, _: f"{text}; {text}",
    lambda text, _: f"{text} ({len(text)})",
    lambda text, first: f"{first}{text}",
    lambda text, _: "".join(reversed(text)),
]
FIRST = {"en": "Answer: ", "de": "Antwort: ", "fr": "Réponse : ", "es": "Respuesta: ", "it": "Risposta: "}


@pytest.mark.parametrize("language", sorted(FIRST))
@pytest.mark.parametrize("places", [*product(range(5), repeat=1), *product(range(5), repeat=2)])
def test_constraints_are_applied_one_after_the_other(language: str, places: tuple[int, ...]) -> None:
    if len(set(places)) < len(places):
        return
    kind = next(kind for kind in KINDS if language in kind.phrasings and not kind.is_classification)
    text = whole_task(kind, language, random.Random(5))
    head, found, given = text.partition("\n\n")
    wanted = right(text)
    for place in places:
        head += " " + CONSTRAINTS[place][0][language]
        wanted = FORMS[place](wanted, FIRST[language])
    assert solve(head + found + given) == wanted


@each_case
def test_evolved_task_is_longer_solvable_and_at_its_end_after_three(kind: Kind, language: str) -> None:
    rng = random.Random(7)
    text = whole_task(kind, language, rng)
    for _ in range(MOST_CONSTRAINTS):
        more = constrained(text, rng)
        assert more is not None
        assert len(more) > len(text)
        assert solve(more) not in (None, solve(text))
        assert more.partition("\n\n")[2] == text.partition("\n\n")[2]
        text = more
    assert constrained(text, rng) is None


@each_case
def test_other_phrasing_is_the_same_task(kind: Kind, language: str) -> None:
    text = write_instruction(kind, language, 0, random.Random(2))
    other = rephrased(text, language, random.Random(3))
    assert other is not None
    assert other != text
    one, two = read_task(text), read_task(other)
    assert one is not None
    assert two is not None
    assert (one[0].kind, one[0].parameters) == (two[0].kind, two[0].parameters)


@pytest.mark.parametrize(
    "text",
    ["", "Tell me a story about a lighthouse.", "\n\n", "Multiply each number by nothing.\n\n1, 2",
     "Put the whole answer in square brackets.", "x" * 5_000, "{} \\ ["],
)  # fmt: skip
def test_what_is_no_task_of_ours_has_no_answer(text: str) -> None:
    assert solve(text) is None
    assert constrained(text, random.Random(0)) is None
    assert rephrased(text, "en", random.Random(0)) is None


def test_input_that_was_never_made_has_no_answer() -> None:
    kind = next(kind for kind in KINDS if not kind.is_classification)
    text = whole_task(kind, "en", random.Random(1))
    head = text.partition("\n\n")[0]
    assert solve(f"{head}\n\nsomething else altogether") is None
