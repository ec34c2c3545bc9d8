"""What pages say of documents and of the trail: from resources to words."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from babel.dates import format_date
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from healthspace.access.rules import Scope
from healthspace.base.fhirjson import SET_ID, VERSION_NUMBER
from healthspace.base.text import fold
from healthspace.edge.portal.content import make_reachable
from healthspace.edge.portal.document_view import name_file, view_document
from healthspace.edge.portal.families import FAMILIES
from healthspace.edge.portal.frame import initials_of
from healthspace.edge.portal.health_words import write_number, write_range, write_value
from healthspace.edge.portal.language import Language, choose_language, load_languages, machine_date, read_moment
from healthspace.edge.portal.listing import PAGE, Listing, Question, find_matching, lay_out, tell
from healthspace.edge.portal.patients import name_patient, write_ins
from healthspace.edge.portal.views import newest_version, read_given_name, show_row
from healthspace.fhir.document_reference import read_name, searched_words
from healthspace.profile.convert import Unit
from healthspace.profile.ranges import Range
from healthspace.record.find import Outline
from healthspace.resources.stored import Stored

LANGUAGES = load_languages()
FR, EN = LANGUAGES["fr"], LANGUAGES["en"]
NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
MASKS = "urn:oid:1.2.250.1.213.1.1.4.13"


def a_reference(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A laboratory report of 20 November 2026, as the record holds it."""
    attachment = {"contentType": "text/xml", "title": "Bilan sanguin", "url": f"Binary/{number}", "language": "fr-FR"}
    reference = {
        "resourceType": "DocumentReference",
        "id": str(UUID(int=number)),
        "meta": {"versionId": "1", "lastUpdated": "2026-11-20T16:00:00Z"},
        "contained": [
            {"resourceType": "Patient", "id": "patient", "name": [{"use": "official", "family": "DUPRÉ", "given": ["LÉA"]}]},
            {"resourceType": "Practitioner", "id": "doctor", "name": [{"family": "ROBIN", "given": ["Julie"], "suffix": ["DR"]}]},
            {"resourceType": "Organization", "id": "place", "name": "Laboratoire du Centre"},
            {
                "resourceType": "PractitionerRole",
                "id": "author",
                "practitioner": {"reference": "#doctor"},
                "organization": {"reference": "#place"},
            },
        ],
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:2.25.{number}"},
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2", "display": "CR d'examens biologiques"}]},
        "category": [{"coding": [{"code": "10"}]}],
        "date": "2026-11-20T14:07:00+01:00",
        "author": [{"reference": "#author"}],
        "content": [{"attachment": attachment}],
        "context": {"period": {"start": "2026-11-19T08:00:00+01:00"}, "sourcePatientInfo": {"reference": "#patient"}},
    }
    return {**reference, **changes}


def test_a_row_says_title_type_author_and_place() -> None:
    row = show_row(a_reference(), FR, NOW)
    assert (row.title, row.type, row.source) == (
        "Bilan sanguin",
        "Compte rendu d’examens biologiques",
        "Dr Julie ROBIN, Laboratoire du Centre",
    )
    assert (row.family.code, row.family.icon, row.new, row.mine, row.superseded, row.replaces) == (
        "laboratory",
        "flask",
        True,
        False,
        False,
        False,
    )
    assert show_row(a_reference(), EN, NOW).type == "Laboratory report"


def test_a_document_without_a_title_is_named_by_its_type_and_an_unknown_type_by_its_own_words() -> None:
    untitled = a_reference(content=[{"attachment": {}}], type={"coding": [{"code": "X-1", "display": "Compte rendu maison"}]})
    row = show_row(untitled, EN, NOW)
    assert (row.title, row.type, row.family.code) == ("Compte rendu maison", "Compte rendu maison", "report")


@given(st.sets(st.sampled_from(sorted(a_reference())), max_size=10))
def test_a_reference_that_lacks_anything_still_makes_a_row(missing: set[str]) -> None:
    reference = {name: value for name, value in a_reference().items() if name not in missing - {"id"}}
    view = view_document(reference, FR, NOW, size=0)
    assert view.row.id == str(UUID(int=1))
    assert all(fact.value for fact in view.facts)


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ({"reference": "#patient"}, "Ajouté par vous"),
        ({"reference": "Patient/1"}, "Ajouté par vous"),
        ({"reference": "#place"}, "Laboratoire du Centre"),
        ({"reference": "#doctor"}, "Dr Julie ROBIN"),
        ({"display": "Un médecin"}, "Un médecin"),
        ({"reference": "#nobody"}, ""),
    ],
)
def test_whoever_the_author_is_the_source_is_in_words(author: dict[str, str], name: str) -> None:
    assert show_row(a_reference(author=[author]), FR, NOW).source == name


def test_a_reader_other_than_the_citizen_is_told_who_added_the_document() -> None:
    assert show_row(a_reference(author=[{"reference": "#patient"}]), FR, NOW, own=False).source == "Ajouté par le patient"


def test_new_is_what_arrived_this_week_and_is_recent() -> None:
    assert show_row(a_reference(), FR, NOW).new
    assert not show_row(a_reference(), FR, NOW + timedelta(days=8)).new
    assert not show_row(a_reference(date="2019-03-01T10:00:00Z"), FR, NOW).new, "taken over from another system: no news"
    assert not show_row(a_reference(author=[{"reference": "#patient"}]), FR, NOW).new, "one's own document is no news"


def test_a_masked_document_says_so() -> None:
    masked = a_reference(securityLabel=[{"coding": [{"system": MASKS, "code": "MASQUE_PS"}]}])
    assert show_row(masked, FR, NOW).hidden
    assert not show_row(a_reference(), FR, NOW).hidden


def listed(
    references: list[dict[str, Any]], words: str = "", family: str = "", after: str = "", inside: dict[int, set[str]] | None = None
) -> Listing:
    """The page of a list of documents; they come as the index gives them, the latest first."""
    documents = [Stored("DocumentReference", UUID(one["id"]), 1, NOW, orjson.dumps(one)) for one in references]
    ordered = sorted(references, key=lambda one: str(one["date"]), reverse=True)
    carried = [{("type", one["type"]["coding"][0]["code"]), ("category", one["category"][0]["coding"][0]["code"])} for one in ordered]
    outlines = [Outline(UUID(one["id"]), frozenset(codes)) for one, codes in zip(ordered, carried, strict=True)]
    said = {UUID(one["id"]): searched_words(one).partition("\n")[2] for one in references}
    held = {one: {word for word in fold(words).split() if word in text} | (inside or {}).get(one.int, set()) for one, text in said.items()}
    matching = find_matching(outlines, words, held, FR) if words else None
    return tell(lay_out(outlines, Question(words, family, after), matching), documents, FR, NOW)


def test_rows_stand_newest_first_and_by_month() -> None:
    dates = ["2024-02", "2026-10-31T23:30:00Z", "2026-11-20T14:07:00+01:00", "2023"]
    months = listed([a_reference(number, date=date) for number, date in enumerate(dates)]).months
    assert [month.heading for month in months] == ["Novembre 2026", "Février 2024", "2023"]
    assert len(months[0].rows) == 2, "half past midnight of 1 November in Paris is November"


def test_a_search_finds_words_of_title_author_and_type_whatever_the_accents() -> None:
    references = [a_reference(1), a_reference(2, content=[{"attachment": {"title": "Échographie de l’œil", "url": "Binary/2"}}])]
    found = {words: listed(references, words).found for words in ("echographie", "L'OEIL", "robin centre", "examens", "absent", "")}
    assert found == {"echographie": 1, "L'OEIL": 1, "robin centre": 2, "examens": 2, "absent": 0, "": 2}
    assert listed(references, "absent", inside={2: {"absent"}}).found == 1
    assert listed(references, "oeil absent", inside={2: {"absent"}}).found == 1, "one word of the title, one of the text"
    assert listed(references, "oeil absent", inside={1: {"absent"}}).found == 0


def test_filters_count_what_the_search_found_and_pages_follow_each_other() -> None:
    references = [a_reference(number) for number in range(2 * PAGE + 20)]
    references += [a_reference(999, type={"coding": [{"code": "57833-6"}]}, category=[{"coding": [{"code": "42"}]}])]
    pages, after = [], ""
    while after is not None:
        pages.append(listed(references, family="laboratory", after=after))
        after = pages[-1].older
    assert [(one.family.code, one.count) for one in pages[0].filters] == [("laboratory", 2 * PAGE + 20), ("prescription", 1)]
    assert [(page.number, page.last, page.found, page.total) for page in pages] == [
        (number, 3, 2 * PAGE + 20, 2 * PAGE + 21) for number in (1, 2, 3)
    ]
    assert [sum(len(month.rows) for month in page.months) for page in pages] == [PAGE, PAGE, 20]
    assert (pages[0].newer, pages[1].newer) == (None, "")
    assert listed(references, family="laboratory", after=pages[2].newer or "").number == 2
    assert listed(references, after="no such document").number == 1
    assert listed(references, family="no such family").found == 2 * PAGE + 21


def test_the_address_of_a_list_keeps_the_question() -> None:
    page = listed([], "bilan sanguin", "laboratory")
    assert page.link("/documents", after="x") == "/documents?q=bilan+sanguin&type=laboratory&after=x"
    assert page.link("/documents", family="") == "/documents?q=bilan+sanguin"
    assert listed([]).link("/documents") == "/documents"


def test_every_family_has_its_own_code() -> None:
    assert len({family.code for family in FAMILIES}) == len(FAMILIES)


def replaces(*numbers: int) -> list[dict[str, Any]]:
    return [{"code": "replaces", "target": {"identifier": {"value": f"urn:oid:2.25.{number}"}}} for number in numbers]


def a_version(number: int, version: str) -> dict[str, Any]:
    extensions = [{"url": SET_ID, "valueIdentifier": {"value": "urn:oid:2.25.99"}}, {"url": VERSION_NUMBER, "valueString": version}]
    return a_reference(number, extension=extensions)


def test_the_newest_version_is_found_through_the_chain() -> None:
    old, newer, newest = a_reference(1), a_reference(2, relatesTo=replaces(1)), a_reference(3, relatesTo=replaces(2))
    assert newest_version(old, [newest, old, newer]) == newest["id"]
    assert newest_version(newest, [newest, old, newer]) is None
    assert newest_version(old, [old]) is None
    assert show_row(newer, FR, NOW).replaces


def test_the_newest_version_is_found_through_the_set() -> None:
    first, second, third = a_version(1, "1"), a_version(2, "2"), a_version(3, "3")
    assert newest_version(first, [second, third, first]) == third["id"]


def test_versions_that_replace_each_other_end() -> None:
    one, other = a_reference(1, relatesTo=replaces(2)), a_reference(2, relatesTo=replaces(1))
    assert newest_version(one, [one, other]) == other["id"]


def test_the_header_block_says_what_the_document_is() -> None:
    view = view_document(a_reference(), FR, NOW, size=27_000)
    assert {fact.name: fact.value.replace("\N{NO-BREAK SPACE}", " ") for fact in view.facts} == {
        "Patient": "LÉA DUPRÉ",
        "Date du document": "20 novembre 2026 à 14 h 07",
        "Date des soins": "19 novembre 2026",
        "Type": "Compte rendu d’examens biologiques",
        "Auteur": "Dr Julie ROBIN",
        "Établissement": "Laboratoire du Centre",
        "Reçu le": "20 novembre 2026 à 17 h 00",
    }
    assert (view.format, FR.size(view.size)) == ("CDA", "27 ko")


def test_a_second_version_and_a_stay_show_in_the_header_block() -> None:
    stay = {"period": {"start": "2026-11-01", "end": "2026-11-05"}}
    facts = {fact.name: fact.value for fact in view_document({**a_version(1, "2"), "context": stay}, FR, NOW, size=1).facts}
    assert (facts["Version"], facts["Date des soins"]) == ("2", "du 1er novembre 2026 au 5 novembre 2026")


def test_a_file_name_says_nothing() -> None:
    assert name_file("0-1", "application/pdf; version=1.4") == "document-0-1.pdf"
    assert name_file("0-1", "application/x-unknown") == "document-0-1.bin"


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ([{"use": "official", "family": "LE GOFF", "given": ["Anne-Marie", "Rose"]}], "Anne-Marie Rose LE GOFF"),
        ([{"use": "official", "family": "LE GOFF", "given": ["Anne"]}, {"use": "usual", "family": "LEFÈVRE"}], "Anne LEFÈVRE"),
        ([{"family": "MOREL", "given": ["Hélène"], "prefix": ["MME", "DR"]}], "Dr Hélène MOREL"),
        ([{"text": "Madame Morel"}], "Madame Morel"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_name_is_written_as_people_write_it(names: Any, written: str) -> None:
    assert read_name(names) == written


def test_a_citizen_is_greeted_by_the_name_they_use() -> None:
    assert read_given_name([{"use": "official", "given": ["MARIE", "LOUISE"]}, {"use": "usual", "given": ["LOU-ANNE"]}]) == "Lou-Anne"
    assert read_given_name(None) == ""


@pytest.mark.parametrize(("name", "initials"), [("Anne-Marie LEFÈVRE", "AL"), ("EHPAD", "E"), ("", ""), ("Dr", "D"), ("Centre 15", "C")])
def test_initials(name: str, initials: str) -> None:
    assert initials_of(name) == initials


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        ("2026-11-24T14:05:00+01:00", "24 novembre 2026 à 14 h 05", "24 November 2026 at 2:05 pm"),
        ("2026-11-01T23:30:00Z", "2 novembre 2026 à 0 h 30", "2 November 2026 at 12:30 am"),
        ("2026-07-01", "1er juillet 2026", "1 July 2026"),
        ("2026-07", "juillet 2026", "July 2026"),
        ("2026", "2026", "2026"),
    ],
)
def test_a_date_is_told_at_its_precision(text: str, french: str, english: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert FR.at(moment).replace("\N{NO-BREAK SPACE}", " ") == french
    assert EN.at(moment).replace("\N{NO-BREAK SPACE}", " ") == english
    assert machine_date(moment) == (text.replace("Z", "+00:00") if "T" in text else text)


@pytest.mark.parametrize("language", [FR, EN])
def test_dates_and_numbers_are_written_as_babel_writes_them(language: Language) -> None:
    for day in (date(1931, 2, 28) + timedelta(days=41 * number) for number in range(900)):
        first = "1er" if language is FR and day.day == 1 else f"{day.day}"
        for said, pattern in ((language.on(day), "MMMM y"), (language.shortly(day), "MMM y")):
            assert said == f"{first} {format_date(day, pattern, locale=language.locale)}"
        assert language.short_month(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)) == format_date(
            day, "MMM yy", locale=language.locale
        )
    for number in (0.0, 0.00012, 5.5, -0.25, 7.0, 98.25, 1234.5, 12345.6, 250000.4, 1.5e9):
        rounded = float(f"{number:.5g}") if number < 1e5 else round(number)
        assert write_number(number, language) == format_decimal(rounded, format="#,##0.######", locale=language.locale)


@pytest.mark.parametrize("text", [None, "", "soon", "2026-13", "20260101", "2026-02-30", "0000"])
def test_what_is_no_date_is_no_date(text: str | None) -> None:
    assert read_moment(text) is None or text == "20260101"


def test_plurals_follow_the_language() -> None:
    forms = [language.count("%(num)s document found", "%(num)s documents found", 0) for language in (FR, EN)]
    assert forms == ["0 document trouvé", "0 documents found"]


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        (None, "", "fr"),
        (None, "en-GB,en;q=0.9,fr;q=0.8", "en"),
        (None, "de, fr;q=0.5, en;q=0.4", "fr"),
        (None, "en;q=0", "fr"),
        (None, "en;q=lots", "fr"),
        ("fr", "en", "fr"),
        ("en", "fr", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_language_is_the_visitors_choice_else_the_browsers_else_french(cookie: str | None, accepted: str, code: str) -> None:
    assert choose_language(LANGUAGES, cookie=cookie, accepted=accepted).code == code


PATIENT = {
    "name": [{"use": "official", "family": "DUPRÉ", "given": ["LÉA", "ROSE"]}],
    "gender": "female",
    "birthDate": "1979-11-25",
    "identifier": [{"use": "official", "value": "279035121518989"}],
}


def test_the_patient_banner_says_who_with_age_and_number() -> None:
    banner = name_patient(PATIENT, Scope.ALL, FR, NOW.date())
    facts = [fact.replace("\N{NO-BREAK SPACE}", " ") for fact in banner.facts]
    assert (banner.name, facts) == (
        "LÉA ROSE DUPRÉ",
        ["Femme, 46 ans", "naissance le 25 novembre 1979", "INS 2 79 03 51 215 189 89"],
    )


def test_the_banner_of_who_sees_only_its_deposits_holds_no_trait() -> None:
    banner = name_patient(PATIENT, Scope.OWN_DEPOSITS, FR, NOW.date())
    assert "DUPRÉ" not in banner.name
    assert banner.facts == ()


def test_an_ins_of_another_length_is_left_as_it_is() -> None:
    assert write_ins("123") == "123"


def test_tables_can_be_reached_and_empty_headings_are_cells() -> None:
    cells = '<th scope="col"></th><th rowspan="2" scope="col"></th><th scope="row">A</th>'
    html = f'<div class="narrative-table"><table><tr>{cells}</tr></table></div>'
    assert make_reachable(html * 2, FR) == "".join(
        f'<div class="narrative-table" tabindex="0" role="group" aria-label="Tableau {number}">'
        '<table><tr><td></td><td rowspan="2"></td><th scope="row">A</th></tr></table></div>'
        for number in (1, 2)
    )


@pytest.mark.parametrize(
    ("unit", "french", "english"),
    [(Unit("%", "%"), "7,4 %", "7.4%"), (Unit("g/L", "g/L"), "7,4 g/L", "7.4 g/L"), (Unit("1", ""), "7,4", "7.4")],
)
def test_a_value_stands_beside_its_unit_as_each_language_writes_it(unit: Unit, french: str, english: str) -> None:
    assert (plain(write_value(7.4, unit, FR)), plain(write_value(7.4, unit, EN))) == (french, english)
    assert plain(write_range(Range(4, 7.4), unit, EN)) == f"4 – {english}"
    assert plain(write_range(Range(None, 7.4), unit, FR)) == f"≤ {french}"


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")
