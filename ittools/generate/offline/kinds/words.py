"""Letters and words: counting, reversing, initials, palindromes, anagrams.

"How often does the letter r occur ..." + "Peter repairs it."  ->  "3"
"""

from __future__ import annotations

import random

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.lexicon import NOUNS, plain, sentence, statement
from ittools.generate.offline.kinds.wording import YES_NO, listed, worded, yes_no


def _draw_letter(rng: random.Random, _: str) -> dict[str, str]:
    return {"letter": rng.choice("bdlmprt")}  # none has an accented twin in the five languages


def _count_letter(rng: random.Random, params: Parameters, language: str) -> tuple[str, str]:
    text = sentence(rng, language)
    return text, str(text.lower().count(params["letter"]))


COUNT_LETTER = Kind(
    name="count_letter",
    phrasings=worded(
        en="""
        - Count how many times the letter {letter} occurs in the sentence, capitals included, and
          give the number.
        - How many tiles showing {letter} would a typesetter need for this text, ignoring case?
          Digits only.
        - Go through the line character by character and tally each "{letter}", whether upper or
          lower case.
        - State the frequency of {letter} in the passage; treat small and capital forms alike and
          reply with one figure.
        """,
        de="""
        - Zähle, wie oft der Buchstabe {letter} im Satz vorkommt, Großbuchstaben eingeschlossen, und
          nenne die Anzahl.
        - Wie viele Lettern mit dem Zeichen {letter} braucht ein Setzer für diesen Text, groß oder
          klein? Antworte in Ziffern.
        - Gehe die Zeile Zeichen für Zeichen durch und führe eine Strichliste über jedes „{letter}“
          in beiden Schreibweisen; gefragt ist die Gesamtzahl.
        """,
        fr="""
        - Comptez combien de fois la lettre {letter} figure dans la phrase, majuscules comprises, et
          donnez le nombre.
        - De combien de caractères {letter} un imprimeur a-t-il besoin pour ce texte, grands ou
          petits ? Répondez en chiffres.
        - Parcourez la ligne signe par signe et relevez chaque « {letter} », sans distinguer la
          casse ; indiquez le total.
        """,
        es="""
        - Cuenta cuántas veces aparece la letra {letter} en la frase, incluidas las mayúsculas, y da
          el número.
        - Di en cifras cuántos tipos con la letra {letter} necesita un impresor para este texto,
          grandes o pequeños.
        - Recorre la línea signo por signo y anota cada «{letter}» sin distinguir mayúsculas de
          minúsculas; solo interesa el total.
        """,
        it="""
        - Conta quante volte la lettera {letter} compare nella frase, maiuscole comprese, e fornisci
          il numero.
        - Di quanti caratteri {letter} ha bisogno un tipografo per questo testo, grandi o piccoli?
          Rispondi in cifre.
        - Scorri la riga segno per segno e annota ogni «{letter}» senza distinguere maiuscole e
          minuscole; interessa solo il totale.
        """,
    ),
    make=_count_letter,
    draw=_draw_letter,
)


def _count_words(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    text = " ".join(sentence(rng, language) for _ in range(rng.randint(1, 3)))
    return text, str(len(text.split()))


COUNT_WORDS = Kind(
    name="count_words",
    phrasings=worded(
        en="""
        - How many words does the text have? A word is anything between spaces.
        - A newspaper charges by the word, every run of signs without a space being one. What number
          goes on the bill?
        - Determine the word count, splitting at spaces, and print it as a numeral.
        - Report the length of the passage measured in words that are set apart by blanks.
        """,
        de="""
        - Wie viele Wörter hat der Text? Ein Wort ist alles, was zwischen Leerzeichen steht.
        - Eine Zeitung rechnet nach Wörtern ab; jede Zeichenkette ohne Leerzeichen ist eines. Welche
          Zahl kommt auf die Rechnung?
        - Ermittle die Wortzahl durch Trennen an den Leerzeichen und schreibe sie in Ziffern.
        """,
        fr="""
        - Combien de mots le texte contient-il ? Un mot est tout ce qui se trouve entre des espaces.
        - Un journal facture au mot, toute suite de signes sans espace en formant un. Quel nombre
          inscrit-on sur la facture ?
        - Déterminez la longueur du passage en mots, en coupant aux espaces, et notez-la en
          chiffres.
        """,
        es="""
        - Di cuántas palabras tiene el texto; una palabra es todo lo que queda entre espacios.
        - Un periódico cobra por palabra, y cada serie de signos sin espacio es una. Escribe el
          número que irá en la factura.
        - Determina la longitud del pasaje en palabras, cortando por los espacios, y anótala en
          cifras.
        """,
        it="""
        - Quante parole ha il testo? Una parola è tutto ciò che sta fra gli spazi.
        - Un giornale fa pagare a parola, e ogni serie di segni senza spazio ne forma una. Quale
          numero va in fattura?
        - Determina la lunghezza del brano in parole, tagliando agli spazi, e annotala in cifre.
        """,
    ),
    make=_count_words,
)


def _reverse_words(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    words = statement(rng, language).replace(",", "").split()
    return " ".join(words), " ".join(reversed(words))


REVERSE_WORDS = Kind(
    name="reverse_words",
    phrasings=worded(
        en="""
        - Write the words in reverse order, from last to first, leaving each word itself unchanged.
        - Read the line from right to left, word by word, and copy it that way with single spaces
          and unaltered capitals.
        - Put the final word at the front, the one before it next, and so on until the opening word
          comes last.
        - Mirror the word order of the text but keep every single word spelled as it stands.
        """,
        de="""
        - Schreibe die Wörter in umgekehrter Reihenfolge, vom letzten zum ersten, ohne die Wörter
          selbst zu verändern.
        - Lies die Zeile Wort für Wort von rechts nach links und schreibe sie so ab, Groß- und
          Kleinschreibung wie im Original.
        - Stelle das Schlusswort nach vorn, dann das vorletzte und so weiter, bis das Anfangswort am
          Ende steht.
        """,
        fr="""
        - Écrivez les mots dans l'ordre inverse, du dernier au premier, sans modifier les mots
          eux-mêmes.
        - Lisez la ligne mot à mot de droite à gauche et recopiez-la ainsi, majuscules et minuscules
          inchangées.
        - Placez le mot final en tête, puis l'avant-dernier, et ainsi de suite jusqu'à terminer par
          le mot initial.
        """,
        es="""
        - Escribe las palabras en orden inverso, de la última a la primera, sin modificar las
          palabras en sí.
        - Lee la línea palabra por palabra de derecha a izquierda y cópiala así, con las mismas
          mayúsculas y minúsculas.
        - Coloca la palabra final delante, luego la penúltima y así sucesivamente, hasta acabar con
          la inicial.
        """,
        it="""
        - Scrivi le parole in ordine inverso, dall'ultima alla prima, senza modificare le parole
          stesse.
        - Leggi la riga parola per parola da destra a sinistra e ricopiala così, con le stesse
          maiuscole e minuscole.
        - Metti la parola finale davanti, poi la penultima e così via, fino a chiudere con quella
          iniziale.
        """,
    ),
    make=_reverse_words,
)


def _reverse_letters(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    words = rng.sample(NOUNS[language], 3)
    return listed(words), listed([word[::-1] for word in words])


REVERSE_LETTERS = Kind(
    name="reverse_letters",
    phrasings=worded(
        en="""
        - Spell each of the words backwards; the words stay in place and commas remain between them.
        - Turn every word round letter by letter, without touching case, and list the results in the
          given sequence with commas.
        - Hold each entry up to a mirror so its final letter leads and its initial letter ends;
          separate by commas as before.
        - For a secret code, flip the letters inside the three terms while their positions in the
          comma list do not change.
        """,
        de="""
        - Buchstabiere jedes der Wörter rückwärts; die Wörter bleiben an ihrem Platz, mit Kommas
          dazwischen.
        - Drehe für eine Geheimschrift die Buchstaben innerhalb der drei Begriffe um, ohne Groß und
          Klein zu ändern; die Kommaliste behält ihre Abfolge.
        - Halte jeden Eintrag vor einen Spiegel, sodass sein letztes Zeichen vorn steht und sein
          erstes hinten, weiterhin kommagetrennt.
        """,
        fr="""
        - Épelez chacun des mots à l'envers ; les mots restent à leur place, séparés par des
          virgules.
        - Pour un code secret, retournez les lettres à l'intérieur des trois termes, accents
          compris, sans bouleverser la liste ni ses virgules.
        - Présentez chaque élément devant un miroir, son dernier caractère devant et le premier
          derrière, toujours avec des virgules.
        """,
        es="""
        - Deletrea cada una de las palabras al revés; las palabras quedan en su sitio, con comas
          entre ellas.
        - Para un código secreto, da la vuelta a las letras dentro de los tres términos, tildes
          incluidas, sin alterar la lista ni sus comas.
        - Pon cada elemento ante un espejo, con su último carácter delante y el primero detrás,
          siempre separados por comas.
        """,
        it="""
        - Scrivi ciascuna delle parole al contrario; le parole restano al loro posto, separate da
          virgole.
        - Per un codice segreto, rovescia le lettere all'interno dei tre termini senza alterare
          l'elenco e le sue virgole.
        - Metti ogni elemento davanti a uno specchio, l'ultimo carattere in testa e il primo in
          coda, sempre con le virgole.
        """,
    ),
    make=_reverse_letters,
)


def _acronym(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    words = [word.capitalize() for word in rng.sample(plain(NOUNS[language]), rng.randint(3, 5))]
    return " ".join(words), "".join(word[0] for word in words)


ACRONYM = Kind(
    name="acronym",
    phrasings=worded(
        en="""
        - Form an acronym from the initial letters of the name, in capitals without points or
          spaces.
        - A club wants a short sign made of just the first character of each word in its title. What
          does it read?
        - Abbreviate this title by joining its leading capitals into one block.
        - Take the opening letter of every word and write these letters together in upper case.
        """,
        de="""
        - Bilde aus den Anfangsbuchstaben des Namens ein Kürzel in Großbuchstaben, ohne Punkte und
          Leerzeichen.
        - Ein Verein möchte ein Schild, auf dem nur das erste Zeichen jedes Wortes seines Titels
          steht. Wie lautet die Aufschrift?
        - Kürze die Bezeichnung ab, indem du die vorderen Großbuchstaben zu einem Block verbindest.
        """,
        fr="""
        - Formez un sigle avec les initiales du nom, en capitales, sans points ni espaces.
        - Un club veut une plaque portant seulement le premier caractère de chaque mot de son titre.
          Que lit-on dessus ?
        - Abrégez cette appellation en réunissant ses majuscules de tête en un seul bloc.
        """,
        es="""
        - Forma unas siglas con las letras iniciales del nombre, en mayúsculas, sin puntos ni
          espacios.
        - Un club quiere una placa con solo el primer carácter de cada palabra de su título. Di qué
          se lee en ella.
        - Abrevia esta denominación uniendo sus mayúsculas de cabeza en un único bloque.
        """,
        it="""
        - Forma una sigla con le lettere iniziali del nome, in maiuscolo, senza punti né spazi.
        - Un circolo vuole una targa con soltanto il primo carattere di ogni parola del suo titolo.
          Che cosa vi si legge?
        - Abbrevia questa denominazione unendo le maiuscole di testa in un unico blocco.
        """,
    ),
    make=_acronym,
)


def _palindrome(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    wanted = rng.random() < 0.5
    half = "".join(rng.choice("abdeilmnoprstu") for _ in range(rng.randint(3, 4)))
    word = half + half[::-1][rng.randint(0, 1) :]
    if not wanted:  # one letter before the middle differs from its mirror letter
        place = rng.randrange(len(word) // 2)
        other = rng.choice([letter for letter in "aeinrst" if letter != word[place]])
        word = word[:place] + other + word[place + 1 :]
    return word, yes_no(wanted, language)


PALINDROME = Kind(
    name="palindrome",
    phrasings=worded(
        en="""
        - Is the string a palindrome? Answer yes or no.
        - Does this made-up word look the same when its letters are read from the end to the
          beginning? Yes or no.
        - Fold the word in the middle: write yes if the letters facing each other always match and
          no if some pair differs.
        - Judge the symmetry of the letters with yes (reads identically both ways) or no.
        """,
        de="""
        - Handelt es sich um ein Palindrom? Antworte mit ja oder nein.
        - Sieht dieses erfundene Wort gleich aus, wenn man seine Buchstaben von hinten nach vorn
          liest? Ein ja oder nein genügt.
        - Falte das Wort in der Mitte und schreibe ja, wenn gegenüberliegende Buchstaben stets
          übereinstimmen, nein, wenn ein Paar abweicht.
        """,
        fr="""
        - La chaîne est-elle un palindrome ? Répondez oui ou non.
        - Ce mot inventé reste-t-il identique quand on lit ses lettres de la fin vers le début ? Un
          oui ou un non suffit.
        - Pliez le mot en son milieu ; notez oui si les lettres face à face coïncident toujours, non
          si une paire diffère.
        """,
        es="""
        - Di sí o no según la cadena sea un palíndromo o no.
        - Comprueba si esta palabra inventada queda idéntica al leer sus letras del final al
          principio; basta un sí o un no.
        - Dobla la palabra por la mitad y pon sí cuando las letras enfrentadas coincidan siempre, no
          cuando difiera alguna pareja.
        """,
        it="""
        - La stringa è un palindromo? Rispondi sì o no.
        - Questa parola inventata resta identica leggendone le lettere dalla fine all'inizio? Basta
          un sì o un no.
        - Piega la parola a metà; annota sì se le lettere affacciate coincidono sempre, no se una
          coppia differisce.
        """,
    ),
    make=_palindrome,
    labels=YES_NO,
)


def _anagram(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    wanted = rng.random() < 0.5
    word = rng.choice([noun for noun in plain(NOUNS[language]) if len(noun) > 4]).lower()
    letters = list(word)
    rng.shuffle(letters)
    if not wanted:
        letters[0] = rng.choice([other for other in "aeiourst" if other != letters[0]])
    return f"{word}, {''.join(letters)}", yes_no(wanted, language)


ANAGRAM = Kind(
    name="anagram",
    phrasings=worded(
        en="""
        - Are the two strings anagrams of each other, so that each uses the same letters equally
          often? Reply yes or no.
        - Could you lay the second word using precisely the letter tiles of the first, none spare
          and none missing? Yes or no.
        - After sorting the letters on both sides of the comma, do the rows agree? Write yes if they
          do, no if not.
        - Say yes when the right-hand term is merely a rearrangement of the left-hand one, and no in
          all other cases.
        """,
        de="""
        - Sind die beiden Zeichenfolgen Anagramme, benutzen sie also dieselben Buchstaben gleich
          oft? Antworte ja oder nein.
        - Kann man das zweite Wort genau mit den Buchstabensteinen des ersten legen, ohne Rest und
          ohne Lücke? Schreibe ja oder nein.
        - Sage ja, wenn der rechte Ausdruck bloß eine Umstellung des linken ist, und nein in jedem
          anderen Fall.
        """,
        fr="""
        - Les deux chaînes sont-elles des anagrammes, avec les mêmes lettres en même nombre ?
          Répondez oui ou non.
        - Peut-on composer le second mot avec exactement les jetons du premier, sans reste ni manque
          ? Écrivez oui ou non.
        - Dites oui quand le terme de droite n'est qu'un réarrangement de celui de gauche, et non
          dans tout autre cas.
        """,
        es="""
        - Indica sí o no según las dos cadenas sean anagramas, es decir, usen las mismas letras
          igual número de veces.
        - Averigua si la segunda palabra se puede formar exactamente con las fichas de la primera,
          sin sobras ni faltas; escribe sí o no.
        - Di sí cuando el término de la derecha sea una mera reordenación del de la izquierda, y no
          en cualquier otro caso.
        """,
        it="""
        - Le due stringhe sono anagrammi, con le stesse lettere in ugual numero? Rispondi sì o no.
        - Si può comporre la seconda parola esattamente con le tessere della prima, senza avanzi né
          mancanze? Scrivi sì o no.
        - Di' sì quando il termine a destra è solo un riordinamento di quello a sinistra, e no in
          ogni altro caso.
        """,
    ),
    make=_anagram,
    labels=YES_NO,
)

KINDS: tuple[Kind, ...] = (
    COUNT_LETTER,
    COUNT_WORDS,
    REVERSE_WORDS,
    REVERSE_LETTERS,
    ACRONYM,
    PALINDROME,
    ANAGRAM,
)
