"""A vaccination that a professional enters by hand: written as a vaccination note, deposited like any other document.

A note and no bare Immunization, because the shared record is made of documents: the dose is extracted from it as from a note that a
software sent, can be replaced and hidden like one, and reads the same in every other national system (CI-SIS VAC-NOTE).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.access.terms import Tie
from healthspace.base.errors import Refused
from healthspace.base.fhirjson import compact
from healthspace.cda.write.codes import FACILITY, PERSON_ID, PROFESSION, SETTING, SNOMED, Code
from healthspace.cda.write.fhir import write_resources
from healthspace.cda.write.vaccination import DELTOID, THIGH
from healthspace.cda.write.vaccination import TYPE as NOTE
from healthspace.cda.write.values import TREATING, Header, Organization
from healthspace.cda.write.values import Professional as Author
from healthspace.identity.directory import professional_of
from healthspace.identity.personas import Professional
from healthspace.profile.vaccines import name_class
from healthspace.record.deposit import Submission, deposit
from healthspace.record.draft import Reading, read_draft
from healthspace.record.holder import describe_holder
from healthspace.record.spaces import patient_of
from healthspace.resources.stored import Resource
from healthspace.terminology.code_systems import system_of, uri_of
from healthspace.terminology.labels import FACILITIES, SETTINGS
from healthspace.terminology.uris import ATC

TITLE = "Note de vaccination"
LARGEST = 1 << 20
SITES = {
    "left-arm": DELTOID,
    "right-arm": Code("16217661000119109", SNOMED, "deltoïde droit"),
    "left-thigh": THIGH,
    "right-thigh": Code("11207009", SNOMED, "cuisse droite"),
}
"""Where on the body a vaccine is injected."""
# TRE_G15
PROFESSIONS = {
    "10": "Médecin",
    "21": "Pharmacien",
    "40": "Chirurgien-dentiste",
    "50": "Sage-femme",
    "60": "Infirmier",
    "70": "Masseur-kinésithérapeute",
}
DOCTOR = "10"


@dataclass(frozen=True, slots=True)
class Injection:
    """One dose as it was entered. `atc` is a class of vaccines or empty; `name` the vaccine's own name, or empty when the class tells it.

    `site` is a key of `SITES`, or empty. `note` is what the note is called: sent twice, it is known the second time.
    """

    atc: str
    name: str
    when: date
    lot: str
    rank: int
    site: str
    note: UUID


async def deposit_vaccination(p: Permit, given: Injection, *, lenient: bool) -> UUID:
    """Deposits the note of one dose as the caller, its author; the id of its DocumentReference.

    `lenient` is demo mode (wrong INS keys). Conflict when this note is in the record already, Refused when the caller is nobody of the
    directory of professionals, Invalid when the holder's Patient lacks what every document says of its patient.
    """
    p.must_be_for(Action.DEPOSIT_DOCUMENT)
    person = professional_of(p.caller.rpps or "")
    if person is None:
        raise Refused
    author = _author_of(person)
    now = p.now.replace(microsecond=0)
    start = min(datetime.combine(given.when, time(12), tzinfo=UTC), now)
    header = Header(
        unique_id=f"2.25.{given.note.int}",
        set_id=f"2.25.{given.note.int ^ 1}",
        title=TITLE,
        created=now,
        patient=describe_holder((await patient_of(p)).json()),
        author=author,
        service_start=start,
        function=TREATING if Tie.TREATING_DOCTOR in p.relations else None,
    )
    written = write_resources(header, NOTE.code, [_immunization(given, author)])
    draft = read_draft(written.content, Reading(limit=LARGEST, lenient=lenient))
    return (await deposit(p, Submission((draft,)))).documents[0].reference.id


def _immunization(given: Injection, author: Author) -> Resource:
    """The dose as FHIR says it, for the writer of documents: only what was typed, and who typed it."""
    against = name_class(given.atc, "fr") if given.atc else ""
    coding = [{"system": ATC, "code": given.atc, "display": f"vaccin : {against}"}] if given.atc else None
    site = SITES.get(given.site)
    number = {"system": uri_of(PERSON_ID), "value": author.identifier}
    return compact(
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": compact({"coding": coding, "text": given.name or against}),
            "occurrenceDateTime": given.when.isoformat(),
            "lotNumber": given.lot,
            "site": {"coding": [{"system": system_of(site.system), "code": site.code, "display": site.display}]} if site else None,
            "performer": [{"actor": {"identifier": number, "display": f"{author.given} {author.family}"}}],
            "protocolApplied": [compact({"targetDisease": [{"text": against}] if against else None, "doseNumberPositiveInt": given.rank})],
        }
    )


def _author_of(person: Professional) -> Author:
    """A professional of the directory as the author of a document: `8` before the RPPS number, `1` before the FINESS number."""
    place, profession = person.structure, PROFESSIONS.get(person.profession, "Professionnel de santé")
    return Author(
        identifier=f"8{person.rpps}",
        family=person.family,
        given=person.given,
        prefix=person.prefix,
        suffix="DR" if person.profession == DOCTOR else "",
        role=Code(f"G15_{person.profession}{f'/{person.speciality}' if person.speciality else ''}", PROFESSION, profession),
        organization=Organization(
            identifier=f"1{place.finess}",
            name=place.name,
            city=place.city,
            facility=Code(place.facility, FACILITY, FACILITIES[place.facility][0]),
            setting=Code(place.setting, SETTING, SETTINGS[place.setting][0]),
        ),
    )
