"""The narrative of a section: one table, one row for each entry, and nothing that no entry says (R4 narrative.html)."""

from html import escape

from healthspace.base.fhirjson import Resource
from healthspace.record.summary.values import CODES, none_known, value_of
from healthspace.record.summary.words import Words

COLUMNS = {
    "results": ("What", "Date", "Result", "Reference range"),
    "vitals": ("What", "Date", "Result", "Reference range"),
    "social": ("What", "Date", "Result", "Details"),
    "pregnancy": ("What", "Date", "Result", "Details"),
    "medications": ("What", "Date", "Dosage", "Status"),
}
OTHERS = ("What", "Date", "Details", "Status")
Row = tuple[str, str, str, str]


def narrate(key: str, entries: list[tuple[Resource, str]], words: Words) -> Resource:
    """The `text` of a section: `entries` are its resources, each with the name of what it refers to (a device, a medication) or ""."""
    rows, sentences = list[Row](), list[str]()
    for resource, name in entries:
        if none_known(resource) is not None:
            sentences.append(words.concept(resource.get(CODES.get(resource["resourceType"], "code"))))
        else:
            rows.append(row_of(resource, name, words))
    parts = [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    if rows:
        parts.append(_table([words.say(column) for column in COLUMNS.get(key, OTHERS)], rows))
    return division("".join(parts), words)


def division(content: str, words: Words) -> Resource:
    """A generated narrative in the language of `words`; `content` is XHTML."""
    head = f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{words.code}" xml:lang="{words.code}">'
    return {"status": "generated", "div": f"{head}{content}</div>"}


def row_of(resource: Resource, name: str, words: Words) -> Row:
    """One entry: what, when, what more, in which state."""
    what = words.concept(resource.get(CODES.get(resource["resourceType"], "code"))) or name or words.say("Not stated")
    type_ = resource["resourceType"]
    if type_ == "Observation":
        return what, _when(resource, words), _result(resource, words), _ranges(resource, words)
    if type_ == "Consent":
        what = next((said for one in resource.get("category", ()) if (said := words.concept(one))), what)
    if type_ == "CarePlan":
        what = resource.get("title") or next((said for one in resource.get("category", ()) if (said := words.concept(one))), what)
    return what, _when(resource, words), _details(resource, words), _state(resource, words)


def _table(columns: list[str], rows: list[Row]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _when(resource: Resource, words: Words) -> str:
    for stem in ("onset", "occurrence", "performed", "effective", "timing"):
        if moment := resource.get(f"{stem}DateTime") or resource.get(f"{stem}String"):
            return words.day(moment) if f"{stem}DateTime" in resource else str(moment)
        if period := resource.get(f"{stem}Period"):
            return words.period(period)
    if period := resource.get("period"):
        return words.period(period)
    return words.day(resource.get("authoredOn") or resource.get("dateTime") or resource.get("recordedDate") or "")


def _result(observation: Resource, words: Words) -> str:
    found = value_of(observation)
    said = [words.value(*found)] if found else []
    for part in observation.get("component", ()):
        inner = value_of(part)
        if inner:
            said.append(f"{words.concept(part.get('code'))} : {words.value(*inner)}")
    said += [words.state(one) for one in observation.get("interpretation", ()) if words.state(one) not in {"N", ""}]
    said += [note["text"] for note in observation.get("note", ()) if "text" in note]
    return " ; ".join(part for part in said if part)


def _ranges(observation: Resource, words: Words) -> str:
    return " ; ".join(str(one.get("text") or words.limits(one)) for one in observation.get("referenceRange", ()))


def _details(resource: Resource, words: Words) -> str:
    said: list[str] = []
    for reaction in resource.get("reaction", ()):
        named = [words.concept(one) for one in reaction.get("manifestation", ())]
        said.append(", ".join([*named, *([words.say(reaction["severity"])] if "severity" in reaction else [])]))
    dosages = [*resource.get("dosage", ()), *resource.get("dosageInstruction", ())]
    said += [one.get("text") or one.get("patientInstruction") or _dose(one, words) for one in dosages]
    ranks = [one.get("doseNumberPositiveInt") or one.get("doseNumberString") for one in resource.get("protocolApplied", ())]
    said += [f"{words.say('dose')} {rank}" for rank in ranks if rank]
    if "lotNumber" in resource:
        said.append(f"{words.say('lot')} {resource['lotNumber']}")
    said += [words.concept(one) for one in [*resource.get("bodySite", ()), resource.get("severity")] if isinstance(one, dict)]
    said += [str(resource[name]) for name in ("conclusion", "description") if name in resource]
    said += [note["text"] for note in resource.get("note", ()) if "text" in note]
    return " ; ".join(part for part in said if part)


def _dose(dosage: Resource, words: Words) -> str:
    """A structured dosage without words of its own: the amount, how often."""
    amounts = [words.quantity(one["doseQuantity"]) for one in dosage.get("doseAndRate", ()) if "doseQuantity" in one]
    repeat = dosage.get("timing", {}).get("repeat", {})
    if "frequency" in repeat and "period" in repeat:
        amounts.append(f"{repeat['frequency']} / {words.number(repeat['period'])} {repeat.get('periodUnit', '')}".strip())
    return ", ".join([*amounts, *repeat.get("when", ())])


def _state(resource: Resource, words: Words) -> str:
    said = [words.state(resource.get("clinicalStatus")), words.state(resource.get("verificationStatus"))]
    if "clinicalStatus" not in resource:
        said.append(words.say(resource.get("status", "")))
    if "criticality" in resource:
        said.append(words.say(resource["criticality"]))
    return ", ".join(part for part in said if part)
