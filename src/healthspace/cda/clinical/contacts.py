"""Whom to call in an emergency and whom the citizen trusts, as the header names them (CI-SIS Structuration minimale, informant).

It tells who they are, and opens nothing: the record derives no access from what a document says. They are named without a number.
"""

from collections.abc import Iterator

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.model import PATIENT, Fact
from healthspace.cda.clinical.statement import Source
from healthspace.cda.contained import addresses, concepts, human_name, telecoms
from healthspace.cda.people import Party, read_party
from healthspace.cda.values import children
from healthspace.terminology.uris import HL7

EMERGENCY, TRUSTED = "ECON", "NOK"
"""Class (HL7 v3 RoleClass) of the relation of an informant: to be called in an emergency; trusted person."""
_CLASSES = HL7 + "v3-RoleClass"
_ROLES: dict[str, Resource] = {
    EMERGENCY: {
        "coding": [{"system": HL7 + "v2-0131", "code": "C"}, {"system": _CLASSES, "code": EMERGENCY}],
        "text": "Personne à prévenir en cas d'urgence",
    },
    TRUSTED: {"coding": [{"system": _CLASSES, "code": TRUSTED}], "text": "Personne de confiance"},
}


def contacts(source: Source) -> Iterator[Fact]:
    """A RelatedPerson for each person that the header says to call or to trust; one for both, when it is the same person."""
    found: dict[str, Resource] = {}
    for element in children(source.root, "informant"):
        party = read_party(element, "informant")
        if party.relation in _ROLES and party.name is not None:
            person = _person(party)
            known = found.setdefault(repr((person["name"], person.get("telecom"))), {**person, "relationship": []})
            known["relationship"] += [one for one in (_ROLES[party.relation], *concepts(party.code)) if one not in known["relationship"]]
    for number, person in enumerate(found.values(), 1):
        yield Fact(person, f"header.contact.{number}", "ClinicalDocument/informant")


def _person(party: Party) -> Resource:
    return compact(
        {
            "resourceType": "RelatedPerson",
            "active": True,
            "patient": {"reference": PATIENT},
            "name": [human_name(party.name)] if party.name else None,
            "telecom": telecoms(party.telecoms),
            "address": addresses(party.addresses),
        }
    )
