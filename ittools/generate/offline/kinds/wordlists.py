"""Lists of words: order, repeats, length, frequency, first letters.

"Sort the words alphabetically from A to Z ..." + "river, boat, lamp"  ->  "boat, lamp, river"
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.lexicon import NOUNS, plain
from ittools.generate.offline.kinds.wording import YES_NO, listed, worded, yes_no

_ORDERS: dict[str, tuple[str, str]] = {
    "en": ("A to Z", "Z to A"),
    "de": ("A bis Z", "Z bis A"),
    "fr": ("A à Z", "Z à A"),
    "es": ("la A a la Z", "la Z a la A"),
    "it": ("A a Z", "Z ad A"),
}


def _draw_order(rng: random.Random, language: str) -> dict[str, str]:
    return {"order": rng.choice(_ORDERS[language])}


def _sort(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    words = rng.sample(plain(NOUNS[language]), rng.randint(4, 7))
    backwards = params["order"] == _ORDERS[language][1]
    ordered = sorted(words, key=str.lower, reverse=backwards)
    if words == ordered:
        words = words[::-1]
    return listed(words), listed(ordered)


SORT_WORDS = Kind(
    name="sort_words",
    phrasings=worded(
        en="""
        - Sort the words alphabetically from {order} and separate them with commas.
        - A librarian shelves these catalogue terms in dictionary order, running from {order}. List
          them that way, with commas.
        - Rearrange the comma-separated entries so that their spelling runs from {order}.
        - Which sequence results if the terms are lined up by letter, {order}? Answer as one comma
          list.
        """,
        de="""
        - Sortiere die Wörter alphabetisch von {order} und trenne sie mit Kommas.
        - Eine Bibliothekarin reiht diese Stichwörter wie in einem Lexikon von {order} auf. Gib ihre
          Liste mit Kommas wieder.
        - Ordne die durch Kommas getrennten Einträge so um, dass ihre Schreibung von {order} läuft.
        """,
        fr="""
        - Triez les mots par ordre alphabétique de {order} et séparez-les par des virgules.
        - Une bibliothécaire aligne ces vedettes comme dans un dictionnaire, de {order}. Donnez sa
          liste avec des virgules.
        - Réorganisez les éléments pour que leur première lettre progresse de {order}, toujours avec
          une virgule entre eux.
        """,
        es="""
        - Ordena las palabras alfabéticamente de {order} y sepáralas con comas.
        - Una bibliotecaria alinea estas voces como en un diccionario, de {order}. Reproduce su
          lista con comas.
        - Reorganiza los elementos de modo que su ortografía vaya de {order}, siempre con una coma
          entre ellos.
        """,
        it="""
        - Ordina le parole alfabeticamente da {order} e separale con virgole.
        - Una bibliotecaria allinea queste voci come in un dizionario, da {order}. Riporta il suo
          elenco con le virgole.
        - Riorganizza gli elementi in modo che la loro grafia vada da {order}, sempre con una
          virgola in mezzo.
        """,
    ),
    make=_sort,
    draw=_draw_order,
)


def _unique(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    words = rng.sample(NOUNS[language], rng.randint(3, 5))
    repeated = words + rng.choices(words, k=rng.randint(2, 4))
    rng.shuffle(repeated)
    return listed(repeated), listed(list(dict.fromkeys(repeated)))


REMOVE_DUPLICATES = Kind(
    name="remove_duplicates",
    phrasings=worded(
        en="""
        - Remove repeated words, keeping only the first occurrence of each, in order and separated
          by commas.
        - The shopping list names some things more than once. Clean it up: every thing once, where
          it first appeared, commas between.
        - Copy the terms from left to right but skip any term you have already copied; use commas.
        - Deduplicate the comma-separated entries without disturbing their sequence.
        """,
        de="""
        - Entferne doppelte Wörter und behalte jeweils nur das erste Vorkommen, in gleicher Folge
          und mit Kommas getrennt.
        - Auf dem Einkaufszettel steht manches mehrfach. Bereinige ihn, sodass alles einmal an
          seiner frühesten Stelle steht, mit Kommas dazwischen.
        - Schreibe die Begriffe von links nach rechts ab, aber überspringe jeden, den du schon
          geschrieben hast; setze Kommas.
        """,
        fr="""
        - Supprimez les mots répétés en ne gardant que la première occurrence de chacun, dans
          l'ordre, avec des virgules.
        - La liste de courses cite certaines choses plusieurs fois. Nettoyez-la : chaque chose une
          fois, là où elle apparaît d'abord, virgules comprises.
        - Recopiez les termes de gauche à droite, mais sautez ceux que vous avez déjà copiés ;
          mettez des virgules.
        """,
        es="""
        - Elimina las palabras repetidas y conserva solo la primera aparición de cada una, en orden
          y con comas.
        - La lista de la compra nombra algunas cosas varias veces. Límpiala para que cada cosa
          figure una vez, donde salió antes, separadas por comas.
        - Copia los términos de izquierda a derecha, pero salta los que ya hayas copiado; usa comas.
        """,
        it="""
        - Elimina le parole ripetute e conserva solo la prima occorrenza di ciascuna, in ordine e
          con le virgole.
        - La lista della spesa nomina alcune cose più volte. Ripuliscila, così che ogni cosa figuri
          una volta, dove era apparsa prima, separata da virgole.
        - Ricopia i termini da sinistra a destra, ma salta quelli che hai già copiato; usa le
          virgole.
        """,
    ),
    make=_unique,
)


def _longest(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    longest = rng.choice([noun for noun in NOUNS[language] if len(noun) > 5])
    shorter = [noun for noun in NOUNS[language] if len(noun) < len(longest)]
    words = [longest, *rng.sample(shorter, rng.randint(3, 5))]
    rng.shuffle(words)
    return listed(words), longest


LONGEST_WORD = Kind(
    name="longest_word",
    phrasings=worded(
        en="""
        - Which word has the most letters? Give only that word.
        - Measure the entries by their number of characters and name the longest; there is no tie.
        - One of these labels needs the widest sticker because it contains more letters than any
          other. Copy it.
        - From the listed nouns, pick out the single one that beats all the rest in length.
        """,
        de="""
        - Welches Wort hat die meisten Buchstaben? Nenne nur dieses Wort.
        - Miss die Einträge an ihrer Zeichenzahl und gib den längsten zurück; einen Gleichstand gibt
          es nicht.
        - Eines dieser Schilder muss am breitesten sein, weil seine Aufschrift länger ist als jede
          andere. Schreibe sie ab.
        """,
        fr="""
        - Quel mot compte le plus de lettres ? Donnez seulement ce mot.
        - Mesurez les éléments au nombre de leurs caractères et renvoyez le plus long ; il n'y a pas
          d'égalité.
        - Une de ces étiquettes doit être la plus large, car son inscription dépasse toutes les
          autres. Recopiez-la.
        """,
        es="""
        - Di qué palabra tiene más letras, sin añadir nada.
        - Mide los elementos por su número de caracteres y devuelve el más largo; no hay empate.
        - Una de estas etiquetas ha de ser la más ancha, porque su rótulo supera a todos los demás.
          Cópialo.
        """,
        it="""
        - Quale parola ha più lettere? Riporta solo quella parola.
        - Misura gli elementi dal numero dei loro caratteri e restituisci il più lungo; non ci sono
          parità.
        - Una di queste etichette deve essere la più larga, perché la sua scritta supera tutte le
          altre. Ricopiala.
        """,
    ),
    make=_longest,
)


def _draw_word(rng: random.Random, language: str) -> dict[str, str]:
    return {"word": rng.choice(NOUNS[language])}


def _count_word(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    others = [noun for noun in NOUNS[language] if noun != params["word"]]
    count = rng.randint(0, 5)
    words = [params["word"]] * count + rng.choices(rng.sample(others, 4), k=rng.randint(4, 7))
    rng.shuffle(words)
    return " ".join(words), str(count)


COUNT_WORD = Kind(
    name="count_word",
    phrasings=worded(
        en="""
        - How often does the word "{word}" appear in the word list? Answer with a number, 0
          included.
        - Count the entries that are exactly "{word}".
        - Somebody taps the table each time "{word}" is read aloud from this series. How many taps
          are heard? Digits, please.
        - Determine the frequency of "{word}" among the words separated by spaces; report it as a
          numeral.
        """,
        de="""
        - Wie oft kommt das Wort „{word}“ in der Wortliste vor? Antworte mit einer Zahl, notfalls
          mit 0.
        - Jemand klopft auf den Tisch, sobald beim Vorlesen dieser Reihe „{word}“ fällt. Wie viele
          Klopfzeichen hört man? Bitte in Ziffern.
        - Bestimme die Häufigkeit von „{word}“ unter den durch Leerzeichen getrennten Wörtern.
        """,
        fr="""
        - Combien de fois le mot « {word} » apparaît-il dans la liste de mots ? Répondez par un
          nombre, 0 compris.
        - Quelqu'un tape sur la table chaque fois qu'on lit « {word} » dans cette série. Combien de
          coups entend-on ? En chiffres.
        - Déterminez la fréquence de « {word} » parmi les mots séparés par des espaces.
        """,
        es="""
        - Indica con un número, aunque sea 0, cuántas veces aparece la palabra «{word}» en la lista.
        - Alguien golpea la mesa cada vez que se lee «{word}» en esta serie. Escribe en cifras
          cuántos golpes se oyen.
        - Determina la frecuencia de «{word}» entre las palabras separadas por espacios.
        """,
        it="""
        - Quante volte compare la parola «{word}» nell'elenco? Rispondi con un numero, anche 0.
        - Qualcuno batte sul tavolo ogni volta che in questa serie si legge «{word}». Quanti colpi
          si sentono? In cifre.
        - Determina la frequenza di «{word}» fra le parole separate da spazi.
        """,
    ),
    make=_count_word,
    draw=_draw_word,
)


def _draw_length(rng: random.Random, _: str) -> dict[str, str]:
    return {"length": rng.choice("56")}


def _long_words(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    limit = int(params["length"])
    long = [noun for noun in NOUNS[language] if len(noun) > limit]
    short = [noun for noun in NOUNS[language] if len(noun) <= limit]
    words = rng.sample(long, rng.randint(2, 3)) + rng.sample(short, rng.randint(2, 4))
    rng.shuffle(words)
    return listed(words), listed([word for word in words if len(word) > limit])


LONG_WORDS = Kind(
    name="long_words",
    phrasings=worded(
        en="""
        - Keep just the words with more than {length} letters, in the order given, separated by
          commas.
        - Throw out each word of {length} letters or fewer and write the survivors as a comma list.
        - A crossword setter needs words longer than {length} letters. Offer every suitable one from
          the list, left to right, with commas.
        - Filter by length: only terms exceeding {length} characters may pass, their sequence
          staying as it is and commas between.
        """,
        de="""
        - Behalte bloß die Wörter mit mehr als {length} Buchstaben, in der gegebenen Reihenfolge und
          durch Kommas getrennt.
        - Wirf alle Wörter mit höchstens {length} Buchstaben hinaus und schreibe die übrigen als
          Kommaliste.
        - Für ein Kreuzworträtsel werden Begriffe gebraucht, die länger als {length} Zeichen sind.
          Biete alle passenden von links nach rechts an, mit Kommas.
        """,
        fr="""
        - Ne conservez que les mots de plus de {length} lettres, dans l'ordre donné, séparés par des
          virgules.
        - Écartez chaque mot de {length} lettres ou moins et notez les survivants sous forme de
          liste à virgules.
        - Un verbicruciste cherche des termes dépassant {length} caractères. Proposez-lui tous ceux
          qui conviennent, de gauche à droite, avec des virgules.
        """,
        es="""
        - Deja solo las palabras de más de {length} letras, en el orden dado, separadas por comas.
        - Descarta cada palabra de {length} letras o menos y escribe las supervivientes como lista
          con comas.
        - Para un crucigrama hacen falta términos que superen los {length} caracteres. Ofrece todos
          los adecuados, de izquierda a derecha, con comas.
        """,
        it="""
        - Tieni solo le parole con più di {length} lettere, nell'ordine dato, separate da virgole.
        - Scarta ogni parola di {length} lettere o meno e scrivi le superstiti come elenco con
          virgole.
        - Per un cruciverba servono termini che superino i {length} caratteri. Proponi tutti quelli
          adatti, da sinistra a destra, con le virgole.
        """,
    ),
    make=_long_words,
    draw=_draw_length,
)


def _draw_initial(rng: random.Random, language: str) -> dict[str, str]:
    return {"letter": rng.choice([noun[0] for noun in plain(NOUNS[language])]).upper()}


def _initial(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    wanted = rng.random() < 0.5
    nouns = plain(NOUNS[language])
    hits = [noun for noun in nouns if noun[0].upper() == params["letter"]]
    words = rng.sample([noun for noun in nouns if noun not in hits], rng.randint(4, 6))
    if wanted:
        words[rng.randrange(len(words))] = rng.choice(hits)
    return listed(words), yes_no(wanted, language)


INITIAL_CHECK = Kind(
    name="initial_check",
    phrasings=worded(
        en="""
        - Does at least one of the words begin with the letter {letter}? Ignore case and answer yes
          or no.
        - You look under {letter} in a card index holding exactly these terms. Is anything there?
          Write yes or no.
        - Say no if none of the listed nouns starts with {letter} in either case, and yes otherwise.
        - Check the initials of all entries for {letter}, upper or lower case; a single find is
          enough for yes, else no.
        """,
        de="""
        - Beginnt wenigstens eines der Wörter mit dem Buchstaben {letter}? Antworte ja oder nein.
        - Du schlägst in einer Kartei mit genau diesen Begriffen unter {letter} nach. Liegt dort
          etwas? Schreibe ja oder nein.
        - Sage nein, falls keines der Hauptwörter {letter} als Anfang hat, und ansonsten ja.
        """,
        fr="""
        - Au moins un des mots commence-t-il par la lettre {letter} ? Répondez oui ou non, sans
          tenir compte de la casse.
        - Vous cherchez à {letter} dans un fichier de fiches contenant exactement ces termes. Y
          trouve-t-on quelque chose ? Notez oui ou non.
        - Dites non si aucun des noms énumérés n'a {letter} pour initiale, grande ou petite, et oui
          autrement.
        """,
        es="""
        - Responde sí o no a si al menos una de las palabras empieza por la letra {letter}, sea
          mayúscula o minúscula.
        - Buscas en la {letter} de un fichero que contiene exactamente estos términos. Pon sí cuando
          encuentres algo y no cuando esté vacía.
        - Di no si ninguno de los nombres tiene {letter} por inicial, grande o pequeña, y sí de lo
          contrario.
        """,
        it="""
        - Almeno una delle parole comincia con la lettera {letter}? Rispondi sì o no, senza badare
          alle maiuscole.
        - Cerchi alla {letter} in uno schedario che contiene esattamente questi termini. Vi si trova
          qualcosa? Annota sì o no.
        - Di' no se nessuno dei nomi elencati ha {letter} per iniziale, grande o piccola, e sì
          altrimenti.
        """,
    ),
    make=_initial,
    draw=_draw_initial,
    labels=YES_NO,
)

KINDS: tuple[Kind, ...] = (
    SORT_WORDS,
    REMOVE_DUPLICATES,
    LONGEST_WORD,
    COUNT_WORD,
    LONG_WORDS,
    INITIAL_CHECK,
)
