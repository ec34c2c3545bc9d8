"""Places of birth (INSEE, code officiel géographique) and addresses."""

from random import Random

from healthspace.population.model import Home

ANJOU = (
    ("49007", "Angers"),
    ("49099", "Cholet"),
    ("49328", "Saumur"),
    ("49353", "Trélazé"),
    ("49015", "Avrillé"),
    ("49246", "Les Ponts-de-Cé"),
    ("49331", "Segré-en-Anjou Bleu"),
    ("49063", "Chalonnes-sur-Loire"),
)
MAINLAND = (
    ("44109", "Nantes"),
    ("72181", "Le Mans"),
    ("53130", "Laval"),
    ("37261", "Tours"),
    ("35238", "Rennes"),
    ("29019", "Brest"),
    ("29232", "Quimper"),
    ("75114", "Paris 14e Arrondissement"),
    ("69383", "Lyon 3e Arrondissement"),
    ("13205", "Marseille 5e Arrondissement"),
    ("59350", "Lille"),
    ("67482", "Strasbourg"),
    ("33063", "Bordeaux"),
    ("31555", "Toulouse"),
    ("86194", "Poitiers"),
    ("06088", "Nice"),
    ("85191", "La Roche-sur-Yon"),
    ("94038", "L’Haÿ-les-Roses"),
)
CORSICA = (("2A004", "Ajaccio"), ("2B033", "Bastia"), ("2B096", "Corte"), ("2A247", "Porto-Vecchio"))
OVERSEAS = (
    ("97105", "Basse-Terre"),
    ("97120", "Pointe-à-Pitre"),
    ("97209", "Fort-de-France"),
    ("97302", "Cayenne"),
    ("97411", "Saint-Denis"),
    ("97416", "Saint-Pierre"),
    ("97611", "Mamoudzou"),
)
# Births abroad are coded by country, 99 and a number.
ABROAD = (
    ("99352", "Algérie"),
    ("99350", "Maroc"),
    ("99139", "Portugal"),
    ("99341", "Sénégal"),
    ("99136", "Irlande"),
    ("99122", "Pologne"),
    ("99208", "Turquie"),
    ("99243", "Viêt Nam"),
)
KINDS = {"anjou": ANJOU, "mainland": MAINLAND, "corsica": CORSICA, "overseas": OVERSEAS, "abroad": ABROAD}

TOWNS = (
    ("49000", "Angers"),
    ("49100", "Angers"),
    ("49300", "Cholet"),
    ("49400", "Saumur"),
    ("49800", "Trélazé"),
    ("49240", "Avrillé"),
    ("49130", "Les Ponts-de-Cé"),
)
ISLAND_TOWNS = {"corsica": ("20000", "Ajaccio"), "overseas": ("97400", "Saint-Denis")}
STREETS = (
    "rue des Lices",
    "rue de l’Évêché",
    "avenue du Général-Leclerc",
    "boulevard du Roi-René",
    "place de la République",
    "chemin des Aubépines",
    "impasse du Vieux-Puits",
    "rue Saint-Aubin",
    "allée des Érables",
    "quai des Carmes",
    "rue Hélène-Boucher",
    "route de la Pyramide",
    "rue Jeanne-d’Arc",
    "square de l’Île-d’Or",
)


def pick_birth_place(random: Random, kind: str | None = None) -> tuple[str, str]:
    """An INSEE code and its name: of that kind, or most often near Angers."""
    if kind is None:
        kind = random.choices(tuple(KINDS), (60, 24, 4, 6, 6))[0]
    return random.choice(KINDS[kind])


def pick_home(random: Random, kind: str | None = None) -> Home:
    """An address around Angers, or on an island."""
    postal_code, city = ISLAND_TOWNS.get(kind or "") or random.choice(TOWNS)
    number = str(random.randint(1, 180)) + random.choice(("", "", "", " bis"))
    return Home(number, random.choice(STREETS), postal_code, city)
