"""Treatments, vaccinations, allergies, problems and acts, compared with what an independent reader found in published documents."""

import re
from typing import Any

import pytest
from lxml import etree

from healthspace.cda.parse import HL7
from tests.pure.clinical.kinds import KINDS, code_of, faults_in, is_absent, of_type, positive, read
from tests.pure.clinical.samples import Resource, codes_of, read_lent
from tests.pure.lent_documents import EXPECTED
from tests.shared import CDA, needs_shared

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


# Copies of the lent documents, changed.

CHANGED = [
    "01_Modèles_contenus_CDA.xml",
    "IPS-FR_2024.01.xml",
    "VAC_2023.01.xml",
    "eP-MED-DM_2024.01_PosoStruct.xml",
    "eDISP-MED_2024.01.xml",
    "OBP-SAP_2024.01.xml",
    "CARD-F-PRC-AVK_2022.01.xml",
]


def written_with_prefixes(data: bytes) -> bytes:
    """The same document with every element of HL7 under a prefix."""
    root = etree.fromstring(data)
    names = {("hl7" if uri == HL7 else prefix): uri for prefix, uri in root.nsmap.items()}
    copy = etree.Element(root.tag, dict(root.attrib), nsmap=names)
    copy.extend(list(root))
    text = etree.tostring(copy, encoding="unicode").replace(f' xmlns="{HL7}"', "")
    return re.sub(r"(</?)(?=[A-Za-z]\w*[\s/>])", r"\1hl7:", text).encode("utf-8")


@pytest.mark.parametrize("name", CHANGED)
def test_prefixes_change_nothing(name: str) -> None:
    data = (CDA / name).read_bytes()
    changed = written_with_prefixes(data)
    assert b"<hl7:section" in changed
    assert read(changed) == read(data)


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16"])
def test_encodings_change_nothing(name: str, encoding: str) -> None:
    data = (CDA / name).read_bytes()
    text = data.decode("utf-8-sig").partition("?>")[2]
    assert read(f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding, "xmlcharrefreplace")) == read(data)


@pytest.mark.parametrize("name", CHANGED)
def test_other_dates_and_other_codes_are_read_as_they_are(name: str) -> None:
    data = (CDA / name).read_bytes()
    later = re.sub(rb'(<(?:\w+:)?(?:effectiveTime|low|high|time|birthTime)\b[^>]*value=")(19|20)(\d\d)(?=[\d"])', shift, data)
    other = re.sub(rb'code="((?:J0|[A-Z]\d\d)[\dA-Z.]*)"', rb'code="X\1"', later)
    before, after = read(data), read(other)
    assert [fact.key for fact in after.facts] == [fact.key for fact in before.facts]
    for old, new in zip(before.facts, after.facts, strict=True):
        changed = {f"X{code}" if re.fullmatch(r"(?:J0|[A-Z]\d\d)[\dA-Z.]*", code) else code for code in codes_of(code_of(old.resource))}
        assert codes_of(code_of(new.resource)) == changed
        if old.resource["resourceType"] in {"Device", "DiagnosticReport", "Observation", "Specimen"}:
            continue  # their values, and the numbers of devices, hold times too, which stay
        assert years(new.resource) == {year - 4 for year in years(old.resource)}


def shift(match: "re.Match[bytes]") -> bytes:
    return match[1] + b"%d" % (int(match[2] + match[3]) - 4)


def years(resource: Resource) -> set[int]:
    """The years of the times of a resource, those of what it contains left aside."""
    own = {name: value for name, value in resource.items() if name not in {"contained", "identifier", "note", "code", "text"}}
    return {int(year) for year in re.findall(r"'((?:19|20)\d\d)(?:-\d\d[^']*)?'", repr(own))}
