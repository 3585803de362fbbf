"""Small puzzles: order from comparisons, odd one out, sets, categories.

"Who runs fastest ..." + "Ben runs faster than Ida. Ann runs faster than Ben."  ->  "Ann"
"""

from __future__ import annotations

import itertools
import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.lexicon import ANIMALS, COLOURS, FRUIT, NAMES
from ittools.generate.offline.kinds.wording import YES_NO, listed, whole_numbers, worded, yes_no

_FASTER = {
    "en": "{a} runs faster than {b}.",
    "de": "{a} läuft schneller als {b}.",
    "fr": "{a} court plus vite que {b}.",
    "es": "{a} corre más rápido que {b}.",
    "it": "{a} corre più veloce di {b}.",
}
_ENDS: dict[str, tuple[str, str]] = {
    "en": ("fastest", "slowest"),
    "de": ("am schnellsten", "am langsamsten"),
    "fr": ("le plus vite", "le moins vite"),
    "es": ("más rápido", "más despacio"),
    "it": ("più veloce", "più piano"),
}


def _draw_end(rng: random.Random, language: str) -> dict[str, str]:
    return {"end": rng.choice(_ENDS[language])}


def _order(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    runners = rng.sample(NAMES[language], rng.randint(3, 5))  # from the fastest on
    claims = [_FASTER[language].format(a=a, b=b) for a, b in itertools.pairwise(runners)]
    rng.shuffle(claims)
    return " ".join(claims), runners[-_ENDS[language].index(params["end"])]


ORDER_PUZZLE = Kind(
    name="order_puzzle",
    phrasings=worded(
        en="""
        - Who runs {end} according to the statements? Answer with the name only.
        - Put the runners in order by means of the clues and tell who is the {end} of them all, by
          name.
        - A coach looks for the {end} person; deduce from the comparisons who it must be. Just one
          name.
        - From the pairwise remarks it follows that exactly one competitor is {end}. Write that
          competitor's name.
        """,
        de="""
        - Wer läuft den Aussagen zufolge {end}? Antworte nur mit dem Namen.
        - Eine Trainerin will wissen, wer von allen {end} rennt. Leite es aus den Vergleichen ab und
          nenne die Person.
        - Bringe die Läufer mit Hilfe der Hinweise in eine Rangfolge und schreibe den Namen dessen
          auf, der {end} ist.
        """,
        fr="""
        - Qui court {end} d'après les affirmations ? Répondez par le seul prénom.
        - Une entraîneuse veut savoir quelle personne va {end} de toutes. Déduisez-le des
          comparaisons et nommez-la.
        - Classez les coureurs grâce aux indices, puis écrivez comment s'appelle celui qui avance
          {end}.
        """,
        es="""
        - Di quién corre {end} según las afirmaciones, con el nombre y nada más.
        - Una entrenadora quiere saber qué persona va {end} de todas. Dedúcelo de las comparaciones
          y nómbrala.
        - Clasifica a los corredores gracias a las pistas y escribe cómo se llama quien avanza
          {end}.
        """,
        it="""
        - Chi corre {end} secondo le affermazioni? Rispondi con il solo nome.
        - Un'allenatrice vuole sapere quale persona va {end} di tutte. Deducilo dai confronti e
          nominala.
        - Metti in classifica i corridori grazie agli indizi e scrivi come si chiama chi avanza
          {end}.
        """,
    ),
    make=_order,
    draw=_draw_end,
)


def _groups(language: str) -> list[tuple[str, ...]]:
    return [ANIMALS[language], FRUIT[language], COLOURS[language]]


def _draw_odd(rng: random.Random, language: str) -> dict[str, str]:
    many, one = rng.sample(_groups(language), 2)
    words = [*rng.sample(many, rng.randint(3, 4)), rng.choice(one)]
    rng.shuffle(words)
    return {"words": listed(words)}


def _odd_one(_: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    words = params["words"].split(", ")
    for group in _groups(language):
        strangers = [word for word in words if word not in group]
        if len(strangers) == 1:
            return "", strangers[0]
    raise ValueError(f"no word stands alone in {words}")


ODD_ONE_OUT = Kind(
    name="odd_one_out",
    phrasings=worded(
        en="""
        - Which word does not belong with the others (animals, fruit or colours) in {words}? Give
          that word.
        - Animals, fruit, colours: one of the terms {words} is from a different class than the rest.
          Copy it.
        - Find the intruder among {words}, given that all remaining ones name the same sort of
          thing.
        - If you sorted {words} into boxes for animals, fruit and colours, which would lie alone?
        """,
        de="""
        - Welches Wort passt in {words} nicht zu den anderen (Tiere, Obst oder Farben)? Nenne dieses
          Wort.
        - Sortierte man {words} in Kisten für Tiere, Obst und Farben, was läge dann allein?
        - Finde den Eindringling unter {words}; alle übrigen bezeichnen dieselbe Art von Dingen.
        """,
        fr="""
        - Quel mot ne va pas avec les autres (animaux, fruits ou couleurs) dans {words} ? Donnez ce
          mot.
        - En rangeant {words} dans des boîtes pour animaux, fruits et couleurs, lequel se
          retrouverait seul ?
        - Trouvez l'intrus parmi {words}, sachant que tout le reste désigne le même genre de choses.
        """,
        es="""
        - Di qué palabra no encaja con las demás (animales, frutas o colores) en {words}.
        - Al repartir {words} en cajas para animales, frutas y colores, algo quedaría solo;
          escríbelo.
        - Encuentra el intruso entre {words}, sabiendo que todo lo demás nombra la misma clase de
          cosas.
        """,
        it="""
        - Quale parola non c'entra con le altre (animali, frutti o colori) in {words}? Scrivi quella
          parola.
        - Riponendo {words} in scatole per animali, frutti e colori, che cosa resterebbe da solo?
        - Trova l'intruso fra {words}, sapendo che tutto il resto indica lo stesso genere di cose.
        """,
    ),
    make=_odd_one,
    draw=_draw_odd,
)


def _draw_operation(rng: random.Random, _: str) -> dict[str, str]:
    return {"operation": rng.choice(["union", "intersection", "difference"])}


def _operate(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    pool = whole_numbers(rng, 7, 1, 60)
    left, right = pool[:5], pool[3:]
    rng.shuffle(right)
    kept = {
        "union": set(pool),
        "intersection": set(left) & set(right),
        "difference": set(left) - set(right),
    }[params["operation"]]
    return f"A = {listed(left)}; B = {listed(right)}", listed(sorted(kept))


SET_OPERATION = Kind(
    name="set_operation",
    phrasings=worded(
        en="""
        - Form the {operation} of the sets A and B (for a difference, A without B); list its
          elements in ascending order with commas.
        - Apply set {operation} to the two collections, A first, and print the members from small to
          large, comma-separated.
        - Which numbers belong to the {operation} of A with B? Commas between them, rising order;
          difference means in A only.
        - Treat the lists as sets and compute their {operation}, taken from A's side, as an
          increasing comma list.
        """,
    ),
    make=_operate,
    draw=_draw_operation,
)


def _subset(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    wanted = rng.random() < 0.5
    pool = whole_numbers(rng, 8, 1, 70)
    small = rng.sample(pool[:7], 3)
    if not wanted:
        small[rng.randrange(3)] = pool[7]
    return f"A = {listed(small)}; B = {listed(pool[:7])}", yes_no(wanted, language)


SUBSET = Kind(
    name="subset",
    phrasings=worded(
        en="""
        - Is A a subset of B, meaning that each element of A is also in B? Answer yes or no.
        - A wants to borrow three tools with these numbers from shelf B. Are all of them on the
          shelf? Yes or no.
        - Say no as soon as something in A is missing from B; if nothing is missing, say yes.
        - Check the inclusion of the former list in the latter, with the verdict yes or no.
        """,
        de="""
        - Ist A eine Teilmenge von B, liegt also jedes Element von A auch in B? Antworte ja oder
          nein.
        - Drei Werkzeuge mit den Nummern A werden aus Regal B geholt. Sind alle dort vorhanden?
          Schreibe ja oder nein.
        - Sage nein, sobald etwas aus A in B fehlt; fehlt nichts, so sage ja.
        """,
        fr="""
        - A est-il un sous-ensemble de B, autrement dit chaque élément de A figure-t-il dans B ?
          Répondez oui ou non.
        - On veut prendre trois outils portant les numéros A sur l'étagère B. Y sont-ils tous ?
          Écrivez oui ou non.
        - Dites non dès qu'une chose de A manque dans B ; s'il ne manque rien, dites oui.
        """,
        es="""
        - Indica sí o no según A sea un subconjunto de B, es decir, según cada elemento de A esté
          también en B.
        - Se buscan tres herramientas con los números A en el estante B. Escribe sí cuando estén
          todas y no en otro caso.
        - Di no en cuanto falte en B algo de A; si no falta nada, di sí.
        """,
        it="""
        - A è un sottoinsieme di B, cioè ogni elemento di A si trova anche in B? Rispondi sì o no.
        - Si cercano tre attrezzi con i numeri A sullo scaffale B. Ci sono tutti? Scrivi sì o no.
        - Di' no appena in B manca qualcosa di A; se non manca nulla, di' sì.
        """,
    ),
    make=_subset,
    labels=YES_NO,
)

CATEGORIES: dict[str, tuple[str, ...]] = {
    "en": ("animals", "fruit", "colours"),
    "de": ("Tiere", "Obst", "Farben"),
    "fr": ("animaux", "fruits", "couleurs"),
    "es": ("animales", "frutas", "colores"),
    "it": ("animali", "frutti", "colori"),
}


def _category(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    place = rng.randrange(3)
    words = rng.sample(_groups(language)[place], rng.randint(3, 5))
    return listed(words), CATEGORIES[language][place]


WORD_CATEGORY = Kind(
    name="word_category",
    phrasings=worded(
        en="""
        - Do these words name animals, fruit or colours? Reply with the category.
        - Assign the word group to one heading: animals, fruit or colours.
        - A word game has three trays, labelled animals, fruit and colours. On which tray does this
          card belong?
        - What do the listed terms have in common? Choose animals, fruit or colours, and write the
          choice alone.
        """,
        de="""
        - Bezeichnen diese Wörter Tiere, Obst oder Farben? Antworte mit der Kategorie.
        - Eine Kartei hat drei Fächer mit den Aufschriften Tiere, Obst und Farben. In welches gehört
          dieser Zettel?
        - Was haben die Begriffe gemeinsam? Wähle Tiere, Obst oder Farben und schreibe allein die
          Wahl.
        """,
        fr="""
        - Ces mots désignent-ils des animaux, des fruits ou des couleurs ? Répondez par la
          catégorie.
        - Un meuble a trois tiroirs nommés animaux, fruits et couleurs. Dans lequel va cette fiche ?
        - Quel est le point commun des termes cités ? Choisissez animaux, fruits ou couleurs et
          n'écrivez que ce choix.
        """,
        es="""
        - Responde con la categoría a la que pertenecen estas palabras, animales, frutas o colores.
        - Un mueble tiene tres cajones llamados animales, frutas y colores. Di en cuál va esta
          ficha.
        - Piensa qué tienen en común los términos; elige animales, frutas o colores y escribe solo
          lo elegido.
        """,
        it="""
        - Queste parole indicano animali, frutti o colori? Rispondi con la categoria.
        - Un mobile ha tre cassetti chiamati animali, frutti e colori. In quale va questa scheda?
        - Che cosa hanno in comune i termini citati? Scegli animali, frutti o colori e scrivi
          soltanto la scelta.
        """,
    ),
    make=_category,
    labels=CATEGORIES,
)

KINDS: tuple[Kind, ...] = (ORDER_PUZZLE, ODD_ONE_OUT, SET_OPERATION, SUBSET, WORD_CATEGORY)
