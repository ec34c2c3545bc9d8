"""The care team that the header of a document names: CareTeam (CI-SIS Structuration minimale, participants with a functional role).

It tells who looks after the citizen, and opens nothing: the record derives no access from what a document says.
"""

from collections.abc import Iterator

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.model import PATIENT, Fact
from healthspace.cda.clinical.statement import Source
from healthspace.cda.clinical.values import refer_to, time_at
from healthspace.cda.contained import concept
from healthspace.cda.people import Party, read_party
from healthspace.cda.values import Element, attribute, child, children

SUMMARIES = frozenset({"60591-5", "74207-2", "34133-9", "11490-0", "18761-7", "83981-1", "SYNTH"})
"""Types (LOINC, TRE_A05) of documents that sum up the care. Nearly every document names the treating doctor: these are enough."""
_KINDS = frozenset({"INF", "PRF", "CON", "SPRF", "PPRF", "ATND"})
"""Participations (HL7 v3) of somebody who takes part in the care, or informs about it."""
_LEADING = frozenset({"PCP", "ATTPHYS"})
"""Functions that put an author into the team: the treating doctor, the one responsible for a stay."""
_NOT_CARE = frozenset({"PRELV"})
"""Functions of somebody who only lent a hand: who took a sample."""


def care_team(source: Source) -> Iterator[Fact]:
    """The one CareTeam of a document that sums up a person's care, when its header names somebody with a function in it."""
    if attribute(child(source.root, "code"), "code") not in SUMMARIES:
        return
    named = [element for element in children(source.root, "participant") if attribute(element, "typeCode") in _KINDS]
    authors = [element for element in children(source.root, "author") if attribute(child(element, "functionCode"), "code") in _LEADING]
    members = [said for element in (*named, *authors) if (said := _member(source, element))]
    if members:
        # The first one stands: a participant says since when, the same person as an author does not.
        distinct: dict[tuple[str, str], Resource] = {}
        for member in members:
            distinct.setdefault((member["role"][0]["coding"][0]["code"], repr(member["member"])), member)
        participants = list(distinct.values())
        team = {"resourceType": "CareTeam", "status": "active", "subject": {"reference": PATIENT}, "participant": participants}
        yield Fact(team, "header.team", "ClinicalDocument/participant")


def _member(source: Source, element: Element) -> Resource | None:
    """One member in its function; None for somebody without a function, without a name, or who is no professional."""
    party = read_party(element, "participant")
    person, code = refer_to(_alone(party)), party.function.code if party.function else ""
    if not code or code in _NOT_CARE or person is None or person.get("type") != "Practitioner":
        return None
    structure = refer_to(Party("organization", organization=party.organization)) if party.organization else None
    return compact({"role": [concept(party.function)], "member": person, "onBehalfOf": structure, "period": _period(source, element)})


def _alone(party: Party) -> Party:
    return Party(party.part, ids=party.ids, name=party.name, device=party.device)


def _period(source: Source, element: Element) -> Resource | None:
    """Since when and until when a participant has this function; the time of an author is that of writing."""
    if str(element.tag).endswith("}author"):
        return None
    start, end = (time_at(source, child(element, "time", bound)) for bound in ("low", "high"))
    return compact({"start": start.fhir if start else None, "end": end.fhir if end else None}) or None
