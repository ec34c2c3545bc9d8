"""From the header of a clinical document to the DocumentReference of the record."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from healthspace.base.errors import Invalid
from healthspace.base.fhirjson import (
    BIRTH_GIVEN_NAMES,
    BIRTH_PLACE,
    ENCOUNTER_CLASS,
    PART_TIME,
    PARTNER_NAME,
    RAW_TIME,
    SET_ID,
    VERSION_NUMBER,
)
from healthspace.cda.header import read_header
from healthspace.cda.metadata import document_reference
from healthspace.cda.parse import parse_document
from healthspace.terminology.code_systems import system_of, uri_of
from tests.pure.cda_documents import AUTHOR, DEVICE, PATIENT, SIGNATORY, a_document, a_file_body, encoded
from tests.pure.lent_documents import EXPECTED
from tests.shared import CDA, needs_shared

Json = dict[str, Any]


def describe(data: bytes) -> Json:
    parsed = parse_document(data)
    return document_reference(read_header(parsed.root), data, self_presenting=parsed.self_presenting)


def described(**parts: str) -> Json:
    return describe(encoded(a_document(**parts)))


def codes(concept: Json) -> list[str]:
    return [coding["code"] for coding in concept["coding"]]


def contained(reference: Json, target: Json | None) -> Json:
    """The contained resource that a Reference points to."""
    assert target is not None
    (found,) = [each for each in reference["contained"] if f"#{each['id']}" == target["reference"]]
    return dict(found)


def extended(element: Json, url: str) -> Any:
    return next((value for each in element.get("extension", ()) if each["url"] == url for key, value in each.items() if key != "url"), None)


def identified(identifier: Json) -> str:
    """An Identifier written as root^extension, the way the expected facts are."""
    if identifier["system"] == "urn:ietf:rfc:3986":
        return str(identifier["value"]).removeprefix("urn:oid:").removeprefix("urn:uuid:")
    return f"{identifier['system'].removeprefix('urn:oid:')}^{identifier['value']}"


def walk(value: Any) -> Iterator[Any]:
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(each)


def check_structure(reference: Json) -> None:
    """What FHIR R4 forbids everywhere: empty values, references into nothing, contained resources that nobody refers to."""
    for value in walk(reference):
        assert value not in ("", [], {}, None)
    targets = {value["reference"] for value in walk(reference) if isinstance(value, dict) and "reference" in value}
    ids = [f"#{each['id']}" for each in reference["contained"]]
    assert len(set(ids)) == len(ids)
    assert targets == set(ids)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d", reference["date"])
    for value in walk(reference):
        for key in ("start", "end", "creation", "valueDateTime"):
            if isinstance(value, dict) and isinstance(value.get(key), str) and "T" in value[key]:
                datetime.fromisoformat(value[key])
    assert reference["content"][0]["attachment"]["size"] > 0


def test_a_letter_is_described_whole() -> None:
    data = encoded(a_document())
    reference = describe(data)
    check_structure(reference)
    assert reference["masterIdentifier"] == {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.250.1.999.1^DOC-1"}
    assert (reference["status"], reference["docStatus"]) == ("current", "final")
    assert codes(reference["type"]) == ["11490-0"]
    assert codes(reference["category"][0]) == ["10"]
    assert reference["subject"]["identifier"] == {"system": "urn:oid:1.2.250.1.213.1.4.9", "value": "150067512345672"}
    assert reference["date"] == "2024-07-02T10:15:00+02:00"
    assert extended(reference, SET_ID)["value"] == "urn:oid:1.2.250.1.999.1^LOT-1"
    assert extended(reference, VERSION_NUMBER) == "3"
    attachment = reference["content"][0]["attachment"]
    assert attachment["contentType"] == "text/xml"
    assert attachment["language"] == "fr-FR"
    assert attachment["title"] == "Lettre de sortie"
    assert attachment["size"] == len(data)
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(data).digest()
    assert reference["content"][0]["format"]["code"] == "urn:asip:ci-sis:vsm:2012"
    context = reference["context"]
    assert codes(context["event"][0]) == ["24727-0", "ACQH004", "CT"]
    assert context["period"] == {
        "start": "2024-07-02T09:00:00+02:00",
        "_start": {"extension": [{"url": RAW_TIME, "valueString": "202407020900+0200"}]},
        "end": "2024-07-02T09:30:00+02:00",
    }
    assert codes(context["practiceSetting"]) == ["ETABLISSEMENT"]
    assert codes(context["facilityType"]) == ["SA01"]
    assert extended(context, ENCOUNTER_CLASS)["code"] == "IMP"


def test_the_patient_is_kept_as_the_sender_knows_them() -> None:
    reference = described()
    patient = contained(reference, reference["context"]["sourcePatientInfo"])
    assert [identified(each) for each in patient["identifier"]] == ["1.2.250.1.213.1.4.9^150067512345672", "1.2.250.1.999.7^IPP-42"]
    official, usual = patient["name"]
    assert (official["family"], official["given"], extended(official, BIRTH_GIVEN_NAMES)) == ("LE GOFF", ["YANN"], "YANN ÉRIC")
    assert (usual["family"], usual["given"]) == ("MARTIN", ["Éric"])
    assert (patient["gender"], patient["birthDate"]) == ("male", "1950-06-15")
    assert extended(patient, BIRTH_PLACE)["extension"][0]["valueCoding"]["code"] == "29019"
    assert patient["telecom"] == [{"system": "phone", "value": "+33612345678", "use": "mobile"}]


def test_machines_and_people_are_told_apart() -> None:
    reference = described(authors=AUTHOR + DEVICE)
    check_structure(reference)
    doctor, device = (contained(reference, author) for author in reference["author"])
    assert doctor["resourceType"] == "PractitionerRole"
    assert codes(doctor["specialty"][0]) == ["G15_10/SM26"]
    assert codes(doctor["code"][0]) == ["ATTPHYS"]
    assert contained(reference, doctor["practitioner"])["name"] == [
        {"family": "MOREL", "given": ["Hélène"], "prefix": ["MME"], "suffix": ["DR"]}
    ]
    assert contained(reference, doctor["organization"])["name"] == "Cabinet des Tilleuls"
    assert device["resourceType"] == "Device"
    assert device["deviceName"] == [{"name": "Logiciel X", "type": "user-friendly-name"}]
    assert extended(reference["author"][0], PART_TIME) == "2024-07-02T10:30:00+02:00"
    assert extended(reference["author"][1], PART_TIME) == "2024-07-02"


def test_a_document_by_the_patient_has_the_patient_as_author() -> None:
    author = AUTHOR.replace("1.2.250.1.71.4.2.1", "1.2.250.1.213.1.4.9").replace("810000000011", "150067512345672")
    reference = described(authors=author)
    check_structure(reference)
    assert contained(reference, reference["author"][0])["resourceType"] == "Patient"


def test_a_document_by_a_relative_has_a_relative_as_author() -> None:
    author = AUTHOR.replace("1.2.250.1.71.4.2.1", "1.2.250.1.213.1.4.8")
    reference = described(authors=author)
    check_structure(reference)
    assert contained(reference, reference["author"][0])["resourceType"] == "RelatedPerson"


def test_an_author_known_by_their_place_only_is_that_place() -> None:
    place = "<author><assignedAuthor><representedOrganization><name>Labo</name></representedOrganization></assignedAuthor></author>"
    reference = described(authors=place)
    check_structure(reference)
    role = contained(reference, reference["author"][0])
    assert contained(reference, role["organization"])["name"] == "Labo"


def test_replaced_completed_and_transformed_documents_are_related() -> None:
    related = "".join(
        f'<relatedDocument typeCode="{kind}"><parentDocument><id root="{root}"/></parentDocument></relatedDocument>'
        for kind, root in (("RPLC", "90E1C8EC-F951-4B26-A305-A34848818DD6"), ("APND", "1.2.3"), ("XFRM", "1.2.4"))
    )
    relations = [(each["code"], each["target"]["identifier"]["value"]) for each in described(related=related)["relatesTo"]]
    assert relations == [
        ("replaces", "urn:uuid:90e1c8ec-f951-4b26-a305-a34848818dd6"),
        ("appends", "urn:oid:1.2.3"),
        ("transforms", "urn:oid:1.2.4"),
    ]


def test_every_label_of_a_masked_document_is_kept() -> None:
    labels = '<confidentialityCode code="R" codeSystem="2.16.840.1.113883.5.25"/>'
    labels += '<confidentialityCode code="MASQUE_PS" codeSystem="1.2.250.1.213.1.1.4.13"/>'
    reference = described(confidentiality=labels)
    assert [codes(label) for label in reference["securityLabel"]] == [["R"], ["MASQUE_PS"]]
    assert "TRE_A07" in reference["securityLabel"][1]["coding"][0]["system"]


def test_an_unknown_type_gets_a_class_that_is_marked_as_assumed() -> None:
    (category,) = described(code='<code code="101881-1" codeSystem="2.16.840.1.113883.6.1"/>')["category"]
    assert codes(category) == ["10"]
    assert category["coding"][0]["extension"][0]["valueBoolean"] is True


def test_unstructured_bodies_have_the_format_of_their_file() -> None:
    for media, code in (
        ("application/pdf", "urn:ihe:iti:xds-sd:pdf:2008"),
        ("image/jpeg", "urn:ihe:iti-fr:xds-sd:jpeg:2010"),
        ("text/plain", "urn:ihe:iti:xds-sd:text:2008"),
    ):
        reference = described(body=a_file_body(b"%PDF-", media))
        assert reference["content"][0]["format"]["code"] == code


def test_models_without_a_row_fall_back() -> None:
    reference = described(templates='<templateId root="1.2.250.1.213.1.1.1.59"/>')
    assert reference["content"][0]["format"]["code"] == "urn:asipSante:modelesHorsProfils:2011"


def test_a_self_presenting_document_keeps_its_media_type() -> None:
    data = f'<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform">{a_document()}</x:stylesheet>'.encode()
    assert describe(data)["content"][0]["attachment"]["contentType"] == "application/xslt+xml"


def test_a_date_alone_stays_a_date_where_fhir_allows_it() -> None:
    reference = described(time='<effectiveTime value="20240702"/>')
    check_structure(reference)
    assert reference["date"] == "2024-07-02T00:00:00+02:00"
    assert reference["_date"]["extension"][0]["valueString"] == "20240702"
    assert reference["content"][0]["attachment"]["creation"] == "2024-07-02"


def test_a_preliminary_report_says_so() -> None:
    event = '<documentationOf><serviceEvent><lab:statusCode code="active"/></serviceEvent></documentationOf>'
    assert described(event=event)["docStatus"] == "preliminary"
    assert "docStatus" not in described(signatory="")
    assert described(signatory=SIGNATORY)["docStatus"] == "final"


def test_a_married_name_is_kept() -> None:
    record = "<recordTarget>" + PATIENT.replace('<family qualifier="CL">', '<family qualifier="SP">') + "</recordTarget>"
    usual = contained(described(record=record), {"reference": "#patient-1"})["name"][1]
    assert usual["family"] == "MARTIN"
    assert extended(usual["_family"], PARTNER_NAME) == "MARTIN"


@pytest.mark.parametrize(
    ("part", "value", "place"),
    [
        ("id", "", "ClinicalDocument/id"),
        ("id", '<id nullFlavor="UNK"/>', "ClinicalDocument/id"),
        ("id", '<id root="toto" extension="1"/>', "ClinicalDocument/id"),
        ("code", '<code nullFlavor="UNK"/>', "ClinicalDocument/code"),
        ("time", '<effectiveTime nullFlavor="UNK"/>', "ClinicalDocument/effectiveTime"),
        ("time", '<effectiveTime value="demain"/>', "ClinicalDocument/effectiveTime"),
        ("record", "", "ClinicalDocument/recordTarget/patientRole/id"),
    ],
)
def test_what_the_record_cannot_do_without_is_asked_for_by_its_place(part: str, value: str, place: str) -> None:
    with pytest.raises(Invalid) as caught:
        described(**{part: value})
    assert caught.value.place == place


def test_the_rest_may_all_be_missing() -> None:
    reference = described(
        templates="",
        title="",
        confidentiality="",
        language="",
        set_id="",
        authors="",
        custodian="",
        signatory="",
        event="",
        encounter="",
        body="",
    )
    check_structure(reference)
    assert reference["content"][0]["attachment"]["title"] == "Lettre de liaison"
    assert codes(reference["securityLabel"][0]) == ["N"]


@needs_shared
@pytest.mark.parametrize("facts", EXPECTED, ids=[facts["file"] for facts in EXPECTED])
def test_every_header_fact_of_the_lent_documents_is_found(facts: Json) -> None:
    data = (CDA / facts["file"]).read_bytes()
    reference, header = describe(data), facts["header"]
    check_structure(reference)
    attachment = reference["content"][0]["attachment"]
    assert identified(reference["masterIdentifier"]) == header["id"]
    assert identified(extended(reference, SET_ID)) == header["setId"]
    assert extended(reference, VERSION_NUMBER) == header["version"]
    assert codes(reference["type"]) == [header["type"]["code"], *(each["code"] for each in header["type"].get("translation", ()))]
    assert reference["type"]["coding"][0] == {
        "system": system_of(header["type"]["codeSystem"]),
        "code": header["type"]["code"],
        "display": header["type"]["displayName"],
    }
    assert attachment["title"] == header["title"]
    assert attachment["language"] == header["language"]
    assert reference["date"] == header["effectiveTime"] == attachment["creation"]
    assert [codes(label) for label in reference["securityLabel"]] == [[code] for code in header["confidentiality"]]
    assert codes(reference["category"][0]) == [header["classCode"]]
    assert reference["content"][0]["format"]["code"] == (header["formatCode"] or "urn:asipSante:modelesHorsProfils:2011")
    assert attachment["contentType"] == facts["mimeType"]
    assert attachment["size"] == facts["size"] == len(data)
    assert base64.b64decode(attachment["hash"]).hex() == facts["sha1"]
    check_patient(reference, header["patient"])
    assert len(reference["author"]) == len(header["authors"])
    for author, expected in zip(reference["author"], header["authors"], strict=True):
        check_party(reference, author, expected)
    check_party(reference, reference["authenticator"], header["legalAuthenticator"])
    custodian = contained(reference, reference["custodian"])
    assert identified(custodian["identifier"][0]) == header["custodian"]["id"]
    assert custodian["name"] == header["custodian"]["name"]
    check_context(reference, header)


def check_patient(reference: Json, facts: Json) -> None:
    patient = contained(reference, reference["context"]["sourcePatientInfo"])
    names = {name["use"]: name for name in patient["name"]}
    assert [identified(each) for each in patient["identifier"]] == facts["ids"]
    assert patient["identifier"][0]["type"]["coding"][0]["code"] == facts["ins"]["kind"]
    assert reference["subject"]["identifier"] == {"system": uri_of(facts["ins"]["oid"]), "value": facts["ins"]["value"]}
    assert names["official"]["family"] == facts["family_birth"]
    assert names["usual"]["family"] == facts["family_used"]
    assert extended(names["usual"]["_family"], PARTNER_NAME) == facts["family_married"]
    assert extended(names["official"], BIRTH_GIVEN_NAMES) == facts["given_all"]
    assert names["official"]["given"] == [facts["given_first"]]
    assert names["usual"].get("given") == ([facts["given_used"]] if facts["given_used"] else None)
    assert patient["gender"] == {"F": "female", "M": "male"}[facts["gender"]]
    assert patient["birthDate"] == facts["birthDate"]
    assert extended(patient, BIRTH_PLACE)["extension"][0]["valueCoding"]["code"] == facts["birthplace_insee"]


def check_party(reference: Json, target: Json, facts: Json) -> None:
    """An author or signatory: who, where, in what capacity, when."""
    role = contained(reference, target)
    person = contained(reference, role["practitioner"]) if "practitioner" in role else role
    assert identified(person["identifier"][0]) == facts["id"]
    if facts["name"]:
        name = person["name"][0]
        assert (name.get("family"), " ".join(name.get("given", ()))) == (facts["name"]["family"], facts["name"]["given"])
        assert (name.get("prefix", [None])[0], name.get("suffix", [None])[0]) == (facts["name"]["prefix"], facts["name"]["suffix"])
    if facts.get("device"):
        assert facts["device"] in [name["name"] for name in role["deviceName"]]
    if facts.get("code"):
        concept = role["type"] if role["resourceType"] == "Device" else role["specialty"][0]
        assert codes(concept) == [facts["code"]]
    if facts.get("function"):
        assert codes(role["code"][0]) == [facts["function"]]
    if facts.get("org"):
        place = contained(reference, role.get("organization") or role.get("owner"))
        assert identified(place["identifier"][0]) == facts["org"]["id"]
        assert place.get("name") == facts["org"]["name"]
    if facts["time"].startswith("INVALID:"):
        assert extended(target, RAW_TIME) == facts["time"].removeprefix("INVALID:")
        assert extended(target, PART_TIME) == "2024-01-06T11:36:23+01:00"
    else:
        assert extended(target, PART_TIME) == facts["time"]


def check_context(reference: Json, header: Json) -> None:
    context = reference["context"]
    assert context.get("period", {}).get("start") == header["service"]["start"]
    assert context.get("period", {}).get("end") == header["service"]["stop"]
    events = [
        [(system_of(code["codeSystem"]), code["code"]) for code in (event, *event.get("translation", ()))] for event in header["eventCodes"]
    ]
    assert [[(code["system"], code["code"]) for code in event["coding"]] for event in context.get("event", ())] == events
    assert codes(context["practiceSetting"]) == [header["practiceSetting"]]
    assert codes(context["facilityType"]) == [header["facilityType"]]
    assert (extended(context, ENCOUNTER_CLASS) or {}).get("code") == header["encounterClass"]
    related = [
        (each["identifier"]["type"]["coding"][0]["code"], identified(each["identifier"]).lower()) for each in context.get("related", ())
    ]
    assert related == [("PLAC", order.lower()) for order in header["orders"]] + [
        ("ACSN", number.lower()) for number in header["accessionNumbers"]
    ]
    relations = [(each["code"], identified(each["target"]["identifier"]).lower()) for each in reference.get("relatesTo", ())]
    assert relations == [({"RPLC": "replaces"}[each["type"]], each["id"].lower()) for each in header["relatedDocuments"]]
    assert header["docStatus"] is None or reference["docStatus"] == {"completed": "final"}[header["docStatus"]]
