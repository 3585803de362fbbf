"""Whole sentences: one of several by its place, the type of one.

"Quote the second sentence ..." + "Ann sings. Bob reads. Cleo rests."  ->  "Bob reads."
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.lexicon import sentence, statement
from ittools.generate.offline.kinds.wording import worded

# Each form fits every phrasing of its language as it stands.
_POSITIONS: dict[str, tuple[str, ...]] = {
    "en": ("first", "second", "last"),
    "de": ("ersten", "zweiten", "letzten"),
    "fr": ("première", "deuxième", "dernière"),
    "es": ("primera", "segunda", "última"),
    "it": ("prima", "seconda", "ultima"),
}


def _draw_position(rng: random.Random, language: str) -> dict[str, str]:
    return {"position": rng.choice(_POSITIONS[language])}


def _nth_sentence(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    sentences = [sentence(rng, language) for _ in range(rng.randint(3, 4))]
    place = (0, 1, -1)[_POSITIONS[language].index(params["position"])]
    return " ".join(sentences), sentences[place]


NTH_SENTENCE = Kind(
    name="nth_sentence",
    phrasings=worded(
        en="""
        - Quote the {position} sentence of the text word for word, full stop included.
        - Cut the passage at its full stops and hand over the {position} piece with its closing
          point.
        - A reader wants nothing but the {position} statement made here. Repeat it unaltered.
        - Of the sentences given, keep the {position} and delete the others.
        """,
        de="""
        - Zitiere den {position} Satz des Textes wörtlich, mitsamt dem Punkt.
        - Zerlege den Abschnitt an seinen Punkten und gib den {position} Teil mit Schlusszeichen
          wieder.
        - Behalte von den vorliegenden Sätzen allein den {position} und streiche die anderen.
        """,
        fr="""
        - Citez la {position} phrase du texte mot pour mot, point compris.
        - Coupez le passage à chaque point et livrez la {position} partie avec son signe final.
        - Parmi les phrases proposées, gardez la {position} et supprimez les autres.
        """,
        es="""
        - Cita la {position} frase del texto palabra por palabra, punto incluido.
        - Corta el pasaje en cada punto y entrega la {position} parte con su signo final.
        - De las oraciones presentes, quédate con la {position} y suprime las otras.
        """,
        it="""
        - Cita la {position} frase del testo parola per parola, punto compreso.
        - Taglia il brano a ogni punto e consegna la {position} parte con il suo segno finale.
        - Delle proposizioni presenti, tieni la {position} e sopprimi le altre.
        """,
    ),
    make=_nth_sentence,
    draw=_draw_position,
)

SENTENCE_TYPES: dict[str, tuple[str, ...]] = {
    "en": ("question", "statement", "exclamation"),
    "de": ("Frage", "Aussage", "Ausruf"),
    "fr": ("question", "affirmation", "exclamation"),
    "es": ("pregunta", "afirmación", "exclamación"),
    "it": ("domanda", "affermazione", "esclamazione"),
}
_TYPE_FORMS: dict[str, tuple[str, str, str]] = {
    "en": ("{}, right?", "{}.", "{}, how wonderful!"),
    "de": ("{}, oder?", "{}.", "{}, wie schön!"),
    "fr": ("{}, n'est-ce pas ?", "{}.", "{}, quelle joie !"),
    "es": ("{}, ¿verdad?", "{}.", "¡{}, qué alegría!"),
    "it": ("{}, vero?", "{}.", "{}, che gioia!"),
}


def _sentence_type(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    place = rng.randrange(3)
    text = _TYPE_FORMS[language][place].format(statement(rng, language))
    return text, SENTENCE_TYPES[language][place]


SENTENCE_TYPE = Kind(
    name="sentence_type",
    phrasings=worded(
        en="""
        - Going by the final punctuation mark, is this a question, a statement or an exclamation?
        - Classify the sentence: question for ?, exclamation for !, statement for a full stop.
        - An actor must know how to raise his voice here. Tell him with one word: question,
          statement or exclamation.
        - Label the utterance according to its closing sign with statement, question or exclamation.
        """,
        de="""
        - Handelt es sich dem Satzzeichen am Ende nach um eine Frage, eine Aussage oder einen
          Ausruf? Antworte mit Frage, Aussage oder Ausruf.
        - Ordne den Satz ein; ein ? bedeutet Frage, ein ! bedeutet Ausruf, ein einfacher Punkt
          bedeutet Aussage.
        - Ein Schauspieler muss wissen, wie er die Stimme hebt. Sage es ihm mit einem Wort, nämlich
          Aussage, Frage oder Ausruf.
        """,
        fr="""
        - D'après le signe de ponctuation final, s'agit-il d'une question, d'une affirmation ou
          d'une exclamation ? Donnez le nom seul.
        - Classez la phrase ; un ? signale une question, un ! une exclamation, un simple point une
          affirmation.
        - Un acteur doit savoir comment poser sa voix. Aidez-le d'un mot, affirmation, question ou
          exclamation.
        """,
        es="""
        - Según el signo de puntuación final, indica si se trata de una pregunta, una afirmación o
          una exclamación, solo con ese nombre.
        - Clasifica la frase; un ? señala pregunta, un ! señala exclamación y un simple punto señala
          afirmación.
        - Un actor debe saber cómo poner la voz. Ayúdale con una palabra, afirmación, pregunta o
          exclamación.
        """,
        it="""
        - In base al segno di punteggiatura finale, si tratta di una domanda, di un'affermazione o
          di un'esclamazione? Scrivi il solo nome.
        - Classifica la frase; un ? segnala domanda, un ! segnala esclamazione e un semplice punto
          segnala affermazione.
        - Un attore deve sapere come impostare la voce. Aiutalo con una parola, affermazione,
          domanda o esclamazione.
        """,
    ),
    make=_sentence_type,
    labels=SENTENCE_TYPES,
)

KINDS: tuple[Kind, ...] = (NTH_SENTENCE, SENTENCE_TYPE)
