"""Laboratory results: what a value is, what it inherits, and what is never a result of the citizen."""

from typing import Any

import pytest

from healthspace.cda.clinical import FACT, Extraction
from healthspace.cda.clinical.laboratory import PREVIOUS
from healthspace.cda.clinical.values import TRANSLATION
from healthspace.fhir.exact_json import write_json
from tests.pure.clinical.entries import CHILD, DONE, FRENCH, LOINC, SNOMED, at, coded, comment, linked, observation
from tests.pure.clinical.kinds import faults_in, of_type, read_section
from tests.pure.clinical.samples import Resource, category_of, codes_of

BIOCHEMISTRY = "18719-5"
SODIUM = coded("code", "2951-2", LOINC, display="Sodium")
TIME = at("202403051010+0100")
BIOLOGIST = """<performer typeCode="PRF"><assignedEntity><id root="1.2.250.1.71.4.2.1" extension="810000000029"/>
<assignedPerson><name><family>BENALI</family><given>Karim</given></name></assignedPerson></assignedEntity></performer>"""


def result(*inside: str, **more: str) -> str:
    return observation("80", SODIUM, DONE, *inside, **more)


def chapter(*inside: str, before: str = "", attributes: str = "") -> str:
    """The act of a chapter, with what its entry says of it."""
    code = coded("code", BIOCHEMISTRY, LOINC, display="Biochimie")
    return f'<act classCode="ACT" moodCode="EVN" {attributes}>{code}{DONE}{before}{linked("COMP", *inside)}</act>'


def organizer(template: str, *inside: str, code: str = "", before: str = "") -> str:
    parts = "".join(f"<component>{each}</component>" for each in inside)
    head = f'<organizer classCode="BATTERY" moodCode="EVN"><templateId root="{FRENCH}{template}"/>'
    return f"{head}{code}{DONE}{before}{parts}</organizer>"


def specimen(number: str, kind: str = "UR") -> str:
    role = f'<participantRole classCode="SPEC"><id root="1.2.250.1.999.8" extension="{number}"/>'
    entity = f"<playingEntity>{coded('code', kind, '2.16.840.1.113883.18.311', display='Urine')}</playingEntity></participantRole>"
    taken = f'{at("202403050900+0100")}<participant typeCode="PRD">{role}{entity}</participant>'
    return f'<procedure classCode="PROC" moodCode="EVN"><templateId root="{FRENCH}77"/>{taken}</procedure>'


def read(*entries: str, narrative: str = "") -> Extraction:
    found = read_section(BIOCHEMISTRY, *entries, narrative=narrative)
    assert faults_in(found) == []
    return found


def read_one(entry: str, narrative: str = "") -> Resource:
    (one,) = of_type(read(entry, narrative=narrative).facts, "Observation")
    return one


def read_value(value: str, narrative: str = "") -> Resource:
    one = read_one(result(TIME, value), narrative)
    return {name: said for name, said in one.items() if name.startswith("value") or name == "dataAbsentReason"}


def written(value: Any) -> str:
    return write_json(value).decode()


# Values.

UCUM = '"system":"http://unitsofmeasure.org"'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('<value xsi:type="PQ" value="140" unit="mmol/L"/>', f'{{"unit":"mmol/L",{UCUM},"code":"mmol/L","value":140}}'),
        ('<value xsi:type="PQ" value="1.050" unit="g/L"/>', f'{{"unit":"g/L",{UCUM},"code":"g/L","value":1.050}}'),
        ('<value xsi:type="PQ" value="3,5" unit="g/L"/>', f'{{"unit":"g/L",{UCUM},"code":"g/L","value":3.5}}'),
        ('<value xsi:type="PQ" value="12" unit="cellules"/>', '{"unit":"cellules","value":12}'),
        ('<value xsi:type="PQ" value="1.1" unit="1"/>', f'{{{UCUM},"code":"1","value":1.1}}'),
        ('<value xsi:type="REAL" value="0.94"/>', '{"value":0.94}'),
        (
            '<value xsi:type="IVL_PQ"><high value="0.5" unit="g/L"/></value>',
            f'{{"comparator":"<=","unit":"g/L",{UCUM},"code":"g/L","value":0.5}}',
        ),
        (
            '<value xsi:type="IVL_PQ"><high value="0.5" unit="g/L" inclusive="false"/></value>',
            f'{{"comparator":"<","unit":"g/L",{UCUM},"code":"g/L","value":0.5}}',
        ),
        (
            '<value xsi:type="IVL_PQ"><low value="7" unit="g/L" inclusive="false"/><high nullFlavor="PINF"/></value>',
            f'{{"comparator":">","unit":"g/L",{UCUM},"code":"g/L","value":7}}',
        ),
        ('<value xsi:type="ED">&lt;1.0 mg/L</value>', f'{{"comparator":"<","unit":"mg/L",{UCUM},"code":"mg/L","value":1.0}}'),
        ('<value xsi:type="ST">≥ 200 mg/L</value>', f'{{"comparator":">=","unit":"mg/L",{UCUM},"code":"mg/L","value":200}}'),
    ],
)
def test_numbers_keep_their_digits_their_unit_and_their_bound(value: str, said: str) -> None:
    quantity = read_value(value)["valueQuantity"]
    ordered = {name: quantity[name] for name in ("comparator", "unit", "system", "code", "value") if name in quantity}
    assert (written(ordered), len(ordered)) == (said, len(quantity))


@pytest.mark.parametrize("text", ["< 1.0 environ", "entre 1 et 2", "1,5 à 2", "<1.0 unité inconnue", "&lt;", "négatif", "> 1 g/L ou plus"])
def test_words_that_are_no_bounded_number_stay_words(text: str) -> None:
    said = text.replace("&lt;", "<")
    assert read_value(f'<value xsi:type="ST">{text.replace("<", "&lt;") if "&" not in text else text}</value>') == {"valueString": said}


def test_both_bounds_are_a_range() -> None:
    value = read_value('<value xsi:type="IVL_PQ"><low value="1" unit="g/L"/><high value="2.0" unit="g/L"/></value>')["valueRange"]
    assert (written(value["low"]["value"]), written(value["high"]["value"])) == ("1", "2.0")


def test_an_interval_that_a_width_completes_is_no_bound() -> None:
    value = '<value xsi:type="IVL_PQ"><low value="1" unit="g/L"/><width value="2" unit="g/L"/></value>'
    assert "valueQuantity" not in read_value(value)


def test_a_value_keeps_what_the_sender_converted_it_to() -> None:
    value = '<value xsi:type="PQ" value="1.05" unit="g/L"><translation value="5.83" code="mmol/L"/></value>'
    (other,) = read_value(value)["valueQuantity"]["extension"]
    assert (other["url"], written(other["valueQuantity"]["value"]), other["valueQuantity"]["code"]) == (TRANSLATION, "5.83", "mmol/L")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('<value xsi:type="PQ" nullFlavor="MSK"/>', "masked"),
        ('<value xsi:type="CD" nullFlavor="MSK"/>', "masked"),
        (f'<value xsi:type="CD" nullFlavor="MSK" code="1" codeSystem="{SNOMED}"/>', "masked"),
        ('<value xsi:type="PQ" nullFlavor="NASK"/>', "not-asked"),
        ('<value xsi:type="ST" nullFlavor="UNK"/>', "unknown"),
        ("", "unknown"),
    ],
)
def test_a_value_that_is_not_given_says_why(value: str, reason: str) -> None:
    assert {each["code"] for each in read_value(value)["dataAbsentReason"]["coding"]} == {reason}


def test_yes_and_no_whole_numbers_codes_and_times_have_their_own_type() -> None:
    assert read_value('<value xsi:type="BL" value="false"/>') == {"valueBoolean": False}
    assert read_value('<value xsi:type="INT" value="4"/>') == {"valueInteger": 4}
    assert codes_of(read_value(f'<value xsi:type="CD" code="260385009" codeSystem="{SNOMED}"/>')["valueCodeableConcept"]) == {"260385009"}
    assert read_value('<value xsi:type="TS" value="20240305"/>') == {"valueDateTime": "2024-03-05"}
    period = '<value xsi:type="IVL_TS"><low value="202403"/><high value="20240305"/></value>'
    assert read_value(period) == {"valuePeriod": {"start": "2024-03", "end": "2024-03-05"}}


def test_a_value_without_a_type_or_of_a_type_that_fhir_has_not_is_kept() -> None:
    assert codes_of(read_value(f'<value code="260385009" codeSystem="{SNOMED}"/>')["valueCodeableConcept"]) == {"260385009"}
    assert written(read_value('<value value="3.10" unit="g/L"/>')["valueQuantity"]["value"]) == "3.10"
    assert read_value('<value xsi:type="II" root="1.2.3" extension="A-1"/>') == {"valueString": "A-1"}


# Codes.


def test_a_result_with_a_code_of_the_laboratory_only_keeps_it_and_gets_no_other() -> None:
    code = '<code nullFlavor="NA"><translation code="CRP" codeSystem="1.2.3.4.833" displayName="Protéine C"/></code>'
    one = read_one(observation("80", code, DONE, '<value xsi:type="PQ" value="3" unit="mg/L"/>'))
    assert one["code"] == {"coding": [{"system": "urn:oid:1.2.3.4.833", "code": "CRP", "display": "Protéine C"}]}


def test_a_code_whose_words_are_in_truth_its_result_is_called_by_its_display() -> None:
    code = coded("code", "2951-2", LOINC, '<originalText><reference value="#r"/></originalText>', display="Sodium")
    one = read_one(observation("80", code, DONE, '<value xsi:type="REAL" value="140"/>'), '<content ID="r">140</content>')
    assert one["code"] == {"coding": [{"system": "http://loinc.org", "code": "2951-2", "display": "Sodium"}]}


def test_a_masked_analyte_is_masked_and_nothing_more() -> None:
    code = read_one(observation("80", '<code nullFlavor="MSK"/>', DONE, '<value xsi:type="BL" value="true"/>'))["code"]
    assert (code.get("coding"), code["extension"][0]["valueCode"]) == (None, "masked")


def test_a_result_that_names_no_analyte_is_noted_as_not_read() -> None:
    found = read(observation("80", "<code/>", DONE, '<value xsi:type="REAL" value="3"/>'))
    assert [each.reason for each in found.unread] == ["no-code"]
    assert found.facts == ()


# What is no result of the citizen.


@pytest.mark.parametrize(
    "entry",
    [
        chapter(result(CHILD, '<value xsi:type="REAL" value="3"/>')),
        chapter(result('<value xsi:type="REAL" value="3"/>'), before=CHILD),
        chapter(organizer("78", result('<value xsi:type="REAL" value="3"/>'), before=CHILD, code=SODIUM)),
        result(CHILD, '<value xsi:type="REAL" value="3"/>'),
    ],
)
def test_a_result_of_somebody_else_is_no_fact(entry: str) -> None:
    assert read(entry).facts == ()


@pytest.mark.parametrize(
    "entry",
    [
        chapter(result('<value xsi:type="REAL" value="3"/>', attributes='negationInd="true"')),
        chapter(result('<value xsi:type="REAL" value="3"/>'), attributes='negationInd="true"'),
        observation("50", SODIUM, DONE, '<value xsi:type="REAL" value="3"/>', attributes='negationInd="true"'),
    ],
)
def test_a_denied_result_is_noted_and_no_fact(entry: str) -> None:
    found = read(entry)
    assert (of_type(found.facts, "Observation"), [each.reason for each in found.unread]) == ([], ["negated"])


def test_yes_denied_is_no_and_a_denied_finding_without_value_is_no_too() -> None:
    denied = 'negationInd="true"'
    for value in ('<value xsi:type="BL" value="true"/>', ""):
        assert read_one(observation("48", SODIUM, DONE, value, attributes=denied))["valueBoolean"] is False


def test_an_examination_that_is_only_asked_is_a_request() -> None:
    found = read(chapter(result('<value xsi:type="REAL" value="3"/>', mood="RQO"), result(mood="INT")))
    assert of_type(found.facts, "Observation", "DiagnosticReport") == []
    assert [each["intent"] for each in of_type(found.facts, "ServiceRequest")] == ["order", "plan"]


@pytest.mark.parametrize("status", ["aborted", "cancelled"])
def test_an_examination_that_was_given_up_is_cancelled_and_says_no_value(status: str) -> None:
    value = '<value xsi:type="REAL" value="3"/>'
    one = read_one(observation("80", SODIUM, f'<statusCode code="{status}"/>', value))
    assert (one["status"], "valueQuantity" in one) == ("cancelled", False)


def test_a_result_that_was_taken_back_is_no_fact() -> None:
    assert read(observation("80", SODIUM, '<statusCode code="nullified"/>', '<value xsi:type="REAL" value="3"/>')).facts == ()


def test_what_was_found_earlier_stays_beside_the_result_it_explains() -> None:
    value = '<value xsi:type="PQ" value="138" unit="mmol/L"/>'
    earlier = f'<observation classCode="OBS" moodCode="EVN">{SODIUM}{DONE}{at("20230305")}{value}</observation>'
    one = read_one(result(TIME, '<value xsi:type="PQ" value="140" unit="mmol/L"/>', linked("REFR", earlier)))
    (kept,) = one["extension"]
    assert kept["url"] == PREVIOUS
    said = {part["url"]: part for part in kept["extension"]}
    assert (said["value"]["valueQuantity"]["value"], said["effective"]["valueDateTime"]) == (138, "2023-03-05")


# Batteries, isolates, reports.


def test_a_battery_lends_its_time_and_its_author_and_holds_its_results() -> None:
    values = ('<value xsi:type="REAL" value="3"/>', '<value xsi:type="REAL" value="4"/>')
    battery = organizer("78", *map(result, values), code=coded("code", "24326-1", LOINC, display="Ionogramme"), before=TIME + BIOLOGIST)
    found = read(chapter(battery))
    results = [one for one in of_type(found.facts, "Observation") if "hasMember" not in one]
    assert {one["effectiveDateTime"] for one in results} == {"2024-03-05T10:10:00+01:00"}
    assert {one["performer"][0]["identifier"]["value"] for one in results} == {"810000000029"}
    (panel,) = (one for one in of_type(found.facts, "Observation") if "hasMember" in one)
    assert len(panel["hasMember"]) == 2
    (report,) = of_type(found.facts, "DiagnosticReport")
    assert len(report["result"]) == 1


def test_an_isolate_is_the_specimen_of_its_antibiogram_and_comes_from_the_sample() -> None:
    organism = coded("code", "112283007", SNOMED, display="Escherichia coli")
    role = (
        f'<specimenRole><id root="1.2.250.1.999.9" extension="1"/><specimenPlayingEntity>{organism}</specimenPlayingEntity></specimenRole>'
    )
    resistance = (
        f'<value xsi:type="IVL_PQ"><low value="32" unit="mg/L"/></value>{coded("interpretationCode", "R", "2.16.840.1.113883.5.83")}'
    )
    antibiogram = organizer("78", result(resistance), code=coded("code", "18769-0", LOINC, display="Antibiogramme"))
    isolate = organizer("79", antibiogram, before=f"{TIME}<specimen>{role}</specimen>")
    found = read(chapter(specimen("U-1"), isolate))
    keys = {fact.key: fact.resource for fact in found.facts}
    sample, culture = of_type(found.facts, "Specimen")
    assert keys[culture["parent"][0]["reference"].removeprefix(FACT)] == sample
    (tested,) = (one for one in of_type(found.facts, "Observation") if "valueQuantity" in one)
    assert keys[tested["specimen"]["reference"].removeprefix(FACT)] == culture
    assert (tested["valueQuantity"]["comparator"], codes_of(tested["interpretation"][0])) == (">=", {"R"})
    (named,) = (one for one in of_type(found.facts, "Observation") if "112283007" in codes_of(one.get("valueCodeableConcept", {})))
    assert keys[named["specimen"]["reference"].removeprefix(FACT)] == sample


def test_with_two_samples_in_a_chapter_no_result_is_said_to_come_from_one() -> None:
    found = read(chapter(specimen("U-1"), specimen("U-2"), result('<value xsi:type="REAL" value="3"/>')))
    (one,) = of_type(found.facts, "Observation")
    assert "specimen" not in one


def test_a_kit_a_range_and_a_comment_come_with_the_result() -> None:
    kit = (
        '<participant typeCode="DEV"><participantRole><id root="2.51.1.1" extension="(01)05012345678902"/></participantRole></participant>'
    )
    usual = '<value xsi:type="IVL_PQ"><low value="136" unit="mmol/L"/><high value="145" unit="mmol/L"/></value>'
    ranges = f"<referenceRange><observationRange>{usual}</observationRange></referenceRange>"
    entry = chapter(result('<value xsi:type="PQ" value="140" unit="mmol/L"/>', comment("c"), ranges), before=kit)
    one = read_one(entry, '<content ID="c">Contrôlé</content>')
    assert one["device"]["identifier"]["value"] == "(01)05012345678902"
    assert one["note"] == [{"text": "Contrôlé"}]
    assert (one["referenceRange"][0]["low"]["value"], one["referenceRange"][0]["high"]["value"]) == (136, 145)


def test_a_result_comes_from_the_specimen_that_it_names_or_that_its_battery_took() -> None:
    named = '<specimen><specimenRole><id root="1.2.250.1.999.8" extension="U-2"/></specimenRole></specimen>'
    first = result('<value xsi:type="REAL" value="3"/>', named)
    battery = organizer("78", result('<value xsi:type="REAL" value="4"/>'), specimen("U-3"))
    elsewhere = result('<value xsi:type="REAL" value="5"/>', named.replace("U-2", "X"))
    found = read(chapter(specimen("U-1"), specimen("U-2"), first, battery, elsewhere))
    keys = {fact.key: fact.resource for fact in found.facts}
    by_value = {one["valueQuantity"]["value"]: one["specimen"] for one in of_type(found.facts, "Observation") if "valueQuantity" in one}
    numbers = [keys[by_value[value]["reference"].removeprefix(FACT)]["identifier"][0]["value"] for value in (3, 4)]
    assert (numbers, by_value[5]["identifier"]["value"]) == (["U-2", "U-3"], "X")


def test_what_stands_inside_a_result_is_read_too() -> None:
    inner = result('<value xsi:type="REAL" value="4"/>')
    found = read(chapter(result('<value xsi:type="REAL" value="3"/>', linked("COMP", inner))))
    assert [one["valueQuantity"]["value"] for one in of_type(found.facts, "Observation")] == [3, 4]


def test_results_without_a_template_are_results_when_their_entry_says_so() -> None:
    bare = f'<observation classCode="OBS" moodCode="EVN">{SODIUM}{DONE}<value xsi:type="REAL" value="3"/></observation>'
    named = f'<templateId root="1.3.6.1.4.1.19376.1.3.1"/>{chapter(bare)}'
    found = read(named)
    assert [category_of(one) for one in of_type(found.facts, "Observation")] == ["laboratory"]
    assert len(of_type(found.facts, "DiagnosticReport")) == 1


def test_a_report_that_the_laboratory_calls_unfinished_is_partial() -> None:
    word = '<lab:statusCode code="active"/>'
    event = f"<documentationOf><serviceEvent>{coded('code', '18719-5', LOINC)}{word}</serviceEvent></documentationOf>"
    whole = read_section(
        BIOCHEMISTRY, chapter(result('<value xsi:type="REAL" value="3"/>')), code=coded("code", "11502-2", LOINC), event=event
    )
    assert [one["status"] for one in of_type(whole.facts, "DiagnosticReport")] == ["partial", "partial"]


def test_a_range_that_is_not_the_normal_one_says_so() -> None:
    bounds = '<value xsi:type="IVL_PQ"><high value="2.5" unit="mmol/L"/></value>'
    kind = coded("interpretationCode", "LL", "2.16.840.1.113883.5.83")
    ranges = f"<referenceRange><observationRange>{bounds}{kind}</observationRange></referenceRange>"
    (said,) = read_one(result('<value xsi:type="PQ" value="2" unit="mmol/L"/>', ranges))["referenceRange"]
    assert (said["high"]["value"].text, codes_of(said["type"])) == ("2.5", {"LL"})


def test_results_of_imaging_are_not_called_laboratory_results() -> None:
    listed = organizer("208", observation("209", SODIUM, DONE), code=coded("code", "18748-4", LOINC, display="Imagerie"))
    assert {category_of(one) for one in of_type(read(listed).facts, "Observation")} == {"imaging"}


def test_an_entry_of_which_nothing_is_known_is_noted() -> None:
    found = read('<act classCode="ACT" moodCode="EVN"><templateId root="1.2.3"/></act>')
    assert (found.facts, [each.reason for each in found.unread]) == ((), ["unknown-template"])
