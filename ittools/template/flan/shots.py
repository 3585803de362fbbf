"""Demonstrations before a prompt: other rows of the same dataset, by the same template, shown the same way.

{input of one}\\n\\n{its target}\\n\\n\\n{input of another}\\n\\n{its target}\\n\\n\\n{the input}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ittools.formats.rows import Row
from ittools.formats.tables import About
from ittools.template.flan.files import ANSWER, FewShot
from ittools.template.flan.filling import Filled, Reader, Way
from ittools.template.flan.plan import FlanPlan
from ittools.template.flan.rows import each
from ittools.template.lengths import ruler
from ittools.template.style import Shown

SPARE = 8  # drawn above the number wanted: some are the row itself, or do not fit the template
_MASK = (1 << 64) - 1


class Demonstrations:
    def __init__(self, plan: FlanPlan, shown: Shown, about: About) -> None:
        self.plan = plan
        self.rows: Sequence[tuple[str, Row]] = shown.get(dataset_of(about), ())
        self.ruler = ruler(plan.tokenizer)
        self.parts: dict[tuple[int, int], list[Filled]] = {}

    def before(
        self,
        reader: Reader,
        which: int,
        way: Way,
        filled: Filled,
        prompt: str,
        draw: Sequence[int],
        key: str,
    ) -> tuple[str, int]:
        """(the prompt with as many demonstrations as were drawn and as fit --max-length, how many)."""
        wanted = self._wanted(draw)
        if not wanted:
            return prompt, 0
        few = reader.file.few_shot[draw[6] % len(reader.file.few_shot)]
        last = f"{few.input_prefix}{prompt}{few.target_prefix.rstrip()}"
        left = self.plan.max_length - self._length(last)
        found: list[str] = []
        for text in self._drawn(reader, which, way, filled, few, draw[6], wanted, key):
            left -= self._length(text + few.between)
            if left < 0:
                break
            found.append(text)
            if len(found) == wanted:
                break
        return (few.between.join([*found, last]), len(found)) if found else (prompt, 0)

    def _wanted(self, draw: Sequence[int]) -> int:
        shots = self.plan.shots
        if self.plan.few_shot is not None:
            if draw[4] >= self.plan.few_shot * 2.0**64:
                return 0
            shots = tuple(shot for shot in shots if shot)
        return shots[draw[5] % len(shots)]

    def _drawn(
        self,
        reader: Reader,
        which: int,
        way: Way,
        mine: Filled,
        few: FewShot,
        draw: int,
        wanted: int,
        key: str,
    ) -> Iterator[str]:
        """Other rows with their targets in a drawn order; never of the row itself or of its like.

        An inverted template asks for a text, which another row may have too: that one gives it away.
        """
        inverted = reader.file.templates[which - reader.first].inverted
        asked = _bare(reader.written(which, mine, way)[1]) if inverted else None
        for place, number in _places(draw, len(self.rows), wanted + SPARE):
            if self.rows[place][0] == key:
                continue
            parts = self._filled(reader, place)
            filled = parts[number % len(parts)]
            if which not in filled.usable or _same(reader, filled, mine):
                continue
            text, target, _ = reader.written(which, filled, way._replace(order=number))
            if target and _bare(target) != asked:
                yield f"{few.input_prefix}{text}{few.target_prefix}{target}"

    def _length(self, text: str) -> int:
        return self.ruler.counts([text], whole=False)[0]

    def _filled(self, reader: Reader, place: int) -> list[Filled]:
        known = reader.first, place
        if known not in self.parts:
            rows = each([self.rows[place][1]], reader.file.each)
            try:
                self.parts[known] = [reader.read(row) for _, _, row in rows]
            except ValueError as error:  # told at its own place, when its own record is due
                self.parts[known] = [reader.unread(str(error))]
        return self.parts[known]


def dataset_of(about: About) -> str:
    """Two files of one name are two datasets where their classes have other names."""
    return "|".join([about.name, *(f"{one.column}={','.join(one.names)}" for one in about.labels)])


def _places(draw: int, count: int, wanted: int) -> Iterator[tuple[int, int]]:
    """(place, a further draw): none twice, of an order that follows from `draw`."""
    seen: set[int] = set()
    for _ in range(4 * wanted):
        draw = (draw * 6364136223846793005 + 1442695040888963407) & _MASK  # Knuth's, MMIX
        place = (draw >> 33) % count if count else 0
        if count and place not in seen:
            seen.add(place)
            yield place, draw >> 11
            if len(seen) == wanted:
                return


def _same(reader: Reader, one: Filled, other: Filled) -> bool:
    """Whether two rows say the same in what every row needs, whatever their answers, case and space."""
    names = reader.needs or tuple(name for name in one.values if name not in (ANSWER, reader.file.answer))
    return all(_bare(one.values.get(name, "")) == _bare(other.values.get(name, "")) for name in names)


def _bare(text: str) -> str:
    return " ".join(text.split()).casefold()
