"""What the embedded teacher writes where lists, verdicts and instances are asked for."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from ittools.generate.offline.kind import Kind, Task, read_instruction, write_instruction
from ittools.generate.offline.solve import INSTANCES, instance, whole_task
from ittools.generate.teacher import Request
from ittools.text.language import primary_code

USUAL_COUNT = 8  # tasks in an answer, where the request does not say
MOST_LABELS = 5
TRIES = 60  # draws for a further instance

TOPICS = {
    "en": "calendars, kitchen measures, number puzzles, spelling, rhymes, travel times, currencies, "
          "weather reports, library shelves, school timetables, board games, music notes, gardening, "
          "street names, sports results, family trees, shopping lists, geometry, chemistry, capitals",
    "de": "Kalender, Küchenmaße, Zahlenrätsel, Rechtschreibung, Reime, Reisezeiten, Währungen, "
          "Wetterberichte, Bücherregale, Stundenpläne, Brettspiele, Noten, Gartenarbeit, Straßennamen, "
          "Spielergebnisse, Stammbäume, Einkaufszettel, Geometrie, Chemie, Hauptstädte",
    "fr": "calendriers, mesures de cuisine, énigmes chiffrées, orthographe, rimes, temps de trajet, "
          "monnaies, bulletins météo, rayons de bibliothèque, emplois du temps, jeux de société, solfège, "
          "jardinage, noms de rues, résultats sportifs, arbres généalogiques, listes de courses, "
          "géométrie, chimie, capitales",
    "es": "calendarios, medidas de cocina, acertijos numéricos, ortografía, rimas, tiempos de viaje, "
          "monedas, partes meteorológicos, estantes de biblioteca, horarios escolares, juegos de mesa, "
          "notas musicales, jardinería, nombres de calles, resultados deportivos, árboles genealógicos, "
          "listas de compra, geometría, química, capitales",
    "it": "calendari, misure di cucina, enigmi numerici, ortografia, rime, tempi di viaggio, valute, "
          "bollettini meteo, scaffali di biblioteca, orari scolastici, giochi da tavolo, note musicali, "
          "giardinaggio, nomi di vie, risultati sportivi, alberi genealogici, liste della spesa, "
          "geometria, chimica, capitali",
}  # fmt: skip


@dataclass
class Desk:
    """What a writer has before it."""

    rng: random.Random
    errors: float
    kinds: tuple[Kind, ...]

    def spoils(self) -> bool:
        return self.rng.random() < self.errors

    def kind(self, language: str, *, classes: bool = False) -> tuple[Kind, str]:
        """A kind that is phrased in the language; in English where none is."""
        known = [k for k in self.kinds if language in k.phrasings and (k.is_classification or not classes)]
        if not known:  # no such language: it says so in the only way it can
            language, known = "en", list(self.kinds)
        return self.rng.choice(known), language


def language_of(request: Request) -> str:
    return primary_code(request.values.get("language") or "en")


def instructions(desk: Desk, request: Request) -> str:
    """A numbered list that goes on from what was shown."""
    shown = list(request.values.get("shown", ()))
    language, classes = language_of(request), bool(request.values.get("only_classes"))
    written: list[str] = []
    while len(written) < int(request.values.get("count", USUAL_COUNT)):
        task = _instruction(desk, language, classes=classes)
        if request.values.get("whole"):  # nothing but the line itself will be answered
            task = whole_task(*desk.kind(language), desk.rng, one_line=True)
            if "\n" in task:
                continue
        if desk.spoils():
            written.append(_spoiled_instruction(desk, task, shown, language))
        elif task not in written and task not in shown:
            written.append(task)
    return _listed(request, written, "tasks", int(request.values.get("first", 1)))


def _listed(request: Request, written: Sequence[str], name: str, first: int) -> str:
    if request.schema is not None:
        return json.dumps({name: list(written)}, ensure_ascii=False)
    lines = "\n".join(f"{number}. {one}" for number, one in enumerate(written, start=first))
    goes_on = request.api == "completions"  # our first number stands in the prompt already
    return lines.removeprefix(f"{first}.") if goes_on else lines


def _instruction(desk: Desk, language: str, *, classes: bool = False) -> str:
    kind, language = desk.kind(language, classes=classes)
    return write_instruction(kind, language, desk.rng.randrange(len(kind.phrasings[language])), desk.rng)


def _spoiled_instruction(desk: Desk, task: str, shown: Sequence[str], language: str) -> str:
    fault = desk.rng.choice(("copy", "short", "picture", "punctuation", "language"))
    if fault == "copy" and shown:
        return desk.rng.choice(list(shown))
    if fault == "short":
        return " ".join(task.split()[:2])
    if fault == "picture":
        return f"{task.rstrip('.')} and draw a picture of it."
    if fault == "punctuation":
        return f"- {task}"
    others = sorted({code for kind in desk.kinds for code in kind.phrasings} - {language})
    return _instruction(desk, desk.rng.choice(others)) if others else task


def topics(desk: Desk, request: Request) -> str:
    words = TOPICS.get(language_of(request), TOPICS["en"]).split(", ")
    chosen = desk.rng.sample(words, min(len(words), int(request.values.get("count", 10))))
    if desk.spoils():
        chosen[0] = "a topic that is far too long to be one"
    return _listed(request, chosen, "topics", 1)


def verdict(desk: Desk, request: Request) -> str:
    task = read_instruction(str(request.values.get("instruction", "")), desk.kinds)
    yes = task is not None and task.kind.is_classification
    if desk.spoils():  # right, but not the one word that was asked for
        return "Yes, this is a classification task." if yes else "The answer is no."
    return "Yes" if yes else "No"


def instances(desk: Desk, request: Request) -> str:
    task = read_instruction(str(request.values.get("instruction", "")), desk.kinds)
    if task is None:
        return ""
    pairs = pairs_of(desk, task, int(request.values.get("count", MOST_LABELS)))
    if desk.spoils():
        pairs = _spoiled_pairs(desk, pairs)
    if request.schema is not None:
        listed = [{"input": given, "output": wanted} for given, wanted in pairs]
        return json.dumps({"instances": listed}, ensure_ascii=False)
    if request.values.get("labels"):
        return "\n".join(f"Class label: {wanted}\nInput: {given}" for given, wanted in pairs)
    if not pairs[0][0]:
        return f"Output: {pairs[0][1]}"
    return "\n".join(
        f"Example {number}\nInput: {given}\nOutput: {wanted}"
        for number, (given, wanted) in enumerate(pairs, start=1)
    )


def pairs_of(desk: Desk, task: Task, most: int) -> list[tuple[str, str]]:
    """One to three instances; of a classification task one a label, as far as they turn up."""
    first = instance(task, desk.rng.randrange(INSTANCES))
    if not first[0]:
        return [first]
    labels = task.kind.labels.get(task.language, ())
    wanted = min(most, min(len(labels), MOST_LABELS) if labels else desk.rng.randint(1, 3))
    found = {first[1] if labels else first[0]: first}
    for _ in range(TRIES):
        if len(found) >= wanted:
            break
        pair = instance(task, desk.rng.randrange(INSTANCES))
        found.setdefault(pair[1] if labels else pair[0], pair)
    return list({given: (given, wanted) for given, wanted in found.values()}.values())


def _spoiled_pairs(desk: Desk, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    given, wanted = pairs[0]
    fault = desk.rng.choice(("empty", "echo", "contradiction", "colon"))
    if fault == "empty":
        return [(given, "")]
    if fault == "echo":
        return [(wanted, wanted)]
    if fault == "contradiction" and given:
        return [(given, wanted), (given, wanted[::-1] + ".")]
    return [(given, wanted.rstrip(".") + ":")]


def tasks(desk: Desk, request: Request) -> str:
    """Whole tasks in blocks, as Alpaca's prompt shows them."""
    language, shown = language_of(request), list(request.values.get("shown", ()))
    triples: list[tuple[str, str, str]] = []
    while len(triples) < int(request.values.get("count", USUAL_COUNT)):
        instruction = _instruction(desk, language)
        task = read_instruction(instruction, desk.kinds)
        assert task is not None
        pairs = pairs_of(desk, task, 1)
        if desk.spoils():
            instruction = _spoiled_instruction(desk, instruction, shown, language)
        elif desk.spoils():
            pairs = _spoiled_pairs(desk, pairs)
        triples.append((instruction, *pairs[0]))
    if request.schema is not None:
        names = ("instruction", "input", "output")
        listed = [dict(zip(names, triple, strict=True)) for triple in triples]
        return json.dumps({"tasks": listed}, ensure_ascii=False)
    first = int(request.values.get("first", 1))
    blocks = [
        f"###\n{n}. Instruction: {instruction}\n{n}. Input:\n{given or '<noinput>'}\n{n}. Output:\n{wanted}"
        for n, (instruction, given, wanted) in enumerate(triples, start=first)
    ]
    text = "\n".join(blocks)
    return text.removeprefix(f"###\n{first}. Instruction:") if request.api == "completions" else text
