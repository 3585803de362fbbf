"""`skip: true`: a step that is left out, wherever the recipe names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ittools.errors import RecipeError
from ittools.progress import Silent
from ittools.recipes import Recipe, RunOptions, find_recipe, read_recipe, run

GROUPS = """
name: groups
steps:
  red: {command: filter, inputs: red.jsonl}
  blue: {command: filter, inputs: blue.jsonl}
  mix: {inputs: [red, blue], weight: [red=0.6, blue=0.4]}
  dedup: {inputs: mix}
trial:
  blue: {skip: true}
"""


def _read(folder: Path, text: str, **others: Any) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return read_recipe(path, RunOptions(recipe=str(path), **others))


def _refusal(folder: Path, text: str, **others: Any) -> str:
    with pytest.raises(RecipeError) as refused:
        _read(folder, text, **others)
    return str(refused.value)


def test_skipped_step_is_no_step_and_its_weight_goes_with_it(tmp_path: Path) -> None:
    steps = _read(tmp_path, GROUPS, set=("blue.skip=true",)).steps
    assert [step.name for step in steps] == ["red", "mix", "dedup"]
    assert steps[1].options.inputs == (str(Path("runs/groups/red")),)
    assert steps[1].options.weight == ("red=0.6",)


def test_step_is_skipped_by_the_recipe_the_trial_or_set_and_set_wins(tmp_path: Path) -> None:
    def names(text: str, **others: Any) -> list[str]:
        return [step.name for step in _read(tmp_path, text, **others).steps]

    written = GROUPS.replace("blue.jsonl}", "blue.jsonl, skip: true}")
    everything, without = ["red", "blue", "mix", "dedup"], ["red", "mix", "dedup"]
    assert names(GROUPS) == everything
    assert names(GROUPS, trial=True) == without
    assert names(GROUPS, trial=True, set=("blue.skip=false",)) == everything
    assert names(written) == without
    assert names(written, set=("blue.skip=false",)) == everything
    assert names(GROUPS.replace("blue.jsonl}", "blue.jsonl, skip: false}")) == everything


def test_skip_is_no_option_of_the_step_itself(tmp_path: Path) -> None:
    steps = _read(tmp_path, GROUPS, set=("red.skip=false",)).steps
    assert not hasattr(steps[0].options, "skip")


def test_what_reads_skipped_steps_alone_is_refused(tmp_path: Path) -> None:
    said = _refusal(tmp_path, GROUPS, set=("red.skip=true", "blue.skip=true"))
    assert "step mix: all that it reads is skipped: red, blue" in said
    assert "step dedup: the step 'mix' is skipped" in _refusal(tmp_path, GROUPS, set=("mix.skip=true",))


def test_options_of_a_skipped_step_are_not_asked_for(tmp_path: Path) -> None:
    text = "steps: {filter: {inputs: a.jsonl}, template: {skip: true}}"
    assert [step.name for step in _read(tmp_path, text).steps] == ["filter"]


def test_skipped_step_writes_nothing_and_the_others_run(tmp_path: Path) -> None:
    rows = [{"instruction": f"Name the number {n}.", "output": f"It is {n}."} for n in range(6)]
    inputs = tmp_path / "rows.jsonl"
    inputs.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    text = f"""
name: small
steps:
  first: {{command: filter, inputs: {inputs}}}
  other: {{command: filter, inputs: first}}
  mix: {{inputs: [first, other], weight: [first=1, other=1], heldout: 0.2}}
  evaluate: {{inputs: mix, skip: true}}
"""
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    options = RunOptions(recipe=str(path), runs=tmp_path / "runs", set=("other.skip=true",))
    done = run(options, Silent()).value
    assert list(done) == ["first", "mix"]
    assert sorted(folder.name for folder in (tmp_path / "runs/small").iterdir()) == ["first", "mix"]
    manifest = json.loads((Path(done["mix"]) / "manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["components"]) == ["first"]


PUBLISHED = {"flan": 0.40, "t0": 0.32, "niv2": 0.20, "cot": 0.05, "dialog": 0.03}  # arXiv 2301.13688


@pytest.mark.parametrize("skipped", [(), *((one,) for one in PUBLISHED), ("cot", "dialog", "t0")], ids=str)
def test_flan_2022_is_mixed_over_the_groups_that_are_there(skipped: tuple[str, ...]) -> None:
    path, pairs = find_recipe("flan2022"), tuple(f"{name}.skip=true" for name in skipped)
    steps = {s.name: s.options for s in read_recipe(path, RunOptions(recipe="flan2022", set=pairs)).steps}
    left = {name: weight for name, weight in PUBLISHED.items() if name not in skipped}
    weights = dict(pair.split("=") for pair in steps["weigh"].weight)
    assert {name: float(weight) for name, weight in weights.items()} == left
    assert [Path(one).name for one in steps["weigh"].inputs] == list(left)
    assert not steps.keys() & set(skipped)


@pytest.mark.parametrize("said", ["no", "nein", "1"])
def test_skip_is_true_or_false(tmp_path: Path, said: str) -> None:
    """`no` is a word in strict YAML, and a word would skip."""
    recipe = tmp_path / "a.yaml"
    recipe.write_text(f"steps:\n  filter: {{inputs: a.jsonl, skip: {said}}}\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"step filter: skip: .* is neither true nor false"):
        read_recipe(recipe, RunOptions(recipe=str(recipe), runs=tmp_path / "runs"))


LICENSED = """
steps:
  template: {inputs: own.jsonl, templates: nli, style: flan}
trial:
  template: {inputs: own.jsonl, license: CC0-1.0}
"""


def test_a_stated_licence_does_not_pass_to_other_inputs(tmp_path: Path) -> None:
    recipe = tmp_path / "a.yaml"
    recipe.write_text(LICENSED, encoding="utf-8")
    (tmp_path / "own.jsonl").write_text("{}\n")
    (tmp_path / "theirs.jsonl").write_text("{}\n")

    def license_of(*pairs: str) -> str:
        options = RunOptions(recipe=str(recipe), runs=tmp_path / "runs", trial=True, set=pairs)
        return str(read_recipe(recipe, options).steps[0].options.license)

    theirs = f"template.inputs={tmp_path / 'theirs.jsonl'}"
    assert license_of() == "CC0-1.0"
    assert license_of(theirs) == "LicenseRef-unspecified"
    assert license_of(theirs, "template.license=MIT") == "MIT"
