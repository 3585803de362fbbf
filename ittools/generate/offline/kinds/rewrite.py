"""Rewriting by rule: replaced words, swapped names, bullet lists, number formats.

"Turn each name round ..." + "Rossi, Anna; Conti, Ugo"  ->  "Anna Rossi; Ugo Conti"
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.lexicon import (
    CITIES,
    NAMES,
    NOUNS,
    SURNAMES,
    plain,
    sentence,
    statement,
)
from ittools.generate.offline.kinds.wording import listed, worded


def _draw_cities(rng: random.Random, language: str) -> dict[str, str]:
    old, new = rng.sample(CITIES[language], 2)
    return {"old": old, "new": new}


def _replace(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    if params["old"] not in CITIES[language]:
        raise ValueError(f"no sentence of ours has {params['old']!r} in it")
    places = {params["old"]: params["new"], params["old"] + ".": params["new"] + "."}
    words: list[str] = []
    while not places.keys() & set(words):  # whole words: "Bern" is not in "Bernd"
        words = " ".join(sentence(rng, language) for _ in range(2)).split()
    return " ".join(words), " ".join(places.get(word, word) for word in words)


REPLACE_WORD = Kind(
    name="replace_word",
    phrasings=worded(
        en="""
        - Replace the word {old} by {new} everywhere in the text and leave the rest unchanged.
        - Everything reported from {old} really happened in {new}; correct the place name wherever
          it occurs and repeat the text.
        - Rewrite the note with {new} standing in each spot where it now says {old}.
        - A typist confused two cities. Print the passage again, substituting {new} for {old}, with
          no other edits.
        """,
        de="""
        - Ersetze das Wort {old} im Text überall durch {new} und lass den Rest unverändert.
        - Was aus {old} berichtet wird, geschah in Wahrheit in {new}; berichtige den Ortsnamen an
          allen Stellen und wiederhole den Text.
        - Schreibe die Notiz so ab, dass {new} steht, wo jetzt {old} zu lesen ist.
        """,
        fr="""
        - Remplacez le mot {old} par {new} partout dans le texte et laissez le reste inchangé.
        - Ce qui est rapporté de {old} s'est en fait passé à {new} ; corrigez chaque nom de lieu
          concerné et répétez le texte.
        - Recopiez la note en mettant {new} là où on lit actuellement {old}.
        """,
        es="""
        - Sustituye la palabra {old} por {new} en todo el texto y deja el resto sin cambios.
        - Lo que se cuenta de {old} ocurrió en realidad en {new}; corrige cada nombre de lugar
          afectado y repite el texto.
        - Copia la nota poniendo {new} allí donde ahora se lee {old}.
        """,
        it="""
        - Sostituisci la parola {old} con {new} in tutto il testo e lascia il resto invariato.
        - Ciò che si racconta di {old} è in realtà accaduto a {new}; correggi ogni nome di luogo
          interessato e ripeti il testo.
        - Ricopia la nota mettendo {new} là dove ora si legge {old}.
        """,
    ),
    make=_replace,
    draw=_draw_cities,
)


def _names(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    people = [(first, rng.choice(SURNAMES[language])) for first in rng.sample(NAMES[language], 3)]
    filed = "; ".join(f"{last}, {first}" for first, last in people)
    return filed, "; ".join(f"{first} {last}" for first, last in people)


NAME_ORDER = Kind(
    name="name_order",
    phrasings=worded(
        en="""
        - Turn each name round so that the first name precedes the surname, without the comma;
          semicolons stay as separators.
        - The phone book lists people surname first. Address them normally instead, given name then
          family name, still divided by semicolons.
        - Change "Last, First" into "First Last" for everybody in this semicolon list.
        - Swap the two halves of every person's name, drop the comma between them and keep the
          semicolons.
        """,
        de="""
        - Drehe jeden Namen so um, dass der Vorname vor dem Nachnamen steht, ohne Komma; die
          Semikolons bleiben als Trenner.
        - Das Telefonbuch nennt den Familiennamen zuerst. Sprich die Leute üblich an, Rufname vorn,
          weiterhin durch Semikolon geteilt.
        - Mache bei allen Personen dieser Semikolonliste aus „Nachname, Vorname“ ein „Vorname
          Nachname“.
        """,
        fr="""
        - Retournez chaque nom pour que le prénom précède le nom de famille, sans virgule ; les
          points-virgules restent.
        - L'annuaire met le patronyme en tête. Présentez les gens comme à l'ordinaire, prénom
          devant, toujours divisés par des points-virgules.
        - Pour toutes les personnes de cette liste, changez « Nom, Prénom » en « Prénom Nom » en
          gardant la séparation.
        """,
        es="""
        - Da la vuelta a cada nombre para que el de pila preceda al apellido, sin coma; los puntos y
          coma se quedan.
        - La guía pone el apellido en cabeza. Presenta a la gente del modo corriente, todavía
          dividida por puntos y coma.
        - Para todas las personas de esta lista, cambia «Apellido, Nombre» a «Nombre Apellido» y
          respeta la separación.
        """,
        it="""
        - Rovescia ogni nominativo in modo che il nome preceda il cognome, senza virgola; i punti e
          virgola restano.
        - L'elenco telefonico mette il cognome in testa. Presenta le persone nel modo consueto,
          ancora divise da punti e virgola.
        - Per tutti i presenti in questa lista, cambia «Cognome, Nome» in «Nome Cognome» rispettando
          la separazione.
        """,
    ),
    make=_names,
)


def _draw_mark(rng: random.Random, _: str) -> dict[str, str]:
    return {"mark": rng.choice("*+>~-")}


def _bullets(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    words = rng.sample(NOUNS[language], rng.randint(3, 6))
    return listed(words), "\n".join(f"{params['mark']} {word}" for word in words)


BULLET_LIST = Kind(
    name="bullet_list",
    phrasings=worded(
        en="""
        - Put each word on its own line, preceded by the sign {mark} and one space, and remove the
          commas.
        - Make a bulleted list out of the enumeration, with {mark} plus a blank as bullet and one
          entry per line.
        - For a packing note, write the things one below the other; every line opens with "{mark} ".
        - Break the comma-separated row into lines and mark the beginning of all of them by {mark}
          and a space.
        """,
        de="""
        - Setze jedes Wort in eine eigene Zeile, davor das Zeichen {mark} und ein Leerzeichen, und
          entferne die Kommas.
        - Schreibe die Sachen für einen Packzettel untereinander; jede Zeile beginnt mit „{mark} “.
        - Mache aus der Aufzählung eine Liste mit einem Eintrag je Zeile und {mark} samt Leerzeichen
          als Aufzählungspunkt.
        """,
        fr="""
        - Mettez chaque mot sur sa propre ligne, précédé du signe {mark} et d'une espace, et enlevez
          les virgules.
        - Pour une liste de bagages, écrivez les choses l'une sous l'autre ; toute ligne débute par
          « {mark} » puis une espace.
        - Faites de l'énumération une liste à puces, une entrée par ligne, la puce étant {mark}
          suivi d'un blanc.
        """,
        es="""
        - Pon cada palabra en su propia línea, precedida del signo {mark} y un espacio, y quita las
          comas.
        - Para una lista de equipaje, escribe las cosas una debajo de otra; toda línea empieza con
          «{mark}» y después un espacio.
        - Haz de la enumeración una lista con viñetas, una entrada por renglón, donde la viñeta es
          {mark} seguido de un blanco.
        """,
        it="""
        - Metti ogni parola su una riga propria, preceduta dal segno {mark} e da uno spazio, e togli
          le virgole.
        - Per una lista dei bagagli, scrivi le cose una sotto l'altra; tutte le righe iniziano con
          «{mark}» e poi uno spazio.
        - Fai dell'enumerazione un elenco puntato, una voce per riga, dove il punto elenco è {mark}
          seguito da uno spazio.
        """,
    ),
    make=_bullets,
    draw=_draw_mark,
)

_PATTERNS: dict[str, str] = {
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "YYYY/MM/DD": "%Y/%m/%d",
    "YYYYMMDD": "%Y%m%d",
}


def _draw_pattern(rng: random.Random, _: str) -> dict[str, str]:
    return {"pattern": rng.choice(list(_PATTERNS))}


def _date_pattern(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    day = date(1980, 1, 1) + timedelta(days=rng.randrange(365 * 60))
    return day.isoformat(), day.strftime(_PATTERNS[params["pattern"]])


DATE_PATTERN = Kind(
    name="date_pattern",
    phrasings=worded(
        en="""
        - Reformat the ISO date according to the pattern {pattern}.
        - An old database stores dates as {pattern}. How must this day be entered there?
        - Shuffle year, month and day of the given date into the layout {pattern}, digits only
          besides separators.
        - Print the day given as YYYY-MM-DD in the notation {pattern}, leading zeros kept.
        """,
    ),
    make=_date_pattern,
    draw=_draw_pattern,
)


def _draw_joiner(rng: random.Random, _: str) -> dict[str, str]:
    return {"joiner": rng.choice(["hyphens", "underscores", "points", "plus signs", "slashes"])}


_JOINERS = {"hyphens": "-", "underscores": "_", "points": ".", "plus signs": "+", "slashes": "/"}


def _identifier(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    words = [word.capitalize() for word in rng.sample(plain(NOUNS[language]), rng.randint(2, 4))]
    return " ".join(words), _JOINERS[params["joiner"]].join(words).lower()


IDENTIFIER = Kind(
    name="identifier",
    phrasings=worded(
        en="""
        - Make an identifier from the title: lower-case letters only, with {joiner} instead of
          spaces.
        - Rename the folder so that it has no capitals and {joiner} take the place of the blanks.
        - Join the words of this heading by {joiner} and put the whole of it in small letters.
        - Programmers dislike gaps and capitals in names; fill the gaps with {joiner} and lower the
          capitals.
        """,
    ),
    make=_identifier,
    draw=_draw_joiner,
)


# Ordinals that fit every sentence of the lexicon, whose shortest has seven words.
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}


def _draw_place(rng: random.Random, _: str) -> dict[str, str]:
    return {"place": rng.choice(list(_PLACES))}


def _shout(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    text = sentence(rng, language)
    words = text.split()
    place = _PLACES[params["place"]]
    words[place] = words[place].upper()
    return text, " ".join(words)


UPPER_CASE = Kind(
    name="upper_case",
    phrasings=worded(
        en="""
        - Write the {place} word of the sentence entirely in capital letters and everything else as
          it is.
        - A reader should stress the {place} word. Print the line again with just that word in block
          capitals.
        - Transform all lower-case characters of the {place} word to upper case, then repeat the
          full sentence.
        - Emphasise one term, namely the {place}, by caps; hand back the complete text.
        """,
    ),
    make=_shout,
    draw=_draw_place,
)

_PHONES = {
    "(012) 345-6789": (("(", 0, 3), (") ", 3, 6), ("-", 6, 10)),
    "012-345-6789": (("", 0, 3), ("-", 3, 6), ("-", 6, 10)),
    "012 345 67 89": (("", 0, 3), (" ", 3, 6), (" ", 6, 8), (" ", 8, 10)),
    "012/345.6789": (("", 0, 3), ("/", 3, 6), (".", 6, 10)),
}


def _draw_phone(rng: random.Random, _: str) -> dict[str, str]:
    return {"model": rng.choice(list(_PHONES))}


def _phone(rng: random.Random, params: Parameters, __: str) -> tuple[str, str]:
    digits = f"0{rng.randint(100_000_000, 999_999_999)}"
    return digits, "".join(sign + digits[a:b] for sign, a, b in _PHONES[params["model"]])


PHONE_FORMAT = Kind(
    name="phone_format",
    phrasings=worded(
        en="""
        - Format the ten-digit phone number as {model}.
        - For a business card, group the digits in the way {model} is grouped and use identical
          signs between them.
        - Following the model {model}, insert the separators into this dialling sequence.
        - Our address book stores numbers like {model}. Enter the given one accordingly.
        """,
    ),
    make=_phone,
    draw=_draw_phone,
)

_PLURALS = {
    "child": "children",
    "mouse": "mice",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "box": "boxes",
    "city": "cities",
    "leaf": "leaves",
    "knife": "knives",
    "man": "men",
    "woman": "women",
    "wolf": "wolves",
}


def _plural(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    counted = [(rng.choice([1, rng.randint(2, 20)]), noun) for noun in rng.sample(sorted(_PLURALS), 3)]
    given = "; ".join(f"{count} {noun}/{_PLURALS[noun]}" for count, noun in counted)
    fitting = [f"{count} {noun if count == 1 else _PLURALS[noun]}" for count, noun in counted]
    return given, "; ".join(fitting)


CHOOSE_PLURAL = Kind(
    name="choose_plural",
    phrasings=worded(
        en="""
        - After each count, keep the fitting one of the two forms, singular for 1 and plural for
          more, and drop the slash.
        - The inventory offers singular/plural behind every quantity. Cross out the wrong form;
          semicolons stay.
        - Decide between the noun forms divided by a slash so that they agree with the number in
          front; repeat the line that way.
        - Resolve every slash grammatically: a quantity of one takes the left word, a larger
          quantity takes the right word.
        """,
    ),
    make=_plural,
)


def _draw_places(rng: random.Random, _: str) -> dict[str, str]:
    one, other = sorted(rng.sample(range(len(_PLACES)), 2))
    return {"one": list(_PLACES)[one], "other": list(_PLACES)[other]}


def _exchange_places(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    words = statement(rng, language).replace(",", "").split()
    text, one, other = " ".join(words), _PLACES[params["one"]], _PLACES[params["other"]]
    words[one], words[other] = words[other], words[one]
    return text, " ".join(words)


SWAP_WORDS = Kind(
    name="swap_words",
    phrasings=worded(
        en="""
        - Exchange the {one} and the {other} word of the line; the remaining words keep their places
          and all capitals stay.
        - Let word number one of the pair ({one}) trade places with its partner ({other}) and copy
          the rest unchanged.
        - People hold up cards forming this text. The {one} and {other} person switch positions.
          What can be read now, letters untouched?
        - Move the {other} word to where the {one} stands and vice versa, altering nothing else.
        """,
    ),
    make=_exchange_places,
    draw=_draw_places,
)

KINDS: tuple[Kind, ...] = (
    REPLACE_WORD,
    NAME_ORDER,
    BULLET_LIST,
    DATE_PATTERN,
    IDENTIFIER,
    UPPER_CASE,
    PHONE_FORMAT,
    CHOOSE_PLURAL,
    SWAP_WORDS,
)
