"""FHIR R4 resources as the facts of the writer: what it has no room for is told by `Unsaid`, and nothing is made up in its place."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from healthspace.base.fhirjson import Resource
from healthspace.cda.write.codes import SNOMED, Code
from healthspace.cda.write.entries import (
    ALLERGY,
    CERTAINTIES,
    CLINICAL_STATES,
    CRITICALITIES,
    DRUG_ALLERGY,
    FOOD_ALLERGY,
    SEVERITIES,
    Allergy,
    Problem,
    Reaction,
    Treatment,
)
from healthspace.cda.write.fhir.elements import (
    Unsaid,
    code_of,
    codes_of,
    day_of,
    digits_of,
    moment_of,
    name_of,
    product_of,
    required_code,
    required_day,
    somebody,
    unit_of,
)
from healthspace.cda.write.measures import INTERPRETATIONS, Between, Bounded, Measure, Result, Said
from healthspace.cda.write.measures import Named as NamedValue
from healthspace.cda.write.prescription import LONG_TERM, PrescribedItem
from healthspace.cda.write.products import Product
from healthspace.cda.write.sections import Act
from healthspace.cda.write.vaccination import BOOSTER, FIRST, UNSPECIFIED, Advised, Immunization, Refused
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN

_KINDS = {
    ("allergy", "medication"): DRUG_ALLERGY,
    ("allergy", "food"): FOOD_ALLERGY,
    ("allergy", "environment"): Code("426232007", SNOMED, "allergie à l’environnement"),
    ("allergy", ""): ALLERGY,
    ("intolerance", "medication"): Code("59037007", SNOMED, "intolérance médicamenteuse"),
    ("intolerance", "food"): Code("235719002", SNOMED, "intolérance alimentaire"),
    ("", "medication"): Code("419511003", SNOMED, "propension à une réaction indésirable à un médicament"),
    ("", "food"): Code("418471000", SNOMED, "propension à une réaction indésirable à un aliment"),
    ("", ""): Code("420134006", SNOMED, "propension à une réaction indésirable"),
}
_EARLIEST, _LATEST = "30981-5", "59777-3"
_FINAL = frozenset({"final", "amended", "corrected"})
_FLAG = "urn:healthspace:prescription-flag"


def immunization(resource: Resource, mark: str) -> Immunization | Refused:
    """A vaccination that was done, or was not."""
    product, day = _vaccine(resource.get("vaccineCode")), required_day(resource.get("occurrenceDateTime"))
    if resource["status"] == "not-done":
        return Refused(product, "", day, code_of(resource.get("statusReason")), mark)
    if resource["status"] != "completed":
        raise Unsaid("status")
    protocol: Resource = next(iter(resource.get("protocolApplied", ())), {})
    amount = resource.get("doseQuantity")
    kinds = {kind.display: kind for kind in (FIRST, BOOSTER)}
    return Immunization(
        product,
        ", ".join(name_of(disease) for disease in protocol.get("targetDisease", ())),
        day,
        resource.get("lotNumber", ""),
        protocol.get("doseNumberPositiveInt"),
        code_of(resource.get("site")),
        somebody(next((one["actor"] for one in resource.get("performer", ())), None)),
        mark,
        code_of(resource.get("route")),
        kinds.get(protocol.get("series", ""), UNSPECIFIED),
        (digits_of(amount["value"]), unit_of(amount)) if amount and "value" in amount else None,
    )


def dose(resource: Resource, mark: str) -> Immunization:
    """A vaccination that was done."""
    found = immunization(resource, mark)
    if isinstance(found, Refused):
        raise Unsaid("status")
    return found


def _vaccine(concept: Resource | None) -> Product:
    if _is_absent(concept):
        raise Unsaid("none-known")
    return product_of(concept)


def advice(resource: Resource, mark: str) -> Advised:
    """A vaccination that is recommended, from a day to another."""
    part = resource["recommendation"][0]
    dates = {code_of(one["code"]): one.get("value") for one in part.get("dateCriterion", ())}
    found = {code.code: day for code, day in dates.items() if code}
    product = product_of(next(iter(part.get("vaccineCode", ())), None))
    if len(resource["recommendation"]) > 1 or "doseNumberPositiveInt" not in part:
        raise Unsaid("shape")
    earliest, latest = (required_day(found.get(code)) for code in (_EARLIEST, _LATEST))
    return Advised(product, name_of(part.get("targetDisease")), earliest, latest, part["doseNumberPositiveInt"], mark)


def problem(resource: Resource, mark: str) -> Problem:
    """A problem that the citizen has or had. One that is refuted, or that none is known, has no place among them."""
    certainty = _word(resource.get("verificationStatus"))
    if certainty in {"refuted", "entered-in-error"} or _is_absent(resource.get("code")):
        raise Unsaid("refuted" if certainty else "none-known")
    state, stop = CLINICAL_STATES.get(_word(resource.get("clinicalStatus"))), day_of(resource.get("abatementDateTime"))
    if state is None and stop is None:
        raise Unsaid("status")  # its section would say that it is one or the other
    return Problem(
        required_code(resource.get("code")),
        day_of(resource.get("onsetDateTime")),
        stop,
        mark,
        state,
        code_of(resource.get("severity")),
        CERTAINTIES.get(certainty),
    )


def is_past(one: Problem) -> bool:
    return one.stop is not None or (one.status is not None and one.status.code in {"inactive", "remission", "resolved"})


@dataclass(frozen=True, slots=True)
class NoneKnown:
    """That no allergy is known: somebody looked. `about` is the resource that says so."""

    about: str


def allergy(resource: Resource, mark: str) -> Allergy | NoneKnown:
    """An allergy or intolerance, or that none is known."""
    if any(one.code == "no-known-allergies" for one in codes_of(resource.get("code"))):
        return NoneKnown(f"AllergyIntolerance/{resource.get('id', '')}")
    certainty = _word(resource.get("verificationStatus"))
    if certainty in {"refuted", "entered-in-error"} or _is_absent(resource.get("code")):
        raise Unsaid("refuted" if certainty else "none-known")
    kind = (resource.get("type", ""), next(iter(resource.get("category", ())), ""))
    if kind not in _KINDS:
        raise Unsaid("shape")
    return Allergy(
        product_of(resource.get("code")),
        day_of(resource.get("onsetDateTime")),
        ", ".join(name_of(manifestation) for one in resource.get("reaction", ()) for manifestation in one["manifestation"]),
        mark,
        _KINDS[kind],
        tuple(_reaction(one) for one in resource.get("reaction", ())),
        CRITICALITIES.get(resource.get("criticality", "")),
        CLINICAL_STATES[_word(resource.get("clinicalStatus")) or "active"],
        CERTAINTIES.get(certainty),
    )


def _reaction(one: Resource) -> Reaction:
    return Reaction(required_code(one["manifestation"][0]), SEVERITIES.get(one.get("severity", "")))


def act(resource: Resource, mark: str) -> Act:
    if resource["status"] != "completed" or _is_absent(resource.get("code")):
        raise Unsaid("status")
    return Act(required_code(resource.get("code")), required_day(resource.get("performedDateTime")), mark)


def statement(resource: Resource, mark: str) -> Treatment:
    """A treatment that is taken, or was."""
    period = resource.get("effectivePeriod") or {}
    if resource["status"] not in {"active", "completed"} or _is_absent(resource.get("medicationCodeableConcept")):
        raise Unsaid("status")
    return _treatment(resource, resource.get("dosage", []), period, mark)


def item(resource: Resource, mark: str) -> PrescribedItem:
    """A line of a prescription."""
    dosages, asked = resource.get("dosageInstruction", []), resource.get("dispenseRequest") or {}
    if resource["status"] not in {"active", "completed"} or resource.get("intent") != "order" or resource.get("doNotPerform"):
        raise Unsaid("status")
    bounds = [one["timing"]["repeat"]["boundsPeriod"] for one in dosages if "boundsPeriod" in one.get("timing", {}).get("repeat", {})]
    quantity = asked.get("quantity") or {}
    boxes = digits_of(quantity.get("value", 0)).removesuffix(".0")
    if not boxes.isdigit():
        raise Unsaid("amount")
    return PrescribedItem(
        _uuid_of(resource),
        _treatment(resource, dosages, bounds[0] if bounds else {}, mark),
        int(boxes),
        asked.get("numberOfRepeatsAllowed"),
        next((one["patientInstruction"] for one in dosages if "patientInstruction" in one), ""),
        _long_term(resource),
        substitutable="substitution" in resource,
    )


def _treatment(resource: Resource, dosages: list[Resource], period: Resource, mark: str) -> Treatment:
    if len(dosages) > 1:
        raise Unsaid("dosage")
    dosage: Resource = next(iter(dosages), {})
    repeat, amounts = dosage.get("timing", {}).get("repeat", {}), dosage.get("doseAndRate", [])
    hours = repeat.get("period", 0) if repeat.get("periodUnit") == "h" and repeat.get("frequency") == 1 else 0
    dose = amounts[0].get("doseQuantity") if len(amounts) == 1 else None
    structured = bool(repeat.keys() - {"boundsPeriod"}) or bool(amounts)
    if structured and not dosage.get("text") and not (hours == int(hours) and hours and dose):
        raise Unsaid("dosage")
    details = next((one for one in resource.get("contained", ()) if one["resourceType"] == "Medication"), None)
    return Treatment(
        product_of(resource.get("medicationCodeableConcept"), details),
        dosage.get("text", ""),
        required_day(period.get("start")),
        day_of(period.get("end")),
        int(hours) if hours == int(hours) else 0,
        digits_of(dose["value"]) if dose and "value" in dose else "",
        unit_of(dose) if dose else "",
        code_of(dosage.get("route")),
        code_of(next(iter(resource.get("reasonCode", ())), None)),
        mark,
    )


def _uuid_of(resource: Resource) -> str:
    """The item's own UUID, else one made of its id: a dispensation will name it."""
    for one in resource.get("identifier", ()):
        value = str(one.get("value", "")).removeprefix("urn:uuid:")
        try:
            return str(UUID(value)).upper()
        except ValueError:
            continue
    return str(uuid5(NAMESPACE_URL, f"MedicationRequest/{resource.get('id', '')}")).upper()


def _long_term(resource: Resource) -> bool | None:
    """Whether it treats a listed illness, when that is said."""
    for extension in resource.get("extension", ()):
        parts = {one["url"]: one for one in extension.get("extension", ())}
        asked = code_of(parts["code"]["valueCodeableConcept"]) if extension["url"] == _FLAG else None
        if asked is not None and asked.code == LONG_TERM.code:
            return bool(parts["value"]["valueBoolean"])
    return None


def measure(resource: Resource, mark: str) -> Measure:
    """A result or a measurement, in its own unit and with the range of its laboratory."""
    if resource["status"] not in _FINAL:
        raise Unsaid("status")
    code, quantity = required_code(resource.get("code")), resource.get("valueQuantity") or {}
    ranges = resource.get("referenceRange", [])
    if len(ranges) > 1:
        raise Unsaid("range")
    usual: Resource = next(iter(ranges), {})
    bounds = {side: usual[side] for side in ("low", "high") if side in usual}
    value, of_bounds = _value(resource), next(map(unit_of, bounds.values()), "")
    of_value = unit_of(quantity) or next((unit_of(one) for one in (resource.get("valueRange") or {}).values()), "")
    unit = of_bounds if isinstance(value, Said | NamedValue) else of_value
    if any(unit_of(one) not in {"", unit} for one in bounds.values()):
        raise Unsaid("range")
    flag = next((_word(one) for one in resource.get("interpretation", ())), "")
    low, high = (digits_of(bounds[side]["value"]) if side in bounds else None for side in ("low", "high"))
    if flag and flag not in INTERPRETATIONS:
        raise Unsaid("interpretation")
    when, name = moment_of(resource.get("effectiveDateTime")), name_of(resource["code"])
    return Measure(code, name, value, unit, low, high, flag, mark, usual.get("text", ""), when)


def vital_sign(resource: Resource, mark: str) -> Measure:
    """A measurement of the body, at its own time. Its entry has no room for a judgement."""
    if "vital-signs" not in {_word(one) for one in resource.get("category", ())}:
        raise Unsaid("type")
    found = measure(resource, mark)
    if found.flag or found.low or found.high or found.range_text:
        raise Unsaid("range")
    return found


def _value(resource: Resource) -> Result:
    if "valueQuantity" in resource and "value" in resource["valueQuantity"]:
        number, sign = digits_of(resource["valueQuantity"]["value"]), resource["valueQuantity"].get("comparator")
        return Bounded(sign, number) if sign else number
    if "valueRange" in resource:
        low, high = (digits_of(resource["valueRange"][side]["value"]) for side in ("low", "high"))
        return Between(low, high)
    if "valueCodeableConcept" in resource:
        code = code_of(resource["valueCodeableConcept"])
        return NamedValue(code) if code else Said(name_of(resource["valueCodeableConcept"]))
    if resource.get("valueString"):
        return Said(resource["valueString"])
    raise Unsaid("value")


def _word(concept: Resource | None) -> str:
    return next((str(one["code"]) for one in (concept or {}).get("coding", ()) if one.get("code")), "")


def _is_absent(concept: Resource | None) -> bool:
    return any(one.get("system") == ABSENT_OR_UNKNOWN for one in (concept or {}).get("coding", ()))
