"""The certificate of a carer, when their help begins and when it ends: a document in the record of who is helped, and one in the carer's.

The service writes both, after the act that asks for them (`outbox`). They tell whom the citizen trusts, as Consents do: each is for the
holder of the record that it is in, and for who represents them; no professional and no carer finds it there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from healthspace.access.facts import FEED, keys_named_in, scopes_of
from healthspace.access.labels import HOLDER_ONLY
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.ids import parse_id
from healthspace.cda.write.codes import DOCUMENT_TYPE, Code
from healthspace.cda.write.notice import Notice, Service, write_notice
from healthspace.database.outbox import enqueue
from healthspace.record.deposit import Submission, deposit
from healthspace.record.draft import Reading, read_draft
from healthspace.record.holder import describe_holder
from healthspace.record.proof import LABELS, prove
from healthspace.record.spaces import patient_of
from healthspace.resources.store import read_version
from healthspace.resources.stored import Resource, Stored

CERTIFY = "certify"
"""The kind of letter that asks for a certificate."""
CERTIFICATE = Code("CERT_DECL", DOCUMENT_TYPE, "Certificat, déclaration")
ISSUER = Service("healthspace", "Healthspace")
HOME = ZoneInfo("Europe/Paris")
LARGEST = 1 << 20


class Turn(StrEnum):
    """What is certified: that the help has begun, or that it has ended, and by whose will."""

    BEGUN = "begun"
    ENDED_BY_CARER = "ended-by-carer"
    ENDED_BY_HOLDER = "ended-by-holder"
    ENDED_ON_DATE = "ended-on-date"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it is written for both: its title, its sections in both languages, when it was asked for."""

    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    at: datetime


async def ask_certificate(p: Permit, care: Stored, turn: Turn) -> None:
    """Has the certificate of a carer's help (a RelatedPerson in the version that says so) written after the act of `p`."""
    told = {"related": str(care.id), "version": care.version, "turn": turn, "at": p.now.isoformat()}
    await enqueue(p.tx, p.cipher, CERTIFY, orjson.dumps(told), p.now)


async def certify(p: Permit, told: Mapping[str, Any], name: UUID) -> tuple[Certificate, UUID | None]:
    """Puts the certificate that `ask_certificate` asked for into the record of who is helped; the certificate, and the carer's Patient.

    `name` is what the document is called, however often it is asked for.
    """
    p.must_be_for(Action.DEPOSIT_DOCUMENT)
    related = (await read_version(p.tx, p.cipher, "RelatedPerson", UUID(told["related"]), told["version"])).json()
    holder = (await patient_of(p)).json()
    written = write_certificate(related, holder, Turn(told["turn"]), datetime.fromisoformat(told["at"]))
    await keep_certificate(p, written, name)
    named = keys_named_in(related, p.keys)
    return written, parse_id(named[0].removeprefix("patient|")) if named else None


async def keep_certificate(p: Permit, certificate: Certificate, name: UUID) -> UUID:
    """Deposits a certificate in the record of `p`; the id of its DocumentReference."""
    p.must_be_for(Action.DEPOSIT_DOCUMENT)
    patient = describe_holder((await patient_of(p)).json())
    unique_id, created = f"2.25.{name.int}", certificate.at.replace(microsecond=0)
    notice = Notice(unique_id, certificate.title, CERTIFICATE, created, patient, ISSUER, certificate.sections)
    draft = read_draft(write_notice(notice), Reading(limit=LARGEST, lenient=True))
    hidden = {"meta": {"security": [{"system": LABELS, "code": HOLDER_ONLY}]}}
    receipt = await deposit(p, Submission((replace(draft, reference={**draft.reference, **hidden}),)))
    await prove(p, receipt.documents[0].reference, "CREATE")
    return receipt.documents[0].reference.id


FRENCH = {
    Turn.BEGUN: (
        "L’espace de santé atteste que {carer} a accepté, le {begun}, d’être l’aidant de {helped}.",
        "L’aidant {scope}, {until}. L’un comme l’autre peut y mettre fin à tout moment.",
        "Il agit avec son propre compte, et chacune de ses lectures est tracée. Il ne partage, ne ferme, ne supprime et n’emporte rien.",
    ),
    **dict.fromkeys(
        (Turn.ENDED_BY_CARER, Turn.ENDED_BY_HOLDER, Turn.ENDED_ON_DATE),
        (
            "L’espace de santé atteste que l’aide de {carer} à {helped}, commencée le {begun}, a pris fin le {over}, {will}.",
            "Depuis cette date, l’aidant ne lit plus le dossier. Ce qu’il y a ajouté et la trace de ses lectures y restent.",
        ),
    ),
}
ENGLISH = {
    Turn.BEGUN: (
        "The health space certifies that {carer} agreed on {begun} to be a carer of {helped}.",
        "The carer {scope}, {until}. Either of them may end it at any time.",
        "They act with their own account, and each of their looks is traced. They share, close, delete and take away nothing.",
    ),
    **dict.fromkeys(
        (Turn.ENDED_BY_CARER, Turn.ENDED_BY_HOLDER, Turn.ENDED_ON_DATE),
        (
            "The health space certifies that the help of {carer} to {helped}, begun on {begun}, ended on {over}, {will}.",
            "Since that day the carer no longer reads the record. What they added, and the trace of what they read, remain there.",
        ),
    ),
}
WILLS = {
    Turn.BEGUN: ("", ""),
    Turn.ENDED_BY_CARER: ("par la volonté de l’aidant", "by the carer’s own will"),
    Turn.ENDED_BY_HOLDER: (
        "par la volonté de la personne aidée ou de qui la représente",
        "by the will of the person helped, or of who represents them",
    ),
    Turn.ENDED_ON_DATE: ("à la date prévue", "on the date that was set"),
}


def write_certificate(related: Resource, holder: Resource, turn: Turn, at: datetime) -> Certificate:
    """What a certificate says, in French and in English, of an invitation that was accepted."""
    period, feeds = related.get("period", {}), FEED in scopes_of(related)
    over, end = at.astimezone(HOME).date(), _day(period.get("end", ""))
    begun = _day(period.get("start", "")) or over
    who = {"carer": _person(related), "helped": _person(holder)}
    french = {
        "begun": _french(begun),
        "over": _french(over),
        "will": WILLS[turn][0],
        "scope": "lit le dossier et peut y ajouter des documents" if feeds else "lit le dossier",
        "until": f"jusqu’au {_french(end)}" if end else "sans date de fin",
    }
    english = {
        "begun": _english(begun),
        "over": _english(over),
        "will": WILLS[turn][1],
        "scope": "reads the record and may add documents to it" if feeds else "reads the record",
        "until": f"until {_english(end)}" if end else "without an end date",
    }
    title = "Attestation d’aidant" if turn is Turn.BEGUN else "Attestation de fin d’aide"
    titled = "Carer’s certificate" if turn is Turn.BEGUN else "Certificate of the end of care"
    sections = (
        (title, tuple(words.format(**who, **french) for words in FRENCH[turn])),
        (titled, tuple(words.format(**who, **english) for words in ENGLISH[turn])),
    )
    return Certificate(title, sections, at)


def _person(told: Resource) -> str:
    """A person by their first given name, their birth name in capitals and their birth date: "Léa DUPRÉ (28/03/1979)"."""
    names: list[Resource] = [one for one in told.get("name", []) if one.get("family") and one.get("given")]
    name: Resource = next((one for one in names if one.get("use") == "official"), names[0] if names else {})
    born = _day(told.get("birthDate", ""))
    written = f"{(name.get('given') or [''])[0].title()} {name.get('family', '').upper()}"
    return f"{written} ({_french(born)})" if born else written


def _day(text: str) -> date | None:
    """The day of a FHIR date or instant, where people live; None when it says none."""
    try:
        return datetime.fromisoformat(text).astimezone(HOME).date() if "T" in text else date.fromisoformat(text)
    except ValueError:
        return None


def _french(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _english(day: date) -> str:
    return f"{day.day} {day.strftime('%B %Y')}"
