"""The Provenance of what was read out of a document: the document, its authors, and where in it each fact stands. Pure."""

from collections.abc import Iterable
from uuid import UUID

from healthspace.base.fhirjson import PLACE, compact
from healthspace.base.ids import made_at
from healthspace.fhir.bundle import dicts, string, strings
from healthspace.resources.stored import Resource, instant

PARTICIPANTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
PEOPLE = {"PractitionerRole": "Practitioner"}
"""The type of the person in a role, for a reference to the person."""


def describe_origin(
    document: UUID, reference: Resource, identifier: UUID, places: Iterable[tuple[str, str]], meta: Resource, depositor: Iterable[Resource]
) -> Resource:
    """One Provenance for all that was read out of `reference`; `places` are the facts (`Type/id`), each with its place in the document."""
    made = made_at(document)
    assert made is not None  # noqa: S101 - a document has an id of ours
    return compact(
        {
            "resourceType": "Provenance",
            "id": str(identifier),
            "meta": meta,
            "extension": list(depositor),
            "target": [{"extension": [{"url": PLACE, "valueString": place}], "reference": target} for target, place in places],
            "recorded": instant(made),
            "agent": _agents(reference),
            "entity": [{"role": "source", "what": {"reference": f"DocumentReference/{document}"}}],
        }
    )


def _agents(reference: Resource) -> list[Resource]:
    """The authors of the document, as references to whom they are; who answers for it when it names none."""
    contained = {f"#{string(one.get('id'))}": one for one in dicts(reference.get("contained"))}
    told = [party for author in dicts(reference.get("author")) if "who" in (party := _party(author, contained))]
    kind = "author" if told else "custodian"
    parties = told or [{"who": {"display": "unknown"}, **_party(reference.get("custodian", {}), contained)}]
    return [{"type": {"coding": [{"system": PARTICIPANTS, "code": kind}]}, **party} for party in parties]


def _party(author: Resource, contained: dict[str, Resource]) -> Resource:
    """`who` and `onBehalfOf` of an agent, without what is contained in the document's own description."""
    within = contained.get(string(author.get("reference")))
    if within is None:
        return compact({"who": _logical(author)})
    person, place = (_follow(within.get(link), contained) for link in ("practitioner", "organization"))
    if within.get("resourceType") == "PractitionerRole":
        return compact({"who": person or place, "onBehalfOf": place})
    return compact({"who": _identity(within), "onBehalfOf": _follow(within.get("owner"), contained)})


def _follow(reference: object, contained: dict[str, Resource]) -> Resource:
    if not isinstance(reference, dict):
        return {}
    within = contained.get(string(reference.get("reference")))
    return _identity(within) if within is not None else _logical(reference)


def _logical(reference: Resource) -> Resource:
    """A reference without its address; an identifier that is none (what is contained was not checked) is left out."""
    told = compact({name: string(reference.get(name)) for name in ("type", "display")})
    return {**told, **_identifier(reference.get("identifier"))}


def _identity(person: Resource) -> Resource:
    """A logical reference to a person, place or device that is described in full elsewhere."""
    first = next(iter(dicts(person.get("identifier"))), None)
    told = {**_identifier(first), **compact({"display": _name(person)})}
    kind = string(person.get("resourceType"))
    return {"type": PEOPLE.get(kind, kind), **told} if told else {}


def _identifier(given: object) -> Resource:
    if not isinstance(given, dict) or not string(given.get("value")):
        return {}
    return {"identifier": compact({name: string(given.get(name)) for name in ("system", "value")})}


def _name(person: Resource) -> str:
    if name := string(person.get("name")):
        return name
    first: Resource = next(iter(dicts(person.get("name")) or dicts(person.get("deviceName"))), {})
    parts = [*strings(first.get("prefix")), *strings(first.get("given")), string(first.get("family"))]
    return string(first.get("text")) or string(first.get("name")) or " ".join(part for part in parts if part)
