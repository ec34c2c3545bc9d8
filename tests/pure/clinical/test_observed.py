"""Vital signs, scores, pregnancies, details of plans; imaging, devices, advance directives, transfers."""

import pytest

from healthspace.cda.clinical import FACT, Extraction
from tests.pure.clinical.entries import (
    ABSENT,
    CHILD,
    DONE,
    FRENCH,
    LOINC,
    SNOMED,
    act,
    administration,
    at,
    coded,
    comment,
    linked,
    observation,
    value,
)
from tests.pure.clinical.kinds import faults_in, of_type, read_section
from tests.pure.clinical.samples import Resource, category_of, codes_of, read_lent
from tests.pure.clinical.test_laboratory import organizer, written
from tests.shared import needs_shared

SIGNS, SCORES, DEVICES, WISHES, IMAGES, PREGNANCIES = "8716-3", "47420-5", "46264-8", "42348-3", "121181", "10162-6"
DCM = "1.2.840.10008.2.16.4"
IMPLANT = coded("code", "J010104", "1.2.250.1.213.2.68", display="Stimulateur cardiaque")
UDI = "(01)00844588003288(17)141100(10)7654321D(21)109"


def read(section: str, *entries: str, narrative: str = "", **parts: str) -> Extraction:
    found = read_section(section, *entries, narrative=narrative, **parts)
    assert faults_in(found) == []
    return found


def read_one(section: str, entry: str, narrative: str = "") -> Resource:
    (fact,) = read(section, entry, narrative=narrative).facts
    resource: Resource = fact.resource
    return resource


def sign(code: str, value: str, *more: str) -> str:
    return observation("50", coded("code", code, LOINC), DONE, *more, f'<value xsi:type="PQ" value="{value}" unit="mm[Hg]"/>')


# Vital signs, scores, pregnancies.


def test_each_vital_sign_is_a_fact_and_has_the_time_of_its_group_when_it_says_none() -> None:
    found = read(SIGNS, organizer("49", sign("8480-6", "120"), sign("8462-4", "80", at("20240306")), before=at("20240305")))
    signs = of_type(found.facts, "Observation")
    assert [(codes_of(one["code"]), one["effectiveDateTime"]) for one in signs] == [({"8480-6"}, "2024-03-05"), ({"8462-4"}, "2024-03-06")]
    assert {category_of(one) for one in signs} == {"vital-signs"}


def test_a_score_holds_its_items() -> None:
    item = observation("8", coded("code", "70184-7", LOINC), DONE, '<value xsi:type="INT" value="0"/>')
    total = observation("6", coded("code", "72089-6", LOINC), DONE, '<value xsi:type="INT" value="4"/>', linked("COMP", item, item))
    found = read(SCORES, total)
    whole = found.facts[0].resource
    assert (whole["valueInteger"], len(whole["hasMember"]), len(found.facts)) == (4, 2, 3)
    assert {category_of(fact.resource) for fact in found.facts} == {"survey"}


def test_what_is_said_of_an_earlier_pregnancy_has_its_time() -> None:
    outcome = observation("53", coded("code", "63893-2", LOINC), DONE, '<effectiveTime nullFlavor="NA"/>', value("236973005", SNOMED))
    period = '<effectiveTime><low value="200001"/><high value="200009"/></effectiveTime>'
    found = read(PREGNANCIES, organizer("55", outcome, code=coded("code", "118185001", SNOMED), before=period))
    assert [fact.resource["effectivePeriod"] for fact in found.facts] == [{"start": "2000-01", "end": "2000-09"}] * 2


@pytest.mark.parametrize("entry", [sign("8480-6", "120", CHILD), organizer("49", sign("8480-6", "120"), before=CHILD)])
def test_a_measure_of_somebody_else_is_no_fact(entry: str) -> None:
    assert read(SIGNS, entry).facts == ()


def test_an_observation_among_those_on_relatives_is_not_the_citizens() -> None:
    found = read("10157-6", observation("48", coded("code", "E11", LOINC), DONE, '<value xsi:type="BL" value="true"/>'))
    assert (found.facts, [each.reason for each in found.unread]) == ((), ["other-subject"])


def test_what_stands_in_a_plan_was_not_found_but_a_measure_was() -> None:
    stop = observation("48", coded("code", "MED-1", LOINC), DONE, '<value xsi:type="BL" value="true"/>')
    found = read("18776-5", stop, sign("8480-6", "120"), act(coded("code", "PT", DCM), linked("COMP", stop)))
    assert [codes_of(one["code"]) for one in of_type(found.facts, "Observation")] == [{"8480-6"}]
    assert [each.reason for each in found.unread] == ["planned"]


def test_what_a_link_denies_is_noted_and_said_of_nothing() -> None:
    cause = observation("48", coded("code", "I22", LOINC), DONE, '<value xsi:type="BL" value="true"/>')
    link = linked("RSON", cause).replace("<entryRelationship ", '<entryRelationship negationInd="true" ')
    found = read(SCORES, observation("48", coded("code", "MED-503", LOINC), DONE, '<value xsi:type="BL" value="true"/>', link))
    assert ([codes_of(fact.resource["code"]) for fact in found.facts], [each.reason for each in found.unread]) == (
        [{"MED-503"}],
        ["negated"],
    )


def test_a_comment_that_stands_alone_is_kept() -> None:
    note = f'<act classCode="ACT" moodCode="EVN"><templateId root="{FRENCH}32"/>{coded("code", "48767-8", LOINC)}'
    one = read_one("29762-2", f'{note}<text><reference value="#c"/></text></act>', '<content ID="c">Vit seule</content>')
    assert one["valueString"] == "Vit seule"


def test_what_narrows_a_plan_is_told_in_its_words_and_found_nothing() -> None:
    detail = observation(
        "48", coded("code", "MED-1133", "1.2.250.1.213.1.1.4.322", display="Fonction"), DONE, '<value xsi:type="BL" value="true"/>'
    )
    found = read("18776-5", act(coded("code", "PT", DCM), linked("COMP", detail), mood="INT"))
    assert of_type(found.facts, "Observation") == []
    (asked,) = of_type(found.facts, "ServiceRequest")
    assert asked["note"] == [{"text": "Fonction : oui"}]


# Devices.


def supply(*inside: str, code: str = IMPLANT, mood: str = "EVN", number: str = "", attributes: str = "") -> str:
    role = f'<participantRole classCode="MANU">{number}<playingDevice>{code}</playingDevice></participantRole>'
    device = f'<participant typeCode="DEV">{role}</participant>'
    before = "".join(each for each in inside if not each.startswith("<entryRelationship"))
    after = "".join(each for each in inside if each.startswith("<entryRelationship"))
    head = f'<supply classCode="SPLY" moodCode="{mood}" {attributes}><templateId root="{FRENCH}20"/>'
    return f"{head}{before}{device}{after}</supply>"


def test_an_implant_is_a_device_in_use_with_its_numbers_and_its_place() -> None:
    located = observation("48", coded("code", "39111-0", LOINC), DONE, value("263887005", SNOMED))
    number = f'<id root="2.51.1.1" extension="{UDI}"/>'
    since = '<effectiveTime xsi:type="IVL_TS"><low value="20190811"/></effectiveTime>'
    found = read(DEVICES, supply(since, linked("RSON", located), number=number))
    (device,), (use,) = of_type(found.facts, "Device"), of_type(found.facts, "DeviceUseStatement")
    assert (device["udiCarrier"][0]["deviceIdentifier"], device["lotNumber"], device["serialNumber"]) == (
        "00844588003288",
        "7654321D",
        "109",
    )
    assert device["expirationDate"] == "2014-11"
    assert (use["status"], use["timingPeriod"], codes_of(use["bodySite"])) == ("active", {"start": "2019-08-11"}, {"263887005"})
    assert use["device"]["reference"] == f"{FACT}{next(fact.key for fact in found.facts if fact.resource == device)}"
    assert "reasonCode" not in use


def test_no_known_device_is_said_by_the_code_that_says_so() -> None:
    found = read(DEVICES, supply(code=coded("code", "no-known-devices", ABSENT, display="Aucun dispositif"), attributes='nullFlavor="NA"'))
    (device,) = of_type(found.facts, "Device")
    assert codes_of(device["type"]) == {"no-known-devices"}
    assert of_type(found.facts, "DeviceUseStatement")[0]["device"]["display"] == "Aucun dispositif"


def test_a_prescribed_device_is_a_request_and_not_one_in_use() -> None:
    found = read("57828-6", supply('<quantity value="1"/>', mood="INT"))
    (asked,) = of_type(found.facts, "DeviceRequest")
    assert (asked["intent"], asked["parameter"][0]["valueQuantity"]["value"]) == ("order", 1)
    assert of_type(found.facts, "Device", "DeviceUseStatement") == []


@pytest.mark.parametrize(
    "entry",
    [
        supply(CHILD),
        supply(attributes='negationInd="true"'),
        supply('<statusCode code="nullified"/>'),
        supply(attributes='nullFlavor="NI"'),
    ],
)
def test_a_device_that_is_not_the_citizens_or_not_there_is_none(entry: str) -> None:
    assert read(DEVICES, entry).facts == ()


# Advance directives.


def wish(code: str, answer: str, *more: str, attributes: str = "") -> str:
    said = f'<value xsi:type="BL" value="{answer}"/>' if answer else ""
    return observation("54", coded("code", code, LOINC), DONE, said, *more, attributes=attributes)


@pytest.mark.parametrize(("answer", "kind", "word"), [("true", "permit", "souhaité"), ("false", "deny", "refusé")])
def test_a_wish_is_a_consent_that_permits_or_refuses_a_care_and_says_so_in_words(answer: str, kind: str, word: str) -> None:
    one = read_one(WISHES, wish("75787-2", answer))
    assert one["category"][0]["text"] == f"75787-2 : {word}"
    assert (one["resourceType"], one["provision"]["type"], codes_of(one["provision"]["code"][0])) == ("Consent", kind, {"75787-2"})
    assert codes_of(one["scope"]) == {"adr"}


def test_directives_that_exist_permit_nothing_and_those_that_do_not_are_no_consent() -> None:
    address = '<text><reference value="ftp://x.example/1"/></text>'
    link = f'<reference typeCode="REFR"><externalDocument><id root="1.2.250.1.999.4"/>{address}</externalDocument></reference>'
    one = read_one(WISHES, wish("42348-3", "true", link))
    assert "type" not in one.get("provision", {})
    assert one["sourceReference"]["identifier"]["value"] == "urn:oid:1.2.250.1.999.4"
    assert "ftp" not in written(one)
    assert read_one(WISHES, wish("42348-3", "false"))["valueBoolean"] is False


def test_a_denied_wish_is_noted_and_neither_a_permission_nor_a_refusal() -> None:
    found = read(WISHES, wish("75787-2", "false", attributes='negationInd="true"'))
    assert (found.facts, [each.reason for each in found.unread]) == ((), ["negated"])


# Imaging.


def study(uid: str, *inside: str, mood: str = "EVN") -> str:
    head = f'<act classCode="ACT" moodCode="{mood}"><templateId root="1.2.840.10008.9.16"/><id root="{uid}"/>'
    return f"{head}{coded('code', '113014', DCM)}{at('20240305')}{linked('COMP', *inside)}</act>"


def series(uid: str, *inside: str, modality: str = "CT") -> str:
    qualifier = f"<qualifier>{coded('name', '121139', DCM)}{coded('value', modality, DCM)}</qualifier>" if modality else ""
    head = f'<act classCode="ACT" moodCode="EVN"><templateId root="1.2.840.10008.9.17"/><id root="{uid}"/>'
    return f"{head}{coded('code', '113015', DCM, qualifier)}{linked('COMP', *inside)}</act>"


def instance(uid: str, kind: str = "1.2.840.10008.5.1.4.1.1.88.59") -> str:
    address = '<text mediaType="application/dicom"><reference value="http://pacs.example/wado?objectUID=1"/></text>'
    head = f'<observation classCode="DGIMG" moodCode="EVN"><templateId root="1.2.840.10008.9.18"/><id root="{uid}"/>'
    return f"{head}{coded('code', kind, '1.2.840.10008.2.6.1')}{address}</observation>"


def test_a_study_has_its_series_and_instances_by_their_uid_and_no_address() -> None:
    one = read_one(IMAGES, study("1.2.3.4", series("1.2.3.4.1", instance("1.2.3.4.1.1")), series("1.2.3.4.2", modality="")))
    assert one["identifier"] == [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"}]
    assert [each["code"] for each in one["modality"]] == ["CT"]
    first, second = one["series"]
    assert first["instance"] == [
        {"uid": "1.2.3.4.1.1", "sopClass": {"system": "urn:ietf:rfc:3986", "code": "urn:oid:1.2.840.10008.5.1.4.1.1.88.59"}}
    ]
    assert "code" not in second["modality"]
    assert "pacs" not in written(one)


@pytest.mark.parametrize("entry", [study("1.2.3.4", mood="RQO"), study("").replace('<id root=""/>', "")])
def test_a_study_that_was_not_done_or_has_no_uid_is_noted(entry: str) -> None:
    found = read(IMAGES, entry)
    assert (found.facts, len(found.unread)) == ((), 1)


def test_the_examination_of_the_header_is_a_study_in_an_imaging_report_and_in_no_other_document() -> None:
    code = coded("code", "18748-4", LOINC)
    found = read("59776-5", code=code)
    (one,) = of_type(found.facts, "ImagingStudy")
    assert ([each["code"] for each in one["modality"]], one["status"]) == (["CT"], "unknown")
    assert "24727-0" in codes_of(one["procedureCode"][0])
    assert of_type(found.facts, "DiagnosticReport")[0]["imagingStudy"]
    assert of_type(read("59776-5").facts, "ImagingStudy") == []


@needs_shared
def test_each_lent_study_is_read_once_with_its_act_and_none_from_documents_that_ask_for_one() -> None:
    studies = of_type(read_lent("IMG_CR_IMG_2024.01.xml").facts, "ImagingStudy")
    assert len(studies) == 3
    assert all(one["procedureCode"] and one["series"] for one in studies)
    assert of_type(read_lent("IMG-DA-IMG_2024.01_TEP_Thorax.xml").facts, "ImagingStudy") == []


def test_a_product_that_was_injected_is_an_administration_with_its_lot() -> None:
    code = coded("code", "V08AB11", "2.16.840.1.113883.6.73")
    material = f"<manufacturedMaterial>{code}<lotNumberText>2034</lotNumberText></manufacturedMaterial>"
    drug = f"<manufacturedProduct>{material}</manufacturedProduct>"
    one = read_one("55111-9", administration("151", DONE, '<doseQuantity value="150" unit="mL"/>', drug=drug))
    assert (one["resourceType"], one["dosage"]["dose"]["value"]) == ("MedicationAdministration", 150)
    assert one["contained"][0]["batch"]["lotNumber"] == "2034"


# Transfers.


@pytest.mark.parametrize(("mood", "kind"), [("EVN", "Observation"), ("INT", "ServiceRequest")])
def test_a_transfer_says_where_to(mood: str, kind: str) -> None:
    role = "<participantRole><playingEntity><name>Clinique des Pins</name></playingEntity></participantRole>"
    said = f'{coded("code", "80413-8", LOINC)}{DONE}{at("20240305")}<participant typeCode="DST">{role}</participant>'
    one = read_one("42349-1", f'<act classCode="ACT" moodCode="{mood}"><templateId root="{FRENCH}28"/>{said}</act>')
    assert one["resourceType"] == kind
    assert "Clinique des Pins" in written(one)


def test_a_comment_on_a_directive_is_kept_with_it() -> None:
    one = read_one(WISHES, wish("75787-2", "true", comment("c")), '<content ID="c">Sauf accident</content>')
    assert "Sauf accident" in written(one)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('<value xsi:type="PQ" nullFlavor="OTH"><translation value="5" code="UI" codeSystem="1.2.3"/></value>', {"value": 5, "unit": "UI"}),
        ('<value xsi:type="PQ" value="&lt;5" unit="g/L"/>', {"value": 5, "unit": "g/L", "comparator": "<"}),
        ('<value xsi:type="REAL" value="1.5e3"/>', {"value": 1500}),
        ('<value xsi:type="PQ" value="+5" unit="g/L"/>', {"value": 5, "unit": "g/L"}),
        ('<value xsi:type="IVL_PQ"><high value="5" unit="g/L" inclusive="0"/></value>', {"value": 5, "unit": "g/L", "comparator": "<"}),
    ],
)
def test_a_number_is_read_however_it_is_said(written: str, told: dict[str, object]) -> None:
    found = read_section("30954-2", observation("80", coded("code", "1234-5", LOINC), DONE, at("20240503"), written))
    (fact,) = found.facts
    assert {name: value for name, value in fact.resource["valueQuantity"].items() if name not in {"system", "code"}} == told
    assert found.unread == ()
    assert faults_in(found) == []


@pytest.mark.parametrize(
    "written",
    [
        '<value xsi:type="RTO"><numerator value="1"/></value>',
        '<value xsi:type="IVL_PQ"><low value="1" unit="g/L"/><width value="2" unit="g/L"/></value>',
        '<value xsi:type="IVL_PQ"><low value="9" unit="g/L"/><high value="5" unit="g/L"/></value>',
        '<value xsi:type="ED" representation="B64" mediaType="image/png">AAAA</value>',
        '<value xsi:type="PIVL_TS"><period value="6" unit="h"/></value>',
    ],
)
def test_a_value_that_fhir_has_no_room_for_is_noted_and_not_dropped_in_silence(written: str) -> None:
    for template in ("80", "48"):
        found = read_section("30954-2", observation(template, coded("code", "1234-5", LOINC), DONE, at("20240503"), written))
        assert [one.reason for one in found.unread] == ["value"]
        assert "dataAbsentReason" in found.facts[0].resource


def test_of_several_values_the_first_that_says_something_is_the_value_and_the_others_are_notes() -> None:
    values = '<value xsi:type="PQ" nullFlavor="UNK"/><value xsi:type="PQ" value="5" unit="g/L"/><value xsi:type="ST">trouble</value>'
    found = read_section("30954-2", observation("80", coded("code", "1234-5", LOINC), DONE, at("20240503"), values))
    (fact,) = found.facts
    assert fact.resource["valueQuantity"]["value"] == 5
    assert fact.resource["note"] == [{"text": "Autre valeur : trouble"}]
    assert found.unread == ()
