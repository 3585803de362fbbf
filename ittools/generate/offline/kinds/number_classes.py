"""Classification of numbers: prime or not, even or odd, sign, direction.

"Tell me whether the number is prime ..." + "91"  ->  "no"
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.wording import YES_NO, listed, whole_numbers, worded, yes_no


def _is_prime(value: int) -> bool:
    return value > 1 and all(value % divisor for divisor in range(2, int(value**0.5) + 1))


def _prime(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    wanted = rng.random() < 0.5
    value = rng.randint(11, 9999)
    while _is_prime(value) != wanted or (value % 2 == 0 and rng.random() < 0.7):
        value = rng.randint(11, 9999)
    return str(value), yes_no(wanted, language)


PRIME_CHECK = Kind(
    name="prime_check",
    phrasings=worded(
        en="""
        - Tell me whether the number is prime, using yes or no.
        - Has this integer no divisors apart from 1 and itself? Say yes if so and no otherwise.
        - Can the figure be written as a product of two smaller whole numbers? Reply no if it can,
          yes if it is a prime.
        - Classify the value by primality: "yes" for primes, "no" for composite numbers.
        """,
        de="""
        - Ist die Zahl eine Primzahl? Antworte mit ja oder nein.
        - Schreibe ja, wenn dieser Wert nur durch 1 und sich selbst teilbar ist, sonst nein.
        - Prüfe, ob eine Zerlegung in zwei kleinere Faktoren möglich ist; falls möglich, lautet das
          Urteil nein, bei Primzahlen ja.
        """,
        fr="""
        - Le nombre est-il premier ? Répondez par oui ou par non.
        - Écrivez oui si cet entier n'a que 1 et lui-même comme diviseurs, non dans le cas
          contraire.
        - Vérifiez si une décomposition en deux facteurs plus petits existe ; si elle existe, le
          verdict est non, pour un premier c'est oui.
        """,
        es="""
        - Indica con sí o no si el número es primo.
        - Contesta sí cuando este entero solo se pueda dividir exactamente por 1 y por él mismo; de
          lo contrario, no.
        - Comprueba si existe una descomposición en dos factores menores; si existe, el veredicto es
          no, y para los primos es sí.
        """,
        it="""
        - Il numero è primo? Rispondi con sì o no.
        - Scrivi sì se questo intero ha come divisori soltanto 1 e sé stesso, altrimenti no.
        - Verifica se esiste una scomposizione in due fattori più piccoli; se esiste, il verdetto è
          no, per i primi è sì.
        """,
    ),
    make=_prime,
    labels=YES_NO,
)


def _draw_divisor(rng: random.Random, _: str) -> dict[str, str]:
    return {"divisor": str(rng.randint(3, 12))}


def _divisible(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    divisor, wanted = int(params["divisor"]), rng.random() < 0.5
    value = rng.randint(100, 800) * divisor
    return str(value + (0 if wanted else rng.randint(1, divisor - 1))), yes_no(wanted, language)


DIVISIBLE_BY = Kind(
    name="divisible_by",
    phrasings=worded(
        en="""
        - Is the given number divisible by {divisor} without a remainder? Answer yes or no.
        - That many sweets are shared among {divisor} children. If everyone can get equally many
          whole sweets, write yes, otherwise no.
        - Decide, with a plain yes or no, if dividing the integer by {divisor} leaves nothing over.
        - Check for a multiple of {divisor} and respond with one word, yes or no.
        """,
        de="""
        - Lässt sich die Zahl ohne Rest durch {divisor} teilen? Antworte ja oder nein.
        - So viele Bonbons werden an {divisor} Kinder verteilt. Bekommen alle gleich viele ganze
          Bonbons, schreibe ja, andernfalls nein.
        - Entscheide knapp mit ja oder nein, ob hier ein Vielfaches von {divisor} vorliegt.
        """,
        fr="""
        - Ce nombre est-il divisible par {divisor} sans reste ? Répondez oui ou non.
        - On partage autant de bonbons entre {divisor} enfants. Notez oui si chacun peut en recevoir
          la même quantité entière, sinon non.
        - Décidez d'un simple oui ou non s'il s'agit d'un multiple de {divisor}.
        """,
        es="""
        - Responde sí o no a si el número es divisible entre {divisor} sin resto.
        - Se reparten tantos caramelos entre {divisor} niños. Pon sí cuando todos puedan recibir
          igual cantidad de caramelos enteros, y no en otro caso.
        - Decide con un simple sí o no si se trata de un múltiplo de {divisor}.
        """,
        it="""
        - Indica se il valore è divisibile per {divisor} senza resto, scrivendo sì o no.
        - Si dividono altrettante caramelle fra {divisor} bambini. Annota sì se ognuno può averne la
          stessa quantità intera, in caso contrario no.
        - Decidi con un semplice sì o no se si tratta di un multiplo di {divisor}.
        """,
    ),
    make=_divisible,
    draw=_draw_divisor,
    labels=YES_NO,
)

EVEN_ODD: dict[str, tuple[str, ...]] = {
    "en": ("even", "odd"),
    "de": ("gerade", "ungerade"),
    "fr": ("paire", "impaire"),
    "es": ("par", "impar"),
    "it": ("pari", "dispari"),
}


def _sum_parity(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    values = whole_numbers(rng, rng.randint(3, 6), 1, 99)
    return listed(values), EVEN_ODD[language][sum(values) % 2]


SUM_PARITY = Kind(
    name="sum_parity",
    phrasings=worded(
        en="""
        - Is the sum of the listed numbers even or odd? Reply with one of these two words.
        - All the coins from these purses are poured together and paired up. Say even if none is
          left single, odd if one is.
        - Add the values and classify the total as even or odd.
        - Write odd when the list contains an odd quantity of odd integers; in every other case
          write even.
        """,
        de="""
        - Ist die Summe der aufgeführten Zahlen gerade oder ungerade? Antworte mit einem dieser
          beiden Wörter.
        - Die Münzen aus diesen Beuteln werden zusammengeschüttet und paarweise gelegt. Schreibe
          gerade, wenn keine übrig bleibt, ungerade, wenn eine bleibt.
        - Zähle alle Werte zusammen und ordne die Gesamtzahl als gerade oder ungerade ein.
        """,
        fr="""
        - La somme des nombres cités est-elle paire ou impaire ? Répondez par l'un de ces deux mots.
        - On réunit les pièces de ces bourses et on les range par deux. Dites paire si aucune ne
          reste seule, impaire sinon.
        - Faites le total des valeurs, puis classez cette somme comme paire ou impaire.
        """,
        es="""
        - Di si la suma de los números citados es par o impar, con una de esas dos palabras.
        - Se juntan las monedas de estas bolsas y se colocan de dos en dos. Escribe par cuando no
          sobre ninguna, impar cuando sobre una.
        - Calcula el total de los valores y clasifícalo como par o impar.
        """,
        it="""
        - La somma dei numeri citati è pari o dispari? Rispondi con una di queste due parole.
        - Si uniscono le monete di questi sacchetti e si dispongono a due a due. Scrivi pari se non
          ne avanza nessuna, dispari se ne avanza una.
        - Fai il totale dei valori e classificalo come pari o dispari.
        """,
    ),
    make=_sum_parity,
    labels=EVEN_ODD,
)

DIRECTIONS: dict[str, tuple[str, ...]] = {
    "en": ("rising", "falling", "mixed"),
    "de": ("steigend", "fallend", "gemischt"),
    "fr": ("croissante", "décroissante", "mixte"),
    "es": ("creciente", "decreciente", "mixta"),
    "it": ("crescente", "decrescente", "mista"),
}


def _direction(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    label = rng.randrange(3)
    values = sorted(whole_numbers(rng, rng.randint(4, 6), 1, 99), reverse=label == 1)
    if label == 2:  # a swap of two neighbours breaks the order and leaves most of it
        place = rng.randrange(1, len(values) - 1)
        values[place], values[place + 1] = values[place + 1], values[place]
    return listed(values), DIRECTIONS[language][label]


SEQUENCE_DIRECTION = Kind(
    name="sequence_direction",
    phrasings=worded(
        en="""
        - Describe the series as rising, falling or mixed.
        - Does every number exceed its predecessor (rising), is each one smaller (falling), or
          neither (mixed)? One word, please.
        - A hiker notes heights along a path. If it only climbs, write rising; if it only descends,
          falling; otherwise mixed.
        - Label the trend from left to right with exactly one of these: rising, falling, mixed.
        """,
        de="""
        - Beschreibe die Zahlenreihe als steigend, fallend oder gemischt.
        - Ist jede Zahl größer als ihre Vorgängerin (steigend), jede kleiner (fallend) oder keins
          von beiden (gemischt)? Ein Wort genügt.
        - Eine Wanderin notiert Höhen am Weg. Geht es nur bergauf, schreibe steigend, nur bergab,
          fallend, in allen übrigen Fällen gemischt.
        """,
        fr="""
        - Qualifiez la série de croissante, décroissante ou mixte.
        - Chaque nombre dépasse-t-il le précédent (croissante), lui est-il inférieur (décroissante),
          ou ni l'un ni l'autre (mixte) ? Un mot suffit.
        - Un randonneur note des altitudes. Si le sentier ne fait que monter, écrivez croissante ;
          que descendre, décroissante ; autrement, mixte.
        """,
        es="""
        - Califica la serie de creciente, decreciente o mixta.
        - Mira si cada número supera al anterior (creciente), si siempre es menor (decreciente) o si
          pasa otra cosa (mixta). Una palabra basta.
        - Una excursionista anota alturas. Si el camino solo sube, escribe creciente; si solo baja,
          decreciente; en los demás casos, mixta.
        """,
        it="""
        - Definisci la serie crescente, decrescente o mista.
        - Ogni numero supera il precedente (crescente), gli è sempre inferiore (decrescente), oppure
          né l'uno né l'altro (mista)? Basta una parola.
        - Un'escursionista annota le quote. Se il sentiero sale soltanto, scrivi crescente; se
          scende soltanto, decrescente; negli altri casi, mista.
        """,
    ),
    make=_direction,
    labels=DIRECTIONS,
)

SIGNS: dict[str, tuple[str, ...]] = {
    "en": ("positive", "negative", "zero"),
    "de": ("positiv", "negativ", "null"),
    "fr": ("positif", "négatif", "nul"),
    "es": ("positivo", "negativo", "cero"),
    "it": ("positivo", "negativo", "zero"),
}


def _sign(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    label = rng.randrange(3)
    values = [value * rng.choice([1, -1]) for value in whole_numbers(rng, 4, 1, 40)]
    if label == 2:
        values[rng.randrange(4)] = 0
    elif (sum(value < 0 for value in values) % 2 == 1) != (label == 1):
        values[0] = -values[0]
    return listed(values), SIGNS[language][label]


PRODUCT_SIGN = Kind(
    name="product_sign",
    phrasings=worded(
        en="""
        - Without computing it fully, say if the product of these numbers is positive, negative or
          zero.
        - Count the minus signs and watch out for a 0: is multiplying everything together positive,
          negative or zero?
        - What sign results when all four factors are multiplied? Choose from positive, negative and
          zero.
        - Judge the product only by its sign, answering positive, negative or zero.
        """,
        de="""
        - Sage, ohne es ganz auszurechnen, ob das Produkt dieser Zahlen positiv, negativ oder null
          ist.
        - Zähle die Minuszeichen und achte auf eine 0. Multipliziert man alles, ist das Ergebnis
          dann positiv, negativ oder null?
        - Welches Vorzeichen entsteht beim Malnehmen aller vier Faktoren? Zur Wahl stehen positiv,
          negativ und null.
        """,
        fr="""
        - Sans le calculer entièrement, dites si le produit de ces nombres est positif, négatif ou
          nul.
        - Comptez les signes moins et guettez un 0. Quand on multiplie tout, obtient-on un résultat
          positif, négatif ou nul ?
        - Quel signe donne la multiplication des quatre facteurs ? Choisissez entre positif, négatif
          et nul.
        """,
        es="""
        - Sin calcularlo del todo, di si el producto de estos números es positivo, negativo o cero.
        - Cuenta los signos menos y vigila si hay un 0. Al multiplicarlo todo, el resultado será
          positivo, negativo o cero; escribe cuál.
        - Elige entre positivo, negativo y cero para el signo que da la multiplicación de los cuatro
          factores.
        """,
        it="""
        - Senza calcolarlo del tutto, indica se il prodotto di questi numeri è positivo, negativo o
          zero.
        - Conta i segni meno e bada a un eventuale 0. Moltiplicando tutto, il risultato sarà
          positivo, negativo o zero?
        - Che segno dà la moltiplicazione dei quattro fattori? Scegli fra positivo, negativo e zero.
        """,
    ),
    make=_sign,
    labels=SIGNS,
)

KINDS: tuple[Kind, ...] = (
    PRIME_CHECK,
    DIVISIBLE_BY,
    SUM_PARITY,
    SEQUENCE_DIRECTION,
    PRODUCT_SIGN,
)
