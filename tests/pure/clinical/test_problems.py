"""Problems: present, past, refuted, none known; those of relatives are theirs, and harm done by a medicine is neither."""

import pytest

from healthspace.cda.clinical import Extraction
from healthspace.cda.clinical.problems import STATE, STATED_END
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN
from tests.pure.cda_documents import a_body, a_document, encoded
from tests.pure.clinical.entries import (
    ABSENT,
    ATC,
    CHILD,
    DONE,
    FRENCH,
    LOINC,
    SNOMED,
    at,
    coded,
    comment,
    concern,
    linked,
    low,
    observation,
    problem,
    product,
    small,
    treatment,
    value,
)
from tests.pure.clinical.kinds import CONSULTATION, faults_in, of_type, read, read_section
from tests.pure.clinical.samples import Resource, codes_of

ACTIVE, PAST, REASON = "11450-4", "11348-0", "42349-1"
STATUS = "2.16.840.1.113883.4.642.1.1074"


def read_one(entry: str, section: str = ACTIVE, narrative: str = "") -> Resource:
    found = read_section(section, entry, narrative=narrative)
    assert faults_in(found) == []
    (fact,) = found.facts
    resource: Resource = fact.resource
    return resource


def status_of(condition: Resource, name: str = "clinicalStatus") -> str:
    return next(iter(codes_of(condition.get(name, {}))), "")


@pytest.mark.parametrize(
    ("entry", "section", "status"),
    [
        (problem(low("20210626"), value("I10")), ACTIVE, "active"),
        (problem(low("20210626"), value("I10")), PAST, "inactive"),
        (problem(low("20190811", "20190901"), value("N10")), PAST, "resolved"),
        (problem(low("20190811", "20190901"), value("N10")), ACTIVE, "resolved"),
        (problem(low("20190811", "20991231"), value("N10")), ACTIVE, "active"),
        (problem(value("N10")), REASON, ""),
        (problem(value("I10"), small("30", value("remission", STATUS))), ACTIVE, "remission"),
        (problem(value("I10"), small("30", value("413322009", SNOMED))), ACTIVE, "resolved"),
        (problem(value("I10"), small("30", value("active", STATUS))), PAST, "active"),
    ],
)
def test_a_problem_has_the_status_that_it_says_or_that_its_end_and_its_section_tell(entry: str, section: str, status: str) -> None:
    assert status_of(read_one(entry, section)) == status


def test_an_end_that_contradicts_the_status_is_kept_beside_it() -> None:
    found = read_one(problem(low("20190811", "20190901"), value("N10"), small("30", value("active", STATUS))))
    assert status_of(found) == "active"
    assert "abatementDateTime" not in found
    assert {"url": STATED_END, "valueDateTime": "2019-09-01"} in found["extension"]


@pytest.mark.parametrize(
    "entry",
    [
        problem(value("I10"), attributes='negationInd="true"'),
        concern("39", problem(value("I10")), attributes='negationInd="true"'),
        problem(value("I10"), small("171", value("refuted", STATUS))),
    ],
)
def test_a_denied_problem_is_refuted_and_stands_in_no_list(entry: str) -> None:
    denied = read_one(entry)
    assert status_of(denied, "verificationStatus") == "refuted"
    assert "clinicalStatus" not in denied
    assert "category" not in denied


@pytest.mark.parametrize(
    ("code", "system", "said"),
    [
        ("no-known-problems", ABSENT, "no-known-problems"),
        ("no-problem-info", ABSENT, "no-problem-info"),
        ("160245001", SNOMED, "no-known-problems"),
    ],
)
@pytest.mark.parametrize("attributes", ["", 'negationInd="true"'])
def test_no_problem_known_is_said_as_such_whatever_the_negation(code: str, system: str, said: str, attributes: str) -> None:
    none = read_one(problem(value(code, system), attributes=attributes))
    assert none["code"]["coding"][0] == {"system": ABSENT_OR_UNKNOWN, "code": said}


def test_every_translation_the_side_the_severity_the_state_and_the_comment_are_kept() -> None:
    side = (
        '<targetSiteCode code="76752008" codeSystem="2.16.840.1.113883.6.96"><qualifier>'
        f"{coded('name', '20228-3', LOINC)}{coded('value', '24028007', SNOMED, display='droit')}</qualifier></targetSiteCode>"
    )
    entry = problem(
        low("2019"),
        value("C50.2", inside=coded("translation", "254837009", SNOMED)),
        side,
        small("29", value("24484000", SNOMED)),
        small("31", value("84387000", SNOMED)),
        small("171", value("confirmed", STATUS)),
        comment("c"),
    )
    found = read_one(entry, narrative='<content ID="c">À revoir</content>')
    assert codes_of(found["code"]) == {"C50.2", "254837009"}
    assert codes_of(found["bodySite"][0]["extension"][0]["extension"][1]["valueCodeableConcept"]) == {"24028007"}
    assert (codes_of(found["severity"]), found["onsetDateTime"]) == ({"24484000"}, "2019")
    assert [codes_of(each["valueCodeableConcept"]) for each in found["extension"] if each["url"] == STATE] == [{"84387000"}]
    assert (status_of(found, "verificationStatus"), found["note"]) == ("confirmed", [{"text": "À revoir"}])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('<value xsi:type="ST">Mal de dos</value>', {"text": "Mal de dos"}),
        ('<value xsi:type="CD" nullFlavor="NA"><originalText>Mal de dos</originalText></value>', {"text": "Mal de dos"}),
    ],
)
def test_a_problem_in_words_has_words(said: str, code: Resource) -> None:
    assert read_one(problem(said))["code"] == code


def test_a_masked_problem_is_masked() -> None:
    code = read_one(problem('<value xsi:type="CD" nullFlavor="MSK"/>'))["code"]
    assert (list(code), code["extension"][0]["valueCode"]) == (["extension"], "masked")


def test_problems_of_somebody_else_are_not_the_citizen_s() -> None:
    assert read_section(ACTIVE, problem(CHILD, value("Q39.0"))) == Extraction()
    assert read_section(ACTIVE, concern("39", problem(value("Q39.0"))).replace("<statusCode", f"{CHILD}<statusCode", 1)) == Extraction()
    section = f'<code code="{ACTIVE}" codeSystem="{LOINC}"/>{CHILD}<entry>{problem(value("Q39.0"))}</entry>'
    assert read(encoded(a_document(code=CONSULTATION, body=a_body(section)))) == Extraction()


@pytest.mark.parametrize("status", ["nullified"])
def test_what_its_author_took_back_says_nothing(status: str) -> None:
    assert read_section(ACTIVE, concern("39", problem(value("I10")), status=status)) == Extraction()


def test_small_entries_are_known_by_their_code_too() -> None:
    certain = small("48", value("unconfirmed", STATUS)).replace(DONE, coded("code", "66455-7", LOINC) + DONE)
    assert status_of(read_one(problem(value("I10"), certain)), "verificationStatus") == "unconfirmed"


def test_several_problems_of_one_concern_are_several_conditions() -> None:
    found = read_section(ACTIVE, concern("39", problem(value("I10")), problem(value("E11.9"))))
    assert [codes_of(each["code"]) for each in of_type(found.facts, "Condition")] == [{"I10"}, {"E11.9"}]
    assert [fact.key for fact in found.facts] == ["1.e1.1", "1.e1.2"]


# Relatives.


def relative(code: str, *observations: str, person: str = "") -> str:
    subject = f'<subject><relatedSubject>{code}<subject><administrativeGenderCode code="F"/>{person}</subject></relatedSubject></subject>'
    inside = "".join(f"<component>{each}</component>" for each in observations)
    return f'<organizer classCode="CLUSTER" moodCode="EVN"><templateId root="{FRENCH}59"/>{DONE}{subject}{inside}</organizer>'


MOTHER = coded("code", "MTH", "2.16.840.1.113883.5.111", display="Mère")


def had(*inside: str, attributes: str = "") -> str:
    return observation("51", coded("code", "282291009", SNOMED), DONE, *inside, attributes=attributes)


def test_what_the_mother_has_is_her_history_and_no_problem_of_the_citizen() -> None:
    found = read_one(relative(MOTHER, had(at("2000"), value("G45.9")), had(value("I10")), person='<birthTime value="1957"/>'), "10157-6")
    assert found["resourceType"] == "FamilyMemberHistory"
    assert (found["status"], codes_of(found["relationship"]), codes_of(found["sex"])) == ("completed", {"MTH"}, {"female"})
    assert [codes_of(each["code"]) for each in found["condition"]] == [{"G45.9"}, {"I10"}]
    assert (found["condition"][0]["onsetPeriod"], found["bornDate"]) == ({"start": "2000"}, "1957")


def test_what_a_relative_does_not_have_is_no_condition_of_theirs() -> None:
    found = read_one(
        relative(MOTHER, had(value("G45.9"), attributes='negationInd="true"'), had('<value xsi:type="ST">-</value>')), "10157-6"
    )
    assert (found["status"], found.get("condition")) == ("health-unknown", None)


@pytest.mark.parametrize(("code", "status"), [("no-known-problems", "completed"), ("no-problem-info", "health-unknown")])
def test_nothing_known_of_the_family_is_said_as_such(code: str, status: str) -> None:
    found = read_one(relative('<code nullFlavor="UNK"/>', had(value(code, ABSENT))), "10157-6")
    assert found["status"] == status
    assert found["relationship"]["extension"][0]["valueCode"] == "unknown"
    assert [codes_of(each["code"]) for each in found.get("condition", [])] == ([{code}] if status == "completed" else [])


# Harm done by a medicine.


def test_harm_done_by_a_medicine_is_an_adverse_event_and_nothing_else() -> None:
    suspect = treatment(low("20211204"), drug=product(coded("code", "J01CA04", ATC)))
    nausea = problem(value("MD90.0", "2.16.840.1.113883.6.347"))
    entry = observation(
        "210",
        coded("code", "281647001", SNOMED),
        DONE,
        low("20211204"),
        linked("COMP", suspect),
        linked("MFST", nausea),
        small("211", value("17162000", SNOMED)),
        small("212", value("255604002", SNOMED)),
    )
    event = read_one(entry, "44939-7")
    assert (event["resourceType"], event["actuality"], event["date"]) == ("AdverseEvent", "actual", "2021-12-04")
    assert (codes_of(event["event"]), codes_of(event["severity"])) == ({"281647001"}, {"mild", "255604002"})
    assert codes_of(event["contained"][0]["code"]) == {"J01CA04"}
    assert codes_of(event["suspectEntity"][0]["causality"][0]["assessment"]) == {"17162000"}


def test_a_problem_in_the_section_on_harm_is_an_adverse_event() -> None:
    assert read_one(problem(value("R11")), "44939-7")["resourceType"] == "AdverseEvent"


def test_a_masked_beginning_is_masked() -> None:
    masked = read_one(problem('<effectiveTime><low nullFlavor="MSK"/></effectiveTime>', value("I10")))
    assert masked["_onsetDateTime"]["extension"][0]["valueCode"] == "masked"
