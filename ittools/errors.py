"""Every error a user can cause, each with the exit code it ends in.

IttoolsError                1  something failed; the message says what, where and what to do
|- InputError               1  an input cannot be read or mapped
|- StoreError               1  an output directory is damaged, busy or unfinished
|- TeacherError             1  the teacher refused or cannot be reached
|- TrainError               1  a model, checkpoint or mixture does not fit the training
|- UsageError               2  wrong options, a missing key, an output that must not be replaced
|  `- RecipeError           2  a recipe that says something impossible
`- Stopped                  3  a gate or a budget stopped the run; it can be resumed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class IttoolsError(Exception):
    """A failure to show to the user in one line, without a traceback."""

    exit_code = 1


class InputError(IttoolsError):
    pass


class StoreError(IttoolsError):
    pass


class TeacherError(IttoolsError):
    pass


class TrainError(IttoolsError):
    pass


class UsageError(IttoolsError):
    exit_code = 2


class RecipeError(UsageError):
    pass


class Stopped(IttoolsError):
    exit_code = 3


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'dedup'?` for the nearest known word, or an empty string.

    >>> did_you_mean("dedupe", ["filter", "dedup"])
    "; did you mean 'dedup'?"
    """
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
