"""The citizen's choices as they are made and read on a page: authorisations, blocks, and the switches that hold for everybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from healthspace.access import labels
from healthspace.access.facts import MASKED_PURPOSE, OWN_PURPOSES
from healthspace.base.errors import Invalid
from healthspace.fhir.dates import instants_of
from healthspace.identity.directory import FINESS, FINESS_DIGITS, RPPS, professional_of, structure_of
from healthspace.resources.stored import Resource, instant
from healthspace.terminology.uris import ACT_CODES, ACT_REASONS, CONSENT_SCOPES, ROLE_CODES

TEAM = "CareTeam/"


class Switch(StrEnum):
    """A choice that holds for everybody; what it says is what happens when it is on."""

    NO_REGULATION = "ETREAT"
    """The doctors who regulate emergency calls do not open the record (L1111-17 I)."""
    NO_EMERGENCY = "BTG"
    """No other professional opens it in an emergency."""
    MASKED_IN_EMERGENCY = MASKED_PURPOSE
    """In an emergency, masked documents are read too."""
    MASK_ALL = labels.MASKED
    """Professionals see what the citizen shows them one by one, and nothing else."""
    NO_TEAM = "CareTeam"
    """Being in the care team lets nobody read any more, but those with the treating doctor's rights."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One Consent: whom it names (a reference), from when and until when."""

    id: str
    actor: Resource
    period: dict[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the Consents of a record say now."""

    authorised: tuple[Choice, ...]
    blocked: tuple[Choice, ...]
    ended: tuple[Choice, ...]
    switches: dict[Switch, tuple[str, ...]]
    """The switches that are on, with the ids of the Consents that say so."""
    ends: dict[Switch, str]
    """The end of those that end by themselves."""


def authorise_until(number: str, end: datetime) -> Resource:
    """A Consent that lets a professional (RPPS), or all who work in a structure (FINESS), read until `end`. Invalid when nobody has it."""
    return _consent({"type": "permit", "period": {"end": instant(end)}, "actor": [_actor(who_has(number))]}, "OPTIN")


def block(number: str, end: str = "") -> Resource:
    """A Consent that blocks a professional (RPPS) or a whole structure (FINESS), until the day `end` when one is said.

    Invalid when the directory knows neither.
    """
    period = {"period": {"end": end}} if end else {}
    return _consent({"type": "deny", **period, "actor": [_actor(who_has(number))]}, "OPTOUT")


def turn_on(switch: Switch, team: str = "", end: str = "") -> Resource:
    """A Consent that says a choice for everybody, until the day `end` when one is said.

    `team` is the id of one of the care teams, for the choice that is about them.
    """
    period: dict[str, Any] = {"period": {"end": end}} if end else {}
    if switch is Switch.NO_TEAM:
        return _consent({"type": "deny", **period, "actor": [_actor({"reference": f"{TEAM}{team}"})]}, "OPTOUT")
    if switch is Switch.MASK_ALL:
        return _consent({"type": "deny", **period, "securityLabel": [{"system": labels.SYSTEM, "code": labels.MASKED}]}, "OPTOUT")
    permits = switch is Switch.MASKED_IN_EMERGENCY
    purpose = {"system": OWN_PURPOSES if permits else ACT_REASONS, "code": switch.value}
    return _consent({"type": "permit" if permits else "deny", **period, "purpose": [purpose]}, "OPTIN" if permits else "OPTOUT")


def who_has(number: str) -> Resource:
    """A reference to the professional (RPPS) or the structure (FINESS) with this number. Invalid when the directory knows neither."""
    place = structure_of(number) if len(number) == FINESS_DIGITS else None
    return {"identifier": {"system": FINESS, "value": number}, "display": place.name} if place else professional(number)


def professional(number: str) -> Resource:
    """A reference to the professional with this RPPS number. Invalid when the directory knows none."""
    person = professional_of(number)
    if person is None:
        raise Invalid("the directory knows no professional with this RPPS number", place="rpps")
    return {"identifier": {"system": RPPS, "value": number}, "display": f"{person.prefix.title()} {person.given} {person.family}"}


def read_choices(consents: Iterable[Resource], now: datetime) -> Choices:
    """What `consents` say at `now`, the latest first. What one no longer says, because its end has come, is among those that ended."""
    authorised, blocked, ended = list[Choice](), list[Choice](), list[Choice]()
    switches, ends = dict[Switch, tuple[str, ...]](), dict[Switch, list[str]]()
    for consent in sorted(consents, key=lambda consent: str(consent.get("dateTime", "")), reverse=True):
        provision = consent.get("provision", {})
        active = consent.get("status") == "active" and not is_over(provision, now)
        permits = provision.get("type") == "permit"
        for actor in provision.get("actor", []):
            choice = Choice(str(consent["id"]), actor.get("reference", {}), provision.get("period", {}))
            if names_team(choice.actor):
                continue
            if active:
                (authorised if permits else blocked).append(choice)
            elif permits:
                ended.append(choice)
        if active:
            for switch in _switches_in(provision):
                switches[switch] = (*switches.get(switch, ()), str(consent["id"]))
                ends.setdefault(switch, []).append(provision.get("period", {}).get("end", ""))
    # Where several say it, it ends with the last of them; never, when one has no end.
    last = {switch: max(told) for switch, told in ends.items() if all(told)}
    return Choices(tuple(authorised), tuple(blocked), tuple(ended), switches, last)


def names_team(reference: Resource) -> bool:
    """Whether a reference is to a care team as such."""
    return str(reference.get("reference", "")).startswith(TEAM)


def _switches_in(provision: Resource) -> set[Switch]:
    actors = [actor.get("reference", {}) for actor in provision.get("actor", [])]
    if actors:
        return {Switch.NO_TEAM} if provision.get("type") == "deny" and any(map(names_team, actors)) else set()
    codes = {one.get("code") for name in ("purpose", "securityLabel") for one in provision.get(name, [])}
    return {switch for switch in Switch if switch.value in codes}


def is_over(provision: Resource, now: datetime) -> bool:
    """Whether what a Consent says has come to its end by itself."""
    end = instants_of(provision.get("period", {}).get("end", ""))
    return end is not None and end[1] <= now.timestamp()


def _actor(reference: Resource) -> Resource:
    return {"role": {"coding": [{"system": ROLE_CODES, "code": "IRCP"}]}, "reference": reference}


def _consent(provision: dict[str, Any], policy: str) -> Resource:
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": CONSENT_SCOPES, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": ACT_CODES, "code": "INFA"}]}],
        "policyRule": {"coding": [{"system": ACT_CODES, "code": policy}]},
        "provision": provision,
    }
