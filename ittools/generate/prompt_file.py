"""The prompts of a method, in a text file beside it; a user's own file may stand in its place.

    Lines before the first section are a comment.
    === answer                        one section a stage of the method
    {instruction}                     filled in once; what is filled in is never read again
    --- chat                          how a chat endpoint is told what to write (also `responses`)
    Answer in {language}.
    --- json                          and where the endpoint honours a JSON schema
    Answer as JSON: {"answer": "..."}.
    --- completion                    and where the model goes on by itself
    Answer:

Only `{word}` with a word of the section is filled in; every other brace is text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ittools.errors import InputError, did_you_mean
from ittools.generate.teacher import Api

FORMS = ("chat", "json", "completion")
FREE = frozenset({"language", "first", "last", "count", "words", "numbers"})  # may be left out
_SECTION = re.compile(r"===\s*([\w-]+)\s*\Z")
_FORM = re.compile(r"---\s*([\w-]+)\s*\Z")
_WORD = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Style:
    """How the endpoint is talked to."""

    api: Api = "chat"
    structured: bool = False

    @property
    def form(self) -> str:
        if self.api == "completions":
            return "completion"
        return "json" if self.structured else "chat"


@dataclass(frozen=True)
class Prompt:
    """A prompt and what belongs to it in a request."""

    text: str
    stop: tuple[str, ...] = ()
    schema: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """The body and its endings by form; a form that is not there ends like `chat`."""

    body: str
    endings: Mapping[str, str]

    @property
    def words(self) -> set[str]:
        return set(_WORD.findall("\n".join([self.body, *self.endings.values()])))

    def text(self, form: str) -> str:
        ending = self.endings.get(form, self.endings.get("chat", "") if form == "json" else "")
        between = "\n" if form == "completion" else "\n\n"  # where the model goes right on
        return between.join(part for part in (self.body, ending) if part)


@dataclass(frozen=True)
class PromptFile:
    """The sections of one file. `version` names the method's prompts and the hash of their text."""

    name: str
    sections: Mapping[str, Section]
    text: str

    @property
    def hash(self) -> str:
        return hashlib.blake2b(self.text.encode(), digest_size=4).hexdigest()

    @property
    def version(self) -> str:
        return f"{self.name}@{self.hash}"

    def fill(self, section: str, style: Style, values: Mapping[str, str]) -> str:
        """The text of a section with `{word}` replaced, in one pass."""
        return _WORD.sub(
            lambda word: values.get(word.group(1), word.group(0)), self.sections[section].text(style.form)
        )


def prompts_of(method: str, own: Path | None = None, *, folder: str = "methods") -> PromptFile:
    """A method's prompts, or those of the user's file with the same sections.

    Raises:
        InputError: sections or words that are missing or not known, all of them in one message.
    """
    ours = _builtin(method, folder)
    if own is None:
        return ours
    try:
        text = own.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--prompts {own}: {error}") from None
    given = PromptFile(f"{ours.name}+own", dict(_sections(text, str(own))), text)
    problems = list(_problems(ours, given))
    if problems:
        raise InputError(f"{own}: " + "; ".join(problems) + f". `--show-prompts` prints those of {method}")
    sections = {name: given.sections.get(name, section) for name, section in ours.sections.items()}
    return PromptFile(given.name, sections, text)


@cache
def _builtin(method: str, folder: str) -> PromptFile:
    path = Path(__file__).parent / folder / f"{method.replace('-', '_')}.txt"
    text = path.read_text(encoding="utf-8")
    return PromptFile(method, dict(_sections(text, path.name)), text)


def _sections(text: str, where: str) -> Iterator[tuple[str, Section]]:
    """(name, section) in order; blank lines round a body and an ending do not count."""
    name: str | None = None
    form = ""
    parts: dict[str, list[str]] = {}
    for number, line in enumerate([*text.splitlines(), "=== "], start=1):
        opened = _SECTION.match(line)
        if opened or line == "=== ":
            if name is not None:
                bodies = {key: "\n".join(lines).strip("\n") for key, lines in parts.items()}
                yield name, Section(bodies.pop(""), bodies)
            name, form, parts = (opened.group(1) if opened else None), "", {"": []}
            continue
        ending = _FORM.match(line)
        if ending and name is not None and ending.group(1) in FORMS:
            form = ending.group(1)
            parts[form] = []
        elif ending and name is not None:
            raise InputError(f"{where}:{number}: no form {ending.group(1)!r}; there are {', '.join(FORMS)}")
        elif name is not None:
            parts[form].append(line)


def _problems(ours: PromptFile, given: PromptFile) -> Iterator[str]:
    if not given.sections:
        yield "no section; a section begins with a line such as `=== " + next(iter(ours.sections)) + "`"
    for name, section in given.sections.items():
        if name not in ours.sections:
            yield f"no section {name!r}{did_you_mean(name, ours.sections)}"
            continue
        known = ours.sections[name].words
        for word in sorted(section.words - known):
            yield f"{name}: nothing fills {{{word}}}{did_you_mean(word, known)}"
        for form in ("chat", "json", "completion"):
            shown = set(_WORD.findall(section.text(form)))
            needed = set(_WORD.findall(ours.sections[name].text(form))) - FREE
            for word in sorted(needed - shown):
                yield f"{name}: {{{word}}} is missing for {form} endpoints"
