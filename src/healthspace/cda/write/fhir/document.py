"""The verb: a clinical document of one of four kinds from FHIR R4 resources, and what of them it has no room for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from healthspace.base.errors import Invalid
from healthspace.base.fhirjson import Resource
from healthspace.cda.write import laboratory, prescription, summary, vaccination
from healthspace.cda.write.codes import LOINC, PERSON_ID, Code, Identifier
from healthspace.cda.write.entries import Allergy
from healthspace.cda.write.fhir import statements
from healthspace.cda.write.fhir.elements import Unsaid, code_of
from healthspace.cda.write.laboratory import Chapter, write_laboratory_report
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.prescription import write_prescription
from healthspace.cda.write.summary import Summary, write_summary
from healthspace.cda.write.vaccination import Advised, Immunization, Refused, write_vaccination_note
from healthspace.cda.write.values import Header, Named

STUDIES = Code("26436-6", LOINC, "Examens de biologie médicale")
"""The chapter of results that no report holds together."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A resource ("Type/id") that the document says nothing of, and a short reason without what it said."""

    about: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """The document's bytes, and what is not in it."""

    content: bytes
    left_out: tuple[LeftOut, ...] = ()


@dataclass(slots=True)
class _Sorted:
    """The facts of some resources by the type of their resource, in the order they came; and those left out."""

    facts: dict[str, list[Any]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def of(self, type_: str, kind: type | None = None) -> tuple[Any, ...]:
        return tuple(one for one in self.facts.get(type_, ()) if kind is None or isinstance(one, kind))


def write_resources(header: Header, type_code: str, resources: Iterable[Resource]) -> Written:
    """The document of the type `type_code` (LOINC: 87273-9 vaccination note, 60591-5 summary, 11502-2 laboratory report, 57833-6
    prescription) that says what `resources` say, under `header`.

    What is written is read out of it again as the same facts (docs/decisions/0043). Each resource is in it, or is left out with
    the reason: nothing is rounded, and nothing made up. Invalid for another type, or when nothing can be written.
    """
    if type_code not in _KINDS:
        raise Invalid("documents of this type are not written from resources")
    readers, write = _KINDS[type_code]
    listed = list(resources)
    found = _sort(listed, readers)
    if not any(found.facts.values()):
        raise Invalid("none of these resources has a place in a document of this type")
    content = write(header, found, listed)
    return Written(content, tuple(found.left_out))


Reader = Callable[[Resource, str], Any]


def _sort(resources: list[Resource], readers: dict[str, Reader]) -> _Sorted:
    found = _Sorted()
    for number, resource in enumerate(resources, 1):
        type_ = resource["resourceType"]
        if type_ == "DiagnosticReport" or "hasMember" in resource:
            continue  # they hold results together, and say nothing else
        if type_ not in readers:
            found.left_out.append(LeftOut(_name(resource), "type"))
            continue
        try:
            found.facts.setdefault(type_, []).append(readers[type_](resource, f"{type_.lower()}-{number}"))
        except Unsaid as unsaid:
            found.left_out.append(LeftOut(_name(resource), str(unsaid)))
    return found


def _vaccination_note(header: Header, found: _Sorted, resources: list[Resource]) -> bytes:
    done = tuple(_by_author(one, header) for one in found.of("Immunization", Immunization))
    refused = found.of("Immunization", Refused)
    return write_vaccination_note(header, done, refused, found.of("ImmunizationRecommendation", Advised))


def _by_author(given: Immunization, header: Header) -> Immunization:
    """With all that is known of who vaccinated, when that is who writes the document."""
    number = given.vaccinator.identifier if isinstance(given.vaccinator, Named) else None
    own = number == Identifier(PERSON_ID, header.author.identifier)
    return replace(given, vaccinator=header.author) if own else given


def _summary(header: Header, found: _Sorted, resources: list[Resource]) -> bytes:
    problems, allergies = found.of("Condition"), found.of("AllergyIntolerance", Allergy)
    # Without any, "none known" must have been said: a summary that says nothing of allergies is not one that knows of none.
    none = found.of("AllergyIntolerance", statements.NoneKnown)
    found.left_out += [LeftOut(one.about, "contradicted") for one in none if allergies]
    known = allergies or (() if none else None)
    return write_summary(
        header,
        Summary(
            when=header.created.date(),
            ongoing=tuple(one for one in problems if not statements.is_past(one)),
            past=tuple(one for one in problems if statements.is_past(one)),
            acts=found.of("Procedure"),
            allergies=known,
            treatments=found.of("MedicationStatement"),
            vital_signs=found.of("Observation"),
            immunizations=tuple(_by_author(one, header) for one in found.of("Immunization")),
            points=(),
        ),
    )


def _laboratory_report(header: Header, found: _Sorted, resources: list[Resource]) -> bytes:
    """A chapter for each report that holds results together; the others in one of their own."""
    held, names = _held(resources), {f"observation-{number}": _name(one) for number, one in enumerate(resources, 1)}
    chapters: dict[Code, list[Measure]] = {}
    for measure in found.of("Observation"):
        chapters.setdefault(held.get(names[measure.mark], STUDIES), []).append(measure)
    return write_laboratory_report(header, tuple(Chapter(code, tuple(measures)) for code, measures in chapters.items()))


def _held(resources: list[Resource]) -> dict[str, Code]:
    """The code of the first report that holds each result, itself or in a panel; the report as a whole is no chapter."""
    panels = {_name(one): one["hasMember"] for one in resources if "hasMember" in one}
    found: dict[str, Code] = {}
    for report in (one for one in resources if one["resourceType"] == "DiagnosticReport"):
        code = code_of(report.get("code"))
        waiting = list(report.get("result", ())) if code is not None and code.code != laboratory.TYPE.code else []
        while waiting and code is not None:
            name = waiting.pop().get("reference", "")
            if name not in found:
                found[name] = code
                waiting += panels.get(name, ())
    return found


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id', '')}"


def _prescription(header: Header, found: _Sorted, resources: list[Resource]) -> bytes:
    return write_prescription(header, found.of("MedicationRequest"))


_KINDS: dict[str, tuple[dict[str, Reader], Callable[[Header, _Sorted, list[Resource]], bytes]]] = {
    vaccination.TYPE.code: (
        {"Immunization": statements.immunization, "ImmunizationRecommendation": statements.advice},
        _vaccination_note,
    ),
    summary.TYPE.code: (
        {
            "Condition": statements.problem,
            "AllergyIntolerance": statements.allergy,
            "MedicationStatement": statements.statement,
            "Procedure": statements.act,
            "Observation": statements.vital_sign,
            "Immunization": statements.dose,
        },
        _summary,
    ),
    laboratory.TYPE.code: ({"Observation": statements.measure}, _laboratory_report),
    prescription.TYPE.code: ({"MedicationRequest": statements.item}, _prescription),
}
"""By the type of the document: who reads which resource, and what writes their facts."""
