"""The vaccination card, the sections of the profile, measurements, entries and the timeline, from resources alone."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.fhirjson import DATA_ABSENT
from healthspace.fhir.validate import validate
from healthspace.profile.elements import Standing, standing_of, time_of
from healthspace.profile.entries import READERS, read_entry
from healthspace.profile.measures import KINDS, grow, is_plausible, read_pressures
from healthspace.profile.sections import State, make_sections
from healthspace.profile.timeline import Dated, Event, last_meant, make_list, make_timeline
from healthspace.profile.vaccines import ATC_DISEASES, BY_KEY, diseases_of, fill_card
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN, ATC, LOINC, SNOMED
from tests.pure.facts import a_fact, a_result, concept, quantity
from tests.pure.results import draw_curves

TODAY = "2026-11-27"


def section(key: str, *facts: dict[str, Any]) -> Any:
    return next(one for one in make_sections(facts, TODAY) if one.key == key)


def a_dose(*codings: tuple[str, str], source: str = "a", status: str = "completed", **elements: Any) -> dict[str, Any]:
    made = {"status": status, "vaccineCode": concept(*codings, text="Vaccin"), "occurrenceDateTime": "2020-03-05", **elements}
    return a_fact("Immunization", source, **made)


# Vaccination


@pytest.mark.parametrize(
    ("code", "diseases"),
    [
        ("J07CA09", {"diphtheria", "tetanus", "polio", "pertussis", "hib", "hepatitis-b"}),
        ("J07CA02", {"diphtheria", "tetanus", "polio", "pertussis"}),
        ("J07BD52", {"measles", "mumps", "rubella"}),
        ("J07BB02", {"influenza"}),
        ("J07AN", {"tuberculosis"}),
        ("J07AN01", {"tuberculosis"}),
        ("J07AH09", {"meningococcus"}),
        ("J07BC20", {"hepatitis-a", "hepatitis-b"}),
        ("J07BK02", {"zoster"}),
        ("J07CA", set()),
        ("J07B", set()),
        ("J01CA04", set()),
    ],
)
def test_the_class_of_a_vaccine_tells_its_diseases_and_a_wide_class_tells_none(code: str, diseases: set[str]) -> None:
    assert set(diseases_of(a_dose((ATC, code)))) == diseases


def test_every_disease_of_the_table_is_on_the_card() -> None:
    assert {key for keys in ATC_DISEASES.values() for key in keys.split()} <= BY_KEY.keys()


def test_a_vaccine_may_name_its_disease_itself() -> None:
    named = a_dose(protocolApplied=[{"targetDisease": [concept((SNOMED, "14189004"))], "doseNumberPositiveInt": 2}])
    (line,) = fill_card([named])
    assert line.disease is not None
    assert (line.disease.key, line.doses[0].rank) == ("measles", 2)


def test_a_vaccine_that_tells_no_disease_is_kept_under_none() -> None:
    (line,) = fill_card([a_dose(("urn:oid:1.2.3", "X"))])
    assert line.disease is None
    assert len(line.done) == 1


def test_a_dose_in_two_documents_is_one_dose() -> None:
    (line,) = fill_card([a_dose((ATC, "J07BB02"), source="a", lotNumber="1"), a_dose((ATC, "J07BB02"), source="b")])
    assert len(line.done) == 1
    assert line.done[0].lot == "1"


def test_two_lots_on_one_day_are_two_doses() -> None:
    (line,) = fill_card([a_dose((ATC, "J07BB02"), lotNumber="1"), a_dose((ATC, "J07BB02"), source="b", lotNumber="2")])
    assert len(line.done) == 2


def test_refused_and_recommended_are_no_doses() -> None:
    refused = a_dose((ATC, "J07BB02"), status="not-done")
    advised = a_fact("ImmunizationRecommendation", recommendation=[{"vaccineCode": [concept((ATC, "J07BM03"))]}])
    influenza, hpv = (next(line for line in fill_card([refused, advised]) if line.disease is BY_KEY[key]) for key in ("influenza", "hpv"))
    assert (influenza.done, len(influenza.refused)) == ((), 1)
    assert (hpv.doses, len(hpv.recommended)) == ((), 1)


def test_no_known_vaccination_is_no_dose() -> None:
    assert fill_card([a_dose((ABSENT_OR_UNKNOWN, "no-known-immunizations")), a_dose((ABSENT_OR_UNKNOWN, "no-immunization-info"))]) == []


# Sections


def test_an_empty_section_is_not_one_without_anything_known() -> None:
    assert section("allergies").state is State.EMPTY
    assert (
        section("allergies", a_fact("AllergyIntolerance", code=concept((ABSENT_OR_UNKNOWN, "no-known-allergies")))).state
        is State.NONE_KNOWN
    )
    assert section("allergies", a_fact("AllergyIntolerance", code=concept((ABSENT_OR_UNKNOWN, "no-allergy-info")))).state is State.UNKNOWN


def test_one_allergy_outweighs_a_document_that_knew_of_none() -> None:
    none, one = (
        a_fact("AllergyIntolerance", code=concept(coding)) for coding in ((ABSENT_OR_UNKNOWN, "no-known-allergies"), (SNOMED, "91936005"))
    )
    found = section("allergies", none, one)
    assert (found.state, len(found.items)) == (State.TOLD, 1)


def test_what_is_masked_is_told_as_masked() -> None:
    hidden = a_fact("Condition", code={"extension": [{"url": DATA_ABSENT, "valueCode": "masked"}]})
    assert standing_of(hidden) is Standing.MASKED
    assert section("problems", hidden).items[0].standing is Standing.MASKED


@pytest.mark.parametrize(("end", "standing"), [("2025-06-28", Standing.PAST), ("2026-11-27", Standing.PRESENT), ("2026", Standing.PRESENT)])
def test_a_treatment_whose_end_has_passed_is_past_whatever_its_status_says(end: str, standing: Standing) -> None:
    statement = a_fact(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept=concept(text="RAMIPRIL"),
        effectivePeriod={"start": "2025", "end": end},
    )
    assert section("treatments", statement).items[0].standing is standing


def test_a_treatment_tells_dose_reason_prescriber_and_end() -> None:
    statement = a_fact(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept=concept(text="RAMIPRIL 5 mg"),
        dosage=[{"text": "1 comprimé le matin"}],
        reasonCode=[concept(text="Hypertension")],
        informationSource={"display": "Dr Morel"},
        effectivePeriod={"start": "2025-01-01", "end": "2027-01-01"},
    )
    (item,) = section("treatments", statement).items
    assert item.details == (("dose", "1 comprimé le matin"), ("reason", "Hypertension"))
    assert (item.people, item.end) == (("Dr Morel",), "2027-01-01")


def test_an_advance_directive_is_a_wish_and_an_access_consent_is_not() -> None:
    directive = a_fact("Consent", status="active", scope=concept(("http://terminology.hl7.org/CodeSystem/consentscope", "adr")))
    access = a_fact("Consent", status="active", scope=concept(("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")))
    assert len(section("wishes", directive, access).items) == 1


# Measurements


def a_pressure(part: str, value: float, source: str = "a", time: str = "2024-03-05T08:00:00+01:00") -> dict[str, Any]:
    return a_result(part, value, "mm[Hg]", time, source=source)


def test_two_halves_of_one_time_and_document_are_one_blood_pressure() -> None:
    (one,) = read_pressures([a_pressure("8480-6", 124), a_pressure("8462-4", 78), a_pressure("8480-6", 150, time="2025-01-01")])
    assert (one.systolic, one.diastolic) == (124, 78)


def test_halves_of_two_documents_are_not_put_together() -> None:
    assert read_pressures([a_pressure("8480-6", 124, "a"), a_pressure("8462-4", 78, "b")]) == []


def test_components_are_told_by_their_codes_never_by_their_order() -> None:
    parts = [
        {"code": concept((LOINC, "8462-4")), "valueQuantity": quantity(78, "mm[Hg]")},
        {"code": concept((LOINC, "8480-6")), "valueQuantity": quantity(16.5, "kPa")},
    ]
    panel = a_fact("Observation", status="final", code=concept((LOINC, "85354-9")), effectiveDateTime="2024-03-05", component=parts)
    (one,) = read_pressures([panel])
    assert (round(one.systolic), one.diastolic) == (124, 78)


def test_growth_is_by_age_and_leaves_out_what_is_not_dated_to_the_month() -> None:
    (curve,) = draw_curves([a_result("29463-7", 7.0, "kg", "2020-09-05"), a_result("29463-7", 9.0, "kg", "2021", source="b")])
    assert [(round(age), value) for age, value in grow(curve, "2020-03-05")] == [(6, 7.0)]
    assert grow(curve, "2020") == []


def test_grams_and_kilograms_are_one_curve() -> None:
    (curve,) = draw_curves([a_result("29463-7", 3450, "g", "2020-03-05"), a_result("3141-9", 9.0, "kg", "2021-03-05", source="b")])
    assert [point.value for point in curve.drawn] == [3.45, 9.0]


# Entries


@pytest.mark.parametrize(("value", "plausible"), [(72.5, True), (705, False), (0.1, False)])
def test_bounds_ask_they_do_not_forbid(value: float, plausible: bool) -> None:
    assert is_plausible("weight", value) is plausible
    read = read_entry("measure", {"kind": "weight", "value": str(value), "date": "2024-03-05"}, TODAY)
    assert read.resource is not None
    assert read.doubt is not plausible


@pytest.mark.parametrize(("systolic", "diastolic", "plausible"), [(124, 78, True), (78, 124, False), (124, 124, False), (300, 78, False)])
def test_a_pressure_that_is_upside_down_is_asked_about(systolic: int, diastolic: int, plausible: bool) -> None:
    assert is_plausible("pressure", systolic, diastolic) is plausible


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "weight", "value": "", "date": "2024-03-05"}, {"value": "required"}),
        ({"kind": "weight", "value": "heavy", "date": "2024-03-05"}, {"value": "number"}),
        ({"kind": "weight", "value": "72", "date": "2027-03-05"}, {"date": "date"}),
        ({"kind": "weight", "value": "72", "date": "yesterday"}, {"date": "date"}),
        ({"kind": "pressure", "value": "124", "date": "2024-03-05"}, {"value": "pressure"}),
        ({"kind": "mood", "value": "1", "date": "2024-03-05"}, {"kind": "required"}),
    ],
)
def test_what_is_wrong_is_told_field_by_field(fields: dict[str, str], wrong: dict[str, str]) -> None:
    assert read_entry("measure", fields, TODAY).wrong == wrong


texts = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and not any(ord(one) < 32 for one in text))
kinds = st.sampled_from(["mother", "tobacco", "emergency", "directives", *(kind.key for kind in KINDS)])


@given(st.sampled_from(sorted(READERS)), kinds, texts, st.sampled_from(["72", "36,6", "124/78"]))
def test_every_entry_that_is_read_is_a_valid_resource(kind: str, of: str, text: str, value: str) -> None:
    fields = {"kind": of, "value": value, "date": "2024-03-05", "name": text, "text": text, "phone": "06 00 00 00 00", "dose": text}
    read = read_entry(kind, fields, TODAY)
    if read.resource is None:
        assert read.wrong
        return
    about = "patient" if kind in {"allergy", "family", "contact"} else "subject"
    assert validate({**read.resource, about: {"reference": "Patient/a"}}) == []


# Timeline


def timeline(*facts: dict[str, Any]) -> list[Event]:
    """The timeline of facts that stand at the days which they say, a month or a year at its beginning."""
    return make_timeline(Dated(date.fromisoformat(f"{time_of(fact) or TODAY}-01-01"[:10]), fact) for fact in facts)


def test_results_of_one_report_are_one_event() -> None:
    events = timeline(
        a_result("718-7", 13.0, "g/dL", category=[concept(("x", "laboratory"))]),
        a_result("789-8", 4.5, "10*12/L", category=[concept(("x", "laboratory"))]),
        a_dose((ATC, "J07BB02")),
        a_fact("DocumentReference", "", id="d", date="2026-01-01T08:00:00Z", description="Lettre"),
    )
    assert [(event.kind, event.count) for event in events] == [("document", 1), ("results", 2), ("vaccination", 1)]


def test_results_are_named_in_the_language_of_their_reader_where_they_are_known() -> None:
    category = [concept(("x", "laboratory"))]
    known = a_result("718-7", 13.0, "g/dL", category=category)
    unknown = {**known, "code": {"text": "Dosage maison"}, "id": "other"}
    dated = [Dated(date(2026, 1, 1), one) for one in (known, unknown)]
    named = [{event.name for event in make_timeline(dated, language)} for language in ("fr", "en")]
    assert named == [{"Hémoglobine, Dosage maison"}, {"Haemoglobin, Dosage maison"}]


def test_measurements_and_what_was_refused_are_no_events() -> None:
    assert timeline(a_result("29463-7", 72, "kg"), a_dose((ATC, "J07BB02"), status="not-done")) == []


def test_what_has_no_date_or_was_replaced_is_no_event() -> None:
    undated = a_dose((ATC, "J07BB02"), occurrenceDateTime="")
    replaced = a_fact("DocumentReference", "", id="d", status="superseded", date="2026-01-01T08:00:00Z")
    assert timeline(undated, replaced) == []


def test_a_month_stands_below_its_days_and_a_year_below_its_months() -> None:
    said = ("2024", "2024-01-01", "2024-01", "2024-01-02")
    events = timeline(*(a_dose((ATC, f"J07BB0{number}"), occurrenceDateTime=when) for number, when in enumerate(said)))
    assert [event.time for event in events] == ["2024-01-02", "2024-01-01", "2024-01", "2024"]


@pytest.mark.parametrize(("said", "last"), [("2024", "2024-12-31"), ("2024-02", "2024-02-29"), ("2024-02-03", ""), ("", ""), ("20-4", "")])
def test_a_month_or_a_year_may_mean_any_of_its_days(said: str, last: str) -> None:
    assert last_meant(a_dose((ATC, "J07BB02"), occurrenceDateTime=said)) == (date.fromisoformat(last) if last else None)


def test_a_list_says_nothing_that_is_not_so() -> None:
    given = [
        a_fact("MedicationRequest", "a", status=status, medicationCodeableConcept=concept((ATC, code)), authoredOn="2024-03-05")
        for status, code in (("active", "A10BA02"), ("completed", "C09AA05"), ("entered-in-error", "N02BE01"))
    ]
    refused = a_fact("MedicationRequest", "a", doNotPerform=True, medicationCodeableConcept=concept((ATC, "M01AE01")))
    events = make_list(Dated(date(2024, 3, 5), one) for one in (*given, refused))
    assert {event.fact.standing for event in events} == {Standing.PRESENT, Standing.PAST}


# Documents lent to the developers


def test_the_picture_of_the_lent_documents_names_everything_and_adds_nothing_positive() -> None:
    from healthspace.cda.clinical import extract
    from healthspace.cda.parse import parse_cda
    from healthspace.profile.elements import is_result
    from healthspace.profile.merge import merge
    from tests.shared import CDA

    if not CDA.is_dir():
        pytest.skip("the documents are not there")
    facts = [
        {**fact.resource, "id": fact.key, "meta": {"source": f"DocumentReference/{file.name}"}}
        for file in sorted(CDA.glob("*.xml"))
        for fact in extract(parse_cda(file.read_bytes())).facts
    ]
    assert len(facts) > 500
    merged = merge(facts)
    assert sum(len(one.statements) for one in merged) == sum(standing_of(one) is not Standing.MISTAKE for one in facts)
    for one in make_sections(facts, TODAY):
        for item in one.items:
            assert not item.name.startswith("{"), item
            if one.state is State.TOLD:
                assert item.standing not in {Standing.NONE_KNOWN, Standing.UNKNOWN}
    curves = draw_curves(one for one in facts if is_result(one))
    assert {"glucose-premeal", "cholesterol", "tsh", "platelets"} <= {curve.key for curve in curves}
    assert all(dose.fact.resource["status"] == "completed" for line in fill_card(facts) for dose in line.done)
    assert timeline(*facts)
