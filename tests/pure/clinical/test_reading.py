"""The reading of whole documents, ours and a lent one: what holds whatever is in them."""

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from healthspace.base.errors import HealthspaceError
from healthspace.cda.clinical import Extraction, extract
from healthspace.cda.parse import HL7, parse_cda
from healthspace.cda.write.codes import LOINC, Code
from healthspace.cda.write.entries import Measure
from healthspace.cda.write.laboratory import Chapter, write_laboratory_report
from healthspace.fhir.exact_json import write_json
from tests.pure.cda_samples import SAMPLES, header
from tests.pure.clinical.kinds import faults_in, of_type, read
from tests.pure.clinical.samples import Resource, codes_of
from tests.shared import CDA

MIXED = "IPS-FR_2024.01.xml"
"""A lent document with entries of almost every kind."""
KINDS = [*SAMPLES, *([MIXED] if CDA.is_dir() else [])]


@cache
def source_of(kind: str) -> bytes:
    return (CDA / kind).read_bytes() if kind == MIXED else SAMPLES[kind]()


def told(found: Extraction) -> bytes:
    facts = [{"key": one.key, "place": one.place, "section": one.section, "resource": one.resource} for one in found.facts]
    return write_json({"facts": facts, "unread": [[one.place, one.reason] for one in found.unread]}, pretty=True) + b"\n"


@pytest.mark.parametrize("kind", SAMPLES)
def test_our_own_documents_are_read_whole(kind: str) -> None:
    found = read(SAMPLES[kind]())
    assert found.unread == ()
    assert len({fact.key for fact in found.facts}) == len(found.facts)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_twice_gives_the_same(kind: str) -> None:
    assert told(read(source_of(kind))) == told(read(source_of(kind)))


@given(kind=st.sampled_from(KINDS), number=st.integers(0, 200))
@settings(max_examples=40, deadline=None)
def test_without_one_entry_the_other_sections_say_the_same(kind: str, number: int) -> None:
    root = parse_cda(source_of(kind))
    entries = list(root.iter(f"{{{HL7}}}entry"))
    if not entries:
        return
    whole = extract(root)
    entry = entries[number % len(entries)]
    section = entry.getparent()
    assert section is not None
    top = list(root.iter(f"{{{HL7}}}section")).index(section)
    section.remove(entry)
    keys = {fact.key for fact in whole.facts}
    kept = {fact.key for fact in extract(root).facts}
    code = next((each.get("code") for each in section.iterchildren(f"{{{HL7}}}code")), "")
    assert {fact.key for fact in whole.facts if fact.section not in {code, ""}} <= kept, (kind, top)
    assert len(kept) <= len(keys)


@given(data=st.data(), kind=st.sampled_from(KINDS))
@settings(max_examples=150, deadline=None)
def test_a_document_in_which_anything_was_changed_is_read_or_refused_and_gives_valid_resources_only(data: st.DataObject, kind: str) -> None:
    root = parse_cda(source_of(kind))
    elements = [element for element in root.iter(etree.Element) if element.getparent() is not None]
    for _ in range(data.draw(st.integers(1, 4))):
        change(data, elements[data.draw(st.integers(0, len(elements) - 1))])
    found = extract(root)
    assert faults_in(found) == []
    assert len({fact.key for fact in found.facts}) == len(found.facts)


ODD = st.sampled_from(
    ["", " ", "true", "false", "MSK", "NA", "-1", "1e9", "0.10", "20240231", "2024", "INT", "GOL", "#", "1.2.3", "<b>", "é\u00a0"]
)


def change(data: st.DataObject, element: etree._Element) -> None:
    """One change: an attribute set or taken away, an element doubled, emptied or taken away."""
    kind = data.draw(st.sampled_from(["set", "unset", "remove", "double", "empty", "flavour"]))
    names = list(element.attrib)
    parent = element.getparent()
    if kind == "set" and names:
        element.set(data.draw(st.sampled_from(names)), data.draw(ODD))
    elif kind == "unset" and names:
        del element.attrib[data.draw(st.sampled_from(names))]
    elif kind == "flavour":
        element.set("nullFlavor", data.draw(st.sampled_from(["MSK", "NA", "UNK"])))
    elif kind == "empty":
        for inner in list(element):
            element.remove(inner)
    elif parent is not None and kind == "remove":
        parent.remove(element)
    elif parent is not None:
        parent.insert(parent.index(element), etree.fromstring(etree.tostring(element)))


@given(cut=st.integers(0, 5000), by=st.binary(max_size=12))
@settings(max_examples=60, deadline=None)
def test_bytes_that_are_no_document_are_refused_and_never_half_read(cut: int, by: bytes) -> None:
    data = SAMPLES["laboratory"]()
    broken = data[: cut % len(data)] + by + data[cut % len(data) + len(by) :]
    try:
        read(broken)
    except HealthspaceError:
        return


def test_no_address_found_in_a_document_is_kept() -> None:
    for kind in KINDS:
        assert not re.search(rb"https?://[^\"]*(?:wado|example\.org)", told(read(source_of(kind))))


NUMBERS = st.decimals(0, 10_000, places=2, allow_nan=False).map(str) | st.integers(0, 10_000).map(str) | st.just("0.10")
UNITS = st.sampled_from(["g/L", "mmol/L", "10*9/L", "%", "mL/min/{1.73_m2}", "m[IU]/L"])


@st.composite
def measures(draw: st.DrawFn) -> tuple[Measure, ...]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        low, high = (draw(st.none() | NUMBERS) for _ in range(2))
        code = Code(f"{draw(st.integers(1000, 99999))}-{number}", LOINC, f"Analyte {number}")
        flag = draw(st.sampled_from(["N", "L", "H"]))
        found.append(Measure(code, f"Analyse {number}", draw(NUMBERS), draw(UNITS), low, high, flag, f"resultat-{number}"))
    return tuple(found)


@given(measures())
@settings(max_examples=40, deadline=None)
def test_a_laboratory_report_that_we_write_is_read_back_as_it_was(listed: tuple[Measure, ...]) -> None:
    found = read(write_laboratory_report(header("laboratory"), (Chapter(Code("18719-5", LOINC, "Biochimie"), listed),)))
    results = [one for one in of_type(found.facts, "Observation") if "hasMember" not in one]
    assert found.unread == ()
    assert [told_of(one) for one in results] == [
        (each.code.code, each.name, each.value, each.unit, each.low, each.high, each.flag) for each in listed
    ]
    assert {one["effectiveDateTime"] for one in results} == {header("laboratory").service_start.isoformat()}


def told_of(result: Resource) -> tuple[str | None, ...]:
    (usual,) = result.get("referenceRange", [{}])
    quantity = result["valueQuantity"]
    (code,), (flag,) = codes_of(result["code"]), codes_of(result["interpretation"][0])
    bounds = (digits(usual[side]) if side in usual else None for side in ("low", "high"))
    return (code, result["code"]["text"], digits(quantity), quantity["unit"], *bounds, flag)


def digits(quantity: Resource) -> str:
    return write_json(quantity["value"]).decode()
