"""Where a resource of the record comes from: read out of a document, or entered by the citizen. Kept as tags (R4 resource.html#Meta).

What was read out of a document carries the class and the type of that document, so that a rule about documents of a class can be a
condition on what came from them too: `_tag` with the systems below, in the query and on a resource that was read.
"""

from typing import Any

from healthspace.access.labels import SHOWN, SHOWN_CODE, VISIBILITY, codes_of, concept_of, is_shown_one_by_one
from healthspace.base.fhirjson import DOCUMENT, ORIGIN, tagged

Resource = dict[str, Any]

DOCUMENT_CLASS = "urn:healthspace:document-class"
"""System of the tag that holds the class of the source document (TRE_A03: "10")."""
DOCUMENT_TYPE = "urn:healthspace:document-type"
"""System of the tag that holds the type of the source document (LOINC or TRE_A05: "11502-2")."""

SAID_BY_DOCUMENTS = frozenset(
    "AdverseEvent AllergyIntolerance BodyStructure CarePlan CareTeam ClinicalImpression Communication Condition Consent Coverage "
    "DetectedIssue DeviceRequest DeviceUseStatement DiagnosticReport Encounter EpisodeOfCare FamilyMemberHistory Flag Goal ImagingStudy "
    "Immunization ImmunizationEvaluation ImmunizationRecommendation Media MedicationAdministration MedicationDispense "
    "MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Procedure Provenance QuestionnaireResponse "
    "RequestGroup RiskAssessment ServiceRequest Specimen SupplyDelivery SupplyRequest VisionPrescription".split()
)
"""Types of what documents say of their citizen; what is of another type is kept inside these."""

CONTACTS = "RelatedPerson"
"""Whom to call and whom the citizen trusts; carers who sign in, too. Professionals are shown the former (the entourage of the French
space), which citizens enter themselves, and never the latter, which invitations make."""
KEPT_OF_DOCUMENTS = SAID_BY_DOCUMENTS | {CONTACTS}
"""Types of what is kept of documents. The contacts that a header names are shown to their citizen, and to no professional: the matrix
has no row for them, and whoever may read the document finds them there."""


def origin_tags(document: Resource) -> list[dict[str, Any]]:
    """The tags of what is read out of a DocumentReference, that it is shown one by one included."""
    classes = [{"system": DOCUMENT_CLASS, "code": code} for code in sorted(classes_of(document))]
    types = [{"system": DOCUMENT_TYPE, "code": code} for code in sorted(types_of(document))]
    shown = [{"system": SHOWN, "code": SHOWN_CODE}] if is_shown_one_by_one(document) else []
    return [{"system": ORIGIN, "code": DOCUMENT}, *classes, *types, *shown]


def is_from_document(resource: Resource) -> bool:
    """Whether a resource was read out of a document."""
    return DOCUMENT in tagged(resource, ORIGIN)


def classes_of(resource: Resource) -> frozenset[str]:
    """The classes of a DocumentReference, or of the document that a resource was read out of."""
    if resource["resourceType"] == "DocumentReference":
        return frozenset(coding["code"] for concept in resource.get("category", []) for coding in _coded(concept))
    return tagged(resource, DOCUMENT_CLASS)


def types_of(resource: Resource) -> frozenset[str]:
    """The types of a DocumentReference, or of the document that a resource was read out of."""
    if resource["resourceType"] == "DocumentReference":
        return frozenset(coding["code"] for coding in _coded(resource.get("type", {})))
    return tagged(resource, DOCUMENT_TYPE)


def visibility_of(document: Resource) -> list[dict[str, Any]]:
    """The labels of a DocumentReference that hide it from somebody, as security labels of what came from it."""
    return [coding for code in VISIBILITY if code in codes_of(document) for coding in concept_of(code)["coding"]]


def _coded(concept: Resource) -> list[dict[str, Any]]:
    return [coding for coding in concept.get("coding", []) if "code" in coding]
