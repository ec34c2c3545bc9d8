"""From what was read out of a document to resources of the record: ids, references, and whom entries of FHIR documents are about."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.fhirjson import ARCHIVED
from healthspace.base.ids import derived_id, made_at, new_id, owner_of
from healthspace.cda.clinical import FACT, PATIENT, Extraction, Fact
from healthspace.database.keys import KeyRing
from healthspace.fhir.validate import validate
from healthspace.record.clinical import form
from healthspace.record.clinical.bundle import extract_bundle
from healthspace.record.clinical.form import Formed, form_facts
from healthspace.record.clinical.keep import gives_facts, tell_unread, unread_of
from tests.clinical_documents import ME, a_clinical_document, a_result, an_allergy

KEYS = KeyRing(b"k" * 32)
DOCUMENT = new_id(7)
REFERENCE = {
    "resourceType": "DocumentReference",
    "status": "current",
    "subject": {"reference": "Patient/1"},
    "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"},
    "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
    "category": [{"coding": [{"code": "10"}]}],
}
Resource = dict[str, Any]


def formed_of(*facts: Fact, **changes: Any) -> Formed:
    return form_facts(KEYS, DOCUMENT, {**REFERENCE, **changes}, Extraction(tuple(facts)))


def a_fact(key: str = "1.e1", **changes: Any) -> Fact:
    return Fact(a_result(subject={"reference": PATIENT}, **changes), key, f"place {key}")


def read(*resources: Resource) -> Extraction:
    return extract_bundle(orjson.loads(a_clinical_document(*resources)))


# Ids


@given(st.integers(min_value=1, max_value=(1 << 48) - 1), st.integers(min_value=-(1 << 63), max_value=(1 << 63) - 1))
def test_a_derived_id_has_the_owner_and_nearly_the_time_of_its_origin(owner: int, h: int) -> None:
    origin = new_id(owner)
    derived = derived_id(origin, h)
    assert derived == derived_id(origin, h)
    assert (owner_of(derived), derived.version, derived.variant) == (owner, 8, origin.variant)
    made, began = made_at(derived), made_at(origin)
    assert made is not None
    assert began is not None
    assert 0 <= (began - made).total_seconds() < 1050


@given(st.sets(st.integers(min_value=0, max_value=(1 << 46) - 1), min_size=2, max_size=20))
def test_other_hashes_give_other_ids(hashes: set[int]) -> None:
    assert len({derived_id(DOCUMENT, h) for h in hashes}) == len(hashes)


def test_the_same_document_and_place_give_the_same_id_and_another_of_either_another() -> None:
    [one, *_] = formed_of(a_fact()).resources
    [same, *_] = formed_of(a_fact(value=9)).resources
    [elsewhere, *_] = formed_of(a_fact("1.e2")).resources
    [another, *_] = formed_of(a_fact(), masterIdentifier={"value": "urn:oid:1.2.4"}).resources
    assert one["id"] == same["id"]
    assert len({one["id"], elsewhere["id"], another["id"]}) == 3
    assert owner_of(UUID(one["id"])) == 7


# References


def test_references_between_facts_lead_to_the_resources_that_they_became() -> None:
    panel = Fact(
        {**a_result(subject={"reference": PATIENT}), "hasMember": [{"reference": f"{FACT}1.e1.1"}, {"reference": f"{FACT}1.e1.2"}]},
        "1.e1",
        "",
    )
    first, one, two, provenance = formed_of(panel, a_fact("1.e1.1"), a_fact("1.e1.2")).resources
    assert first["hasMember"] == [{"reference": f"Observation/{one['id']}"}, {"reference": f"Observation/{two['id']}"}]
    assert provenance["resourceType"] == "Provenance"


def test_a_reference_to_nothing_is_left_out_with_what_then_holds_nothing() -> None:
    lost = a_fact(hasMember=[{"reference": f"{FACT}9.e9"}], note=[{"text": "reste"}])
    [kept, _] = formed_of(lost).resources
    assert "hasMember" not in kept
    assert kept["note"] == [{"text": "reste"}]


def test_what_leads_to_an_invalid_fact_stands_without_it_where_it_can() -> None:
    wrong = a_fact("1.e1", status="nonsense")
    depends = a_fact("1.e2", derivedFrom=[{"reference": f"{FACT}1.e1"}])
    formed = formed_of(wrong, depends)
    assert [entry.reason for entry in formed.unread] == ["invalid"]
    [kept, _] = formed.resources
    assert "derivedFrom" not in kept


def test_a_chain_of_facts_falls_with_the_first_that_is_invalid() -> None:
    def dispensed(key: str, before: str) -> Fact:
        medication = {"medicationReference": {"reference": f"{FACT}{before}"}}
        return Fact({"resourceType": "MedicationDispense", "status": "completed", **medication}, key, key)

    formed = formed_of(Fact({"resourceType": "Medication", "status": "wrong"}, "m", "m"), dispensed("1", "m"))
    assert (formed.resources, sorted(entry.place for entry in formed.unread)) == ((), ["1"])


def test_a_product_is_kept_inside_each_fact_that_refers_to_it() -> None:
    product = Fact({"resourceType": "Medication", "code": {"text": "aspirine"}}, "m", "")
    taken = {"status": "active", "subject": {"reference": PATIENT}, "medicationReference": {"reference": f"{FACT}m"}}
    statement, _ = formed_of(product, Fact({"resourceType": "MedicationStatement", **taken}, "1", "")).resources
    [inside] = statement["contained"]
    assert statement["medicationReference"] == {"reference": f"#{inside['id']}"}
    assert inside["code"] == {"text": "aspirine"}
    assert validate(statement) == []


def test_a_product_that_nothing_refers_to_is_an_entry_that_could_not_be_read() -> None:
    formed = formed_of(Fact({"resourceType": "Device", "deviceName": [{"name": "x", "type": "other"}]}, "d", "there"))
    assert (formed.resources, [(one.place, one.reason) for one in formed.unread]) == ((), [("there", "alone")])


def test_products_that_refer_to_each_other_end_somewhere() -> None:
    one = Fact({"resourceType": "Device", "parent": {"reference": f"{FACT}b"}}, "a", "")
    other = Fact({"resourceType": "Device", "parent": {"reference": f"{FACT}a"}}, "b", "")
    used = {"status": "active", "subject": {"reference": PATIENT}, "device": {"reference": f"{FACT}a"}}
    statement, _ = formed_of(one, other, Fact({"resourceType": "DeviceUseStatement", **used}, "1", "")).resources
    assert len(statement["contained"]) == 2


def test_two_facts_of_one_key_and_too_many_facts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "MOST_FACTS", 2)
    formed = formed_of(a_fact("1"), a_fact("1"), a_fact("2"), a_fact("3"))
    assert [entry.reason for entry in formed.unread] == ["duplicate", "too-many"]
    assert len(formed.resources) == 3


# What documents say of whom


def test_entries_of_a_fhir_document_keep_their_numbers_as_written() -> None:
    assert [fact.key for fact in read(a_result(), an_allergy()).facts] == ["e3", "e4"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (a_result(subject={"reference": "urn:uuid:another"}), "other-subject"),
        (a_result(subject={"display": "sa mère"}), "other-subject"),
        (a_result(subject={"reference": "Patient/somebody-else"}), "other-subject"),
        (a_result(focus=[{"display": "le fœtus"}]), "other-subject"),
        ({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}, "no-subject"),
    ],
)
def test_what_is_said_of_somebody_else_is_no_fact(entry: Resource, reason: str) -> None:
    extraction = read(entry)
    assert (extraction.facts, [one.reason for one in extraction.unread]) == ((), [reason])


@pytest.mark.parametrize(
    "entry", [a_result(status="entered-in-error"), an_allergy(verificationStatus={"coding": [{"code": "entered-in-error"}]})]
)
def test_what_its_author_took_back_says_nothing(entry: Resource) -> None:
    assert read(entry) == Extraction()


def test_people_and_places_of_a_document_become_whom_they_are() -> None:
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:oid:1.2", "value": "3"}], "name": [{"family": "House"}]}
    extraction = read(
        a_result(performer=[{"reference": "urn:uuid:entry-2"}, {"reference": "Practitioner/9", "display": "hors document"}]), doctor
    )
    [fact] = extraction.facts
    identity = {"type": "Practitioner", "identifier": {"system": "urn:oid:1.2", "value": "3"}, "display": "House"}
    assert fact.resource["performer"] == [identity, {"display": "hors document"}]


def test_no_reference_of_a_document_leads_into_a_record() -> None:
    planted = a_result(
        derivedFrom=[{"reference": "Observation/01a21b83-3255-8384-8b01-cb3363e80003"}, {"reference": "https://x.test/Observation/1"}]
    )
    [fact] = read(planted).facts
    [kept, _] = formed_of(fact).resources
    assert "derivedFrom" not in kept


def test_our_own_extensions_in_a_document_are_not_believed() -> None:
    forged = {"url": "urn:healthspace:depositor", "valueReference": {"display": "x"}}
    [fact] = read(a_result(extension=[forged], code={"text": "x", "extension": [forged]})).facts
    assert "urn:healthspace" not in orjson.dumps({**fact.resource, "subject": None}).decode()


INNER = ("reference", "code", "extension", "url", "x")
OUTER = ("subject", "code", "hasMember", "extension", "contained", "status", "focus", "verificationStatus")
texts = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["reference", "code", "extension", "url", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["subject", "code", "hasMember", "extension", "contained", "status"]), values, max_size=4),
        max_size=4,
    )
)
def test_whatever_an_entry_holds_only_valid_facts_of_the_citizen_come_of_it(entries: list[Resource]) -> None:
    extraction = read(*({**a_result(), **entry} for entry in entries), a_result())
    formed = form_facts(KEYS, DOCUMENT, REFERENCE, extraction)
    for resource in formed.resources:
        assert validate(resource) == []
        if resource["resourceType"] == "Observation":
            assert resource["subject"]["reference"] == "Patient/1"
    assert len(formed.resources) - 1 + len(formed.unread) <= len(entries) + 1
    assert len(formed.resources) >= 2


# Which documents give facts


@pytest.mark.parametrize(
    ("changes", "gives"),
    [
        ({}, True),
        ({"status": "superseded"}, False),
        ({"status": "entered-in-error"}, False),
        ({"docStatus": "entered-in-error"}, False),
        ({"docStatus": "preliminary"}, True),
        ({"extension": [{"url": ARCHIVED, "valueBoolean": True}]}, False),
        ({"extension": [{"url": ARCHIVED, "valueBoolean": False}]}, True),
        ({"subject": {"display": "x"}}, False),
    ],
    ids=str,
)
def test_a_document_gives_facts_while_what_it_says_holds(changes: Resource, gives: bool) -> None:
    assert gives_facts({**REFERENCE, **changes}) == gives


def test_a_document_says_how_many_of_its_entries_could_not_be_read() -> None:
    unread = formed_of(a_fact(status="x"), a_fact("2", status="x")).unread
    told = tell_unread({**REFERENCE, "extension": [{"url": "urn:x", "valueCode": "y"}]}, unread)
    assert (unread_of(told), len(told["extension"])) == (2, 2)
    assert tell_unread(told, ())["extension"] == [{"url": "urn:x", "valueCode": "y"}]
    assert "extension" not in tell_unread(tell_unread(REFERENCE, unread), ())


def test_the_authors_of_a_document_are_the_agents_of_what_it_says() -> None:
    person = {"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "899700000001"}
    place = {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": "1990000052"}
    contained = [
        {"resourceType": "Practitioner", "id": "practitioner-1", "identifier": [person], "name": [{"family": "Robin", "given": ["Julie"]}]},
        {"resourceType": "Organization", "id": "organization-1", "identifier": [place], "name": "Un laboratoire"},
        {
            "resourceType": "PractitionerRole",
            "id": "role-1",
            "practitioner": {"reference": "#practitioner-1"},
            "organization": {"reference": "#organization-1"},
        },
    ]
    *_, provenance = formed_of(a_fact(), contained=contained, author=[{"reference": "#role-1"}]).resources
    [agent] = provenance["agent"]
    assert agent["who"] == {"type": "Practitioner", "identifier": person, "display": "Julie Robin"}
    assert agent["onBehalfOf"] == {"type": "Organization", "identifier": place, "display": "Un laboratoire"}
    assert ME["reference"] not in str(provenance)
    assert validate(provenance) == []


PARTS = ("practitioner", "organization", "owner", "identifier", "name", "deviceName", "reference", "display", "value", "text", "given")
people = st.recursive(
    st.none() | st.integers(0, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(["PractitionerRole", "Practitioner", "Device", "Organization", "Patient"]),
    st.dictionaries(st.sampled_from(PARTS), people),
)
def test_whatever_describes_an_author_the_provenance_is_valid(kind: str, told: Resource) -> None:
    author = {**told, "resourceType": kind, "id": "a"}
    *_, provenance = formed_of(a_fact(), contained=[author], author=[{"reference": "#a"}]).resources
    assert validate(provenance) == []
