"""The small entries that complete another one, and what most entries have: identifiers, period, reasons, status, severity, places."""

from collections.abc import Iterator

from healthspace.base.fhirjson import DATA_ABSENT, Resource, compact
from healthspace.cda.clinical.model import Unread
from healthspace.cda.clinical.statement import Found, Statement, read
from healthspace.cda.clinical.values import author_of, code_or_text, concept_of, note_of, number_of, reason_for, time_at, value_of
from healthspace.cda.contained import concept, dated, identifier
from healthspace.cda.times import Time
from healthspace.cda.values import Code, Element, attribute, child, children, read_code, read_identifiers, words

IHE = "1.3.6.1.4.1.19376.1.5.3.1.4."
FRENCH = "1.2.250.1.213.1.1.3."
COMMENT = (IHE + "2", FRENCH + "32")
SEVERITY = (IHE + "1", FRENCH + "29")
STATUS = (IHE + "1.1", FRENCH + "30")
PATIENT_STATE = (IHE + "1.2", FRENCH + "31")
CERTAINTY = (FRENCH + "171",)
CRITICALITY = (FRENCH + "172",)
REFERENCES = (IHE + "4.1", IHE + "4", FRENCH + "36", FRENCH + "35")
"""References to another entry: a reason (FR 36), a link of any kind (FR 35)."""
PROBLEM = (IHE + "5", FRENCH + "37")
COMPLETING = frozenset((*COMMENT, *SEVERITY, *STATUS, *PATIENT_STATE, *CERTAINTY, *CRITICALITY, *REFERENCES))

_NAMED_BY_CODE = {
    "33999-4": frozenset(STATUS),
    "11323-3": frozenset(PATIENT_STATE),
    "66455-7": frozenset(CERTAINTY),
    "82606-5": frozenset(CRITICALITY),
    "SEV": frozenset(SEVERITY),
}
"""The small entries by their code (LOINC, HL7 v3 ActCode)."""
_SEVERITIES = {"255604002": "mild", "6736007": "moderate", "24484000": "severe", "442452003": "severe", "399166001": "severe"}
"""SNOMED CT severities that one of FHIR's three words says exactly, or is worse than the last of them."""
TAKEN_BACK = frozenset({"nullified", "obsolete"})
"""statusCodes (HL7 v3 ActStatus) of what its author took back, or put something else in the place of."""
QUALIFIER = "urn:healthspace:qualifier"
"""On a CodeableConcept, complex (name, value): what narrows a code, such as the side of the body."""


def identifiers_of(statement: Statement) -> list[Resource]:
    return [identifier(each) for each in read_identifiers(statement.element)]


def time_of(statement: Statement, *path: str) -> Time | None:
    """The time at `path` in the statement, when it can be read."""
    first, *rest = path
    element = _when(statement) if first == "effectiveTime" else child(statement.element, first)
    return time_at(statement.source, child(element, *rest))


def _when(statement: Statement) -> Element | None:
    """Its effectiveTime: the first that is a time or an interval, and not a rhythm (PIVL, EIVL, or several in parentheses)."""
    times = children(statement.element, "effectiveTime")
    plain = (time for time in times if all(child(time, name) is None for name in ("period", "event", "comp")))
    return next(plain, times[0] if times else None)


def began(statement: Statement) -> Time | None:
    """When it began, or took place."""
    return time_of(statement, "effectiveTime", "low") or time_of(statement, "effectiveTime")


def period_of(statement: Statement) -> Resource | None:
    """Its first interval: from when to when; None when neither is said."""
    start, end = began(statement), time_of(statement, "effectiveTime", "high")
    return compact({"start": start.fhir if start else None, "end": end.fhir if end else None}) or None


def ended(statement: Statement) -> bool:
    """True when it was over on the day of the document; an end said only by its month or year must be an earlier one."""
    end, now = time_of(statement, "effectiveTime", "high"), statement.source.time.fhir[:10]
    if end is None or not now:
        return False
    day = end.fhir[:10]
    return day < now[: len(day)] or (len(day) == 10 and day == now)


def begins_later(statement: Statement) -> bool:
    """True when it begins after the day of the document."""
    start, now = began(statement), statement.source.time.fhir[:10]
    return start is not None and bool(now) and start.fhir[:10] > now[: len(start.fhir[:10])]


def recorder_of(statement: Statement) -> Resource | None:
    """The person who wrote it; None when a machine or only a structure is named."""
    author = author_of(statement)
    return None if author and author.get("type") in {"Device", "Organization"} else author


def authored_on(statement: Statement) -> str:
    """When the nearest author wrote it; the document's own time when none is nearer."""
    time = time_at(statement.source, child(statement.author, "time"))
    return (time or statement.source.time).fhir


def meaningful(text: str) -> str:
    """`text`, unless it is only a dash, as in an empty cell of a table."""
    return text if any(letter.isalnum() for letter in text) else ""


def notes_of(statement: Statement, *templates: str) -> list[Resource]:
    """The comments on a statement, and the words of the entries of `templates` inside it."""
    texts = [*(note["text"] for note in note_of(statement)), *(inner.text for inner in statement.find(*templates))]
    return [{"text": text} for text in texts if meaningful(text)]


def reasons_of(statement: Statement) -> list[Resource]:
    """Why: the codes of the acts and problems it is linked to as its reason."""
    return [said for inner in statement.related("RSON") if not inner.negated and (said := meaning_of(inner)) is not None]


def finding_of(statement: Statement) -> Resource | None:
    """What an observation found: its coded value, or its words; else the words of its narrative. None when it says nothing."""
    element = child(statement.element, "value")
    coded = concept_of(statement, element)
    text = "" if coded else meaningful(value_of(statement, element).get("valueString", "") if element is not None else "")
    text = text or ("" if coded else meaningful(statement.text))
    return coded or ({"text": text} if text else None)


def meaning_of(statement: Statement) -> Resource | None:
    """What an observation found, or else what an act is (its code), or else its words; None when it is void or about somebody else."""
    if statement.subject or statement.status in TAKEN_BACK:
        return None
    if statement.kind == "observation" and child(statement.element, "value") is not None:
        return finding_of(statement)
    return code_or_text(statement)


def said_when(statement: Statement, name: str) -> Resource:
    """`nameDateTime`: when it began, or that this is masked; `nameString`: what the sender wrote instead. Empty when nothing is said."""
    if start := began(statement):
        return dated(f"{name}DateTime", start)
    times = (child(_when(statement), "low"), _when(statement))
    raw = next(filter(None, (attribute(time, "value") for time in times)), "")
    if not raw and any(attribute(time, "nullFlavor") == "MSK" for time in times):
        return {f"_{name}DateTime": {"extension": [{"url": DATA_ABSENT, "valueCode": reason_for("MSK")}]}}
    return {f"{name}String": raw} if raw else {}


def names_of(statement: Statement) -> frozenset[str]:
    """Its templates, and those that its code stands for: older documents give these small entries no template of their own."""
    if statement.kind != "observation":
        return statement.templates
    return statement.templates | _NAMED_BY_CODE.get(attribute(child(statement.element, "code"), "code"), frozenset())


def coded_part(statement: Statement, templates: tuple[str, ...]) -> Code | None:
    """The value of the small observation of one of `templates` directly inside; None when it is denied."""
    told = (inner for inner in statement.related() if not (inner.negated or inner.subject or inner.status in TAKEN_BACK))
    parts = (inner for inner in told if names_of(inner) & set(templates))
    found = (read_code(child(inner.element, "value")) for inner in parts)
    return next((code for code in found if code is not None), None)


def severity_of(statement: Statement) -> Resource | None:
    return concept(coded_part(statement, SEVERITY))


def severity_word(severity: Resource | None) -> str:
    """Mild, moderate or severe, when the severity is one that FHIR has one word for; else ""."""
    codes = (each.get("code") for each in (severity or {}).get("coding", ()))
    return next((_SEVERITIES[code] for code in codes if code in _SEVERITIES), "")


def site_of(statement: Statement, element: Element | None) -> Resource | None:
    """A place on the body with what narrows it (its side)."""
    said = concept_of(statement, element)
    return compact({**said, "extension": [*said.get("extension", ()), *_qualifiers(element)]}) if said else None


def sites_of(statement: Statement, name: str) -> list[Resource]:
    return [said for element in children(statement.element, name) if (said := site_of(statement, element))]


def _qualifiers(element: Element | None) -> Iterator[Resource]:
    for qualifier in children(element, "qualifier"):
        named, value = concept(read_code(child(qualifier, "name"))), concept(read_code(child(qualifier, "value")))
        parts = [("name", named), ("value", value)]
        if value:
            yield {"url": QUALIFIER, "extension": [{"url": url, "valueCodeableConcept": said} for url, said in parts if said]}


def narrowed(said: Resource | None, element: Element | None) -> Resource | None:
    """`said` with the qualifiers of its element, in words too: "Traitement : Radiothérapie"."""
    qualifiers = list(_qualifiers(element))
    if not said or not qualifiers:
        return said
    values = (each["extension"][-1]["valueCodeableConcept"] for each in qualifiers)
    shown = [said.get("text") or _display(said), *map(_display, values)]
    text = " : ".join(filter(None, dict.fromkeys(shown)))
    return compact({**said, "extension": [*said.get("extension", ()), *qualifiers], "text": text})


def _display(said: Resource) -> str:
    return str(said.get("text") or next((each["display"] for each in said.get("coding", ()) if "display" in each), ""))


def place_of(statement: Statement) -> Resource | None:
    """Where it took place: the identifiers and the name of the participant of type LOC; None when it says neither."""
    for participant in children(statement.element, "participant"):
        if attribute(participant, "typeCode") != "LOC":
            continue
        role = child(participant, "participantRole")
        ids = read_identifiers(role)
        name = words(child(role, "playingEntity", "name")) or words(child(role, "scopingEntity", "desc"))
        if ids or name:
            return compact({"identifier": identifier(ids[0]) if ids else None, "display": name})
    return None


def has_unreadable_values(statement: Statement) -> bool:
    """True when it states a time or an amount that is neither."""
    element = statement.element
    times = [part for time in children(element, "effectiveTime") for part in (time, child(time, "low"), child(time, "high"))]
    amounts = [child(element, name) for name in ("doseQuantity", "rateQuantity", "quantity")]
    amounts += [child(amount, bound) for amount in amounts for bound in ("low", "high")]
    unread_time = any(attribute(time, "value") and time_at(statement.source, time) is None for time in times)
    return unread_time or any(attribute(amount, "value") and number_of(attribute(amount, "value")) is None for amount in amounts)


def unread_values(statement: Statement) -> Iterator[Unread]:
    """A note on an observation with more values than the one that is kept."""
    said = [each for each in children(statement.element, "value") if attribute(each, "nullFlavor") in {"", "MSK"}]
    if len(said) > 1 and not statement.subject:
        yield Unread(statement.place, "several-values")


def remaining(statement: Statement, *consumed: str) -> Found:
    """What the statements inside say that do not only complete this one.

    `consumed` tells those already read: templates, keys, typeCodes ("MFST"), these with a kind ("COMP/substanceAdministration").
    Reasons are read with what they explain; a measure that is given as a reason is a measure all the same.
    """
    if has_unreadable_values(statement):
        yield Unread(statement.place, "value")
    done = COMPLETING | set(consumed)
    for inner in statement.related():
        link = attribute(inner.element.getparent(), "typeCode")
        explains = link == "RSON" and (inner.kind == "act" or inner.templates & set(PROBLEM))
        if explains or done & {link, f"{link}/{inner.kind}", inner.key, *names_of(inner)}:
            yield from unread_values(inner)
        else:
            yield from read(inner)
