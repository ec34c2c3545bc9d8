"""Codes and identifiers as CDA writes them, and the code systems of the French framework (rules: CI-SIS, NOS, IHE)."""

from dataclasses import dataclass

from healthspace.cda.write.xml import Node, e

LOINC = "2.16.840.1.113883.6.1"
SNOMED = "2.16.840.1.113883.6.96"
ICD10 = "2.16.840.1.113883.6.3"
ATC = "2.16.840.1.113883.6.73"
EDQM = "0.4.0.127.0.16.1.1.2.1"
CCAM = "1.2.250.1.215.300.1"
CIS = "1.2.250.1.213.2.3.1"
CIP = "1.2.250.1.213.2.3.2"
DCM = "1.2.840.10008.2.16.4"
TA_ASIP = "1.2.250.1.213.1.1.4.322"
DOCUMENT_TYPE = "1.2.250.1.213.1.1.4.12"
PROFESSION = "1.2.250.1.213.1.1.4.5"
SETTING = "1.2.250.1.213.1.1.4.9"
FACILITY = "1.2.250.1.71.4.2.4"
PERSON_ID = "1.2.250.1.71.4.2.1"
STRUCTURE_ID = "1.2.250.1.71.4.2.2"
FUNCTION = "2.16.840.1.113883.5.88"
FRENCH_FUNCTION = "1.2.250.1.213.1.1.4.2.280"
ACT_CODE = "2.16.840.1.113883.5.4"
GENDER = "2.16.840.1.113883.5.1"
CONFIDENTIALITY = "2.16.840.1.113883.5.25"
INTERPRETATION = "2.16.840.1.113883.5.83"
SUBSTITUTION = "2.16.840.1.113883.5.1070"
ABSENT_OR_UNKNOWN = "2.16.840.1.113883.5.1150.1"
CLINICAL_STATUS = "2.16.840.1.113883.4.642.4.1373"
CRITICALITY = "2.16.840.1.113883.4.642.4.130"
VERIFICATION = "2.16.840.1.113883.4.642.4.1371"
IHE_ACT = "1.3.6.1.4.1.19376.1.5.3.2"
PRESCRIPTION_ITEM = "1.3.6.1.4.1.19376.1.9.2.2"

SYSTEM_NAMES = {
    LOINC: "LOINC",
    SNOMED: "SNOMED CT",
    ICD10: "CIM-10",
    ATC: "ATC",
    EDQM: "EDQM",
    CCAM: "CCAM",
    CIS: "CIS",
    CIP: "CIP",
    DCM: "DCM",
    TA_ASIP: "TA_ASIP",
    IHE_ACT: "IHEActCode",
}


@dataclass(frozen=True, slots=True)
class Code:
    """A code, its system as an OID, its name in French, and the same thing said in other systems."""

    code: str
    system: str
    display: str
    translations: tuple["Code", ...] = ()


@dataclass(frozen=True, slots=True)
class Identifier:
    """An instance identifier: an OID or UUID, and a value inside it or none."""

    root: str
    extension: str | None = None


def coded(name: str, code: Code, reference: str | None = None, *, xsi_type: str | None = None) -> Node:
    """The element `name` holding this code; `reference` is the #id of the words that say it in the narrative."""
    return e(
        name,
        original_text(reference) if reference else None,
        *(coded("translation", translation) for translation in code.translations),
        xsi_type=xsi_type,
        code=code.code,
        displayName=code.display,
        codeSystem=code.system,
        codeSystemName=SYSTEM_NAMES.get(code.system),
    )


def original_text(reference: str) -> Node:
    return e("originalText", e("reference", value=f"#{reference}"))


def text_reference(reference: str) -> Node:
    return e("text", e("reference", value=f"#{reference}"))


def identified(identifier: Identifier, name: str = "id") -> Node:
    return e(name, root=identifier.root, extension=identifier.extension)


def templates(*roots: str) -> tuple[Node, ...]:
    """templateId elements, general before particular as the framework orders them. `root:version` carries a version."""
    split = (root.partition(":") for root in roots)
    return tuple(e("templateId", root=root, extension=version or None) for root, _, version in split)
