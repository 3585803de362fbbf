"""One independent checker for each kind, by the name of the kind.

CHECKERS["median"]("en", {}, "3, 9, 4", "4")  ->  True
"""

from __future__ import annotations

import checkers_numbers
import checkers_words
import checkers_world
from checkers_numbers import Checker

CHECKERS: dict[str, Checker] = {
    **checkers_numbers.CHECKERS,
    **checkers_words.CHECKERS,
    **checkers_world.CHECKERS,
}
