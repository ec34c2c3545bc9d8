"""The Provenance of what was read out of a document: the document, its authors, and where in it each fact stands. Pure."""

from collections.abc import Iterable
from uuid import UUID

from healthspace.base.fhirjson import PLACE, compact
from healthspace.base.ids import made_at
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
    contained = {f"#{one.get('id')}": one for one in reference.get("contained", [])}
    parties = [_party(author, contained) for author in reference.get("author", [])]
    told = [party for party in parties if "who" in party]
    kind = "author" if told else "custodian"
    parties = told or [_party(reference.get("custodian", {}), contained)]
    unknown = {"who": {"display": "unknown"}}
    return [{"type": {"coding": [{"system": PARTICIPANTS, "code": kind}]}, **(party if "who" in party else unknown)} for party in parties]


def _party(author: Resource, contained: dict[str, Resource]) -> Resource:
    """`who` and `onBehalfOf` of an agent, without what is contained in the document's own description."""
    within = contained.get(author.get("reference", ""))
    if within is None:
        return compact({"who": _logical(author)})
    if within["resourceType"] == "PractitionerRole":
        person, place = within.get("practitioner", {}), within.get("organization", {})
        return compact({"who": _follow(person, contained) or _follow(place, contained), "onBehalfOf": _follow(place, contained)})
    return compact({"who": _identity(within), "onBehalfOf": _follow(within.get("owner", {}), contained)})


def _follow(reference: Resource, contained: dict[str, Resource]) -> Resource:
    within = contained.get(reference.get("reference", ""))
    return _identity(within) if within is not None else _logical(reference)


def _logical(reference: Resource) -> Resource:
    return compact({name: reference.get(name) for name in ("type", "identifier", "display")})


def _identity(person: Resource) -> Resource:
    """A logical reference to a person, place or device that is described in full elsewhere."""
    identifiers, kind = person.get("identifier", []), person["resourceType"]
    first = identifiers[0] if isinstance(identifiers, list) and identifiers else None
    told = compact({"identifier": first, "display": _name(person)})
    return {"type": PEOPLE.get(kind, kind), **told} if told else {}


def _name(person: Resource) -> str:
    name = person.get("name") or person.get("deviceName") or ""
    if isinstance(name, str):
        return name
    first = name[0]
    if isinstance(first.get("name"), str):
        return str(first["name"])
    parts = [*first.get("prefix", []), *first.get("given", []), first.get("family", "")]
    return str(first.get("text") or " ".join(part for part in parts if part))
