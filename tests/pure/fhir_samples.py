"""Resources that tests of the FHIR libraries share."""

from typing import Any

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "contained": [{"resourceType": "Organization", "id": "o", "name": "CH"}],
    "identifier": [{"system": "urn:s", "value": "1"}],
    "name": [{"family": "Dupré", "given": ["Léa", "Rose"], "_given": [None, {"extension": [{"url": "urn:x", "valueString": "y"}]}]}],
    "birthDate": "1980-02-29",
    "deceasedBoolean": False,
    "managingOrganization": {"reference": "#o"},
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "x"},
    "subject": {"reference": "Patient/1"},
    "valueQuantity": {"value": 1.5, "comparator": "<", "system": "http://unitsofmeasure.org", "code": "mg"},
    "referenceRange": [{"low": {"value": 1}}],
}
