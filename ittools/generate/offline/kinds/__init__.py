"""All kinds of the offline teacher, gathered from the modules of this folder.

from ittools.generate.offline.kinds import KINDS
KINDS[0].name  ->  "multiply_each"
"""

from __future__ import annotations

from ittools.generate.offline.kind import Kind
from ittools.generate.offline.kinds import (
    comparisons,
    dates,
    digits,
    extract,
    logic,
    number_classes,
    numbers,
    rewrite,
    sentences,
    tables,
    units,
    wordlists,
    words,
)

KINDS: tuple[Kind, ...] = (
    *numbers.KINDS,
    *digits.KINDS,
    *number_classes.KINDS,
    *comparisons.KINDS,
    *words.KINDS,
    *wordlists.KINDS,
    *tables.KINDS,
    *dates.KINDS,
    *units.KINDS,
    *logic.KINDS,
    *extract.KINDS,
    *sentences.KINDS,
    *rewrite.KINDS,
)
