"""Recipes: steps in YAML, with the options of the command line, run in order, finished ones reused.

    name: first
    seed: 7
    steps:
      generate: {teacher: offline, num: 40}
      filter: {inputs: generate}          # an earlier step's name means its directory
      long: {command: filter, inputs: generate, min-output-words: 50}
      own: {command: template, inputs: my/, skip: true}  # left out, wherever it is named
    trial:                                # what `--trial` changes: offline, small, in a minute
      generate: {num: 10}

Step by step each writes to runs/<name>/<step>/; a trial to runs/<name>-trial/.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ittools.errors import IttoolsError, RecipeError, StoreError, UsageError, did_you_mean
from ittools.formats.strict_yaml import Lines, load_yaml
from ittools.generate.seeds import builtin
from ittools.options import argument, from_mapping, option
from ittools.progress import Progress
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.store.outcome import Answer, Outcome
from ittools.visible import visible

COMMANDS: dict[str, tuple[str, str, str]] = {  # command: module, options, function
    "generate": ("ittools.generate.run", "GenerateOptions", "generate"),
    "augment": ("ittools.generate.augment.augment", "AugmentOptions", "augment"),
    "template": ("ittools.template.template", "TemplateOptions", "template"),
    "filter": ("ittools.curate.filter", "FilterOptions", "filter_records"),
    "dedup": ("ittools.curate.dedup", "DedupOptions", "dedup"),
    "decontaminate": ("ittools.curate.decontaminate", "DecontaminateOptions", "decontaminate"),
    "mix": ("ittools.mixture.mix", "MixOptions", "mix"),
    "finetune": ("ittools.train.finetune", "FinetuneOptions", "finetune"),
    "evaluate": ("ittools.evaluate.evaluate", "EvaluateOptions", "evaluate"),
    "report": ("ittools.report.report", "ReportOptions", "report"),
}
TOP = {"name", "about", "seed", "steps", "trial"}
# options that are a file: an earlier step's, one from here, or one beside the recipe
FILES = ("inputs", "seeds", "replay", "search", "topics", "prompts", "prices", "against", "templates")
REFERENCES = (*FILES, "model")  # options that may name an earlier step
FOLDER_NAME = re.compile(r"\w[\w .-]*\Z")  # of a run and a step: nothing that leads elsewhere
LOCAL = ("localhost", "127.0.0.1", "::1")
RESERVED = ("out", "force", "dry_run", "show_mask")  # the run's own, or no step's


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    recipe: str = argument("a recipe's name or its YAML file", metavar="RECIPE")
    runs: Path = option(Path("runs"), "directory of the runs", flags=("--runs",))
    set: tuple[str, ...] = option((), "STEP.OPTION=VALUE over the recipe's, once for each")
    trial: bool = option(False, "run it small and offline, as the recipe's `trial:` says")
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
        width = max(len(step.name) for step in recipe.steps) + 2
        lines = [f"{step.name:<{width}}{step.command:<14}{step.options.out}" for step in recipe.steps]
        head = f"{recipe.name}: {visible(recipe.about)}"
        return Answer([head, *lines], [step.name for step in recipe.steps])
    done: dict[str, str] = {}
    for number, step in enumerate(recipe.steps, start=1):
        progress.note(f"{recipe.name} {number}/{len(recipe.steps)}: {step.name}")
        try:
            result = _run_step(step, progress, force=options.force)
        except IttoolsError as error:
            raise type(error)(f"{path}: step {step.name}: {error}") from error
        progress.done(step.name, result)
        done[step.name] = str(step.options.out)
    pages = [Path(out) / "index.html" for out in done.values() if (Path(out) / "index.html").is_file()]
    return Answer([f"{recipe.name}: {len(done)} steps finished", *(f"open {page}" for page in pages)], done)


def _run_step(step: Step, progress: Progress, *, force: bool) -> Outcome | Answer:
    """A finished step is reused also under `force`; only one that would be refused is replaced."""
    try:
        return step.run(step.options, progress)
    except (UsageError, StoreError):
        if not force or not hasattr(step.options, "force"):
            raise
    return step.run(dataclasses.replace(step.options, force=True), progress)


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
    if not FOLDER_NAME.match(name):
        problems.append(f"{path}: the name {name!r} must be a plain folder name")
    overrides = _overrides(options.set, value["steps"], problems)
    own_inputs = {step for step, given in overrides.items() if "inputs" in given and "license" not in given}
    folder = options.runs / (f"{name}-trial" if options.trial else name)
    if options.trial:
        overrides = _merged(_trial(value, path, problems), overrides)
    for step in own_inputs:
        _unlicensed(value["steps"][step], overrides[step])
    names = [str(step) for step in value["steps"]]
    steps_given = value["steps"].items()
    skipped = {str(n) for n, given in steps_given if _skipped(str(n), given, overrides, problems)}
    plan = _Plan(folder, names, value.get("seed"), path.parent, frozenset(skipped))
    steps = []
    for step_name, given in value["steps"].items():
        if step_name in skipped:
            continue
        try:
            steps.append(_step(str(step_name), given, overrides.get(str(step_name), {}), plan))
        except (UsageError, TypeError, ValueError) as error:
            problems.append(f"{path}:{lines[('steps', str(step_name))]}: {error}")
    if problems:
        raise RecipeError("; ".join(problems))
    return Recipe(name, str(value.get("about") or ""), steps)


@dataclass(frozen=True)
class _Plan:
    """What the steps of a recipe share: the run's folder, their names in order, the seed."""

    folder: Path
    names: list[str]
    seed: Any
    beside: Path  # where the recipe itself lies
    skipped: frozenset[str]  # steps that are left out


Overrides = dict[str, dict[str, Any]]  # step -> option -> value


def _skipped(step: str, given: Any, overrides: Overrides, problems: list[str]) -> bool:
    """Whether the step says `skip: true`."""
    said = ((given if isinstance(given, dict) else {}) | overrides.get(step, {})).get("skip", False)
    if not isinstance(said, bool):
        problems.append(f"step {step}: skip: {said!r} is neither true nor false")
    return said is True


def _trial(recipe: dict[str, Any], path: Path, problems: list[str]) -> Overrides:
    """What --trial changes, by step."""
    trial, steps = recipe.get("trial"), recipe["steps"]
    if not isinstance(trial, dict) or not all(isinstance(one, dict) for one in trial.values()):
        problems.append(f"{path}: --trial needs `trial:` in the recipe, a mapping of step names to options")
        return {}
    problems += [f"{path}: trial: no step {name!r}{did_you_mean(str(name), steps)}" for name in trial
                 if name not in steps]  # fmt: skip
    return {str(name): {_field(key): value for key, value in one.items()} for name, one in trial.items()}


def _unlicensed(given: Any, overrides: dict[str, Any]) -> None:
    """The licence that a recipe or its trial states is that of their inputs, not of others."""
    if "license" in ((given if isinstance(given, dict) else {}) | overrides):
        overrides["license"] = UNSPECIFIED_LICENSE


def _merged(first: Overrides, second: Overrides) -> Overrides:
    """Both, the second over the first."""
    return {name: first.get(name, {}) | second.get(name, {}) for name in first.keys() | second.keys()}


def _overrides(pairs: tuple[str, ...], steps: dict[str, Any], problems: list[str]) -> Overrides:
    found: Overrides = {}
    for pair in pairs:
        place, equals, text = pair.partition("=")
        step, dot, key = place.partition(".")
        if not equals or not dot:
            problems.append(f"--set {pair}: expected STEP.OPTION=VALUE")
        elif step not in steps:
            problems.append(f"--set {pair}: no step {step!r}{did_you_mean(step, steps)}")
        else:
            try:
                found.setdefault(step, {})[_field(key)] = load_yaml(text, where=f"--set {pair}")
            except IttoolsError as error:
                problems.append(str(error))
    return found


def _field(key: Any) -> str:
    return str(key).replace("-", "_")


def _step(name: str, given: Any, overrides: dict[str, Any], plan: _Plan) -> Step:
    """The checked step. Raises RecipeError with all that is wrong in it."""
    if not FOLDER_NAME.match(name):
        raise RecipeError(f"the step's name {name!r} must be a plain folder name")
    if given is not None and not isinstance(given, dict):
        raise RecipeError(f"step {name}: expected options as a mapping, got {type(given).__name__}")
    written = {_field(key): value for key, value in (given or {}).items()}
    command = str((written | overrides).get("command", name))
    if command not in COMMANDS:
        raise RecipeError(f"no command {command!r}{did_you_mean(command, COMMANDS)}")
    module_name, options_name, function = COMMANDS[command]
    module = importlib.import_module(module_name)
    kind = getattr(module, options_name)
    problems: list[str] = []
    values = _values(name, written, overrides, dataclasses.fields(kind), plan, problems)
    try:
        options = from_mapping(kind, values, where=f"step {name}")
    except UsageError as error:
        problems.append(str(error))
    if problems:
        raise RecipeError("; ".join(problems))
    return Step(name, command, options, getattr(module, function))


def _values(
    step: str,
    written: dict[str, Any],
    overrides: dict[str, Any],
    fields: tuple[dataclasses.Field[Any], ...],
    plan: _Plan,
    problems: list[str],
) -> dict[str, Any]:
    """Options by field: --set over the environment over the recipe, references as directories."""
    names = {f.name for f in fields}
    said = _from_environment(fields) | overrides
    values = written | said
    problems += [f"step {step}: {key!r} is not set by a recipe" for key in RESERVED if key in values]
    values = {key: value for key, value in values.items() if key not in (*RESERVED, "command", "skip")}
    if written.get("base_url") and "base_url" not in said:
        problems += _untrusted_server(step, str(written["base_url"]))
    if written.get("endpoint") and "endpoint" not in said:
        problems += _untrusted_endpoints(step, written["endpoint"])
    for reference in REFERENCES:
        if reference in values and reference in names:
            try:
                values[reference] = _resolved(values[reference], step, plan, reference)
            except RecipeError as error:
                problems.append(str(error))
    if plan.seed is not None and "seed" in names:
        values.setdefault("seed", plan.seed)
    if isinstance(values.get("weight"), list):
        values["weight"] = [w for w in values["weight"] if str(w).rpartition("=")[0] not in plan.skipped]
    values["out"] = str(plan.folder / step)
    return {key.replace("_", "-"): value for key, value in values.items()}  # as people write them


def _from_environment(fields: tuple[dataclasses.Field[Any], ...]) -> dict[str, str]:
    named = {f.name: f.metadata["env"] for f in fields if f.metadata.get("env")}
    return {name: os.environ[variable] for name, variable in named.items() if os.environ.get(variable)}


def _untrusted_server(step: str, url: str) -> list[str]:
    """A recipe of somebody else must not send our key to a server of its choice unasked."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return []  # said by the command
    if not os.environ.get("OPENAI_API_KEY") or host in LOCAL:
        return []
    return [f"step {step}: the recipe would send OPENAI_API_KEY to {host}; if you mean that, "
            f"say so: --set {step}.base-url={url}"]  # fmt: skip


def _untrusted_endpoints(step: str, endpoints: Any) -> list[str]:
    """The same of several servers: `key=VARIABLE` may name any variable of ours."""
    words = [str(one) for one in (endpoints if isinstance(endpoints, list) else [endpoints])]
    try:
        hosts = {urlsplit(word.partition(",")[0]).hostname for word in words} - set(LOCAL)
    except ValueError:
        return []  # said by the command
    if not hosts:
        return []
    return [f"step {step}: the recipe would send keys to {', '.join(sorted(map(str, hosts)))}; if you mean "
            f"that, give the servers yourself: --set '{step}.endpoint=[URL, URL]'"]  # fmt: skip


def _resolved(value: Any, step: str, plan: _Plan, option: str) -> Any:
    """Names of earlier steps as their directories; everything else as it is."""
    is_file = option in FILES
    if isinstance(value, list):
        left = [one for one in value if str(one) not in plan.skipped]
        if value and not left:
            raise RecipeError(f"step {step}: all that it reads is skipped: {', '.join(map(str, value))}")
        return [_resolved(one, step, plan, option) for one in left]
    word = str(value)
    before = plan.names[: plan.names.index(step)]
    if word in plan.skipped:
        raise RecipeError(f"step {step}: the step {word!r} is skipped")
    if word in before:
        return str(plan.folder / word)
    if word in plan.names:
        raise RecipeError(f"step {step}: the step {word!r} does not stand before it")
    if is_file and not Path(word).exists() and (plan.beside / word).exists():
        return str(plan.beside / word)
    bare = FOLDER_NAME.match(word) and "." not in word and option != "templates"  # a set of ours
    if is_file and bare and not Path(word).exists():
        raise RecipeError(f"step {step}: no step and no file {word!r}{did_you_mean(word, before)}")
    return value
