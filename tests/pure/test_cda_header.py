"""What the header of a clinical document says, whoever wrote it and however."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthspace.base.errors import Invalid
from healthspace.cda.header import Header, patient_traits, read_header
from healthspace.cda.parse import parse_cda
from healthspace.cda.times import Time, french_offset, read_time
from healthspace.cda.values import Code, Identifier
from tests.pure.cda_documents import AUTHOR, DEVICE, EVENT, PATIENT, a_document, encoded
from tests.shared import CDA, needs_shared


def header(**parts: str) -> Header:
    return read_header(parse_cda(encoded(a_document(**parts))))


@pytest.mark.parametrize(
    ("raw", "fhir", "precision", "problem"),
    [
        ("2024", "2024", "year", ""),
        ("202407", "2024-07", "month", ""),
        ("20240702", "2024-07-02", "day", ""),
        ("2024070210+0200", "2024-07-02T10:00:00+02:00", "hour", ""),
        ("202407021015+0200", "2024-07-02T10:15:00+02:00", "minute", ""),
        ("20240702101530+0200", "2024-07-02T10:15:30+02:00", "second", ""),
        ("20240702101530.125-0400", "2024-07-02T10:15:30.125-04:00", "second", ""),
        ("20240702101530Z", "2024-07-02T10:15:30+00:00", "second", ""),
        ("20240702101530+1100", "2024-07-02T10:15:30+11:00", "second", ""),
        ("20240106113623+100", "2024-01-06T11:36:23+01:00", "second", "a zone written in an unusual way"),
        ("20240106113623+01", "2024-01-06T11:36:23+01:00", "second", "a zone written in an unusual way"),
        ("20240106113623+01:00", "2024-01-06T11:36:23+01:00", "second", "a zone written in an unusual way"),
        ("20240106113623", "2024-01-06T11:36:23+01:00", "second", "a time without a zone"),
        ("20240706113623", "2024-07-06T11:36:23+02:00", "second", "a time without a zone"),
        ("20240706113623+9900", "2024-07-06T11:36:23+02:00", "second", "an impossible zone"),
        ("20240702+0200", "2024-07-02", "day", "a zone without a time"),
        ("20241302", "", "", "not a date of the calendar"),
        ("20240230", "", "", "not a date of the calendar"),
        ("00000000", "", "", "not a date of the calendar"),
        ("2024-07-02", "", "", "not a time"),
        ("hier", "", "", "not a time"),
        ("٢٠٢٤", "", "", "not a time"),
    ],
)
def test_a_time_keeps_the_precision_it_was_given_with(raw: str, fhir: str, precision: str, problem: str) -> None:
    assert read_time(raw) == Time(raw, fhir, precision, problem)


def test_a_time_without_a_zone_is_in_that_of_an_overseas_document() -> None:
    assert read_time("20240706113623", zone=240).fhir == "2024-07-06T11:36:23+04:00"
    overseas = header(
        time='<effectiveTime value="20240702101500+0400"/>',
        event=EVENT.replace('low value="202407020900+0200"', 'low value="202407020900"'),
    )
    assert overseas.service.low is not None
    assert overseas.service.low.fhir == "2024-07-02T09:00:00+04:00"


def test_a_date_alone_begins_at_midnight_in_france() -> None:
    assert read_time("20240702").instant == "2024-07-02T00:00:00+02:00"
    assert read_time("2024").instant == "2024-01-01T00:00:00+01:00"
    assert read_time("x").instant == ""


def test_french_legal_time_changes_on_the_last_sundays() -> None:
    assert french_offset(datetime(2024, 3, 31, 1, 59, tzinfo=UTC)) == 60
    assert french_offset(datetime(2024, 3, 31, 3, 0, tzinfo=UTC)) == 120
    assert french_offset(datetime(2024, 10, 27, 1, 0, tzinfo=UTC)) == 120
    assert french_offset(datetime(2024, 10, 27, 3, 0, tzinfo=UTC)) == 60


@given(st.text(max_size=24))
def test_no_text_breaks_the_reading_of_a_time(raw: str) -> None:
    assert read_time(raw).raw == raw


def test_the_traits_of_a_man_with_a_waiting_identity_are_read() -> None:
    traits = patient_traits(header())
    assert (traits.ins_system, traits.ins_value) == ("1.2.250.1.213.1.4.9", "150067512345672")
    assert (traits.birth_family, traits.given_names, traits.first_given) == ("LE GOFF", "YANN ÉRIC", "YANN")
    assert (traits.used_family, traits.used_given) == ("MARTIN", "Éric")
    assert (traits.sex, traits.birth_date, traits.birth_place) == ("male", "1950-06-15", "29019")


def test_the_official_identity_comes_before_test_and_waiting_ones() -> None:
    ids = "".join(f'<id root="1.2.250.1.213.1.4.{tail}" extension="{tail}00000000000000"/>' for tail in (11, 10, 9, 8))
    record = f"<recordTarget>{PATIENT.replace('<id ', ids + '<id ', 1)}</recordTarget>"
    assert header(record=record).patient.ins == Identifier("1.2.250.1.213.1.4.8", "800000000000000")


def test_a_patient_without_a_national_identity_is_said_so_clearly() -> None:
    without = f"<recordTarget>{PATIENT.replace('1.2.250.1.213.1.4.9', '1.2.250.1.999.8')}</recordTarget>"
    with pytest.raises(Invalid) as caught:
        patient_traits(header(record=without))
    assert caught.value.place == "ClinicalDocument/recordTarget/patientRole/id"


def test_two_different_identities_of_one_kind_are_refused() -> None:
    second = '<id root="1.2.250.1.213.1.4.9" extension="250067512345672"/>'
    with pytest.raises(Invalid, match="two different"):
        patient_traits(header(record=f"<recordTarget>{PATIENT.replace('<id ', second + '<id ', 1)}</recordTarget>"))


def test_a_document_about_several_people_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        header(record=f"<recordTarget>{PATIENT}</recordTarget>" * 2)
    assert caught.value.place == "ClinicalDocument/recordTarget"


def test_a_header_of_a_hundred_thousand_authors_is_refused_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        header(authors="<author/>" * 100_000)
    assert caught.value.place == "ClinicalDocument"


def test_names_without_qualifiers_are_birth_names() -> None:
    plain = PATIENT[: PATIENT.index("<name>")] + "<name><given>Yann</given><family>LE GOFF</family></name></patient></patientRole>"
    traits = patient_traits(header(record=f"<recordTarget>{plain}</recordTarget>"))
    assert (traits.birth_family, traits.given_names, traits.first_given, traits.used_family) == ("LE GOFF", "Yann", "Yann", "LE GOFF")
    assert (traits.sex, traits.birth_date, traits.birth_place) == ("unknown", "", "")


def test_every_kind_of_author_is_read() -> None:
    bare = (
        "<author><time nullFlavor='NA'/><assignedAuthor><id nullFlavor='NI'/>"
        "<representedOrganization><name>Labo</name></representedOrganization></assignedAuthor></author>"
    )
    doctor, device, place = header(authors=AUTHOR + DEVICE + bare).authors
    assert doctor.ids == (Identifier("1.2.250.1.71.4.2.1", "810000000011"),)
    assert doctor.code is not None
    assert doctor.code.code == "G15_10/SM26"
    assert doctor.function is not None
    assert doctor.function.code == "ATTPHYS"
    assert doctor.name is not None
    assert (doctor.name.prefixes, doctor.name.suffixes) == (("MME",), ("DR",))
    assert doctor.organization is not None
    assert doctor.organization.name == "Cabinet des Tilleuls"
    assert device.device is not None
    assert (device.device.software, device.device.model) == ("Logiciel X", "")
    assert device.time is not None
    assert device.time.fhir == "2024-07-02"
    assert place.organization is not None
    assert place.organization.name == "Labo"
    assert (place.ids, place.name, place.time) == ((), None, None)


def test_events_keep_every_translation() -> None:
    (event,) = header().events
    assert event.code is not None
    assert [code.code for code in event.code.translations] == ["ACQH004", "CT"]


def test_the_main_act_is_the_first_that_says_when_it_began() -> None:
    undated = EVENT.replace('low value="202407020900+0200"', 'low nullFlavor="UNK"').replace(
        'high value="20240702093000+0200"', 'high nullFlavor="UNK"'
    )
    low = header(event=undated + EVENT).service.low
    assert low is not None
    assert low.fhir == "2024-07-02T09:00:00+02:00"


def test_a_report_is_unfinished_as_long_as_one_act_is() -> None:
    act = '<documentationOf><serviceEvent><lab:statusCode code="{}"/></serviceEvent></documentationOf>'
    assert header(event=act.format("completed") + act.format("active")).status == "active"
    assert header(event=act.format("completed")).status == "completed"
    assert header().status == ""


def test_orders_and_accession_numbers_are_told_apart() -> None:
    read = header(
        orders='<inFulfillmentOf><order><id root="1.2.3" extension="A"/>'
        '<ps3-20:accessionNumber root="1.2.4" extension="B"/></order></inFulfillmentOf>'
    )
    assert (read.orders, read.accession_numbers) == ((Identifier("1.2.3", "A"),), (Identifier("1.2.4", "B"),))


def test_relatives_participants_and_consents_are_kept() -> None:
    read = header(
        informants='<informant><relatedEntity classCode="ECON">'
        "<relatedPerson><name><given>Anne</given></name></relatedPerson></relatedEntity></informant>",
        participants='<participant typeCode="INF"><functionCode code="PCP"/><time><low value="2020"/></time>'
        '<associatedEntity classCode="PROV"/></participant>',
        consents='<authorization><consent><code code="GEN-366"/><statusCode code="completed"/></consent></authorization>',
    )
    assert read.informants[0].relation == "ECON"
    assert read.participants[0].kind == "INF"
    assert read.participants[0].period.low is not None
    assert read.consents[0].code == Code(code="GEN-366")
    assert read.consents[0].status == "completed"


def test_masked_is_not_unknown() -> None:
    assert header(code='<code nullFlavor="MSK"/>').type == Code(absent="MSK")
    assert header(code='<code nullFlavor="UNK"/>').type is None


def test_a_document_of_null_flavors_is_read_as_saying_nothing() -> None:
    nothing = "".join(
        f'<{name} nullFlavor="UNK"/>'
        for name in ("id", "code", "title", "effectiveTime", "confidentialityCode", "languageCode", "setId", "recordTarget")
    )
    read = read_header(
        parse_cda(f'<ClinicalDocument xmlns="urn:hl7-org:v3">{nothing}<author nullFlavor="NI"/></ClinicalDocument>'.encode())
    )
    assert (read.id, read.type, read.title, read.time, read.confidentiality, read.patient.ins) == (None, None, "", None, (), None)


def test_an_empty_document_is_read_as_saying_nothing() -> None:
    read = read_header(parse_cda(b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>'))
    assert read.authors == ()
    assert read.custodian is None
    assert read.service.low is None


def test_what_had_to_be_tolerated_is_told_without_health_data() -> None:
    read = header(
        signatory='<legalAuthenticator><time value="20240106113623+100"/><signatureCode code="S"/><assignedEntity/></legalAuthenticator>'
    )
    assert read.warnings == ("legalAuthenticator/time: a zone written in an unusual way",)


@settings(max_examples=30, deadline=None)
@given(
    title=st.text(
        alphabet=st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="<&>]\x7f", exclude_categories=("Cc",)), max_size=30
    ),
    encoding=st.sampled_from(["UTF-8", "UTF-16", "UTF-16LE", "ISO-8859-1", "windows-1252"]),
)
def test_the_header_is_the_same_in_every_encoding(title: str, encoding: str) -> None:
    document = a_document(title=f"<title>{title}</title>", body="")
    assert read_header(parse_cda(encoded(document, encoding))) == read_header(parse_cda(encoded(document)))


@needs_shared
def test_the_lent_documents_are_read_without_surprise() -> None:
    from tests.pure.lent_documents import EXPECTED

    for facts in EXPECTED:
        read = read_header(parse_cda((CDA / facts["file"]).read_bytes()))
        assert read.title == facts["header"]["title"]
        assert patient_traits(read).ins_value == facts["header"]["patient"]["ins"]["value"]
