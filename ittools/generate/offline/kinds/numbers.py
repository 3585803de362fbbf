"""Arithmetic on whole numbers: products, percentages, averages, rounding.

"Multiply every number in the list by 3 ..." + "4, 15, 8"  ->  "12, 45, 24"
"""

from __future__ import annotations

import math
import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.wording import listed, whole_numbers, worded


def _draw_factor(rng: random.Random, _: str) -> dict[str, str]:
    return {"factor": str(rng.randint(2, 12))}


def _multiply(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    values = whole_numbers(rng, rng.randint(3, 6), 2, 60)
    return listed(values), listed([value * int(params["factor"]) for value in values])


MULTIPLY_EACH = Kind(
    name="multiply_each",
    phrasings=worded(
        en="""
        - Multiply every number in the list by {factor} and return the results in the same order,
          separated by commas.
        - Scale up this comma-separated series by a factor of {factor}, keeping its order and its
          commas.
        - What do you get when each of the given integers is taken {factor} times? List all products
          with commas, order unchanged.
        - A recipe is made {factor} times as large; rewrite the comma-separated amounts accordingly,
          one after another on one line.
        """,
        de="""
        - Multipliziere jede Zahl der Liste mit {factor} und gib die Ergebnisse in gleicher
          Reihenfolge aus, durch Kommas getrennt.
        - Ein Rezept wird auf das {factor}-Fache vergrößert; schreibe alle Mengen neu, mit Komma
          dazwischen und ohne sie umzustellen.
        - Nimm die angegebenen Werte jeweils {factor} Mal und nenne nacheinander nur die Produkte,
          mit Kommas wie in der Vorlage.
        """,
        fr="""
        - Multipliez chaque nombre de la liste par {factor} et donnez les résultats dans le même
          ordre, séparés par des virgules.
        - Une recette est agrandie {factor} fois ; réécrivez toutes les quantités sur une ligne,
          avec des virgules et sans changer leur place.
        - Prenez {factor} fois chacune des valeurs ci-dessous et énumérez seulement les produits, à
          la suite, avec une virgule entre eux.
        """,
        es="""
        - Multiplica cada número de la lista por {factor} y devuelve los resultados en el mismo
          orden, separados por comas.
        - Una receta se hace {factor} veces más grande; reescribe todas las cantidades en una línea,
          con comas y sin moverlas de sitio.
        - Toma {factor} veces cada uno de los valores dados y enumera solo los productos, uno tras
          otro, con coma entre ellos.
        """,
        it="""
        - Moltiplica ogni numero della lista per {factor} e riporta i risultati nello stesso ordine,
          separati da virgole.
        - Una ricetta viene ingrandita {factor} volte; riscrivi tutte le quantità su una riga, con
          le virgole e senza spostarle.
        - Prendi {factor} volte ciascuno dei valori dati ed elenca soltanto i prodotti, uno dopo
          l'altro, con una virgola in mezzo.
        """,
    ),
    make=_multiply,
    draw=_draw_factor,
)


def _draw_percent(rng: random.Random, _: str) -> dict[str, str]:
    return {"percent": str(5 * rng.randint(1, 19)), "amount": str(20 * rng.randint(2, 60))}


def _percent(_: random.Random, params: Parameters, __: str) -> tuple[str, str]:
    return "", str(int(params["percent"]) * int(params["amount"]) // 100)


PERCENT_OF = Kind(
    name="percent_of",
    phrasings=worded(
        en="""
        - Calculate {percent} percent of {amount} and give just the number.
        - A shop has {amount} articles and sells {percent}% of them; state in digits how many were
          sold.
        - How much is {percent}% of {amount}? Reply with the bare figure.
        - Out of {amount} people in a hall, {percent} percent stand up. How many are standing? Write
          only the count.
        """,
        de="""
        - Berechne {percent} Prozent von {amount} und nenne nur die Zahl.
        - In einem Saal sitzen {amount} Menschen, {percent} Prozent davon stehen auf. Wie viele
          stehen jetzt? Antworte mit der bloßen Anzahl.
        - Ein Laden hat {amount} Artikel und verkauft {percent} % davon; gib in Ziffern an, wie
          viele verkauft wurden.
        """,
        fr="""
        - Calculez {percent} pour cent de {amount} et donnez uniquement le nombre.
        - Dans une salle de {amount} personnes, {percent} % se lèvent. Combien sont debout ?
          Répondez par le seul effectif.
        - Un magasin possède {amount} articles et en vend {percent} % ; indiquez en chiffres combien
          ont été vendus.
        """,
        es="""
        - Calcula el {percent} por ciento de {amount} y da únicamente el número.
        - En una sala hay {amount} personas y el {percent} % se levanta. Responde con la cantidad de
          personas de pie, sin más.
        - Una tienda tiene {amount} artículos y vende el {percent} % de ellos; indica en cifras
          cuántos vendió.
        """,
        it="""
        - Calcola il {percent} per cento di {amount} e scrivi unicamente il numero.
        - In una sala ci sono {amount} persone e il {percent} % si alza. Quante sono in piedi?
          Rispondi con la sola quantità.
        - Un negozio ha {amount} articoli e ne vende il {percent} %; indica in cifre quanti ne ha
          venduti.
        """,
    ),
    make=_percent,
    draw=_draw_percent,
)


def _common_divisor(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    divisor = rng.randint(2, 30)
    first, second = whole_numbers(rng, 2, 2, 15)
    while math.gcd(first, second) > 1:
        first, second = whole_numbers(rng, 2, 2, 15)
    return listed([first * divisor, second * divisor]), str(divisor)


GREATEST_COMMON_DIVISOR = Kind(
    name="greatest_common_divisor",
    phrasings=worded(
        en="""
        - Find the greatest common divisor of the two numbers and write nothing else.
        - What is the largest integer that divides both given values without a remainder? Reply with
          that integer.
        - Two ribbons have the lengths shown. Determine the longest equal piece, in whole units,
          into which both can be cut with nothing left over.
        - Work out the GCD for this pair of positive integers as a bare number.
        """,
        de="""
        - Bestimme den größten gemeinsamen Teiler der beiden Zahlen und schreibe sonst nichts.
        - Welche ganze Zahl ist die größte, die beide Werte ohne Rest teilt? Nenne allein diese
          Zahl.
        - Zwei Bänder haben die genannten Längen. Wie lang sind die längsten gleichen, ganzzahligen
          Stücke, in die sich beide ohne Abfall schneiden lassen?
        """,
        fr="""
        - Trouvez le plus grand commun diviseur des deux nombres et n'écrivez rien d'autre.
        - Quel est le plus grand entier qui divise sans reste les deux valeurs ? Donnez seulement
          cet entier.
        - Deux rubans ont les longueurs indiquées. Quelle est la longueur entière maximale de
          morceaux égaux permettant de couper les deux sans perte ?
        """,
        es="""
        - Halla el máximo común divisor de los dos números y no escribas nada más.
        - Indica el mayor entero que divide ambos valores sin dejar resto; basta con ese entero.
        - Dos cintas tienen las longitudes dadas. Di cuánto miden, en unidades enteras, los trozos
          iguales más largos en que ambas se cortan sin sobrante.
        """,
        it="""
        - Trova il massimo comun divisore dei due numeri e non scrivere altro.
        - Qual è il più grande intero che divide entrambi i valori senza resto? Basta quell'intero.
        - Due nastri hanno le lunghezze indicate. Quanto misurano, in unità intere, i pezzi uguali
          più lunghi in cui si tagliano entrambi senza avanzi?
        """,
    ),
    make=_common_divisor,
)


def _mean(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    values = whole_numbers(rng, 5, 1, 99)
    tenths = sum(values) * 2  # five numbers: the mean has one decimal at most
    return listed(values), f"{tenths // 10}.{tenths % 10}"


MEAN = Kind(
    name="mean_of_five",
    phrasings=worded(
        en="""
        - Compute the arithmetic mean of these five numbers, with exactly one decimal after a point.
        - Five pupils scored the points listed. What was their average score? Give one digit after
          the decimal point.
        - Add up the five values, divide by five and report the quotient to one decimal place, for
          instance 7.0 or 12.4.
        - State the average for this group of five measurements, always showing a decimal point and
          one digit behind it.
        """,
        de="""
        - Berechne das arithmetische Mittel dieser fünf Zahlen mit genau einer Nachkommastelle
          hinter einem Punkt.
        - Fünf Kinder haben die aufgeführten Punkte erzielt. Wie hoch ist ihr Durchschnitt? Schreibe
          ihn mit Dezimalpunkt und einer Ziffer dahinter.
        - Addiere die fünf Werte, teile durch fünf und gib den Quotienten in der Form 7.0 oder 12.4
          an.
        """,
        fr="""
        - Calculez la moyenne arithmétique de ces cinq nombres, avec exactement une décimale après
          un point.
        - Cinq élèves ont obtenu les points cités. Quel est leur score moyen ? Mettez un point
          décimal suivi d'un seul chiffre.
        - Additionnez les cinq valeurs, divisez par cinq et notez le quotient sous la forme 7.0 ou
          12.4.
        """,
        es="""
        - Calcula la media aritmética de estos cinco números, con exactamente un decimal después de
          un punto.
        - Cinco alumnos obtuvieron los puntos citados. Averigua su promedio y ponlo con punto
          decimal y una sola cifra detrás.
        - Suma los cinco valores, divide entre cinco y anota el cociente con la forma 7.0 o 12.4.
        """,
        it="""
        - Calcola la media aritmetica di questi cinque numeri, con esattamente un decimale dopo un
          punto.
        - Cinque alunni hanno ottenuto i punti citati. Qual è il loro punteggio medio? Usa il punto
          decimale e una sola cifra dopo.
        - Somma i cinque valori, dividi per cinque e annota il quoziente nella forma 7.0 o 12.4.
        """,
    ),
    make=_mean,
)


def _median(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    values = whole_numbers(rng, rng.choice([5, 7, 9]), 1, 99)
    return listed(values), str(sorted(values)[len(values) // 2])


MEDIAN = Kind(
    name="median",
    phrasings=worded(
        en="""
        - Determine the median of the listed numbers and answer with that number only.
        - If the values were lined up from smallest to largest, which one would stand exactly in the
          middle? Name just it.
        - Pick out the entry that has as many smaller as larger entries in this odd-sized
          collection.
        - Sort the integers in your head and report the central one, with no further words.
        """,
        de="""
        - Bestimme den Median der aufgelisteten Zahlen und antworte nur mit dieser Zahl.
        - Stünden die Werte vom kleinsten bis zum größten in einer Reihe, welcher stünde genau in
          der Mitte? Nenne ihn ohne Zusatz.
        - Suche den Eintrag heraus, zu dem es ebenso viele kleinere wie größere Einträge gibt.
        """,
        fr="""
        - Déterminez la médiane des nombres énumérés et répondez uniquement par ce nombre.
        - Si l'on rangeait les valeurs de la plus petite à la plus grande, laquelle serait juste au
          milieu ? Citez-la sans commentaire.
        - Repérez l'élément pour lequel il existe autant d'éléments inférieurs que d'éléments
          supérieurs.
        """,
        es="""
        - Determina la mediana de los números enumerados y responde solo con ese número.
        - Si los valores se pusieran en fila del menor al mayor, di cuál quedaría justo en el
          centro, sin comentarios.
        - Busca el elemento que tiene tantos elementos menores como mayores en esta colección impar.
        """,
        it="""
        - Determina la mediana dei numeri elencati e rispondi solo con quel numero.
        - Se i valori fossero in fila dal più piccolo al più grande, quale starebbe proprio al
          centro? Dillo senza commenti.
        - Individua l'elemento che ha tanti elementi minori quanti maggiori in questa raccolta
          dispari.
        """,
    ),
    make=_median,
)


def _draw_step(rng: random.Random, _: str) -> dict[str, str]:
    return {"step": rng.choice(["10", "50", "100", "500", "1000"])}


def _round(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    step = int(params["step"])
    values = [value + (value % step == 0) for value in whole_numbers(rng, 4, step, 9 * step + 900)]
    return listed(values), listed([(value + step // 2) // step * step for value in values])


ROUND_TO = Kind(
    name="round_to",
    phrasings=worded(
        en="""
        - Round each number to the nearest multiple of {step}; exact halves go up. Keep the order
          and the commas.
        - For a rough estimate, replace the four amounts by their closest multiples of {step} (ties
          upwards), comma-separated as before.
        - Which multiple of {step} lies nearest to each value? If two are equally near, take the
          higher; list all four with commas.
        - Bring these counts to the closest {step}, a tie being raised, and print them in sequence
          on a single line with commas.
        """,
        de="""
        - Runde jede Zahl auf das nächste Vielfache von {step}, genaue Hälften nach oben;
          Reihenfolge und Kommas bleiben.
        - Welches Vielfache von {step} liegt den einzelnen Werten am nächsten? Bei Gleichstand nimm
          das höhere und trenne die vier mit Kommas.
        - Ersetze die vier Beträge für eine grobe Schätzung durch gerundete Werte in Schritten von
          {step} (Mitte wird aufgerundet), weiter mit Kommas.
        """,
        fr="""
        - Arrondissez chaque nombre au multiple de {step} le plus proche, les moitiés exactes vers
          le haut, sans toucher à l'ordre ni aux virgules.
        - Quel multiple de {step} est le plus voisin de chaque valeur ? En cas d'égalité, prenez le
          supérieur et listez les quatre avec des virgules.
        - Pour une estimation, remplacez les quatre montants par des montants arrondis à {step} près
          (le milieu monte), toujours avec virgules.
        """,
        es="""
        - Redondea cada número al múltiplo de {step} más cercano, las mitades exactas hacia arriba,
          sin tocar el orden ni las comas.
        - Busca para cada valor qué múltiplo de {step} le queda más próximo; si hay empate, el
          superior. Enumera los cuatro con comas.
        - Para una estimación, sustituye las cuatro cantidades por otras en pasos de {step} (el
          punto medio sube), también con comas.
        """,
        it="""
        - Arrotonda ogni numero al multiplo di {step} più vicino, le metà esatte verso l'alto, senza
          toccare l'ordine né le virgole.
        - Quale multiplo di {step} è più prossimo a ciascun valore? In caso di parità vale il
          superiore; elenca tutti e quattro con virgole.
        - Per una stima, sostituisci i quattro importi con altri a passi di {step} (il punto medio
          sale), sempre con virgole.
        """,
    ),
    make=_round,
    draw=_draw_step,
)


def _range(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    values = whole_numbers(rng, rng.randint(4, 7), -40, 80)
    return listed(values), str(max(values) - min(values))


NUMBER_RANGE = Kind(
    name="number_range",
    phrasings=worded(
        en="""
        - Subtract the smallest listed number from the largest one and state the difference.
        - The list holds temperatures in degrees. By how many degrees do the coldest and the warmest
          differ? Digits only.
        - What is the range, in the statistical sense, of this series of integers?
        - Measure how far apart the two extreme values lie on the number line.
        """,
    ),
    make=_range,
)


KINDS: tuple[Kind, ...] = (
    MULTIPLY_EACH,
    PERCENT_OF,
    GREATEST_COMMON_DIVISOR,
    MEAN,
    MEDIAN,
    ROUND_TO,
    NUMBER_RANGE,
)
