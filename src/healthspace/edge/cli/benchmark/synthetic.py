"""The load of the benchmarks: invented citizens with results and documents, the same for every run and every server.

A resource is made from its number alone, so that nothing has to be kept and two million cost no memory.
"""

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson

from healthspace.identity.directory import FINESS_OID
from healthspace.terminology.uris import CONFIDENTIALITY, LOINC, OBSERVATION_CATEGORIES, UCUM, URIS

BUNDLE = 100
"""Resources of a transaction: one citizen with their results and documents."""
DOCUMENTS = 20
RESULTS = BUNDLE - DOCUMENTS - 1
IDENTIFIERS = "urn:oid:2.16.250.1.999.1"
ANALYTES = (
    ("2345-7", "Glucose", "mmol/L", 4.1, 6.1),
    ("2160-0", "Créatinine", "umol/L", 49.0, 90.0),
    ("718-7", "Hémoglobine", "g/dL", 12.0, 16.0),
    ("2951-2", "Sodium", "mmol/L", 136.0, 145.0),
    ("2823-3", "Potassium", "mmol/L", 3.5, 5.1),
    ("3016-3", "TSH", "m[IU]/L", 0.4, 4.0),
    ("1988-5", "Protéine C réactive", "mg/L", 0.0, 5.0),
    ("8867-4", "Fréquence cardiaque", "/min", 60.0, 100.0),
)
FAMILIES = (
    "MARTIN BERNARD THOMAS PETIT ROBERT RICHARD DURAND DUBOIS MOREAU LAURENT SIMON MICHEL LEFÈVRE LEROY ROUX DAVID BERTRAND MOREL".split()
)
GIVENS = "Léa Hugo Chloé Louis Inès Gabriel Jade Raphaël Manon Arthur Zoé Jules Éloïse Noé Camille Adam".split()
SENTENCE = (
    "Prélèvement veineux effectué à jeun ; technique automatisée, contrôle interne de qualité conforme. Le résultat est à interpréter "
    "selon le contexte clinique et les antécédents du patient, en accord avec le prescripteur. "
)
TYPES = (("11502-2", "Compte rendu d’examens biologiques"), ("11490-0", "Lettre de liaison"), ("18748-4", "Compte rendu d’imagerie"))

Resource = dict[str, Any]


def patient(number: int) -> Resource:
    """The citizen of that number."""
    draw = random.Random(number)  # noqa: S311 - drawn from a seed, on purpose
    return {
        "resourceType": "Patient",
        "identifier": [{"system": IDENTIFIERS, "value": f"{number:09d}"}],
        "active": True,
        "name": [{"use": "official", "family": f"{draw.choice(FAMILIES)}-{number % 997:03d}", "given": [draw.choice(GIVENS)]}],
        "gender": draw.choice(["female", "male"]),
        "birthDate": f"{draw.randint(1930, 2023)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
        "address": [{"city": "Angers", "postalCode": "49000", "country": "FR"}],
    }


def observation(number: int, place: int, subject: str) -> Resource:
    """A laboratory result of about 3.6 kB: the `place`-th of the citizen `number`, whose reference is `subject`."""
    draw = random.Random(number * 1000 + place)  # noqa: S311
    code, name, unit, low, high = ANALYTES[place % len(ANALYTES)]
    value = round(draw.uniform(low * 0.7, high * 1.3), 2)
    told = f"{name} : {value} {unit}. " + SENTENCE * 9
    return {
        "resourceType": "Observation",
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{told}{draw.random()}</p></div>'},
        "identifier": [{"system": "urn:oid:2.16.250.1.999.2", "value": f"{number}-{place}-{draw.getrandbits(40):x}"}],
        "status": "final",
        "category": [{"coding": [{"system": OBSERVATION_CATEGORIES, "code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": code, "display": name}], "text": name},
        "subject": {"reference": subject},
        "effectiveDateTime": f"{2015 + place % 10}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}T08:{place % 60:02d}:00+01:00",
        "performer": [{"display": f"Laboratoire {number % 50}", "identifier": {"system": FINESS_OID, "value": "1990000052"}}],
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        "referenceRange": [{"low": _quantity(low, unit), "high": _quantity(high, unit), "text": "Valeurs usuelles de l’adulte"}],
        "note": [{"text": SENTENCE}],
    }


def document(number: int, place: int, subject: str) -> Resource:
    """The description of a document: the `place`-th of the citizen `number`."""
    draw = random.Random(number * 1000 + 500 + place)  # noqa: S311
    code, name = TYPES[place % len(TYPES)]
    unique = UUID(int=draw.getrandbits(128), version=4)
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": URIS, "value": f"urn:uuid:{unique}"},
        "status": "superseded" if place % 10 == 9 else "current",
        "type": {"coding": [{"system": LOINC, "code": code, "display": name}]},
        "category": [{"coding": [{"system": "urn:oid:1.2.250.1.213.1.1.4.1", "code": "10"}]}],
        "subject": {"reference": subject},
        "date": f"{2015 + place % 10}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}T10:00:00Z",
        "author": [{"display": f"Dr {draw.choice(FAMILIES)}"}],
        "description": name,
        "securityLabel": [{"coding": [{"system": CONFIDENTIALITY, "code": "N"}]}],
        "content": [{"attachment": {"contentType": "application/pdf", "url": f"urn:uuid:{unique}", "title": name, "size": 51_200}}],
        "context": {"period": {"start": f"{2015 + place % 10}-01-01"}},
    }


def transaction(number: int) -> bytes:
    """The whole of one citizen as a transaction of BUNDLE resources, whose ids the server gives."""
    subject = f"urn:uuid:{UUID(int=(number << 64) + 1, version=4)}"
    made = [patient(number), *(observation(number, place, subject) for place in range(RESULTS))]
    made += [document(number, place, subject) for place in range(DOCUMENTS)]
    entries = [
        {
            "fullUrl": subject if place == 0 else f"urn:uuid:{UUID(int=(number << 64) + 2 + place, version=4)}",
            "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        for place, resource in enumerate(made)
    ]
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def transactions(first: int) -> Iterator[bytes]:
    """Transactions without end, each of another citizen."""
    number = first
    while True:
        yield transaction(number)
        number += 1


def _quantity(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}
