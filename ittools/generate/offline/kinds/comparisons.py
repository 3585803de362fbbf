"""Comparisons: two sums, two masses, a stated inequality, the sides of a triangle.

"Compare the sums ..." + "30 + 12; 20 + 20"  ->  "first"
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.wording import listed, worded

WHICH: dict[str, tuple[str, ...]] = {
    "en": ("first", "second", "equal"),
    "de": ("erste", "zweite", "gleich"),
    "fr": ("premier", "second", "égaux"),
    "es": ("primero", "segundo", "iguales"),
    "it": ("primo", "secondo", "uguali"),
}


def _larger(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    label, base, gap = rng.randrange(3), rng.randint(20, 400), rng.randint(1, 20)
    left = base + (gap if label == 0 else 0)
    right = base + (gap if label == 1 else 0)
    apart, beside = rng.randint(1, left - 1), rng.randint(1, right - 1)
    return f"{apart} + {left - apart}; {beside} + {right - beside}", WHICH[language][label]


LARGER_SUM = Kind(
    name="larger_sum",
    phrasings=worded(
        en="""
        - Two additions stand left and right of a semicolon. Which has the greater result: first,
          second, or are they equal?
        - Compare the sums; label the pair first, second or equal according to which of them is
          larger.
        - Work out both expressions and name the winner by position (first or second); a tie is
          called equal.
        - Say first if the left total is bigger, second if the right one is, and equal when both
          agree.
        """,
        de="""
        - Links und rechts vom Semikolon steht je eine Addition. Welche hat das größere Ergebnis,
          erste oder zweite, oder sind sie gleich?
        - Vergleiche die Summen und vergib die Bezeichnung erste, zweite oder gleich, je nachdem,
          welche mehr ergibt.
        - Rechne beide Ausdrücke aus und nenne den Sieger nach seinem Platz (erste oder zweite); ein
          Unentschieden heißt gleich.
        """,
        fr="""
        - Deux additions sont séparées par un point-virgule. Laquelle a le plus grand résultat :
          premier ou second calcul, ou sont-ils égaux ?
        - Comparez les totaux et attribuez l'étiquette premier, second ou égaux selon celui qui est
          supérieur.
        - Effectuez les deux expressions et nommez le gagnant par son rang (premier ou second) ; en
          cas d'égalité, dites égaux.
        """,
        es="""
        - Hay dos sumas separadas por un punto y coma. Di cuál da el resultado mayor, primero o
          segundo, o si son iguales.
        - Compara los totales y asigna la etiqueta primero, segundo o iguales según el que sea
          superior.
        - Resuelve ambas expresiones y nombra al ganador por su puesto (primero o segundo); un
          empate se llama iguales.
        """,
        it="""
        - Due addizioni sono separate da un punto e virgola. Quale calcolo dà il risultato maggiore,
          primo o secondo, o sono uguali?
        - Confronta i totali e assegna l'etichetta primo, secondo o uguali secondo quello che è
          superiore.
        - Svolgi entrambe le espressioni e nomina il vincitore in base al posto (primo o secondo);
          il pareggio si chiama uguali.
        """,
    ),
    make=_larger,
    labels=WHICH,
)

TRIANGLES: dict[str, tuple[str, ...]] = {
    "en": ("equilateral", "isosceles", "scalene"),
    "de": ("gleichseitig", "gleichschenklig", "ungleichseitig"),
    "fr": ("équilatéral", "isocèle", "scalène"),
    "es": ("equilátero", "isósceles", "escaleno"),
    "it": ("equilatero", "isoscele", "scaleno"),
}


def _triangle(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    label, side = rng.randrange(3), rng.randint(20, 900)
    other = side + rng.randint(1, 9)
    sides = [side, side if label < 2 else other + rng.randint(1, 9), side if label == 0 else other]
    rng.shuffle(sides)
    return listed(sides), TRIANGLES[language][label]


TRIANGLE_KIND = Kind(
    name="triangle_kind",
    phrasings=worded(
        en="""
        - A triangle has the three side lengths given. Is it equilateral, isosceles (exactly two
          equal sides) or scalene?
        - Classify the triangle by its sides as equilateral, isosceles or scalene; all-equal counts
          as equilateral only.
        - Three rods of these lengths form a frame. Name its type: scalene if all differ, isosceles
          if just two match, else equilateral.
        - From the sides, choose the one fitting word among equilateral, isosceles and scalene, the
          most special first.
        """,
        de="""
        - Ein Dreieck hat die drei genannten Seitenlängen. Ist es gleichseitig, gleichschenklig
          (genau zwei gleiche Seiten) oder ungleichseitig?
        - Ordne das Dreieck nach seinen Seiten ein; drei gleiche heißt gleichseitig, nur zwei
          gleiche gleichschenklig, sonst ungleichseitig.
        - Drei Stäbe dieser Länge bilden einen Rahmen. Benenne seine Form mit dem genauesten Wort
          aus gleichseitig, gleichschenklig und ungleichseitig.
        """,
        fr="""
        - Un triangle a les trois côtés donnés. Est-il équilatéral, isocèle (exactement deux côtés
          égaux) ou scalène ?
        - Classez le triangle d'après ses côtés ; trois égaux signifie équilatéral, deux seulement
          isocèle, aucun scalène.
        - Trois tiges de ces longueurs forment un cadre. Nommez sa forme par le mot le plus précis
          parmi équilatéral, isocèle et scalène.
        """,
        es="""
        - Un triángulo tiene los tres lados dados. Di si es equilátero, isósceles (exactamente dos
          lados iguales) o escaleno.
        - Clasifica el triángulo por sus lados; tres iguales significa equilátero, solo dos
          isósceles, ninguno escaleno.
        - Tres varillas de estas longitudes forman un marco. Nombra su forma con la palabra más
          precisa entre equilátero, isósceles y escaleno.
        """,
        it="""
        - Un triangolo ha i tre lati indicati. È equilatero, isoscele (esattamente due lati uguali)
          o scaleno?
        - Classifica il triangolo in base ai lati; tre uguali vuol dire equilatero, soltanto due
          isoscele, nessuno scaleno.
        - Tre aste di queste lunghezze formano una cornice. Dai il nome alla sua forma con la parola
          più precisa tra equilatero, isoscele e scaleno.
        """,
    ),
    make=_triangle,
    labels=TRIANGLES,
)

TRUE_FALSE: dict[str, tuple[str, ...]] = {
    "en": ("true", "false"),
    "de": ("wahr", "falsch"),
    "fr": ("vrai", "faux"),
    "es": ("verdadero", "falso"),
    "it": ("vero", "falso"),
}


def _inequality(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    left, right, more = rng.randint(2, 30), rng.randint(2, 30), rng.randint(2, 30)
    total = rng.choice([left * right + more + rng.randint(-6, 6), left * right + more])
    sign, truth = rng.choice([("<", left * right + more < total), (">", left * right + more > total)])
    if rng.random() < 0.4:
        sign, truth = "=", left * right + more == total
    label = TRUE_FALSE[language][0 if truth else 1]
    return f"{left} * {right} + {more} {sign} {total}", label


COMPARISON_TRUE = Kind(
    name="comparison_true",
    phrasings=worded(
        en="""
        - Is the mathematical statement true or false? Multiplication comes before addition.
        - Evaluate the left side, compare it with the right side and judge the claim: true or false.
        - A pupil wrote this relation on the board. Mark it true if it holds and false if it does
          not.
        - Verify the formula, in which * means times, and put down just one word, true or false.
        """,
        de="""
        - Ist die mathematische Aussage wahr oder falsch? Es gilt Punkt vor Strich.
        - Ein Schüler hat diese Beziehung an die Tafel geschrieben. Bewerte sie mit wahr, wenn sie
          gilt, und mit falsch, wenn nicht.
        - Rechne die linke Seite aus, vergleiche sie mit der rechten und fälle das Urteil wahr oder
          falsch.
        """,
        fr="""
        - L'énoncé mathématique est-il vrai ou faux ? La multiplication est prioritaire.
        - Un élève a écrit cette relation au tableau. Notez vrai si elle se vérifie et faux dans le
          cas contraire.
        - Évaluez le membre de gauche, comparez-le à celui de droite et jugez l'affirmation : vrai
          ou faux.
        """,
        es="""
        - Decide si el enunciado matemático es verdadero o falso; la multiplicación va antes que la
          suma.
        - Un alumno escribió esta relación en la pizarra. Márcala como verdadero si se cumple y como
          falso si no.
        - Evalúa el lado izquierdo, compáralo con el derecho y emite tu juicio con una palabra,
          verdadero o falso.
        """,
        it="""
        - L'enunciato matematico è vero o falso? La moltiplicazione ha la precedenza.
        - Uno scolaro ha scritto questa relazione alla lavagna. Segna vero se vale e falso se non
          vale.
        - Calcola il lato sinistro, confrontalo con quello destro e dai il giudizio con una parola,
          vero o falso.
        """,
    ),
    make=_inequality,
    labels=TRUE_FALSE,
)


def _heavier(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    label, grams = rng.randrange(3), 100 * rng.randint(11, 99)
    other = grams + 100 * (0 if label == 2 else rng.randint(1, 9) * (1 if label else -1))
    left, right = f"{grams} g", f"{other // 1000}.{other % 1000 // 100} kg"
    return f"{left}; {right}", WHICH[language][label]


HEAVIER = Kind(
    name="heavier",
    phrasings=worded(
        en="""
        - Two parcels are weighed, one in grams, one in kilograms. Which is heavier? Reply first,
          second or equal.
        - Convert the kilograms (decimal point) to grams, put both on a balance and say which side
          sinks: first, second or equal.
        - Tell which mass exceeds its partner by writing first or second, or equal when neither
          does.
        - Given two weights in different units, pick the label that fits: first (the former weighs
          more), second, equal.
        """,
        de="""
        - Zwei Pakete werden gewogen, eins in Gramm, eins in Kilogramm. Wo ist die größere Masse?
          Antworte erste, zweite oder gleich.
        - Rechne die Kilogramm (mit Dezimalpunkt) in Gramm um und sage, welche Waagschale sinkt,
          erste oder zweite; bei Gleichgewicht gleich.
        - Nenne mit erste oder zweite die schwerere der beiden Gewichtsangaben, und schreibe gleich,
          falls keine überwiegt.
        """,
        fr="""
        - Deux colis sont pesés, en grammes et en kilogrammes. Lequel est le plus lourd ? Dites
          premier, second ou égaux.
        - Convertissez les kilogrammes (point décimal) en grammes ; quel plateau de la balance
          descend, premier ou second ? À l'équilibre, notez égaux.
        - Entre les deux masses exprimées dans des unités différentes, désignez la dominante par
          premier ou second, sinon par égaux.
        """,
        es="""
        - Se pesan dos paquetes, uno en gramos y otro en kilogramos. Responde cuál pesa más con
          primero, segundo o iguales.
        - Convierte los kilogramos (punto decimal) a gramos y di qué platillo de la balanza baja,
          primero o segundo; en equilibrio, iguales.
        - Entre las dos masas en unidades distintas, señala la dominante mediante primero o segundo,
          y si ninguna domina, iguales.
        """,
        it="""
        - Due pacchi vengono pesati, uno in grammi e uno in chilogrammi. Quale pesa di più? Rispondi
          primo, secondo o uguali.
        - Converti i chilogrammi (punto decimale) in grammi e di' quale piatto della bilancia
          scende, primo o secondo; in equilibrio, uguali.
        - Fra le due masse espresse in unità diverse, segnala quella dominante con primo o secondo,
          e se nessuna domina, uguali.
        """,
    ),
    make=_heavier,
    labels=WHICH,
)

KINDS: tuple[Kind, ...] = (LARGER_SUM, TRIANGLE_KIND, COMPARISON_TRUE, HEAVIER)
