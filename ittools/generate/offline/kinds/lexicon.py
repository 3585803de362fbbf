"""Word lists of each language and plain sentences made of them.

sentence(rng, "en")  ->  "On Monday Clara buys a warm coat in Bristol."
"""

from __future__ import annotations

import random

NAMES: dict[str, tuple[str, ...]] = {
    "en": tuple(
        "Alice Ben Clara David Emma Frank Grace Henry Isla Jack Kate Liam Mary Noah Olive Peter "
        "Ruth Sam Tina Victor".split()
    ),
    "de": tuple(
        "Anna Bernd Clara Dieter Emma Felix Greta Hans Ida Jonas Karin Lukas Maria Nils Olga "
        "Paul Ralf Sabine Tim Ute".split()
    ),
    "fr": tuple(
        "Alice Benoît Camille David Emma Fabien Gabriel Hugo Inès Julien Karine Louis Manon "
        "Nathan Olivier Paul Romain Sophie Thomas Valérie".split()
    ),
    "es": tuple(
        "Ana Bruno Carmen Diego Elena Felipe Gloria Hugo Irene Javier Laura Manuel Nuria Olga "
        "Pablo Rosa Sergio Teresa Valeria Marcos".split()
    ),
    "it": tuple(
        "Anna Bruno Carla Davide Elisa Franco Giulia Luca Irene Marco Nadia Paolo Rita Sergio "
        "Teresa Ugo Valeria Pietro Laura Matteo".split()
    ),
}

SURNAMES: dict[str, tuple[str, ...]] = {
    "en": tuple("Smith Brown Taylor Walker Green Hall Wright Baker Cooper Ward Turner".split()),
    "de": tuple("Schmidt Weber Fischer Wagner Becker Hoffmann Koch Richter Klein Wolf".split()),
    "fr": tuple("Martin Bernard Dubois Moreau Laurent Garcia Roux Fournier Girard Bonnet".split()),
    "es": tuple("Torres Romero Navarro Molina Ortega Delgado Castro Rubio Vargas Serrano".split()),
    "it": tuple("Rossi Russo Ferrari Bianchi Romano Ricci Marino Greco Conti Costa".split()),
}

CITIES: dict[str, tuple[str, ...]] = {
    "en": tuple(
        "London Bristol Leeds York Boston Dublin Chicago Oxford Denver Glasgow Austin Cardiff "
        "Toronto Sydney Belfast".split()
    ),
    "de": tuple(
        "Berlin Hamburg Bremen Dresden Leipzig Wien Graz Bonn Kassel Mainz Ulm Bern Basel "
        "Erfurt Rostock".split()
    ),
    "fr": tuple(
        "Paris Lyon Nantes Lille Rennes Toulouse Bordeaux Strasbourg Grenoble Dijon Tours "
        "Metz Reims Nice Brest".split()
    ),
    "es": tuple(
        "Madrid Barcelona Sevilla Valencia Bilbao Granada Toledo Burgos Zaragoza Murcia Cuenca "
        "Salamanca Segovia Lima Bogotá".split()
    ),
    "it": tuple(
        "Roma Milano Torino Napoli Firenze Bologna Genova Verona Venezia Palermo Parma Pisa "
        "Trieste Siena Bari".split()
    ),
}

# No word stands in two of the lists ANIMALS, FRUIT and COLOURS ("orange" is in none).
ANIMALS: dict[str, tuple[str, ...]] = {
    "en": tuple("cat dog horse cow sheep goat rabbit fox wolf bear duck goose mouse pig".split()),
    "de": tuple("Katze Hund Pferd Kuh Schaf Ziege Hase Fuchs Wolf Esel Ente Gans Maus Schwein".split()),
    "fr": tuple("chat chien cheval vache mouton lapin renard loup ours canard souris cochon tigre".split()),
    "es": tuple("gato perro caballo vaca oveja cabra conejo zorro lobo oso pato cerdo toro".split()),
    "it": tuple("gatto cane cavallo mucca pecora capra coniglio volpe lupo orso topo maiale asino".split()),
}

FRUIT: dict[str, tuple[str, ...]] = {
    "en": tuple("apple pear cherry banana grape melon lemon mango strawberry raspberry".split()),
    "de": tuple("Apfel Birne Kirsche Banane Traube Melone Zitrone Mango Erdbeere Himbeere Ananas".split()),
    "fr": tuple("pomme poire cerise banane raisin melon citron mangue fraise framboise ananas".split()),
    "es": tuple("manzana pera cereza plátano uva melón limón mango fresa frambuesa piña".split()),
    "it": tuple("mela pera ciliegia banana uva melone limone mango fragola lampone ananas".split()),
}

COLOURS: dict[str, tuple[str, ...]] = {
    "en": tuple("red blue green yellow black white brown grey purple pink".split()),
    "de": tuple("rot blau grün gelb schwarz weiß braun grau lila rosa".split()),
    "fr": tuple("rouge bleu vert jaune noir blanc brun gris violet beige".split()),
    "es": tuple("rojo azul verde amarillo negro blanco marrón gris morado beige".split()),
    "it": tuple("rosso blu verde giallo nero bianco marrone grigio viola beige".split()),
}

NOUNS: dict[str, tuple[str, ...]] = {
    "en": tuple(
        "table chair window door lamp garden street bridge river mountain forest village market "
        "school letter pencil bottle basket blanket mirror kitchen bicycle train ticket hammer "
        "ladder needle button candle pillow carpet cupboard engine island valley harbour castle "
        "library museum station".split()
    ),
    "de": tuple(
        "Tisch Stuhl Fenster Lampe Garten Brunnen Fluss Berg Wald Dorf Markt Schule Brief Stift "
        "Flasche Korb Decke Spiegel Keller Fahrrad Zug Hammer Leiter Nadel Knopf Kerze Kissen "
        "Teppich Schrank Motor Insel Tal Hafen Burg Museum Bahnhof Zimmer Jacke Wolke "
        "Zeitung".split()
    ),
    "fr": tuple(
        "table chaise lampe jardin rue pont rivière montagne village lettre crayon bouteille "
        "panier couverture miroir cuisine train billet marteau aiguille bouton bougie oreiller "
        "tapis armoire moteur vallée port gare maison valise cahier fontaine voiture nuage "
        "journal moulin bateau ferme couteau".split()
    ),
    "es": tuple(
        "mesa silla ventana puerta jardín calle puente montaña bosque pueblo mercado escuela "
        "carta botella manta espejo cocina bicicleta tren billete martillo escalera aguja vela "
        "alfombra armario motor isla valle puerto castillo museo casa maleta cuaderno fuente "
        "barco nube cuchillo camisa".split()
    ),
    "it": tuple(
        "tavolo sedia finestra porta lampada giardino strada ponte fiume montagna bosco paese "
        "mercato scuola lettera matita bottiglia cesto coperta specchio cucina treno biglietto "
        "martello scala bottone candela cuscino tappeto armadio motore isola valle porto "
        "castello museo stazione valigia quaderno nuvola".split()
    ),
}

WARES: dict[str, tuple[str, ...]] = {
    "en": tuple(
        "table chair lamp pencil bottle basket blanket mirror hammer ladder needle button candle "
        "pillow carpet".split()
    ),
    "de": tuple(
        "Tisch Stuhl Lampe Stift Flasche Korb Decke Spiegel Hammer Leiter Nadel Knopf Kerze "
        "Kissen Teppich".split()
    ),
    "fr": tuple(
        "table chaise lampe crayon bouteille panier couverture miroir marteau aiguille bouton "
        "bougie oreiller tapis cahier".split()
    ),
    "es": tuple(
        "mesa silla botella manta espejo martillo escalera aguja vela alfombra armario maleta "
        "cuaderno cuchillo camisa".split()
    ),
    "it": tuple(
        "tavolo sedia lampada matita bottiglia cesto coperta specchio martello bottone candela "
        "cuscino tappeto valigia quaderno".split()
    ),
}

# Time, verb and object; none agrees with the gender of the person.
_TIMES: dict[str, tuple[str, ...]] = {
    "en": ("On Monday", "On Friday", "Every morning", "In the evening", "After work", "Today"),
    "de": ("Am Montag", "Am Freitag", "Jeden Morgen", "Am Abend", "Nach der Arbeit", "Heute"),
    "fr": ("Le lundi", "Le vendredi", "Chaque matin", "Le soir", "Cette semaine", "En hiver"),
    "es": ("El lunes", "El viernes", "Cada mañana", "Por la tarde", "Hoy", "En verano"),
    "it": ("Il lunedì", "Il venerdì", "Ogni mattina", "La sera", "Oggi", "In estate"),
}

_ACTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("buys", "a warm coat"),
        ("reads", "a long novel"),
        ("sells", "fresh bread"),
        ("repairs", "an old bicycle"),
        ("visits", "the small museum"),
        ("writes", "a short letter"),
        ("paints", "the garden fence"),
        ("meets", "three good friends"),
        ("cooks", "a big pot of soup"),
        ("cleans", "the dusty windows"),
        ("carries", "two heavy suitcases"),
        ("plants", "several young trees"),
    ),
    "de": (
        ("kauft", "einen warmen Mantel"),
        ("liest", "einen langen Roman"),
        ("verkauft", "frisches Brot"),
        ("repariert", "ein altes Fahrrad"),
        ("besucht", "das kleine Museum"),
        ("schreibt", "einen kurzen Brief"),
        ("streicht", "den Zaun im Garten"),
        ("trifft", "drei gute Freunde"),
        ("kocht", "einen Topf Suppe"),
        ("putzt", "die staubigen Fenster"),
        ("holt", "zwei schwere Koffer"),
        ("pflanzt", "mehrere junge Birken"),
    ),
    "fr": (
        ("achète", "un manteau chaud"),
        ("lit", "un long roman"),
        ("vend", "du pain frais"),
        ("répare", "un vieux vélo"),
        ("visite", "le petit musée"),
        ("rédige", "une courte lettre"),
        ("repeint", "la porte du jardin"),
        ("rencontre", "trois bons amis"),
        ("prépare", "une grande soupe"),
        ("nettoie", "les vitres sales"),
        ("porte", "deux lourdes valises"),
        ("plante", "plusieurs jeunes sapins"),
    ),
    "es": (
        ("compra", "un abrigo nuevo"),
        ("lee", "una novela larga"),
        ("vende", "pan recién hecho"),
        ("repara", "una bicicleta vieja"),
        ("visita", "el museo pequeño"),
        ("escribe", "una carta breve"),
        ("pinta", "la valla del patio"),
        ("saluda", "a tres buenos amigos"),
        ("prepara", "una sopa de verduras"),
        ("limpia", "los cristales sucios"),
        ("lleva", "dos maletas pesadas"),
        ("planta", "varios pinos jóvenes"),
    ),
    "it": (
        ("compra", "un cappotto nuovo"),
        ("legge", "un romanzo lungo"),
        ("vende", "pane fresco"),
        ("ripara", "una vecchia bicicletta"),
        ("visita", "il piccolo museo"),
        ("scrive", "una breve lettera"),
        ("dipinge", "la porta del giardino"),
        ("incontra", "tre buoni amici"),
        ("prepara", "una zuppa di verdure"),
        ("pulisce", "i vetri sporchi"),
        ("porta", "due valigie pesanti"),
        ("pianta", "molti giovani pini"),
    ),
}

_ORDER = {
    "en": "{time} {name} {verb} {what} in {city}",
    "de": "{time} {verb} {name} in {city} {what}",
    "fr": "{time}, {name} {verb} {what} à {city}",
    "es": "{time} {name} {verb} {what} en {city}",
    "it": "{time} {name} {verb} {what} a {city}",
}


def plain(words: tuple[str, ...]) -> list[str]:
    """The words without accents, whose alphabetical order is the same by every rule."""
    return [word for word in words if word.isascii()]


def statement(rng: random.Random, language: str) -> str:
    """A sentence without its closing mark."""
    verb, what = rng.choice(_ACTIONS[language])
    return _ORDER[language].format(
        time=rng.choice(_TIMES[language]),
        name=rng.choice(NAMES[language]),
        verb=verb,
        what=what,
        city=rng.choice(CITIES[language]),
    )


def sentence(rng: random.Random, language: str) -> str:
    return statement(rng, language) + "."


def full_name(rng: random.Random, language: str) -> str:
    return f"{rng.choice(NAMES[language])} {rng.choice(SURNAMES[language])}"
