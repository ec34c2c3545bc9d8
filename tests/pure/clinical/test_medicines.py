"""Treatments and prescriptions: what is taken, how, and what was only meant."""

from typing import Any

import pytest

from healthspace.cda.clinical import Extraction
from healthspace.cda.clinical.flags import FLAG
from healthspace.cda.clinical.prescriptions import PERIOD
from healthspace.cda.clinical.products import MEDICATION
from tests.pure.clinical.entries import (
    ABSENT,
    ATC,
    CHILD,
    DONE,
    FRENCH,
    SNOMED,
    TA_ASIP,
    administration,
    coded,
    linked,
    low,
    observation,
    product,
    reason,
    treatment,
)
from tests.pure.clinical.kinds import faults_in, read_section
from tests.pure.clinical.samples import Resource, codes_of

CURRENT, GIVEN, PLAN, PRESCRIBED, DELIVERED = "10160-0", "18610-6", "18776-5", "57828-6", "60590-7"
SINCE = low("20240110")
DAILY = '<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="1" unit="d"/></effectiveTime>'
NOBODY = '<code nullFlavor="NA"/>'


def read_one(entry: str, section: str = CURRENT, narrative: str = "") -> Resource:
    found = read_section(section, entry, narrative=narrative)
    assert faults_in(found) == []
    (fact,) = found.facts
    resource: Resource = fact.resource
    return resource


def read_dosage(*inside: str, narrative: str = "") -> Resource:
    dosage: Resource = read_one(treatment(SINCE, *inside), narrative=narrative)["dosage"][0]
    return dosage


def every(text: str) -> str:
    return f'<effectiveTime xsi:type="PIVL_TS" operator="A">{text}</effectiveTime>'


def moment(event: str, offset: str = "") -> str:
    return f'<effectiveTime xsi:type="EIVL_TS" operator="A"><event code="{event}"/>{offset}</effectiveTime>'


# Taken, given, meant.


@pytest.mark.parametrize(
    ("entry", "section", "status"),
    [
        (treatment(SINCE), CURRENT, "active"),
        (treatment(low("20240110", "20240201")), CURRENT, "completed"),
        (treatment(low("20240110", "20250201")), CURRENT, "active"),
        (treatment(), GIVEN, "completed"),
        (treatment(), PLAN, "intended"),
        (treatment(SINCE, attributes='negationInd="true"'), CURRENT, "not-taken"),
        (administration("42", '<statusCode code="aborted"/>', SINCE), CURRENT, "stopped"),
        (administration("42", '<statusCode code="suspended"/>', SINCE), CURRENT, "on-hold"),
        (administration("42", '<statusCode code="cancelled"/>', SINCE), CURRENT, "not-taken"),
        (treatment(), "48768-6", "unknown"),
    ],
)
def test_a_treatment_has_the_status_that_its_mood_its_section_and_its_end_tell(entry: str, section: str, status: str) -> None:
    assert read_one(entry, section)["status"] == status


@pytest.mark.parametrize(("mood", "intent"), [("INT", "plan"), ("RQO", "order"), ("PRP", "proposal")])
def test_a_treatment_that_is_meant_is_a_request(mood: str, intent: str) -> None:
    meant = read_one(treatment(SINCE, mood=mood))
    assert (meant["resourceType"], meant["status"], meant["intent"]) == ("MedicationRequest", "active", intent)


def test_what_is_not_to_be_taken_is_asked_not_to_be() -> None:
    assert read_one(treatment(mood="INT", attributes='negationInd="true"'))["doNotPerform"] is True


@pytest.mark.parametrize(
    ("code", "said", "status"),
    [
        (coded("code", "no-known-medications", ABSENT), "no-known-medications", "not-taken"),
        (coded("code", "no-medication-info", ABSENT), "no-medication-info", "unknown"),
        (coded("code", "787481004", SNOMED), "no-known-medications", "not-taken"),
    ],
)
def test_no_treatment_known_is_said_as_such(code: str, said: str, status: str) -> None:
    none = read_one(treatment(code, drug=product(NOBODY), attributes='nullFlavor="UNK"'))
    assert (none["medicationCodeableConcept"]["coding"][0]["code"], none["status"]) == (said, status)


@pytest.mark.parametrize("entry", [treatment(SINCE, CHILD), treatment(SINCE, attributes='nullFlavor="NI"'), ""])
def test_the_treatment_of_a_child_or_of_nobody_is_not_the_citizen_s(entry: str) -> None:
    assert read_section(CURRENT, entry) == Extraction()


def test_why_and_since_when_a_treatment_is_taken_is_kept() -> None:
    taken = read_one(treatment(low("202401", "2025"), reason("I10")))
    assert taken["effectivePeriod"] == {"start": "2024-01", "end": "2025"}
    assert [codes_of(each) for each in taken["reasonCode"]] == [{"I10"}]


# The product.


def test_a_product_without_main_code_has_its_translations_only() -> None:
    translations = coded("translation", "L01BC08", ATC) + coded("translation", "3400933516390", "1.2.250.1.213.2.3.2")
    taken = read_one(treatment(SINCE, drug=product(f"<code>{translations}</code>")))
    assert [each["code"] for each in taken["medicationCodeableConcept"]["coding"]] == ["L01BC08", "3400933516390"]


def test_a_preparation_of_the_pharmacist_has_its_words_only() -> None:
    code = '<code nullFlavor="NA"><originalText><reference value="#p"/></originalText></code>'
    narrative = '<content ID="p">Préparation magistrale :<br/>- 30 g de diprosone</content>'
    taken = read_one(treatment(SINCE, drug=product(code)), narrative=narrative)
    assert taken["medicationCodeableConcept"] == {"text": "Préparation magistrale : - 30 g de diprosone"}


def test_a_product_that_is_not_named_says_why() -> None:
    taken = read_one(treatment(SINCE, drug=product('<code nullFlavor="UNK"/>')))
    assert taken["medicationCodeableConcept"]["extension"][0]["valueCode"] == "unknown"


def test_what_a_code_cannot_say_of_a_product_is_contained() -> None:
    more = (
        "<lotNumberText>B12</lotNumberText>"
        '<p:formCode xmlns:p="urn:ihe:pharm:medication" code="10219000" codeSystem="0.4.0.127.0.16.1.1.2.1"/>'
        '<p:expirationTime xmlns:p="urn:ihe:pharm:medication" value="203206"/>'
        '<p:ingredient xmlns:p="urn:ihe:pharm:medication" classCode="ACTI"><p:quantity><numerator value="500" unit="mg"/>'
        '<denominator value="1"/></p:quantity><p:ingredient><p:code code="N02BE01" codeSystem="2.16.840.1.113883.6.73"/></p:ingredient>'
        "</p:ingredient>"
    )
    taken = read_one(treatment(SINCE, drug=product(more=more)))
    (medicine,) = taken["contained"]
    assert {"url": MEDICATION, "valueReference": {"reference": "#medication"}} in taken["extension"]
    assert medicine["code"] == taken["medicationCodeableConcept"]
    assert medicine["batch"] == {"lotNumber": "B12", "expirationDate": "2032-06"}
    assert codes_of(medicine["form"]) == {"10219000"}
    strength = medicine["ingredient"][0]["strength"]
    assert (strength["numerator"]["value"], strength["numerator"]["code"], strength["denominator"]["value"]) == (500, "mg", 1)


# The dosage.


@pytest.mark.parametrize(
    ("time", "repeat"),
    [
        (DAILY, {"frequency": 1, "period": 1, "periodUnit": "d"}),
        (every('<period value="8" unit="h"/>'), {"frequency": 1, "period": 8, "periodUnit": "h"}),
        (
            every('<period><low value="4" unit="h"/><high value="6" unit="h"/></period>'),
            {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"},
        ),
        (
            every('<phase><low value="202401100800"/></phase><period value="1" unit="d"/>'),
            {"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00"]},
        ),
        (moment("HS"), {"when": ["HS"]}),
        (moment("CM") + moment("CV"), {"when": ["CM", "CV"]}),
        (moment("PC", '<offset><low value="1" unit="h"/></offset>'), {"when": ["PC"], "offset": 60}),
    ],
)
def test_how_often_and_when_it_is_taken(time: str, repeat: dict[str, Any]) -> None:
    assert read_dosage(time)["timing"]["repeat"] == repeat


@pytest.mark.parametrize(
    "time",
    [
        every('<period value="1" unit="J"/>'),
        every('<period value="0" unit="d"/>'),
        DAILY + every('<period value="8" unit="h"/>'),
        DAILY + moment("HS"),
        moment("ICM"),
        moment("CM", '<offset><low value="1" unit="h"/></offset>'),
    ],
)
def test_a_rhythm_that_a_timing_cannot_say_is_not_guessed(time: str) -> None:
    found = read_section(CURRENT, treatment(SINCE, time))
    assert "dosage" not in found.facts[0].resource
    assert [each.reason for each in found.unread] == ["dosage"]


def test_a_rhythm_that_only_words_say_is_kept_in_words() -> None:
    told = '<period value="1" unit="J"><translation><originalText><reference value="#f"/></originalText></translation></period>'
    found = read_section(CURRENT, treatment(SINCE, every(told)), narrative='<content ID="f">un jour sur trois</content>')
    assert found.facts[0].resource["dosage"] == [{"text": "un jour sur trois"}]
    assert not found.unread


def test_a_dosage_in_words_is_found_beside_the_product() -> None:
    table = (
        "<table><thead><tr><th>Médicament</th><th>Posologie</th></tr></thead><tbody>"
        '<tr><td><content ID="m">DRUG</content></td><td>1 le matin</td></tr><tr><td>OTHER</td><td>2 le soir</td></tr></tbody></table>'
    )
    assert read_dosage('<text><reference value="#m"/></text>', narrative=table) == {"text": "1 le matin"}
    named = '<content ID="m">DRUG</content> <content ID="m-posologie">1 à midi</content>'
    assert read_dosage('<text><reference value="#m"/></text>', narrative=named) == {"text": "1 à midi"}


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ('<doseQuantity value="2" unit="{tbl}"/>', {"doseQuantity": (2, "{tbl}", "http://unitsofmeasure.org")}),
        (
            '<doseQuantity><low value="1" unit="mg"/><high value="1" unit="mg"/></doseQuantity>',
            {"doseQuantity": (1, "mg", "http://unitsofmeasure.org")},
        ),
        ('<doseQuantity value="1" unit="15054000"/>', {"doseQuantity": (1, "15054000", "http://standardterms.edqm.eu")}),
    ],
)
def test_how_much_is_taken_has_its_unit(amount: str, said: dict[str, tuple[int, str, str]]) -> None:
    found = read_dosage(amount)["doseAndRate"][0]
    assert {name: (each["value"], each["code"], each["system"]) for name, each in found.items()} == said


def test_a_range_and_a_limit_of_dose_are_kept() -> None:
    dosage = read_dosage(
        '<doseQuantity><low value="1" unit="mg"/><high value="2" unit="mg"/></doseQuantity>',
        '<maxDoseQuantity><numerator value="4" unit="mg"/><denominator value="1" unit="d"/></maxDoseQuantity>',
        '<precondition><criterion><text><reference value="#c"/></text></criterion></precondition>',
        narrative='<content ID="c">en cas de douleur</content>',
    )
    bounds = dosage["doseAndRate"][0]["doseRange"]
    assert (bounds["low"]["value"], bounds["high"]["value"]) == (1, 2)
    assert (dosage["maxDosePerPeriod"]["numerator"]["value"], dosage["maxDosePerPeriod"]["denominator"]["code"]) == (4, "d")
    assert dosage["asNeededCodeableConcept"] == {"text": "en cas de douleur"}


def test_an_amount_that_is_none_is_noted() -> None:
    found = read_section(CURRENT, treatment(SINCE, '<doseQuantity value="un" unit="mg"/>'))
    assert [each.reason for each in found.unread] == ["value"]


# Prescriptions.


def step(number: int, start: str, days: int, hours: int) -> str:
    time = (
        f'<effectiveTime xsi:type="SXPR_TS"><comp xsi:type="IVL_TS"><low value="{start}"/><width value="{days}" unit="d"/></comp>'
        f'<comp xsi:type="PIVL_TS" operator="A"><period value="{hours}" unit="h"/></comp></effectiveTime>'
    )
    inner = administration("83.1", DONE, time, mood="INT", drug=product(NOBODY))
    return f'<entryRelationship typeCode="COMP"><sequenceNumber value="{number}"/>{inner}</entryRelationship>'


def flag(code: str, value: str) -> str:
    return linked("COMP", observation("48.13", coded("code", code, TA_ASIP), DONE, f'<value xsi:type="BL" value="{value}"/>'))


def supplied(value: str = "2", unit: str = "30009000") -> str:
    amount = f'<quantity value="{value}" unit="{unit}"/>'
    return linked("COMP", f'<supply classCode="SPLY" moodCode="RQO"><templateId root="{FRENCH}86"/>{amount}</supply>')


def substitution(template: str, code: str, mood: str = "DEF") -> str:
    said = coded("code", code, "2.16.840.1.113883.5.1070")
    return linked("COMP", f'<act classCode="ACT" moodCode="{mood}"><templateId root="{FRENCH}{template}"/>{said}</act>')


def flags_of(item: Resource) -> dict[str, bool]:
    parts = [each["extension"] for each in item["extension"] if each["url"] == FLAG]
    return {code: truth["valueBoolean"] for question, truth in parts for code in codes_of(question["valueCodeableConcept"])}


def test_a_dosage_in_steps_has_one_instruction_for_each() -> None:
    period = low("20240801", "20240806")
    item = read_one(administration("83", DONE, period, step(1, "20240801", 2, 8), step(2, "20240803", 4, 12), mood="INT"), PRESCRIBED)
    first, second = item["dosageInstruction"]
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert first["timing"]["repeat"]["boundsPeriod"] == {"start": "2024-08-01", "end": "2024-08-02"}
    assert second["timing"]["repeat"]["boundsPeriod"] == {"start": "2024-08-03", "end": "2024-08-06"}
    assert {"url": PERIOD, "valuePeriod": {"start": "2024-08-01", "end": "2024-08-06"}} in item["extension"]


def test_an_item_of_a_prescription_says_all_that_the_pharmacist_needs() -> None:
    entry = administration(
        "83",
        '<id root="4D3A3A5E-0B0E-4F60-9E63-0D5F3F6C4C11"/>',
        DONE,
        low("20240801", "20240806"),
        '<repeatNumber value="3"/>',
        supplied(),
        substitution("87", "N"),
        flag("MED-574", "true"),
        flag("GEN-179", "false"),
        mood="INT",
    )
    item = read_one(entry, PRESCRIBED)
    assert (item["intent"], item["status"], item["authoredOn"]) == ("order", "active", "2024-07-02T10:15:00+02:00")
    assert item["groupIdentifier"]["value"].endswith("DOC-1")
    assert item["identifier"][0]["value"] == "urn:uuid:4d3a3a5e-0b0e-4f60-9e63-0d5f3f6c4c11"
    assert item["dispenseRequest"]["numberOfRepeatsAllowed"] == 3
    assert item["dispenseRequest"]["quantity"]["code"] == "30009000"
    assert codes_of(item["substitution"]["allowedCodeableConcept"]) == {"N"}
    assert [codes_of(each) for each in item["category"]] == [{"MED-574"}]
    assert flags_of(item) == {"MED-574": True, "GEN-179": False}


def test_what_a_link_denies_is_no_reason_and_no_flag() -> None:
    because = reason("I10").replace("<entryRelationship", '<entryRelationship negationInd="true"')
    assert "reasonCode" not in read_one(treatment(SINCE, because))
    reported = flag("MED-574", "true").replace("<entryRelationship", '<entryRelationship negationInd="true"')
    assert flags_of(read_one(treatment(reported, mood="INT"))) == {"MED-574": False}


def test_the_period_of_a_treatment_is_found_beside_its_rhythm_in_any_order() -> None:
    assert read_one(treatment(DAILY, SINCE))["effectivePeriod"] == {"start": "2024-01-10"}
