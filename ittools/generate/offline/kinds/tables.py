"""Small tables: CSV, JSON, Markdown, sums of a column, look-ups.

"Add up the column price ..." + "product,price,stock\\nlamp,7,2\\nchair,9,1"  ->  "16"
"""

from __future__ import annotations

import json
import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.lexicon import CITIES, NAMES, WARES
from ittools.generate.offline.kinds.wording import worded

Table = list[list[str]]

GOODS: dict[str, tuple[str, ...]] = {
    "en": ("product", "price", "stock", "sold"),
    "de": ("Ware", "Preis", "Bestand", "Verkauf"),
    "fr": ("produit", "prix", "stock", "ventes"),
    "es": ("producto", "precio", "existencias", "ventas"),
    "it": ("prodotto", "prezzo", "scorte", "vendite"),
}
PEOPLE: dict[str, tuple[str, ...]] = {
    "en": ("name", "city", "age"),
    "de": ("Name", "Ort", "Alter"),
    "fr": ("nom", "ville", "âge"),
    "es": ("nombre", "ciudad", "edad"),
    "it": ("nome", "città", "età"),
}


def _goods(rng: random.Random, language: str) -> Table:
    """Products with distinct numbers in each column, so that no order has a tie."""
    products = rng.sample(WARES[language], rng.randint(3, 5))
    columns = [rng.sample(range(1, 99), len(products)) for _ in range(3)]
    rows = [[product, *map(str, row)] for product, *row in zip(products, *columns, strict=True)]
    return [list(GOODS[language]), *rows]


def _people(rng: random.Random, language: str, names: list[str]) -> Table:
    rows = [[name, rng.choice(CITIES[language]), str(rng.randint(18, 80))] for name in names]
    return [list(PEOPLE[language]), *rows]


def _csv(table: Table) -> str:
    return "\n".join(",".join(row) for row in table)


def _draw_column(rng: random.Random, language: str) -> dict[str, str]:
    return {"column": rng.choice(GOODS[language][1:])}


def _column_sum(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    table = _goods(rng, language)
    place = table[0].index(params["column"])
    return _csv(table), str(sum(int(row[place]) for row in table[1:]))


COLUMN_SUM = Kind(
    name="column_sum",
    phrasings=worded(
        en="""
        - Add up the column "{column}" of the CSV table and state the total.
        - The accountant needs one figure at the foot of the "{column}" column. Which is it?
        - Ignore every other field and sum the "{column}" values over all rows below the header.
        - What do the entries under the heading "{column}" come to in all? Give a bare integer.
        """,
        de="""
        - Addiere die Spalte „{column}“ der CSV-Tabelle und nenne die Summe.
        - Die Buchhalterin braucht unter der Spalte „{column}“ eine Gesamtzahl. Welche ist das?
        - Lass alle anderen Felder beiseite und zähle die Werte von „{column}“ über sämtliche Zeilen
          nach der Kopfzeile zusammen.
        """,
        fr="""
        - Additionnez la colonne « {column} » du tableau CSV et indiquez le total.
        - La comptable veut un seul chiffre au bas de la colonne « {column} ». Lequel ?
        - Sans regarder les autres champs, faites la somme des valeurs de « {column} » sur toutes
          les lignes après l'en-tête.
        """,
        es="""
        - Suma la columna «{column}» de la tabla CSV e indica el total.
        - La contable quiere una sola cifra al pie de la columna «{column}». Escríbela.
        - Sin mirar los demás campos, acumula los valores de «{column}» de todas las filas tras la
          cabecera.
        """,
        it="""
        - Somma la colonna «{column}» della tabella CSV e indica il totale.
        - La contabile vuole una sola cifra in fondo alla colonna «{column}». Quale?
        - Senza guardare gli altri campi, accumula i valori di «{column}» di tutte le righe dopo
          l'intestazione.
        """,
    ),
    make=_column_sum,
    draw=_draw_column,
)


def _draw_person(rng: random.Random, language: str) -> dict[str, str]:
    return {"name": rng.choice(NAMES[language]), "column": rng.choice(PEOPLE[language][1:])}


def _look_up(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    others = [name for name in NAMES[language] if name != params["name"]]
    names = [params["name"], *rng.sample(others, rng.randint(2, 4))]
    rng.shuffle(names)
    table = _people(rng, language, names)
    row = table[1 + names.index(params["name"])]
    return _csv(table), row[table[0].index(params["column"])]


ROW_LOOKUP = Kind(
    name="row_lookup",
    phrasings=worded(
        en="""
        - Look up {name} in the table and give the value of "{column}" from that row.
        - A clerk asks about {name}: what stands in the field "{column}"? Return the cell as it is.
        - Find the line whose first cell is {name} and copy its "{column}" entry.
        - According to the comma-separated records, which "{column}" belongs to {name}?
        """,
        de="""
        - Suche {name} in der Tabelle und gib aus dieser Zeile den Wert von „{column}“ an.
        - Im Amt wird nach {name} gefragt; was steht im Feld „{column}“? Gib den Inhalt unverändert
          wieder.
        - Welche Angabe unter „{column}“ gehört laut den kommagetrennten Einträgen zu {name}?
        """,
        fr="""
        - Cherchez {name} dans le tableau et donnez la valeur de « {column} » sur cette ligne.
        - Un employé se renseigne sur {name} ; que contient le champ « {column} » ? Rendez la
          cellule telle quelle.
        - D'après les enregistrements séparés par des virgules, quelle donnée « {column} »
          correspond à {name} ?
        """,
        es="""
        - Busca a {name} en la tabla y da el valor de «{column}» de esa fila.
        - Un empleado pregunta por {name}; devuelve tal cual lo que contiene su campo «{column}».
        - Según los registros separados por comas, di qué dato «{column}» corresponde a {name}.
        """,
        it="""
        - Cerca {name} nella tabella e riporta il valore di «{column}» in quella riga.
        - Un impiegato chiede di {name}; che cosa contiene il campo «{column}»? Restituisci la cella
          così com'è.
        - Secondo le registrazioni separate da virgole, quale dato «{column}» corrisponde a {name}?
        """,
    ),
    make=_look_up,
    draw=_draw_person,
)


def _to_json(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    table = _people(rng, language, rng.sample(NAMES[language], rng.randint(2, 3)))
    records = [dict(zip(table[0], row, strict=True)) for row in table[1:]]
    return _csv(table), json.dumps(records, ensure_ascii=False)


CSV_TO_JSON = Kind(
    name="csv_to_json",
    phrasings=worded(
        en="""
        - Convert the CSV table into a JSON array of objects on one line, all values as strings, one
          space after each colon and comma.
        - A web service expects JSON: turn each row into an object keyed by the header, every value
          quoted, single-line with a space after commas and colons.
        - Serialise these records as a one-line JSON list; field names come from the first row,
          values stay text, commas and colons are followed by a blank.
        - Read the header as keys and emit the remaining lines as quoted-string JSON objects in a
          list, unbroken, spaced after colons and commas.
        """,
        de="""
        - Wandle die CSV-Tabelle in eine JSON-Liste von Objekten um, einzeilig, alle Werte als
          Zeichenketten, mit Leerzeichen nach Doppelpunkt und Komma.
        - Ein Webdienst erwartet JSON. Mache aus jeder Zeile ein Objekt mit den Kopffeldern als
          Schlüsseln, alles in Anführungszeichen, ohne Umbruch, Leerzeichen nach Kommas und
          Doppelpunkten.
        - Lies den Kopf als Schlüssel und gib die restlichen Zeilen als JSON-Array in einer Zeile
          aus; auch Zahlen bleiben Text, nach Komma und Doppelpunkt ein Leerzeichen.
        """,
        fr="""
        - Convertissez le tableau CSV en une liste JSON d'objets sur une ligne, toutes les valeurs
          en chaînes, une espace après deux-points et virgules.
        - Un service web attend du JSON ; faites de chaque ligne un objet dont les clés viennent de
          l'en-tête, tout entre guillemets, sans retour, espace après virgules et deux-points.
        - Sérialisez ces enregistrements en JSON monoligne ; même les nombres restent du texte,
          l'en-tête fournit les clés, virgules et deux-points sont suivis d'une espace.
        """,
        es="""
        - Convierte la tabla CSV en una lista JSON de objetos en una línea, con todos los valores
          como cadenas y un espacio tras dos puntos y comas.
        - Un servicio web espera JSON; haz de cada fila un objeto con las claves de la cabecera,
          todo entrecomillado, sin saltos, espacio después de comas y dos puntos.
        - Serializa estos registros como JSON de una sola línea; hasta los números quedan como
          texto, la cabecera da las claves, comas y dos puntos llevan espacio detrás.
        """,
        it="""
        - Converti la tabella CSV in una lista JSON di oggetti su una riga, con tutti i valori come
          stringhe e uno spazio dopo due punti e virgole.
        - Un servizio web attende JSON; fai di ogni riga un oggetto con le chiavi dell'intestazione,
          tutto tra virgolette, senza a capo, spazio dopo virgole e due punti.
        - Serializza queste registrazioni come JSON su riga unica; anche i numeri restano testo,
          l'intestazione dà le chiavi, virgole e due punti hanno uno spazio dietro.
        """,
    ),
    make=_to_json,
)


def _pairs(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    header, row = _people(rng, language, rng.sample(NAMES[language], 1))
    pairs = list(zip(header, row, strict=True))
    rng.shuffle(pairs)
    return "; ".join(f"{key}={value}" for key, value in pairs), json.dumps(dict(pairs), ensure_ascii=False)


PAIRS_TO_JSON = Kind(
    name="pairs_to_json",
    phrasings=worded(
        en="""
        - Turn the key=value pairs into one JSON object, same order, string values, with a space
          after every colon and comma.
        - Rewrite the settings line as valid JSON on a single line: keys and values double-quoted,
          sequence kept, ", " and ": " as separators.
        - Each part before an equals sign is a key, each part after it a quoted value; build the
          JSON object, ordered as given, normally spaced.
        - Replace the semicolon notation by a JSON dictionary in which even numbers are strings; do
          not reorder, and put blanks after colons and commas.
        """,
        de="""
        - Forme die Paare der Art Schlüssel=Wert zu einem JSON-Objekt, gleiche Reihenfolge, Werte
          als Text, nach jedem Doppelpunkt und Komma ein Leerzeichen.
        - Schreibe die Einstellungszeile als gültiges JSON in eine Zeile; Schlüssel und Werte in
          doppelten Anführungszeichen, Abfolge wie vorgegeben, übliche Leerzeichen hinter
          Trennzeichen.
        - Ersetze die Semikolon-Schreibweise durch ein JSON-Wörterbuch ohne Umstellung, worin sogar
          Zahlen Zeichenketten sind und auf Komma und Doppelpunkt ein Leerzeichen folgt.
        """,
    ),
    make=_pairs,
)


def _markdown(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    table = _goods(rng, language)
    lines = [f"| {' | '.join(row)} |" for row in [table[0], ["---"] * 4, *table[1:]]]
    return _csv(table), "\n".join(lines)


MARKDOWN_TABLE = Kind(
    name="markdown_table",
    phrasings=worded(
        en="""
        - Format the CSV rows as a Markdown table with outer bars, one space around each cell and
          three hyphens per column under the header.
        - For a readme, lay these comma-separated lines out in Markdown: pipes at both ends,
          single-space padding, a rule row of --- cells.
        - Change the commas to Markdown pipes, padding cells with one blank, and insert the divider
          row made of three-dash cells after the first line.
        - Produce the Markdown rendering of this table: leading and trailing |, no alignment, a
          second row whose cells are ---.
        """,
        de="""
        - Gib die CSV-Zeilen als Markdown-Tabelle aus, mit senkrechten Strichen auch außen, je einem
          Leerzeichen um die Zellen und --- unter jedem Kopf.
        - Für eine Projektseite soll diese kommagetrennte Liste in Markdown stehen; Randstriche,
          einfache Abstände in den Zellen, zweite Zeile aus dreifachen Bindestrichen.
        - Mache aus den Kommas Markdown-Striche mit einem Leerzeichen links und rechts und füge nach
          der ersten Zeile die Trennzeile aus --- ein, Ränder eingeschlossen.
        """,
        fr="""
        - Présentez les lignes CSV en tableau Markdown, barres extérieures incluses, une espace
          autour de chaque cellule et trois tirets sous chaque titre.
        - Pour une notice, disposez ces champs à virgules en Markdown ; barre verticale aux deux
          bouts, cellules espacées, deuxième ligne faite de ---.
        - Remplacez les virgules par des barres Markdown entourées d'une espace, bordures comprises,
          et insérez après la première ligne le séparateur de cellules ---.
        """,
        es="""
        - Presenta las filas CSV como tabla Markdown, con barras exteriores, un espacio a cada lado
          de la celda y tres guiones bajo cada título.
        - Para un manual, dispón estos campos con comas en Markdown; barra vertical en ambos
          extremos, celdas espaciadas, segunda línea hecha de ---.
        - Cambia las comas por barras Markdown rodeadas de un espacio, bordes incluidos, e inserta
          tras la primera línea el separador de celdas ---.
        """,
        it="""
        - Presenta le righe CSV come tabella Markdown, con barre esterne, uno spazio ai lati di ogni
          cella e tre trattini sotto ciascun titolo.
        - Per un manuale, disponi questi campi con virgole in Markdown; barra verticale alle due
          estremità, celle spaziate, seconda riga fatta di ---.
        - Cambia le virgole in barre Markdown circondate da uno spazio, bordi compresi, e inserisci
          dopo la prima riga il separatore di celle ---.
        """,
    ),
    make=_markdown,
)


def _sort_table(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    table = _goods(rng, language)
    place = table[0].index(params["column"])
    rows = sorted(table[1:], key=lambda row: -int(row[place]))
    if rows == table[1:]:
        table[1:] = rows[::-1]
    return _csv(table), _csv([table[0], *rows])


SORT_TABLE = Kind(
    name="sort_table",
    phrasings=worded(
        en="""
        - Sort the CSV rows by "{column}" from highest to lowest and return the whole table with its
          header first.
        - Rearrange this stock list in descending "{column}" order; the heading line stays on top
          and the format does not change.
        - Whoever has the top "{column}" shall come directly after the header, then the next, and so
          on down; reprint every line.
        - Ranking wanted in the same comma notation, header untouched, with body lines decreasing in
          "{column}".
        """,
        de="""
        - Sortiere die CSV-Zeilen nach „{column}“ vom höchsten zum niedrigsten Wert und gib die
          ganze Tabelle samt Kopfzeile zurück.
        - Ordne diese Warenliste absteigend nach „{column}“; die Überschriften bleiben oben und das
          Format unverändert.
        - Wer bei „{column}“ vorn liegt, soll direkt unter dem Kopf stehen, danach der Nächste und
          so fort; schreibe alle Zeilen neu auf.
        """,
    ),
    make=_sort_table,
    draw=_draw_column,
)


def _top_row(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    table = _goods(rng, language)
    place = table[0].index(params["column"])
    return _csv(table), max(table[1:], key=lambda row: int(row[place]))[0]


TABLE_MAXIMUM = Kind(
    name="table_maximum",
    phrasings=worded(
        en="""
        - Name the product with the highest value in the column "{column}".
        - Which article leads the table when it comes to "{column}"? Its name alone will do.
        - Scan the "{column}" figures, find the maximum and answer with the first cell of its row.
        - The bestseller board lists just one product, the one whose "{column}" is unbeaten. Write
          its name.
        """,
    ),
    make=_top_row,
    draw=_draw_column,
)

KINDS: tuple[Kind, ...] = (
    COLUMN_SUM,
    ROW_LOOKUP,
    CSV_TO_JSON,
    PAIRS_TO_JSON,
    MARKDOWN_TABLE,
    SORT_TABLE,
    TABLE_MAXIMUM,
)
