"""`Patient/$summary` over HTTP: who gets what, by which name, in which language and form; and its line of the trail."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.identity.personas import Role
from tests.clinical_documents import a_clinical_document
from tests.clinical_documents import an_allergy as said_allergy
from tests.documents import a_reference
from tests.edge.bench import Bench
from tests.edge.conversation import Desk, fault_of
from tests.edge.test_carers import answers, invited
from tests.edge.test_controls import Person
from tests.edge.test_fhir_resource_access import MASKED, NOT_YET
from tests.harness import a_citizen, authorised, some_traits, treated
from tests.ips_checker import check

CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


class Holder:
    """A citizen with three allergies: a plain one, a masked one, one that is not announced yet; and a result with its decimals."""

    def __init__(self, desk: Desk, patient: UUID) -> None:
        self.desk, self.patient = desk, patient

    async def asks(self, who: Role | UUID | None, query: str = "", **headers: str) -> httpx.Response:
        return await self.desk.get(f"Patient/{self.patient}/$summary{query}", who, **headers)

    async def sees(self, who: Role | UUID) -> set[str]:
        """The names of the allergies that `who` is told of."""
        answer = await self.asks(who)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        assert check(bundle, "1.1.0") == check(bundle, "2.0.1") == []
        allergies = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "AllergyIntolerance"]
        return {one["code"].get("text", one["code"].get("coding", [{}])[0].get("code")) for one in allergies}


def an_allergy(patient: UUID, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "code": {"text": name},
        "patient": {"reference": f"Patient/{patient}"},
        **changes,
    }


@pytest.fixture
async def holder(desk: Desk) -> Holder:
    patient, bench = await a_citizen(desk.service), Bench(desk)
    person = await bench.create({"resourceType": "Practitioner", "name": [{"family": "House"}]})
    await bench.create(an_allergy(patient, "Arachide", recorder={"reference": f"Practitioner/{person['id']}"}))
    await bench.create(an_allergy(patient, "Latex", **MASKED))
    await bench.create(an_allergy(patient, "Pollen", **NOT_YET))
    # Written by hand: its last zero must come out again.
    body = (
        '{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2345-7"}]},'
        '"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],'
        f'"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"2024-03-05","performer":[{{"display":"Laboratoire du Port"}}],'
        '"valueQuantity":{"value":5.40,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}'
    )
    assert (await bench.send("POST", "Observation", body.encode())).status_code == 201
    return Holder(desk, patient)


async def test_each_sees_the_summary_of_what_a_search_would_show_them(holder: Holder) -> None:
    await authorised(holder.desk.service, holder.patient, Role.SPECIALIST)
    await treated(holder.desk.service, holder.patient)
    assert await holder.sees(holder.patient) == {"Arachide", "Latex"}
    assert await holder.sees(Role.SPECIALIST) == {"Arachide", "Pollen"}
    assert await holder.sees(Role.TREATING_DOCTOR) == {"Arachide", "Latex", "Pollen"}
    assert await holder.sees(Role.SYSTEM) == {"Arachide", "Latex", "Pollen"}


async def test_nothing_is_told_of_documents_that_the_profession_may_not_read(holder: Holder) -> None:
    desk, patient = holder.desk, holder.patient
    for type_code in ("60591-5", "57833-6"):  # a medical summary; a prescription, which the matrix keeps from this profession
        content = a_clinical_document(said_allergy(code={"text": type_code}), type_code=type_code)
        sent = a_reference(content, media_type="application/fhir+json")
        assert (await desk.post("DocumentReference", Role.HOSPITAL, sent)).status_code == 201
    for role in (Role.PHYSIOTHERAPIST, Role.SPECIALIST):
        await authorised(desk.service, patient, role)
    for who in (Role.PHYSIOTHERAPIST, Role.SPECIALIST, patient):
        found = await desk.get(f"AllergyIntolerance?patient={patient}", who)
        searched = {entry["resource"]["code"].get("text") for entry in found.json()["entry"]}
        assert await holder.sees(who) == searched, who
        assert ("57833-6" in searched) is (who != Role.PHYSIOTHERAPIST)


async def test_a_label_hides_in_either_of_its_spellings(desk: Desk) -> None:
    child, parent = await a_citizen(desk.service, birth_date="2014-03-05"), await a_citizen(desk.service, 2)
    assert (await answers(desk, await invited(Person(desk, child, ""), 2, relationship="PRN"), parent)).status_code == 200
    for code in ("INVISIBLE_REPRESENTANTS_LEGAUX", "INVISIBLE_REP_LEGAUX"):
        security = [{"system": "urn:oid:1.2.250.1.213.1.1.4.13", "code": code}]
        await Bench(desk).create(an_allergy(child, code, meta={"security": security}))
    await Bench(desk).create(an_allergy(child, "Arachide"))
    assert await Holder(desk, child).sees(parent) == {"Arachide"}
    assert len(await Holder(desk, child).sees(child)) == 3


async def test_who_may_not_read_the_record_is_told_the_same_as_of_nobody(holder: Holder) -> None:
    stranger = await a_citizen(holder.desk.service, 2)
    nobody = await holder.desk.get("Patient/00000000-0000-8000-8000-000000000000/$summary", Role.PHARMACIST)
    for who in (Role.PHARMACIST, Role.LABORATORY, stranger):
        refused = await holder.asks(who)
        assert (refused.status_code, refused.json()) == (nobody.status_code, nobody.json()), who
    assert (await holder.asks(None)).status_code == 401


async def test_a_summary_is_asked_for_by_identity_when_the_id_is_not_known(holder: Holder) -> None:
    ins = some_traits().ins
    found = await holder.desk.get(f"Patient/$summary?identifier=urn:oid:{ins.system}|{ins.value}", holder.patient)
    assert found.status_code == 200
    assert check(found.json(), "2.0.1") == []
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "identifier", "valueString": f"urn:oid:{ins.system}|{ins.value}"}]}
    assert (await holder.desk.post("Patient/$summary", holder.patient, parameters)).status_code == 200
    unknown = await holder.desk.get(f"Patient/$summary?identifier=urn:oid:{ins.system}|279035199999962", Role.PHARMACIST)
    refused = await holder.desk.get(f"Patient/$summary?identifier=urn:oid:{ins.system}|{ins.value}", Role.PHARMACIST)
    assert (unknown.status_code, unknown.json()) == (refused.status_code, refused.json())
    assert unknown.status_code == 404


async def test_the_operation_answers_to_post_and_in_xml(holder: Holder) -> None:
    posted = await holder.desk.post(f"Patient/{holder.patient}/$summary", holder.patient, b"")
    assert posted.status_code == 200
    xml = await holder.asks(holder.patient, "?_format=xml")
    assert xml.text.count("<AllergyIntolerance") == 2


async def test_the_language_is_what_the_reader_prefers_and_french_without(holder: Holder) -> None:
    for accepted, language, title in (
        ("en-GB,fr;q=0.5", "en", "International Patient Summary"),
        ("de,en;q=0.2,fr;q=0.9", "fr", "Résumé patient international"),
        ("", "fr", "Résumé patient international"),
        ("en;q=0", "fr", "Résumé patient international"),
    ):
        answer = await holder.asks(holder.patient, **{"accept-language": accepted})
        assert answer.headers["content-language"] == language
        assert answer.json()["entry"][0]["resource"]["title"] == title


async def test_decimals_are_told_as_they_were_written(holder: Holder) -> None:
    answer = await holder.asks(holder.patient)
    assert '"value":5.40,' in answer.text
    assert "5,40 mmol/L" in answer.text


async def test_a_professional_of_the_directory_comes_along(holder: Holder) -> None:
    entries = (await holder.asks(holder.patient)).json()["entry"]
    assert any(entry["resource"].get("name") == [{"family": "House"}] for entry in entries)


@pytest.mark.parametrize(
    ("query", "status", "place"),
    [
        ("?profile=http://example.org/other", 422, "http.profile"),
        ("?profile=http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips|2.0.1", 200, ""),
        ("?_since=2020-01-01", 400, "http._since"),
    ],
)
async def test_what_is_not_an_ips_is_not_made(holder: Holder, query: str, status: int, place: str) -> None:
    answer = await holder.asks(holder.patient, query)
    assert answer.status_code == status
    assert not place or fault_of(answer) == place


async def test_a_summary_leaves_one_line_of_the_trail(holder: Holder) -> None:
    before = len(await holder.desk.lines())
    await holder.asks(holder.patient)
    assert (await holder.desk.lines())[before:] == [("resource:search", "done", "own-record")]


async def test_the_statement_of_what_is_there_names_the_operation(holder: Holder) -> None:
    stated = (await holder.desk.get("metadata", None)).json()["rest"][0]["resource"]
    patient = next(one for one in stated if one["type"] == "Patient")
    assert {"name": "summary", "definition": "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"} in patient["operation"]
