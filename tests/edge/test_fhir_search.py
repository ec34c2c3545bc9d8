"""Search of documents and submissions (ITI-67, ITI-66): every parameter of the guide, pages, and one record at a time."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from healthspace.identity.personas import Role
from tests.clinical_documents import a_clinical_document, a_result, a_vaccination, an_allergy
from tests.documents import PDF, a_bundle, a_cda, a_folder, a_root, labelled, of_type, query_by_ins
from tests.edge.conversation import Desk, fault_of, ids_of
from tests.harness import a_citizen, authorised

LOINC = "http://loinc.org"
DOCUMENTS: dict[str, dict[str, Any]] = {
    "analysis": {
        "content": {"type_code": "11502-2", "time": "20240305103000+0100", "began": "20240304080000+0100", "ended": "20240304090000+0100"}
    },
    "image": {
        "content": {
            "type_code": "18748-4",
            "time": "20230601080000+0200",
            "began": "20230530",
            "ended": "20230531",
            "event": "ACTE-2",
            "facility": "SA01",
            "setting": "ETABLISSEMENT",
        }
    },
    "masked": {"content": {"type_code": "11490-0", "time": "20220101120000+0100", "began": "2021"}, "securityLabel": labelled("MASQUE_PS")},
}


@pytest.fixture
async def kept(desk: Desk, patient: UUID) -> dict[str, str]:
    """Name of each document of the record → its id."""
    found = {}
    for name, given in DOCUMENTS.items():
        changes = {key: value for key, value in given.items() if key != "content"}
        found[name] = (await desk.deposit(a_cda(**given["content"]), **changes))["id"]
    letter = await desk.deposit(PDF, media_type="application/pdf", type=of_type("60591-5"), date="2025-01-01T00:00:00Z")
    return {**found, "letter": letter["id"]}


async def names(desk: Desk, kept: dict[str, str], who: Role | UUID, query: str) -> set[str]:
    answer = await desk.get(f"DocumentReference?{query}", who)
    found = ids_of(answer)
    assert answer.json()["total"] == len(found)
    return {name for name, identifier in kept.items() if identifier in found}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "analysis image masked letter"),
        (f"type={LOINC}|11502-2", "analysis"),
        (f"type={LOINC}|11502-2,{LOINC}|18748-4", "analysis image"),
        ("type=11502-2", "analysis"),
        ("category=10", "analysis masked"),
        ("category=31", "image"),
        ("status=current", "analysis image masked letter"),
        ("status=superseded", ""),
        ("date=2024", "analysis"),
        ("date=ge2023&date=lt2025", "analysis image"),
        ("date=gt2024", "letter"),
        ("date=sa2023-06-01", "analysis letter"),
        ("date=eb2023", "masked"),
        ("date=2024-03-05T09:30:00Z", "analysis"),
        ("date=" + quote("2024-03-05T10:30:00+01:00"), "analysis"),
        ("date=ne2024-03-05", "image masked letter"),
        ("period=2024-03-04", "analysis"),
        ("period=ge2023-05-01&period=lt2023-06-01", "image masked"),
        ("event=ACTE-2", "image"),
        ("facility=SA01", "image"),
        ("facility=SA25", "analysis masked"),
        ("setting=ETABLISSEMENT", "image"),
        ("security-label=MASQUE_PS", "masked"),
        ("security-label=N", "analysis image"),
        ("format=urn:ihe:iti:xds-sd:pdf:2008", "letter"),
        ("contenttype=application/pdf", "letter"),
        ("language=fr-FR", "analysis image masked"),
        ("type=11502-2&status=superseded", ""),
        ("_count=200&_sort=date&_format=json", "analysis image masked letter"),
    ],
)
async def test_each_parameter_finds_what_it_says(desk: Desk, patient: UUID, kept: dict[str, str], query: str, expected: str) -> None:
    assert await names(desk, kept, patient, query) == set(expected.split())


async def test_a_search_that_says_nothing_of_the_status_finds_the_documents_in_force(desk: Desk, patient: UUID) -> None:
    root = a_root()
    old = await desk.deposit(a_cda(root=root))
    new = await desk.deposit(a_cda(replaces=root))
    asked = {
        "": [new["id"]],
        "status=superseded": [old["id"]],
        "status:not=current": [old["id"]],
        f"identifier=urn:oid:{root}": [old["id"]],
        f"_id={old['id']}": [old["id"]],
        "_filter=status eq superseded": [old["id"]],
    }
    for who in (patient, Role.LABORATORY):
        for question, found in asked.items():
            assert ids_of(await desk.get(f"DocumentReference?patient={patient}&{question}", who)) == found, question


async def test_a_document_is_found_by_its_identifiers(desk: Desk, patient: UUID) -> None:
    root = a_root()
    reference = await desk.deposit(a_cda(root=root))
    for value in (f"urn:ietf:rfc:3986|urn:oid:{root}", f"urn:oid:{root}", f"urn:ietf:rfc:3986|urn:uuid:{reference['id']}"):
        assert ids_of(await desk.get(f"DocumentReference?identifier={value}", patient)) == [reference["id"]]
    assert ids_of(await desk.get(f"DocumentReference?identifier=urn:oid:{a_root()}", patient)) == []


@pytest.mark.parametrize(
    "form",
    ["patient={0}", "patient=Patient/{0}", "subject=Patient/{0}", "patient:Patient={0}", "patient=http://space.test/fhir/Patient/{0}"],
)
async def test_the_record_is_named_by_our_id(desk: Desk, patient: UUID, kept: dict[str, str], form: str) -> None:
    assert len(await names(desk, kept, Role.LABORATORY, form.format(patient))) == 4


@pytest.mark.parametrize("name", ["patient.identifier", "subject.identifier", "patient:identifier"])
async def test_the_record_is_named_by_ins(desk: Desk, patient: UUID, kept: dict[str, str], name: str) -> None:
    assert len(await names(desk, kept, Role.LABORATORY, f"{name}={query_by_ins()}")) == 4


async def test_a_search_can_be_posted(desk: Desk, patient: UUID, kept: dict[str, str]) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = f"patient.identifier={quote(query_by_ins())}&type=11502-2".encode()
    answer = await desk.post("DocumentReference/_search", Role.LABORATORY, body, **form)
    assert ids_of(answer) == [kept["analysis"]]
    assert ids_of(await desk.post("DocumentReference/_search?type=18748-4", patient, b"", **form)) == [kept["image"]]
    other = await desk.post("DocumentReference/_search", Role.LABORATORY, body)
    assert (other.status_code, fault_of(other)) == (415, "http.Content-Type")


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("-date", "letter analysis image masked"), ("date", "masked image analysis letter"), ("_lastUpdated", "analysis image masked letter")],
)
async def test_the_order_is_the_one_asked_for(desk: Desk, patient: UUID, kept: dict[str, str], sort: str, expected: str) -> None:
    assert ids_of(await desk.get(f"DocumentReference?_sort={sort}", patient)) == [kept[name] for name in expected.split()]


@pytest.mark.parametrize("sort", ["-date", "date", "_lastUpdated", "-_lastUpdated"])
@pytest.mark.parametrize("who", ["citizen", "laboratory"])
async def test_the_pages_together_are_the_whole(desk: Desk, patient: UUID, kept: dict[str, str], sort: str, who: str) -> None:
    asking = patient if who == "citizen" else Role.LABORATORY
    url, found = f"/fhir/DocumentReference?patient.identifier={query_by_ins()}&_count=1&_sort={sort}&status=current", list[str]()
    for _ in range(10):
        answer = await desk.client.get(url, headers=desk.of(asking))
        found += ids_of(answer)
        assert answer.json()["total"] == 4
        links = {link["relation"]: link["url"] for link in answer.json()["link"]}
        if "next" not in links:
            break
        url = links["next"]
        assert query_by_ins().partition("|")[2] not in url
    assert sorted(found) == sorted(kept.values())


async def test_a_page_is_followed_by_its_owner_only(desk: Desk, patient: UUID, kept: dict[str, str]) -> None:
    first = await desk.get("DocumentReference?_count=1", patient)
    following = first.json()["link"][1]["url"]
    other = await a_citizen(desk.service, 2)
    assert ids_of(await desk.client.get(following, headers=desk.of(other))) == []


async def test_a_count_of_zero_gives_the_total(desk: Desk, patient: UUID, kept: dict[str, str]) -> None:
    answer = await desk.get("DocumentReference?_count=0", patient)
    assert (answer.json()["total"], answer.json().get("entry")) == (4, None)


async def test_a_reader_finds_what_they_may_read_and_the_total_says_no_more(desk: Desk, patient: UUID, kept: dict[str, str]) -> None:
    await authorised(desk.service, patient, Role.SPECIALIST)
    assert await names(desk, kept, Role.SPECIALIST, f"patient={patient}") == {"analysis", "image", "letter"}
    assert await names(desk, kept, Role.SPECIALIST, f"patient={patient}&security-label=MASQUE_PS") == set()
    assert await names(desk, kept, Role.HOSPITAL, f"patient={patient}") == set()


async def test_entries_are_the_resources_as_they_are_read(desk: Desk, patient: UUID, kept: dict[str, str]) -> None:
    answer = await desk.get("DocumentReference?type=11502-2", patient)
    [entry] = answer.json()["entry"]
    assert entry["resource"] == (await desk.get(f"DocumentReference/{kept['analysis']}", patient)).json()
    assert entry["fullUrl"] == f"http://space.test/fhir/DocumentReference/{kept['analysis']}"
    assert entry["search"] == {"mode": "match"}
    assert answer.json()["type"] == "searchset"


async def test_submissions_are_found_by_code_status_date_and_source(desk: Desk, patient: UUID) -> None:
    bundle = a_bundle()
    bundle["entry"].append(a_folder())
    made = await desk.post("", Role.LABORATORY, bundle)
    assert made.status_code == 200

    async def found(query: str) -> int:
        return len(ids_of(await desk.get(f"List?{query}", patient)))

    assert [await found(query) for query in ("", "code=submissionset", "code=folder", "code=x")] == [2, 1, 1, 0]
    assert [await found(query) for query in ("status=current", "date=2024", "date=2025", "title=un dossier")] == [2, 2, 0, 1]
    document = made.json()["entry"][1]["response"]["location"].split("/fhir/")[1].split("/_history")[0]
    assert await found(f"item={document}") == 2


async def test_a_masked_document_masks_what_brought_it(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, Role.SPECIALIST)
    await desk.post("", Role.LABORATORY, a_bundle(a_cda(), references=[{"securityLabel": labelled("MASQUE_PS")}]))
    await desk.post("", Role.LABORATORY, a_bundle())
    assert len(ids_of(await desk.get("List", patient))) == 2
    assert len(ids_of(await desk.get(f"List?patient={patient}", Role.SPECIALIST))) == 1


@pytest.mark.parametrize("where", ["securityLabel", "meta"])
async def test_a_label_hides_wherever_the_sender_wrote_it(desk: Desk, patient: UUID, where: str) -> None:
    await authorised(desk.service, patient, Role.SPECIALIST)
    label = {"securityLabel": labelled("MASQUE_PS")} if where == "securityLabel" else {"meta": {"security": [{"code": "MASQUE_PS"}]}}
    reference = await desk.deposit(**label)
    assert ids_of(await desk.get(f"DocumentReference?patient={patient}", Role.SPECIALIST)) == []
    assert (await desk.get(f"DocumentReference/{reference['id']}", Role.SPECIALIST)).status_code == 404


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("foo=1", "http.foo"),
        ("date=soon", "http.date"),
        ("_sort=title", "http._sort"),
        ("_count=x", "http._count"),
        ("_include=nothing", "http._include"),
        ("type:nonsense=x", "http.type"),
        ("_contained=true", "http._contained"),
        ("_cursor=x", "http._cursor"),
        ("_cursor=1~x", "http._cursor"),
        ("_cursor=999999999999999999~01a20ba5-9796-81c0-8a54-356fcfb1576e", "http._cursor"),
        ("_cursor=-999999999999999999~01a20ba5-9796-81c0-8a54-356fcfb1576e", "http._cursor"),
        (f"_cursor=1~{'a' * 36}", "http._cursor"),
    ],
)
async def test_what_is_not_understood_is_refused_with_its_name(desk: Desk, patient: UUID, query: str, place: str) -> None:
    answer = await desk.get(f"DocumentReference?{query}", patient)
    assert (answer.status_code, fault_of(answer)) == (400, place)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("patient=Patient/x", "http.patient"),
        ("patient.identifier=123", "http.patient.identifier"),
        ("patient.identifier=urn:oid:1.2|3", "http.patient.identifier"),
    ],
)
async def test_who_is_meant_must_be_said_as_it_is_written(desk: Desk, patient: UUID, query: str, place: str) -> None:
    answer = await desk.get(f"DocumentReference?{query}", patient)
    assert (answer.status_code, fault_of(answer)) == (422, place)


async def test_a_professional_must_say_whose_record(desk: Desk, patient: UUID) -> None:
    answer = await desk.get("DocumentReference?status=current", Role.SPECIALIST)
    assert (answer.status_code, fault_of(answer)) == (422, "http.patient")


async def test_two_patients_at_once_find_nothing(desk: Desk, patient: UUID, kept: dict[str, str]) -> None:
    other = await a_citizen(desk.service, 2)
    assert await names(desk, kept, patient, f"patient={patient}&patient={other}") == set()
    assert len(await names(desk, kept, patient, f"patient={patient}&patient.identifier={query_by_ins()}")) == 4


async def test_the_answer_repeats_what_was_asked(desk: Desk, patient: UUID) -> None:
    answer = await desk.get("DocumentReference?status=current&type=a%7Cb", patient)
    asked = httpx.URL(answer.json()["link"][0]["url"])
    assert dict(asked.params) == {"status": "current", "type": "a|b"}


PLANS = ("enable_seqscan", "enable_indexscan", "enable_bitmapscan", "enable_hashjoin", "enable_nestloop", "enable_sort")


@pytest.mark.parametrize("asked", ["_include=*&_revinclude=*", "_revinclude=Provenance:target&_sort=_id", "_include=*&_sort=-date,_id"])
async def test_what_comes_along_stands_in_one_order_however_the_database_finds_it(desk: Desk, patient: UUID, asked: str) -> None:
    """Else a document that is hidden from the reader could be told by the order of the others: it may change the plan."""
    for value in range(4):
        said = a_clinical_document(a_result(value=4.0 + value), an_allergy(), a_vaccination())
        await desk.deposit(said, media_type="application/fhir+json")
    orders = set()
    for off in ((), *((plan,) for plan in PLANS), PLANS[1:3], PLANS[:3]):
        for plan in PLANS:
            await desk.connection.execute(f"SET LOCAL {plan} = {'off' if plan in off else 'on'}")
        for type_ in ("DocumentReference", "Observation"):
            answer = await desk.get(f"{type_}?patient={patient}&{asked}", patient)
            orders.add((type_, *ids_of(answer)))
    assert len(orders) == 2
