"""The lent documents and our own, changed as other senders and broken ones would write them: nothing is lost, and nothing is wrong."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from healthspace.cda.clinical import FACT, Extraction, Fact
from healthspace.cda.header import read_header
from healthspace.cda.parse import HL7, parse_cda
from healthspace.fhir.exact_json import write_json
from tests.pure.cda_samples import SAMPLES
from tests.pure.clinical import changes
from tests.pure.clinical.changes import REWRITTEN, changed, text_of
from tests.pure.clinical.kinds import code_of, faults_in, is_absent, is_positive, read
from tests.pure.clinical.samples import Resource, codes_of
from tests.pure.lent_documents import EXPECTED
from tests.shared import CDA

LENT = [str(each["file"]) for each in EXPECTED]
each_document = pytest.mark.parametrize("name", [*SAMPLES, *LENT])
GROUPS = {"CarePlan", "DiagnosticReport"}
"""They hold together what is said, and say nothing else."""
REQUESTS = {"ServiceRequest", "MedicationRequest", "DeviceRequest", "Goal", "ImmunizationRecommendation"}
UNDONE = {"cancelled", "not-done", "not-taken", "stopped", "revoked", "inactive", "unknown", "on-hold"}


@cache
def document(name: str) -> bytes:
    return SAMPLES[name]() if name in SAMPLES else (CDA / name).read_bytes()


@cache
def as_it_is(name: str) -> Extraction:
    return read(text_of(document(name)).encode())


def after(name: str, change: Callable[[Any], None]) -> Extraction:
    found = read(changed(document(name), change))
    assert faults_in(found) == []
    return found


def in_entries(found: Extraction) -> list[Fact]:
    return [fact for fact in found.facts if "/entry[" in fact.place]


def asserted(found: Extraction) -> list[str]:
    """Where something is told as so, or as having happened."""
    told = [fact for fact in in_entries(found) if fact.resource["resourceType"] not in GROUPS | {"FamilyMemberHistory"}]
    own = (fact for fact in told if is_positive(fact.resource) and not _says_no(fact.resource))
    return [f"{fact.place} {fact.resource['resourceType']}" for fact in own]


def _says_no(resource: Resource) -> bool:
    """An answer that is no, a care that is not wanted, a device of which none is known (it says so itself) and its use."""
    kind, device = resource["resourceType"], resource.get("device", {})
    if kind in {"Device", "DeviceUseStatement"}:
        return is_absent({"resourceType": "Device", "code": resource.get("type", {})}) or "Pas de" in device.get("display", "")
    return resource.get("valueBoolean") is False or resource.get("doNotPerform") is True


def said(found: Extraction, *without: str) -> Counter[bytes]:
    """What is told, wherever it stands."""
    kept = ({name: value for name, value in fact.resource.items() if name not in without} for fact in found.facts)
    return Counter(write_json(_unplaced(one)) for one in kept)


def _unplaced(value: Any) -> Any:
    if isinstance(value, list):
        return [_unplaced(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: FACT if str(inner).startswith(FACT) else _unplaced(inner) for name, inner in value.items()}


def kinds(found: Extraction) -> Counter[str]:
    return Counter(fact.resource["resourceType"] for fact in found.facts)


@each_document
@pytest.mark.parametrize("how", REWRITTEN)
def test_a_document_says_the_same_however_it_is_written(name: str, how: str) -> None:
    rewritten = REWRITTEN[how](text_of(document(name)))
    assert read(rewritten) == as_it_is(name)
    before, now = (read_header(parse_cda(data, limit=1 << 30)) for data in (document(name), rewritten))
    assert {**vars_of(now), "templates": sorted(map(str, now.templates))} == {
        **vars_of(before),
        "templates": sorted(map(str, before.templates)),
    }


def vars_of(header: Any) -> dict[str, Any]:
    return {field: getattr(header, field) for field in header.__dataclass_fields__}


@each_document
def test_the_order_of_entries_changes_nothing(name: str) -> None:
    found = after(name, changes.entries_reversed)
    assert (said(found), len(found.unread)) == (said(as_it_is(name)), len(as_it_is(name).unread))


@each_document
def test_without_the_numbers_of_entries_nothing_is_lost(name: str) -> None:
    found, before = after(name, changes.ids_removed), as_it_is(name)
    assert kinds(found) == kinds(before)
    # A study is known by its UID, and by it the act of the header.
    told = (Extraction(tuple(one for one in each.facts if one.resource["resourceType"] != "ImagingStudy")) for each in (found, before))
    without, with_them = (said(each, "identifier", "authorizingPrescription") for each in told)
    assert without == with_them


@each_document
def test_links_the_other_way_round_change_nothing(name: str) -> None:
    assert after(name, changes.inverted) == as_it_is(name)


@each_document
def test_codes_that_are_only_translations_are_kept_and_mean_the_same(name: str) -> None:
    found, before = after(name, changes.codes_translated), as_it_is(name)
    assert [(fact.key, fact.resource["resourceType"]) for fact in found.facts] == [
        (fact.key, fact.resource["resourceType"]) for fact in before.facts
    ]
    for new, old in zip(found.facts, before.facts, strict=True):
        assert codes_of(code_of(old.resource)) <= codes_of(code_of(new.resource)), old.place
        assert (new.resource.get("status"), is_positive(new.resource)) == (old.resource.get("status"), is_positive(old.resource)), old.place


@each_document
def test_parts_of_organizers_in_further_organizers_are_all_read(name: str) -> None:
    found, before = kinds(after(name, changes.in_organizers)), kinds(as_it_is(name))
    assert not before - found
    assert set(found - before) <= {"Observation"}  # a group inside a group


@each_document
@pytest.mark.parametrize("change", [changes.denied, changes.filled_in, changes.with_status("nullified"), changes.with_status("obsolete")])
def test_what_is_denied_filled_in_or_taken_back_is_no_positive_fact(name: str, change: Callable[[Any], None]) -> None:
    found = asserted(after(name, change))
    groups = "/organizer Observation"
    assert [place for place in found if not place.endswith(groups)] == []


@each_document
def test_what_a_denied_act_or_link_holds_is_no_positive_fact(name: str) -> None:
    assert [place for place in asserted(after(name, changes.acts_denied)) if "/act" in place] == []
    assert [place for place in asserted(after(name, changes.links_denied)) if "/entryRelationship" in place] == []


@each_document
def test_what_is_meant_is_a_request_and_nothing_that_was_found_or_done(name: str) -> None:
    for fact in in_entries(after(name, changes.meant)):
        planned = fact.resource.get("status") in {"planned", "preparation"} or fact.resource["resourceType"] in REQUESTS | GROUPS
        assert planned or not is_positive(fact.resource) or _says_no(fact.resource), fact.place


@each_document
@pytest.mark.parametrize("code", ["cancelled", "aborted"])
def test_what_was_given_up_has_no_value_and_is_no_finding(name: str, code: str) -> None:
    for fact in in_entries(after(name, changes.with_status(code))):
        resource = fact.resource
        if resource["resourceType"] in {"Condition", "AllergyIntolerance", "FamilyMemberHistory"}:
            assert is_absent(resource), fact.place
        elif resource["resourceType"] == "Observation":
            assert not any(each.startswith("value") for each in resource), fact.place
        elif resource["resourceType"] not in GROUPS and not _says_no(resource) and "status" in resource:
            assert resource["status"] in UNDONE, fact.place


@each_document
def test_what_is_about_somebody_else_at_any_depth_is_no_fact_of_the_citizen(name: str) -> None:
    found = after(name, changes.of_a_child_inside)
    inside = [fact for fact in found.facts if re.search(r"/entry\[\d+\]/\w+/", fact.place)]
    assert [fact.place for fact in inside if fact.resource["resourceType"] != "FamilyMemberHistory"] == []


@each_document
def test_what_is_masked_has_no_value_and_is_not_called_unknown(name: str) -> None:
    for fact in observed(name, after(name, changes.masked)):
        values = [value for each, value in fact.resource.items() if each.startswith("value")]
        assert values == [] or ("coding" not in str(values) and "masked" in str(values)), fact.place
        if not values and fact.resource["status"] != "cancelled":
            assert codes_of(fact.resource["dataAbsentReason"]) == {"masked"}, fact.place


def observed(name: str, found: Extraction) -> list[Fact]:
    """The Observations whose statement has a value, whatever became of it."""
    root = parse_cda(document(name), limit=1 << 30)
    told = [(fact, element_at(root, fact.place)) for fact in in_entries(found) if fact.resource["resourceType"] == "Observation"]
    return [fact for fact, at in told if at.tag == f"{{{HL7}}}observation" and at.find(f"{{{HL7}}}value") is not None]


def element_at(root: Any, place: str) -> Any:
    (found,) = root.xpath("/" + re.sub(r"(^|/)(?=\w)", r"\1h:", place), namespaces={"h": HL7})
    return found


@each_document
def test_a_second_value_is_a_note_or_noted_as_unread(name: str) -> None:
    found = after(name, changes.with_a_second_value)
    noted = {one.place for one in found.unread if one.reason == "several-values"}
    for fact in observed(name, found):
        kept = "second value" in str(fact.resource) or fact.place in noted
        assert kept or fact.resource["status"] == "cancelled" or fact.resource.get("valueBoolean") is False, fact.place
    for fact in in_entries(found):
        if fact.resource["resourceType"] in {"Condition", "AllergyIntolerance", "AdverseEvent"} and not is_absent(fact.resource):
            values = element_at(parse_cda(document(name), limit=1 << 30), fact.place).findall(f"{{{HL7}}}value")
            assert fact.place in noted or not values or values[0].get("nullFlavor"), fact.place


@each_document
def test_an_interval_open_on_one_side_is_a_bounded_number(name: str) -> None:
    found, before = after(name, changes.half_open), as_it_is(name)
    for new, old in zip(found.facts, before.facts, strict=True):
        quantity, bounded = (fact.resource.get("valueQuantity") for fact in (old, new))
        if old.resource["resourceType"] == "Observation" and quantity and "unit" in quantity and "comparator" not in quantity:
            assert bounded == {"comparator": "<", **{key: value for key, value in quantity.items() if key != "extension"}}, old.place


@pytest.mark.parametrize("name", sorted({*LENT} - {"LDL-SES_2022.01.xml"}))  # it quotes a time otherwise
def test_other_dates_and_other_codes_are_read_as_they_are(name: str) -> None:
    data = document(name)
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


@each_document
def test_without_templates_the_section_tells_what_an_entry_is_and_nothing_becomes_a_problem_that_was_none(name: str) -> None:
    found, before = after(name, changes.templates_removed), as_it_is(name)
    for kind in ("Condition", "AllergyIntolerance", "Immunization"):
        was = {fact.place for fact in in_entries(before) if fact.resource["resourceType"] == kind and is_positive(fact.resource)}
        now = {fact.place for fact in in_entries(found) if fact.resource["resourceType"] == kind and is_positive(fact.resource)}
        assert now <= was
    own = [one for one in before.facts if one.resource["resourceType"] == "Condition" and one.section in {"11450-4", "11348-0"}]
    kept = {one.key for one in found.facts if one.resource["resourceType"] == "Condition"}
    assert {one.key for one in own if re.search(r"entry\[\d+\]/act/entryRelationship\[\d+\]/observation$", one.place)} <= kept
