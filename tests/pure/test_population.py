"""The synthetic population: deterministic, varied, coherent, and made of valid documents."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice

import pytest
from lxml import etree

from healthspace.cda.parse import parse_cda
from healthspace.identity.personas import HOSPITAL_DOCTORS, PROFESSIONALS, Role
from healthspace.population import Directory, SyntheticCitizen, SyntheticDocument, build
from healthspace.population.desk import age_on, at
from healthspace.population.families import control_key
from healthspace.population.model import TEST_SYSTEM
from healthspace.population.vaccines import flu_seasons
from tests.pure.test_cda_write import find
from tests.shared import CDA, needs_shared

TODAY = date(2025, 11, 24)
DIRECTORY = Directory(
    PROFESSIONALS[Role.TREATING_DOCTOR],
    PROFESSIONALS[Role.SPECIALIST],
    PROFESSIONALS[Role.PHARMACIST],
    PROFESSIONALS[Role.NURSE],
    *HOSPITAL_DOCTORS,
)


@pytest.fixture(scope="module")
def citizens() -> tuple[SyntheticCitizen, ...]:
    return tuple(build(1, 50, TODAY, DIRECTORY))


def structured(citizens: tuple[SyntheticCitizen, ...], type_code: str = "") -> Iterator[tuple[SyntheticDocument, etree._Element]]:
    """The CDA documents, parsed; those of one type if it is given."""
    for citizen in citizens:
        for document in citizen.documents:
            if document.media_type == "application/xml" and type_code in ("", document.type_code):
                yield document, parse_cda(document.data)


def age(citizen: SyntheticCitizen) -> int:
    return age_on(citizen.traits.birth_date, TODAY)


def test_the_same_seed_gives_the_same_bytes(citizens: tuple[SyntheticCitizen, ...]) -> None:
    assert tuple(build(1, 50, TODAY, DIRECTORY)) == citizens


def test_a_larger_population_begins_with_the_same_people(citizens: tuple[SyntheticCitizen, ...]) -> None:
    assert tuple(islice(build(1, 10_000, TODAY, DIRECTORY), 50)) == citizens


def test_another_seed_gives_other_people(citizens: tuple[SyntheticCitizen, ...]) -> None:
    others = {citizen.traits.ins_value for citizen in build(2, 50, TODAY, DIRECTORY)}
    assert not others & {citizen.traits.ins_value for citizen in citizens}


def test_as_many_citizens_as_asked() -> None:
    for count in (0, 1, 3, 17):
        assert [citizen.index for citizen in build(1, count, TODAY, DIRECTORY)] == list(range(count))


def test_numbers_are_test_numbers_with_the_right_shape_and_key(citizens: tuple[SyntheticCitizen, ...]) -> None:
    for citizen in citizens:
        traits = citizen.traits
        value = traits.ins_value
        assert traits.ins_system == TEST_SYSTEM
        assert re.fullmatch(r"[12]\d{4}(\d\d|2[AB])\d{8}", value)
        assert value[13:] == control_key(value[:13])
        assert value[0] == ("1" if traits.sex == "male" else "2")
        assert value[1:5] == f"{traits.birth_date:%y%m}"
        place = traits.birth_place
        before_1976 = place[:2] in ("2A", "2B") and traits.birth_date.year < 1976
        assert value[5:10] == (f"20{place[2:]}" if before_1976 else place)
    assert len({citizen.traits.ins_value for citizen in citizens}) == len(citizens)


def test_the_published_example_has_its_key() -> None:
    assert control_key("2550814168025") == "38"


def test_corsica_counts_as_numbers_in_the_key() -> None:
    assert control_key("190012A004011") == control_key("1900119004011")
    assert control_key("190012B004011") == control_key("1900118004011")


def test_fifty_people_are_of_all_ages_sexes_and_places(citizens: tuple[SyntheticCitizen, ...]) -> None:
    ages = {age(citizen) for citizen in citizens}
    assert min(ages) == 0
    assert max(ages) == 97
    for low in range(0, 100, 10):
        assert any(low <= years < low + 10 for years in ages), low
    assert {citizen.traits.sex for citizen in citizens} == {"male", "female"}
    assert {"49", "97", "99", "2B"} <= {citizen.traits.ins_value[5:7] for citizen in citizens}
    assert {"Angers", "Ajaccio", "Saint-Denis"} <= {citizen.home.city for citizen in citizens}


def test_names_have_what_french_names_have(citizens: tuple[SyntheticCitizen, ...]) -> None:
    families = [citizen.traits.birth_family for citizen in citizens]
    givens = [name for citizen in citizens for name in citizen.traits.givens]
    assert any("’" in family for family in families)
    assert any(re.search("[ÉÈËÏ]", family) for family in families + [citizen.traits.used_family for citizen in citizens])
    assert any("-" in family for family in families)
    assert any("-" in given for given in givens)
    assert any(" " in family for family in families)
    assert any(citizen.traits.used_family != citizen.traits.birth_family for citizen in citizens)


def test_the_first_citizens_are_those_that_demonstrations_tell_about(citizens: tuple[SyntheticCitizen, ...]) -> None:
    first, second, third, fourth = citizens[:4]
    assert (age(first), first.traits.sex) == (58, "female")
    assert {"diabetes", "hypertension"} <= set(first.conditions)
    assert {"11502-2", "18748-4", "11490-0", "57833-6", "60593-1", "87273-9", "60591-5"} <= {
        document.type_code for document in first.documents
    }
    assert first.authorised == ("specialist",)
    assert age(second) == 38
    assert third.parents == fourth.parents == (1,)
    assert all("87273-9" in {document.type_code for document in child.documents} for child in (third, fourth))
    assert all(citizen.treating_doctor for citizen in citizens[:5])


def test_families_are_coherent(citizens: tuple[SyntheticCitizen, ...]) -> None:
    for citizen in citizens:
        for index in citizen.parents:
            parent = citizens[index]
            assert index < citizen.index
            assert parent.household == citizen.household
            assert parent.home == citizen.home
            assert 17 <= age_on(parent.traits.birth_date, citizen.traits.birth_date) <= 50
    minors = [citizen for citizen in citizens if age(citizen) < 18]
    assert len(minors) >= 8
    assert all(minor.parents and all(age(citizens[index]) >= 18 for index in minor.parents) for minor in minors)


def test_everyone_has_a_history(citizens: tuple[SyntheticCitizen, ...]) -> None:
    for citizen in citizens:
        dates = [document.date for document in citizen.documents]
        assert 4 <= len(dates) <= 22
        assert dates == sorted(dates)
        assert all(citizen.traits.birth_date <= moment.date() <= TODAY for moment in dates)
    dates = [document.date.date() for citizen in citizens for document in citizen.documents]
    recent = sum((TODAY - day).days <= 3 * 366 for day in dates)
    assert recent > 0.7 * len(dates)
    assert recent < len(dates)


def test_every_kind_of_document_is_there(citizens: tuple[SyntheticCitizen, ...]) -> None:
    documents = [document for citizen in citizens for document in citizen.documents]
    kinds = {document.type_code for document in documents}
    assert {"11502-2", "18748-4", "11490-0", "57833-6", "60593-1", "87273-9", "60591-5", "83981-1", "55115-0", "11488-4"} <= kinds
    depositors = {document.depositor for document in documents}
    roles = {role.value for role in Role}
    assert depositors <= roles
    assert {"laboratory", "hospital", "imaging-centre", "treating-doctor", "pharmacist", "nurse", "care-home", "citizen"} <= depositors


def test_no_two_documents_have_the_same_identifier(citizens: tuple[SyntheticCitizen, ...]) -> None:
    identifiers = [document.unique_id for citizen in citizens for document in citizen.documents]
    assert len(identifiers) == len(set(identifiers))
    assert all(re.fullmatch(r"2\.25\.[1-9]\d*", identifier) for identifier in identifiers)


def test_a_document_says_what_the_citizen_is(citizens: tuple[SyntheticCitizen, ...]) -> None:
    for citizen in citizens:
        for document, root in structured((citizen,)):
            assert find(root, "c:id/@root") == [document.unique_id]
            assert find(root, "c:code/@code") == [document.type_code]
            assert find(root, "c:title/text()") == [document.title]
            assert find(root, "c:recordTarget//c:id[@root='1.2.250.1.213.1.4.10']/@extension") == [citizen.traits.ins_value]
            assert find(root, "c:recordTarget//c:birthplace//c:county/text()") == [citizen.traits.birth_place]
            assert bool(find(root, "//c:guardian")) == (age(citizen) < 18)


@needs_shared
def test_every_document_is_valid_against_the_schema(citizens: tuple[SyntheticCitizen, ...]) -> None:
    schema = etree.XMLSchema(etree.parse(CDA / "schema" / "CDA_extended.xsd"))
    for _, root in structured(citizens):
        schema.assertValid(root.getroottree())


def test_every_reference_finds_its_words(citizens: tuple[SyntheticCitizen, ...]) -> None:
    for document, root in structured(citizens):
        marks = find(root, "//c:content/@ID")
        assert len(marks) == len(set(marks)), document.title
        assert {reference.removeprefix("#") for reference in find(root, "//c:reference/@value")} <= set(marks), document.title


def test_letters_are_pdf_files(citizens: tuple[SyntheticCitizen, ...]) -> None:
    alone = [document for citizen in citizens for document in citizen.documents if document.media_type == "application/pdf"]
    assert len(alone) > 20
    assert all(document.data.startswith(b"%PDF") and document.data.rstrip().endswith(b"%%EOF") for document in alone)
    wrapped = [find(root, "//c:nonXMLBody/c:text/@mediaType") for _, root in structured(citizens, "55115-0")]
    assert wrapped
    assert all(media == ["application/pdf"] for media in wrapped)


def test_a_dispensation_follows_its_prescription(citizens: tuple[SyntheticCitizen, ...]) -> None:
    count = 0
    for citizen in citizens:
        prescribed = {document.unique_id: (document, root) for document, root in structured((citizen,), "57833-6")}
        for document, root in structured((citizen,), "60593-1"):
            answered, original = prescribed[find(root, "c:inFulfillmentOf/c:order/c:id/@root")[0]]
            assert answered.date < document.date
            assert (document.date - answered.date).days <= 4
            lines = find(original, "//c:entry/c:substanceAdministration/c:id/@root")
            assert find(root, "//c:substanceAdministration[c:code/@code='PREItem']/c:id/@root") == lines
            count += 1
    assert count > 30


def test_some_documents_replace_an_older_version(citizens: tuple[SyntheticCitizen, ...]) -> None:
    pairs = 0
    for citizen in citizens:
        known: dict[str, etree._Element] = {}
        for document, root in structured((citizen,)):
            assert find(root, "c:relatedDocument/c:parentDocument/c:id/@root") == ([document.replaces] if document.replaces else [])
            if document.replaces:
                assert find(known[document.replaces], "c:setId/@root") == find(root, "c:setId/@root")
                assert find(root, "c:versionNumber/@value") == ["2"]
                pairs += 1
            known[document.unique_id] = root
    assert 2 <= pairs <= 6


def test_no_one_is_given_what_they_are_allergic_to(citizens: tuple[SyntheticCitizen, ...]) -> None:
    allergic = 0
    for citizen in citizens:
        roots = [root for _, root in structured((citizen,))]
        if any(find(root, "//c:participant[@typeCode='CSM']") for root in roots):
            allergic += 1
            taken = [code for root in roots for code in find(root, "//c:consumable//c:translation/@code")]
            assert "J01CA04" not in taken
    assert allergic


def test_no_vaccine_is_given_on_a_sunday_or_before_birth(citizens: tuple[SyntheticCitizen, ...]) -> None:
    for citizen in citizens:
        for _, root in structured((citizen,), "87273-9"):
            for value in find(root, "//c:substanceAdministration/c:effectiveTime/@value"):
                day = date(int(value[:4]), int(value[4:6]), int(value[6:]))
                assert citizen.traits.birth_date < day <= TODAY
                assert day.weekday() != 6


def test_paris_has_summer_time_between_its_two_sundays() -> None:
    offsets = [at(day, 12).strftime("%z") for day in (date(2025, 3, 29), date(2025, 3, 30), date(2025, 10, 25), date(2025, 10, 26))]
    assert offsets == ["+0100", "+0200", "+0200", "+0100"]


def test_flu_seasons_are_over_before_they_count() -> None:
    assert [day.year for day in flu_seasons(date(2025, 11, 24), 2)] == [2025, 2024]
    assert [day.year for day in flu_seasons(date(2025, 6, 1), 2)] == [2024, 2023]


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2025, 1, 1), date(2026, 7, 14), date(2027, 10, 31)])
def test_any_day_will_do(today: date) -> None:
    for citizen in build(7, 20, today, DIRECTORY):
        assert len(citizen.documents) >= 4
        assert all(citizen.traits.birth_date <= document.date.date() <= today for document in citizen.documents)
