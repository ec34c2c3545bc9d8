"""Reading a Consent or a CareTeam that a citizen (or a professional who collects a consent) sends: understood whole, or refused.

An element that this record would not honour is refused with its place: a choice that is stored and not applied would be worse.
"""

from datetime import datetime
from typing import Any

from healthspace.access import labels
from healthspace.access.facts import MASKED_PURPOSE, key_of
from healthspace.base.errors import Invalid
from healthspace.fhir.dates import instants_of
from healthspace.identity.directory import professional_of, structure_of
from healthspace.resources.stored import Resource

HONOURED = frozenset({"type", "period", "actor", "purpose", "securityLabel", "id"})
"""Elements of a provision that mean something here; any other would narrow what is permitted in a way that nobody applies."""
MODIFIERS = ("modifierExtension", "implicitRules")


def check_consent(consent: Resource, now: datetime) -> None:
    """Invalid when `consent` is not one of the choices that a citizen has here."""
    _refuse_modifiers(consent, "Consent")
    if consent["status"] not in {"active", "inactive"}:
        raise Invalid("a consent is active; to end it, delete it or make it inactive", place="Consent.status")
    provision = consent.get("provision")
    if not isinstance(provision, dict) or provision.get("type") not in {"permit", "deny"}:
        raise Invalid("say whether this permits or denies: provision.type", place="Consent.provision.type")
    unknown = next((name for name in provision if name not in HONOURED), None)
    if unknown is not None:
        raise Invalid("this record cannot honour that part of a consent", place=f"Consent.provision.{unknown}")
    check_period(provision.get("period", {}), now, "Consent.provision.period")
    actors = [actor.get("reference", {}) for actor in provision.get("actor", [])]
    purposes = {purpose.get("code") for purpose in provision.get("purpose", [])}
    if actors:
        _check_actors(actors, provision, purposes)
    else:
        _check_switch(provision, purposes)


def _check_actors(actors: list[Resource], provision: Resource, purposes: set[Any]) -> None:
    for number, actor in enumerate(actors):
        place = f"Consent.provision.actor[{number}].reference"
        if provision["type"] == "deny" and str(actor.get("reference", "")).startswith("CareTeam/"):
            continue
        check_known(actor, place)
    if purposes - {"TREAT"} or provision.get("securityLabel"):
        raise Invalid("a consent that names someone is for care (TREAT), and for all that they may see", place="Consent.provision.purpose")


def _check_switch(provision: Resource, purposes: set[Any]) -> None:
    codes = {label.get("code") for label in provision.get("securityLabel", [])}
    if provision["type"] == "permit" and purposes == {MASKED_PURPOSE} and not codes:
        return
    if provision["type"] == "deny" and (
        (purposes and purposes <= {"ETREAT", "BTG"} and not codes) or (codes == {labels.MASKED} and not purposes)
    ):
        return
    raise Invalid("name whom it is about (provision.actor), or one of the switches that are for everybody", place="Consent.provision.actor")


def check_known(reference: Resource, place: str) -> None:
    """Invalid when the directory does not know the professional or the structure."""
    kind, _, value = (key_of(reference) or "").partition("|")
    known = professional_of(value) if kind == "rpps" else structure_of(value) if kind == "finess" else None
    if known is None:
        raise Invalid("the directory knows no professional (RPPS) or structure (FINESS) of this number", place=f"{place}.identifier")


def check_period(period: Resource, now: datetime, place: str) -> None:
    """Invalid when a period ends before it begins, or has ended."""
    start, end = instants_of(period.get("start", "")), instants_of(period.get("end", ""))
    if end is not None and (end[1] <= now.timestamp() or (start is not None and end[1] <= start[0])):
        raise Invalid("the end is past, or before the start", place=f"{place}.end")


def check_team(team: Resource, now: datetime) -> None:
    """Invalid when a care team names someone whom the directory does not know, or says what is not honoured here."""
    _refuse_modifiers(team, "CareTeam")
    if team.get("status") not in {"active", "inactive"}:
        raise Invalid("a care team is active; to end it, delete it", place="CareTeam.status")
    if not team.get("participant"):
        raise Invalid("a care team has someone in it", place="CareTeam.participant")
    for number, participant in enumerate(team["participant"]):
        place = f"CareTeam.participant[{number}]"
        check_known(participant.get("member", {}), f"{place}.member")
        check_period(participant.get("period", {}), now, f"{place}.period")


def _refuse_modifiers(resource: Resource, type_: str) -> None:
    for name in MODIFIERS:
        if name in resource:
            raise Invalid("what may change the meaning of a choice is not accepted", place=f"{type_}.{name}")


def is_verified(consent: Resource) -> bool:
    """Whether a professional states that the person told them so (R1111-46: by any means)."""
    return any(one.get("verified") is True for one in consent.get("verification", []))
