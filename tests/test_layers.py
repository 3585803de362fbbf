"""Imports run one way, and nothing heavy is imported before it is needed.

cli -> recipes -> rooms -> store, formats, engine -> text -> records -> errors and the like
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ittools

PACKAGE = Path(ittools.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "builtin" not in path.parts)

LAYERS = (
    {"errors", "options", "progress", "visible", "arrow"},
    {"records"},
    {"licenses", "text"},
    {"store", "formats", "engine"},
    {"generate", "template", "curate", "mixture", "train", "evaluate", "report"},
    {"recipes"},
    {"cli", "__main__"},
)
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
# within a layer: who may import whom. A model is answered with what it was trained with.
BESIDE = {("options", "errors"), ("formats", "store"), ("formats", "engine"), ("evaluate", "train"),
          ("__main__", "cli")}  # fmt: skip

HEAVY = {"torch", "transformers", "peft", "accelerate", "safetensors", "tokenizers", "datasets", "openai",
         "matplotlib", "langdetect", "datasketch", "rouge_score", "rapidfuzz", "typer", "rich", "ray",
         "jinja2", "scipy", "py3langid", "lingua", "fsspec"}  # fmt: skip
ONLY_IN_CLI = {"typer", "rich"}


def _part(path: Path) -> str:
    """The room or the module at the top that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(nodes: Iterator[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.lineno, node.module or ""


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _inner(path: Path) -> Iterator[tuple[int, str]]:
    """(line, part of ittools) of every import of ours, wherever it stands in the file."""
    for line, name in _imports(ast.walk(_tree(path))):
        words = name.split(".")
        if words[0] == "ittools" and len(words) > 1:
            yield line, words[1]


def _at_import(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """Statements that run when the module is imported; those for type checkers do not."""
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from _at_import(node.orelse)
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.ClassDef)):
            yield from _at_import(node.body)
            for block in ("orelse", "finalbody"):
                yield from _at_import(getattr(node, block, []))
            for handler in getattr(node, "handlers", []):
                yield from _at_import(handler.body)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_every_part_has_its_layer() -> None:
    parts = {_part(path) for path in FILES} - {"__init__"}
    assert parts <= HEIGHT.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_down_the_layers(path: Path) -> None:
    mine = _part(path)
    if mine == "__init__":
        assert not list(_inner(path))
        return
    for line, theirs in _inner(path):
        allowed = theirs == mine or HEIGHT[theirs] < HEIGHT[mine] or (mine, theirs) in BESIDE
        assert allowed, f"{path}:{line}: {mine} imports {theirs}"


def test_no_two_parts_import_each_other() -> None:
    edges = {(_part(path), theirs) for path in FILES for _, theirs in _inner(path) if theirs != _part(path)}
    assert not {(a, b) for a, b in edges if (b, a) in edges}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_heavy_is_imported_at_module_level(path: Path) -> None:
    for line, name in _imports(_at_import(_tree(path).body)):
        assert name.partition(".")[0] not in HEAVY, f"{path}:{line}: {name} at module level"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_command_line_knows_the_terminals_libraries(path: Path) -> None:
    names = {name.partition(".")[0] for _, name in _imports(ast.walk(_tree(path)))}
    assert _part(path) == "cli" or not names & ONLY_IN_CLI


def test_the_pure_parts_touch_no_disk_clock_network_or_environment() -> None:
    for path in FILES:
        if _part(path) in ("records", "text", "licenses"):
            names = {name.partition(".")[0] for _, name in _imports(ast.walk(_tree(path)))}
            assert not names & {"os", "time", "datetime", "socket", "subprocess", "random"}, path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_files_and_functions_fit_a_glance(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    for node in ast.walk(_tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 40, f"{path}:{node.lineno}: {node.name} has {length} lines"


def test_third_party_imports_are_those_of_pyproject() -> None:
    known = {"pyarrow", "numpy", "openai", "aiohttp", "bm25s", "rapidfuzz", "langdetect", "yaml", "typer",
             "rich", "torch", "transformers", "peft", "accelerate", "matplotlib", "tokenizers", "datasets",
             "datasketch", "ray", "py3langid", "lingua", "fsspec", "huggingface_hub",
             "jinja2", "ittools"}  # fmt: skip
    found = {name.partition(".")[0] for path in FILES for _, name in _imports(ast.walk(_tree(path)))}
    assert found - set(sys.stdlib_module_names) <= known
