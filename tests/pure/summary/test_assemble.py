"""The International Patient Summary: what is in it, where, and that both versions of the specification find it right."""

import copy

import pytest

from healthspace.terminology.uris import ABSENT_OR_UNKNOWN, OBSERVATION_CATEGORIES, SNOMED, UCUM
from tests.ips_checker import check
from tests.pure.summary.records import (
    DOCTOR,
    ME,
    PATIENT,
    PLACE,
    Resource,
    a,
    a_problem,
    a_result,
    a_treatment,
    an_allergy,
    clinical,
    coded,
    narrative,
    of_type,
    quantity,
    section,
    summary_of,
)

PROBLEMS, ALLERGIES, MEDICATIONS, IMMUNIZATIONS, RESULTS = "11450-4", "48765-2", "10160-0", "11369-6", "30954-2"
PROCEDURES, DEVICES, DIRECTIVES, ALERTS, PAST = "47519-4", "46264-8", "42348-3", "104605-1", "11348-0"
PREGNANCY, PLAN, SOCIAL, VITALS = "10162-6", "18776-5", "29762-2", "8716-3"


def test_an_empty_record_says_that_nothing_is_known_with_an_entry_and_words() -> None:
    bundle = summary_of()
    told = {code: section(bundle, code)[0] for code in (PROBLEMS, ALLERGIES, MEDICATIONS)}
    codes = [next(iter(one.get("code") or one["medicationCodeableConcept"]).__iter__()) for one in told.values()]
    assert codes
    assert told[ALLERGIES]["code"]["coding"][0] == {
        "system": ABSENT_OR_UNKNOWN,
        "code": "no-allergy-info",
        "display": "No information about allergies",
    }
    assert told[MEDICATIONS]["medicationCodeableConcept"]["coding"][0]["code"] == "no-medication-info"
    assert "Aucune information sur les problèmes de santé" in narrative(bundle, PROBLEMS)
    assert len(bundle["entry"][0]["resource"]["section"]) == 3


def test_a_narrative_is_in_the_language_that_is_asked_for() -> None:
    bundle = summary_of(an_allergy(criticality="high"), language="en")
    assert bundle["entry"][0]["resource"]["title"] == "International Patient Summary"
    assert "high risk" in narrative(bundle, ALLERGIES)
    assert 'lang="en"' in narrative(bundle, ALLERGIES)
    assert "No information about medications" in narrative(bundle, MEDICATIONS)


def test_none_known_is_kept_as_such_and_is_not_unknown() -> None:
    none = a("AllergyIntolerance", code={"coding": [{"system": ABSENT_OR_UNKNOWN, "code": "no-known-allergies"}]})
    bundle = summary_of(none)
    assert [one["code"] for one in section(bundle, ALLERGIES)[0]["code"]["coding"]] == ["no-known-allergies", "716186003"]
    assert "Aucune allergie connue" in narrative(bundle, ALLERGIES)


def test_a_general_denial_becomes_none_known_and_never_an_allergy() -> None:
    refuted = clinical("allergyintolerance-verification", "refuted")
    bundle = summary_of(an_allergy("419199007", "Allergie", verificationStatus=refuted), an_allergy(verificationStatus=refuted))
    told = section(bundle, ALLERGIES)
    assert [one["code"]["coding"][0]["code"] for one in told] == ["no-known-allergies"]
    assert "verificationStatus" not in told[0]
    assert "Arachide" not in narrative(bundle, ALLERGIES)


def test_none_known_falls_silent_where_something_is_known() -> None:
    none = a("AllergyIntolerance", code={"coding": [{"system": SNOMED, "code": "716186003"}]})
    no_food = a("AllergyIntolerance", code={"coding": [{"system": SNOMED, "code": "429625007"}]})
    told = section(summary_of(none, no_food, an_allergy("294505008", "Amoxicilline")), ALLERGIES)
    assert [one["code"]["coding"][0]["code"] for one in told] == ["294505008", "no-known-food-allergies"]


def test_what_was_entered_in_error_refuted_or_not_done_is_never_told() -> None:
    wrong = {"verificationStatus": clinical("condition-ver-status", "entered-in-error")}
    bundle = summary_of(
        a_problem("Faux", **wrong),
        a_treatment(status="entered-in-error"),
        a("Immunization", status="not-done", vaccineCode={"text": "Grippe"}, occurrenceDateTime="2024-01-02"),
        a("Procedure", status="not-done", code={"text": "Appendicectomie"}),
        a_result("2345-7", 5, status="entered-in-error"),
    )
    assert {code: section(bundle, code) for code in (IMMUNIZATIONS, PROCEDURES, RESULTS)} == {
        IMMUNIZATIONS: [],
        PROCEDURES: [],
        RESULTS: [],
    }
    assert section(bundle, PROBLEMS)[0]["code"]["coding"][0]["code"] == "no-problem-info"


def test_a_masked_problem_is_masked_and_not_unknown() -> None:
    masked = a(
        "Condition", code={"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
    )
    bundle = summary_of(masked)
    assert section(bundle, PROBLEMS)[0]["code"]["extension"][0]["valueCode"] == "masked"
    assert "Masqué" in narrative(bundle, PROBLEMS)


def test_problems_of_today_and_of_the_past_stand_apart() -> None:
    bundle = summary_of(a_problem("Asthme"), a_problem("Fracture", "resolved", abatementDateTime="2010-01-01"))
    assert [one["code"]["text"] for one in section(bundle, PROBLEMS)] == ["Asthme"]
    assert [one["code"]["text"] for one in section(bundle, PAST)] == ["Fracture"]


def test_dangerous_allergies_come_first() -> None:
    told = section(summary_of(an_allergy("1", "Pollen", criticality="low"), an_allergy("2", "Pénicilline", criticality="high")), ALLERGIES)
    assert [one["code"]["text"] for one in told] == ["Pénicilline", "Pollen"]


def test_a_treatment_that_ended_or_a_prescription_of_long_ago_is_not_current() -> None:
    ended = a_treatment("Amoxicilline", effectivePeriod={"start": "2025-01-02", "end": "2025-01-09"})
    old = a("MedicationRequest", status="active", intent="order", medicationCodeableConcept={"text": "Ibuprofène"}, authoredOn="2021-04-05")
    new = a("MedicationRequest", status="active", intent="order", medicationCodeableConcept={"text": "Ramipril"}, authoredOn="2025-10-05")
    told = section(summary_of(ended, old, new, a_treatment()), MEDICATIONS)
    assert [one["medicationCodeableConcept"]["text"] for one in told] == ["Paracétamol 1 g", "Ramipril"]


def test_a_prescription_of_what_is_taken_says_nothing_new() -> None:
    atc = {"coding": [{"system": "http://www.whocc.no/atc", "code": "C09AA05"}], "text": "Ramipril"}
    taken = a("MedicationStatement", status="active", medicationCodeableConcept=atc)
    ordered = a("MedicationRequest", status="active", intent="order", medicationCodeableConcept=atc, authoredOn="2025-10-05")
    assert [one["resourceType"] for one in section(summary_of(taken, ordered), MEDICATIONS)] == ["MedicationStatement"]


def test_a_medication_inside_a_statement_becomes_an_entry() -> None:
    inside = {"resourceType": "Medication", "id": "m", "code": {"text": "Préparation magistrale"}}
    statement = a("MedicationStatement", status="active", contained=[inside], medicationReference={"reference": "#m"})
    bundle = summary_of(statement)
    assert [one["code"]["text"] for one in of_type(bundle, "Medication")] == ["Préparation magistrale"]
    assert "Préparation magistrale" in narrative(bundle, MEDICATIONS)


def test_the_details_of_a_product_come_before_its_code() -> None:
    inside = {"resourceType": "Medication", "id": "medication", "code": {"text": "Ramipril 5 mg"}, "batch": {"lotNumber": "A1"}}
    details = {"url": "urn:healthspace:medication", "valueReference": {"reference": "#medication"}}
    bundle = summary_of(a_treatment("Ramipril", contained=[inside], extension=[details]))
    assert of_type(bundle, "Medication")[0]["batch"] == {"lotNumber": "A1"}
    assert "medicationCodeableConcept" not in section(bundle, MEDICATIONS)[0]


def test_of_each_analysis_the_latest_is_told() -> None:
    old, new = a_result("2345-7", 4, at="2020-01-01"), a_result("2345-7", 6)
    told = section(summary_of(old, new, a_result("718-7", 13)), RESULTS)
    assert [(one["code"]["coding"][0]["code"], one["valueQuantity"]["value"]) for one in told] == [("2345-7", 6), ("718-7", 13)]


def test_a_report_brings_all_its_results_and_those_of_its_panels() -> None:
    atoms = [a_result("718-7", value, at=f"202{value}-01-01") for value in (1, 2)]
    panel = a_result("58410-2", 0, valueString="", hasMember=[{"reference": f"Observation/{atoms[0]['id']}"}])
    del panel["valueString"]
    report = a(
        "DiagnosticReport",
        status="final",
        category=[
            coded("LAB", system="http://terminology.hl7.org/CodeSystem/v2-0074"),
            coded("HM", system="http://terminology.hl7.org/CodeSystem/v2-0074"),
        ],
        code=coded("11502-2"),
        result=[{"reference": f"Observation/{panel['id']}"}, {"reference": "Observation/gone"}],
        performer=[PLACE],
    )
    bundle = summary_of(*atoms, panel, report)
    told = of_type(bundle, "DiagnosticReport")[0]
    assert len(told["result"]) == 1
    assert len(told["category"]) == 1
    assert len(of_type(bundle, "Observation")) == 3
    assert "_effectiveDateTime" in told


def test_a_panel_whose_members_the_reader_may_not_see_is_left_out() -> None:
    panel = a("Observation", status="final", code=coded("58410-2"), category=[coded("laboratory", system=OBSERVATION_CATEGORIES)])
    panel["hasMember"] = [{"reference": "Observation/hidden"}]
    report = a("DiagnosticReport", status="final", code=coded("11502-2"), result=[{"reference": f"Observation/{panel['id']}"}])
    bundle = summary_of(panel, report)
    assert of_type(bundle, "Observation") == []
    assert "result" not in of_type(bundle, "DiagnosticReport")[0]


def test_a_result_is_final_and_its_correction_is_told_in_words() -> None:
    told = section(summary_of(a_result("2345-7", 4, status="corrected")), RESULTS)[0]
    assert told["status"] == "final"
    assert told["note"] == [{"text": "résultat corrigé"}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": quantity(4.2, "g/L", comparator="<")}, {"valueQuantity": quantity(4.2, "g/L", comparator="<")}),
        ({"valueQuantity": {"value": 12, "unit": "G/L"}}, {"valueString": "12 G/L"}),
        ({"valueInteger": 3}, {"valueQuantity": {"value": 3, "system": UCUM, "code": "1"}}),
        ({"valueString": "Absence"}, {"valueString": "Absence"}),
        ({"component": [{"code": {"text": "pH"}, "valueQuantity": quantity(7, "1")}]}, {"valueString": "pH : 7 1"}),
    ],
)
def test_a_value_of_a_result_keeps_what_it_says(value: Resource, expected: Resource) -> None:
    told = section(summary_of(a_result("2345-7", 0, **value)), RESULTS)[0]
    assert {key: one for key, one in told.items() if key.startswith("value")} == expected


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"low": quantity(1.5, "g/L"), "high": quantity(2, "g/L")}, "1,5 g/L – 2 g/L"),
        ({"high": quantity(2, "g/L")}, "≤ 2 g/L"),
        ({"low": quantity(2, "g/L")}, "≥ 2 g/L"),
        ({"text": "négatif", "high": quantity(2, "g/L")}, "négatif"),
    ],
)
def test_the_range_of_the_laboratory_is_told_as_it_is(limits: Resource, told: str) -> None:
    assert f"<td>{told}</td>" in narrative(summary_of(a_result("2345-7", 4, referenceRange=[limits])), RESULTS)


def test_a_result_without_a_value_is_no_entry() -> None:
    bare = a_result("2345-7", 0, valueString="x", dataAbsentReason={"text": "non fait"})
    del bare["valueString"]
    assert section(summary_of(bare), RESULTS) == []


def test_a_result_of_a_month_keeps_the_month() -> None:
    told = section(summary_of(a_result("2345-7", 4, at="2024-03")), RESULTS)[0]
    assert told["effectivePeriod"] == {"start": "2024-03", "end": "2024-03"}


def test_people_who_are_only_named_become_entries_once() -> None:
    bundle = summary_of(an_allergy(recorder=DOCTOR), a_problem(recorder=DOCTOR, asserter=PLACE), a_result("2345-7", 4, performer=[PLACE]))
    assert [one["name"][0]["text"] for one in of_type(bundle, "Practitioner")] == ["Dr Anne Martin"]
    assert "Laboratoire du Port" in {one["name"] for one in of_type(bundle, "Organization")}
    assert section(bundle, PROBLEMS)[0]["asserter"] == PLACE, "R4 does not let a structure be an asserter: the name alone stays"


def test_people_of_the_registry_come_along_and_nothing_else_does() -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/p"}}
    person = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "House"}]}
    problem = a_problem("Secret", "resolved", verificationStatus=clinical("condition-ver-status", "refuted"))
    procedure = a(
        "Procedure",
        status="completed",
        code={"text": "Suture"},
        performer=[{"actor": {"reference": "PractitionerRole/r"}}, {"actor": {"reference": "Practitioner/unknown"}}],
        encounter={"reference": "Encounter/e"},
        reasonReference=[{"reference": f"Condition/{problem['id']}"}],
    )
    bundle = summary_of(procedure, problem, registry={"PractitionerRole/r": role, "Practitioner/p": person})
    told = section(bundle, PROCEDURES)[0]
    assert len(told["performer"]) == 1
    assert "reasonReference" not in told
    assert [one["name"][0]["family"] for one in of_type(bundle, "Practitioner")] == ["House"]


def test_what_somebody_else_is_the_subject_of_is_not_told() -> None:
    other = {"reference": "Patient/00000000-0000-0000-0000-000000000001"}
    bundle = summary_of({**a_problem("Diabète"), "subject": other}, {**an_allergy(), "patient": other}, a_result("2345-7", 4))
    assert [one["code"]["coding"][0]["code"] for one in section(bundle, PROBLEMS)] == ["no-problem-info"]
    assert [one["code"]["coding"][0]["code"] for one in section(bundle, ALLERGIES)] == ["no-allergy-info"]
    assert len(section(bundle, RESULTS)) == 1


def test_a_result_without_a_performer_says_that_none_is_known() -> None:
    bundle = summary_of(a_result("2345-7", 4))
    assert "Laboratoire non précisé" in {one["name"] for one in of_type(bundle, "Organization")}


def test_a_device_in_use_has_its_device() -> None:
    inside = {"resourceType": "Device", "id": "d", "type": {"text": "Stimulateur cardiaque"}}
    use = a("DeviceUseStatement", status="active", contained=[inside], device={"reference": "#d"})
    named = a("DeviceUseStatement", "n", status="active", device={"display": "Prothèse de hanche"}, timingDateTime="2019-05-06")
    bundle = summary_of(use, named)
    assert {one["type"]["text"] for one in of_type(bundle, "Device")} == {"Stimulateur cardiaque", "Prothèse de hanche"}
    assert "Stimulateur cardiaque" in narrative(bundle, DEVICES)


def test_habits_pregnancy_and_vital_signs_stand_in_their_sections() -> None:
    smoker = a_result("72166-2", 0, category="social-history", valueCodeableConcept={"text": "Fumeur"})
    former = a_result("72166-2", 0, category="social-history", at="2010-01-01", valueCodeableConcept={"text": "Non-fumeur"})
    drinker = a_result("74013-4", 0, category="social-history", valueString="deux verres", component=[{"code": {"text": "vin"}}])
    pregnant = a_result("82810-3", 0, category="exam", valueCodeableConcept={"text": "Enceinte"})
    due = a_result("11778-8", 0, category="exam", valueDateTime="2026-02-03")
    pulse = a_result("8867-4", 0, category="exam", valueQuantity=quantity(61, "/min"))
    bundle = summary_of(smoker, former, drinker, pregnant, due, pulse)
    assert [one["valueCodeableConcept"]["text"] for one in section(bundle, SOCIAL) if "valueCodeableConcept" in one] == ["Fumeur"]
    assert {"text": "deux verres"} in section(bundle, SOCIAL)[1]["note"]
    assert len(section(bundle, PREGNANCY)) == 2
    assert section(bundle, VITALS)[0]["category"][0]["coding"][0]["code"] == "vital-signs"


def test_the_consents_that_open_the_record_are_no_advance_directives() -> None:
    policy = {"policyRule": {"text": "x"}}
    opening = a("Consent", "o", status="active", scope=coded("patient-privacy"), category=[{"text": "x"}], **policy)
    wish = a("Consent", "w", status="active", scope=coded("adr"), category=[coded("42348-3", "Directives anticipées")], **policy)
    assert [one["scope"]["coding"][0]["code"] for one in section(summary_of(opening, wish), DIRECTIVES)] == ["adr"]


def test_alerts_and_plans_are_told_while_they_last() -> None:
    flags = [a("Flag", status=status, code={"text": status}) for status in ("active", "inactive")]
    plan = a("CarePlan", status="active", intent="plan", title="Plan personnalisé", activity=[{"reference": {"reference": "Task/1"}}])
    bundle = summary_of(*flags, plan)
    assert [one["code"]["text"] for one in section(bundle, ALERTS)] == ["active"]
    assert "Plan personnalisé" in narrative(bundle, PLAN)


def test_nothing_of_our_own_housekeeping_leaves_with_the_summary() -> None:
    allergy = an_allergy(extension=[{"url": "urn:healthspace:depositor", "valueString": "x"}], meta={"source": "DocumentReference/1"})
    assert "urn:healthspace" not in str(summary_of(allergy))
    assert "DocumentReference" not in str(summary_of(allergy))


def test_markup_in_names_is_text_in_the_narrative() -> None:
    assert "&lt;script&gt;" in narrative(summary_of(an_allergy(text="<script>alert(1)</script>")), ALLERGIES)


def test_a_citizen_without_name_or_birth_date_has_a_valid_summary() -> None:
    bare = {key: value for key, value in PATIENT.items() if key not in {"name", "birthDate"}}
    told = of_type(summary_of(patient={**bare, "link": [{"other": ME, "type": "refer"}]}), "Patient")[0]
    assert told["_birthDate"]["extension"]


def test_assembling_changes_nothing_that_it_was_given() -> None:
    given = [an_allergy(recorder=DOCTOR), a_result("2345-7", 4, status="corrected"), a_treatment(), a_problem()]
    before = copy.deepcopy(given)
    summary_of(*given)
    assert given == before


def test_the_checker_finds_what_is_wrong() -> None:
    bundle = summary_of(an_allergy(), a_result("2345-7", 4))
    broken = copy.deepcopy(bundle)
    broken["entry"][0]["resource"]["section"][1]["entry"][0]["reference"] = "urn:uuid:gone"
    del broken["timestamp"]
    assert len(check(broken, "2.0.1")) >= 3
    amended = copy.deepcopy(bundle)
    next(one for one in of_type(amended, "Observation"))["status"] = "amended"
    assert check(amended, "2.0.1") == []
    assert check(amended, "1.1.0") == ["a result has an allowed status"]
