"""Options: one dataclass, filled from a recipe's mapping without a silent change of type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from ittools.errors import UsageError, did_you_mean
from ittools.options import argument, flag_name, from_mapping, option, resolved


@dataclass(frozen=True, kw_only=True)
class Options:
    inputs: tuple[str, ...] = argument("files")
    out: Path = option(Path("runs"), "directory", shapes_output=False)
    keep: Literal["first", "best"] = option("first", "which")
    min_words: int = option(3, "fewest")
    share: float = option(0.5, "share")
    cap: int | None = option(None, "most")
    force: bool = option(False, "replace")


def made(**values: Any) -> Options:
    return from_mapping(Options, {"inputs": ["a"]} | values, where="step x")


def test_both_spellings_mean_the_option() -> None:
    assert made(**{"min-words": 4}) == made(min_words=4) == Options(inputs=("a",), min_words=4)
    assert flag_name("min_words") == "--min-words"


def test_one_value_stands_for_a_list_of_one() -> None:
    assert made(inputs="a.jsonl").inputs == ("a.jsonl",)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("share", 1, 1.0),
        ("min_words", 3.0, 3),
        ("cap", None, None),
        ("cap", 7, 7),
        ("out", "x", Path("x")),
        ("inputs", [1.5], ("1.5",)),
    ],
)
def test_values_become_the_type_of_their_option(name: str, value: Any, taken: Any) -> None:
    found = getattr(made(**{name: value}), name)
    assert (found, type(found)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("min_words", 3.5, "expected a whole number, got 3.5"),
        ("min_words", "3", "expected a whole number, got '3'"),
        ("min_words", True, "expected a whole number, got True"),
        ("min_words", None, "expected a whole number, got None"),
        ("min_words", float("inf"), "min_words: "),
        ("min_words", float("nan"), "min_words: "),
        ("share", "half", "expected a number, got 'half'"),
        ("share", 10**400, "share: "),
        ("force", "yes", "expected true or false, got 'yes'"),
        ("force", 1, "expected true or false, got 1"),
        ("keep", "frist", "did you mean 'first'?"),
        ("out", {}, "expected a path, got {}"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: Any, problem: str) -> None:
    with pytest.raises(UsageError, match=r"^step x: ") as refusal:
        made(**{name: value})
    assert problem in str(refusal.value)


def test_all_problems_come_in_one_message() -> None:
    with pytest.raises(UsageError) as refusal:
        from_mapping(Options, {"min-wrods": 1, "share": "x"}, where="step x")
    assert str(refusal.value) == (
        "step x: no option 'min-wrods'; did you mean 'min-words'?; "
        "share: expected a number, got 'x'; inputs is missing"
    )


def test_only_what_shapes_the_output_is_in_the_fingerprint() -> None:
    options = made(out="elsewhere")
    assert resolved(options)["out"] == "elsewhere"
    assert list(resolved(options, only_shaping=True)) == ["keep", "min_words", "share", "cap", "force"]


def test_a_suggestion_is_near_or_absent() -> None:
    assert did_you_mean("dedupe", ["filter", "dedup"]) == "; did you mean 'dedup'?"
    assert did_you_mean("xyz", ["filter", "dedup"]) == ""
