"""Template files of the flan style: ours in `library/`, named by task type and language, and those of users.

    task_type: nli                            of what kind; the file's name is nli.en.yaml
    about: does one text follow from another
    language: en
    fields: [premise, hypothesis, label]      which rows need; `title?` is one they may have
    options: [entailment, neutral, contradiction]     names of a class field's numbers; [] where only the
                                              dataset names them, "{choices}" where rows bring a list
    classes: [entailment, neutral, contradiction]     the same as datasets spell them (default: as options)
    answer: label                             the field with the class, or with the text to be written
    cot: false                                whether the target reasons before it answers
    also: {premise: [sentence1, text.0], choices: [choice1+choice2]}   where a field is taken from if it is
                                              not there itself: a column, a place inside, columns as a list
    each: questions                           a list of mappings, each of which makes a row of its own
    cut: [{field: answer, at: "####", into: [rationale, answer], drop: ["<<", ">>"]}]
    lists: {dialogue: "\\n"}                   what stands between the values of a list (default: ", ")
    before: title                             an optional field that stands before inputs without it
    shown: [kind]                             optional fields: rows that have one get only inputs that show it
    lowest: 0                                 the least number that is an answer: -1 is a label kept back
    languages: [target_language]              fields with codes of languages, told as names: de, "German"
    templates:
      - name: can-we-conclude
        input: 'Can we conclude "{hypothesis}" from "{premise}"?\\n{options}'
        target: "{answer}"
        options: [yes, maybe, no]             its own words for the classes
        inverted: false                       whether it asks for what is given otherwise
    few_shot: {between: "\\n\\n\\n", input_prefix: "", target_prefix: "\\n\\n"}   or a list, one drawn

`{options}` is where options are listed: a template without it never lists them. `{answer}` is the answer in
words. `cut` divides a text where a field is missing, as GSM8K has reasoning and result in one. What a file in
another language does not say of `classes`, `also`, `each`, `cut`, `lists`, `before`, `shown`, `lowest` and
`languages` is as in our English file of its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ittools.errors import InputError, UsageError, did_you_mean
from ittools.store.files import sha256_file
from ittools.template.flan.files import TemplateFile
from ittools.template.flan.reading import parsed

FOLDER = Path(__file__).parent / "library"


def template_files(spec: str | None, language: str | None) -> list[TemplateFile]:
    """Those that `--templates` names: `nli`, `nli.de`, `nli.*`, a file, a folder, several by commas.

    A name alone means the prompts in the language of the rows, English where none is given.

    Raises:
        UsageError: a name that we have no templates for.
        InputError: a file that cannot be read, with all that is wrong in it.
    """
    if not spec:
        raise UsageError(f"--style flan needs --templates: a file, or one of {', '.join(task_types())}")
    files: dict[str, TemplateFile] = {}
    for word in filter(None, (word.strip() for word in spec.split(","))):
        for path in _paths(word, language):
            files[str(path)] = read_template_file(path)
    if not files:
        raise UsageError(f"--templates {spec!r} names nothing")
    return list(files.values())


def task_types(language: str | None = None) -> list[str]:
    """Of our library, in one language or in any."""
    names = (path.name.removesuffix(".yaml").rpartition(".") for path in FOLDER.glob("*.yaml"))
    return sorted({kind for kind, _, spoken in names if language in (None, spoken)})


def read_template_file(path: Path) -> TemplateFile:
    """Raises InputError with everything that is wrong: file, template, field."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--templates {path}: cannot be read ({error})") from None
    where = f"library/{path.name}" if path.parent == FOLDER else str(path)
    return parsed(text, where=where, name=path.stem, fingerprint=sha256_file(path), english=in_english)


def _paths(word: str, language: str | None) -> Iterator[Path]:
    path = Path(word)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml"))
        if not found:
            raise InputError(f"--templates {word}: a folder without .yaml files")
        yield from found
    elif path.suffix in (".yaml", ".yml"):
        yield path
    else:
        yield from _ours(word, language)


def _ours(word: str, language: str | None) -> Iterator[Path]:
    kind, dot, spoken = word.partition(".")
    if dot and spoken == "*":
        found = sorted(FOLDER.glob(f"{kind}.*.yaml"))
    else:
        spoken = spoken or (language or "en").partition("-")[0].lower()
        found = [path for path in (FOLDER / f"{kind}.{spoken}.yaml",) if path.is_file()]
    if found:
        yield from found
        return
    known = sorted(path.name.split(".")[1] for path in FOLDER.glob(f"{kind}.*.yaml"))
    if not known:
        near = did_you_mean(kind, task_types())
        raise UsageError(f"--templates {word}: no such file, and no templates of ours{near}; "
                         f"there are: {', '.join(task_types())}")  # fmt: skip
    raise UsageError(f"--templates {word}: {kind} has no prompts in {spoken!r}, only in {', '.join(known)}; "
                     f"for English prompts on such rows: --templates {kind}.en")  # fmt: skip


@cache
def in_english(task_type: str) -> TemplateFile | None:
    """Our English file of a type: what datasets call columns and classes is the same in every language."""
    path = FOLDER / f"{task_type}.en.yaml"
    return read_template_file(path) if path.is_file() else None
