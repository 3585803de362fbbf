# ruff: noqa: E501 - templates as they are
"""`templates.yaml` is read as promptsource reads it; what is none is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ittools.errors import InputError
from ittools.template.options import StyleOptions
from ittools.template.p3 import style
from ittools.template.p3.files import read_templates, template_files
from ittools.template.p3.style import known_of
from ittools.template.sandbox.environment import compiled

REAL = """\
dataset: super_glue
subset: boolq
templates:
  3e386463: !Template
    answer_choices: False ||| True
    id: 3e386463
    jinja: 'Passage: {{passage}}

      |||

      {{answer_choices[label]}}'
    metadata: !TemplateMetadata
      choices_in_prompt: null
      languages:
      - en
      metrics:
      - Accuracy
      original_task: true
    name: after reading
    reference: ''
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "templates.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_with_its_tags(tmp_path: Path) -> None:
    (one,) = read_templates(written(tmp_path, REAL), tmp_path)
    assert (one.set, one.name, one.key) == (
        "super_glue/boolq",
        "after reading",
        "super_glue/boolq/after reading",
    )
    assert one.jinja == "Passage: {{passage}}\n|||\n{{answer_choices[label]}}"
    assert one.answer_choices == "False ||| True"
    assert (one.original_task, one.choices_in_prompt) == (True, None)
    assert (one.languages, one.metrics) == (("en",), ("Accuracy",))
    assert one.place == f"{tmp_path / 'templates.yaml'}:4"


def test_without_a_name_the_set_is_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "glue" / "mrpc"
    folder.mkdir(parents=True)
    path = written(folder, REAL.partition("templates:")[1] + REAL.partition("templates:")[2])
    assert [one.set for one in read_templates(path, tmp_path)] == ["glue/mrpc"]
    assert [one.set for one in read_templates(path, folder)] == ["mrpc"]
    assert template_files(str(tmp_path)) == [path]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dataset: super_glue", "dataset: [", r"templates.yaml:\d+: not promptsource YAML \("),
        ("!TemplateMetadata", "!!python/object/apply:os.system", "could not determine a constructor"),
        ("!Template\n", "!Other\n", "could not determine a constructor"),
        ("templates:", "others:", "no templates: a promptsource file has `dataset` and `templates`"),
        ("name: after reading", "name: 3", "templates.yaml:4: template '3': name is int, expected text"),
        ("    name: after reading\n", "", "template '3e386463': name is missing, expected text"),
        (
            "original_task: true",
            "original_task: yep",
            "template 'after reading': original_task is str, expected",
        ),
        ("    - en", "    - 1", "languages is list, expected a list of words"),
        ("answer_choices: False ||| True", "answer_choices: no", "answer_choices is bool, expected text"),
    ],
)
def test_what_is_no_such_file_is_told(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_templates(written(tmp_path, REAL.replace(old, new)), tmp_path)


def test_missing_and_empty_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a folder without any templates\.yaml"):
        template_files(str(tmp_path))
    with pytest.raises(InputError, match="no such file or folder of templates"):
        template_files(str(tmp_path / "none"))
    with pytest.raises(InputError, match="not promptsource YAML"):
        read_templates(written(tmp_path, "a: " + "[" * 5_000), tmp_path)


def test_every_public_template_at_hand_is_accepted_in_both_modes(shared_data: Path) -> None:
    root, count = shared_data / "promptsource", 0
    for file in template_files(str(root)):
        for template in read_templates(file, root):
            for whole in (False, True):
                known = known_of(template, StyleOptions(inputs=(), no_truncate=whole))
                compiled(known.source.jinja)
            assert template.key.startswith(file.parent.relative_to(root).as_posix().split("/")[0])
            count += 1
    assert count == 204


def test_faces_show_both_sides_and_all_refusals_at_once(tmp_path: Path) -> None:
    side = "{% if label == 1 %}{{passage}} ||| {{title}}{% else %}no ||| {{passage}} {{answer_choices[label]}}{% endif %}"
    text = (
        REAL.replace("'Passage: {{passage}}", f"'{side}").partition("\n\n      |||")[0]
        + "'\n    name: both\n"
    )
    for name, jinja in (
        ("plain", "{{passage}} \\\\n ||| {{title | join('\\\\n')}}"),
        ("bad", "{{ a.__class__ }}"),
    ):
        text += f'  {name}: !Template\n    name: {name}\n    jinja: "{jinja}"\n'
    options = StyleOptions(inputs=(), templates=str(written(tmp_path, text)))
    both, plain, bad = style.faces(style.plan(options, []))
    assert (both.name, both.where) == ("both", f"{tmp_path / 'templates.yaml'}:4")
    assert both.prompt_fields == {"passage"}
    assert both.target_fields == {"title", "passage"}
    assert (plain.prompt, plain.target) == ("{{passage}} \\n ", " {{title | join('⏎')}}")
    assert bad.trouble == "line 1: the attribute '__class__' is not allowed"
