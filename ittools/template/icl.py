"""`--style icl`: a record after demonstrations of its own task, and nothing that says what to do (MetaICL).

    {"task": "sentiment", "input": "a waste of time", "output": "negative", "options": [...]}  2 shots:
    direct      great fun\\npositive\\n\\n\\nso dull\\nnegative\\n\\n\\na waste of time    -> negative
    --channel   positive\\ngreat fun\\n\\n\\nnegative\\nso dull\\n\\n\\nnegative            -> a waste of time

A record is never among its demonstrations, nor one that says the same. Each is of 256 words or tokens at
most, its input cut for that, and all with the record of --max-length: what does not fit is left out from
the front, whole. Source: https://github.com/facebookresearch/MetaICL (Min et al. 2022, arXiv 2110.15943).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from ittools.errors import InputError, UsageError
from ittools.formats.rows import Row
from ittools.formats.superni import compact_json, text_of, texts
from ittools.formats.tables import About, Chunk, Labels, Table
from ittools.store.dataset import InputEntry
from ittools.template.ablate import Outputs, alike, output_space, outputs_of, space_of, wrong_outputs
from ittools.template.build import Builder, of_another_kind, told
from ittools.template.lengths import ruler, tokenizer_entries
from ittools.template.options import StyleOptions
from ittools.template.shots import chosen, shots_of
from ittools.template.style import Rendered, Shown, seeded

SHOTS = (16,)
SIDES = ("input", "output")
EXAMPLE, FREE = 256, 2  # words or tokens of a demonstration; so many are left free, as MetaICL does
BETWEEN, BARE_BETWEEN = "\n\n\n", "\n\n"  # of two examples; before one that has no input


@dataclass(frozen=True)
class IclPlan:
    """outputs: of all rows, by task; none before they are read, and where nobody asks for them."""

    shots: tuple[int, ...]
    channel: bool
    max_length: int
    tokenizer: str | None
    ablate: str
    task: str | None
    only: tuple[str, ...]
    seed: int
    entries: tuple[InputEntry, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Outputs] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """One row as it is shown: its two sides in the order of the prompt, and how long they are.

    fits: within its length, with something left of an input.
    """

    first: str
    second: str
    length: int
    cut: bool = False
    fits: bool = True


@dataclass(frozen=True)
class _Said:
    """What a row says. mark: the same for rows that say the same."""

    key: str
    input: str
    output: str
    mark: tuple[str, str]


@dataclass(frozen=True)
class _Task:
    """Rows of a task that may be shown, their outputs, and in words what all rows of the task answer."""

    name: str
    rows: tuple[_Said, ...]
    outputs: tuple[str, ...]
    space: str


def plan(options: StyleOptions, tables: Sequence[Table]) -> IclPlan:
    """Raises UsageError for --shots that are no numbers, and for wrong demonstrations where none is shown."""
    shots = shots_of(options.shots) or SHOTS
    if options.max_length < 1:
        raise UsageError(f"--max-length {options.max_length}: at least 1")
    if options.ablate == "delusive" and not any(shots):
        raise UsageError("--ablate delusive changes demonstrations: --shots must be more than 0")
    return IclPlan(
        shots,
        options.channel,
        options.max_length,
        options.tokenizer,
        options.ablate,
        options.task,
        options.only,
        options.seed,
        tokenizer_entries(options.tokenizer),
    )


def group(plan: IclPlan, row: Row, about: About) -> str | None:
    """The task; null for a row without output, which cannot be shown."""
    return _task(plan, row, about) if "input" in row and texts(row.get("output")) else None


def output(plan: IclPlan, row: Row, about: About) -> str | None:
    """What a row answers; null where no record tells it."""
    return _side(about, row, "output").strip() or None if plan.ablate == "simplified" else None


def knowing(plan: IclPlan, outputs: Mapping[str, Outputs]) -> IclPlan:
    """The plan with what all rows answer, by task."""
    return replace(plan, outputs=outputs)


def _task(plan: IclPlan, row: Row, about: About) -> str:
    """What --task says, or the row, or the dataset's name."""
    return plan.task or next(iter(texts(row.get("task"))), about.name)


def render(plan: IclPlan, chunk: Chunk, shown: Shown) -> Rendered:
    """Raises InputError where no row has an input, or none an output."""
    _check(chunk)
    built, fit = Builder(chunk.about), _Fit(plan)
    tasks: dict[str, _Task] = {}
    for number, row in enumerate(chunk.rows):
        name = _task(plan, row, chunk.about)
        if not chosen(name, plan.only):
            continue
        missing = [column for column in SIDES if column not in row]
        if missing:
            detail = f"{chunk.place(number)}: no {' and no '.join(missing)}"
            built.drop("missing-field", "", "", detail=detail, task=name, template=None, **told(row))
            continue
        if name not in tasks:
            tasks[name] = _read(plan, name, chunk.about, shown.get(name, ()))
        said = _said(chunk.about, row, chunk.key(number))
        _add(built, fit, tasks[name], said, row)
    return built.rendered()


def _has(name: str, row: Row) -> bool:
    return name in row


def _check(chunk: Chunk) -> None:
    missing = [name for name in SIDES if of_another_kind(chunk, partial(_has, name))]
    if missing:
        raise InputError(
            f"{chunk.place(0)}: no {' and no '.join(missing)} among "
            f"{', '.join(map(str, list(chunk.rows[0])[:8]))}; name them: --map input=text,output=label"
        )


def _read(plan: IclPlan, name: str, about: About, shown: Iterable[tuple[str, Row]]) -> _Task:
    """Where not all rows were read, as in a preview, those that may be shown tell what is answered."""
    rows = tuple(_said(about, row, key) for key, row in shown)
    outputs = tuple(row.output for row in rows)
    return _Task(name, rows, outputs, output_space(plan.outputs.get(name) or outputs_of(outputs)))


def _said(about: About, row: Row, key: str) -> _Said:
    """An instruction, which MetaICL has not, stands before the input."""
    sides = [_side(about, row, name) for name in ("instruction", "input")]
    input, output = "\n".join(filter(None, sides)), _side(about, row, "output")
    return _Said(key, input, output, (alike(input), alike(output)))


def _side(about: About, row: Row, name: str) -> str:
    """A text, of a list the first, of a class its name; null is empty."""
    value = row.get(name)
    if isinstance(value, list):
        value = next(iter(value), None)
    text = text_of(value) or ""
    labels = _labels(about, name)
    if labels is None or not text.lstrip("-").isdigit():
        return text
    number = int(text)
    return labels.names[number] if 0 <= number < len(labels.names) else text


def _labels(about: About, name: str) -> Labels | None:
    theirs = dict(about.rename).get(name, name)
    return next((one for one in about.labels if one.column in (name, theirs)), None)


def _add(built: Builder, fit: _Fit, task: _Task, said: _Said, row: Row) -> None:
    plan = fit.plan
    random = seeded(plan.seed, "icl", said.key)
    wanted = random.choice(plan.shots)
    front = _space(built.about, task, said, row) if plan.ablate == "simplified" else ""
    asked, room = fit.example(said.input, said.output), plan.max_length - fit.length(front)
    drawn = _draw(task.rows, said, wanted, random)
    pairs = [(one.input, one.output) for one in drawn]
    reason, detail = _reason(plan, task, said, asked, room, wanted, len(drawn))
    if reason is None and plan.ablate == "delusive" and pairs:
        wrong = wrong_outputs([output for _, output in pairs], task.outputs, random)
        if wrong is None:
            reason, detail = "no-wrong-output", f"all demonstrations of {task.name} have one output"
        else:
            pairs = [(input, other) for (input, _), other in zip(pairs, wrong, strict=True)]
    examples = [] if reason else fit.last(pairs, room - asked.length)
    if wanted and not reason and not examples:
        reason, detail = "no-demonstration", f"none fits beside the record into {plan.max_length}"
    way = ("channel" if plan.channel else "direct") + ("" if plan.ablate == "none" else f"+{plan.ablate}")
    built.add(
        _joined(front, examples, asked.first),
        asked.second,
        task=task.name,
        template=f"icl/{task.name}/{way}",
        meta=compact_json(_meta(built.about, plan, row, len(examples), asked)),
        reason=reason,
        detail=detail,
        **told(row),
    )


def _space(about: About, task: _Task, said: _Said, row: Row) -> str:
    """The options that the row names, else the names of its classes, if its output is one; or the task's."""
    for named in (texts(row.get("options")), _class_names(about)):
        if said.output.strip() in (one.strip() for one in named):
            return space_of(named)
    return task.space


def _class_names(about: About) -> Sequence[str]:
    labels = _labels(about, "output")
    return labels.names if labels else ()


def _reason(
    plan: IclPlan, task: _Task, said: _Said, asked: Example, room: int, wanted: int, drawn: int
) -> tuple[str | None, str | None]:
    if not said.output.strip():
        return "empty-output", None
    if plan.channel and not said.input.strip():
        return "empty-input", "nothing to write from the output"
    if not wanted and not said.input.strip():
        return "empty-input", "nothing is asked, and nothing is shown"
    if not asked.fits:
        return "too-long", f"beside its output there is no room for an input within {EXAMPLE}"
    if asked.length > room:
        return "too-long", f"{asked.length} without a demonstration, of at most {room}"
    if wanted and not drawn:
        return "no-demonstration", f"no other row of {task.name}"
    return None, None


def _draw(rows: Sequence[_Said], said: _Said, wanted: int, random: Random) -> list[_Said]:
    """So many other rows, in the order drawn; fewer where there are no more."""

    def others(order: Iterable[int]) -> list[_Said]:
        chosen = (rows[index] for index in order)
        return [one for one in chosen if one.key != said.key and one.mark != said.mark]

    order = random.sample(range(len(rows)), min(len(rows), wanted + 1))
    found = others(order)
    if len(found) < wanted and len(order) < len(rows):
        rest = sorted(set(range(len(rows))) - set(order))
        random.shuffle(rest)
        found += others(rest)
    return found[:wanted]


class _Fit:
    """What rows are as examples, each made once a chunk."""

    def __init__(self, plan: IclPlan) -> None:
        self.plan = plan
        self.ruler = ruler(plan.tokenizer)
        self.known: dict[tuple[str, str], Example] = {}

    def length(self, text: str) -> int:
        return self.ruler.counts([text], whole=False)[0] if text else 0

    def example(self, input: str, output: str) -> Example:
        """With its input cut to what the output leaves; the breaks before its sides are counted too."""
        known = self.known.get((input, output))
        if known is None:
            known = self.known[input, output] = self._measured(input, output)
        return known

    def _measured(self, input: str, output: str) -> Example:
        whole = self._sides(input, output)
        length = self._length(whole)
        if length + FREE <= EXAMPLE:
            return Example(*whole, length)
        beside = self._length((output, "") if self.plan.channel else ("", output))
        kept = self.ruler.head(input, EXAMPLE - FREE - beside, whole=False)
        sides = self._sides(kept, output)
        length = self._length(sides)
        return Example(*sides, length, cut=True, fits=length <= EXAMPLE and bool(kept.strip()))

    def _sides(self, input: str, output: str) -> tuple[str, str]:
        return (output, input) if self.plan.channel else (input, output)

    def _length(self, sides: tuple[str, str]) -> int:
        first, second = sides
        return sum(self.ruler.counts([_break(first) + first, f"\n{second}"], whole=False))

    def last(self, pairs: Sequence[tuple[str, str]], room: int) -> list[Example]:
        """As many of the last as fit, whole."""
        found: list[Example] = []
        for one in (self.example(*pair) for pair in reversed(pairs)):
            if not one.fits:
                continue
            if one.length > room:
                break
            room -= one.length
            found.append(one)
        return found[::-1]


def _joined(front: str, shown: Sequence[Example], asked: str) -> str:
    """The prompt; a first side that is empty has a break less before it."""
    pieces = [(front, front)] if front else []
    pieces += [(one.first, f"{one.first}\n{one.second}" if one.second else one.first) for one in shown]
    pieces.append((asked, asked))
    return "".join(_break(first) * bool(n) + text for n, (first, text) in enumerate(pieces))


def _break(first: str) -> str:
    return BETWEEN if first else BARE_BETWEEN


def _meta(about: About, plan: IclPlan, row: Row, shots: int, asked: Example) -> dict[str, Any]:
    found: dict[str, Any] = {"shots": shots}
    if isinstance(row.get("id"), (str, int)):
        found["id"] = row["id"]
    options = texts(row.get("options")) or list(_class_names(about))
    if options:
        found["options"] = options
    if asked.cut:
        found["cut"] = True
    if plan.ablate != "none":
        found["ablate"] = plan.ablate
    return found
