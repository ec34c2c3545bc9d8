"""FHIR R4 documents: a Bundle whose first entry is a Composition (R4: documents.html). Reading and finding one's way in it."""

from dataclasses import dataclass
from typing import Any

from healthspace.base.documents import Traits
from healthspace.base.errors import Invalid, TooLarge
from healthspace.base.fhirjson import BIRTH_GIVEN_NAMES, BIRTH_PLACE, INSEE_CODE, Resource
from healthspace.fhir.exact_json import read_json
from healthspace.fhir.primitives import is_string
from healthspace.terminology.code_systems import INS_OIDS, oid_of

LIMIT = 14 * 1024 * 1024
"""Bytes of the largest document read when the caller states no other limit."""

Index = dict[str, Resource]


@dataclass(frozen=True, slots=True)
class Ins:
    """A national health identity: OID of its system, value."""

    system: str
    value: str


def read_document_bundle(data: bytes, *, limit: int = LIMIT) -> Resource:
    """The Bundle in `data`, numbers as they were written.

    Raises TooLarge over `limit` bytes, Malformed (line and column) when it is no JSON, Invalid (FHIRPath) when it is no document.
    """
    if len(data) > limit:
        raise TooLarge(f"The document has {len(data):,} bytes; at most {limit:,} are read.")
    bundle = read_json(data)
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Invalid("This is no FHIR Bundle.", place="Bundle")
    if bundle.get("type") != "document":
        raise Invalid("The Bundle is no document: its type must be `document`.", place="Bundle.type")
    if not isinstance(bundle.get("entry"), list) or not all(isinstance(entry, dict) for entry in bundle["entry"]):
        raise Invalid("The Bundle has no entries.", place="Bundle.entry")
    composition_of(bundle)
    return bundle


def composition_of(bundle: Resource) -> Resource:
    """The Composition, which must be the first resource of a document."""
    entries = bundle["entry"]
    first = entries[0].get("resource") if entries else None
    if not isinstance(first, dict) or first.get("resourceType") != "Composition":
        raise Invalid("The first resource of a document must be its Composition.", place="Bundle.entry[0].resource")
    return first


def index_of(bundle: Resource) -> Index:
    """The resources of a document by everything that may refer to them: fullUrl, its last two steps, and type/id."""
    index: Index = {}
    for entry in bundle["entry"]:
        resource, url = entry.get("resource"), string(entry.get("fullUrl"))
        if not isinstance(resource, dict):
            continue
        for name in (url, "/".join(url.split("/")[-2:]), f"{resource.get('resourceType')}/{resource.get('id')}"):
            index.setdefault(name, resource)
    return index


def resolve(index: Index, reference: Any, inside: Resource) -> Resource | None:
    """The resource of this document that `reference` (a Reference) points to; None when it points outside.

    `#id` is looked for in what `inside` contains.
    """
    target = string(reference.get("reference")) if isinstance(reference, dict) else ""
    if target.startswith("#"):
        return next((each for each in dicts(inside.get("contained")) if each.get("id") == target[1:]), None)
    plain = target.partition("/_history/")[0]
    return (index.get(target) or index.get(plain)) if plain else None


def dicts(value: Any) -> list[Resource]:
    """The objects in a list that comes from outside; none of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def string(value: Any) -> str:
    """`value` when it is a text of FHIR, without the spaces around it; "" otherwise (a control character is no text)."""
    return value.strip() if is_string(value) else ""


def strings(value: Any) -> list[str]:
    """The texts in a list that comes from outside."""
    return [said for each in value if (said := string(each))] if isinstance(value, list) else []


def patient_of(bundle: Resource) -> Resource:
    """The Patient that the Composition is about. Raises Invalid when the document does not carry it."""
    composition = composition_of(bundle)
    patient = resolve(index_of(bundle), composition.get("subject"), composition)
    if patient is None or patient.get("resourceType") != "Patient":
        raise Invalid("The subject of the document must be a Patient that it carries.", place="Bundle.entry[0].resource.subject")
    return patient


def ins_of(patient: Resource) -> Ins:
    """The patient's national health identity. Raises Invalid when there is none, or two that contradict each other."""
    place = "Bundle.entry.resource.ofType(Patient).identifier"
    ids = [(oid_of(string(each.get("system"))), string(each.get("value"))) for each in dicts(patient.get("identifier"))]
    for oid in INS_OIDS:
        values = {value for system, value in ids if system == oid and value}
        if len(values) > 1:
            raise Invalid("The document gives two different national health identities (INS) of its patient.", place=place)
        if values:
            return Ins(oid, values.pop())
    raise Invalid("The document gives no national health identity (INS) of its patient.", place=place)


def patient_traits(bundle: Resource) -> Traits:
    """The citizen's identity, enough to open a space. Raises Invalid when the document gives no national health identity."""
    patient = patient_of(bundle)
    ins = ins_of(patient)
    official, usual = _name(patient, "official", "maiden", "old"), _name(patient, "usual", "nickname")
    official = official or usual or next(iter(dicts(patient.get("name"))), {})
    givens = strings(official.get("given"))
    return Traits(
        ins_system=ins.system,
        ins_value=ins.value,
        birth_family=string(official.get("family")),
        given_names=string(_extended(official, BIRTH_GIVEN_NAMES).get("valueString")) or " ".join(givens),
        first_given=givens[0] if givens else "",
        used_family=string((usual or official).get("family")),
        used_given=" ".join(strings((usual or {}).get("given"))),
        sex=string(patient.get("gender")) or "unknown",
        birth_date=string(patient.get("birthDate")),
        birth_place=_birth_place(patient),
    )


def _name(patient: Resource, *uses: str) -> Resource | None:
    names = dicts(patient.get("name"))
    return next((name for use in uses for name in names if name.get("use") == use), None)


def _birth_place(patient: Resource) -> str:
    address = _extended(patient, BIRTH_PLACE).get("valueAddress")
    if not isinstance(address, dict):
        return ""
    insee = _extended(address, INSEE_CODE).get("valueCoding")
    return string(insee.get("code")) if isinstance(insee, dict) else ""


def _extended(element: Resource, url: str) -> Resource:
    return next((each for each in dicts(element.get("extension")) if each.get("url") == url), {})
