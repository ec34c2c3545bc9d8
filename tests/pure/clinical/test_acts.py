"""Acts, visits, plans and the care team: what was done, what is planned, and who looks after the citizen."""

import pytest

from healthspace.cda.clinical import FACT, Extraction
from healthspace.cda.clinical.parts import QUALIFIER
from healthspace.cda.clinical.plans import DETAIL
from healthspace.cda.clinical.procedures import APPROACH
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN
from tests.pure.cda_documents import a_body, a_document, encoded
from tests.pure.clinical.entries import (
    ABSENT,
    CHILD,
    FRENCH,
    LOINC,
    SNOMED,
    TA_ASIP,
    act,
    at,
    coded,
    linked,
    low,
    observation,
    reason,
    treatment,
)
from tests.pure.clinical.kinds import faults_in, of_type, read, read_section
from tests.pure.clinical.samples import Resource, codes_of

DONE_ACTS, PLAN, VISITS = "47519-4", "18776-5", "46240-8"
CCAM = "1.2.250.1.215.300.1"
STENT = coded("code", "DDAF004", CCAM)


def read_one(entry: str, section: str = DONE_ACTS, narrative: str = "") -> Resource:
    found = read_section(section, entry, narrative=narrative)
    assert faults_in(found) == []
    resource: Resource = found.facts[0].resource
    return resource


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (act(STENT, at("20190812")), "completed"),
        (act(STENT, at("20190812"), status="active"), "in-progress"),
        (act(STENT, at("20190812"), status="aborted"), "stopped"),
        (act(STENT, at("20190812"), status="cancelled"), "not-done"),
        (act(STENT, attributes='negationInd="true"'), "not-done"),
        (act('<code nullFlavor="NA"/>', status="cancelled"), "unknown"),
        (act('<code nullFlavor="NA"/>', attributes='negationInd="true"'), "not-done"),
    ],
)
def test_an_act_has_the_status_of_what_became_of_it(entry: str, status: str) -> None:
    found = read_one(entry)
    assert (found["resourceType"], found["status"]) == ("Procedure", status)


@pytest.mark.parametrize(
    ("entry", "section", "status", "intent"),
    [
        (act(STENT, at("20241201"), mood="INT", status="active"), PLAN, "active", "plan"),
        (act(STENT, at("20241201"), mood="INT"), PLAN, "active", "plan"),
        (act(STENT, mood="RQO"), DONE_ACTS, "active", "order"),
        (act(STENT, mood="PRP"), DONE_ACTS, "active", "proposal"),
        (act(STENT, at("20241201"), status="active"), PLAN, "active", "plan"),
        (act(STENT, at("20241201"), status="active"), DONE_ACTS, "active", "plan"),
        (act(STENT, low("20190501", "20190701")), PLAN, "completed", "plan"),
        (act(STENT, mood="INT", status="cancelled"), PLAN, "revoked", "plan"),
    ],
)
def test_an_act_to_come_is_a_request_and_never_an_act(entry: str, section: str, status: str, intent: str) -> None:
    found = read_one(entry, section)
    assert (found["resourceType"], found["status"], found["intent"]) == ("ServiceRequest", status, intent)


def test_an_act_that_is_not_to_be_done_is_asked_not_to_be() -> None:
    assert read_one(act(STENT, mood="INT", attributes='negationInd="true"'), PLAN)["doNotPerform"] is True


@pytest.mark.parametrize("code", [coded("code", "no-known-procedures", ABSENT), coded("code", "787480003", SNOMED)])
@pytest.mark.parametrize("attributes", ["", 'negationInd="true"', 'nullFlavor="NA"'])
def test_no_act_known_is_said_as_such(code: str, attributes: str) -> None:
    none = read_one(act(code, attributes=attributes))
    assert none["code"]["coding"][0] == {"system": ABSENT_OR_UNKNOWN, "code": "no-known-procedures"}
    assert none["status"] == "not-done"


@pytest.mark.parametrize("entry", [act(CHILD, STENT), act(STENT, attributes='nullFlavor="UNK"'), act(STENT, status="nullified")])
def test_the_act_of_a_child_a_placeholder_and_one_taken_back_are_none(entry: str) -> None:
    assert read_section(DONE_ACTS, entry) == Extraction()


def test_where_why_how_and_by_whom_is_kept() -> None:
    side = coded("value", "7771000", SNOMED, display="gauche")
    site = coded("targetSiteCode", "72696002", SNOMED, f"<qualifier>{side}</qualifier>")
    entity = '<assignedEntity><id root="1.2.250.1.71.4.2.1" extension="810000000029"/></assignedEntity>'
    performer = f'<performer typeCode="PRF">{entity}</performer>'
    place = (
        '<participant typeCode="LOC"><participantRole classCode="SDLOC"><id root="1.2.250.1.71.4.2.2" extension="1990000060"/>'
        "<playingEntity><name>Bloc 2</name></playingEntity></participantRole></participant>"
    )
    device = (
        '<participant typeCode="DEV"><participantRole><id root="1.2.3" extension="SN-1"/>'
        "<playingDevice><manufacturerModelName>Stent X</manufacturerModelName></playingDevice></participantRole></participant>"
    )
    way, when = coded("approachSiteCode", "F", CCAM), low("201908121000", "201908121130")
    found = read_one(act(STENT, when, way, site, performer, place, device, reason("I21.1")))
    assert found["performedPeriod"] == {"start": "2019-08-12T10:00:00+02:00", "end": "2019-08-12T11:30:00+02:00"}
    assert codes_of(found["bodySite"][0]) == {"72696002"}
    assert found["bodySite"][0]["extension"][0]["url"] == QUALIFIER
    assert [codes_of(each["valueCodeableConcept"]) for each in found["extension"] if each["url"] == APPROACH] == [{"F"}]
    assert found["performer"][0]["actor"]["identifier"]["value"] == "810000000029"
    assert found["location"] == {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": "1990000060"}, "display": "Bloc 2"}
    assert found["usedReference"] == [{"identifier": {"system": "urn:oid:1.2.3", "value": "SN-1"}, "display": "Stent X"}]
    assert [codes_of(each) for each in found["reasonCode"]] == [{"I21.1"}]


def test_a_code_that_is_narrowed_says_so_in_words_too() -> None:
    kind = coded("value", "C15313", "1.2.3", display="Radiothérapie")
    narrowed = coded("code", "MED-568", TA_ASIP, f"<qualifier>{kind}</qualifier>", "Traitement")
    assert read_one(act(narrowed))["code"]["text"] == "Traitement : Radiothérapie"


def test_an_act_without_a_code_has_words_or_says_why() -> None:
    bare = '<code nullFlavor="NA"/>'
    assert read_one(act(bare))["code"]["extension"][0]["valueCode"] == "not-applicable"
    told = read_one(act(bare, '<text><reference value="#a"/></text>'), narrative='<content ID="a">Pose d’une attelle</content>')
    assert told["code"] == {"text": "Pose d’une attelle"}


def test_a_measure_that_is_the_reason_of_an_act_is_a_measure() -> None:
    mass = observation("50", coded("code", "29463-7", LOINC), at("20240101"), '<value xsi:type="PQ" value="50" unit="kg"/>')
    found = read_section(DONE_ACTS, act(STENT, linked("RSON", mass)))
    assert [fact.resource["resourceType"] for fact in found.facts] == ["Procedure", "Observation"]


# Visits.


def visit(*inside: str, mood: str = "EVN", attributes: str = "") -> str:
    return f'<encounter classCode="ENC" moodCode="{mood}" {attributes}><templateId root="{FRENCH}58"/>{"".join(inside)}</encounter>'


@pytest.mark.parametrize(
    ("entry", "section", "status"),
    [
        (visit(at("20230224")), VISITS, "finished"),
        (visit(low("20230213", "20230218")), VISITS, "finished"),
        (visit(low("20230213")), VISITS, "unknown"),
        (visit('<statusCode code="active"/>', low("20230213")), VISITS, "in-progress"),
        (visit(at("20241201"), mood="ARQ"), VISITS, "planned"),
        (visit(at("20241201")), PLAN, "planned"),
        (visit('<statusCode code="cancelled"/>', at("20230224")), VISITS, "cancelled"),
    ],
)
def test_a_visit_took_place_goes_on_or_is_planned(entry: str, section: str, status: str) -> None:
    assert read_one(entry, section)["status"] == status


def test_the_class_of_a_visit_is_said_only_when_the_sender_says_it() -> None:
    inpatient = read_one(visit(coded("code", "IMP", "2.16.840.1.113883.5.4"), at("20230224")), VISITS)
    assert (inpatient["class"]["code"], inpatient.get("type")) == ("IMP", None)
    other = read_one(visit(coded("code", "GEN-079", TA_ASIP), at("20230224")), VISITS)
    assert (other["class"]["code"], codes_of(other["type"][0])) == ("NI", {"GEN-079"})


@pytest.mark.parametrize("attributes", ['nullFlavor="NA"', 'negationInd="true"'])
def test_no_visit_is_no_visit(attributes: str) -> None:
    assert read_section(VISITS, visit(coded("code", "02276797", "1.2.250.1.213.2.63"), attributes=attributes)) == Extraction()


# Plans.


def asked(*inside: str, mood: str = "INT") -> str:
    return observation("27", '<statusCode code="active"/>', *inside, mood=mood)


def test_a_plan_holds_what_is_asked_and_aimed_at() -> None:
    goal = asked(coded("code", "29463-7", LOINC), at("20241201"), '<value xsi:type="PQ" value="65" unit="kg"/>', mood="GOL")
    scan = asked(coded("code", "MG", "1.2.840.10008.2.16.4"))
    found = read_section(PLAN, goal, scan, act(STENT, mood="INT"), treatment(mood="INT"), visit(at("20241201"), mood="ARQ"))
    assert faults_in(found) == []
    (plan,) = of_type(found.facts, "CarePlan")
    assert plan["goal"] == [{"reference": f"{FACT}1.e1"}]
    assert [each["reference"]["reference"] for each in plan["activity"]] == [f"{FACT}1.e2", f"{FACT}1.e3", f"{FACT}1.e4"]
    (target,) = of_type(found.facts, "Goal")[0]["target"]
    assert (target["detailQuantity"]["value"], target["dueDate"]) == (65, "2024-12-01")


def test_what_a_request_asks_in_particular_is_kept() -> None:
    found = read_one(asked(coded("code", "MED-120", TA_ASIP), '<value xsi:type="PQ" value="6" unit="mo"/>'), PLAN)
    (detail,) = [each for each in found["extension"] if each["url"] == DETAIL]
    assert (detail["valueQuantity"]["value"], detail["valueQuantity"]["code"]) == (6, "mo")


def test_a_section_without_anything_planned_has_no_plan() -> None:
    assert not of_type(read_section(PLAN, act(STENT, attributes='negationInd="true"')).facts, "CarePlan")


# The care team.

SUMMARY = '<code code="60591-5" codeSystem="2.16.840.1.113883.6.1"/>'


def participant(function: str, kind: str = "INF", name: str = "MEDIONI") -> str:
    code = coded("functionCode", function, "2.16.840.1.113883.5.88") if function else '<functionCode nullFlavor="NA"/>'
    return (
        f'<participant typeCode="{kind}">{code}<time xsi:type="IVL_TS"><low value="20200312"/></time><associatedEntity classCode="PROV">'
        f'<id root="1.2.250.1.71.4.2.1" extension="{name}"/><associatedPerson><name><family>{name}</family></name></associatedPerson>'
        "<scopingOrganization><name>Cabinet</name></scopingOrganization></associatedEntity></participant>"
    )


def test_the_team_is_those_whom_the_header_gives_a_function_in_the_care() -> None:
    named = [("PCP", "INF", "MEDIONI"), ("353", "PRF", "MORVAN"), ("", "PRF", "INCONNU"), ("PRELV", "PRF", "SISSI")]
    people = [participant(*each) for each in named]
    found = read(encoded(a_document(code=SUMMARY, participants="".join(people), authors="<author/>", body=a_body("<title>Rien</title>"))))
    (team,) = found.facts
    assert faults_in(found) == []
    assert (team.key, team.place) == ("header.team", "ClinicalDocument/participant")
    doctor, nurse = team.resource["participant"]
    assert (codes_of(doctor["role"][0]), doctor["member"]["display"], doctor["period"]) == ({"PCP"}, "MEDIONI", {"start": "2020-03-12"})
    assert (codes_of(nurse["role"][0]), nurse["onBehalfOf"]["display"]) == ({"353"}, "Cabinet")


def test_a_document_that_sums_nothing_up_names_no_team() -> None:
    assert read_section(PLAN, participants=participant("PCP")) == Extraction()
