"""Each kind of resource as its IPS profile wants it (2.0.1 and 1.1.0 at once): what must be there is there, or is said to be unknown.

What the profiles ask and the record may lack: a time (then the extension data-absent-reason), a performer of a result, a status. What they
forbid and the record may have: more than one category of a report, components of a habit, quantities of a result outside UCUM.
"""

from collections.abc import Callable

from healthspace.base.fhirjson import OURS, Resource
from healthspace.cda.clinical.products import MEDICATION
from healthspace.record.summary.sections import IPS
from healthspace.record.summary.select import ALCOHOL, DELIVERY_DATES, OUTCOMES, PREGNANCY_STATUS, TOBACCO
from healthspace.record.summary.values import CODES, absence, absent_concept, codes_of, codings, none_known, value_of
from healthspace.record.summary.words import Words
from healthspace.terminology.uris import HL7, LOINC, OBSERVATION_CATEGORIES, UCUM

VITAL_SIGNS = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
PROFILES = {
    "AllergyIntolerance": "AllergyIntolerance-uv-ips",
    "Condition": "Condition-uv-ips",
    "Device": "Device-uv-ips",
    "DeviceUseStatement": "DeviceUseStatement-uv-ips",
    "DiagnosticReport": "DiagnosticReport-uv-ips",
    "Flag": "Flag-alert-uv-ips",
    "Immunization": "Immunization-uv-ips",
    "Medication": "Medication-uv-ips",
    "MedicationRequest": "MedicationRequest-uv-ips",
    "MedicationStatement": "MedicationStatement-uv-ips",
    "Patient": "Patient-uv-ips",
    "Procedure": "Procedure-uv-ips",
    "Specimen": "Specimen-uv-ips",
}
OBSERVATION_PROFILES = {
    "laboratory": f"{IPS}Observation-results-laboratory-pathology-uv-ips",
    "imaging": f"{IPS}Observation-results-radiology-uv-ips",
    "vital-signs": VITAL_SIGNS,
    "tobacco": f"{IPS}Observation-tobaccouse-uv-ips",
    "alcohol": f"{IPS}Observation-alcoholuse-uv-ips",
    "pregnancy": f"{IPS}Observation-pregnancy-status-uv-ips",
    "delivery": f"{IPS}Observation-pregnancy-edd-uv-ips",
    "outcome": f"{IPS}Observation-pregnancy-outcome-uv-ips",
}
LEFT_OUT = frozenset({"meta", "text", "extension", "encounter", "basedOn", "partOf", "implicitRules", "language", "identifier"})


def conform(resource: Resource, words: Words) -> Resource | None:
    """`resource` after its IPS profile; None when it cannot be an entry. The citizen's reference and ids are put later."""
    kept = {key: value for key, value in resource.items() if key not in LEFT_OUT}
    if extensions := [one for one in resource.get("extension", ()) if not one.get("url", "").startswith(OURS)]:
        kept["extension"] = extensions
    details = next((one["valueReference"] for one in resource.get("extension", ()) if one.get("url") == MEDICATION), None)
    if details is not None and "contained" in resource and kept.pop("medicationCodeableConcept", None) is not None:
        # The contained Medication says more than its code: IPS would rather have it than the code.
        kept["medicationReference"] = details
    type_ = resource["resourceType"]
    if type_ in PROFILES:
        kept["meta"] = {"profile": [IPS + PROFILES[type_]]}
    if (none := none_known(resource)) is not None:
        # A general denial ("allergy": refuted) is from here on said by the code alone, and so is no longer denied.
        kept[CODES.get(type_, "code")] = absent_concept(none)
        kept.pop("verificationStatus", None)
    shape = SHAPES.get(type_)
    return shape(kept, words) if shape is not None else kept


def _condition(condition: Resource, words: Words) -> Resource:
    _state(condition, "condition-clinical")
    listed = {code for concept in condition.get("category", ()) for _, code in codings(concept)}
    if "problem-list-item" not in listed:
        problem = {"coding": [{"system": f"{HL7}condition-category", "code": "problem-list-item", "display": "Problem List Item"}]}
        condition["category"] = [problem, *condition.get("category", ())]
    return condition


def _allergy(allergy: Resource, words: Words) -> Resource:
    _state(allergy, "allergyintolerance-clinical")
    return allergy


def _state(resource: Resource, system: str) -> None:
    """A clinicalStatus: R4 wants one (ait-1, con-3)."""
    if "clinicalStatus" not in resource:
        code, display = ("resolved", "Resolved") if any(key.startswith("abatement") for key in resource) else ("active", "Active")
        resource["clinicalStatus"] = {"coding": [{"system": HL7 + system, "code": code, "display": display}]}


def _timed(element: str) -> Callable[[Resource, Words], Resource]:
    """A resource that must say when, or that this is not known."""

    stems = (element, f"_{element}")

    def shape(resource: Resource, words: Words) -> Resource:
        if not any(key.startswith(stems) for key in resource):
            resource[f"_{element}DateTime"] = absence()
        return resource

    return shape


def _report(report: Resource, words: Words) -> Resource:
    """DiagnosticReport-uv-ips: exactly one category, a time."""
    categories = report.get("category") or [{"coding": [{"system": f"{HL7}v2-0074", "code": "OTH", "display": "Other"}]}]
    report["category"] = categories[:1]
    if "performer" in report:
        report["performer"] = [one for one in report["performer"] if not one.get("reference", "").startswith("Patient/")]
    return _timed("effective")(report, words)


def _device(device: Resource, words: Words) -> Resource:
    device["patient"] = {}
    return device


def _specimen(specimen: Resource, words: Words) -> Resource:
    specimen.setdefault("type", absence())
    return specimen


def _medication(medication: Resource, words: Words) -> Resource:
    medication.setdefault("code", absence())
    return medication


def _observation(observation: Resource, words: Words) -> Resource | None:
    codes = codes_of(observation.get("code"), LOINC)
    for wanted, kind in ((TOBACCO, "tobacco"), (ALCOHOL, "alcohol"), (PREGNANCY_STATUS, "pregnancy")):
        if wanted in codes:
            return _plain(observation, kind)
    if codes & DELIVERY_DATES:
        return _plain(observation, "delivery")
    if codes & OUTCOMES:
        return _plain(observation, "outcome")
    categories = {code for one in observation.get("category", ()) for code in codes_of(one, OBSERVATION_CATEGORIES)}
    for kind in ("laboratory", "imaging"):
        if kind in categories:
            return _result(observation, kind, words)
    return observation if "social-history" in categories else _vital_sign(observation, categories)


def _plain(observation: Resource, kind: str) -> Resource:
    """Habits and pregnancy: one value at one time, and none of the elements that their profiles close."""
    observation["meta"] = {"profile": [OBSERVATION_PROFILES[kind]]}
    for name in ("component", "bodySite", "specimen", "device", "referenceRange"):
        observation.pop(name, None)
    if kind == "delivery":
        observation.pop("method", None)
    period = observation.pop("effectivePeriod", None) or {}
    moment = observation.pop("effectiveInstant", None) or period.get("start") or period.get("end")
    if moment and "effectiveDateTime" not in observation:
        observation["effectiveDateTime"] = moment
    if "effectiveDateTime" not in observation:
        observation["_effectiveDateTime"] = absence()
    _keep_value(observation, kind)
    return observation


def _keep_value(observation: Resource, kind: str) -> None:
    """The type of value that the profile allows; any other is kept as words, in a note."""
    wanted = {"alcohol": "valueQuantity", "delivery": "valueDateTime", "outcome": "valueQuantity"}.get(kind, "valueCodeableConcept")
    found = value_of(observation)
    if found is None or (found[0] == wanted and (kind != "alcohol" or _is_ucum(found[1]))):
        return
    observation.pop(found[0])
    observation["note"] = [*observation.get("note", ()), {"text": _words_of(found[1])}]


def _result(observation: Resource, kind: str, words: Words) -> Resource | None:
    """A result: final (1.1.0 fixes that), at a time said to the day, with a performer and a value."""
    observation["meta"] = {"profile": [OBSERVATION_PROFILES[kind]]}
    if observation["status"] != "final":
        observation["note"] = [*observation.get("note", ()), {"text": words.say(observation["status"])}]
        observation["status"] = "final"
    if moment := observation.pop("effectiveInstant", None):
        observation["effectiveDateTime"] = moment
    moment = observation.get("effectiveDateTime", "")
    if moment and len(moment) < len("2000-01-01"):
        del observation["effectiveDateTime"]
        observation["effectivePeriod"] = {"start": moment, "end": moment}
    observation.pop("effectiveTiming", None)
    _timed("effective")(observation, words)
    _plain_value(observation)
    if "hasMember" in observation:
        observation.pop("component", None)
    elif value_of(observation) is None:
        found = [(_name_of(one.get("code")), value_of(one)) for one in observation.get("component", ())]
        parts = [f"{name} : {_words_of(value[1])}" for name, value in found if value is not None]
        if not parts:
            return None  # nothing was found, or nothing that is a result
        observation["valueString"] = " ; ".join(parts)
        observation.pop("dataAbsentReason", None)
    return observation


def _plain_value(observation: Resource) -> None:
    """A value as 1.1.0 has them: quantities in UCUM, no integer and no boolean. A number in another unit stays, as words."""
    found = value_of(observation)
    if found is None:
        return
    key, value = found
    if key == "valueInteger":
        del observation[key]
        observation["valueQuantity"] = {"value": value, "system": UCUM, "code": "1"}
    elif key == "valueBoolean" or (key == "valueQuantity" and not _is_ucum(value)):
        del observation[key]
        observation["valueString"] = _words_of(value)


def _vital_sign(observation: Resource, categories: set[str]) -> Resource:
    observation["meta"] = {"profile": [VITAL_SIGNS]}
    if "vital-signs" not in categories:
        vital = {"coding": [{"system": OBSERVATION_CATEGORIES, "code": "vital-signs", "display": "Vital Signs"}]}
        observation["category"] = [vital, *observation.get("category", ())]
    if moment := observation.pop("effectiveInstant", None):
        observation["effectiveDateTime"] = moment
    return observation


def _is_ucum(quantity: Resource) -> bool:
    return quantity.get("system") == UCUM and "code" in quantity


def _name_of(concept: Resource | None) -> str:
    named = next((one["display"] for one in (concept or {}).get("coding", ()) if "display" in one), "")
    return str((concept or {}).get("text") or named)


def _words_of(value: object) -> str:
    """A value in words, its number as it was written."""
    if not isinstance(value, dict):
        return str(getattr(value, "text", value))
    if "value" in value:
        number = getattr(value["value"], "text", value["value"])
        return " ".join(str(part) for part in (value.get("comparator"), number, value.get("unit") or value.get("code")) if part is not None)
    return _name_of(value)


SHAPES: dict[str, Callable[[Resource, Words], Resource | None]] = {
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "Device": _device,
    "DeviceUseStatement": _timed("timing"),
    "DiagnosticReport": _report,
    "Immunization": _timed("occurrence"),
    "Medication": _medication,
    "MedicationStatement": _timed("effective"),
    "Observation": _observation,
    "Procedure": _timed("performed"),
    "Specimen": _specimen,
}
