"""Tasks on one dialogue, in the shape of InstructDial (Gupta et al. 2022, arXiv 2205.12673).

    Instruction: Choose the option that continues the dialogue.
    Input: [CONTEXT] M: Late again? [ENDOFTURN] W: The bus. [ENDOFDIALOGUE] [OPTIONS] M: I see.||||M: No.
        [QUESTION] The next turn is

Turns of others, for options that are wrong, come from dialogues that are never the row itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from ittools.template.dialogue.read import Dialogue, Question
from ittools.template.dialogue.wordings import ASKED, NONE

WRONG = 3  # options beside the right one
FEWEST_WORDS = 4  # of a turn whose beginning is told
MARKS = ("[CONTEXT]", "[ENDOFTURN]", "[ENDOFDIALOGUE]", "[OPTIONS]", "[QUESTION]", "[MASK]", "||||")


@dataclass(frozen=True)
class Case:
    """One record to be. question: the row's own, or what fills the drawn wording."""

    kind: str
    turns: Sequence[str]
    output: str
    options: Sequence[str] = ()
    question: str = ""
    reason: str | None = None


@dataclass(frozen=True)
class Written:
    """A record's prompt. wording: which instruction was drawn, for the name of the template."""

    prompt: str
    output: str
    wording: int
    reason: str | None


@dataclass(frozen=True)
class Draw:
    """others: turns of other dialogues."""

    random: Random
    others: Sequence[str] = field(default=())


def written(case: Case, random: Random) -> Written:
    """The case in words that are drawn."""
    asked = ASKED[case.kind]
    wording = random.randrange(len(asked.instructions))
    question = case.question
    if asked.questions:
        question = random.choice(asked.questions).replace("{}", case.question)
    shown = " [ENDOFTURN] ".join(case.turns)
    options = f" [OPTIONS] {'||||'.join(case.options)}" if case.options else ""
    prompt = (
        f"Instruction: {asked.instructions[wording]}\n"
        f"Input: [CONTEXT] {shown} [ENDOFDIALOGUE]{options} [QUESTION] {question}"
    )
    return Written(prompt, case.output, wording, case.reason or _trouble(case))


def _trouble(case: Case) -> str | None:
    """Texts that would be taken for the shape they stand in."""
    if not case.output.strip():
        return "empty-target"
    texts = (*case.turns, *case.options, case.question)
    held = [text for text in texts if text != "[MASK]" and any(mark in text for mark in MARKS)]
    return "mark-in-text" if held else None


def _cut(dialogue: Dialogue, draw: Draw) -> tuple[Sequence[str], str] | None:
    """(the turns before, the next one) at a place that is drawn."""
    if len(dialogue.turns) < 2:
        return None
    at = draw.random.randrange(1, len(dialogue.turns))
    return dialogue.turns[:at], dialogue.turns[at]


def respond(dialogue: Dialogue, draw: Draw) -> list[Case]:
    cut = _cut(dialogue, draw)
    return [Case("response-generation", *cut)] if cut else []


def begin(dialogue: Dialogue, draw: Draw) -> list[Case]:
    cut = _cut(dialogue, draw)
    words = cut[1].split(" ") if cut else []
    if cut is None or len(words) < FEWEST_WORDS:
        return []
    told = " ".join(words[: draw.random.randint(2, max(2, len(words) // 2))])
    return [Case("begins-with-generation", *cut, question=told)]


def select(dialogue: Dialogue, draw: Draw) -> list[Case]:
    cut = _cut(dialogue, draw)
    if cut is None:
        return []
    wrong = _wrong(draw, {*dialogue.turns}, WRONG)
    options = _shuffled([cut[1], *wrong], draw.random)
    return [Case("next-turn-selection", *cut, options, reason=None if wrong else "no-other-dialogue")]


def none_fits(dialogue: Dialogue, draw: Draw) -> list[Case]:
    """In half of the cases the right option is not there."""
    cut = _cut(dialogue, draw)
    if cut is None:
        return []
    there = draw.random.random() < 0.5
    wrong = _wrong(draw, {*dialogue.turns}, WRONG if there else WRONG + 1)
    options = _shuffled([*([cut[1]] if there else []), *wrong], draw.random)
    reason = None if wrong else "no-other-dialogue"
    return [Case("none-of-the-above", cut[0], cut[1] if there else NONE, [*options, NONE], reason=reason)]


def fill(dialogue: Dialogue, draw: Draw) -> list[Case]:
    if len(dialogue.turns) < 3:
        return []
    at = draw.random.randrange(1, len(dialogue.turns) - 1)
    turns = [*dialogue.turns[:at], "[MASK]", *dialogue.turns[at + 1 :]]
    return [Case("missing-turn", turns, dialogue.turns[at])]


def stray(dialogue: Dialogue, draw: Draw) -> list[Case]:
    if len(dialogue.turns) < 3:
        return []
    wrong = _wrong(draw, {*dialogue.turns}, 1)
    at = draw.random.randrange(1, len(dialogue.turns) + 1)
    turns = [*dialogue.turns[:at], *wrong, *dialogue.turns[at:]]
    return [Case("stray-turn", turns, "".join(wrong), reason=None if wrong else "no-other-dialogue")]


def answer(dialogue: Dialogue, draw: Draw) -> list[Case]:
    """Every question, with its choices where it has any."""
    return [_answer(dialogue, question, draw) for question in dialogue.questions if dialogue.turns]


def _answer(dialogue: Dialogue, question: Question, draw: Draw) -> Case:
    kind = "question-choice" if question.choices else "question-answering"
    options = _shuffled(question.choices, draw.random)
    return Case(kind, dialogue.turns, question.answer, options, question.text, question.trouble)


def summarise(dialogue: Dialogue, draw: Draw) -> list[Case]:
    wanted = dialogue.turns and dialogue.summary
    return [Case("summarisation", dialogue.turns, dialogue.summary)] if wanted else []


def which_instruction(dialogue: Dialogue, draw: Draw) -> list[Case]:
    """One of the tasks above, told by its output; what was asked is to be found."""
    makers = (respond, fill, answer, summarise)
    cases = [case for make in makers for case in make(dialogue, draw) if case.reason is None and case.output]
    if not cases:
        return []
    case = draw.random.choice(cases)
    right = draw.random.choice(ASKED[case.kind].instructions)
    kinds = draw.random.sample([kind for kind in ASKED if kind not in _ALIKE[case.kind]], WRONG)
    wrong = [draw.random.choice(ASKED[kind].instructions) for kind in kinds]
    turns = (
        [turn.replace("[MASK]", "...") for turn in case.turns] if case.kind == "missing-turn" else case.turns
    )
    told = Case("instruction-selection", turns, right, _shuffled([right, *wrong], draw.random), case.output)
    return [replace(told, options=[one.replace("[MASK]", "...") for one in told.options],
                    output=right.replace("[MASK]", "..."))]  # fmt: skip


_META = "instruction-selection"
_NEXT = {"response-generation", "begins-with-generation", "next-turn-selection", "none-of-the-above"}
_ASKING = {"question-answering", "question-choice", _META}
_ALIKE = {  # tasks that the same output could come from
    "response-generation": {*_NEXT, _META},
    "missing-turn": {"missing-turn", "stray-turn", _META},
    "question-answering": _ASKING,
    "question-choice": _ASKING,
    "summarisation": {"summarisation", _META},
}

TASKS: dict[str, Callable[[Dialogue, Draw], list[Case]]] = {
    "response-generation": respond,
    "begins-with-generation": begin,
    "next-turn-selection": select,
    "missing-turn": fill,
    "stray-turn": stray,
    "question-answering": answer,
    "summarisation": summarise,
    "none-of-the-above": none_fits,
    "instruction-selection": which_instruction,
}


def _wrong(draw: Draw, own: set[str], count: int) -> list[str]:
    """Turns of other dialogues that are none of this one's."""
    there = list(dict.fromkeys(turn for turn in draw.others if turn not in own))
    return draw.random.sample(there, min(count, len(there)))


def _shuffled(options: Sequence[str], random: Random) -> list[str]:
    return random.sample(list(options), len(options))
