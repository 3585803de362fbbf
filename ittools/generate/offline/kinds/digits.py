"""Digits and series: number systems, digit sums, progressions, choice by size.

"Convert the decimal number to base 2 ..." + "21"  ->  "10101"
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.wording import listed, whole_numbers, worded


def _draw_base(rng: random.Random, _: str) -> dict[str, str]:
    return {"base": str(rng.randint(2, 9))}


def _in_base(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    value = left = rng.randint(20, 900)
    digits = ""
    while left:
        left, digit = divmod(left, int(params["base"]))
        digits = str(digit) + digits
    return str(value), digits


NUMBER_BASE = Kind(
    name="number_base",
    phrasings=worded(
        en="""
        - Convert the decimal number to base {base} and write only its digits.
        - How is this ordinary whole number written in the positional system with base {base}? No
          prefix, no leading zeros.
        - Express the value in a numeral system that knows just {base} digits, starting from 0; show
          the digit string alone.
        - Rewrite the base-ten figure so that each place is worth {base} times the place to its
          right.
        """,
        de="""
        - Wandle die Dezimalzahl in das Zahlensystem zur Basis {base} um und schreibe nur die
          Ziffern.
        - Wie lautet diese gewöhnliche Zahl im Stellenwertsystem mit der Grundzahl {base}? Ohne
          Vorsilbe, ohne führende Nullen.
        - Stelle den Wert so dar, dass jede Stelle {base} Mal so viel zählt wie die Stelle rechts
          daneben.
        """,
        fr="""
        - Convertissez le nombre décimal en base {base} et écrivez seulement ses chiffres.
        - Comment cet entier ordinaire s'écrit-il dans le système positionnel à {base} chiffres ? Ni
          préfixe ni zéros initiaux.
        - Récrivez la valeur de sorte que chaque rang vaille {base} fois le rang situé à sa droite.
        """,
        es="""
        - Convierte el número decimal a base {base} y escribe solo sus cifras.
        - Expresa este entero corriente en el sistema posicional que usa {base} cifras distintas,
          sin prefijo ni ceros iniciales.
        - Reescribe el valor de modo que cada posición valga {base} veces la posición que tiene a su
          derecha.
        """,
        it="""
        - Converti il numero decimale in base {base} e scrivi solo le sue cifre.
        - Come si scrive questo comune intero nel sistema posizionale con {base} cifre diverse?
          Niente prefisso, niente zeri iniziali.
        - Riscrivi il valore in modo che ogni posizione valga {base} volte la posizione alla sua
          destra.
        """,
    ),
    make=_in_base,
    draw=_draw_base,
)

_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


def _to_roman(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    value = left = rng.randint(11, 3999)
    numeral = ""
    for worth, letters in _ROMAN:
        numeral += letters * (left // worth)
        left %= worth
    return str(value), numeral


ROMAN_NUMERAL = Kind(
    name="roman_numeral",
    phrasings=worded(
        en="""
        - Write the number as a Roman numeral in capital letters.
        - How would an ancient Roman stonemason carve this year, using the letters I, V, X, L, C, D
          and M?
        - Turn the Arabic figure into standard Roman notation, subtractive forms such as IV and XC
          included.
        - Give the Roman form of the integer; answer with upper-case letters only.
        """,
        de="""
        - Schreibe die Zahl als römische Zahl in Großbuchstaben.
        - Wie würde ein Steinmetz im alten Rom dieses Jahr mit den Zeichen I, V, X, L, C, D und M
          einmeißeln?
        - Übertrage die arabischen Ziffern in die übliche römische Schreibweise, mit
          Subtraktionsregel wie bei IV und XC.
        """,
        fr="""
        - Écrivez le nombre en chiffres romains majuscules.
        - Comment un tailleur de pierre de la Rome antique graverait-il cette année avec les lettres
          I, V, X, L, C, D et M ?
        - Transposez l'écriture arabe dans la notation romaine usuelle, formes soustractives comme
          IV et XC comprises.
        """,
        es="""
        - Escribe el número en cifras romanas mayúsculas.
        - Graba este año como lo haría un cantero de la antigua Roma, con las letras I, V, X, L, C,
          D y M.
        - Pasa la cantidad a la notación romana habitual, incluidas las formas sustractivas como IV
          y XC.
        """,
        it="""
        - Scrivi il numero in cifre romane maiuscole.
        - Come inciderebbe quest'anno uno scalpellino dell'antica Roma con le lettere I, V, X, L, C,
          D e M?
        - Trasforma la quantità nella consueta notazione romana, comprese le forme sottrattive come
          IV e XC.
        """,
    ),
    make=_to_roman,
)


def _digit_sum(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    value = rng.randint(1000, 99_999_999)
    return str(value), str(sum(int(digit) for digit in str(value)))


DIGIT_SUM = Kind(
    name="digit_sum",
    phrasings=worded(
        en="""
        - Add together all the digits of the number and give the total.
        - What is the digit sum of this integer? Sum once only, even if the result has several
          digits.
        - Treat every digit as a separate one-figure number and report what they come to altogether.
        - Compute the cross sum of the figure shown, without reducing it any further.
        """,
        de="""
        - Addiere alle Ziffern der Zahl und gib die Summe an.
        - Wie groß ist die Quersumme? Bilde sie nur einmal, auch wenn das Ergebnis mehrstellig ist.
        - Betrachte jede Ziffer als eigene einstellige Zahl und teile mit, was sie zusammen ergeben.
        """,
        fr="""
        - Additionnez tous les chiffres du nombre et donnez le total.
        - Quelle est la somme des chiffres de cet entier ? Ne la réduisez pas, même si elle en
          compte plusieurs.
        - Considérez chaque chiffre comme un petit nombre isolé et annoncez ce qu'ils valent
          ensemble.
        """,
        es="""
        - Suma todas las cifras del número y da el total.
        - Averigua la suma de los dígitos de este entero, una sola vez, aunque el resultado tenga
          varios.
        - Trata cada dígito como una cantidad independiente y anuncia cuánto valen en conjunto.
        """,
        it="""
        - Somma tutte le cifre del numero e fornisci il totale.
        - Quanto vale la somma delle cifre di questo intero? Calcolala una volta sola, anche se il
          risultato ne ha più di una.
        - Considera ogni cifra come una quantità a sé e comunica quanto fanno messe insieme.
        """,
    ),
    make=_digit_sum,
)


def _draw_count(rng: random.Random, _: str) -> dict[str, str]:
    return {"count": str(rng.randint(2, 6))}


def _next_terms(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    start, gap = rng.randint(1, 90), rng.choice([*range(-9, -1), *range(2, 20)])
    terms = [start + gap * i for i in range(4 + int(params["count"]))]
    return listed(terms[:4]), listed(terms[4:])


NEXT_TERMS = Kind(
    name="next_terms",
    phrasings=worded(
        en="""
        - The sequence has a constant difference; write its next {count} terms, separated by commas.
        - Continue this arithmetic progression by {count} further members and list only the new ones
          with commas.
        - Find the fixed step between neighbours, then keep going: which {count} numbers follow?
          Commas between them.
        - Every day the counter changes by the same amount. Predict, comma-separated, its readings
          for the coming {count} days.
        """,
        de="""
        - Die Folge hat eine konstante Differenz; schreibe ihre nächsten {count} Glieder, durch
          Kommas getrennt.
        - Jeden Tag ändert sich der Zähler um denselben Betrag. Sage die Stände der kommenden
          {count} Tage voraus, mit Kommas dazwischen.
        - Setze diese arithmetische Reihe um {count} weitere Werte fort und liste allein die neuen
          mit Kommas auf.
        """,
        fr="""
        - La suite a une différence constante ; écrivez ses {count} termes suivants, séparés par des
          virgules.
        - Chaque jour, le compteur varie de la même quantité. Prévoyez ses relevés pour les {count}
          jours à venir, avec des virgules.
        - Prolongez cette progression arithmétique de {count} valeurs et n'énumérez que les
          nouvelles, une virgule entre elles.
        """,
        es="""
        - La sucesión tiene una diferencia constante; escribe sus {count} términos siguientes,
          separados por comas.
        - Cada día el contador cambia en la misma cantidad. Predice sus lecturas para los próximos
          {count} días, con comas.
        - Prolonga esta progresión aritmética con {count} valores y enumera únicamente los nuevos,
          con una coma entre ellos.
        """,
        it="""
        - La successione ha una differenza costante; scrivi i suoi {count} termini seguenti,
          separati da virgole.
        - Ogni giorno il contatore cambia della stessa quantità. Prevedi le letture dei prossimi
          {count} giorni, con virgole in mezzo.
        - Prolunga questa progressione aritmetica di {count} valori ed elenca unicamente quelli
          nuovi, con una virgola tra l'uno e l'altro.
        """,
    ),
    make=_next_terms,
    draw=_draw_count,
)


def _draw_limit(rng: random.Random, _: str) -> dict[str, str]:
    return {"limit": str(rng.randint(20, 80))}


def _keep_greater(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    limit = int(params["limit"])
    low, high = whole_numbers(rng, 3, 1, limit), whole_numbers(rng, 3, limit + 1, 120)
    values = low + high
    rng.shuffle(values)
    return listed(values), listed([value for value in values if value > limit])


KEEP_GREATER = Kind(
    name="keep_greater",
    phrasings=worded(
        en="""
        - Keep only the numbers greater than {limit}, in their original order and with commas
          between them.
        - Strike out whatever is {limit} or less; copy what remains from left to right,
          comma-separated.
        - Which entries exceed {limit}? Repeat those entries as a comma list without sorting.
        - A sensor raises an alarm above {limit}. From the readings, pass on just the alarming ones
          in sequence, commas included.
        """,
        de="""
        - Behalte nur die Zahlen, die größer als {limit} sind, in ursprünglicher Reihenfolge und mit
          Kommas dazwischen.
        - Ein Sensor schlägt oberhalb von {limit} Alarm. Gib von den Messwerten nacheinander nur die
          alarmierenden weiter, mit Kommas.
        - Streiche alles, was höchstens {limit} beträgt, und schreibe den Rest von links nach rechts
          als Kommaliste ab.
        """,
        fr="""
        - Gardez uniquement les nombres supérieurs à {limit}, dans leur ordre initial, avec une
          virgule entre eux.
        - Un capteur donne l'alerte au-dessus de {limit}. Transmettez à la suite, avec des virgules,
          les seules mesures alarmantes.
        - Rayez tout ce qui vaut {limit} ou moins et recopiez le reste de gauche à droite, virgules
          comprises.
        """,
        es="""
        - Conserva solo los números mayores que {limit}, en su orden original y con comas entre
          ellos.
        - Un sensor da la alarma por encima de {limit}. Transmite seguidas, con comas, únicamente
          las lecturas alarmantes.
        - Tacha todo lo que valga {limit} o menos y copia el resto de izquierda a derecha, comas
          incluidas.
        """,
        it="""
        - Conserva solo i numeri maggiori di {limit}, nel loro ordine originale e con virgole in
          mezzo.
        - Un sensore dà l'allarme sopra {limit}. Trasmetti di seguito, con le virgole, unicamente le
          letture allarmanti.
        - Cancella tutto ciò che vale {limit} o meno e ricopia il resto da sinistra a destra,
          virgole comprese.
        """,
    ),
    make=_keep_greater,
    draw=_draw_limit,
)


def _draw_year(rng: random.Random, _: str) -> dict[str, str]:
    return {"year": str(rng.randint(4000, 4999))}


def _from_roman(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    value, numeral = _to_roman(rng, {}, language)
    return numeral, str(int(params["year"]) - int(value))


ROMAN_AGE = Kind(
    name="roman_age",
    phrasings=worded(
        en="""
        - Subtract the Roman numeral from {year} and give the difference in ordinary decimal digits.
        - A monument bears this inscription as its founding date. How many years old will it be in
          {year}? Digits only.
        - Read the numeral as the Romans did and report how far its value lies below {year}.
        - Which Arabic number must be added to the string of Roman signs to reach {year}?
        """,
    ),
    make=_from_roman,
    draw=_draw_year,
)

KINDS: tuple[Kind, ...] = (
    NUMBER_BASE,
    ROMAN_NUMERAL,
    ROMAN_AGE,
    DIGIT_SUM,
    NEXT_TERMS,
    KEEP_GREATER,
)
