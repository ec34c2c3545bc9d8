"""Treatments, vaccinations, allergies, problems and acts, compared with what an independent reader found in published documents."""

from typing import Any

import pytest

from tests.pure.clinical.kinds import KINDS, code_of, faults_in, is_absent, of_type, positive
from tests.pure.clinical.samples import Resource, codes_of, read_lent
from tests.pure.lent_documents import EXPECTED
from tests.shared import needs_shared

ABSENCES = {
    "medication": "MedicationStatement",
    "allergy": "AllergyIntolerance",
    "problem": "Condition",
    "procedure": "Procedure",
    "immunization": "Immunization",
}
ENTRIES = {"medication_current": "medication", "medication_request": "medication"}
"""Under which name the entries of a kind are listed, when that is not its own."""
SOMEBODY_ELSE = {"P05.0", "Q39.0", "Q42.3", "63564053"}
"""What OBP-SAP says of the child: problems and a treatment."""

pytestmark = needs_shared
each_document = pytest.mark.parametrize("expected", EXPECTED, ids=[str(each["file"]) for each in EXPECTED])


@each_document
@pytest.mark.parametrize("kind", KINDS)
def test_a_document_gives_as_many_facts_of_each_kind_as_the_independent_reader_found(expected: dict[str, Any], kind: str) -> None:
    wanted = expected["counts"]["dispense"] if kind == "dispense" else expected["asserted"].get(kind, 0)
    assert len(positive(read_lent(expected["file"]).facts, kind)) == wanted


@each_document
@pytest.mark.parametrize("kind", KINDS)
def test_each_fact_says_what_the_independent_reader_found_in_one_entry(expected: dict[str, Any], kind: str) -> None:
    entries = [entry for entry in expected["entries"][ENTRIES.get(kind, kind)] if not entry.get("negated")]
    for resource in positive(read_lent(expected["file"]).facts, kind):
        assert any(says(resource, entry) for entry in entries), code_of(resource)


@each_document
@pytest.mark.parametrize("kind", ["immunization", "allergy", "dispense", "problem"])
def test_each_entry_that_denies_nothing_is_said_by_a_fact(expected: dict[str, Any], kind: str) -> None:
    facts = of_type(read_lent(expected["file"]).facts, KINDS[kind])
    for entry in expected["entries"][kind]:
        if not entry.get("negated") and codes_in(entry) and not codes_in(entry) & SOMEBODY_ELSE:
            assert any(says(resource, entry) for resource in facts), entry


@each_document
def test_what_is_not_known_is_said_as_such_and_as_often(expected: dict[str, Any]) -> None:
    for subject, resource_type in ABSENCES.items():
        absent = [each for each in of_type(read_lent(expected["file"]).facts, resource_type) if is_absent(each)]
        assert len(absent) == expected["absent"].get(subject, 0), subject


def test_nothing_that_is_said_of_a_child_becomes_a_fact_of_the_mother() -> None:
    facts = read_lent("OBP-SAP_2024.01.xml").facts
    own = [fact.resource for fact in facts if fact.resource["resourceType"] != "FamilyMemberHistory"]
    assert not {code for resource in own for code in codes_of(code_of(resource))} & SOMEBODY_ELSE


def test_denied_problems_are_refuted_and_have_no_clinical_status() -> None:
    conditions = of_type(read_lent("ANEST-CR-CPA_2022.01.xml").facts, "Condition")
    refuted = [each for each in conditions if "refuted" in codes_of(each.get("verificationStatus", {}))]
    assert len(refuted) == 10
    assert not any("clinicalStatus" in each for each in refuted)


@each_document
def test_every_fact_is_valid(expected: dict[str, Any]) -> None:
    assert faults_in(read_lent(expected["file"])) == []


def says(resource: Resource, entry: dict[str, Any]) -> bool:
    """Whether a resource has the codes, the name, the time, the lot, the rank and the quantity of an entry."""
    product = entry.get("product") or {}
    said = codes_of(code_of(resource)) | {code for each in resource.get("reaction", ()) for code in manifestations(each)}
    named = codes_in(entry) <= said
    lot = product.get("lot") in (None, resource.get("lotNumber"), *lots(resource))
    rank = entry.get("dose") in (None, *(str(each.get("doseNumberPositiveInt")) for each in resource.get("protocolApplied", ())))
    amount = entry.get("quantity") in (None, str(resource.get("quantity", {}).get("value")))
    return named and lot and rank and amount and timed(resource, entry.get("time") or {})


def codes_in(entry: dict[str, Any]) -> set[str]:
    """The codes of an entry: of its product and class, its agent, its value, or itself."""
    product = entry.get("product") or {}
    concept = product.get("code") or entry.get("agent") or entry.get("value") or entry.get("code") or {}
    codes = {concept.get("code"), *(each["code"] for each in concept.get("translation", ()))}
    if "product" not in entry and entry.get("value"):
        codes.add(entry["value"].get("code"))
    return {code for code in (*codes, *product.get("atc", ())) if code}


def manifestations(reaction: Resource) -> set[str]:
    return {code for each in reaction.get("manifestation", ()) for code in codes_of(each)}


def lots(resource: Resource) -> list[str]:
    return [each["batch"]["lotNumber"] for each in resource.get("contained", ()) if "lotNumber" in each.get("batch", {})]


def timed(resource: Resource, time: dict[str, Any]) -> bool:
    """Whether it happened, began and ended when the entry says so; times without a zone have been given one."""
    wanted = time.get("value") or time.get("start"), time.get("end")
    periods = [value for name, value in resource.items() if name.endswith("Period") and isinstance(value, dict)]
    periods += [each["timing"]["repeat"]["boundsPeriod"] for each in resource.get("dosageInstruction", ()) if "boundsPeriod" in str(each)]
    starts = [value for name, value in resource.items() if name.endswith("DateTime") and isinstance(value, str)]
    starts += [each["start"] for each in periods if "start" in each]
    ends = [each["valueDateTime"] for each in resource.get("extension", ()) if "valueDateTime" in each]
    ends += [value for name, value in resource.items() if name == "abatementDateTime"] + [each["end"] for each in periods if "end" in each]
    began = wanted[0] is None or any(start.startswith(wanted[0][:19]) for start in starts)
    return began and (wanted[1] is None or any(end.startswith(wanted[1][:19]) for end in ends))
