"""Writing FHIR R4 resources as plain dicts: no empty value ever gets in, and each extension has one name.

Extensions of our own are used only where neither HL7 nor the French guides define one for the place.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

Resource = dict[str, Any]

PROFILE = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/pdsm-comprehensive-document-reference"

OURS = "urn:healthspace:"
"""What our own extensions begin with: no document may bring one."""
SET_ID = "urn:healthspace:set-id"
"""On a DocumentReference, valueIdentifier: what all the versions of a document have in common."""
VERSION_NUMBER = "urn:healthspace:version-number"
"""On a DocumentReference, valueString: the sender's version number."""
ENCOUNTER_CLASS = "urn:healthspace:encounter-class"
"""On DocumentReference.context, valueCoding: kind of stay or visit."""
ENCOUNTER_PERIOD = "urn:healthspace:encounter-period"
"""On DocumentReference.context, valuePeriod: when that stay or visit took place."""
PART_TIME = "urn:healthspace:time"
"""On a Reference to an author or authenticator, valueDateTime: when they wrote or signed."""
RAW_TIME = "urn:healthspace:hl7v3-time"
"""On a date or a Reference, valueString: what the sender wrote, where FHIR cannot say exactly that."""
UNREAD = "urn:healthspace:unread"
"""On a DocumentReference, valueInteger: how many of its entries could not be read into facts."""
PLACE = "urn:healthspace:place"
"""On a target of a Provenance, valueString: where in the document it stands."""
ASSUMED = "urn:healthspace:assumed"
"""On a Coding, valueBoolean true: chosen by default, because our tables do not know the document's type."""
ORIGIN = "urn:healthspace:origin"
"""System of the tag that says where a resource comes from: read out of a document, or entered by the citizen (or who represents them)."""
DOCUMENT, CITIZEN = "document", "citizen"
"""The codes of ORIGIN."""

ARCHIVED = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/pdsm-ext-is-archived"
"""On a DocumentReference, valueBoolean: put into the archive (TD3.3d)."""
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
"""On any element, valueCode: why there is no value."""

_FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"
BIRTH_GIVEN_NAMES = _FR_CORE + "fr-core-patient-birth-list-given-name"
INSEE_CODE = _FR_CORE + "fr-core-address-insee-code"
MUNICIPALITIES = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
NAME_QUALIFIER = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier"
PARTNER_NAME = "http://hl7.org/fhir/StructureDefinition/humanname-partner-name"
_FRENCH_IDENTIFIER_TYPES = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_INS_TYPES = {
    "1.2.250.1.213.1.4.8": "INS-NIR",
    "1.2.250.1.213.1.4.9": "INS-NIA",
    "1.2.250.1.213.1.4.10": "INS-NIR-TEST",
    "1.2.250.1.213.1.4.11": "INS-NIR-DEMO",
}


def compact(content: Mapping[str, Any]) -> Resource:
    """`content` without the keys that hold nothing: FHIR forbids empty texts, lists and objects."""
    return {key: value for key, value in content.items() if value is not None and value not in ("", [], {}, ())}


def extension(url: str, kind: str, value: Any) -> list[Resource]:
    """The extension `url` with `value` under the key `kind` (valueString…), in a list; an empty list when there is no value."""
    return [{"url": url, kind: value}] if value not in (None, "", [], {}) else []


def tagged(resource: Resource, system: str) -> frozenset[str]:
    """The codes of `system` among the tags of a resource."""
    return frozenset(tag["code"] for tag in (resource.get("meta") or {}).get("tag") or () if tag.get("system") == system and "code" in tag)


def ins_type(oid: str) -> Resource | None:
    """The identifier type of one of the four INS systems (French core guide); None for another system."""
    code = _INS_TYPES.get(oid)
    return {"coding": [{"system": _FRENCH_IDENTIFIER_TYPES, "code": code}]} if code else None


def describe_bytes(data: bytes) -> Resource:
    """`size` and `hash` of an Attachment. SHA-1 is what XDS and FHIR R4 ask for; it protects nothing here."""
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    return {"size": len(data), "hash": base64.b64encode(digest).decode("ascii")}


class Contained:
    """The contained resources of a resource under construction; equal ones are kept once."""

    def __init__(self) -> None:
        self.resources: list[Resource] = []
        self._known: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def add(self, resource: Resource, name: str) -> str:
        """Keeps `resource` under an id made of `name` and a number; the local reference to it ("#name-1")."""
        content = repr(resource)
        if content not in self._known:
            self._count[name] += 1
            identifier = f"{name}-{self._count[name]}"
            self.resources.append({"resourceType": resource["resourceType"], "id": identifier, **resource})
            self._known[content] = f"#{identifier}"
        return self._known[content]
