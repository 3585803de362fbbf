"""Our templates in other languages than English: whole, in their language, and of one tone each."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli

from ittools.errors import InputError
from ittools.template.flan.files import Template, TemplateFile
from ittools.template.flan.library import FOLDER, read_template_file
from ittools.template.flan.reading import parsed
from ittools.text.language import identify

LANGUAGES = ("ar", "de", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh")
TASK_TYPES = ("headline", "nli", "paraphrase", "qa-choice", "qa-closed", "qa-extractive", "qa-yes-no",
              "question-generation", "sentiment", "summary", "topic", "translation")  # fmt: skip
FILES = {
    (kind, language): read_template_file(FOLDER / f"{kind}.{language}.yaml")
    for kind, language in product(TASK_TYPES, LANGUAGES)
}
ENGLISH = {kind: read_template_file(FOLDER / f"{kind}.en.yaml") for kind in TASK_TYPES}
each_file = pytest.mark.parametrize("file", FILES.values(), ids=lambda file: str(file.name))
each_language = pytest.mark.parametrize("language", LANGUAGES)

_PLACE = re.compile(r"\{[^{}]*\}")
LATIN = frozenset({"de", "es", "fr", "it", "nl", "pl", "pt", "tr"})
ENGLISH_WORDS = frozenset(
    "the what which answer sentence following please write read choose title summary".split()
)
QUOTES = {"de": "„“", "pl": "„”", "fr": "«»", "es": "«»", "it": "«»", "ru": "«»", "ar": "«»",
          "pt": "“”", "nl": "“”", "tr": "“”", "zh": "“”", "ko": "“”", "hi": "“”", "ja": "「」"}  # fmt: skip
MARKS = {"zh": "：，。？！", "ja": "：、。？！", "ar": "؟،", "hi": "।", "es": "¿¡"}  # what must be used
STRANGE = {  # what another language would use instead
    "zh": ",?!;:()", "ja": ",?!;:()", "ar": "?,;", "hi": ".",
}  # fmt: skip
FAMILIAR_FORMAL = {
    "de": (r"\b(du|dir|dich|deine?[mnrs]?)\b", r"\b(Sie|Ihnen|Ihre?[mnrs]?)\b"),
    "fr": (r"\b(tu|te|toi)\b|\bt’|-tu\b", r"\b(vous|votre|vos|\w+ez)\b"),
    "es": (r"\b(tú|te|ti|tu|tus|tienes|eres|estás)\b", r"\b(usted|sería tan amable|por favor)\b"),
    "it": (r"\b(tu|ti|te|tuo|tua)\b", r"\b(Lei|La prego|per cortesia|gentilmente)\b"),
    "nl": (r"\b(je|jij|jou|jouw)\b", r"\b(u|uw)\b"),
    "pl": (r"\b(ty|ci|cię|ciebie|twoja|twój)\b", r"\b(Pan|Pani|Pana|Panu|Państwo|Państwa|proszę)\b"),
    "pt": (r"\b(você)\b", r"\b(o senhor|a senhora)\b"),
    "ru": (r"\b(ты|тебя|тебе|твой|твоя|твоём)\b", r"\b(вы|вас|вам|ваш\w*|\w+йте|\w+ите)\b"),
    "hi": (r"(तुम|तुम्हें|तुम्हारा|तुम्हारी)(?=[ ,।?])", r"(आप|आपके|आपको|आपसे|कृपया|\w*िए|\w*इए)(?=[ ,।?])"),
    "zh": (r"你", r"您"),
    "tr": (r"\b(sen|sana|seni|senin|sence)\b", r"\b(siz|size|sizden|lütfen|\w+[ıiuü]n[ıiuü]z)\b"),
}  # Japanese, Korean and Arabic say it in other ways than by these words


def templates(file: TemplateFile) -> Iterator[tuple[Template, str]]:
    """Each with its prompt as a writer wrote it, without the places."""
    for one in file.templates:
        yield one, _PLACE.sub(" ", one.source[0])


def shape(one: Template) -> str:
    """Both sides, whatever the fields are called and however they are spaced."""
    return " ".join(_PLACE.sub("{}", " > ".join(one.source)).casefold().split())


def test_every_language_has_every_common_task_type_and_no_file_stands_apart() -> None:
    there = {tuple(path.name.split(".")[:2]) for path in FOLDER.glob("*.yaml")}
    assert {pair for pair in there if pair[1] != "en"} == set(FILES)


@each_file
def test_a_file_is_what_its_name_says(file: TemplateFile) -> None:
    assert file.name == f"{file.task_type}.{file.language}"
    assert (file.task_type, file.language) in FILES


@each_file
def test_fields_are_those_of_the_english_file_so_that_one_mapping_serves_all(file: TemplateFile) -> None:
    english = ENGLISH[file.task_type]
    for name in ("needed", "optional", "answer", "choices", "labelled", "also", "each", "cuts", "lists",
                 "before", "shown", "lowest", "languages"):  # fmt: skip
        assert getattr(file, name) == getattr(english, name), name
    assert file.classes == english.classes  # "entailment" in a dataset is "ja" in a German prompt


@each_file
def test_there_are_ten_templates_and_some_are_inverted(file: TemplateFile) -> None:
    assert len(file.templates) >= 10
    assert any(one.inverted for one in file.templates)
    assert sum(not one.inverted for one in file.templates) >= 6


@each_file
def test_every_field_is_used_and_none_stands_on_both_sides(file: TemplateFile) -> None:
    used: set[str] = set()
    for one in file.templates:
        asked, wanted = file.fields_of(one.input), file.fields_of(one.target)
        used |= asked | wanted
        assert not asked & wanted, one.name
        assert "options" not in one.input.names or file.answer in wanted, one.name
    assert used >= {*file.needed, *file.optional} - ({file.choices} if file.choices else set())


@each_file
def test_an_inverted_template_asks_for_something_else_than_the_others(file: TemplateFile) -> None:
    for one in file.templates:
        assert one.inverted == (file.fields_of(one.target) != _goal(file)), one.name


def _goal(file: TemplateFile) -> frozenset[str]:
    """What the task type asks for: mostly the answer, of a question about a text the question."""
    return frozenset({"question" if file.task_type == "question-generation" else str(file.answer)})


@each_file
def test_every_template_renders_a_row(file: TemplateFile) -> None:
    values = {name: f"<{name}>" for name in (*file.needed, *file.optional, "answer", "options")}
    for one in file.templates:
        prompt, target = one.input.fill(values), one.target.fill(values)
        assert prompt == _PLACE.sub(lambda place: f"<{place.group()[1:-1]}>", one.source[0])
        assert re.fullmatch(r"<\w+>", target)
        assert target not in prompt


@each_language
def test_no_template_stands_twice_in_a_language(language: str) -> None:
    shapes = Counter(
        shape(one) for kind in TASK_TYPES for one in FILES[kind, language].templates if not _bare(one)
    )
    assert [found for found, count in shapes.items() if count > 1] == []


def _bare(one: Template) -> bool:
    """Nothing but places: a question and its options, of whichever type."""
    return not _PLACE.sub("", one.source[0]).strip()


@each_language
def test_at_most_one_template_of_a_file_has_no_words(language: str) -> None:
    for kind in TASK_TYPES:
        assert sum(map(_bare, FILES[kind, language].templates)) <= 1


@pytest.mark.parametrize("backend", ["fast", "langdetect"])
def test_the_prompts_of_each_file_are_in_its_language(backend: str) -> None:
    if backend == "langdetect":
        pytest.importorskip("langdetect")
    prompts = ["\n".join(text for _, text in templates(file)) for file in FILES.values()]
    codes, odds = identify(pa.array(prompts), backend=backend)  # type: ignore[arg-type]
    assert codes.to_pylist() == [language for _, language in FILES]
    assert min(odds.to_pylist()) > 0.9


@each_language
def test_a_prompt_alone_is_seldom_taken_for_another_language(language: str) -> None:
    prompts = [text for kind in TASK_TYPES for _, text in templates(FILES[kind, language])]
    said = Counter(identify(pa.array(prompts))[0].to_pylist())
    wrong = sum(count for code, count in said.items() if code not in (language, "und"))
    assert wrong <= 0.05 * len(prompts)


@each_language
def test_no_english_is_left_over(language: str) -> None:
    for kind in TASK_TYPES:
        file = FILES[kind, language]
        for one, text in templates(file):
            words = set(re.findall(r"[a-zA-Z]+", text.lower()))
            allowed = {"a", "b"} if language == "ja" else set()  # two things told apart: A：…, B：…
            assert not (words & ENGLISH_WORDS if language in LATIN else words - allowed), (kind, one.name)


@each_language
def test_options_are_in_the_language(language: str) -> None:
    for kind in TASK_TYPES:
        file, english = FILES[kind, language], ENGLISH[kind]
        lists = [file.options, *(one.options for one in file.templates)]
        theirs = {english.options, english.classes, *(one.options for one in english.templates)}
        assert len(file.options) == len(english.classes)  # topics have none of their own in English
        for options in filter(None, lists):
            assert options not in theirs
            assert language in LATIN or not re.search("[a-zA-Z]", "".join(options))


@each_language
def test_some_templates_name_the_classes_in_words_of_their_own(language: str) -> None:
    for kind in ("nli", "paraphrase", "sentiment"):
        file = FILES[kind, language]
        own = [one.options for one in file.templates if one.options]
        assert own
        assert all(set(words).isdisjoint(file.options) for words in own if kind != "nli")


@each_language
def test_quotes_and_marks_are_those_of_the_language(language: str) -> None:
    opening, closing = QUOTES[language]
    everything = ""
    for kind in TASK_TYPES:
        for one, text in templates(FILES[kind, language]):
            everything += text
            assert text.count(opening) == text.count(closing), (kind, one.name)
            assert set("“”„«»「」\"'") & set(text) <= {opening, closing}, (kind, one.name)
            assert not set(STRANGE.get(language, "")) & set(text), (kind, one.name)
    assert set(MARKS.get(language, "")) <= set(everything)
    assert opening in everything


@each_language
def test_prompts_are_spaced_as_the_language_does(language: str) -> None:
    for kind in TASK_TYPES:
        for one in FILES[kind, language].templates:
            text = one.source[0]
            assert text == text.strip()
            assert not re.search(r"[ \t]\n|  |\n\n\n", text), (kind, one.name)
            if language == "fr":
                assert not re.search(r"[^\s][?!:;»]|«\S", text), (kind, one.name)
            elif language in LATIN | {"ru"}:
                assert not re.search(r"\s[?!:;,.]", text.replace(" …", "")), (kind, one.name)
            if language == "es":
                assert text.count("¿") == text.count("?"), (kind, one.name)
                assert text.count("¡") == text.count("!"), (kind, one.name)


@pytest.mark.parametrize("language", FAMILIAR_FORMAL)
def test_a_prompt_is_familiar_or_formal_throughout_and_both_occur(language: str) -> None:
    familiar, formal = FAMILIAR_FORMAL[language]
    flags = re.NOFLAG if language in ("de", "it") else re.IGNORECASE  # Sie and sie, Lei and lei
    seen = {True: 0, False: 0}
    for kind in TASK_TYPES:
        for one, text in templates(FILES[kind, language]):
            near, far = re.search(familiar, text, flags), re.search(formal, text, flags)
            assert not (near and far), (kind, one.name, near, far)
            seen[True] += near is not None
            seen[False] += far is not None
    assert min(seen.values()) >= 3


def test_classes_of_a_dataset_in_english_are_found_under_their_number() -> None:
    file = FILES["nli", "de"]
    assert file.options == ("ja", "vielleicht", "nein")
    assert file.classes == ("entailment", "neutral", "contradiction")


def test_a_file_that_names_too_few_options_of_its_own_is_refused() -> None:
    path = FOLDER / "nli.fr.yaml"
    text = path.read_text(encoding="utf-8").replace("[vraie, indécidable, fausse]", "[vraie, fausse]")
    with pytest.raises(InputError, match=r"template 'terse': options: 2 of its own, expected 3"):
        parsed(text, where="nli.fr.yaml", name="nli.fr")


ROW = {
    "premise": "P", "hypothesis": "H", "label": 1, "sentence1": "S1", "sentence2": "S2", "context": "C",
    "question": "Q", "answer": "A1", "choices": ["A1", "A2"], "text": "T", "title": "N", "summary": "Z",
    "source": "X", "target": "Y", "source_language": "xx", "target_language": "yy",
}  # fmt: skip


@each_language
def test_the_language_of_the_rows_picks_the_prompts_and_each_of_them_renders(
    language: str, cli: Cli, tmp_path: Path
) -> None:
    tables = []
    others = [kind for kind in TASK_TYPES if kind != "topic"]
    for kinds, label in ((others, 1), (["topic"], "Sports")):  # numbers of topics are nobody's
        rows, out = tmp_path / f"{label}.jsonl", tmp_path / f"out-{label}"
        rows.write_text(json.dumps(ROW | {"label": label}) + "\n", encoding="utf-8")
        ran = cli("template", rows, "--templates", ",".join(kinds), "--language", language,
                  "--per-row", 1_000, "--workers", 1, "-o", out)  # fmt: skip
        assert ran.code == 0, ran.err
        tables += [pq.read_table(path) for path in sorted((out / "data").glob("*.parquet"))]
    made = pa.concat_tables(tables)
    found = dict(zip(made["template"].to_pylist(), made["output"].to_pylist(), strict=True))
    assert set(found) == {
        f"flan/{kind}.{language}/{one.name}" for kind in TASK_TYPES for one in FILES[kind, language].templates
    }
    assert set(made["language"].to_pylist()) == {language}
    file = FILES["nli", language]
    assert found[f"flan/nli.{language}/without-options"] == file.options[1]
    assert found[f"flan/nli.{language}/write-a-hypothesis"] == "H"


def test_a_number_is_no_topic_unless_the_dataset_names_its_topics(cli: Cli, tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out"
    rows.write_text(json.dumps(ROW | {"label": 1}) + "\n", encoding="utf-8")
    words = ("template", rows, "--templates", "topic.de", "--per-row", 99, "-o", out)
    ran = cli(*words)
    assert (ran.code, "--labels label=first,second" in ran.err) == (1, True)
    assert cli(*words, "--labels", "label=World,Sports,Business,Sci/Tech").code == 0
    assert "Sport" in pq.read_table(next((out / "data").glob("*.parquet")))["output"].to_pylist()
