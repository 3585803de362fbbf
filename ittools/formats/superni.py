"""Task files of Natural Instructions v1 and v2 (Super-NaturalInstructions), as they are.

    {"Definition": ["In this task ..."], "Positive Examples": [{"input", "output", "explanation"}], ...,
     "Instances": [{"id", "input", "output": ["yes"]}], "Instance License": ["CC BY 4.0"]}       v2
    {"Title", "Prompt", "Definition": "...", "Things to Avoid", "Emphasis & Caution",
     "Examples": {"Positive Examples": [{"input", "output", "reason", "suggestion"}]}, ...}       v1
    {"task_name", "id", "definition", "inputs", "targets"}, license ...                  one instance

A text may stand in a list or not, be missing, or be NaN, and "-" is how v1 spells nothing. Source:
https://github.com/allenai/natural-instructions (Wang et al. 2022, arXiv 2204.07705; Mishra et al. 2021).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ittools.errors import InputError
from ittools.formats.finish import PROVENANCE, finish, is_absent, sound_json
from ittools.formats.license_names import spdx_of
from ittools.formats.rows import Row
from ittools.records.build import Record

FLAT = {"definition", "inputs", "targets"}
ABOUT = {"categories": "Categories", "domains": "Domains", "reasoning": "Reasoning", "sources": "Source"}
LANGUAGES = {"input": "Input_language", "instruction": "Instruction_language", "output": "Output_language"}
_FLAT_SPENT = {*FLAT, "task_name", "id"}
_FILE = r"([^/\\]+?)\.json(?:\.(?:gz|zst))?(?::1|#1)?$"
_FILE_OF_ROWS = r"([^/\\]+?)(?:\.(?:jsonl?|ndjson|parquet|csv|tsv|ya?ml))?(?:\.(?:gz|zst))?[:#]\d+$"
_compact = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True)
class Example:
    """A positive or a negative example; of several outputs the first. explanation: null if there is none."""

    input: str
    output: str
    explanation: str | None


@dataclass(frozen=True)
class Instance:
    """outputs: every one that is no blank text, in order; `wrong` says why the instance cannot be read."""

    id: str | None
    input: str
    outputs: tuple[str, ...]
    wrong: str | None = None


@dataclass(frozen=True)
class TaskFile:
    """One task. license: an SPDX expression, null if the file states none. about: for `meta`."""

    name: str
    definition: str
    positive: tuple[Example, ...]
    negative: tuple[Example, ...]
    instances: tuple[Instance, ...]
    license: str | None
    declared: Mapping[str, tuple[str, ...]]  # languages by "input", "instruction", "output", as spelt
    about: Mapping[str, Any]


def is_task(row: Mapping[str, Any]) -> bool:
    """Whether a row is a task file, or one instance of one."""
    return ("Definition" in row and ("Instances" in row or "Instance" in row)) or row.keys() >= FLAT


def compact_json(value: Any) -> str:
    """JSON without a space, as `finish.sound_json` has it."""
    return sound_json(value, _compact)


def task_records(row: Row, place: str, defaults: Any) -> Iterator[Record]:
    """A record an instance: definition, input, first output; the others are in `meta`.

    What a row says of its licence and source holds, but for the licence of the instances. Languages that
    the file declares go to `meta` too: translated files declare the wrong one.

    Raises:
        InputError: instances that are none.
    """
    task = read_task(row, place)
    for number, instance in enumerate(task.instances, 1):
        if instance.wrong:
            raise InputError(f"{place}: instance {number} {instance.wrong}; --style superni leaves it out")
        content = {"instruction": task.definition, "input": instance.input,
                   "output": instance.outputs[0] if instance.outputs else "", "task": task.name}  # fmt: skip
        if task.license is not None:
            content["license"] = task.license
        declared = {f"{part}_language": list(names) for part, names in task.declared.items()}
        yield finish(_beside(row) | instance_about(task, instance) | declared, place, defaults, (), content)


def _beside(row: Row) -> Row:
    """What a row holds beside its task: of a whole file, which has much else, its provenance alone."""
    flat = row.keys() >= FLAT
    return {
        name: value
        for name, value in row.items()
        if (name not in _FLAT_SPENT if flat else name in PROVENANCE and name != "task")
    }


def instance_about(task: TaskFile, instance: Instance) -> dict[str, Any]:
    """What of an instance has no column."""
    found = dict(task.about)
    if instance.id is not None:
        found["id"] = instance.id
    if len(instance.outputs) > 1:
        found["outputs"] = list(instance.outputs)
    return found


def read_task(row: Row, place: str) -> TaskFile:
    """Raises InputError where `Instances` is no list."""
    if row.keys() >= FLAT:
        return _flat(row, place)
    instances = row["Instances"] if "Instances" in row else [row["Instance"]]
    if not isinstance(instances, list):
        raise InputError(f"{place}: 'Instances' holds a {type(instances).__name__}, expected a list")
    inner = row.get("Examples")
    examples = row | inner if isinstance(inner, dict) else row
    spelt = texts(row.get("Instance License"))
    about: dict[str, Any] = {name: found for name, key in ABOUT.items() if (found := texts(row.get(key)))}
    license = spdx_of(spelt)
    if license is not None and spelt != [license]:
        about["instance_license"] = spelt
    return TaskFile(
        name=_name(row, place),
        definition=_definition(row),
        positive=_examples(examples.get("Positive Examples")),
        negative=_examples(examples.get("Negative Examples")),
        instances=tuple(_instance(one, row.get("id")) for one in instances),
        license=license,
        declared={part: tuple(found) for part, key in LANGUAGES.items() if (found := texts(row.get(key)))},
        about=about,
    )


def _flat(row: Row, place: str) -> TaskFile:
    """A row of the copy on the hub (Muennighoff/natural-instructions)."""
    inner = {"id": row.get("id"), "input": row["inputs"], "output": row["targets"]}
    named = {"Task": row.get("task_name"), "task": row.get("task"), "Definition": row["definition"],
             "Instance": inner}  # fmt: skip
    return read_task(named, place)


def texts(value: Any) -> list[str]:
    """A text or a list of them as a list; NaN, null, blank texts and "-" are none.

    >>> texts([float("nan"), "English"]), texts("Code"), texts(3)
    (["English"], ["Code"], ["3"])
    """
    found = (text_of(one) for one in (value if isinstance(value, list) else [value]))
    return [text for text in found if text is not None and text.strip() not in ("", "-")]


def text_of(value: Any) -> str | None:
    """A text as it is, a number as JSON spells it; null for anything else, NaN and Infinity among it."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (int, float)) and not is_absent(value) else None


def _definition(row: Row) -> str:
    """The first definition, as Tk-Instruct takes it; of v1 also what its authors moved there for v2."""
    first = texts(row.get("Definition"))[:1]
    for name in ("Emphasis & Caution", "Things to Avoid"):
        first += [f"{name}: {text.strip()}" for text in texts(row.get(name))]
    first += [text.strip() for text in texts(row.get("Prompt"))]
    return "\n".join(first)


def _examples(value: Any) -> tuple[Example, ...]:
    """Those with an input and an output; v1 has "-" for no example, and an explanation as `reason`."""
    found = [one for one in (value if isinstance(value, list) else []) if isinstance(one, dict)]
    return tuple(
        Example(input, outputs[0], _explanation(one))
        for one in found
        if (input := text_of(one.get("input"))) is not None and (outputs := _outputs(one.get("output")))
    )


def _explanation(example: Mapping[str, Any]) -> str | None:
    if "explanation" in example:
        return text_of(example["explanation"])
    return next(iter(texts(example.get("reason"))), None)


def _instance(value: Any, outer_id: Any) -> Instance:
    if not isinstance(value, dict):
        return Instance(None, "", (), f"is a {type(value).__name__}, expected input and output")
    input, id = value.get("input"), value.get("id", outer_id)
    read = "" if is_absent(input) else text_of(input)
    wrong = f"has an input that is a {type(input).__name__}" if read is None else None
    return Instance(text_of(id), read or "", _outputs(value.get("output")), wrong)


def _outputs(value: Any) -> tuple[str, ...]:
    """All outputs with a text; "-" is one, for it may be the answer."""
    found = (text_of(one) for one in (value if isinstance(value, list) else [value]))
    return tuple(text for text in found if text is not None and text.strip())


def _name(row: Row, place: str) -> str:
    """What the row calls itself, or its file: `task082_babi` of `tasks/task082_babi.json.gz:1`.

    A file with a row an instance, `babi.jsonl:7`, is one task, `babi`; with a row a task it is many.
    """
    for key in ("Task", "task", "name"):
        name = row.get(key)
        if isinstance(name, str) and name.strip():
            return name.strip()
    file = re.search(_FILE, place)
    if file is None and "Instances" not in row:
        file = re.search(_FILE_OF_ROWS, place)
    if file:
        return file[1]
    title = texts(row.get("Title"))
    return title[0].strip() if title else re.split(r"[/\\]", place)[-1]
