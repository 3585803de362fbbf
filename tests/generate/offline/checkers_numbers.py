"""Checkers of the number kinds; each finds the answer by another way than the kind does.

CHECKERS["digit_sum"]("en", {}, "407", "11")  ->  True
"""

from __future__ import annotations

import itertools
import math
import operator
import re
import statistics
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache

Parameters = Mapping[str, str]
Checker = Callable[[str, Parameters, str, str], bool]

YES = {"en": "yes", "de": "ja", "fr": "oui", "es": "sí", "it": "sì"}
NO = {"en": "no", "de": "nein", "fr": "non", "es": "no", "it": "no"}
TRUE = {"en": "true", "de": "wahr", "fr": "vrai", "es": "verdadero", "it": "vero"}
FALSE = {"en": "false", "de": "falsch", "fr": "faux", "es": "falso", "it": "falso"}


def says(truth: bool, language: str, output: str) -> bool:
    return output == (YES if truth else NO)[language]


def integers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"-?\d+", text)]


def commas(values: list[int]) -> str:
    return ", ".join(map(str, values))


def multiply_each(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == commas([sum([v] * int(params["factor"])) for v in integers(given)])


def percent_of(_: str, params: Parameters, given: str, output: str) -> bool:
    share = Fraction(int(params["percent"]), 100) * int(params["amount"])
    return given == "" and output == str(share)


def greatest_common_divisor(_: str, __: Parameters, given: str, output: str) -> bool:
    return output == str(math.gcd(*integers(given)))


def mean_of_five(_: str, __: Parameters, given: str, output: str) -> bool:
    return output == f"{statistics.fmean(integers(given)):.1f}"


def median(_: str, __: Parameters, given: str, output: str) -> bool:
    return output == str(statistics.median(integers(given)))


def round_to(_: str, params: Parameters, given: str, output: str) -> bool:
    step = Decimal(params["step"])
    steps = [(Decimal(v) / step).to_integral_value(ROUND_HALF_UP) for v in integers(given)]
    return output == commas([int(count * step) for count in steps])


def number_range(_: str, __: Parameters, given: str, output: str) -> bool:
    ordered = sorted(integers(given))
    return output == str(ordered[-1] - ordered[0])


def number_base(_: str, params: Parameters, given: str, output: str) -> bool:
    base = int(params["base"])
    if not re.fullmatch(rf"[1-{base - 1}][0-{base - 1}]*", output):
        return False
    return int(output, base) == int(given)


def _roman_value(numeral: str) -> int:
    worth = [dict(zip("IVXLCDM", (1, 5, 10, 50, 100, 500, 1000), strict=True))[c] for c in numeral]
    following = [*worth[1:], 0]
    return sum(-a if a < b else a for a, b in zip(worth, following, strict=True))


_CANONICAL = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")


def roman_numeral(_: str, __: Parameters, given: str, output: str) -> bool:
    return bool(_CANONICAL.fullmatch(output)) and _roman_value(output) == int(given)


def roman_age(_: str, params: Parameters, given: str, output: str) -> bool:
    return output.isdigit() and output == str(int(params["year"]) - _roman_value(given))


def digit_sum(_: str, __: Parameters, given: str, output: str) -> bool:
    left, total = int(given), 0
    while left:
        total, left = total + left % 10, left // 10
    return output == str(total)


def next_terms(_: str, params: Parameters, given: str, output: str) -> bool:
    whole = integers(given) + integers(output)
    steps = {b - a for a, b in itertools.pairwise(whole)}
    count = len(whole) - len(integers(given))
    shape = re.fullmatch(r"-?\d+(, -?\d+)*", output)
    return bool(shape) and len(steps) == 1 and count == int(params["count"])


def keep_greater(_: str, params: Parameters, given: str, output: str) -> bool:
    kept = integers(given)
    for value in list(kept):
        if value - int(params["limit"]) <= 0:
            kept.remove(value)
    return output == commas(kept)


@cache
def _primes() -> frozenset[int]:
    left = set(range(2, 10_000))
    for value in range(2, 100):
        left -= set(range(value * value, 10_000, value))
    return frozenset(left)


def prime_check(language: str, _: Parameters, given: str, output: str) -> bool:
    return says(int(given) in _primes(), language, output)


def divisible_by(language: str, params: Parameters, given: str, output: str) -> bool:
    divisor = int(params["divisor"])
    return says(math.gcd(int(given), divisor) == divisor, language, output)


_EVEN = {"en": "even", "de": "gerade", "fr": "paire", "es": "par", "it": "pari"}
_ODD = {"en": "odd", "de": "ungerade", "fr": "impaire", "es": "impar", "it": "dispari"}


def sum_parity(language: str, _: Parameters, given: str, output: str) -> bool:
    odd = len(re.findall(r"[13579]\b", given)) % 2
    return output == (_ODD if odd else _EVEN)[language]


_DIRECTIONS = {
    "en": "rising falling mixed",
    "de": "steigend fallend gemischt",
    "fr": "croissante décroissante mixte",
    "es": "creciente decreciente mixta",
    "it": "crescente decrescente mista",
}


def sequence_direction(language: str, _: Parameters, given: str, output: str) -> bool:
    values = integers(given)
    signs = {(b > a) - (b < a) for a, b in itertools.pairwise(values)}
    place = 0 if signs == {1} else 1 if signs == {-1} else 2
    return output == _DIRECTIONS[language].split()[place]


_SIGNS = {
    "en": "zero positive negative",
    "de": "null positiv negativ",
    "fr": "nul positif négatif",
    "es": "cero positivo negativo",
    "it": "zero positivo negativo",
}


def product_sign(language: str, _: Parameters, given: str, output: str) -> bool:
    product = math.prod(integers(given))
    return output == _SIGNS[language].split()[(product > 0) - (product < 0)]


_WHICH = {
    "en": "first second equal",
    "de": "erste zweite gleich",
    "fr": "premier second égaux",
    "es": "primero segundo iguales",
    "it": "primo secondo uguali",
}


def _winner(language: str, left: Decimal, right: Decimal) -> str:
    first, second, equal = _WHICH[language].split()
    return equal if left == right else first if left > right else second


def larger_sum(language: str, _: Parameters, given: str, output: str) -> bool:
    left, right = (Decimal(sum(integers(side))) for side in given.split(";"))
    return output == _winner(language, left, right)


def heavier(language: str, _: Parameters, given: str, output: str) -> bool:
    grams, kilograms = re.fullmatch(r"(\d+) g; (\d+\.\d) kg", given).groups()  # type: ignore[union-attr]
    return output == _winner(language, Decimal(grams) / 1000, Decimal(kilograms))


_TRIANGLES = {
    "en": "equilateral isosceles scalene",
    "de": "gleichseitig gleichschenklig ungleichseitig",
    "fr": "équilatéral isocèle scalène",
    "es": "equilátero isósceles escaleno",
    "it": "equilatero isoscele scaleno",
}


def triangle_kind(language: str, _: Parameters, given: str, output: str) -> bool:
    a, b, c = sorted(integers(given))
    return a + b > c and output == _TRIANGLES[language].split()[len({a, b, c}) - 1]


def comparison_true(language: str, _: Parameters, given: str, output: str) -> bool:
    left, sign, right = re.split(r" ([<>=]) ", given)
    a, b, c = integers(left)
    relation = {"<": operator.lt, ">": operator.gt, "=": operator.eq}[sign]
    return output == (TRUE if relation(sum([a] * b, c), int(right)) else FALSE)[language]


CHECKERS: dict[str, Checker] = {
    check.__name__: check
    for check in (
        multiply_each,
        percent_of,
        greatest_common_divisor,
        mean_of_five,
        median,
        round_to,
        number_range,
        number_base,
        roman_numeral,
        roman_age,
        digit_sum,
        next_terms,
        keep_greater,
        prime_check,
        divisible_by,
        sum_parity,
        sequence_direction,
        product_sign,
        larger_sum,
        heavier,
        triangle_kind,
        comparison_true,
    )
}
