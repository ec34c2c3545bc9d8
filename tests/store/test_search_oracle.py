"""Search, against a reader that looks at every resource: random results, random questions, random orders."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.ids import new_id
from healthspace.base.text import fold
from healthspace.fhir.searching.match import matches
from healthspace.identity.caller import SERVICE, TECHNICAL
from healthspace.resources.grammar import Term, read_search
from healthspace.resources.planning import plan
from healthspace.resources.reach import Reach
from healthspace.resources.search import search
from healthspace.resources.store import insert
from healthspace.resources.work import Work
from tests.harness import a_citizen

Met = Callable[[dict[str, Any]], bool]

CODES, SYSTEMS = ["a", "b", "c"], ["urn:s", "urn:t", None]
DATES = ["2023", "2024-02", "2024-02-29", "2024-02-29T10:30:00Z", "2024-02-29T23:30:00-05:00", "2025-12"]
WORDS = ["Résultats d’analyses", "Résultat", "LETTRE", "Œil droit", "a,b|c"]
UNITS = [("mg", "http://unitsofmeasure.org"), ("g", "http://unitsofmeasure.org"), ("x", "urn:u")]
PREFIXES = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]


def a_coding(draw: random.Random) -> dict[str, str]:
    system = draw.choice(SYSTEMS)
    return {**({"system": system} if system else {}), "code": draw.choice(CODES), "display": draw.choice(WORDS)}


def a_concept(draw: random.Random) -> dict[str, Any]:
    return {"coding": [a_coding(draw) for _ in range(draw.randint(1, 2))]}


def a_quantity(draw: random.Random) -> dict[str, Any]:
    code, system = draw.choice(UNITS)
    return {"value": draw.choice([1, 1.5, 2, 1000, 1500]), "code": code, "system": system, "unit": code}


def an_observation(draw: random.Random, patient: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "status": draw.choice(["final", "amended"]),
        "identifier": [{"system": draw.choice(["urn:s", "urn:t"]), "value": draw.choice(CODES)}],
        "category": [a_concept(draw)],
        "code": a_concept(draw),
        "subject": {"reference": f"Patient/{patient}"},
        "component": [{"code": a_concept(draw), "valueQuantity": a_quantity(draw)} for _ in range(draw.randint(1, 2))],
        "meta": {"tag": [a_coding(draw)]},
    }
    made |= draw.choice([{"effectiveDateTime": draw.choice(DATES)}, {"effectivePeriod": {"start": "2024-01-01", "end": "2024-03-01"}}, {}])
    made |= draw.choice(
        [{"valueQuantity": a_quantity(draw)}, {"valueString": draw.choice(WORDS)}, {"valueCodeableConcept": a_concept(draw)}, {}]
    )
    return made | draw.choice([{"performer": [{"reference": f"Practitioner/{draw.choice(CODES)}"}]}, {}])


def a_term(draw: random.Random, patient: str) -> tuple[str, str]:
    code, system = draw.choice(CODES), draw.choice(["urn:s", "urn:t", ""])
    token = draw.choice([code, f"{system}|{code}", f"urn:s|{code}"])
    unit, unit_system = draw.choice(UNITS)
    number = draw.choice(["1", "1.5", "1.50", "2", "1000", "0.001"])
    quantity = draw.choice([number, f"{number}|{unit_system}|{unit}", f"{number}||{unit}"])
    word = draw.choice(["resultat", "RÉSULTATS", "lettre", "oeil", "analyses", "a\\,b"])
    several = draw.choice(["", f",{draw.choice(CODES)}"])
    return draw.choice(
        [
            ("status", "final"),
            ("status:not", "final"),
            ("status", draw.choice(["http://hl7.org/fhir/observation-status|", "|", "urn:s|"]) + draw.choice(["final", "amended"])),
            ("category", token + several),
            ("code", token + several),
            ("code:not", token + several),
            ("combo-code", token),
            ("component-code", token),
            ("code:text", word),
            ("identifier", token),
            ("_tag", token),
            ("code", "urn:s|"),
            ("date", draw.choice(PREFIXES) + draw.choice(DATES)),
            ("value-quantity", draw.choice(PREFIXES[:7]) + quantity),
            ("combo-value-quantity", quantity),
            ("value-string", word),
            ("value-string:contains", word),
            ("value-string:exact", draw.choice(WORDS[:4])),
            ("value-concept", token),
            ("performer", code),
            ("performer", f"Practitioner/{code}"),
            ("patient", patient),
            ("subject", f"Patient/{patient}"),
            ("date:missing", draw.choice(["true", "false"])),
            ("value-string:missing", "true"),
            ("code-value-quantity", f"{token}${number}"),
            ("component-code-value-quantity", f"{code}$gt{number}"),
        ]
    )


def meets(resource: dict[str, Any], term: tuple[str, str]) -> bool:
    asked = read_search("Observation", [term]).terms[0]
    assert isinstance(asked, Term)
    return matches(resource, asked.parameter, asked.modifier, asked.values)


def a_comparison(draw: random.Random, patient: str) -> tuple[str, Met]:
    """A comparison of a filter, and the ordinary terms that say when it is met."""
    code, system = draw.choice(CODES), draw.choice(["urn:s|", "urn:t|", ""])
    number, prefix, date = draw.choice(["1", "1.5", "1000"]), draw.choice(PREFIXES[1:]), draw.choice(DATES)
    unit = draw.choice(["", "|http://unitsofmeasure.org|mg", "||x"])
    word = draw.choice(["resultat", "lettre", "œil droit", "droit", "a,b|c"])
    escaped = word.replace(",", "\\,").replace("|", "\\|")
    present, absent = ("value-string:missing", "false"), ("value-string:missing", "true")
    return draw.choice(
        [
            (f"status eq {draw.choice(['final'])}", lambda one: meets(one, ("status", "final"))),
            ("status ne final", lambda one: not meets(one, ("status", "final"))),
            (f"code eq {system}{code}", lambda one: meets(one, ("code", system + code))),
            (f"identifier ne {system}{code}", lambda one: not meets(one, ("identifier", system + code))),
            (f"date {prefix} {date}", lambda one: meets(one, ("date", prefix + date))),
            (f"value-quantity {prefix} {number}{unit}", lambda one: meets(one, ("value-quantity", prefix + number + unit))),
            (f'value-string co "{word}"', lambda one: meets(one, ("value-string:contains", escaped))),
            (f'value-string sw "{word}"', lambda one: meets(one, ("value-string", escaped))),
            (f'value-string eq "{word}"', lambda one: fold(one.get("valueString", "")) == fold(word)),
            (f'value-string ne "{word}"', lambda one: fold(one.get("valueString", word)) != fold(word)),
            (f'value-string ew "{word}"', lambda one: fold(one.get("valueString", "")).endswith(fold(word))),
            ("value-string pr true", lambda one: meets(one, present)),
            ("value-string pr false", lambda one: meets(one, absent)),
            (f"subject re Patient/{patient}", lambda one: meets(one, ("subject", f"Patient/{patient}"))),
            (f"performer eq {code}", lambda one: meets(one, ("performer", code))),
            ("subject.gender eq unknown", lambda one: False),
        ]
    )


def a_filter(draw: random.Random, patient: str, depth: int = 0) -> tuple[str, Met]:
    kind = draw.choice(["comparison", "and", "or", "not"]) if depth < 3 else "comparison"
    if kind == "comparison":
        return a_comparison(draw, patient)
    (left, one), (right, other) = a_filter(draw, patient, depth + 1), a_filter(draw, patient, depth + 1)
    if kind == "not":
        return f"not ({left})", lambda resource: not one(resource)
    if kind == "and":
        return f"({left}) and ({right})", lambda resource: one(resource) and other(resource)
    return f"({left}) or ({right})", lambda resource: one(resource) or other(resource)


@pytest.mark.parametrize("seed", range(4))
async def test_a_filter_finds_what_its_comparisons_say(service: Service, seed: int) -> None:
    draw = random.Random(seed)
    patients = [str(await a_citizen(service, number)) for number in (1, 2)]
    kept: dict[str, dict[str, Any]] = {}
    async with permit_wide(service.door, TECHNICAL, Action.WRITE_RESOURCES) as p:
        work = Work(p)
        for _ in range(40):
            made = an_observation(draw, draw.choice(patients))
            kept[(await work.create(made)).stored.name] = made
        await work.flush()
    async with permit_wide(service.door, TECHNICAL, Action.SEARCH_RESOURCES) as reader:
        for _ in range(60):
            text, met = a_filter(draw, draw.choice(patients))
            asked = read_search("Observation", [("_filter", text), ("_count", "100")])
            page = await search(Reach(reader), *await plan(Reach(reader), asked))
            expected = {name for name, resource in kept.items() if met(resource)}
            assert ({entry.name for entry in page.entries}, page.total) == (expected, len(expected)), text


@pytest.mark.parametrize("seed", range(5))
async def test_search_finds_what_reading_everything_finds(service: Service, seed: int) -> None:
    draw = random.Random(seed)
    patients = [str(await a_citizen(service, number)) for number in (1, 2)]
    kept: dict[str, dict[str, Any]] = {}
    async with permit_wide(service.door, TECHNICAL, Action.WRITE_RESOURCES) as p:
        work = Work(p)
        for number in range(40):
            made = an_observation(draw, draw.choice(patients))
            done = (
                await work.create(made)
                if number % 3
                else await work.update("Observation", f"chosen-{number}", {**made, "id": f"chosen-{number}"})
            )
            kept[done.stored.name] = made
        await work.flush()
    async with permit_wide(service.door, TECHNICAL, Action.SEARCH_RESOURCES) as reader:
        for _ in range(80):
            terms = [a_term(draw, draw.choice(patients)) for _ in range(draw.randint(1, 3))]
            sort = draw.choice(["_id", "-_id", "date", "-date", "code", "-value-quantity,_id", "_lastUpdated", "value-string"])
            found: list[str] = []
            cursor: list[tuple[str, str]] = []
            while True:
                asked = read_search("Observation", [*terms, ("_sort", sort), ("_count", "7"), *cursor])
                page = await search(Reach(reader), *await plan(Reach(reader), asked))
                found += [entry.name for entry in page.entries]
                if page.next is None:
                    break
                cursor = [("_cursor", page.next)]
            expected = {name for name, resource in kept.items() if all(meets(resource, term) for term in terms)}
            assert (set(found), len(found), page.total) == (expected, len(expected), len(expected)), (terms, sort)


@pytest.mark.parametrize("seed", range(3))
async def test_hidden_labels_hide_in_every_search_but_from_the_depositor(service: Service, seed: int) -> None:
    from healthspace.access.depositor import SYSTEMS
    from healthspace.access.rules import Scope as Shown
    from healthspace.base.clock import now

    draw = random.Random(seed)
    async with service.door.permit_to_open(SERVICE) as p:
        shown: set[UUID] = set()
        for _ in range(30):
            identifier, depositor, label = new_id(p.owner), draw.choice(["1", "2"]), draw.choice(["MASQUE_PS", "N"])
            brought = {
                "url": "urn:healthspace:depositor",
                "valueReference": {"identifier": {"system": SYSTEMS["finess"], "value": depositor}},
            }
            document = {"resourceType": "DocumentReference", "status": "current", "extension": [brought]}
            document["securityLabel"] = [{"coding": [{"code": label}]}]
            await insert(p.tx, p.cipher, p.keys, identifier, document, now())
            if depositor == "1" or label == "N":
                shown.add(identifier)
        p.hidden, p.scope = frozenset({"MASQUE_PS"}), Shown.ALL
        p.caller = type(p.caller)(p.caller.kind, finess="1")
        found: list[UUID] = []
        cursor: list[tuple[str, str]] = []
        while True:
            asked = read_search("DocumentReference", [("_count", "7"), *cursor])
            page = await search(Reach(p), *await plan(Reach(p), asked))
            found += [entry.id for entry in page.entries]
            assert page.total == len(shown)
            if page.next is None:
                break
            cursor = [("_cursor", page.next)]
    assert len(found) == len(shown)
    assert set(found) == shown
