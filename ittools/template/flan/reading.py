"""The text of a template file, checked: everything that is wrong is told at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ittools.errors import InputError, did_you_mean
from ittools.template.flan.files import (
    ANSWER,
    OPTIONS,
    Cut,
    FewShot,
    Template,
    TemplateFile,
)
from ittools.template.flan.pattern import Pattern, compiled

KEYS = ("task_type", "about", "language", "fields", "options", "classes", "answer", "cot", "also", "each",
        "cut", "lists", "before", "shown", "lowest", "languages", "templates", "few_shot")  # fmt: skip
NEEDED = ("task_type", "language", "fields", "templates")
TEMPLATE_KEYS = ("name", "input", "target", "inverted", "options")
FEW_SHOT_KEYS = ("between", "input_prefix", "target_prefix")
_NAME = re.compile(r"[\w-]+\Z")  # of a type of ours, and no path
CUT_KEYS = ("field", "at", "into", "drop")


English = Callable[[str], TemplateFile | None]  # our English file of a task type


def parsed(
    text: str, *, where: str, name: str, fingerprint: str = "", english: English = lambda _: None
) -> TemplateFile:
    """What the English file of its type says holds for a file in another language, too.

    Raises InputError for what is no template file; `where` names it.
    """
    from ittools.formats.strict_yaml import load_yaml

    found = load_yaml(text, where=where)
    if not isinstance(found, dict):
        raise InputError(f"{where}: expected a mapping with {', '.join(NEEDED)}")
    return _Reader(where, found, english).file(name, fingerprint)


class _Reader:
    """Collects problems, so that one run tells all of them."""

    def __init__(self, where: str, found: dict[str, Any], english_of: English) -> None:
        self.where, self.found, self.english_of = where, found, english_of
        self.problems: list[str] = []
        self.english: TemplateFile | None = None

    def file(self, name: str, fingerprint: str) -> TemplateFile:
        self._known(self.found, KEYS, "")
        for key in NEEDED:
            if not self.found.get(key):
                self.problems.append(f"`{key}` is missing")
        fields = self._texts("fields")
        needed = tuple(one for one in fields if not one.endswith("?"))
        optional = tuple(one[:-1] for one in fields if one.endswith("?"))
        options, choices = self._options({*needed, *optional})
        answer = self._text(self.found, "answer", "") or None
        self._fields({*needed, *optional}, answer)
        labelled = answer is not None and OPTIONS in self.found and choices is None
        kind, language = self._text(self.found, "task_type", ""), self._text(self.found, "language", "")
        self.english = self.english_of(kind) if language != "en" and _NAME.match(kind) else None
        file = TemplateFile(
            where=self.where, name=name, task_type=kind, about=self._text(self.found, "about", ""),
            language=language, needed=needed, optional=optional, templates=(),
            answer=answer, labelled=labelled, options=options,
            classes=self._classes(options, labelled), choices=choices,
            cot=self._flag(self.found, "cot", ""),
            also=tuple((field, self._words(paths, f"`also` of {field}"))
                       for field, paths in self._mapping("also").items()),
            each=self._text(self.found, "each", "") or None, cuts=tuple(self._cuts()),
            lists=tuple((field, str(between)) for field, between in self._mapping("lists").items()),
            before=self._text(self.found, "before", "") or None, shown=self._texts("shown"),
            lowest=self._lowest(), languages=self._texts("languages"),
            few_shot=tuple(self._few_shot()), fingerprint=fingerprint,
        )  # fmt: skip
        file = replace(file, templates=tuple(self._templates(file)))
        self._further(file)
        if self.problems:
            raise InputError(f"{self.where}: " + "; ".join(self.problems))
        return self._like_english(file)

    def _templates(self, file: TemplateFile) -> Iterator[Template]:
        given = self.found.get("templates") or []
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            self.problems.append("`templates` is no list of mappings")
            return
        for number, one in enumerate(given, 1):
            name = self._text(one, "name", f"template {number}: ")
            if not name:
                self.problems.append(f"template {number}: `name` is missing")
            yield self._template(file, one, name or str(number))
        counts = Counter(str(one.get("name")) for one in given)
        self.problems += [f"template {name!r}: stands {n} times" for name, n in counts.items() if n > 1]

    def _template(self, file: TemplateFile, one: dict[str, Any], name: str) -> Template:
        said = f"template {name!r}: "
        self._known(one, TEMPLATE_KEYS, said)
        if "/" in name:
            self.problems.append(f"{said}a name has no /")
        source = self._text(one, "input", said), self._text(one, "target", said)
        sides = [
            self._pattern(text, side, said, file)
            for text, side in zip(source, ("input", "target"), strict=True)
        ]
        if OPTIONS in sides[1].names:
            self.problems.append(f"{said}target: {{options}} belongs into the input")
        own = self._words(one.get("options", []), f"{said}options")
        if own and (not file.labelled or len(own) != len(file.options)):
            wanted = (
                f"{len(file.options)} as the file has" if file.options else "none: the file names no classes"
            )
            self.problems.append(f"{said}options: {len(own)} of its own, expected {wanted}")
        return Template(name, sides[0], sides[1], source, self._flag(one, "inverted", said), own)

    def _pattern(self, text: str, side: str, said: str, file: TemplateFile) -> Pattern:
        if not text.strip():
            self.problems.append(f"{said}`{side}` is missing")
        try:
            pattern = compiled(text)
        except ValueError as error:
            self.problems.append(f"{said}{side}: {error}")
            return Pattern("", ())
        known = {*file.needed, *file.optional}
        for name in sorted(pattern.roots - known - {ANSWER, OPTIONS}):
            near = did_you_mean(name, {*known, ANSWER, OPTIONS})
            self.problems.append(f"{said}{side}: {{{name}}} is no field of the file{near}")
        if file.labelled and file.answer in pattern.roots and file.answer != ANSWER:
            self.problems.append(f"{said}{side}: {{{file.answer}}} is a class; its words are {{answer}}")
        if ANSWER in pattern.names and file.answer is None:
            self.problems.append(f"{said}{side}: {{answer}}, and the file has no `answer`")
        if file.choices is not None and file.choices in pattern.roots:
            self.problems.append(f"{said}{side}: {{{file.choices}}} are the options; {{options}} lists them")
        if OPTIONS in pattern.names and not (file.labelled or file.choices):
            self.problems.append(f"{said}{side}: {{options}}, and the file has no `options`")
        return pattern

    def _options(self, fields: set[str]) -> tuple[tuple[str, ...], str | None]:
        given = self.found.get(OPTIONS, [])
        if not isinstance(given, str):
            names = self._words(given, "`options`")
            if len({name.casefold() for name in names}) < len(names):
                self.problems.append("`options`: a name stands twice")
            return names, None
        choices = given[1:-1] if given.startswith("{") and given.endswith("}") else ""
        if choices not in fields:
            self.problems.append(
                f'`options` is {given!r}; expected a list, or "{{field}}" with a field of the file'
            )
        return (), choices

    def _classes(self, options: tuple[str, ...], labelled: bool) -> tuple[str, ...]:
        if "classes" not in self.found:
            ours = self.english.classes if self.english and labelled else ()
            return ours if len(ours) == len(options) else options
        names = self._texts("classes")
        if options and len(names) != len(options):
            self.problems.append(f"`classes` names {len(names)}, `options` {len(options)}")
        return names

    def _like_english(self, file: TemplateFile) -> TemplateFile:
        """With what is said once for all languages of a type; its own names of columns come first."""
        if self.english is None:
            return file
        fields = {*file.needed, *file.optional}
        names = dict(file.also)
        for field, paths in self.english.also:
            if field in fields:
                names[field] = tuple(dict.fromkeys((*names.get(field, ()), *paths)))
        ours, said = self.english, self.found
        return replace(
            file,
            numbered=bool(ours.options) or not file.labelled,
            also=tuple(names.items()),
            lists=file.lists if "lists" in said else tuple(pair for pair in ours.lists if pair[0] in fields),
            cuts=file.cuts if "cut" in said else ours.cuts,
            each=file.each if "each" in said else ours.each,
            before=file.before if "before" in said or ours.before not in file.optional else ours.before,
            shown=file.shown if "shown" in said else tuple(n for n in ours.shown if _some_show(file, n)),
            lowest=file.lowest if "lowest" in said else ours.lowest,
            languages=file.languages
            if "languages" in said
            else tuple(n for n in ours.languages if n in fields),
        )

    def _further(self, file: TemplateFile) -> None:
        """What is said of fields that rows may have."""
        keys = {"before": (file.before,) if file.before else (), "shown": file.shown}
        for key, names in keys.items():
            for name in sorted({*names} & {*file.needed, file.answer, file.choices}):
                self.problems.append(f"`{key}`: {name} is no field that rows may be without; write `{name}?`")
        for name in sorted({*file.shown} & {*file.optional}):
            if not _some_show(file, name):
                self.problems.append(f"`shown`: no template shows {{{name}}}, but for inverted ones")

    def _fields(self, fields: set[str], answer: str | None) -> None:
        for name in sorted(fields & {OPTIONS}):
            self.problems.append(f"`fields`: {name} is a place of its own; call the field choices")
        for key, names in (
            ("also", set(self._mapping("also"))),
            ("lists", set(self._mapping("lists"))),
            ("answer", {answer} if answer else set()),
            ("before", {self.found["before"]} if isinstance(self.found.get("before"), str) else set()),
            ("shown", set(self._texts("shown"))),
            ("languages", set(self._texts("languages"))),
        ):
            self.problems += [f"`{key}`: {name} is no field of the file" for name in sorted(names - fields)]

    def _cuts(self) -> Iterator[Cut]:
        given = self.found.get("cut") or []
        for one in given if isinstance(given, list) else [given]:
            if not isinstance(one, dict):
                self.problems.append("`cut` is no list of mappings")
                continue
            self._known(one, CUT_KEYS, "`cut`: ")
            into, drop = self._words(one.get("into", []), "`cut`"), self._words(one.get("drop", []), "`cut`")
            if len(into) != 2 or len(drop) not in (0, 2) or not one.get("at") or not one.get("field"):
                self.problems.append(
                    "`cut` needs field, at, into with two fields, and drop with two marks or none"
                )
                continue
            pair = (drop[0], drop[1]) if drop else None
            yield Cut(str(one["field"]), str(one["at"]), (into[0], into[1]), pair)

    def _few_shot(self) -> Iterator[FewShot]:
        given = self.found.get("few_shot") or [{}]
        for one in given if isinstance(given, list) else [given]:
            if not isinstance(one, dict):
                self.problems.append("`few_shot` is no mapping")
                continue
            self._known(one, FEW_SHOT_KEYS, "`few_shot`: ")
            yield FewShot(**{key: str(value) for key, value in one.items() if key in FEW_SHOT_KEYS})

    def _known(self, found: dict[str, Any], known: tuple[str, ...], said: str) -> None:
        for key in found:
            if key not in known:
                self.problems.append(f"{said}unknown key {key!r}{did_you_mean(str(key), known)}")

    def _text(self, found: dict[str, Any], key: str, said: str) -> str:
        value = found.get(key, "")
        if not isinstance(value, str):
            self.problems.append(f"{said}`{key}` is {value!r}, no text; quote it")
            return ""
        return value

    def _flag(self, found: dict[str, Any], key: str, said: str) -> bool:
        value = found.get(key, False)
        if not isinstance(value, bool):
            self.problems.append(f"{said}`{key}` is {value!r}, neither true nor false")
        return value is True

    def _texts(self, key: str) -> tuple[str, ...]:
        return self._words(self.found.get(key) or [], f"`{key}`")

    def _words(self, given: Any, said: str) -> tuple[str, ...]:
        if not isinstance(given, list) or any(
            isinstance(one, (dict, list, bool)) or one in (None, "") for one in given
        ):
            self.problems.append(f"{said}: no list of words; quote true, false and null")
            return ()
        return tuple(map(str, given))

    def _lowest(self) -> float | None:
        value = self.found.get("lowest")
        if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
            self.problems.append(f"`lowest` is {value!r}, no number")
            return None
        return value

    def _mapping(self, key: str) -> dict[str, Any]:
        found = self.found.get(key) or {}
        if not isinstance(found, dict):
            self.problems.append(f"`{key}` is no mapping")
            return {}
        return found


def _some_show(file: TemplateFile, name: str) -> bool:
    return any(name in one.input.roots for one in file.templates if not one.inverted)
