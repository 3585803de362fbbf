"""Answers by rule to texts that hold a task of ours, and tasks whose answers the rules know.

The rules make an input and its output together, so an input is answered by making the task's first
instances again and finding it among them. A text may end in constraints of ours on the form of the
answer; each is applied in turn.

    solve("Multiply each number by 3.\\n\\n1, 2")                      -> "3, 6", if it is an instance
    constrained("Multiply ...", "en", rng)  -> "Multiply ... Put the answer in square brackets."
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import lru_cache

from ittools.generate.offline.kind import Kind, Task, read_instruction, write_instruction
from ittools.generate.offline.kinds import KINDS

INSTANCES = 64  # of one task; inputs beyond them are not recognised

Form = Callable[[str], str]
CONSTRAINTS: tuple[tuple[Mapping[str, str], Form], ...] = (
    (
        {
            "en": "Put the whole answer in square brackets.",
            "de": "Setze die ganze Antwort in eckige Klammern.",
            "fr": "Mettez toute la réponse entre crochets.",
            "es": "Pon toda la respuesta entre corchetes.",
            "it": "Metti tutta la risposta tra parentesi quadre.",
        },
        lambda text: f"[{text}]",
    ),
    (
        {
            "en": "Write the answer twice, with a semicolon and a space between the two.",
            "de": "Schreibe die Antwort zweimal, mit einem Semikolon und einem Leerzeichen dazwischen.",
            "fr": "Écrivez la réponse deux fois, séparées par un point-virgule et une espace.",
            "es": "Escribe la respuesta dos veces, con un punto y coma y un espacio entre ambas.",
            "it": "Scrivi la risposta due volte, con un punto e virgola e uno spazio in mezzo.",
        },
        lambda text: f"{text}; {text}",
    ),
    (
        {
            "en": "After the answer, add a space and its number of characters in round brackets.",
            "de": "Füge nach der Antwort ein Leerzeichen und in runden Klammern die Anzahl ihrer Zeichen an.",
            "fr": "Après la réponse, ajoutez une espace et son nombre de caractères entre parenthèses.",
            "es": "Tras la respuesta, añade un espacio y su número de caracteres entre paréntesis.",
            "it": "Dopo la risposta aggiungi uno spazio e il numero dei suoi caratteri tra parentesi tonde.",
        },
        lambda text: f"{text} ({len(text)})",
    ),
    (
        {
            "en": "Begin with the word Answer, a colon and a space.",
            "de": "Beginne mit dem Wort Antwort, einem Doppelpunkt und einem Leerzeichen.",
            "fr": "Commencez par le mot Réponse, un deux-points et une espace.",
            "es": "Empieza con la palabra Respuesta, dos puntos y un espacio.",
            "it": "Comincia con la parola Risposta, due punti e uno spazio.",
        },
        lambda text: text,  # the word depends on the language: see `_applied`
    ),
    (
        {
            "en": "Then spell the answer backwards instead of forwards.",
            "de": "Schreibe die Antwort dann rückwärts statt vorwärts.",
            "fr": "Écrivez ensuite la réponse à l'envers au lieu de l'écrire à l'endroit.",
            "es": "Escribe después la respuesta al revés en lugar de al derecho.",
            "it": "Poi scrivi la risposta al contrario invece che per il verso giusto.",
        },
        lambda text: text[::-1],
    ),
)  # fmt: skip
_FIRST_WORDS = {"en": "Answer: ", "de": "Antwort: ", "fr": "Réponse : ", "es": "Respuesta: ",
                "it": "Risposta: "}  # fmt: skip
_WITH_WORD = 3  # place of the constraint that needs one of these
MOST_CONSTRAINTS = 3  # on one task
_NOT_DRAWN = (ValueError, KeyError, IndexError, ZeroDivisionError)  # of parameters that no kind draws
ON_ONE_LINE = {"en": " Given: ", "de": " Gegeben: ", "fr": " Donné : ", "es": " Dado: ", "it": " Dato: "}


def instance(task: Task, number: int) -> tuple[str, str]:
    """The number-th (input, output) of a task; the same wherever it is made."""
    place = f"{task.kind.name}:{task.language}:{sorted(task.parameters.items())}:{number}"
    return task.kind.make(random.Random(place), task.parameters, task.language)


@lru_cache(maxsize=4096)
def _known(instruction: str) -> Task | None:
    """The task of an instruction; null where its parameters are none that a kind of ours draws."""
    task = read_instruction(instruction, KINDS)
    if task is None:
        return None
    try:
        instance(task, 0)
    except _NOT_DRAWN:
        return None
    return task


def read_task(text: str) -> tuple[Task, str, tuple[int, ...]] | None:
    """(task, input, places of the constraints) of a text: instruction, blank line, input."""
    head, _, given = text.partition("\n\n")
    head, places = _without_constraints(head.strip())
    for between in ON_ONE_LINE.values() if not given else ():
        front, found, rest = head.partition(between)
        if found and (task := _known(front)):
            return task, rest, places
    task = _known(head)
    return None if task is None else (task, given.strip(), places)


def _without_constraints(head: str) -> tuple[str, tuple[int, ...]]:
    places: list[int] = []
    while True:
        ends = [
            (place, sentence)
            for place, (sentences, _) in enumerate(CONSTRAINTS)
            for sentence in sentences.values()
            if head.endswith(" " + sentence)
        ]
        if not ends:
            return head, tuple(reversed(places))
        place, sentence = ends[0]
        head = head[: -len(sentence) - 1]
        places.append(place)


def solve(text: str) -> str | None:
    """The right answer to a text; null when it is none of our tasks, or an input we never made."""
    read = read_task(text)
    if read is None:
        return None
    task, given, places = read
    for number in range(INSTANCES):
        try:
            made, wanted = instance(task, number)
        except _NOT_DRAWN:
            return None
        if made.strip() == given:
            return _applied(wanted, places, task.language)
    return None


def _applied(wanted: str, places: tuple[int, ...], language: str) -> str:
    for place in places:
        wanted = _FIRST_WORDS[language] + wanted if place == _WITH_WORD else CONSTRAINTS[place][1](wanted)
    return wanted


def constrained(text: str, rng: random.Random) -> str | None:
    """The text with one more constraint on its answer; null when it is not ours or has enough."""
    read = read_task(text)
    if read is None or len(read[2]) >= MOST_CONSTRAINTS:
        return None
    task, given, places = read
    free = [place for place in range(len(CONSTRAINTS)) if place not in places]
    sentence = CONSTRAINTS[rng.choice(free)][0][task.language]
    head, found, _ = text.partition("\n\n")
    if not found and given:  # all on one line: a sentence behind it would be part of the input
        return None
    return f"{head.strip()} {sentence}" + (f"\n\n{given}" if given else "")


def rephrased(text: str, language: str, rng: random.Random) -> str | None:
    """The same instruction in other words, in `language`; null when it is not ours or has none there."""
    read = read_task(text)
    if read is None or read[2] or read[1]:
        return None
    task = read[0]
    phrasings = task.kind.phrasings.get(language, ())
    written = [phrasing.format(**task.parameters) for phrasing in phrasings]
    others = [one for one in written if one != text.strip()]
    return rng.choice(others) if others else None


def whole_task(kind: Kind, language: str, rng: random.Random, *, one_line: bool = False) -> str:
    """An instruction of a kind with one of its inputs."""
    instruction = write_instruction(kind, language, rng.randrange(len(kind.phrasings[language])), rng)
    task = read_instruction(instruction, KINDS)
    assert task is not None, instruction
    given = instance(task, rng.randrange(INSTANCES))[0].strip()
    between = ON_ONE_LINE[language] if one_line and "\n" not in given else "\n\n"
    return f"{instruction}{between}{given}" if given else instruction
