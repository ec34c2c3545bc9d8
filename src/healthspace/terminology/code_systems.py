"""Code systems by OID (as CDA names them) and by URI (as FHIR does)."""

import re
from urllib.parse import quote

from healthspace.terminology import uris

LOINC = "2.16.840.1.113883.6.1"
DOCUMENT_TYPES = "1.2.250.1.213.1.1.4.12"
"""TRE_A05, the French agency's own types of documents."""
CONFIDENTIALITY = "2.16.840.1.113883.5.25"
VISIBILITY = "1.2.250.1.213.1.1.4.13"
"""TRE_A07: masked for professionals, not yet visible to the patient, hidden from legal representatives."""
FACILITY_TYPES = "1.2.250.1.71.4.2.4"
PRACTICE_SETTINGS = "1.2.250.1.213.1.1.4.9"

INS_OIDS = ("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11")
"""The four systems of the national health identity, in order of preference: NIR, NIA, test, demonstration."""

_URI_OF_OID = {
    LOINC: uris.LOINC,
    "2.16.840.1.113883.6.96": uris.SNOMED,
    "2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
    "2.16.840.1.113883.6.73": uris.ATC,
    "2.16.840.1.113883.6.8": uris.UCUM,
    "2.16.840.1.113883.6.139": "http://hl7.org/fhir/sid/icpc-2",
    "2.16.840.1.113883.6.347": "http://id.who.int/icd/release/11/mms",
    "0.4.0.127.0.16.1.1.2.1": uris.EDQM,
    "1.2.840.10008.2.16.4": uris.DICOM,
    "2.16.840.1.113883.3.26.1.1": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
    "1.2.250.1.215.300.1": uris.CCAM,
    "1.2.250.1.213.2.5": uris.CCAM,
    "2.16.840.1.113883.5.83": uris.HL7 + "v3-ObservationInterpretation",
    "2.16.840.1.113883.5.4": uris.ACT_CODES,
    CONFIDENTIALITY: uris.CONFIDENTIALITY,
    "2.16.840.1.113883.5.111": uris.ROLE_CODES,
    "2.16.840.1.113883.5.1150.1": uris.ABSENT_OR_UNKNOWN,
    VISIBILITY: "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument",
}

_OID_OF_URI = {uri: oid for oid, uri in reversed(_URI_OF_OID.items())}
"""The first OID where two have one name."""

_AGENCY = "https://mos.esante.gouv.fr/NOS/{0}/FHIR/{1}"
_OTHER_NAMES = {
    _AGENCY.format(name, name.replace("_", "-", 1)): f"urn:oid:{oid}"
    for name, oid in {
        "TRE_A00-ProducteurDocNonPS": "1.2.250.1.213.1.1.4.6",
        "TRE_A01-CadreExercice": PRACTICE_SETTINGS,
        "TRE_A05-TypeDocComplementaire": DOCUMENT_TYPES,
        "TRE_R02-SecteurActivite": FACILITY_TYPES,
    }.items()
}
"""Code systems that senders name by the agency's URL, or by their OID as its own FHIR examples do."""

_PUBLISHED = {oid: url for url, oid in _OTHER_NAMES.items()}

_OID = re.compile(r"\d+(\.\d+)+", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def system_of(oid: str) -> str:
    """The URI of a code system named by its OID; `urn:oid:` where FHIR has no other name for it."""
    return _URI_OF_OID.get(oid) or uri_of(oid)


def oid_named(uri: str) -> str:
    """The OID of a code system or of identifiers named by a URI; "" when it has none."""
    return _OID_OF_URI.get(uri) or (uri.removeprefix("urn:oid:") if _OID.fullmatch(uri.removeprefix("urn:oid:")) else "")


def one_name(system: str) -> str:
    """The name under which a code system is compared: one for those that have two."""
    return _OTHER_NAMES.get(system, system)


def published_name(system: str) -> str:
    """The name under which the agency publishes a code system, where that is another than the one it is compared under."""
    return _PUBLISHED.get(system, system)


def uri_of(root: str) -> str:
    """An instance root as a URI: `urn:oid:`, `urn:uuid:` in lower case, or a name of our own for what is neither."""
    if _OID.fullmatch(root):
        return f"urn:oid:{root}"
    if _UUID.fullmatch(root):
        return f"urn:uuid:{root.lower()}"
    return f"urn:healthspace:root:{quote(root, safe='')}"


def is_instance_root(root: str) -> bool:
    """True for an OID or a UUID, the two roots that name something the world over."""
    return bool(_OID.fullmatch(root) or _UUID.fullmatch(root))


def oid_of(system: str) -> str:
    """The OID inside a `urn:oid:` URI; any other text as it is."""
    return system.removeprefix("urn:oid:")
