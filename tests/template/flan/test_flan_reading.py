from __future__ import annotations

from pathlib import Path

import pytest
from flan_rows import file_of, written

from ittools.errors import InputError, UsageError
from ittools.template.flan.files import Cut, FewShot
from ittools.template.flan.library import FOLDER, read_template_file, task_types, template_files

FULL = """
task_type: made
about: what it is
language: en
fields: [a, label, b?]
options: [false, nothing]
answer: label
also: {a: [aa, x.0.y]}
each: parts
cut: [{field: a, at: "#", into: [a, b]}]
lists: {b: "; "}
templates:
  - {name: one, input: "{a} {options}", target: "{answer}", options: [no, yes]}
  - {name: two, input: "{b} {answer}", target: "{a}", inverted: true}
few_shot: [{between: "\\n"}, {input_prefix: "Q: ", target_prefix: " A: "}]
"""


def test_a_file_is_read_as_written() -> None:
    file = file_of(FULL.replace("[false, nothing]", '["false", nothing]'))
    assert (file.needed, file.optional, file.options) == (("a", "label"), ("b",), ("false", "nothing"))
    assert (file.answer, file.labelled, file.choices, file.each) == ("label", True, None, "parts")
    assert file.also == (("a", ("aa", "x.0.y")),)
    assert file.cuts == (Cut("a", "#", ("a", "b")),)
    assert file.lists == (("b", "; "),)
    assert file.few_shot == (FewShot("\n"), FewShot(input_prefix="Q: ", target_prefix=" A: "))
    assert [(one.name, one.inverted, one.options) for one in file.templates] == [
        ("one", False, ("no", "yes")),
        ("two", True, ()),
    ]


def test_without_more_words_demonstrations_stand_as_in_flan() -> None:
    file = file_of(
        "task_type: x\nlanguage: en\nfields: [a]\ntemplates: [{name: n, input: hi, target: '{a}'}]"
    )
    assert file.few_shot == (FewShot("\n\n\n", "", "\n\n"),)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("options: [false, nothing]", "options: [false, nothing]"), "`options`: no list of words;"),
        (("[false, nothing]", "[No, nO]"), "`options`: a name stands twice"),
        (("[false, nothing]", "[a, b, c]"), "template 'one': options: 2 of its own, expected 3"),
        (("[false, nothing]", '"{c}"'), "`options` is '{c}'; expected a list"),
        (("options: [false, nothing]", "classes: [x]"), "template 'one': input: {options}, and the file"),
        (("{b} {answer}", "{lable} {b}"), "template 'two': input: {lable} is no field of the file; did"),
        (("{b} {answer}", "{label}"), "template 'two': input: {label} is a class; its"),
        (('"{a}"', '"{a} {options}"'), "template 'two': target: {options} belongs into the input"),
        (("name: two", "name: one"), "template 'one': stands 2 times"),
        (("name: two", "name: a/b"), "template 'a/b': a name has no /"),
        (("name: two, ", ""), "template 2: `name` is missing"),
        (("target: \"{a}\"", 'target: " "'), "template 'two': `target` is missing"),
        (("inverted: true", "inverted: yes"), "template 'two': `inverted` is 'yes', neither"),
        (("inverted: true", "invert: true"), "template 'two': unknown key 'invert'; did you mean"),
        (("about: what", "abuot: what"), "unknown key 'abuot'; did you mean 'about'?"),
        (("answer: label", "answer: lbl"), "`answer`: lbl is no field of the file"),
        (("also: {a:", "also: {q:"), "`also`: q is no field of the file"),
        (("into: [a, b]", "into: [a]"), "`cut` needs field, at, into with two fields"),
        (("- {name: one, input: \"{a}", "- {name: one, input: \"{a"), "template 'one': input: "),
        (("fields: [a, label, b?]", "fields: [a, label, b?, options]"), "options is a place of its own"),
        (("few_shot: [{between", "few_shot: [{betwixt"), "`few_shot`: unknown key 'betwixt'"),
        (("language: en\n", ""), "`language` is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_template_and_field(change: tuple[str, str], told: str) -> None:
    text = FULL.replace(*change)
    if "false" not in change[1]:
        text = text.replace("[false, nothing]", "[bad, good]")
    with pytest.raises(InputError) as caught:
        file_of(text)
    assert str(caught.value).startswith("my.yaml: ")
    assert told in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        file_of("task_type: x\nfields: [a]\ntemplates: [{name: n, input: '{b}', target: '{c'}]")
    assert str(caught.value).count(";") >= 2


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "a: &x 1\n", "a: !!python/object:os.system x\n"])
def test_what_is_no_template_file_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match=r"my\.yaml"):
        file_of(text)


def test_a_name_means_prompts_in_the_language_of_the_rows() -> None:
    assert [file.name for file in template_files("nli", None)] == ["nli.en"]
    assert [file.name for file in template_files("nli", "de-AT")] == ["nli.de"]
    assert [file.name for file in template_files("nli.en", "de")] == ["nli.en"]
    assert [file.name for file in template_files("nli.en, nli.de,nli.en", "fr")] == ["nli.en", "nli.de"]
    several = [file.language for file in template_files("nli.*", None)]
    assert len(several) >= 9
    assert {"de", "en"} <= set(several)


def test_names_that_we_have_not_are_told_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="no templates of ours; did you mean 'nli'"):
        template_files("nlli", None)
    with pytest.raises(UsageError, match=r"nli has no prompts in 'xx', only in .*--templates nli\.en"):
        template_files("nli", "xx")
    with pytest.raises(UsageError, match="--style flan needs --templates: a file, or one of arithmetic"):
        template_files(None, None)
    with pytest.raises(UsageError, match="names nothing"):
        template_files(",", None)


def test_files_and_folders_of_users_are_read(tmp_path: Path) -> None:
    text = "task_type: x\nlanguage: en\nfields: [a]\ntemplates: [{name: n, input: hi, target: '{a}'}]"
    path = written(tmp_path, text)
    assert [file.where for file in template_files(path, "de")] == [path]
    assert [file.where for file in template_files(str(tmp_path), None)] == [path]
    with pytest.raises(InputError, match="cannot be read"):
        template_files(str(tmp_path / "none.yaml"), None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"a folder without \.yaml files"):
        template_files(str(tmp_path / "empty"), None)


def test_a_file_in_another_language_takes_columns_and_classes_from_the_english_one() -> None:
    german, english = (read_template_file(FOLDER / f"nli.{language}.yaml") for language in ("de", "en"))
    assert german.classes == english.classes == english.options != german.options
    assert german.also == english.also != ()


def test_what_a_file_says_itself_goes_first() -> None:
    text = "task_type: summary\nlanguage: de\nfields: [text, summary]\nanswer: summary\n"
    text += "also: {text: [artikel]}\n"
    file = file_of(text + "templates: [{name: n, input: '{text}', target: '{answer}'}]")
    assert dict(file.also)["text"][:2] == ("artikel", "article")
    assert file.lists == read_template_file(FOLDER / "summary.en.yaml").lists != ()


def test_there_are_task_types_in_plenty() -> None:
    assert len(task_types("en")) >= 25
    assert set(task_types("de")) <= set(task_types("en"))
