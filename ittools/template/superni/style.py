"""`--style superni`: a task file of Natural Instructions is a row, each of its instances a record.

    task.json: {"Definition": [...], "Instances": [{"input": "2 apples", "output": ["two", "2"]}, ...]}
    --encoding plain     instruction: the definition    input: 2 apples    output: two
    --encoding def-pos   instruction: Definition: ... Positive Example 1 - ... Output:    output: two

Of several outputs one is drawn, as Tk-Instruct does; all of them are in `meta` for who evaluates. The
licence is that of the instances, the language what the texts are in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ittools.errors import InputError, UsageError
from ittools.formats.rows import Row
from ittools.formats.superni import Instance, TaskFile, compact_json, instance_about, is_task, read_task
from ittools.formats.tables import Chunk, Table
from ittools.store.dataset import InputEntry
from ittools.template.ablate import output_space, wrong_outputs
from ittools.template.build import Builder, of_another_kind, told
from ittools.template.lengths import Ruler, ruler, tokenizer_entries
from ittools.template.options import StyleOptions
from ittools.template.shots import chosen, shots_of
from ittools.template.style import Rendered, Shown, seeded
from ittools.template.superni.encode import ENCODINGS, Encoding, Prompt, prompts
from ittools.template.superni.languages import language_of

POOL = 1_000  # outputs of a task that a wrong one is drawn from


@dataclass(frozen=True)
class SuperniPlan:
    """encoding: null for definition and input apart. shots: null for as many as the encoding says.

    only: patterns of tasks to render. files: how many there are; one among many may be no task.
    """

    encoding: str | None
    shots: tuple[int, ...] | None
    max_length: int
    tokenizer: str | None
    ablate: str
    task: str | None
    only: tuple[str, ...]
    cap: int | None
    seed: int
    files: int = 1
    entries: tuple[InputEntry, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Keyed:
    """A task and the instances to render, each with what is drawn by. told: what its row says of itself."""

    task: TaskFile
    keys: tuple[str, ...]
    place: str
    key: str
    told: Mapping[str, Any]


def plan(options: StyleOptions, tables: Sequence[Table]) -> SuperniPlan:
    """Raises UsageError for options that contradict each other."""
    named = None if options.encoding == "plain" else options.encoding
    encoding = ENCODINGS[named] if named else Encoding(True)
    if options.ablate == "delusive" and not encoding.positive:
        raise UsageError("--ablate delusive changes examples: add --encoding pos, def-pos or def-pos-neg")
    if options.ablate == "simplified" and not encoding.definition:
        raise UsageError("--ablate simplified changes the definition, which --encoding pos leaves out")
    if options.max_length < 1:
        raise UsageError(f"--max-length {options.max_length}: at least 1")
    if options.shots is not None and not encoding.positive:
        raise UsageError("--shots counts examples: add --encoding pos, def-pos or def-pos-neg")
    return SuperniPlan(
        named,
        shots_of(options.shots),
        options.max_length,
        options.tokenizer,
        options.ablate,
        options.task,
        options.only,
        getattr(options, "cap", None),
        options.seed,
        sum(max(1, len(table.files)) for table in tables),
        tokenizer_entries(options.tokenizer) if named else (),
    )


def render(plan: SuperniPlan, chunk: Chunk, shown: Shown) -> Rendered:
    """Raises InputError where no row is a task, but for one row alone in a file among others."""
    if of_another_kind(chunk, is_task) and (len(chunk) > 1 or plan.files <= 1):
        raise InputError(f"{chunk.place(0)}: {_no_task(chunk.rows[0])}")
    built = Builder(chunk.about)
    for one in _together(_read(plan, chunk, built)):
        _render_task(plan, built, one)
    return built.rendered()


def _read(plan: SuperniPlan, chunk: Chunk, built: Builder) -> Iterator[_Keyed]:
    """The tasks; a row that is none is dropped."""
    for number, row in enumerate(chunk.rows):
        place, key, about = chunk.place(number), chunk.key(number), told(row)
        try:
            if not is_task(row):
                raise InputError(f"{place}: {_no_task(row)}")
            task = read_task(row, place)
        except InputError as error:
            name = plan.task or chunk.about.name
            built.drop("unreadable", "", "", detail=str(error), task=name, template=None, **about)
            continue
        if not chosen(task.name, plan.only):
            continue
        yield _Keyed(task, tuple(f"{key}:{n}" for n in range(len(task.instances))), place, key, about)


def _no_task(row: Row) -> str:
    there = ", ".join(map(str, list(row)[:8]))
    return f"no task of Natural Instructions: expected Definition and Instances, there are {there}"


def _together(read: Iterable[_Keyed]) -> Iterator[_Keyed]:
    """Rows of one task that follow each other as one: some datasets have a row an instance."""
    last: _Keyed | None = None
    for one in read:
        if last is not None and (_bare(last.task), last.told) == (_bare(one.task), one.told):
            merged = last.task.instances + one.task.instances
            last = replace(last, task=replace(last.task, instances=merged), keys=last.keys + one.keys)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _bare(task: TaskFile) -> TaskFile:
    return replace(task, instances=())


def _render_task(plan: SuperniPlan, built: Builder, one: _Keyed) -> None:
    task = one.task
    language, wrong = language_of(task) if built.about.language is None else (None, {})
    extra: dict[str, Any] = {"declared_language": wrong} if wrong else {}
    changed, trouble = _ablated(plan, one)
    common = {"language": language, **one.told, **_common(plan, task)}
    if plan.ablate != "none":
        extra["ablate"] = plan.ablate
    if not task.instances:
        built.drop("no-instances", changed.definition, "", detail=one.place, **common)
    reasons = [trouble or _reason(plan, changed, instance) for instance in task.instances]
    stay = _drawn(plan, one.key, [n for n, why in enumerate(reasons) if why is None])
    texts = dict(
        zip(stay, _texts(plan, changed, [(task.instances[n], one.keys[n]) for n in stay]), strict=True)
    )
    for n, instance in enumerate(task.instances):
        about = instance_about(task, instance) | extra
        if n in texts:
            prompt, input = texts[n]
            meta = compact_json(about | _fitted(plan, prompt))
            built.add(prompt.text, _output(plan, instance, one.keys[n]), input=input, meta=meta, **common)
        else:
            first = instance.outputs[0] if instance.outputs else ""
            detail = f"{one.place}, instance {n + 1}" + (f" {instance.wrong}" if instance.wrong else "")
            built.drop(
                reasons[n] or "over-cap",
                changed.definition,
                first,
                input=instance.input,
                detail=detail,
                meta=compact_json(about),
                **common,
            )


def _common(plan: SuperniPlan, task: TaskFile) -> dict[str, Any]:
    name = plan.task or task.name
    ablated = "" if plan.ablate == "none" else f"+{plan.ablate}"
    template = f"superni/{name}/{plan.encoding or 'plain'}{ablated}"
    found = {"task": name, "template": template}
    return found | {"license": task.license} if task.license is not None else found


def _reason(plan: SuperniPlan, task: TaskFile, instance: Instance) -> str | None:
    if instance.wrong:
        return "malformed-instance"
    if not instance.outputs:
        return "empty-output"
    defines = plan.encoding is None or ENCODINGS[plan.encoding].definition
    return "empty-definition" if defines and not task.definition.strip() else None


def _drawn(plan: SuperniPlan, key: str, stay: list[int]) -> list[int]:
    """As many as the cap leaves, before anything is rendered; the cap over all files follows."""
    if plan.cap is None or len(stay) <= plan.cap:
        return stay
    return sorted(seeded(plan.seed, "cap", key).sample(stay, plan.cap))


def _texts(
    plan: SuperniPlan, task: TaskFile, kept: Sequence[tuple[Instance, str]]
) -> list[tuple[Prompt, str]]:
    """(prompt, input) of each."""
    if plan.encoding is None:
        return [(Prompt(task.definition, 0, 0, False), instance.input) for instance, _ in kept]
    shots = plan.shots and [seeded(plan.seed, "shots", key).choice(plan.shots) for _, key in kept]
    inputs = [instance.input for instance, _ in kept]
    measure: Ruler = ruler(plan.tokenizer)
    found = prompts(task, inputs, ENCODINGS[plan.encoding], measure, plan.max_length, shots or ())
    return [(prompt, "") for prompt in found]


def _output(plan: SuperniPlan, instance: Instance, key: str) -> str:
    if len(instance.outputs) == 1:
        return instance.outputs[0]
    return seeded(plan.seed, "output", key).choice(instance.outputs)


def _fitted(plan: SuperniPlan, prompt: Prompt) -> dict[str, Any]:
    """How many examples are shown, and whether the prompt was too long and lost its end."""
    if plan.encoding is None:
        return {}
    return {"shots": [prompt.positive, prompt.negative]} | ({"cut": True} if prompt.cut else {})


def _ablated(plan: SuperniPlan, one: _Keyed) -> tuple[TaskFile, str | None]:
    """The task as it is shown, or why it cannot be changed so."""
    task = one.task
    outputs = [instance.outputs[0] for instance in task.instances if instance.outputs]
    if plan.ablate == "simplified":
        return replace(task, definition=output_space(outputs)), None
    if plan.ablate == "delusive":
        random = seeded(plan.seed, "delusive", one.key)
        right = [example.output for example in task.positive]
        wrong = wrong_outputs(right, outputs[:POOL], random)
        if wrong is None:
            return task, "no-wrong-output"
        # what is explained is the right answer
        shown = (replace(e, output=w, explanation=None) for e, w in zip(task.positive, wrong, strict=True))
        return replace(task, positive=tuple(shown)), None
    return task, None
