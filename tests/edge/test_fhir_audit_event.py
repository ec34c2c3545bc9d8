"""AuditEvent: the trail in FHIR, valid, bounded, and to each reader what they may see."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from healthspace.base import clock
from healthspace.base.ids import new_id, new_owner, owner_of
from healthspace.fhir.validate import validate
from healthspace.identity.ins import TEST
from healthspace.identity.personas import Role
from tests.documents import labelled, query_by_ins
from tests.edge.conversation import Desk, fault_of, ids_of
from tests.harness import a_citizen, authorised, rpps_of, treated

DOCTOR, TREATING, LAB = Role.SPECIALIST, Role.TREATING_DOCTOR, Role.LABORATORY
ALWAYS = "date=ge2020-01-01&date=le2099-12-31"


async def events(desk: Desk, who: Role | UUID, query: str = "") -> list[dict[str, Any]]:
    answer = await desk.get(f"AuditEvent?{ALWAYS}{'&' + query if query else ''}", who)
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", [])]


def tell(event: dict[str, Any]) -> tuple[str, str, str]:
    """Interaction, outcome and basis of an event."""
    return event["subtype"][0]["code"], event["outcome"], event["agent"][0]["policy"][0].rpartition(":")[2]


async def test_the_holder_reads_who_did_what_and_why_refusals_included(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit()
    await desk.get(f"DocumentReference/{reference['id']}", DOCTOR)
    await authorised(desk.service, patient, DOCTOR)
    await desk.get(f"DocumentReference/{reference['id']}", DOCTOR)
    found = await events(desk, patient)
    assert [tell(event) for event in found] == [
        ("read", "0", "authorised"),
        ("create", "0", "own-record"),
        ("read", "4", "no-right"),
        ("create", "0", "feeding"),
        ("create", "0", "demonstration"),
    ]
    read = found[0]
    assert read["agent"][0]["who"]["identifier"] == {"system": "https://rpps.esante.gouv.fr", "value": rpps_of(DOCTOR)}
    assert read["contained"][0]["organization"]["identifier"]["value"] == "990000029"
    assert {entity["what"]["reference"] for entity in read["entity"]} == {f"Patient/{patient}", f"DocumentReference/{reference['id']}"}
    assert read["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"


async def test_every_event_is_valid_and_within_the_french_profile(desk: Desk, patient: UUID) -> None:
    await treated(desk.service, patient)
    reference = await desk.deposit()
    for who in (patient, TREATING, DOCTOR, LAB, Role.AGENCY):
        await desk.get(f"DocumentReference/{reference['id']}", who)
        await desk.get(f"DocumentReference?patient={patient}", who)
        await desk.get(f"Patient?identifier={query_by_ins()}", who)
    found = await events(desk, patient)
    assert len(found) >= 15
    for event in found:
        assert validate(event) == []
        assert len(event["subtype"]) == 1
        assert event["period"]["start"] == event["recorded"]
        assert 1 <= len(event["agent"]) <= 2
        assert all(agent["who"] for agent in event["agent"])
        assert event["source"]["observer"]["display"] == "Healthspace"
        one = await desk.get(f"AuditEvent/{event['id']}", patient)
        assert one.json() == event


async def test_an_event_says_from_which_network_with_which_software_and_what_was_asked(desk: Desk, patient: UUID) -> None:
    await desk.get(f"DocumentReference?patient={patient}&status=current", patient, **{"user-agent": "Medoc/4.2 (build 7)"})
    event = (await events(desk, patient))[0]
    assert event["agent"][0]["network"] == {"address": "127.0.0.0/24", "type": "2"}
    assert (event["agent"][1]["who"]["display"], event["agent"][1]["requestor"]) == ("Medoc/4.2", False)
    [query] = [entity["query"] for entity in event["entity"] if "query" in entity]
    assert base64.b64decode(query).decode() == f"patient={patient}&status=current"


async def test_what_a_form_asked_for_is_told_too(desk: Desk, patient: UUID) -> None:
    form = {"patient": str(patient), "status": "current"}
    await desk.client.post("/fhir/DocumentReference/_search", data=form, headers=desk.of(patient))
    [query] = [entity["query"] for entity in (await events(desk, patient))[0]["entity"] if "query" in entity]
    assert "status=current" in base64.b64decode(query).decode()


@pytest.mark.parametrize("bounds", ["", "date=ge2020-01-01", "date=lt2099-01-01", "period-start=ge2020"])
async def test_the_bounds_of_the_date_must_be_said(desk: Desk, patient: UUID, bounds: str) -> None:
    answer = await desk.get(f"AuditEvent?{bounds}", patient)
    assert (answer.status_code, fault_of(answer)) == (400, "http.date")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("date=near2020&date=le2099", "date"),
        ("date=ge2020-13&date=le2099", "date"),
        (f"{ALWAYS}&colour=red", "colour"),
        (f"{ALWAYS}&_count=x", "_count"),
        (f"{ALWAYS}&_sort=date", "_sort"),
        (f"{ALWAYS}&_cursor=x", "_cursor"),
        (f"{ALWAYS}&agent:identifier=urn:x|1", "agent:identifier"),
    ],
)
async def test_what_cannot_be_asked_is_named(desk: Desk, patient: UUID, query: str, place: str) -> None:
    answer = await desk.get(f"AuditEvent?{query}", patient)
    assert (answer.status_code, fault_of(answer)) == (400, f"http.{place}")


async def test_the_period_is_that_of_the_bounds_by_either_name(desk: Desk, patient: UUID) -> None:
    now = clock.now()
    before, after = (now + timedelta(days=days) for days in (-1, 1))
    for name in ("date", "period-start"):
        for low, high, found in ((before, after, True), (after, after + timedelta(days=1), False), (before, before, False)):
            answer = await desk.get(f"AuditEvent?{name}=ge{low:%Y-%m-%d}&{name}=le{high:%Y-%m-%d}", patient)
            assert bool(ids_of(answer)) == found
    assert ids_of(await desk.get(f"AuditEvent?date={now:%Y-%m-%d}", patient))


async def test_filters_narrow_what_is_found(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit()
    await desk.get(f"DocumentReference/{reference['id']}", DOCTOR)
    await desk.get(f"DocumentReference?patient={patient}", patient)
    expected = {
        "action=C": {("create", "0", "feeding"), ("create", "0", "demonstration")},
        "action=R": {("read", "4", "no-right")},
        "outcome=4": {("read", "4", "no-right")},
        "subtype=search": {("search", "0", "own-record")},
        "subtype=http://hl7.org/fhir/restful-interaction|delete": set(),
        "type=rest&action=R": {("read", "4", "no-right")},
        "type=login": set(),
        f"agent:identifier=https://rpps.esante.gouv.fr|{rpps_of(DOCTOR)}": {("read", "4", "no-right")},
        f"entity=DocumentReference/{reference['id']}&action=C": {("create", "0", "feeding")},
        f"agent=Patient/{patient}&action=E": {("search", "0", "own-record")},
    }
    for query, wanted in expected.items():
        found = await events(desk, patient, query)
        # The looks at the trail itself are in it.
        assert {tell(event) for event in found} - {("read", "0", "own-record")} == wanted, query


async def test_pages_lead_through_the_whole_trail_once(desk: Desk, patient: UUID) -> None:
    for _ in range(7):
        await desk.get(f"Patient/{patient}", patient)
    whole = ids_of(await desk.get(f"AuditEvent?{ALWAYS}", patient))
    address, seen = f"AuditEvent?{ALWAYS}&_count=3&patient.identifier=urn:oid:{TEST}|{query_by_ins().rpartition('|')[2]}", []
    while address:
        answer = await desk.get(address, patient)
        seen += ids_of(answer)
        links = {link["relation"]: link["url"] for link in answer.json()["link"]}
        address = links.get("next", "").rpartition("/fhir/")[2]
        assert "identifier" not in address
    # Each page is a look of its own, at the top of the trail.
    assert [one for one in seen if one in whole] == whole


async def test_a_treating_doctor_reads_the_trail_and_another_professional_their_own_acts(desk: Desk, patient: UUID) -> None:
    await treated(desk.service, patient)
    await authorised(desk.service, patient, DOCTOR)
    reference = await desk.deposit()
    await desk.get(f"DocumentReference/{reference['id']}", DOCTOR)
    about = f"patient=Patient/{patient}"
    assert len(await events(desk, TREATING, about)) == 5
    own = await events(desk, DOCTOR, about)
    assert [tell(event) for event in own] == [("read", "0", "authorised")]
    assert [tell(event) for event in await events(desk, LAB, about)] == [("create", "0", "feeding")]
    assert await events(desk, Role.NURSE, about) == []
    assert await events(desk, Role.AGENCY, about) == []
    other = [event for event in await events(desk, patient) if event["id"] != own[0]["id"]]
    assert (await desk.get(f"AuditEvent/{own[0]['id']}", DOCTOR)).status_code == 200
    assert (await desk.get(f"AuditEvent/{other[-1]['id']}", DOCTOR)).status_code == 404


async def test_each_professional_reads_their_acts_in_every_record(desk: Desk, patient: UUID) -> None:
    second = await a_citizen(desk.service, 2)
    for one in (patient, second):
        await authorised(desk.service, one, DOCTOR)
        await desk.get(f"Patient/{one}", DOCTOR)
        await desk.get(f"Patient/{one}", TREATING)
    found = await events(desk, DOCTOR)
    assert [event["entity"][0]["what"]["reference"] for event in found[:2]] == [f"Patient/{second}", f"Patient/{patient}"]
    assert {event["agent"][0]["who"]["identifier"]["value"] for event in found} == {rpps_of(DOCTOR)}


async def test_a_record_that_is_not_there_and_one_that_is_closed_to_the_caller_look_alike(desk: Desk, patient: UUID) -> None:
    stranger = await a_citizen(desk.service, 2)
    answers = [await desk.get(f"AuditEvent?{ALWAYS}&patient={one}", stranger) for one in (patient, new_id(new_owner()))]
    assert {(answer.status_code, answer.json().get("entry"), answer.json().get("total")) for answer in answers} == {(200, None, None)}
    one = (await events(desk, patient))[0]["id"]
    refused, absent = await desk.get(f"AuditEvent/{one}", stranger), await desk.get(f"AuditEvent/{new_id(owner_of(patient))}", patient)
    assert (refused.status_code, refused.text) == (absent.status_code, absent.text) == (404, absent.text)


async def test_a_line_about_a_document_that_is_not_announced_yet_waits_with_it(desk: Desk, patient: UUID) -> None:
    label = [{"coding": [{"system": "https://mos.esante.gouv.fr/NOS/TRE_A08-HL7StatutVisibiliteDoc", "code": "INVISIBLE_PATIENT"}]}]
    await treated(desk.service, patient)
    reference = await desk.deposit(securityLabel=label)
    await desk.get(f"DocumentReference/{reference['id']}", TREATING)
    assert reference["id"] not in str(await events(desk, patient))
    assert len(await events(desk, patient, "action=C")) == 2
    assert reference["id"] in str(await events(desk, TREATING, f"patient={patient}"))


async def test_nobody_writes_a_line_and_a_look_at_the_trail_leaves_one(desk: Desk, patient: UUID) -> None:
    one = (await events(desk, patient))[0]
    for method, path in (("POST", "AuditEvent"), ("PUT", f"AuditEvent/{one['id']}"), ("DELETE", f"AuditEvent/{one['id']}")):
        answer = await desk.client.request(method, f"/fhir/{path}", headers=desk.of(patient), json=one)
        assert answer.status_code == 405
    await desk.get(f"AuditEvent?{ALWAYS}", patient)
    assert (await desk.lines())[-1] == ("trail:read", "done", "own-record")


async def refusal_as_read(desk: Desk, who: Role | UUID, name: str, query: str = "") -> dict[str, Any]:
    """What a caller reads in the trail of their own look at the document `name`, but for its moment."""
    assert (await desk.get(f"DocumentReference/{name}", who)).status_code == 404
    event = next(one for one in await events(desk, who, query) if one["outcome"] == "4")
    return {key: value for key, value in event.items() if key not in {"id", "meta", "period", "recorded"}}


async def test_nobody_reads_more_of_their_own_refusal_than_of_what_is_not_there(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, DOCTOR)
    masked, waiting = [(await desk.deposit(securityLabel=labelled(label)))["id"] for label in ("MASQUE_PS", "INVISIBLE_PATIENT")]
    absent, elsewhere = str(new_id(owner_of(patient))), str(new_id(new_owner()))
    for who, hidden in ((DOCTOR, masked), (Role.NURSE, masked), (patient, waiting)):
        assert await refusal_as_read(desk, who, hidden) == await refusal_as_read(desk, who, absent)
    assert await refusal_as_read(desk, Role.NURSE, masked) == await refusal_as_read(desk, Role.NURSE, elsewhere)
    about = f"patient=Patient/{patient}"
    assert await refusal_as_read(desk, DOCTOR, masked, about) == await refusal_as_read(desk, DOCTOR, absent, about)


async def test_the_holder_reads_which_of_their_documents_was_refused_and_why(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, DOCTOR)
    masked = await desk.deposit(securityLabel=labelled("MASQUE_PS"))
    await desk.get(f"DocumentReference/{masked['id']}", DOCTOR)
    event = (await events(desk, patient, f"entity=DocumentReference/{masked['id']}"))[0]
    assert tell(event) == ("read", "4", "masked")
