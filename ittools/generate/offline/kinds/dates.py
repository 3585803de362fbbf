"""Calendar and clock: weekdays, differences, leap years, written dates.

"How many days lie between 2024-02-27 and 2024-03-02 ..." + ""  ->  "4"
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from ittools.generate.offline.kind import Kind, Parameters
from ittools.generate.offline.kinds.wording import YES_NO, worded, yes_no

WEEKDAYS: dict[str, tuple[str, ...]] = {
    "en": tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    "de": tuple("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()),
    "fr": tuple("lundi mardi mercredi jeudi vendredi samedi dimanche".split()),
    "es": tuple("lunes martes miércoles jueves viernes sábado domingo".split()),
    "it": tuple("lunedì martedì mercoledì giovedì venerdì sabato domenica".split()),
}

MONTHS: dict[str, tuple[str, ...]] = {
    "en": tuple(
        "January February March April May June July August September October November December".split()
    ),
    "de": tuple("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()),
    "fr": tuple(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    ),
    "es": tuple(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
    ),
    "it": tuple(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
        "dicembre".split()
    ),
}


def _day(rng: random.Random) -> date:
    return date(1950, 1, 1) + timedelta(days=rng.randrange(365 * 90))


def _weekday(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    day = _day(rng)
    return day.isoformat(), WEEKDAYS[language][day.weekday()]


WEEKDAY = Kind(
    name="weekday",
    phrasings=worded(
        en="""
        - On which day of the week does the date (year-month-day, Gregorian calendar) fall? Give the
          English day name.
        - Somebody was or will be born on this calendar day, written YYYY-MM-DD. Name the weekday,
          Monday to Sunday.
        - Classify the ISO date by its weekday and answer with one of the seven names.
        - Is it a Monday, a Tuesday, a Wednesday, a Thursday, a Friday, a Saturday or a Sunday? Pick
          the right word.
        """,
        de="""
        - Auf welchen Wochentag fällt das Datum (Jahr-Monat-Tag, gregorianischer Kalender)? Nenne
          den deutschen Namen.
        - Jemand ist an diesem Tag geboren, notiert als JJJJ-MM-TT. Schreibe den passenden
          Tagesnamen von Montag bis Sonntag.
        - Ist es ein Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag oder Sonntag? Wähle
          das richtige Wort.
        """,
        fr="""
        - Quel jour de la semaine correspond à la date (année-mois-jour, calendrier grégorien) ?
          Donnez son nom français en minuscules.
        - Quelqu'un est né ce jour-là, noté AAAA-MM-JJ. Écrivez en minuscules le nom qui convient,
          de lundi à dimanche.
        - Est-ce un lundi, un mardi, un mercredi, un jeudi, un vendredi, un samedi ou un dimanche ?
          Choisissez le bon mot.
        """,
        es="""
        - Indica en qué día de la semana cae la fecha (año-mes-día, calendario gregoriano), con su
          nombre en minúsculas.
        - Alguien nació en este día, anotado AAAA-MM-DD. Escribe el nombre adecuado, de lunes a
          domingo.
        - Elige la palabra correcta para esta jornada entre lunes, martes, miércoles, jueves,
          viernes, sábado y domingo.
        """,
        it="""
        - In che giorno della settimana cade la data (anno-mese-giorno, calendario gregoriano)?
          Scrivi il nome italiano in minuscolo.
        - Qualcuno è nato in questo giorno, annotato AAAA-MM-GG. Trova il nome adatto, da lunedì a
          domenica.
        - Scegli la parola giusta per questa giornata fra lunedì, martedì, mercoledì, giovedì,
          venerdì, sabato e domenica.
        """,
    ),
    make=_weekday,
    labels=WEEKDAYS,
)


def _draw_span(rng: random.Random, _: str) -> dict[str, str]:
    start = _day(rng)
    end = start + timedelta(days=rng.randint(5, 400))
    return {"start": start.isoformat(), "end": end.isoformat()}


def _span(_: random.Random, params: Parameters, __: str) -> tuple[str, str]:
    start, end = date.fromisoformat(params["start"]), date.fromisoformat(params["end"])
    return "", str((end - start).days)


DAYS_BETWEEN = Kind(
    name="days_between",
    phrasings=worded(
        en="""
        - How many days lie between {start} and {end} if the starting day is not counted? Write the
          number only.
        - A ship leaves on {start} and arrives on {end}. For how many nights is it at sea? Answer in
          digits.
        - Subtract the date {start} from the date {end} and give the difference in days as an
          integer.
        - Counting one for each midnight passed, determine the days elapsed from {start} up to
          {end}.
        """,
        de="""
        - Wie viele Tage liegen zwischen {start} und {end}, wenn der Anfangstag nicht mitzählt?
          Schreibe nur die Zahl.
        - Ein Schiff legt am {start} ab und kommt am {end} an. Wie viele Nächte ist es auf See?
          Antworte in Ziffern.
        - Ziehe das Datum {start} vom Datum {end} ab und gib den Abstand in Tagen an.
        """,
        fr="""
        - Combien de jours y a-t-il entre le {start} et le {end}, sans compter le premier ? Écrivez
          seulement le nombre.
        - Un navire part le {start} et arrive le {end}. Combien de nuits passe-t-il en mer ?
          Répondez en chiffres.
        - Soustrayez la date {start} de la date {end} et donnez l'écart exprimé en jours.
        """,
        es="""
        - Calcula cuántos días hay entre {start} y {end} sin contar el de inicio; escribe solo el
          número.
        - Un barco zarpa el {start} y llega el {end}. Di en cifras cuántas noches pasa en el mar.
        - Resta la fecha {start} de la fecha {end} y da la distancia medida en días.
        """,
        it="""
        - Quanti giorni ci sono fra {start} e {end}, senza contare quello iniziale? Scrivi solo il
          numero.
        - Una nave salpa il {start} e arriva il {end}. Quante notti passa in mare? Rispondi in
          cifre.
        - Sottrai la data {start} dalla data {end} e fornisci la distanza misurata in giorni.
        """,
    ),
    make=_span,
    draw=_draw_span,
)


def _draw_days(rng: random.Random, _: str) -> dict[str, str]:
    return {"days": str(rng.randint(3, 120))}


def _add_days(rng: random.Random, params: Parameters, _: str) -> tuple[str, str]:
    day = _day(rng)
    return day.isoformat(), (day + timedelta(days=int(params["days"]))).isoformat()


ADD_DAYS = Kind(
    name="add_days",
    phrasings=worded(
        en="""
        - Add {days} days to the date and write the result in the same YYYY-MM-DD form.
        - An invoice with this issue date falls due {days} days later. When is that? Use
          year-month-day digits.
        - Which calendar date comes {days} days after the given one? Keep the ISO notation.
        - Move forward by {days} days, minding month lengths and leap years, and return the new date
          formatted like the old.
        """,
        de="""
        - Addiere {days} Tage zum Datum und schreibe das Ergebnis in derselben Form JJJJ-MM-TT.
        - Eine Rechnung mit diesem Ausstellungstag ist {days} Tage später fällig. Wann ist das?
          Verwende die Schreibweise Jahr-Monat-Tag.
        - Welcher Kalendertag folgt genau {days} Tage auf den angegebenen? Behalte die ISO-Notation
          bei.
        """,
        fr="""
        - Ajoutez {days} jours à la date et écrivez le résultat sous la même forme AAAA-MM-JJ.
        - Une facture émise ce jour-là est à payer {days} jours après. Quelle est l'échéance, notée
          année-mois-jour ?
        - Avancez de {days} jours dans le calendrier en gardant la notation ISO de départ.
        """,
        es="""
        - Suma {days} días a la fecha y escribe el resultado con la misma forma AAAA-MM-DD.
        - Una factura emitida ese día vence {days} días después. Da el vencimiento como año-mes-día,
          en cifras.
        - Avanza {days} días en el calendario y conserva la notación ISO de partida.
        """,
        it="""
        - Aggiungi {days} giorni alla data e scrivi il risultato nella stessa forma AAAA-MM-GG.
        - Una fattura emessa quel giorno scade {days} giorni più tardi. Qual è la scadenza, indicata
          come anno-mese-giorno?
        - Avanza di {days} giorni nel calendario mantenendo la notazione ISO di partenza.
        """,
    ),
    make=_add_days,
    draw=_draw_days,
)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _leap_year(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    wanted = rng.random() < 0.5
    year = rng.randint(1600, 4800)
    while _is_leap(year) != wanted:
        year = rng.choice([rng.randint(1600, 4800), 100 * rng.randint(16, 48)])
    return str(year), yes_no(wanted, language)


LEAP_YEAR = Kind(
    name="leap_year",
    phrasings=worded(
        en="""
        - Is the year a leap year in the Gregorian calendar? Answer yes or no.
        - Does February have 29 days in this year? Respond with yes or no.
        - Apply the rules for 4, 100 and 400 and report yes for a leap year, no for a common one.
        - Say no if this year lasts 365 days, yes if it lasts 366.
        """,
        de="""
        - Ist das Jahr nach dem gregorianischen Kalender ein Schaltjahr? Antworte ja oder nein.
        - Hat der Februar in diesem Jahr 29 Tage? Schreibe ja, wenn es so ist, und nein, wenn nicht.
        - Sage nein, sofern das Jahr 365 Tage dauert, ja, sofern es 366 sind.
        """,
        fr="""
        - L'année est-elle bissextile dans le calendrier grégorien ? Répondez oui ou non.
        - Le mois de février compte-t-il 29 jours cette année-là ? Notez oui si c'est exact et non
          si c'est inexact.
        - Dites non pour une année de 365 jours, oui pour une de 366.
        """,
        es="""
        - Responde sí o no a si el año es bisiesto en el calendario gregoriano.
        - Pon sí cuando febrero tenga 29 días en este año y no cuando tenga 28.
        - Di no para un año de 365 días, sí para uno de 366.
        """,
        it="""
        - L'anno è bisestile nel calendario gregoriano? Rispondi sì o no.
        - Annota sì quando febbraio ha 29 giorni in quest'anno e no quando ne ha 28.
        - Di' no per un anno di 365 giorni, sì per uno di 366.
        """,
    ),
    make=_leap_year,
    labels=YES_NO,
)

_LONG = {
    "en": "{day} {month} {year}",
    "de": "{day}. {month} {year}",
    "fr": "{day} {month} {year}",
    "es": "{day} de {month} de {year}",
    "it": "{day} {month} {year}",
}


def _long_date(rng: random.Random, _: Parameters, language: str) -> tuple[str, str]:
    day = _day(rng)
    if day.day == 1:  # the first of a month is written specially in some languages
        day += timedelta(days=1)
    month = MONTHS[language][day.month - 1]
    return day.isoformat(), _LONG[language].format(day=day.day, month=month, year=day.year)


LONG_DATE = Kind(
    name="long_date",
    phrasings=worded(
        en="""
        - Write the ISO date in the style 7 March 2021, that is day without leading zero, month
          name, year.
        - For a letterhead, spell out the month of this date and place the plain day before it and
          the year behind it, without commas.
        - Turn the numeric date into British long form (like 25 December 1999).
        - Replace the month number by its English name and order the parts day, month, year,
          separated by spaces.
        """,
        de="""
        - Schreibe das ISO-Datum in der Art 7. März 2021, also Tag ohne führende Null mit Punkt,
          Monatsname, Jahr.
        - Für einen Briefkopf soll der Monat ausgeschrieben werden, davor der Tag als Ordnungszahl
          mit Punkt und ohne Null, dahinter das Jahr.
        - Bringe die Ziffernangabe in die deutsche Langform (wie 25. Dezember 1999).
        """,
        fr="""
        - Écrivez la date ISO à la manière de 7 mars 2021, soit jour sans zéro initial, nom du mois,
          année.
        - Pour un en-tête de lettre, mettez le mois en toutes lettres minuscules, le simple
          quantième devant et l'an derrière.
        - Passez cette notation chiffrée à la forme longue française (comme 25 décembre 1999).
        """,
        es="""
        - Escribe la fecha ISO al estilo de 7 de marzo de 2021, con el día sin cero inicial y el mes
          en minúsculas.
        - Para el encabezado de una carta, pon el mes con su nombre, el simple número del día
          delante y el año detrás, unidos por «de».
        - Pasa esta notación numérica a la forma larga española (como 25 de diciembre de 1999).
        """,
        it="""
        - Scrivi la data ISO alla maniera di 7 marzo 2021, cioè giorno senza zero iniziale, nome del
          mese, anno.
        - Per l'intestazione di una lettera, metti il mese per esteso in minuscolo, il semplice
          numero del giorno davanti e l'anno dietro.
        - Porta questa notazione numerica alla forma lunga italiana (come 25 dicembre 1999).
        """,
    ),
    make=_long_date,
)


def _draw_wait(rng: random.Random, _: str) -> dict[str, str]:
    return {"wait": str(rng.randint(5, 90))}


def _clock(rng: random.Random, params: Parameters, __: str) -> tuple[str, str]:
    hour, minute = rng.randrange(24), rng.randrange(60)
    half = "AM" if hour < 12 else "PM"
    later = (60 * hour + minute + int(params["wait"])) % 1440
    return f"{(hour + 11) % 12 + 1}:{minute:02d} {half}", f"{later // 60:02d}:{later % 60:02d}"


CLOCK_24 = Kind(
    name="clock_24",
    phrasings=worded(
        en="""
        - Add {wait} minutes to the 12-hour time and write the result as 24-hour time HH:MM, with
          leading zeros.
        - A European timetable has no AM or PM. How would it print a departure {wait} minutes after
          this one, two digits each?
        - What does a digital clock from 00:00 to 23:59 show {wait} minutes past the moment given?
        - The concert was put off by {wait} minutes. Announce its new start in four-digit hours and
          minutes with a colon, midnight being 00:00.
        """,
    ),
    make=_clock,
    draw=_draw_wait,
)


def _draw_pause(rng: random.Random, _: str) -> dict[str, str]:
    return {"pause": str(5 * rng.randint(2, 18))}


def _duration(rng: random.Random, params: Parameters, __: str) -> tuple[str, str]:
    start, pause = rng.randrange(0, 1200), int(params["pause"])
    length = rng.randint(pause + 5, 1439 - start)
    end, rest = start + length, length - pause
    text = f"{start // 60:02d}:{start % 60:02d} - {end // 60:02d}:{end % 60:02d}"
    return text, f"{rest // 60} h {rest % 60} min"


DURATION = Kind(
    name="duration",
    phrasings=worded(
        en="""
        - How long is the working time between the two clock times of a day, less a break of {pause}
          minutes? Answer like 2 h 5 min.
        - The shop opens and closes as shown but shuts {pause} minutes for lunch. State its total
          opening time in the pattern "3 h 0 min".
        - Work out the time elapsed from start to end, take {pause} minutes off, and write hours and
          minutes as in 0 h 45 min.
        - Deduct the earlier clock reading from the later one and then {pause} minutes more; format
          such as 10 h 7 min.
        """,
        de="""
        - Wie lang ist die Arbeitszeit zwischen den beiden Uhrzeiten eines Tages, abzüglich {pause}
          Minuten Pause? Antworte in der Art 2 h 5 min.
        - Der Laden öffnet und schließt wie angegeben, ist mittags aber {pause} Minuten zu. Nenne
          die gesamte Öffnungsdauer nach dem Muster „3 h 0 min“.
        - Berechne die vergangene Zeit von Anfang bis Ende, nimm {pause} Minuten weg und schreibe
          wie bei 0 h 45 min.
        """,
    ),
    make=_duration,
    draw=_draw_pause,
)

KINDS: tuple[Kind, ...] = (
    WEEKDAY,
    DAYS_BETWEEN,
    ADD_DAYS,
    LEAP_YEAR,
    LONG_DATE,
    CLOCK_24,
    DURATION,
)
