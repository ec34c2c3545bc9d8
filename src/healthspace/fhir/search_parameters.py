"""The search parameters that the store indexes, by resource type (R4 search parameter registry; IHE MHD 4.2.3).

A path is made of element names; `a.b` walks into `b` of every `a`. A parameter marked `shared` has few values, met in many
resources: it narrows a list and gets no index row of its own.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The types of search parameter of R4 that are in use here."""

    TOKEN = "token"
    REFERENCE = "reference"
    URI = "uri"
    DATE = "date"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter: its name, type and where its values are."""

    name: str
    kind: Kind
    paths: tuple[str, ...]
    shared: bool = False


def _token(name: str, *paths: str) -> Parameter:
    return Parameter(name, Kind.TOKEN, paths)


def _shared(name: str, *paths: str) -> Parameter:
    return Parameter(name, Kind.TOKEN, paths, shared=True)


def _reference(name: str, *paths: str) -> Parameter:
    return Parameter(name, Kind.REFERENCE, paths)


def _date(name: str, *paths: str) -> Parameter:
    return Parameter(name, Kind.DATE, paths)


def _string(name: str, *paths: str) -> Parameter:
    return Parameter(name, Kind.STRING, paths)


PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "Patient": (
        _token("identifier", "identifier"),
        _shared("active", "active"),
        _shared("gender", "gender"),
        _date("birthdate", "birthDate"),
        _string("family", "name.family"),
        _string("given", "name.given"),
        _string("name", "name.family", "name.given", "name.text"),
    ),
    "DocumentReference": (
        _token("identifier", "masterIdentifier", "identifier"),
        _shared("status", "status"),
        _shared("type", "type"),
        _shared("category", "category"),
        _shared("facility", "context.facilityType"),
        _shared("setting", "context.practiceSetting"),
        _shared("format", "content.format"),
        _shared("security-label", "securityLabel", "meta.security"),
        _shared("contenttype", "content.attachment.contentType"),
        _shared("language", "content.attachment.language"),
        _shared("relation", "relatesTo.code"),
        _token("event", "context.event"),
        _reference("subject", "subject"),
        _reference("patient", "subject"),
        _reference("author", "author"),
        _reference("authenticator", "authenticator"),
        _reference("custodian", "custodian"),
        _reference("encounter", "context.encounter"),
        _reference("related", "context.related"),
        _reference("relatesto", "relatesTo.target"),
        Parameter("location", Kind.URI, ("content.attachment.url",)),
        _date("date", "date"),
        _date("period", "context.period"),
        _string("description", "description"),
    ),
    "List": (
        _token("identifier", "identifier"),
        _shared("status", "status"),
        _shared("code", "code"),
        _shared("security-label", "meta.security"),
        _reference("subject", "subject"),
        _reference("patient", "subject"),
        _reference("source", "source"),
        _reference("item", "entry.item"),
        _date("date", "date"),
        _string("title", "title"),
    ),
    "Binary": (),
    "Consent": (
        _token("identifier", "identifier"),
        _shared("status", "status"),
        _reference("patient", "patient"),
        _reference("actor", "provision.actor.reference"),
        _date("date", "dateTime"),
    ),
    "CareTeam": (
        _shared("status", "status"),
        _reference("patient", "subject"),
        _reference("participant", "participant.member"),
    ),
    "Practitioner": (
        _token("identifier", "identifier"),
        _string("family", "name.family"),
        _string("given", "name.given"),
    ),
    "Organization": (
        _token("identifier", "identifier"),
        _string("name", "name", "alias"),
    ),
}
