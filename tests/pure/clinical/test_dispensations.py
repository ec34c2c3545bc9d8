"""Dispensations: what was handed over, on whose prescription, and what was not."""

import pytest

from healthspace.cda.clinical.dispensations import PRESCRIBER
from tests.pure.clinical.entries import (
    DONE,
    FRENCH,
    IHE,
    administration,
    linked,
    low,
    product,
    treatment,
)
from tests.pure.clinical.kinds import faults_in, of_type, read_section
from tests.pure.clinical.test_medicines import (
    CURRENT,
    DAILY,
    DELIVERED,
    GIVEN,
    NOBODY,
    PRESCRIBED,
    SINCE,
    flag,
    flags_of,
    read_one,
    substitution,
)


def delivered(*inside: str, mood: str = "EVN", attributes: str = "") -> str:
    return (
        f'<supply classCode="SPLY" moodCode="{mood}" {attributes}><templateId root="{FRENCH}204"/><quantity value="2" unit="30009000"/>'
        f"<product>{product()}</product>{''.join(inside)}</supply>"
    )


def answered(identifier: str) -> str:
    line = administration("90", f'<id root="{identifier}"/>', mood="INT", drug=product(NOBODY))
    document = '<reference typeCode="XCRPT"><externalDocument><id root="1.2.3"/></externalDocument></reference>'
    return linked("REFR", line.replace("</substanceAdministration>", f"{document}</substanceAdministration>"))


def test_a_dispensation_answers_a_line_of_a_prescription() -> None:
    handed = read_one(delivered(answered("4D3A3A5E-0B0E-4F60-9E63-0D5F3F6C4C11")), DELIVERED)
    (prescription,) = handed["authorizingPrescription"]
    assert prescription["identifier"]["value"] == "urn:uuid:4d3a3a5e-0b0e-4f60-9e63-0d5f3f6c4c11"
    assert prescription["extension"][0]["valueIdentifier"]["value"] == "urn:oid:1.2.3"
    assert (handed["status"], handed["whenHandedOver"], handed["quantity"]["value"]) == ("completed", "2024-07-02T09:00:00+02:00", 2)


ORDER = '<inFulfillmentOf><order><id root="1.2.9"/></order></inFulfillmentOf>'
ACT = '<reference typeCode="REFR"><externalAct><id root="1.2.4" extension="7"/></externalAct></reference>'
DOCUMENT = '<reference typeCode="REFR"><externalDocument><id root="1.2.3"/></externalDocument></reference>'
PLAIN = linked("REFR", '<supply classCode="SPLY" moodCode="RQO"><id root="1.2.4" extension="7"/></supply>')
REPLACED = '<reference typeCode="RPLC"><externalAct><id root="1.2.5"/></externalAct></reference>'


@pytest.mark.parametrize(
    ("inside", "header", "item", "holder"),
    [
        (PLAIN, "", "7", ""),
        (PLAIN, ORDER, "7", "urn:oid:1.2.9"),
        (ACT, "", "7", ""),
        (ACT + DOCUMENT, ORDER, "7", "urn:oid:1.2.3"),
        (DOCUMENT, "", "", "urn:oid:1.2.3"),
        ("", ORDER, "", "urn:oid:1.2.9"),
        (REPLACED, ORDER, "", "urn:oid:1.2.9"),
    ],
)
def test_a_prescription_is_found_however_a_dispensation_names_it(inside: str, header: str, item: str, holder: str) -> None:
    found = read_section(DELIVERED, delivered(inside), orders=header)
    assert faults_in(found) == []
    ((handed,),) = (of_type(found.facts, "MedicationDispense"),)
    (prescription,) = handed["authorizingPrescription"]
    assert prescription.get("identifier", {}).get("value", "") == item
    assert [each["valueIdentifier"]["value"] for each in prescription.get("extension", ())] == ([holder] if holder else [])
    assert found.unread == ()


def test_of_two_orders_in_the_header_neither_is_taken_for_the_prescription() -> None:
    found = read_section(DELIVERED, delivered(), orders=ORDER + ORDER.replace("1.2.9", "1.2.8"))
    assert "authorizingPrescription" not in of_type(found.facts, "MedicationDispense")[0]


def test_how_a_delivered_product_is_taken_is_no_treatment_of_its_own() -> None:
    taking = administration("42", DONE, low("20240702"), DAILY, mood="INT", drug=product(NOBODY))
    handed = read_one(delivered(linked("COMP", taking), substitution("206", "G", "EVN")), DELIVERED)
    assert handed["dosageInstruction"][0]["timing"]["repeat"]["period"] == 1
    assert handed["substitution"]["wasSubstituted"] is True


@pytest.mark.parametrize(("mood", "attributes", "status"), [("INT", "", "preparation"), ("EVN", 'negationInd="true"', "declined")])
def test_what_was_not_handed_over_is_not_completed(mood: str, attributes: str, status: str) -> None:
    assert read_one(delivered(mood=mood, attributes=attributes), DELIVERED)["status"] == status


def test_the_templates_of_ihe_alone_are_enough() -> None:
    entry = treatment(SINCE).replace(f"{FRENCH}42", f"{IHE}7")
    assert read_one(entry)["resourceType"] == "MedicationStatement"


def test_an_item_of_an_older_prescription_is_an_order_too() -> None:
    assert read_one(treatment(mood="INT"), PRESCRIBED)["intent"] == "order"


def test_a_medicine_given_once_was_given_at_that_time() -> None:
    assert read_one(treatment('<effectiveTime value="202401101200+0100"/>'), GIVEN)["effectiveDateTime"] == "2024-01-10T12:00:00+01:00"


def test_a_masked_treatment_is_masked() -> None:
    masked = read_one(treatment(attributes='nullFlavor="MSK"', drug=product(NOBODY.replace("NA", "MSK"))))
    assert masked["medicationCodeableConcept"]["extension"][0]["valueCode"] == "masked"


@pytest.mark.parametrize(("mood", "kept"), [("EVN", 1), ("RQO", 0)])
def test_a_supply_of_a_named_medicine_was_handed_over_when_it_is_reported(mood: str, kept: int) -> None:
    supply = delivered(mood=mood).replace(f"{FRENCH}204", f"{IHE}7.3")
    assert len(read_section(CURRENT, supply).facts) == kept


def test_the_history_of_reimbursements_tells_what_was_delivered_by_whom_and_on_whose_prescription() -> None:
    performer = (
        '<performer typeCode="PRF"><time value="20190526"/><assignedEntity><id nullFlavor="UNK"/>'
        "<representedOrganization><name>Pharmacie du Port</name></representedOrganization></assignedEntity></performer>"
    )
    author = (
        '<author><time value="20190520"/><assignedAuthor><id root="1.2.250.1.71.4.2.1" extension="697121458706"/>'
        "<assignedPerson><name><given>Antoine</given><family>DUPONT</family></name></assignedPerson></assignedAuthor></author>"
    )
    supply = (
        f'<supply classCode="SPLY" moodCode="EVN"><templateId root="{IHE}7.3"/><templateId root="{FRENCH}44"/><quantity value="4"/>'
        f"{performer}{author}</supply>"
    )
    entry = treatment(linked("REFR", supply), flag("MED-559", "false").replace(f"{FRENCH}48.13", f"{FRENCH}48"))
    found = read_section(CURRENT, entry, code='<code code="REMB" codeSystem="1.2.250.1.213.1.1.4.12"/>')
    assert faults_in(found) == []
    taken, handed = (fact.resource for fact in found.facts)
    assert (taken["resourceType"], taken["status"], flags_of(taken)) == ("MedicationStatement", "unknown", {"MED-559": False})
    assert (handed["resourceType"], handed["whenHandedOver"], handed["quantity"]) == ("MedicationDispense", "2019-05-26", {"value": 4})
    assert handed["medicationCodeableConcept"] == taken["medicationCodeableConcept"]
    assert handed["performer"][0]["actor"]["display"] == "Pharmacie du Port"
    for resource in (taken, handed):
        (who,) = [each["valueReference"] for each in resource["extension"] if each["url"] == PRESCRIBER]
        assert who["identifier"]["value"] == "697121458706"
