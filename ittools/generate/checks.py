"""Why a candidate is dropped: one function an instruction, one an instance, null = keep.

The original's rules (FACTS: Wang et al., `prepare_for_finetuning.py`), made per language: a first
letter outside ASCII is right in most of the world.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ittools.generate.parse import Instance
from ittools.text.language import primary_code
from ittools.text.words import word_count

FEWEST_WORDS, MOST_WORDS = 4, 150
SAY_MORE = {"ko", "tr", "fi", "hu", "et"}  # in a word; three of them make an instruction

# what a text-only model cannot see or do; plural by `s?`
_BLACKLIST = re.compile(
    r"\b(?:images?|graphs?|pictures?|photos?|files?|maps?|draw|plot|go to|videos?|audio|music|flowcharts?"
    r"|diagrams?)\b",
    re.IGNORECASE,
)
_PROGRAM = re.compile(r"\s*write a program\b", re.IGNORECASE)


def instruction_reason(instruction: str, language: str, *, blacklist: bool = True) -> str | None:
    """Why an instruction cannot be used; lengths in words (letters in Chinese, Japanese, Thai)."""
    if not instruction:
        return "empty-instruction"
    words = word_count(instruction)
    if words < FEWEST_WORDS - (primary_code(language) in SAY_MORE):
        return "instruction-too-short"
    if words > MOST_WORDS:
        return "instruction-too-long"
    if blacklist and _BLACKLIST.search(instruction):
        return "needs-other-than-text"
    if blacklist and _PROGRAM.match(instruction):
        return "write-a-program"
    first = unicodedata.category(instruction[0])
    if first[0] not in "LN" and instruction[0] not in "¿¡\"'(«「『“„":
        return "starts-with-punctuation"
    if primary_code(language) == "en" and not instruction[0].isascii():
        return "not-ascii-start"
    return None


def instance_reasons(instances: Sequence[Instance]) -> list[str | None]:
    """One reason an instance. The same input with two outputs makes the whole task unsafe."""
    outputs: dict[str, set[str]] = {}
    for given, wanted in instances:
        outputs.setdefault(given, set()).add(wanted)
    if any(len(wanted) > 1 for given, wanted in outputs.items() if given):
        return ["contradicting-outputs"] * len(instances)
    seen: set[Instance] = set()
    reasons: list[str | None] = []
    for instance in instances:
        reasons.append(_instance_reason(*instance, repeated=instance in seen))
        seen.add(instance)
    return reasons


def _instance_reason(given: str, wanted: str, *, repeated: bool) -> str | None:
    if not wanted.strip():
        return "empty-output"
    if given.strip() == wanted.strip():
        return "output-equals-input"
    if wanted.rstrip().endswith((":", "：")):
        return "output-ends-in-colon"
    return "repeated-instance" if repeated else None
