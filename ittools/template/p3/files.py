"""Promptsource's `templates.yaml`, one or a folder of them, as they are.

    dataset: super_glue
    subset: boolq
    templates:
      3e386463-1715-4578-9cba-07d11a0d3b61: !Template
        answer_choices: False ||| True
        id: 3e386463-1715-4578-9cba-07d11a0d3b61
        jinja: 'Passage: {{passage}} ... ||| {% if label != -1 %}{{answer_choices[label]}}{% endif %}'
        metadata: !TemplateMetadata
          choices_in_prompt: false
          languages:
          - en
          metrics:
          - Accuracy
          original_task: true
        name: after_reading
        reference: ''

The words of YAML 1.1 (`no` is false) are promptsource's too, so its bytes come out the same; of tags only
its two are known. https://github.com/bigscience-workshop/promptsource
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ittools.errors import InputError, UsageError, did_you_mean

NAMES = ("templates.yaml", "templates.yml")
BYTES = 16 << 20  # of a file; the largest public one has 127 KB
TAGS = ("!Template", "!TemplateMetadata")
_NUMBER = re.compile(r"[-+]?[0-9][0-9_:.xa-fA-F]*\Z")
LINE = "\0line"
DEPTH = 50  # of collections; public files reach 5
PLAIN = 300  # characters of a number; YAML 1.1 has 1:30:00 in base 60


@dataclass(frozen=True)
class Template:
    """One template as its file has it; `line` is where it begins."""

    set: str
    name: str
    jinja: str
    answer_choices: str | None
    metrics: tuple[str, ...]
    original_task: bool | None
    choices_in_prompt: bool | None
    languages: tuple[str, ...]
    path: str
    line: int

    @property
    def key(self) -> str:
        return f"{self.set}/{self.name}"

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


def template_files(spec: str) -> list[Path]:
    """The file, or all of a folder in the order of their paths."""
    path = Path(spec)
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.name in NAMES and file.is_file())
        if not found:
            raise InputError(f"{spec}: a folder without any {NAMES[0]}")
        return found
    if not path.is_file():
        raise InputError(f"{spec}: no such file or folder of templates (cwd is {Path.cwd()})")
    return [path]


def read_templates(path: Path, root: Path) -> list[Template]:
    """Of one file, in its order. The set is what the file says, else its folder below `root`.

    Raises:
        InputError: no such YAML; the message names the template and its line.
    """
    content = _loaded(path)
    found = content.get("templates") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        raise InputError(f"{path}: no templates: a promptsource file has `dataset` and `templates`")
    names = [content.get("dataset"), content.get("subset")]
    folder = path.parent.relative_to(root).as_posix() if path.parent != root else path.parent.name
    name = "/".join(str(one) for one in names if one is not None) or folder
    return [_template(one, str(key), name, path) for key, one in found.items() if key != LINE]


def _template(fields: Any, key: str, name: str, path: Path) -> Template:
    if not isinstance(fields, dict):
        raise InputError(f"{path}: template {key}: expected its fields, found {type(fields).__name__}")
    line = int(fields.get(LINE, 1))
    where = f"{path}:{line}: template {str(fields.get('name', key))!r}"
    for field, kinds in (("name", str), ("jinja", str), ("answer_choices", (str, type(None)))):
        if not isinstance(fields.get(field), kinds):
            raise InputError(f"{where}: {field} is {_kind(fields.get(field))}, expected text")
    metadata = fields.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InputError(f"{where}: metadata is {_kind(metadata)}, expected fields")
    return Template(
        name, fields["name"], fields["jinja"], fields.get("answer_choices"),
        _words(metadata, "metrics", where),
        _choice(metadata, "original_task", where), _choice(metadata, "choices_in_prompt", where),
        _words(metadata, "languages", where), str(path), line,
    )  # fmt: skip


def _words(metadata: dict[str, Any], field: str, where: str) -> tuple[str, ...]:
    words = metadata.get(field) or []
    words = [words] if isinstance(words, str) else words
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{where}: {field} is {_kind(words)}, expected a list of words")
    return tuple(words)


def _choice(metadata: dict[str, Any], field: str, where: str) -> bool | None:
    value = metadata.get(field)
    if value is not None and not isinstance(value, bool):
        raise InputError(f"{where}: {field} is {_kind(value)}, expected true or false")
    return value


def _kind(value: Any) -> str:
    return "missing" if value is None else type(value).__name__


def _loaded(path: Path) -> Any:
    import yaml

    try:
        if path.stat().st_size > BYTES:
            raise InputError(f"{path}: larger than {BYTES >> 20} MiB of templates")
        text = path.read_text(encoding="utf-8-sig")
        _check_shape(text, path)
        return yaml.load(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{path}:{line}: not promptsource YAML ({error.problem})") from None
    except (yaml.YAMLError, ValueError, ArithmeticError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: not promptsource YAML ({reason})") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _check_shape(text: str, path: Path) -> None:
    """Raises InputError for what a small file makes much of: merge keys, deep nesting, endless numbers."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        problem = None
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            problem = f"nested deeper than {DEPTH}" if depth > DEPTH else None
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and not event.style:
            if event.value == "<<":
                problem = "a merge key (<<) is not allowed"
            elif len(event.value) > PLAIN and _NUMBER.match(event.value):
                problem = f"a number of {len(event.value):,} characters"
        if problem is not None:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise InputError(f"{path}:{line}: not promptsource YAML ({problem})")


@lru_cache(maxsize=1)
def _loader() -> Any:
    """YAML's safe loader, in C where there is one, that knows promptsource's tags and the line of each."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kind: Any = type("PromptsourceLoader", (base,), {})
    for tag in TAGS:
        kind.add_constructor(tag, _fields)
    return kind


def _fields(loader: Any, node: Any) -> Iterator[dict[Any, Any]]:
    fields: dict[Any, Any] = {}
    yield fields
    fields.update(loader.construct_mapping(node, deep=True))
    fields[LINE] = node.start_mark.line + 1


def chosen(templates: list[Template], only: tuple[str, ...], table: str, spec: str) -> list[Template]:
    """Those that `only` names, by name or set/name or a pattern; of several sets that of the table's name.

    Raises:
        UsageError: a pattern that meets nothing, or several sets of which none has the table's name.
    """
    if only:
        for pattern in only:
            if not any(_meets(one, pattern) for one in templates):
                near = did_you_mean(pattern, [one.name for one in templates] + [one.key for one in templates])
                raise UsageError(f"--only {pattern}: {spec} has no such template{near}")
        return [one for one in templates if any(_meets(one, pattern) for pattern in only)]
    sets = list(dict.fromkeys(one.set for one in templates))
    if len(sets) == 1:
        return templates
    own = [name for name in sets if table in (name, name.rpartition("/")[2], name.replace("/", "_"))]
    if len(own) != 1:
        some = ", ".join(sets[:8]) + (", ..." if len(sets) > 8 else "")
        raise UsageError(
            f"{spec}: templates of {len(sets)} datasets ({some}), "
            f"{'several' if own else 'none'} for {table!r}; choose with --only '{sets[0]}/*'"
        )
    return [one for one in templates if one.set == own[0]]


def _meets(template: Template, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    words = (template.name, template.key)
    return pattern in words or any(fnmatchcase(word, pattern) for word in words)
