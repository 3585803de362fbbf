"""`--style dialogue`: conversations become tasks on them, in the shape of InstructDial.

    {"dialogue": ["M: Late again?", "W: The bus."], "question": "Why is she late?", "answer": "The bus"}
        -> what comes next, which option does, what is missing, the answer, which instruction was given ...

--only names tasks (`--only '*-selection'`), --per-row draws so many of them for each row; else all that a
row has what they need for are rendered. Wordings, cuts and wrong options are drawn by --seed. All records
of a conversation have one parent, so `mix --heldout-by parent` keeps them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from ittools.errors import InputError, UsageError
from ittools.formats.rows import Row
from ittools.formats.tables import About, Chunk, Table
from ittools.store.dataset import InputEntry
from ittools.template.build import Builder, of_another_kind, told
from ittools.template.chat.shared import family
from ittools.template.dialogue.read import COLUMNS, TURNS, Dialogue, dialogue_of
from ittools.template.dialogue.tasks import TASKS, Case, Draw, written
from ittools.template.options import StyleOptions
from ittools.template.style import Rendered, Shown, seeded

OTHERS = 8  # dialogues that wrong options are drawn from
POOL = "dialogues"


@dataclass(frozen=True)
class DialoguePlan:
    task: str | None
    tasks: tuple[str, ...]
    per_row: int | None
    seed: int
    entries: tuple[InputEntry, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"tasks": list(self.tasks)}


def plan(options: StyleOptions, tables: Sequence[Table]) -> DialoguePlan:
    """Raises UsageError where --only names no task."""
    patterns = options.only or ("*",)
    tasks = tuple(name for name in TASKS if any(fnmatchcase(name, pattern) for pattern in patterns))
    if not tasks:
        raise UsageError(f"--only {' '.join(options.only)}: no such task; there are: {', '.join(TASKS)}")
    if options.per_row is not None and options.per_row < 1:
        raise UsageError(f"--per-row {options.per_row}: at least 1")
    return DialoguePlan(options.task, tasks, options.per_row, options.seed)


def group(plan: DialoguePlan, row: Row, _: About) -> str | None:
    """Any dialogue may lend its turns."""
    try:
        return POOL if len(dialogue_of(row).turns) > 1 else None
    except (KeyError, ValueError):
        return None


def render(plan: DialoguePlan, chunk: Chunk, shown: Shown) -> Rendered:
    """Records of every dialogue. Raises InputError for rows without turns."""
    built = Builder(chunk.about)
    if of_another_kind(chunk, lambda row: any(name in row for name in TURNS)):
        raise InputError(
            f"{chunk.place(0)}: no column with turns, there are: {', '.join(map(str, chunk.rows[0]))}; "
            "name it with --map dialogue=theirs (or, without a header, --columns)"
        )
    for number, row in enumerate(chunk.rows):
        place, key, about = chunk.place(number), chunk.key(number), told(row)
        try:
            dialogue = dialogue_of(row)
        except KeyError:
            _drop(built, plan, "missing-field", f"{place}: no turns", about)
            continue
        except ValueError as error:
            _drop(built, plan, "unreadable", f"{place}: {error}", about)
            continue
        cases, about = _cases(plan, dialogue, key, shown), {"parents": [family(dialogue.turns)]} | about
        if not cases:
            reason, detail = _nothing(plan, dialogue)
            _drop(built, plan, reason, f"{place}: {detail}", about)
        for case in cases:
            random = seeded(plan.seed, "wording", key, case.kind, case.question)
            _add(built, plan, case, random, place, about)
    return built.rendered()


def _cases(plan: DialoguePlan, dialogue: Dialogue, key: str, shown: Shown) -> list[Case]:
    """What a row is asked, each task drawing by itself: --only changes no record of another task."""
    others = _other_turns(shown, key, seeded(plan.seed, "others", key))
    found = []
    for name in plan.tasks:
        found.append(TASKS[name](dialogue, Draw(seeded(plan.seed, "dialogue", key, name), others)))
    cases = [some for some in found if some]
    if plan.per_row is not None and len(cases) > plan.per_row:
        cases = seeded(plan.seed, "tasks", key).sample(cases, plan.per_row)
    return [case for some in cases for case in some]


def _nothing(plan: DialoguePlan, dialogue: Dialogue) -> tuple[str, str]:
    """(reason, detail) of a row that is asked nothing: all tasks may live on a column that it has not."""
    if dialogue.turns and all(task in COLUMNS for task in plan.tasks):
        return "missing-field", "; ".join(f"nothing in {' or '.join(COLUMNS[task])}" for task in plan.tasks)
    return "too-few-turns", f"{len(dialogue.turns)} turns, nothing to ask"


def _other_turns(shown: Shown, key: str, random: Random) -> list[str]:
    """Of some dialogues that are drawn, never of the row itself."""
    there = shown.get(POOL, ())
    drawn = random.sample(range(len(there)), min(OTHERS + 1, len(there)))
    rows = [there[n][1] for n in drawn if there[n][0] != key][:OTHERS]
    return [turn for row in rows for turn in dialogue_of(row).turns]


def _add(
    built: Builder, plan: DialoguePlan, case: Case, random: Random, place: str, about: Mapping[str, Any]
) -> None:
    text = written(case, random)
    built.add(
        text.prompt, text.output,
        task=plan.task or f"{built.about.name}/{case.kind}", template=f"dialogue/{case.kind}/{text.wording}",
        reason=text.reason, detail=place if text.reason else None, **about,
    )  # fmt: skip


def _drop(built: Builder, plan: DialoguePlan, reason: str, detail: str, about: Mapping[str, Any]) -> None:
    built.drop(reason, "", "", detail=detail, task=plan.task or built.about.name, template=None, **about)
