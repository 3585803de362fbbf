"""Units and money: metric steps, temperatures, exchange at a given rate, durations.

"Convert 7 kilometres to metres ..." + ""  ->  "7000"
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.wording import listed, whole_numbers, worded

# (larger unit, smaller unit) in the plural; the factors below stand in the same order.
_FACTORS = (1000, 100, 10, 1000, 60, 24, 1000)
_UNITS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("kilometres", "metres"),
        ("metres", "centimetres"),
        ("centimetres", "millimetres"),
        ("kilograms", "grams"),
        ("hours", "minutes"),
        ("days", "hours"),
        ("litres", "millilitres"),
    ),
    "de": (
        ("Kilometer", "Meter"),
        ("Meter", "Zentimeter"),
        ("Zentimeter", "Millimeter"),
        ("Kilogramm", "Gramm"),
        ("Stunden", "Minuten"),
        ("Tage", "Stunden"),
        ("Liter", "Milliliter"),
    ),
    "fr": (
        ("kilomètres", "mètres"),
        ("mètres", "centimètres"),
        ("centimètres", "millimètres"),
        ("kilogrammes", "grammes"),
        ("heures", "minutes"),
        ("jours", "heures"),
        ("litres", "millilitres"),
    ),
    "es": (
        ("kilómetros", "metros"),
        ("metros", "centímetros"),
        ("centímetros", "milímetros"),
        ("kilogramos", "gramos"),
        ("horas", "minutos"),
        ("días", "horas"),
        ("litros", "mililitros"),
    ),
    "it": (
        ("chilometri", "metri"),
        ("metri", "centimetri"),
        ("centimetri", "millimetri"),
        ("chilogrammi", "grammi"),
        ("ore", "minuti"),
        ("giorni", "ore"),
        ("litri", "millilitri"),
    ),
}


def _draw_units(rng: random.Random, language: str) -> dict[str, str]:
    source, target = rng.choice(_UNITS[language])
    return {"amount": str(rng.randint(2, 250)), "source": source, "target": target}


def _convert(_: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    step = _UNITS[language].index((params["source"], params["target"]))
    return "", str(int(params["amount"]) * _FACTORS[step])


CONVERT_UNITS = Kind(
    name="convert_units",
    phrasings=worded(
        en="""
        - Convert {amount} {source} to {target} and write only the number.
        - How many {target} make up {amount} {source}? Reply in digits without naming the unit.
        - A form asks for {target}, but the label says {amount} {source}. Which figure should be
          entered?
        - Express a quantity of {amount} {source} in {target}; the bare integer suffices.
        """,
        de="""
        - Rechne {amount} {source} in {target} um und schreibe nur die Zahl.
        - Ein Formular verlangt {target}, auf dem Etikett stehen aber {amount} {source}. Welcher
          Wert ist einzutragen?
        - Wie viele {target} ergeben zusammen {amount} {source}? Antworte in Ziffern ohne die
          Einheit.
        """,
        fr="""
        - Convertissez {amount} {source} en {target} et écrivez seulement le nombre.
        - Un formulaire demande des {target}, mais l'étiquette indique {amount} {source}. Quelle
          valeur faut-il inscrire ?
        - Exprimez en {target} une quantité de {amount} {source} ; l'entier sans unité suffit.
        """,
        es="""
        - Convierte {amount} {source} a {target} y escribe solo el número.
        - Un formulario pide {target}, pero la etiqueta dice {amount} {source}. Pon la cifra que hay
          que anotar.
        - Expresa en {target} una cantidad de {amount} {source}; basta el entero sin unidad.
        """,
        it="""
        - Converti {amount} {source} in {target} e scrivi solo il numero.
        - Un modulo chiede {target}, ma l'etichetta dice {amount} {source}. Quale cifra va inserita?
        - Esprimi in {target} una quantità di {amount} {source}; basta l'intero senza unità.
        """,
    ),
    make=_convert,
    draw=_draw_units,
)


def _fahrenheit(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    celsius = [5 * value for value in whole_numbers(rng, 3, -8, 40)]
    return listed(celsius), listed([value * 9 // 5 + 32 for value in celsius])


FAHRENHEIT = Kind(
    name="fahrenheit",
    phrasings=worded(
        en="""
        - Convert the three Celsius temperatures to Fahrenheit, in the same order, as whole numbers
          separated by commas.
        - An American oven only knows °F. Translate these °C settings one after another, numbers and
          commas only.
        - Multiply each reading by nine fifths, add 32 and list the outcomes with commas.
        - What would a Fahrenheit thermometer show for each of the centigrade values? Use a comma
          list, no unit signs.
        """,
        de="""
        - Rechne die drei Celsius-Temperaturen in Fahrenheit um, in gleicher Reihenfolge, als ganze
          Zahlen mit Kommas.
        - Ein amerikanischer Ofen kennt nur °F. Übersetze diese Einstellungen in °C nacheinander,
          ausschließlich Zahlen und Kommas.
        - Multipliziere jeden Messwert mit neun Fünfteln, zähle 32 dazu und liste alles
          kommagetrennt auf.
        """,
        fr="""
        - Convertissez les trois températures Celsius en Fahrenheit, dans le même ordre, en entiers
          séparés par des virgules.
        - Un four américain ne connaît que les °F. Traduisez ces réglages en °C l'un après l'autre,
          rien que nombres et virgules.
        - Multipliez chaque relevé par neuf cinquièmes, ajoutez 32 et alignez les résultats avec des
          virgules.
        """,
        es="""
        - Convierte las tres temperaturas Celsius a Fahrenheit, en el mismo orden, como enteros
          separados por comas.
        - Un horno americano solo conoce los °F. Traduce estos ajustes en °C uno tras otro, nada más
          que números y comas.
        - Multiplica cada lectura por nueve quintos, añade 32 y alinea lo obtenido con comas.
        """,
        it="""
        - Converti le tre temperature Celsius in Fahrenheit, nello stesso ordine, come interi
          separati da virgole.
        - Un forno americano conosce solo i °F. Traduci queste impostazioni in °C una dopo l'altra,
          soltanto numeri e virgole.
        - Moltiplica ogni lettura per nove quinti, aggiungi 32 e allinea quanto ottenuto con le
          virgole.
        """,
    ),
    make=_fahrenheit,
)


def _hundredths(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"


def _draw_rate(rng: random.Random, _: str) -> dict[str, str]:
    return {"rate": _hundredths(rng.choice([value for value in range(60, 190) if value != 100]))}


def _exchange(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    amount = rng.randint(10, 2000)
    return str(amount), _hundredths(amount * int(params["rate"].replace(".", "")))


EXCHANGE = Kind(
    name="exchange",
    phrasings=worded(
        en="""
        - At a rate of {rate} dollars per euro, change the euro amount into dollars; two digits
          after the decimal point, no sign.
        - One euro buys {rate} dollars. How much does the given sum of euros bring? Show cents after
          a point.
        - The bank pays {rate} dollars for every euro, without fees. State the payout for this many
          euros with exactly two decimals.
        - Multiply the price in euros by the exchange rate {rate} and note the dollar value in the
          pattern 12.50.
        """,
        de="""
        - Wechsle den Eurobetrag zum Kurs von {rate} Dollar je Euro in Dollar; zwei Stellen nach dem
          Dezimalpunkt, ohne Zeichen.
        - Die Bank zahlt für jeden Euro {rate} Dollar, gebührenfrei. Wie hoch ist die Auszahlung mit
          genau zwei Nachkommastellen hinter einem Punkt?
        - Multipliziere den Europreis mit dem Wechselkurs {rate} und notiere den Dollarwert nach dem
          Muster 12.50.
        """,
        fr="""
        - Au taux de {rate} dollar pour un euro, changez la somme en dollars ; deux chiffres après
          le point décimal, sans symbole.
        - La banque verse {rate} dollar par euro, sans frais. Quel est le montant reçu, avec
          exactement deux décimales derrière un point ?
        - Multipliez le prix en euros par le cours {rate} et notez la valeur en dollars selon le
          modèle 12.50.
        """,
        es="""
        - Al cambio de {rate} dólares por euro, pasa la cantidad de euros a dólares, con dos cifras
          tras el punto decimal y sin símbolo.
        - El banco paga {rate} dólares por cada euro, sin comisión. Da lo que se recibe, con
          exactamente dos decimales detrás de un punto.
        - Multiplica el precio en euros por la cotización {rate} y anota el valor en dólares según
          el modelo 12.50.
        """,
        it="""
        - Al cambio di {rate} dollari per euro, converti la somma di euro in dollari, con due cifre
          dopo il punto decimale e senza simbolo.
        - La banca paga {rate} dollari per ogni euro, senza commissioni. Quanto si riceve, con
          esattamente due decimali dopo un punto?
        - Moltiplica il prezzo in euro per la quotazione {rate} e annota il valore in dollari
          secondo il modello 12.50.
        """,
    ),
    make=_exchange,
    draw=_draw_rate,
)


def _hours(rng: random.Random, _: Parameters, __: str) -> tuple[str, str]:
    minutes = rng.randint(61, 1439)
    return str(minutes), f"{minutes // 60} h {minutes % 60} min"


HOURS_MINUTES = Kind(
    name="hours_minutes",
    phrasings=worded(
        en="""
        - Split the number of minutes into full hours and remaining minutes, in the form 2 h 15 min.
        - A train ride takes this many minutes. Write it for passengers as hours and minutes, such
          as 1 h 0 min or 3 h 40 min.
        - Divide by 60: the quotient is followed by "h", the remainder by "min", with single spaces.
        - Show the minute count the way a film poster gives running times, for instance 4 h 5 min.
        """,
        de="""
        - Zerlege die Minutenzahl in volle Stunden und restliche Minuten, in der Form 2 h 15 min.
        - Eine Zugfahrt dauert so viele Minuten. Schreibe die Dauer für die Reisenden wie 1 h 0 min
          oder 3 h 40 min.
        - Teile durch 60; hinter den Quotienten kommt „h“, hinter den Rest „min“, mit einfachen
          Leerzeichen.
        """,
        fr="""
        - Décomposez le nombre de minutes en heures entières et minutes restantes, sous la forme 2 h
          15 min.
        - Un trajet en train dure autant de minutes. Indiquez sa durée aux voyageurs, comme 1 h 0
          min ou 3 h 40 min.
        - Divisez par 60 ; le quotient est suivi de « h », le reste de « min », avec des espaces
          simples.
        """,
        es="""
        - Descompón el número de minutos en horas completas y minutos restantes, con la forma 2 h 15
          min.
        - Un viaje en tren dura esos minutos. Anota su duración para los viajeros, como 1 h 0 min o
          3 h 40 min.
        - Divide entre 60; tras el cociente va «h» y tras el resto «min», con espacios simples.
        """,
        it="""
        - Scomponi il numero di minuti in ore intere e minuti restanti, nella forma 2 h 15 min.
        - Un viaggio in treno dura altrettanti minuti. Indica la durata ai viaggiatori, come 1 h 0
          min o 3 h 40 min.
        - Dividi per 60; dopo il quoziente va «h» e dopo il resto «min», con spazi semplici.
        """,
    ),
    make=_hours,
)


def _draw_pieces(rng: random.Random, _: str) -> dict[str, str]:
    return {"count": str(rng.randint(2, 25))}


def _total_price(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    cents = rng.randint(120, 9999)
    return _hundredths(cents), _hundredths(cents * int(params["count"]))


TOTAL_PRICE = Kind(
    name="total_price",
    phrasings=worded(
        en="""
        - One ticket costs the amount stated. What do {count} tickets cost together? Show two
          decimals and no currency sign.
        - Calculate the invoice total for {count} pieces at this unit price, cents included.
        - A customer orders {count} units; multiply, and print the sum payable like 48.30.
        - Find the cost of a set of {count} equal articles from the price of a single one, to the
          cent.
        """,
    ),
    make=_total_price,
    draw=_draw_pieces,
)


def _draw_speed(rng: random.Random, _: str) -> dict[str, str]:
    return {"speed": str(12 * rng.randint(1, 10))}


def _distance(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    minutes = 5 * rng.randint(7, 280)
    return f"{minutes // 60} h {minutes % 60} min", str(int(params["speed"]) * minutes // 60)


DISTANCE = Kind(
    name="distance_travelled",
    phrasings=worded(
        en="""
        - How many kilometres does a vehicle cover in the given time at a steady {speed} km/h?
          Number only.
        - Moving at {speed} kilometres an hour without a break, how far does one get in this period?
          Name the kilometres as an integer.
        - Determine the distance in km for the duration shown, the speed being constantly {speed}
          km/h.
        - A boat keeps to {speed} km/h for exactly this long; give the length of its trip in whole
          kilometres.
        """,
    ),
    make=_distance,
    draw=_draw_speed,
)

KINDS: tuple[Kind, ...] = (
    CONVERT_UNITS,
    FAHRENHEIT,
    EXCHANGE,
    HOURS_MINUTES,
    TOTAL_PRICE,
    DISTANCE,
)
