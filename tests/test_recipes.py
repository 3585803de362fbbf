"""Recipes: everything wrong at once, references, seeds, overrides, reuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ittools.cli.app import main
from ittools.errors import RecipeError, UsageError
from ittools.generate.seeds import builtin
from ittools.progress import Silent
from ittools.recipes import COMMANDS, Recipe, RunOptions, find_recipe, read_recipe, run

ROWS = [
    {"instruction": f"Name {word}.", "output": word * 3} for word in "one two three four five six".split()
]


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _read(folder: Path, text: str, **others: Any) -> Recipe:
    path = _write(folder / "recipe.yaml", text)
    return read_recipe(path, RunOptions(recipe=str(path), **others))


def _refusal(folder: Path, text: str, **others: Any) -> str:
    with pytest.raises(RecipeError) as refused:
        _read(folder, text, **others)
    assert refused.value.exit_code == 2
    return str(refused.value)


@pytest.mark.parametrize("path", sorted(builtin("recipes").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_recipes_are_valid(path: Path) -> None:
    recipe = read_recipe(path, RunOptions(recipe=path.stem))
    assert recipe.name == path.stem
    assert recipe.about
    assert [step.options.out for step in recipe.steps] == [
        Path("runs") / path.stem / step.name for step in recipe.steps
    ]


def test_all_that_is_wrong_is_said_at_once_with_its_line_and_the_nearest_word(tmp_path: Path) -> None:
    text = """\
name: bad
sede: 3
steps:
  generate: {teacher: ofline, numb: 4}
  filtr: {inputs: generate}
  clean: {command: filter, inputs: generat, min-output-wrods: 3, out: elsewhere}
  dedup: {inputs: mix}
  mix: [1, 2]
"""
    place = tmp_path / "recipe.yaml"
    said = _refusal(tmp_path, text, set=("genrate.num=1", "nonsense", "mix.seed=[")).split("; ")
    joined = "; ".join(said)
    for expected in (
        f"{place}:2: no key 'sede'; did you mean 'seed'?",
        f"{place}:4: step generate: teacher: 'ofline' is not one of openai, offline, replay",
        "no option 'numb'; did you mean 'num'?",
        f"{place}:5: no command 'filtr'; did you mean 'filter'?",
        f"{place}:6: step clean: 'out' is not set by a recipe",
        "step clean: no step and no file 'generat'; did you mean 'generate'?",
        "no option 'min-output-wrods'; did you mean 'min-output-words'?",
        f"{place}:7: step dedup: the step 'mix' does not stand before it",
        f"{place}:8: step mix: expected options as a mapping, got list",
        "--set genrate.num=1: no step 'genrate'; did you mean 'generate'?",
        "--set nonsense: expected STEP.OPTION=VALUE",
        "--set mix.seed=[:2: not YAML",
    ):
        assert expected in joined, joined


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ":1: a recipe needs `steps:`"),
        ("- a\n", ":1: a recipe needs `steps:`"),
        ("steps: {}\n", ":1: a recipe needs `steps:`"),
        ("steps:\n  filter: {inputs: x.jsonl}\n  filter: {}\n", ":3: the key 'filter' stands twice"),
        ("a: &a [x]\nsteps: {filter: {inputs: *a}}\n", "aliases"),
        ("steps: {filter: !!python/name:os.system {}}\n", "recipe.yaml"),
        ("name: ../up\nsteps: {filter: {inputs: x.jsonl}}\n", "must be a plain folder name"),
        ('steps: {"../../up": {command: filter, inputs: x.jsonl}}\n', "must be a plain folder name"),
        ('name: "a\\eb"\nsteps: {filter: {inputs: x.jsonl}}\n', "must be a plain folder name"),
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in _refusal(tmp_path, text)


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    levels = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(12)]
    text = "\n".join(["a: &a [x]", *levels, "steps: {filter: {inputs: *m}}"])
    assert "aliases" in _refusal(tmp_path, text)


def test_steps_refer_to_earlier_ones_by_name(tmp_path: Path) -> None:
    _write(tmp_path / "mine.jsonl", "")
    text = f"""\
steps:
  first: {{command: filter, inputs: {tmp_path}/mine.jsonl}}
  second: {{command: dedup, inputs: [first, {tmp_path}/mine.jsonl]}}
  finetune: {{inputs: second, model: tiny}}
  evaluate: {{inputs: second, model: finetune, split: train}}
"""
    steps = _read(tmp_path, text, runs=Path("r")).steps
    assert steps[1].options.inputs == ("r/recipe/first", f"{tmp_path}/mine.jsonl")
    assert steps[2].options.model == "tiny"
    assert steps[3].options.model == "r/recipe/finetune"


def test_the_recipes_seed_is_each_steps_own_unless_it_has_one(tmp_path: Path) -> None:
    text = """\
seed: 11
steps:
  generate: {teacher: offline}
  other: {command: generate, teacher: offline, seed: 2}
  filter: {inputs: [generate, other]}
  dedup: {inputs: filter}
  mix: {inputs: dedup}
"""
    steps = {step.name: step.options for step in _read(tmp_path, text, set=("mix.seed=5",)).steps}
    assert [steps[name].seed for name in ("generate", "other", "filter", "mix")] == [11, 2, 11, 5]
    assert not hasattr(steps["dedup"], "seed")


def test_set_stands_over_the_environment_over_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "steps: {generate: {base-url: 'http://recipe/v1', num: 3}}\n"

    def url(*pairs: str) -> str | None:
        return _read(tmp_path, text, set=pairs).steps[0].options.base_url  # type: ignore[no-any-return]

    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert url() == "http://recipe/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://environment/v1")
    assert url() == "http://environment/v1"
    assert url("generate.base_url=http://flag/v1") == "http://flag/v1"


def test_a_recipe_does_not_send_the_key_to_its_own_server_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "steps: {generate: {base-url: 'https://elsewhere.example/v1'}}\n"
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    said = _refusal(tmp_path, text)
    assert "would send OPENAI_API_KEY to elsewhere.example" in said
    assert "--set generate.base-url=https://elsewhere.example/v1" in said
    assert "sk-secret" not in said
    assert _read(tmp_path, text, set=("generate.base-url=https://elsewhere.example/v1",))
    assert _read(tmp_path, text.replace("https://elsewhere.example", "http://localhost:8000"))


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("generate.language=[de, no]", ("de", "no")),
        ("generate.language=fr", ("fr",)),
        ("generate.num=7", 7),
        ("generate.keep-dropped=true", True),
        ("generate.license=MIT", "MIT"),
        ("generate.max-cost=2", 2.0),
        ("generate.license=null", None),
    ],
)
def test_set_takes_yaml_values(tmp_path: Path, pair: str, value: object) -> None:
    recipe = _read(tmp_path, "steps: {generate: {teacher: offline}}\n", set=(pair,))
    name = pair.partition("=")[0].removeprefix("generate.").replace("-", "_")
    assert getattr(recipe.steps[0].options, name) == value


@pytest.mark.parametrize(
    "pair", ["generate.num=many", "generate.num=1e999", "generate.teacher=no", "generate.x=1"]
)
def test_set_of_a_wrong_value_is_refused(tmp_path: Path, pair: str) -> None:
    assert "step generate: " in _refusal(tmp_path, "steps: {generate: {teacher: offline}}\n", set=(pair,))


def test_a_recipe_is_found_by_name_or_path(tmp_path: Path) -> None:
    assert find_recipe("quickstart") == builtin("recipes") / "quickstart.yaml"
    mine = _write(tmp_path / "mine.yaml", "")
    assert find_recipe(str(mine)) == mine
    with pytest.raises(RecipeError, match=r"quickstrat: .*; did you mean 'quickstart'.*there are: "):
        find_recipe("quickstrat")


def test_every_command_of_a_recipe_exists() -> None:
    from importlib import import_module

    for module_name, options, function in COMMANDS.values():
        module = import_module(module_name)
        assert callable(getattr(module, function))
        assert hasattr(module, options)


def _state(folder: Path) -> dict[str, tuple[int, bytes]]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    _write(tmp_path / "rows.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))
    text = f"""\
name: small
steps:
  filter: {{inputs: {tmp_path}/rows.jsonl}}
  dedup: {{inputs: filter}}
  mix: {{inputs: dedup, heldout: 0.2}}
"""
    return _write(tmp_path / "small.yaml", text)


def _run(recipe: Path, **others: Any) -> dict[str, str]:
    options = RunOptions(recipe=str(recipe), runs=recipe.parent / "runs", **others)
    return run(options, Silent()).value  # type: ignore[no-any-return]


def test_a_second_run_changes_no_file(recipe: Path) -> None:
    done = _run(recipe)
    assert list(done) == ["filter", "dedup", "mix"]
    before = _state(recipe.parent / "runs")
    assert _run(recipe) == done
    assert _state(recipe.parent / "runs") == before


def test_a_changed_option_is_refused_and_names_its_step(recipe: Path) -> None:
    _run(recipe)
    before = _state(recipe.parent / "runs")
    with pytest.raises(UsageError, match=r"small\.yaml: step mix: .*another run.*--force"):
        _run(recipe, set=("mix.heldout=0.5",))
    assert _state(recipe.parent / "runs") == before


def test_force_replaces_what_changed_and_reuses_the_rest(recipe: Path) -> None:
    _run(recipe)
    before = _state(recipe.parent / "runs")
    _run(recipe, set=("mix.heldout=0.5",), force=True)
    changed = {path for path, state in _state(recipe.parent / "runs").items() if before.get(path) != state}
    assert changed
    assert {Path(path).relative_to(recipe.parent / "runs/small").parts[0] for path in changed} == {"mix"}


def test_a_step_that_fails_is_named_and_those_before_it_stay(recipe: Path) -> None:
    _write(recipe.parent / "rows.jsonl", '{"instruction": "a"')
    with pytest.raises(Exception, match=r"small\.yaml: step filter: .*rows\.jsonl:1"):
        _run(recipe)


def test_dry_run_prints_the_steps_and_writes_nothing(
    recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(recipe), "--runs", str(recipe.parent / "runs"), "--dry-run"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == ["small:", "filter", "dedup", "mix"]
    assert not (recipe.parent / "runs").exists()


def test_text_of_a_recipe_reaches_the_terminal_made_visible(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'about: "a\\e[31mb"\nsteps: {filter: {inputs: x.jsonl}}\n'
    assert main(["run", str(_write(tmp_path / "r.yaml", text)), "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("r: a␛[31mb\n")
    assert main(["run", str(_write(tmp_path / "r.yaml", 'steps: {"\\e[2J": {}}\n'))]) == 2
    assert "\x1b" not in capsys.readouterr().err


# --- trials ---------------------------------------------------------------------------------------

TRIAL = """
name: tried
steps:
  generate: {num: 500, model: large}
  filter: {inputs: generate}
trial:
  generate: {teacher: offline, num: 6}
"""


def test_trial_changes_what_it_names_and_writes_elsewhere(tmp_path: Path) -> None:
    recipe = _read(tmp_path, TRIAL, trial=True, runs=tmp_path / "runs")
    options = recipe.steps[0].options
    assert (options.teacher, options.num, options.model) == ("offline", 6, "large")
    assert options.out == tmp_path / "runs" / "tried-trial" / "generate"
    assert recipe.steps[1].options.inputs == (str(options.out),)


def test_without_trial_nothing_of_it_holds(tmp_path: Path) -> None:
    options = _read(tmp_path, TRIAL).steps[0].options
    assert (options.teacher, options.num) == ("openai", 500)


def test_set_wins_over_the_trial(tmp_path: Path) -> None:
    recipe = _read(tmp_path, TRIAL, trial=True, set=("generate.num=9",))
    assert (recipe.steps[0].options.num, recipe.steps[0].options.teacher) == (9, "offline")


def test_recipe_without_a_trial_cannot_be_tried(tmp_path: Path) -> None:
    assert "--trial needs `trial:`" in _refusal(tmp_path, "steps: {filter: {inputs: a.jsonl}}", trial=True)


def test_trial_names_only_steps_that_are_there(tmp_path: Path) -> None:
    said = _refusal(tmp_path, TRIAL.replace("  generate: {teacher", "  generat: {teacher"), trial=True)
    assert "trial: no step 'generat'; did you mean 'generate'?" in said


@pytest.mark.parametrize("name", ["alpaca", "evolve", "lamini", "sail", "multilingual", "code"])
def test_shipped_trials_ask_no_server_and_train_the_tiny_model(name: str) -> None:
    path = builtin("recipes") / f"{name}.yaml"
    steps = read_recipe(path, RunOptions(recipe=name, trial=True)).steps
    asking = [step.options for step in steps if step.command == "generate"]
    assert asking
    assert {options.teacher for options in asking} == {"offline"}
    assert [step.options.model for step in steps if step.command == "finetune"] == ["tiny"]


def test_file_is_looked_for_here_and_then_beside_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, here = tmp_path / "recipes", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    text = "steps: {augment: {inputs: rows.jsonl, search: passages.jsonl}}"
    _write(folder / "passages.jsonl", "")
    _write(here / "rows.jsonl", "")
    options = _read(folder, text).steps[0].options
    assert (options.inputs, options.search) == (("rows.jsonl",), (str(folder / "passages.jsonl"),))
    _write(here / "passages.jsonl", "")
    assert _read(folder, text).steps[0].options.search == ("passages.jsonl",)


def test_recipe_cannot_send_keys_to_servers_of_its_choice(tmp_path: Path) -> None:
    """`key=` may name any variable, so no key in the environment is safe."""
    text = "steps: {generate: {endpoint: ['https://a.example/v1,key=HF_TOKEN', 'http://localhost:1/v1']}}"
    said = _refusal(tmp_path, text)
    assert "would send keys to a.example" in said
    given = "generate.endpoint=[https://a.example/v1]"
    assert _read(tmp_path, text, set=(given,)).steps[0].options.endpoint == ("https://a.example/v1",)


def test_every_shipped_recipe_is_in_the_docs() -> None:
    docs = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert [p.stem for p in builtin("recipes").glob("*.yaml") if f"| `{p.stem}` |" not in docs] == []
