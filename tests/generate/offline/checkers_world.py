"""Checkers of the kinds about dates, units, logic and parts of a text.

CHECKERS["days_between"]("en", {"start": "2024-02-27", "end": "2024-03-02"}, "", "4")  ->  True
"""

from __future__ import annotations

import calendar
import re
from decimal import Decimal
from fractions import Fraction

from checkers_numbers import Checker, Parameters, commas, integers, says

_WEEKDAYS = {  # from Sunday on, as the day number of Zeller's rule counts
    "en": "Saturday Sunday Monday Tuesday Wednesday Thursday Friday",
    "de": "Samstag Sonntag Montag Dienstag Mittwoch Donnerstag Freitag",
    "fr": "samedi dimanche lundi mardi mercredi jeudi vendredi",
    "es": "sábado domingo lunes martes miércoles jueves viernes",
    "it": "sabato domenica lunedì martedì mercoledì giovedì venerdì",
}


def weekday(language: str, _: Parameters, given: str, output: str) -> bool:
    year, month, day = map(int, given.split("-"))
    if month < 3:
        year, month = year - 1, month + 12
    number = day + 13 * (month + 1) // 5 + year + year // 4 - year // 100 + year // 400
    return output == _WEEKDAYS[language].split()[number % 7]


def _julian(iso: str) -> int:
    year, month, day = map(int, iso.split("-"))
    shift = (14 - month) // 12
    y, m = year + 4800 - shift, month + 12 * shift - 3
    return day + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400 - 32045


def days_between(_: str, params: Parameters, given: str, output: str) -> bool:
    return given == "" and output == str(_julian(params["end"]) - _julian(params["start"]))


def add_days(_: str, params: Parameters, given: str, output: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", output):
        return False
    year, month, day = map(int, output.split("-"))
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return False
    return _julian(output) - _julian(given) == int(params["days"])


def leap_year(language: str, _: Parameters, given: str, output: str) -> bool:
    return says(calendar.monthrange(int(given), 2)[1] == 29, language, output)


_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
_LONG = {
    "en": r"([1-9]\d?) (\w+) (\d{4})",
    "de": r"([1-9]\d?)\. (\w+) (\d{4})",
    "fr": r"([1-9]\d?) (\w+) (\d{4})",
    "es": r"([1-9]\d?) de (\w+) de (\d{4})",
    "it": r"([1-9]\d?) (\w+) (\d{4})",
}


def long_date(language: str, _: Parameters, given: str, output: str) -> bool:
    found = re.fullmatch(_LONG[language], output)
    if not found or found[2] not in _MONTHS[language].split():
        return False
    month = _MONTHS[language].split().index(found[2]) + 1
    return f"{found[3]}-{month:02d}-{int(found[1]):02d}" == given


def clock_24(_: str, params: Parameters, given: str, output: str) -> bool:
    hour, minute, half = re.split(r"[: ]", given)
    since_noon = int(hour) % 12 * 60 + int(minute) + int(params["wait"])
    hours, minutes = divmod(since_noon + {"AM": 0, "PM": 720}[half], 60)
    return output == f"{hours - 24 if hours >= 24 else hours:02d}:{minutes:02d}"


def _minutes(length: str) -> int | None:
    found = re.fullmatch(r"(0|[1-9]\d*) h (0|[1-9]|[1-5]\d) min", length)
    return int(found[1]) * 60 + int(found[2]) if found else None


def duration(_: str, params: Parameters, given: str, output: str) -> bool:
    a, b, c, d = map(int, re.split(r":| - ", given))
    length = _minutes(output)
    return length is not None and a * 60 + b + length + int(params["pause"]) == c * 60 + d


# How many of the smallest unit of its sort one unit is.
_SIZES = {
    1_000_000: "kilometres Kilometer kilomètres kilómetros chilometri",
    1440: "days Tage jours días giorni",
    1000: "metres Meter mètres metros metri kilograms Kilogramm kilogrammes kilogramos chilogrammi "
    "litres Liter litros litri",
    60: "hours Stunden heures horas ore",
    10: "centimetres Zentimeter centimètres centímetros centimetri",
    1: "millimetres Millimeter millimètres milímetros millimetri grams Gramm grammes gramos grammi "
    "millilitres Milliliter mililitros millilitri minutes Minuten minutos minuti",
}


def _worth(unit: str) -> int:
    return next(size for size, names in _SIZES.items() if unit in names.split())


def convert_units(_: str, params: Parameters, given: str, output: str) -> bool:
    ratio = Fraction(_worth(params["source"]), _worth(params["target"]))
    return given == "" and output == str(int(params["amount"]) * ratio)


def fahrenheit(_: str, __: Parameters, given: str, output: str) -> bool:
    celsius = [Fraction(value - 32) * 5 / 9 for value in integers(output)]
    return celsius == integers(given) and output == commas(integers(output))


def exchange(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == str((Decimal(given) * Decimal(params["rate"])).quantize(Decimal("0.01")))


def hours_minutes(_: str, __: Parameters, given: str, output: str) -> bool:
    return _minutes(output) == int(given)


def total_price(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == str(sum([Decimal(given)] * int(params["count"])))


def distance_travelled(_: str, params: Parameters, given: str, output: str) -> bool:
    hours, minutes = integers(given)
    return output == str(Fraction(int(params["speed"])) * (hours + Fraction(minutes, 60)))


_FASTEST = {"fastest", "am schnellsten", "le plus vite", "más rápido", "più veloce"}


def order_puzzle(_: str, params: Parameters, given: str, output: str) -> bool:
    claims = [claim.split(" ") for claim in given.rstrip(".").split(". ")]
    faster, slower = {claim[0] for claim in claims}, {claim[-1] for claim in claims}
    left = faster - slower if params["end"] in _FASTEST else slower - faster
    return left == {output}


_WORDS = {
    "en": (
        "cat dog horse cow sheep goat rabbit fox wolf bear duck goose mouse pig",
        "apple pear cherry banana grape melon lemon mango strawberry raspberry",
        "red blue green yellow black white brown grey purple pink",
    ),
    "de": (
        "Katze Hund Pferd Kuh Schaf Ziege Hase Fuchs Wolf Esel Ente Gans Maus Schwein",
        "Apfel Birne Kirsche Banane Traube Melone Zitrone Mango Erdbeere Himbeere Ananas",
        "rot blau grün gelb schwarz weiß braun grau lila rosa",
    ),
    "fr": (
        "chat chien cheval vache mouton lapin renard loup ours canard souris cochon tigre",
        "pomme poire cerise banane raisin melon citron mangue fraise framboise ananas",
        "rouge bleu vert jaune noir blanc brun gris violet beige",
    ),
    "es": (
        "gato perro caballo vaca oveja cabra conejo zorro lobo oso pato cerdo toro",
        "manzana pera cereza plátano uva melón limón mango fresa frambuesa piña",
        "rojo azul verde amarillo negro blanco marrón gris morado beige",
    ),
    "it": (
        "gatto cane cavallo mucca pecora capra coniglio volpe lupo orso topo maiale asino",
        "mela pera ciliegia banana uva melone limone mango fragola lampone ananas",
        "rosso blu verde giallo nero bianco marrone grigio viola beige",
    ),
}
_CATEGORIES = {
    "en": "animals fruit colours",
    "de": "Tiere Obst Farben",
    "fr": "animaux fruits couleurs",
    "es": "animales frutas colores",
    "it": "animali frutti colori",
}


def _category(language: str, word: str) -> str:
    found = [i for i, words in enumerate(_WORDS[language]) if word in words.split()]
    return _CATEGORIES[language].split()[found[0]] if len(found) == 1 else ""


def odd_one_out(language: str, params: Parameters, given: str, output: str) -> bool:
    words = params["words"].split(", ")
    kinds = [_category(language, word) for word in words]
    lonely = [word for word, kind in zip(words, kinds, strict=True) if kinds.count(kind) == 1]
    return given == "" and lonely == [output]


def word_category(language: str, _: Parameters, given: str, output: str) -> bool:
    return {_category(language, word) for word in given.split(", ")} == {output}


def set_operation(_: str, params: Parameters, given: str, output: str) -> bool:
    left, right = (integers(side) for side in given.split(";"))
    wanted = {
        "union": [n for n in range(100) if n in left or n in right],
        "intersection": [n for n in range(100) if n in left and n in right],
        "difference": [n for n in range(100) if n in left and n not in right],
    }
    return output == commas(wanted[params["operation"]])


def subset(language: str, _: Parameters, given: str, output: str) -> bool:
    left, right = (set(integers(side)) for side in given.split(";"))
    return says(left | right == right, language, output)


def emails(_: str, __: Parameters, given: str, output: str) -> bool:
    tokens = [token.rstrip(".,") for token in given.split()]
    return output == ", ".join(token for token in tokens if "@" in token)


def hashtags(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == " ".join(re.findall(r"#\w+", given)[: int(params["count"])])


def numbers_in_text(_: str, __: Parameters, given: str, output: str) -> bool:
    return output == commas(integers(given))


def ticket_total(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == str(sum(integers(given), int(params["extra"])))


def form_field(_: str, params: Parameters, given: str, output: str) -> bool:
    found = re.search(rf"(?:^| ){params['field']}: ([^|]+?)(?: \||$)", given)
    return bool(found and found[1] == output)


_FIRST = {"first", "ersten", "première", "primera", "prima"}
_LAST = {"last", "letzten", "dernière", "última", "ultima"}


def nth_sentence(_: str, params: Parameters, given: str, output: str) -> bool:
    sentences: list[str] = re.findall(r"\w[^.]*\.", given)
    position = params["position"]
    return output == sentences[0 if position in _FIRST else -1 if position in _LAST else 1]


_TYPES = {
    "en": {"?": "question", ".": "statement", "!": "exclamation"},
    "de": {"?": "Frage", ".": "Aussage", "!": "Ausruf"},
    "fr": {"?": "question", ".": "affirmation", "!": "exclamation"},
    "es": {"?": "pregunta", ".": "afirmación", "!": "exclamación"},
    "it": {"?": "domanda", ".": "affermazione", "!": "esclamazione"},
}


def sentence_type(language: str, _: Parameters, given: str, output: str) -> bool:
    return output == _TYPES[language][given[-1]]


CHECKERS: dict[str, Checker] = {
    check.__name__: check
    for check in (
        weekday,
        days_between,
        add_days,
        leap_year,
        long_date,
        clock_24,
        duration,
        convert_units,
        fahrenheit,
        exchange,
        hours_minutes,
        total_price,
        distance_travelled,
        order_puzzle,
        odd_one_out,
        word_category,
        set_operation,
        subset,
        emails,
        hashtags,
        numbers_in_text,
        ticket_total,
        form_field,
        nth_sentence,
        sentence_type,
    )
}
