"""Finding parts of a text: addresses, hashtags, numbers, form fields.

"Extract the e-mail addresses ..." + "Write to ann@post.org today."  ->  "ann@post.org"
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.lexicon import (
    CITIES,
    NAMES,
    NOUNS,
    SURNAMES,
    full_name,
    plain,
    sentence,
)
from ittools.generate.offline.kinds.wording import listed, whole_numbers, worded

_CONTACT = {
    "en": "Questions about the {a} go to {x}, but for the {b} please write to {y} instead.",
    "de": "Fragen zum Thema {a} beantwortet {x}, beim Thema {b} hilft dagegen {y} weiter.",
    "fr": "Pour le thème {a}, écrivez à {x}, mais pour le thème {b} contactez {y} avant midi.",
    "es": "Para el tema {a} escriba a {x}, pero para el tema {b} avise a {y} antes del lunes.",
    "it": "Per il tema {a} scrivete a {x}, ma per il tema {b} avvisate piuttosto {y} entro lunedì.",
}
_HOSTS = ("post.org", "letters.net", "office.com", "team.info")


def _address(rng: random.Random, language: str) -> str:
    first, last = rng.choice(plain(NAMES[language])), rng.choice(plain(SURNAMES[language]))
    return f"{first}.{last}@{rng.choice(_HOSTS)}".lower()


def _emails(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    x = y = _address(rng, language)
    while x == y:
        y = _address(rng, language)
    a, b = rng.sample(NOUNS[language], 2)
    return _CONTACT[language].format(a=a, b=b, x=x, y=y), listed([x, y])


EMAILS = Kind(
    name="emails",
    phrasings=worded(
        en="""
        - Extract all e-mail addresses from the text, in order of appearance, separated by commas.
        - Whom could one write to? Copy everything containing an @ sign, first to last, with a comma
          after each but the final one.
        - Prepare the recipient line of a message: just the electronic addresses mentioned,
          comma-separated and in their sequence.
        - Ignore the prose and report only the mailboxes (name@host) it contains, in textual order
          with commas.
        """,
        de="""
        - Ziehe alle E-Mail-Adressen aus dem Text heraus, nach ihrem Auftreten geordnet und mit
          Kommas getrennt.
        - Wem kann man schreiben? Kopiere alles, was ein @ enthält, von vorn nach hinten, mit Komma
          dazwischen.
        - Bereite die Empfängerzeile einer Nachricht vor; sie enthält nur die erwähnten
          elektronischen Postfächer, kommagetrennt und in ihrer Folge.
        """,
        fr="""
        - Extrayez toutes les adresses électroniques du texte, selon leur ordre d'apparition,
          séparées par des virgules.
        - À qui peut-on écrire ? Copiez tout ce qui contient un @, du début à la fin, une virgule
          entre chaque.
        - Préparez la ligne des destinataires d'un message ; elle ne porte que les courriels
          mentionnés, à la suite, avec virgules.
        """,
        es="""
        - Extrae todas las direcciones de correo del texto, por orden de aparición y separadas por
          comas.
        - Copia todo lo que contenga una @, desde el principio hasta el final, con una coma en
          medio.
        - Prepara la línea de destinatarios de un mensaje; lleva solo los buzones electrónicos
          mencionados, seguidos y con comas.
        """,
        it="""
        - Estrai tutti gli indirizzi di posta elettronica dal testo, in ordine di apparizione e
          separati da virgole.
        - A chi si può scrivere? Copia tutto ciò che contiene una @, dall'inizio alla fine, con una
          virgola in mezzo.
        - Prepara la riga dei destinatari di un messaggio; contiene soltanto le caselle elettroniche
          menzionate, di seguito e con le virgole.
        """,
    ),
    make=_emails,
)


def _draw_count(rng: random.Random, _: str) -> dict[str, str]:
    return {"count": rng.choice("23")}


def _hashtags(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    tags = [f"#{noun.lower()}" for noun in rng.sample(plain(NOUNS[language]), 4)]
    first, second = sentence(rng, language), sentence(rng, language)
    text = f"{first} {tags[0]} {second} {' '.join(tags[1:])}"
    return text, " ".join(tags[: int(params["count"])])


HASHTAGS = Kind(
    name="hashtags",
    phrasings=worded(
        en="""
        - List the first {count} hashtags of this post with their # sign, separated by single
          spaces, as they come.
        - Keep the {count} earliest tokens that begin with a hash character and drop all the rest;
          spaces between, same order.
        - Under which {count} topics, marked by #, is the note listed first of all? Repeat the marks
          in sequence on one line.
        - Strip the message down to its initial {count} #keywords, joined by blanks.
        """,
        it="""
        - Elenca i primi {count} hashtag di questo messaggio con il loro segno #, separati da
          singoli spazi, così come vengono.
        - Conserva le {count} parole iniziali che cominciano col cancelletto e butta via tutto il
          resto; spazi in mezzo, stesso ordine.
        - Quali {count} argomenti segnati da # compaiono per primi nella nota? Ripetili col segno,
          uno dopo l'altro, su una riga.
        """,
    ),
    make=_hashtags,
    draw=_draw_count,
)

_SALES = {
    "en": "{n} sold {a} tickets in {c}, {m} another {b} in {d}, and {k} were left over.",
    "de": "{n} verkaufte in {c} {a} Karten, {m} in {d} weitere {b}, und {k} blieben übrig.",
    "fr": "{n} a vendu {a} billets à {c}, {m} encore {b} à {d}, et il en est resté {k} à la fin.",
    "es": "{n} vendió {a} entradas en {c}, {m} otras {b} en {d}, y al final sobraron {k} de ellas.",
    "it": "{n} ha venduto {a} biglietti a {c}, {m} altri {b} a {d}, e alla fine ne restavano {k}.",
}


def _sales(rng: random.Random, language: str) -> tuple[str, list[int]]:
    a, b, k = numbers = whole_numbers(rng, 3, 12, 480)
    n, m = rng.sample(NAMES[language], 2)
    c, d = rng.sample(CITIES[language], 2)
    return _SALES[language].format(a=a, b=b, k=k, n=n, m=m, c=c, d=d), numbers


def _numbers(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    text, numbers = _sales(rng, language)
    return text, listed(numbers)


NUMBERS_IN_TEXT = Kind(
    name="numbers_in_text",
    phrasings=worded(
        en="""
        - Pick all numbers out of the report in the order they are mentioned and put commas between
          them.
        - Leave out every word and return merely the figures of the sentence, comma-separated, from
          beginning to end.
        - For the statistics sheet, type the quantities stated here one after the other, divided by
          commas, without labels.
        - What amounts occur in this account? Quote the digits only, as a comma list following the
          wording.
        """,
        de="""
        - Suche alle Zahlen aus dem Bericht heraus, in der Folge ihrer Nennung, und setze Kommas
          dazwischen.
        - Lass jedes Wort weg und gib lediglich die Ziffernwerte des Satzes kommagetrennt von Anfang
          bis Ende zurück.
        - Tippe für die Statistik die hier erwähnten Mengen hintereinander ab, durch Kommas geteilt,
          ohne Bezeichnungen.
        """,
        fr="""
        - Relevez tous les nombres du compte rendu dans l'ordre où ils sont mentionnés et mettez des
          virgules entre eux.
        - Laissez de côté chaque mot et ne rendez que les valeurs chiffrées de la phrase, du début à
          la fin, avec virgules.
        - Pour la statistique, saisissez les quantités évoquées ici l'une après l'autre, à virgules,
          sans libellé.
        """,
        es="""
        - Saca todos los números del informe en el orden en que se mencionan y pon comas entre
          ellos.
        - Deja fuera cada palabra y devuelve únicamente los valores en cifras de la frase, de
          principio a fin, con comas.
        - Para la estadística, teclea las cantidades citadas aquí una tras otra, separadas mediante
          comas y sin rótulos.
        """,
        it="""
        - Ricava tutti i numeri dal resoconto nell'ordine in cui sono menzionati e metti virgole fra
          di essi.
        - Lascia fuori ogni parola e restituisci unicamente i valori in cifre della frase,
          dall'inizio alla fine, con virgole.
        - Per la statistica, digita le quantità qui citate una dopo l'altra, divise da virgole e
          senza diciture.
        """,
    ),
    make=_numbers,
)


def _draw_extra(rng: random.Random, _: str) -> dict[str, str]:
    return {"extra": str(rng.randint(15, 300))}


def _total(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    text, numbers = _sales(rng, language)
    return text, str(sum(numbers) + int(params["extra"]))


TICKET_TOTAL = Kind(
    name="ticket_total",
    phrasings=worded(
        en="""
        - Besides the tickets in the story, {extra} were given away. How many were there at first,
          of every sort? State just the number.
        - Add up the three quantities told in the sentence and a further {extra}; a bare integer is
          enough.
        - The printer wants to know his print run: tickets sold in both cities, those remaining and
          {extra} spoiled ones. What is it?
        - Start from {extra}, raise it by each amount mentioned and answer in digits.
        """,
    ),
    make=_total,
    draw=_draw_extra,
)

FIELDS: dict[str, tuple[str, ...]] = {
    "en": ("name", "city", "age", "phone"),
    "de": ("Name", "Ort", "Alter", "Telefon"),
    "fr": ("nom", "ville", "âge", "téléphone"),
    "es": ("nombre", "ciudad", "edad", "teléfono"),
    "it": ("nome", "città", "età", "telefono"),
}


def _draw_field(rng: random.Random, language: str) -> dict[str, str]:
    return {"field": rng.choice(FIELDS[language])}


def _form_field(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    phone = f"555-{rng.randint(0, 9999):04d}"
    city, age = rng.choice(CITIES[language]), str(rng.randint(18, 90))
    values = [full_name(rng, language), city, age, phone]
    pairs = list(zip(FIELDS[language], values, strict=True))
    answer = dict(pairs)[params["field"]]
    rng.shuffle(pairs)
    return " | ".join(f"{field}: {value}" for field, value in pairs), answer


FORM_FIELD = Kind(
    name="form_field",
    phrasings=worded(
        en="""
        - Read the form line and return the content of the field "{field}".
        - What did the person fill in for "{field}"? Copy the text after the colon exactly.
        - The parts are divided by vertical bars; give the value that stands behind "{field}".
        - Only the "{field}" detail of this registration is wanted, without its label.
        """,
        de="""
        - Lies die Formularzeile und gib den Inhalt des Feldes „{field}“ zurück.
        - Was hat die Person bei „{field}“ eingetragen? Schreibe den Text nach dem Doppelpunkt genau
          ab.
        - Senkrechte Striche trennen die Teile; nenne den Wert, der hinter „{field}“ steht.
        """,
        fr="""
        - Lisez la ligne du formulaire et rendez le contenu du champ « {field} ».
        - Qu'a indiqué la personne à la rubrique « {field} » ? Recopiez exactement le texte qui suit
          les deux-points.
        - Des barres verticales séparent les parties ; citez la valeur placée derrière « {field} ».
        """,
        es="""
        - Lee la línea del formulario y devuelve el contenido del campo «{field}».
        - Copia exactamente lo que la persona puso en el apartado «{field}», después de los dos
          puntos.
        - Unas barras verticales separan las partes; cita el valor situado detrás de «{field}».
        """,
        it="""
        - Leggi la riga del modulo e restituisci il contenuto del campo «{field}».
        - Che cosa ha indicato la persona alla voce «{field}»? Ricopia esattamente il testo dopo i
          due punti.
        - Delle barre verticali separano le parti; cita il valore posto dietro «{field}».
        """,
    ),
    make=_form_field,
    draw=_draw_field,
)

KINDS: tuple[Kind, ...] = (
    EMAILS,
    HASHTAGS,
    NUMBERS_IN_TEXT,
    TICKET_TOTAL,
    FORM_FIELD,
)
