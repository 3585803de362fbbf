"""How options are listed in a prompt: drawn for each record, as in FLAN v2 (starts x names x layouts).

    OPTIONS:                 Pick one:                Choices: 1) World; 2) Sports; 3) Business
    - World                  (a) World
    - Sports                 (b) Sports

Where the names tell items apart (letters, numbers), the answer may be the name alone. Names that are also the
text of an option are not used, for "4" would be the fourth and the one that says 4: `2. 4` becomes `II. 4`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

from ittools.errors import InputError

LAYOUTS = 3  # under the start; under a blank line; all on one line
NAMED_SHARE = 2  # one in so many answers is the name alone, where the template's target is the answer
SHUFFLED = 5  # options up to which all orders are made once: 120
BULLETS = (
    "- ",
    "* ",
    "+ ",
    "• ",
    "– ",
    "> ",
    "» ",
    "· ",
    "~ ",
    "= ",
    "→ ",
    "-> ",
    ">> ",
    "# ",
    "| ",
    ":: ",
    "",
)
WRAPS = ("{}. ", "{}) ", "({}) ", "[{}] ", "{}: ", "{} - ", "{} | ", "<{}> ", "{{{}}} ", "{} = ", "#{} ",
         "{} → ", "{} / ", "({}): ")  # fmt: skip
ROMAN = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX".split()
LETTERS = 26
SHORT = 8  # characters of an option, with space, that may be a name: "XVIII"


def _letter(number: int) -> str:
    """A to Z, then AA, AB: 77 intents have names, too."""
    high, low = divmod(number, LETTERS)
    return (chr(64 + high) if high else "") + chr(65 + low)


COUNTS: tuple[Callable[[int], str], ...] = (
    _letter,
    lambda number: _letter(number).lower(),
    lambda number: str(number + 1),
    lambda number: ROMAN[number],
    lambda number: ROMAN[number].lower(),
)
NAMES = len(BULLETS) + len(COUNTS) * len(WRAPS)  # 17 + 70 = 87


@cache
def starts(language: str) -> tuple[str, ...]:
    """Words before the options; in a language that we have none for, no words."""
    from ittools.formats.strict_yaml import load_yaml

    path = Path(__file__).parent / "starts.yaml"
    found = load_yaml(path.read_text(encoding="utf-8"), where=path.name)
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected starts by language")
    return tuple(found.get(language.partition("-")[0], [""]))


@cache
def ways(language: str) -> int:
    """In how many ways options can be listed: 16 x 87 x 3 in English."""
    return len(starts(language)) * NAMES * LAYOUTS


def listed(options: tuple[str, ...], language: str, way: int) -> tuple[str, tuple[str, ...]]:
    """(the options as they are shown, the name of each or none), the way's number being below `ways`."""
    words = starts(language)
    way, start = divmod(way, len(words))
    layout, name = divmod(way, NAMES)
    name = _telling(name, options)
    names = _names(name, len(options))
    marks = _marks(name, len(options))
    items = [f"{mark}{text}" for mark, text in zip(marks, options, strict=True)]
    return _laid_out(words[start], items, layout), names


def shuffled(count: int, draw: int) -> list[int]:
    """The numbers below `count` in an order that `draw` picks."""
    some = list(range(count))
    Random(draw).shuffle(some)
    return some


def _telling(name: int, options: tuple[str, ...]) -> int:
    """This kind of names, else the next by which no option can be meant that has another; else bullets."""
    texts = {text.strip().casefold() for text in options if len(text) <= SHORT}
    for kind in range(len(COUNTS)) if texts and name >= len(BULLETS) else ():
        other = len(BULLETS) + (name - len(BULLETS) + kind * len(WRAPS)) % (NAMES - len(BULLETS))
        if texts.isdisjoint(_small(other, len(options))):
            return other
    return name % len(BULLETS) if texts and name >= len(BULLETS) else name


@cache
def _marks(name: int, count: int) -> tuple[str, ...]:
    if name < len(BULLETS):
        return (BULLETS[name],) * count
    wrap = WRAPS[(name - len(BULLETS)) % len(WRAPS)]
    return tuple(wrap.format(one) for one in _names(name, count))


@cache
def _names(name: int, count: int) -> tuple[str, ...]:
    if name < len(BULLETS):
        return ()
    kind = (name - len(BULLETS)) // len(WRAPS)
    if count > len(ROMAN) and kind >= 3:
        kind = 2
    return tuple(COUNTS[kind](number) for number in range(count))


@cache
def _small(name: int, count: int) -> frozenset[str]:
    return frozenset(one.casefold() for one in _names(name, count))


def _laid_out(start: str, items: Sequence[str], layout: int) -> str:
    if layout == 2:
        return " ".join(filter(None, (start, "; ".join(items))))
    below = "\n".join(items)
    return f"{start}{chr(10) * (1 + layout)}{below}" if start else below
