"""French names, by generation. Family names are in capitals with their accents, as civil registers print them."""

from random import Random

_COMMON = (
    "MARTIN BERNARD PETIT ROBERT RICHARD DUBOIS MOREAU LAURENT SIMON MICHEL LEFÈVRE LEROY ROUX DAVID BERTRAND MOREL FOURNIER "
    "GIRARD BONNET DUPONT FONTAINE ROUSSEAU VINCENT MÜLLER LEFEBVRE FAURE ANDRÉ MERCIER BLANC GUÉRIN BOYER GARNIER CHEVALIER "
    "FRANÇOIS LEGRAND GAUTHIER GARCIA PERRIN ROBIN CLÉMENT MORIN NICOLAS HENRY ROUSSEL MATHIEU GAUTIER MASSON MARCHAND DUVAL "
    "DENIS DUMONT MARIE LEMAIRE NOËL MEYER DUFOUR MEUNIER BRUN BLANCHARD GIRAUD JOLY RIVIÈRE LUCAS BRUNET GAILLARD BARBIER "
    "ARNAUD MARTÍNEZ GÉRARD ROCHE RENARD SCHMITT ROY LEROUX COLIN VIDAL CARON PICARD ROGER FABRE AUBERT LEMOINE RENAUD DUMAS "
    "LACROIX OLIVIER PHILIPPE BOURGEOIS PIERRE BENOÎT REY LECLERC PAYET ROLLAND LECLERCQ GUILLAUME LECOMTE LÓPEZ JEAN DUPUY "
    "BÉRANGER CHÂTELAIN GAËTAN LOISEAU POIRIER BRETEAU MÉNARD COURTOIS RÉMOND GOUJON BOISSEAU CESBRON GAUDIN PINEAU RABIN"
)
FAMILIES = (
    *_COMMON.split(),
    "LE GOFF",
    "LE GALL",
    "LE ROUX",
    "DE LA FONTAINE",
    "DU PLESSIS",
    "D’HÉROUVILLE",
    "L’HERMITTE",
    "O’BRIEN",
    "O’CONNOR",
    "SAINT-MARTIN",
    "PETIT-JEAN",
    "BEN YOUSSEF",
    "EL AMRANI",
    "N’DIAYE",
    "DIALLO",
    "TRAORÉ",
    "NGUYEN",
    "DA SILVA",
    "FERREIRA",
    "KOWALSKI",
    "YILMAZ",
)
CORSICAN = ("SANTINI", "MATTEI", "CASANOVA", "LECA-ROCCA", "PIETRI", "ORSONI")
OVERSEAS = ("HOARAU", "GRONDIN", "PAYET", "JEAN-BAPTISTE", "MARIE-JOSEPH", "CÉLESTINE", "ZÉPHIR", "SAINTE-ROSE")
# Names of those born abroad, by country of birth (INSEE).
ABROAD = {
    "99352": ("BEN YOUSSEF", "BENALI", "HADDAD"),
    "99350": ("EL AMRANI", "BERRADA", "ALAOUI"),
    "99139": ("DA SILVA", "FERREIRA", "DOS SANTOS"),
    "99341": ("N’DIAYE", "DIALLO", "FALL"),
    "99136": ("O’BRIEN", "O’CONNOR", "MURPHY"),
    "99122": ("KOWALSKI", "NOWAK", "WOJCIK"),
    "99208": ("YILMAZ", "DEMIR", "KAYA"),
    "99243": ("NGUYEN", "TRAN", "PHAM"),
}

# (born before this year, women's given names, men's given names)
GENERATIONS = (
    (
        1946,
        "Jeannine Denise Simone Yvette Paulette Germaine Madeleine Odette Thérèse Yvonne Jacqueline Raymonde Solange",
        "André Marcel Roger René Raymond Lucien Fernand Émile Henri Gaston Maurice Léon Eugène",
    ),
    (
        1966,
        "Monique Françoise Michèle Nicole Annie Chantal Brigitte Sylvie Martine Anne-Marie Josiane Évelyne Marie-Thérèse",
        "Jean-Pierre Michel Alain Bernard Gérard Patrick Christian Jean-Claude Daniel Philippe Serge Jean-François Rémi",
    ),
    (
        1986,
        "Nathalie Isabelle Sandrine Stéphanie Céline Delphine Aurélie Élodie Karine Valérie Marie-Laure Fatima Aïcha",
        "Stéphane Laurent Sébastien Frédéric Nicolas Jérôme David Cédric Ludovic Jean-Marc Karim François-Xavier Loïc",
    ),
    (
        2006,
        "Léa Manon Camille Chloé Anaïs Océane Mélanie Pauline Maëva Inès Solène Marie-Lou Héloïse",
        "Thomas Alexandre Maxime Quentin Théo Hugo Kévin Baptiste Clément Mehdi Paul-Émile Grégoire Joël",
    ),
    (
        9999,
        "Jade Louise Alice Zoé Ambre Maëlle Léonie Romane Agathe Éléa Noémie Inaya Anna-Rose",
        "Gabriel Léo Raphaël Maël Noé Jules Sacha Éden Ismaël Côme Marius Timéo Jean-Baptiste",
    ),
)


def pick_family(random: Random, birth_place: str) -> str:
    """A family name; islands and other countries have some of their own."""
    if birth_place in ABROAD:
        return random.choice(ABROAD[birth_place])
    if birth_place.startswith("2") and not birth_place[1].isdigit():
        return random.choice(CORSICAN)
    if birth_place.startswith("97") and random.random() < 0.7:
        return random.choice(OVERSEAS)
    return random.choice(FAMILIES)


def pick_givens(random: Random, sex: str, year: int) -> tuple[str, ...]:
    """One to three given names of the person's generation; the second may come from the one before, as after a grandparent."""
    rank = next(rank for rank, generation in enumerate(GENERATIONS) if year < generation[0])
    column = 2 if sex == "male" else 1
    names = str(GENERATIONS[rank][column]).split()
    older = str(GENERATIONS[max(rank - 1, 0)][column]).split()
    first = random.choice(names)
    others = [name for name in (random.choice(older), random.choice(names)) if name != first]
    return (first, *dict.fromkeys(others[: random.choice((0, 1, 1, 2))]))


def join(first: str, second: str) -> str:
    """A double family name."""
    return f"{first}-{second}" if first != second and "-" not in first + second else first
