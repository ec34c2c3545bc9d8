"""The CDA writer: every kind of document, its header, its entries, its words."""

from base64 import b64decode
from dataclasses import replace

import pytest
from lxml import etree

from healthspace.base.errors import Invalid
from healthspace.cda.header import patient_traits, read_header
from healthspace.cda.parse import parse_cda
from healthspace.cda.write.vaccination import write_vaccination_note
from healthspace.cda.write.xml import e, serialise
from tests.golden_files import same_as_golden
from tests.pure.cda_samples import DOCTOR, GIVEN, ITEM, NOON, OID, PATIENT, SAMPLES, TYPES, header
from tests.shared import CDA, needs_shared

NAMES = {"c": "urn:hl7-org:v3", "lab": "urn:oid:1.3.6.1.4.1.19376.1.3.2", "pharm": "urn:ihe:pharm:medication"}
every_kind = pytest.mark.parametrize("kind", SAMPLES)


def find(root: etree._Element, path: str) -> list[str]:
    """The values at an XPath, `c:` being HL7's elements."""
    found = root.xpath(path, namespaces=NAMES)
    assert isinstance(found, list)
    return [str(value) for value in found]


@every_kind
def test_a_document_is_the_one_that_was_reviewed(kind: str) -> None:
    assert same_as_golden(f"cda/{kind}.xml", SAMPLES[kind]())


@every_kind
def test_the_same_facts_give_the_same_bytes(kind: str) -> None:
    assert SAMPLES[kind]() == SAMPLES[kind]()


@needs_shared
@every_kind
def test_a_document_is_valid_against_the_schema(kind: str) -> None:
    schema = etree.XMLSchema(etree.parse(CDA / "schema" / "CDA_extended.xsd"))
    schema.assertValid(etree.fromstring(SAMPLES[kind]()).getroottree())


@every_kind
def test_a_header_is_complete(kind: str) -> None:
    root = etree.fromstring(SAMPLES[kind]())
    assert find(root, "c:realmCode/@code") == ["FR"]
    assert find(root, "c:typeId/@extension") == ["POCD_HD000040"]
    assert find(root, "c:templateId/@root")[:2] == ["2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1"]
    assert find(root, "c:code/@code") == [TYPES[kind]]
    assert find(root, "c:recordTarget/c:patientRole/c:id[1]/@extension") == [PATIENT.ins.extension]
    assert len(find(root, "c:recordTarget/c:patientRole/c:id/@root")) == 2
    for path in (
        "c:author/c:assignedAuthor/c:representedOrganization/c:id/@extension",
        "c:custodian//c:id/@extension",
        "c:legalAuthenticator//c:representedOrganization/c:id/@extension",
        "c:documentationOf[1]/c:serviceEvent/c:performer//c:standardIndustryClassCode/@code",
        "c:documentationOf[1]/c:serviceEvent/c:effectiveTime/c:low/@value",
        "c:componentOf//c:healthCareFacility/c:code/@code",
        "c:setId/@root",
        "c:versionNumber/@value",
    ):
        assert len(find(root, path)) == 1, path


@every_kind
def test_a_header_read_back_says_what_was_written(kind: str) -> None:
    written = header(kind)
    read = read_header(parse_cda(SAMPLES[kind]()))
    traits = patient_traits(read)
    assert read.id
    assert read.set_id
    assert (read.id.root, read.set_id.root, read.title) == (written.unique_id, written.set_id, written.title)
    assert read.type
    assert read.type.code == TYPES[kind]
    assert (traits.ins_system, traits.ins_value) == (PATIENT.ins.root, PATIENT.ins.extension)
    assert (traits.birth_family, traits.used_family) == ("D’HÉROUVILLE", "D’HÉROUVILLE-O’BRIEN")
    assert (traits.given_names, traits.first_given, traits.used_given) == ("Anne-Sophie Zoé", "Anne-Sophie", "Zoé")
    assert (traits.sex, traits.birth_date, traits.birth_place) == ("female", "2018-06-02", "2B033")
    assert read.authors[0].ids[0].extension == DOCTOR.identifier
    assert read.encounter.facility_type
    assert read.encounter.facility_type.code == "SA07"
    assert read.time
    assert read.time.fhir == NOON.isoformat()
    assert not read.warnings


@every_kind
def test_every_reference_finds_its_words(kind: str) -> None:
    root = etree.fromstring(SAMPLES[kind]())
    marks = find(root, "//c:content/@ID")
    references = find(root, "//c:reference/@value")
    assert len(marks) == len(set(marks))
    assert {reference.removeprefix("#") for reference in references} <= set(marks)


@every_kind
def test_entry_identifiers_are_not_repeated(kind: str) -> None:
    identifiers = find(etree.fromstring(SAMPLES[kind]()), "//c:structuredBody//c:id[not(@extension)]/@root")
    assert len(identifiers) == len(set(identifiers))


def test_a_second_version_names_the_first() -> None:
    root = etree.fromstring(SAMPLES["laboratory"]())
    assert find(root, "c:relatedDocument[@typeCode='RPLC']/c:parentDocument/c:id/@root") == [f"{OID}.99"]
    assert find(root, "c:versionNumber/@value") == ["2"]
    assert find(etree.fromstring(SAMPLES["imaging"]()), "c:relatedDocument/@typeCode") == []


def test_a_laboratory_result_carries_value_unit_range_and_interpretation() -> None:
    root = etree.fromstring(SAMPLES["laboratory"]())
    assert find(root, "c:documentationOf/c:serviceEvent/lab:statusCode/@code") == ["completed"]
    result = "//c:organizer[@classCode='BATTERY']/c:component/c:observation[c:code/@code='4548-4']"
    assert find(root, f"{result}/c:value/@value") == ["7.2"]
    assert find(root, f"{result}/c:value/@unit") == ["%"]
    assert find(root, f"{result}/c:interpretationCode/@code") == ["H"]
    assert find(root, f"{result}//c:observationRange/c:value/*/@value") == ["4.0", "6.0"]
    # A range with one bound has no other.
    assert len(find(root, "//c:observation[c:code/@code='62238-1']//c:observationRange/c:value/*/@value")) == 1


def test_numbers_and_units_are_printed_the_french_way() -> None:
    words = " ".join(find(etree.fromstring(SAMPLES["laboratory"]()), "//c:text//text()"))
    assert "7,2 %" in words
    assert "72 µmol/L" in words
    assert "> 60" in words


def test_a_dispensation_names_the_line_that_it_answers() -> None:
    prescribed = etree.fromstring(SAMPLES["prescription"]())
    given = etree.fromstring(SAMPLES["dispensation"]())
    assert find(prescribed, "//c:entry/c:substanceAdministration/c:id/@root") == [ITEM]
    assert find(given, "//c:substanceAdministration[c:code/@code='PREItem']/c:id/@root") == [ITEM]
    assert find(given, "//c:externalDocument/c:id/@root") == find(prescribed, "c:id/@root")
    assert find(given, "c:inFulfillmentOf/c:order/c:id/@root") == find(prescribed, "c:id/@root")


def test_a_vaccine_carries_its_lot_and_its_rank() -> None:
    root = etree.fromstring(SAMPLES["vaccination"]())
    assert find(root, "//c:lotNumberText/text()") == ["A1234"]
    assert find(root, "//c:observation[c:code/@code='30973-2']/c:value/@value") == ["1"]
    assert find(root, "//c:manufacturedMaterial/c:code/c:translation/@code") == ["J07BB02"]


def test_no_known_allergy_is_said_by_a_code_that_is_not_an_allergy() -> None:
    root = etree.fromstring(SAMPLES["discharge"]())
    assert find(root, "//c:observation[c:code/@code='416098002']/c:value/@code") == ["no-known-allergies"]
    assert find(root, "//c:observation[c:code/@code='416098002']/c:participant") == []


def test_an_embedded_file_comes_out_whole() -> None:
    root = etree.fromstring(SAMPLES["unstructured"]())
    assert find(root, "//c:nonXMLBody/c:text/@mediaType") == ["text/plain"]
    assert b64decode(find(root, "//c:nonXMLBody/c:text/text()")[0]) == b"Bonjour.\n"


def test_words_that_look_like_markup_stay_words() -> None:
    root = etree.fromstring(SAMPLES["imaging"]())
    assert find(root, "c:title/text()") == ["Document d’essai <imaging> & suite"]
    assert find(root, "c:custodian//c:name/text()") == ["Cabinet « L’Épi & Fils »"]
    assert find(etree.fromstring(serialise(e("a", b='"<&>"\n'))), "@b") == ['"<&>"\n']


def test_a_character_that_xml_cannot_carry_is_refused() -> None:
    with pytest.raises(Invalid, match="control character"):
        serialise(e("title", "avant\x0baprès"))


def test_what_is_not_known_is_left_out() -> None:
    patient = replace(PATIENT, guardian=None, phone="")
    bare = header("bare", patient=patient, function=None, treating_doctor=None, recipients=(), service_stop=None)
    root = etree.fromstring(write_vaccination_note(bare, (GIVEN,)))
    for path in ("c:author/c:functionCode", "c:participant", "c:informationRecipient", "//c:guardian", "c:documentationOf//c:high"):
        assert find(root, path) == []
