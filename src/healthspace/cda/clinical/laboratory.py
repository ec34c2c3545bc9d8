"""Laboratory results (IHE PaLM XD-LAB; CI-SIS 77 to 80, 208, 209): a DiagnosticReport for each chapter, with its specimens and results.

An act holds a chapter (biochemistry, microbiology…). In it stand specimens, results, batteries of results, and isolates, each with
the batteries of its antibiogram. What a result does not say itself (when, by whom, on what) its battery or its chapter says.
"""

from dataclasses import dataclass, field, replace

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import fact, is_denied, is_void, says_nothing, why_no_finding
from healthspace.cda.clinical.model import PATIENT, Fact, Unread
from healthspace.cda.clinical.observations import (
    STATUSES,
    members_of,
    named_code,
    not_said,
    observation,
    performers_of,
    read_group,
    read_observation,
)
from healthspace.cda.clinical.parts import COMPLETING, has_unreadable_values, identifiers_of
from healthspace.cda.clinical.procedures import devices_of
from healthspace.cda.clinical.specimens import SPECIMEN, culture_of, only, refer, specimen_of, specimens_in
from healthspace.cda.clinical.statement import Found, Source, Statement, read
from healthspace.cda.clinical.values import code_or_text, concept_of, effective_of, is_unread, note_of, performer_of, shown_name, value_of
from healthspace.cda.contained import identifier
from healthspace.cda.values import Element, attribute, child, children, read_identifiers, read_name

LAB = "laboratory"
RESULT = frozenset({"1.3.6.1.4.1.19376.1.3.1.6", "1.2.250.1.213.1.1.3.80", "1.2.250.1.213.1.1.3.209"})
BATTERY = frozenset({"1.3.6.1.4.1.19376.1.3.1.4", "1.2.250.1.213.1.1.3.78", "1.2.250.1.213.1.1.3.208"})
ISOLATE = frozenset({"1.3.6.1.4.1.19376.1.3.1.5", "1.2.250.1.213.1.1.3.79"})
_PARTS = RESULT | BATTERY | ISOLATE | SPECIMEN
_CHAPTER = frozenset({"1.3.6.1.4.1.19376.1.3.1", "1.2.250.1.213.1.1.3.21"})
"""Templates of the entry (not of the act) that holds a chapter."""
_IMAGING = "18748-4"
"""LOINC of the results of imaging, which the French patient summary lists beside those of laboratories."""
_WORD = "{urn:oid:1.3.6.1.4.1.19376.1.3.2}statusCode"
PREVIOUS = "urn:healthspace:previous-result"
"""On an Observation, complex (value, effective): an earlier result that the laboratory repeats beside this one."""
SERVICE_SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"


@dataclass(frozen=True)
class _Chapter:
    """What results inherit: the specimens of the chapter, and when, by whom and with what kit what holds them was done."""

    specimens: tuple[Fact, ...] = ()
    effective: Resource = field(default_factory=dict)
    performers: tuple[Resource, ...] = ()
    devices: tuple[Resource, ...] = ()
    category: str = LAB


def read_chapter(statement: Statement) -> Found:
    """An act with its results: the specimens, the results, and the report that holds them together."""
    if statement.subject or is_void(statement):
        return
    specimens = specimens_in(statement)
    chapter = _Chapter(specimens, effective_of(statement), tuple(performers_of(statement)), tuple(devices_of(statement)))
    yield from specimens
    found = list(_read_parts(statement, chapter))
    yield from found
    report = _report(statement, chapter, found)
    if report is not None:
        yield fact(statement, report, "#report")


def read_alone(statement: Statement) -> Found:
    """A result, a battery or an isolate that stands in no chapter."""
    if not statement.subject:
        yield from _read_part(statement, _Chapter())


def _read_parts(statement: Statement, chapter: _Chapter) -> Found:
    for inner in statement.related():
        if not inner.templates & (SPECIMEN | COMPLETING):
            yield from _read_part(inner, chapter)


def _read_part(statement: Statement, chapter: _Chapter) -> Found:
    if statement.subject:
        return  # the mother's blood group in the report of her child
    if statement.templates & RESULT:
        yield from _read_result(statement, chapter)
    elif statement.templates & ISOLATE:
        yield from _read_isolate(statement, chapter)
    elif statement.templates & BATTERY or statement.source.reader_of(statement) is read_group:
        yield from _read_battery(statement, chapter)
    elif statement.source.reader_of(statement) is read_observation:
        yield from read_observation(statement, chapter.category)
    else:
        yield from read(statement)


def _read_result(statement: Statement, chapter: _Chapter) -> Found:
    """One result. Without a value it is still told: the laboratory says that there is none, or says it in words only."""
    if statement.mood != "EVN":
        yield from read_observation(statement, chapter.category)
        return
    if is_void(statement) or says_nothing(statement):
        return
    value, denied = value_of(statement), is_denied(statement)
    code = named_code(statement, value)
    if code is None or denied:
        yield Unread(statement.place, "negated" if denied else "no-code")
        return
    if is_unread(statement, value) or has_unreadable_values(statement):
        yield Unread(statement.place, "value")
    made = observation(statement, code, value or _unvalued(statement), chapter.category, chapter.effective)
    yield fact(statement, _in_chapter(made, statement, chapter))
    for inner in statement.related():
        earlier = inner.kind == "observation" and attribute(inner.element.getparent(), "typeCode") == "REFR"
        if not earlier and not inner.templates & COMPLETING:
            yield from _read_part(inner, chapter)


def _unvalued(statement: Statement) -> Resource:
    return {"valueString": statement.text} if statement.text else not_said()


def _in_chapter(made: Resource, statement: Statement, chapter: _Chapter) -> Resource:
    previous = [_previous(inner) for inner in statement.related("REFR") if inner.kind == "observation"]
    own = children(statement.element, "performer") or children(statement.element, "author")
    performers = made.get("performer") if own else list(chapter.performers)
    return compact(
        {
            **made,
            "extension": [*made.get("extension", ()), *filter(None, previous)],
            "performer": performers or made.get("performer"),
            "specimen": specimen_of(statement, chapter.specimens),
            "device": next(iter((*devices_of(statement), *chapter.devices)), None),
        }
    )


def _previous(statement: Statement) -> Resource | None:
    """An earlier result: its value and its time, kept beside the one it explains and never as a result of its own."""
    value = value_of(statement)
    parts = [{"url": "value", key: said} for key, said in value.items() if key.startswith("value")]
    times = effective_of(statement, "value")
    if not parts:
        return None
    return {"url": PREVIOUS, "extension": parts + [{"url": "effective", key: said} for key, said in times.items() if key[0] != "_"]}


def _read_battery(statement: Statement, chapter: _Chapter) -> Found:
    """Results that were asked for together, and the panel that names them."""
    if is_void(statement):
        return
    own = specimens_in(statement)
    yield from own
    inner = replace(
        chapter,
        specimens=own or chapter.specimens,
        effective=effective_of(statement) or chapter.effective,
        performers=tuple(performers_of(statement)) if children(statement.element, "performer") else chapter.performers,
        devices=tuple(devices_of(statement)) or chapter.devices,
        category="imaging" if attribute(child(statement.element, "code"), "code") == _IMAGING else chapter.category,
    )
    found = list(_read_parts(statement, inner))
    yield from found
    code, members = code_or_text(statement), members_of(found)
    if code is not None and members and not says_nothing(statement):
        panel = {**observation(statement, code, {}, inner.category, chapter.effective), "hasMember": members}
        yield fact(statement, _in_chapter(panel, statement, inner))


def _read_isolate(statement: Statement, chapter: _Chapter) -> Found:
    """A micro-organism that was found, with what was found out about it (count, resistance): it is their specimen."""
    if is_void(statement) or says_nothing(statement):
        return
    if reason := "negated" if is_denied(statement) else why_no_finding(statement):
        yield Unread(statement.place, reason)
        return
    role = child(statement.element, "specimen", "specimenRole")
    organism = concept_of(statement, child(role, "specimenPlayingEntity", "code"))
    culture = culture_of(statement, role, organism, chapter.specimens)
    own = (culture,) if culture else chapter.specimens
    found = list(_read_parts(statement, replace(chapter, specimens=own, effective=effective_of(statement) or chapter.effective)))
    yield from own if culture else ()
    yield from found
    members = members_of(found)
    if organism is None:
        if members:
            yield Unread(statement.place, "no-organism")
        return
    code = code_or_text(statement) or {"text": "Micro-organisme isolé"}
    named = observation(statement, code, {"valueCodeableConcept": organism}, chapter.category, chapter.effective)
    found_in = {"specimen": only(chapter.specimens), "hasMember": members}
    yield fact(statement, compact({**_in_chapter(named, statement, chapter), **found_in}))


def _report(statement: Statement, chapter: _Chapter, found: list[Fact | Unread]) -> Resource | None:
    code, results = code_or_text(statement), members_of(found)
    if code is None or not results:
        return None
    return compact(
        {
            "resourceType": "DiagnosticReport",
            "identifier": identifiers_of(statement),
            "status": _status_of(statement),
            "category": [{"coding": [{"system": SERVICE_SECTIONS, "code": "LAB"}]}],
            "code": code,
            "subject": {"reference": PATIENT},
            **(chapter.effective or _collected(chapter)),
            "issued": statement.source.time.instant,
            "performer": list(chapter.performers),
            "specimen": [refer(specimen) for specimen in chapter.specimens],
            "result": results,
            "conclusion": "\n".join(note["text"] for note in note_of(statement)),
            "resultsInterpreter": _interpreters(statement),
        }
    )


def _interpreters(statement: Statement) -> list[Resource]:
    """Who answers for the results: the biologist that validates the chapter, else the signatory of the document."""
    named = [
        who for each in children(statement.element, "participant") if attribute(each, "typeCode") == "AUTHEN" and (who := _validator(each))
    ]
    author = child(statement.source.root, "legalAuthenticator")
    signatory = performer_of(statement, author) if author is not None and not named else None
    return named or ([signatory] if signatory and "reference" not in signatory else [])


def _validator(participant: Element) -> Resource | None:
    role = child(participant, "participantRole")
    ids, name = read_identifiers(role), read_name(children(child(role, "playingEntity"), "name"))
    said = compact({"identifier": identifier(ids[0]) if ids else None, "display": shown_name(name)})
    return {"type": "Practitioner", **said} if said else None


def _status_of(statement: Statement) -> str:
    """The act's own status; the word of the document on itself when it is not final."""
    status = STATUSES.get(statement.status, "final")
    return report_status(statement.source) if status == "final" else {"preliminary": "partial"}.get(status, status)


def report_status(source: Source) -> str:
    """Whether the results are all there: what the laboratory says of its report (IHE XD-LAB, lab:statusCode of the header's act)."""
    said = {attribute(each, "code") for each in source.root.iter(_WORD)}
    return "partial" if "active" in said else "cancelled" if said and said <= {"aborted", "cancelled"} else "final"


def _collected(chapter: _Chapter) -> Resource:
    """When its only specimen was taken: R4 asks for the clinically relevant time."""
    if len(chapter.specimens) != 1:
        return {}
    collection = chapter.specimens[0].resource.get("collection", {})
    return {key.replace("collected", "effective"): said for key, said in collection.items() if key.startswith("collected")}


def is_chapter(statement: Statement) -> bool:
    """Whether an act holds laboratory results: IHE names it on its entry; some senders do not."""
    if statement.kind != "act" or attribute(statement.element, "classCode") != "ACT":
        return False
    return bool(statement.templates & _CHAPTER) or any(inner.templates & _PARTS for inner in statement.related())
