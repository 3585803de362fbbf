"""What the embedded teacher writes where one text is asked for: answers, evolved and rephrased tasks."""

from __future__ import annotations

import json
import re

from ittools.generate.offline.lists import Desk, language_of
from ittools.generate.offline.solve import (
    INSTANCES,
    constrained,
    instance,
    read_task,
    rephrased,
    solve,
    whole_task,
)
from ittools.generate.teacher import Request
from ittools.text.words import unicode_words

ASKS_AGAIN = {
    "en": "Do the same with this:",
    "de": "Mache dasselbe hiermit:",
    "fr": "Faites la même chose avec ceci :",
    "es": "Haz lo mismo con esto:",
    "it": "Fai lo stesso con questo:",
}
WRITES_TEXT = {
    "en": "Write a text of {words} words that begins with “{first}” and has the word “{word}” in it.",
    "de": "Schreibe einen Text von {words} Wörtern, der mit „{first}“ beginnt und das Wort „{word}“ enthält.",
    "fr": "Écrivez un texte de {words} mots qui commence par « {first} » et contient le mot « {word} ».",
    "es": "Escribe un texto de {words} palabras que empiece por «{first}» y contenga la palabra «{word}».",
    "it": "Scrivi un testo di {words} parole che cominci con «{first}» e contenga la parola «{word}».",
}
_FIRST_WORDS = 4
_PLACES = re.compile(r"\\\{(words|first|word)\\\}")


def answer(desk: Desk, request: Request) -> str:
    """The answer to a task that the rules know; nothing to any other."""
    right = _solved(request)
    if right is None:
        return ""
    if desk.spoils():
        return desk.rng.choice(("", "I'm sorry, but I cannot help with that.", "..."))
    return right


def _solved(request: Request) -> str | None:
    text = str(request.values.get("task", ""))
    head, _, given = text.partition("\n\n")
    turns = request.values.get("turns", ())
    if head in ASKS_AGAIN.values() and turns:  # the task stands in the first turn
        known = read_task(str(turns[0][1]))
        first = str(turns[0][1]).partition("\n\n")[0]
        return None if known is None else solve(f"{first}\n\n{given}")
    return solve(text)


def evolved(desk: Desk, request: Request) -> str:
    """One more constraint, or another task; the same again where the task is not known."""
    task = str(request.values.get("task", ""))
    if request.values.get("operation") == "breadth":
        return whole_task(*desk.kind(language_of(request)), desk.rng)
    text = constrained(task, desk.rng) or task
    if desk.spoils():
        return desk.rng.choice(("", "Here is the rewritten task: " + text, task))
    return text


def equal(desk: Desk, request: Request) -> str:
    one, other = (unicode_words(str(request.values.get(name, ""))) for name in ("task", "other"))
    return "Yes" if one == other else "No"


def instruction_for(desk: Desk, request: Request) -> str:
    """An instruction that the document obeys: its length, its beginning and a word of it."""
    document = str(request.values.get("document", ""))
    words = document.split()
    if not words:
        return ""
    plain = [word.strip(".,;:!?\"'()") for word in words if len(word) > 3] or words
    facts = {"words": len(words) + (7 if desk.spoils() else 0), "first": " ".join(words[:_FIRST_WORDS]),
             "word": desk.rng.choice(plain)}  # fmt: skip
    return WRITES_TEXT.get(language_of(request), WRITES_TEXT["en"]).format(**facts)


def score(desk: Desk, request: Request) -> str:
    """5 where the document does what our instruction says, 2 where it does not, 3 for other instructions."""
    instruction = str(request.values.get("instruction", ""))
    document = str(request.values.get("document", ""))
    for template in WRITES_TEXT.values():
        pattern = _PLACES.sub(lambda place: f"(?P<{place.group(1)}>.+?)", re.escape(template))
        found = re.fullmatch(pattern, instruction, re.DOTALL)
        if found:
            facts = found.groupdict()
            words = document.split()
            obeys = len(words) == int(facts["words"]) and facts["word"] in document
            return "5" if obeys and " ".join(words[:_FIRST_WORDS]) == facts["first"] else "2"
    return "3"


def query(desk: Desk, request: Request) -> str:
    """A user's turn, as Magpie's model writes it."""
    text = whole_task(*desk.kind(language_of(request)), desk.rng)
    return "Hm?" if desk.spoils() else text


def user(desk: Desk, request: Request) -> str:
    """A first message with a task, then the same task with other inputs."""
    language, turns = language_of(request), request.values.get("turns", ())
    if not turns:
        return whole_task(*desk.kind(language), desk.rng)
    known = read_task(str(turns[0][1]))
    if known is None or not known[1]:
        return "END"
    asked = {content.partition("\n\n")[2] for role, content in turns if role == "user"}
    for _ in range(INSTANCES):
        given = instance(known[0], desk.rng.randrange(INSTANCES))[0].strip()
        if given not in asked:
            again = ASKS_AGAIN[language if language in ASKS_AGAIN else "en"]
            return "" if desk.spoils() else f"{again}\n\n{given}"
    return "END"


def paraphrase(desk: Desk, request: Request) -> str:
    """Another phrasing of the instruction; nothing where it is not known."""
    instruction = str(request.values.get("instruction", ""))
    text = rephrased(instruction, language_of(request), desk.rng)
    if text is None:
        return ""
    return instruction if desk.spoils() else text


def translate(desk: Desk, request: Request) -> str:
    """The instruction as its kind is phrased in the other language."""
    text = rephrased(str(request.values.get("text", "")), language_of(request), desk.rng)
    return text or ""


def entails(desk: Desk, request: Request) -> str:
    """Whether a passage tells the answer: it stands in it word for word, or shares most of its words."""
    passage, wanted = (unicode_words(str(request.values.get(name, ""))) for name in ("passage", "output"))
    if not wanted:
        return "distracting"
    shared = len(set(passage) & set(wanted)) / len(set(wanted))
    said = "informative" if shared >= 0.5 else "distracting"
    return json.dumps({"verdict": said}) if request.schema is not None else said
