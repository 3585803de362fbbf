"""Recipes: steps in YAML, with the options of the command line, run in order, finished ones reused.

    name: first
    seed: 7
    steps:
      generate: {teacher: offline, num: 40}
      filter: {inputs: generate}          # an earlier step's name means its directory
      long: {command: filter, inputs: generate, min-output-words: 50}

Step by step each writes to runs/<name>/<step>/.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ittools.errors import IttoolsError, RecipeError, UsageError, did_you_mean
from ittools.formats.strict_yaml import Lines, load_yaml
from ittools.generate.seeds import builtin
from ittools.options import argument, from_mapping, option
from ittools.progress import Progress
from ittools.store.outcome import Answer, Outcome

COMMANDS: dict[str, tuple[str, str, str]] = {  # command: module, options, function
    "generate": ("ittools.generate.run", "GenerateOptions", "generate"),
    "filter": ("ittools.curate.filter", "FilterOptions", "filter_records"),
    "dedup": ("ittools.curate.dedup", "DedupOptions", "dedup"),
    "mix": ("ittools.mixture.mix", "MixOptions", "mix"),
    "finetune": ("ittools.train.finetune", "FinetuneOptions", "finetune"),
    "evaluate": ("ittools.evaluate.evaluate", "EvaluateOptions", "evaluate"),
    "report": ("ittools.report.report", "ReportOptions", "report"),
}
TOP = {"name", "about", "seed", "steps"}
REFERENCES = ("inputs", "seeds", "model", "replay")  # options that may name an earlier step
RESERVED = ("out", "force", "dry_run", "show_mask")  # the run's own, or no step's


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    recipe: str = argument("a recipe's name or its YAML file", metavar="RECIPE")
    runs: Path = option(Path("runs"), "directory of the runs", flags=("--runs",))
    set: tuple[str, ...] = option((), "STEP.OPTION=VALUE over the recipe's, once for each")
    force: bool = option(False, "replace steps whose options changed")
    dry_run: bool = option(False, "check the recipe and print its steps; run nothing")


@dataclass(frozen=True)
class Step:
    name: str
    command: str
    options: Any
    run: Callable[[Any, Progress], Outcome | Answer]


@dataclass(frozen=True)
class Recipe:
    name: str
    about: str
    steps: list[Step]


def run(options: RunOptions, progress: Progress) -> Answer:
    """Every step in order. Raises RecipeError before anything runs, with all that is wrong."""
    path = find_recipe(options.recipe)
    recipe = read_recipe(path, options)
    if options.dry_run:
        lines = [f"{step.name:<12}{step.command:<12}{step.options.out}" for step in recipe.steps]
        return Answer([f"{recipe.name}: {recipe.about}", *lines], [step.name for step in recipe.steps])
    done: dict[str, str] = {}
    for number, step in enumerate(recipe.steps, start=1):
        progress.note(f"{recipe.name} {number}/{len(recipe.steps)}: {step.name}")
        try:
            result = step.run(step.options, progress)
        except IttoolsError as error:
            raise type(error)(f"{path}: step {step.name}: {error}") from error
        progress.done(step.name, result)
        done[step.name] = str(step.options.out)
    pages = [Path(out) / "index.html" for out in done.values() if (Path(out) / "index.html").is_file()]
    return Answer([f"{recipe.name}: {len(done)} steps finished", *(f"open {page}" for page in pages)], done)


def find_recipe(name: str) -> Path:
    """A path as it is, or the name of a recipe that comes with ittools."""
    path = Path(name)
    if path.is_file():
        return path
    known = {p.stem: p for p in sorted(builtin("recipes").glob("*.yaml"))}
    if name in known:
        return known[name]
    near = did_you_mean(name, known)
    raise RecipeError(f"{name}: no such file, nor a recipe of ittools{near}; there are: {', '.join(known)}")


def read_recipe(path: Path, options: RunOptions) -> Recipe:
    """The checked recipe. Raises RecipeError with every problem in one message."""
    lines: Lines = {}
    try:
        value = load_yaml(path.read_text(encoding="utf-8"), where=str(path), lines=lines)
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: not UTF-8") from None
    except IttoolsError as error:
        raise RecipeError(str(error)) from None
    problems: list[str] = []
    if not isinstance(value, dict) or not isinstance(value.get("steps"), dict) or not value["steps"]:
        raise RecipeError(f"{path}:1: a recipe needs `steps:`, a mapping of step names to options")
    for key in value.keys() - TOP:
        problems.append(f"{path}:{lines[(str(key),)]}: no key {key!r}{did_you_mean(str(key), TOP)}")
    name = str(value.get("name") or path.stem)
    if "/" in name or name.startswith("."):
        problems.append(f"{path}: the name {name!r} must be a plain folder name")
    overrides = _overrides(options.set, value["steps"])
    steps: dict[str, Step] = {}
    for step_name, given in value["steps"].items():
        where = f"{path}:{lines[('steps', str(step_name))]}"
        try:
            given = {**(given or {}), **overrides.get(str(step_name), {})}
            folder = options.runs / name
            steps[str(step_name)] = _step(
                str(step_name), given, value.get("seed"), folder, steps, options.force
            )
        except (UsageError, TypeError, ValueError) as error:
            problems.append(f"{where}: {error}")
    if problems:
        raise RecipeError("; ".join(problems))
    return Recipe(name, str(value.get("about") or ""), list(steps.values()))


def _overrides(pairs: tuple[str, ...], steps: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        place, equals, text = pair.partition("=")
        step, dot, key = place.partition(".")
        if not equals or not dot:
            raise RecipeError(f"--set {pair}: expected STEP.OPTION=VALUE")
        if step not in steps:
            raise RecipeError(f"--set {pair}: no step {step!r}{did_you_mean(step, steps)}")
        found.setdefault(step, {})[key] = load_yaml(text, where=f"--set {pair}")
    return found


def _step(
    name: str, given: dict[str, Any], seed: Any, folder: Path, earlier: dict[str, Step], force: bool
) -> Step:
    command = str(given.pop("command", name))
    if command not in COMMANDS:
        raise RecipeError(f"no command {command!r}{did_you_mean(command, COMMANDS)}")
    module_name, options_name, function = COMMANDS[command]
    module = importlib.import_module(module_name)
    kind = getattr(module, options_name)
    names = {f.name for f in dataclasses.fields(kind)}
    values = {str(key).replace("-", "_"): value for key, value in given.items()}
    for reserved in RESERVED:
        if reserved in values:
            raise RecipeError(f"step {name}: {reserved!r} is not set by a recipe")
    for reference in REFERENCES:
        if reference in values and reference in names:
            values[reference] = _resolved(values[reference], earlier)
    if seed is not None and "seed" in names:
        values.setdefault("seed", seed)
    values["out"] = str(folder / name)
    if "force" in names:
        values["force"] = force
    return Step(name, command, from_mapping(kind, values, where=f"step {name}"), getattr(module, function))


def _resolved(value: Any, earlier: dict[str, Step]) -> Any:
    """Names of earlier steps as their directories; everything else as it is."""
    if isinstance(value, list):
        return [_resolved(one, earlier) for one in value]
    step = earlier.get(str(value))
    return str(step.options.out) if step else value
