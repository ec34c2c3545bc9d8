"""Every fact of the lent documents, looked up at its place: nothing of somebody else, denied, planned or taken back is a positive one."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from lxml import etree

from healthspace.cda.clinical import Fact
from healthspace.cda.parse import HL7, parse_cda
from tests.pure.clinical.kinds import is_positive
from tests.pure.clinical.samples import read_lent
from tests.pure.lent_documents import EXPECTED
from tests.shared import CDA, needs_shared

NAMES = {"h": HL7}
PLANNED = {"ServiceRequest", "MedicationRequest", "DeviceRequest", "Goal", "ImmunizationRecommendation", "CarePlan", "Encounter"}
pytestmark = needs_shared
each_document = pytest.mark.parametrize("name", [str(each["file"]) for each in EXPECTED])


@cache
def root_of(name: str) -> Any:
    return parse_cda((CDA / name).read_bytes(), limit=1 << 30)


def placed(name: str) -> Iterator[tuple[Fact, Any]]:
    """The facts that were read of an entry, each with its element."""
    for fact in read_lent(name).facts:
        if "/entry[" in fact.place:
            path = re.sub(r"(^|/)(\w)", r"\1h:\2", fact.place)
            found = root_of(name).xpath(f"/{path}", namespaces=NAMES) or root_of(name).xpath(f"//{path}", namespaces=NAMES)
            assert len(found) == 1, fact.place
            yield fact, found[0]


def around(element: Any, name: str) -> list[str]:
    """The values of an attribute of the element and of what it stands in."""
    return [each.get(name) for each in (element, *element.iterancestors()) if each.get(name)]


@each_document
def test_nothing_of_somebody_else_is_a_fact_of_the_citizen(name: str) -> None:
    for fact, element in placed(name):
        people = element.xpath("ancestor-or-self::*/h:subject/h:relatedSubject/h:code/@code", namespaces=NAMES)
        assert fact.resource["resourceType"] == "FamilyMemberHistory" or not set(people) - {"SELF"}, fact.place


@each_document
def test_nothing_denied_is_a_positive_fact(name: str) -> None:
    for fact, element in placed(name):
        if "true" in around(element, "negationInd"):
            resource = fact.resource
            assert resource.get("valueBoolean") is False or resource.get("doNotPerform") or not is_positive(resource), fact.place


@each_document
def test_nothing_planned_is_a_fact_of_what_was_done(name: str) -> None:
    for fact, element in placed(name):
        if element.get("moodCode") not in {None, "EVN"}:
            assert fact.resource["resourceType"] in PLANNED or fact.resource["status"] in {"intended", "planned"}, fact.place


@each_document
def test_nothing_taken_back_or_given_up_is_a_positive_fact(name: str) -> None:
    for fact, element in placed(name):
        status = element.find(f"{{{HL7}}}statusCode")
        code = status.get("code") if status is not None else ""
        assert code != "nullified", fact.place
        if code in {"cancelled", "aborted"} and fact.resource["resourceType"] == "Observation":
            assert not any(key.startswith("value") for key in fact.resource), fact.place


@each_document
def test_no_code_is_invented_and_none_is_lost(name: str) -> None:
    """Each code of a result, a sign or another observation stands in its entry, and each code of the entry in it."""
    for fact, element in placed(name):
        if fact.resource["resourceType"] != "Observation" or etree.QName(element).localname != "observation":
            continue
        codes = element.find(f"{{{HL7}}}code")
        written = {each.get("code") for each in (codes, *codes.iter(f"{{{HL7}}}translation")) if each.get("code")}
        assert {coding["code"] for coding in fact.resource["code"].get("coding", ())} == written, fact.place


@each_document
def test_masked_is_never_unknown(name: str) -> None:
    for fact, element in placed(name):
        value = element.find(f"{{{HL7}}}value")
        if fact.resource["resourceType"] == "Observation" and value is not None and value.get("nullFlavor") == "MSK":
            assert fact.resource["dataAbsentReason"]["coding"][0]["code"] == "masked", fact.place
