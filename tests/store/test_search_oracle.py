"""Search, against a reader that walks every document in Python: random documents, random questions."""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from healthspace.access.opening import Service
from healthspace.base.ids import new_id
from healthspace.base.text import fold
from healthspace.fhir.dates import instants_of, period_of
from healthspace.identity.caller import SERVICE
from healthspace.resources.grammar import build_query
from healthspace.resources.search import search
from healthspace.resources.store import insert

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CODES, SYSTEMS = ["a", "b", "c"], ["s", "t", None]
DATES = ["2023", "2024", "2024-02", "2024-02-29", "2024-02-29T10:30:00Z", "2024-02-29T23:30:00-05:00", "2025-12"]
WORDS = ["Résultats d’analyses", "Résultat", "Lettre de sortie", "LETTRE", "Œil droit"]
PREFIXES = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]
CONCEPTS = {
    "type": lambda doc: [doc["type"]],
    "category": lambda doc: doc["category"],
    "facility": lambda doc: [doc["context"]["facilityType"]],
    "event": lambda doc: doc["context"]["event"],
    "security-label": lambda doc: doc["securityLabel"],
}


def a_coding(draw: random.Random) -> dict[str, str]:
    system = draw.choice(SYSTEMS)
    return {**({"system": system} if system else {}), "code": draw.choice(CODES)}


def a_concept(draw: random.Random) -> dict[str, Any]:
    return {"coding": [a_coding(draw) for _ in range(draw.randint(0, 2))]}


def a_document(draw: random.Random) -> dict[str, Any]:
    start, end = draw.choice([None, *DATES]), draw.choice([None, *DATES])
    return {
        "resourceType": "DocumentReference",
        "status": draw.choice(["current", "superseded"]),
        "type": a_concept(draw),
        "category": [a_concept(draw)],
        "securityLabel": [a_concept(draw) for _ in range(draw.randint(0, 2))],
        "identifier": [{"system": draw.choice(["s", "t"]), "value": draw.choice(CODES)}],
        "date": draw.choice(DATES),
        "description": draw.choice(WORDS),
        "context": {"event": [a_concept(draw)], "facilityType": a_concept(draw), "period": {"start": start, "end": end}},
    }


def a_term(draw: random.Random) -> tuple[str, str]:
    name = draw.choice(["status", "type", "category", "facility", "event", "security-label", "identifier", "date", "period", "description"])
    several = range(draw.choice([1, 1, 2]))
    if name == "status":
        return name, ",".join(draw.choice(["current", "superseded"]) for _ in several)
    if name in {"date", "period"}:
        return name, ",".join(draw.choice(PREFIXES) + draw.choice(DATES) for _ in several)
    if name == "description":
        return name, ",".join(draw.choice(["resultat", "RÉSULTATS", "lettre", "oeil", "d", "analyses"]) for _ in several)
    forms = ["{1}", "{0}|{1}", "|{1}"] + ([] if name in {"identifier", "event"} else ["{0}|"])
    return name, ",".join(draw.choice(forms).format(draw.choice(["s", "t"]), draw.choice(CODES)) for _ in several)


def meets(document: dict[str, Any], name: str, value: str) -> bool:
    return any(_meets_one(document, name, one) for one in value.split(","))


def _meets_one(document: dict[str, Any], name: str, value: str) -> bool:
    if name == "status":
        return document["status"] == value
    if name == "description":
        return fold(document["description"]).startswith(fold(value))
    if name in {"date", "period"}:
        period = document["context"]["period"]
        target = instants_of(document["date"]) if name == "date" else period_of(period["start"], period["end"])
        return target is not None and _compare(value, target)
    if name == "identifier":
        return any(_is_token(value, item["system"], item["value"]) for item in document["identifier"])
    return any(
        _is_token(value, coding.get("system"), coding["code"]) for concept in CONCEPTS[name](document) for coding in concept["coding"]
    )


def _is_token(value: str, system: str | None, code: str) -> bool:
    asked_system, bar, asked_code = value.rpartition("|")
    if not bar:
        return code == value
    return (system or "") == asked_system and asked_code in {"", code}


def _compare(value: str, target: tuple[float, float]) -> bool:
    prefix, date = (value[:2], value[2:]) if value[:2] in PREFIXES[1:] else ("", value)
    span = instants_of(date)
    assert span is not None
    (first, last), (begins, ends) = span, target
    inside, above, below = first <= begins and ends <= last, ends > last, begins < first
    outcomes = {"": inside, "eq": inside, "ne": not inside, "gt": above, "lt": below, "ge": above or inside, "le": below or inside}
    return {**outcomes, "sa": begins > last, "eb": ends < first}[prefix]


@pytest.mark.parametrize("seed", range(6))
async def test_search_finds_what_reading_everything_finds(service: Service, seed: int) -> None:
    draw = random.Random(seed)
    documents: dict[UUID, dict[str, Any]] = {}
    async with service.door.permit_to_open(SERVICE) as p:
        for _ in range(25):
            identifier, document = new_id(p.owner), a_document(draw)
            documents[identifier] = document
            await insert(p.tx, p.cipher, p.keys, identifier, document, NOON)
        for _ in range(60):
            terms = [a_term(draw) for _ in range(draw.randint(1, 3))]
            page = await search(p.tx, p.cipher, build_query("DocumentReference", [*terms, ("_count", "200")], p.keys))
            expected = {identifier for identifier, document in documents.items() if all(meets(document, *term) for term in terms)}
            assert ({entry.id for entry in page.entries}, page.total) == (expected, len(expected)), terms


@pytest.mark.parametrize("seed", range(3))
async def test_hidden_labels_hide_in_every_search_but_from_the_depositor(service: Service, seed: int) -> None:
    draw = random.Random(seed)
    async with service.door.permit_to_open(SERVICE) as p:
        mine, theirs = (p.keys.hash64("depositor", key) for key in ("finess|1", "finess|2"))
        shown: set[UUID] = set()
        for _ in range(30):
            identifier, document, depositor = new_id(p.owner), a_document(draw), draw.choice([mine, theirs])
            await insert(p.tx, p.cipher, p.keys, identifier, document, NOON, extra_hashes=(depositor,))
            labels = {coding["code"] for concept in document["securityLabel"] for coding in concept["coding"]}
            if depositor == mine or "a" not in labels:
                shown.add(identifier)
        query = build_query("DocumentReference", [("_count", "7")], p.keys)
        query.hidden, query.unless = [p.keys.hash32("DocumentReference", "security-label", "a")], mine
        found: list[UUID] = []
        while True:
            page = await search(p.tx, p.cipher, query)
            found += [entry.id for entry in page.entries]
            assert page.total == len(shown)
            if page.next is None:
                break
            query.after = page.next
    assert len(found) == len(shown)
    assert set(found) == shown
