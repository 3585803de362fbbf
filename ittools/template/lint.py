"""`ittools template lint`: what is wrong with templates, by looking at them and by rendering some rows.

    nli.yaml: can-we-conclude: error: unknown-field: no column 'hypotesis'; did you mean 'hypothesis'?
    nli.yaml: so-then: warning: stray-n: "{hypothesis}n" before a line's end

A style that can be looked at has a function `faces(plan)`; others are only rendered.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ittools.errors import IttoolsError, did_you_mean
from ittools.formats.rows import Row
from ittools.formats.table_inputs import open_tables
from ittools.formats.tables import Chunk
from ittools.options import argument, option
from ittools.progress import Progress
from ittools.store.outcome import Answer
from ittools.template.options import STYLES_OF, StyleOptions, meant
from ittools.template.preview import first_rows, rendered
from ittools.template.style import Face, style_named
from ittools.visible import visible

ALL = 1_000_000  # templates of a row: none is left out
OFTEN = 0.5  # of the rows, from where on drops are told
SLIPS = (  # what is typed wrong, and how it is told
    (re.compile(r"[}\]\)]n(?=\n|$)"), "stray-n", "a letter n before a line's end, where \\n was meant"),
    (re.compile(r"\\[nt](?![a-z])"), "spelt-escape", "a backslash and a letter, which stay as they are"),
    (re.compile(r"[^\S\n]{2,}(?=\S)(?<!\n)"), "two-spaces", "two spaces one after another"),
    (re.compile(r"\b(\w{2,}) \1\b", re.I), "word-twice", "a word twice"),
    (re.compile(r"\s[?!,;](?=\s|$)"), "space-before-sign", "a space before a sign"),
)
SPACED = frozenset(("fr", "br"))  # languages that write it so


@dataclass(frozen=True, kw_only=True)
class LintOptions(StyleOptions):
    inputs: tuple[str, ...] = argument("dataset to try them on, as for `template`", default=())
    strict: bool = option(False, "exit 1 for warnings, too")


@dataclass(frozen=True)
class Finding:
    where: str
    template: str
    severity: str
    kind: str
    what: str

    @property
    def line(self) -> str:
        return visible(f"{self.where}: {self.template}: {self.severity}: {self.kind}: {self.what}")


def lint(options: LintOptions, _: Progress) -> Answer:
    """Findings, errors first; not ok where there is an error. Raises UsageError as `template` does."""
    meant(options)
    style = style_named(options.style)
    tables = open_tables(options) if options.inputs else []
    everything = dataclasses.replace(options, per_row=ALL if options.style in STYLES_OF["per_row"] else None)
    plan = style.plan(everything, tables)
    inputs = [first_rows(table) for table in tables]
    columns = _columns(inputs) if tables else None
    faces: list[Face] = style.faces(plan, columns) if hasattr(style, "faces") else []
    found = list(_looked(faces))
    if columns is not None:
        found += _misfits(faces, columns, tables[0].entry.spec)
        records = rendered(style, plan, inputs)
        found += _counted(records, faces, tables[0].entry.spec)
    found.sort(key=lambda one: (one.severity != "error", one.where, one.template, one.kind))
    errors = sum(one.severity == "error" for one in found)
    looked = (
        f"{len(faces)} templates"
        if faces or hasattr(style, "faces")
        else f"--style {options.style} has no templates"
    )
    summary = f"{looked}, {errors} errors, {len(found) - errors} warnings"
    ok = not errors and not (options.strict and found)
    return Answer([*(one.line for one in found), summary], [vars(one) for one in found], ok)


def _looked(faces: Sequence[Face]) -> Iterator[Finding]:
    """Without any data."""
    seen: dict[str, Face] = {}
    for face in faces:
        if face.trouble:
            yield Finding(face.where, face.name, "error", "refused", face.trouble)
            continue
        yield from _slips(face)
        leaks = sorted(face.prompt_fields & face.target_fields if face.leaks is None else face.leaks)
        if leaks:
            told = ", ".join(leaks)
            yield Finding(
                face.where, face.name, "warning", "leak", f"the prompt shows what is asked for: {told}"
            )
        if not face.target.strip():
            yield Finding(face.where, face.name, "error", "no-target", "nothing stands after the prompt")
        file = re.sub(r":\d+\Z", "", face.where)  # subsets of a dataset may share their templates
        same = f"{file} " + " ".join(f"{face.prompt}|||{face.target}".split()).casefold()
        first = seen.setdefault(same, face)
        if first is not face:
            yield Finding(face.where, face.name, "warning", "duplicate", f"the same as {first.name}")


def _slips(face: Face) -> Iterator[Finding]:
    for side in (face.prompt, face.target):
        for pattern, kind, what in SLIPS:
            slip = pattern.search(side)
            if slip and not (kind == "space-before-sign" and SPACED.intersection(face.languages)):
                begin, end = max(0, slip.start() - 20), slip.end() + 8
                seen = side[begin:end].replace("\n", "⏎")
                yield Finding(face.where, face.name, "warning", kind, f"{what}: {seen!r}")


def _misfits(faces: Sequence[Face], columns: frozenset[str], where: str) -> Iterator[Finding]:
    """Fields that the data has not, and columns that nobody shows."""
    for face in faces:
        for name in sorted((face.prompt_fields | face.target_fields) - columns):
            near = did_you_mean(name, columns)
            yield Finding(face.where, face.name, "error", "unknown-field", f"no column {name!r}{near}")
    used = frozenset[str]().union(*(face.prompt_fields | face.target_fields for face in faces))
    for name in sorted(columns - used if faces else ()):
        yield Finding(where, name, "warning", "unused-field", "no template shows this column")


def _columns(inputs: Sequence[Sequence[Chunk]]) -> frozenset[str]:
    rows = (row for some in inputs for chunk in some for row in chunk.rows)
    return frozenset(name for row in rows for name in row)


def _counted(given: Iterator[Row], faces: Sequence[Face], spec: str) -> Iterator[Finding]:
    """What the first rows give."""
    counts: dict[str, list[Row]] = defaultdict(list)
    try:
        for record in given:
            counts[str(record["template"])].append(record)
    except IttoolsError as error:
        yield Finding(spec, "-", "error", "cannot-render", str(error))
        return
    places = {face.name: face.where for face in faces}
    for template, records in sorted(counts.items()):
        gone = [record for record in records if record["reason"]]
        name = template.rpartition("/")[2]
        where = places.get(name, template)
        if len(gone) == len(records):
            why = f"{gone[0]['reason']} ({gone[0]['detail']})"
            yield Finding(where, name, "error", "never-renders", f"on none of {len(records)} rows: {why}")
        elif len(gone) > OFTEN * len(records):
            often = Counter(record["reason"] for record in gone).most_common(1)[0][0]
            what = f"{len(gone)} of {len(records)} records would be dropped, mostly: {often}"
            yield Finding(where, name, "warning", "seldom-renders", what)
