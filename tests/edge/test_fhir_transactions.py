"""Batches and transactions: their entries refer to each other, and happen together or one by one."""

from typing import Any

import pytest

from tests.edge.bench import PATIENT, Bench, an_observation, owner_of_name
from tests.edge.conversation import fault_of

ALPHA, BETA = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"


def a_transaction(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def an_entry(method: str, url: str, resource: dict[str, Any] | None = None, name: str | None = None, **request: str) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    return {**made, **({"resource": resource} if resource else {}), **({"fullUrl": name} if name else {})}


async def test_entries_of_a_transaction_refer_to_each_other_in_any_order(bench: Bench) -> None:
    old = await bench.create(an_observation(await bench.create(PATIENT)))
    await bench.send(
        "PUT", "Practitioner/dr", {"resourceType": "Practitioner", "id": "dr", "identifier": [{"system": "urn:rpps", "value": "9"}]}
    )
    visit = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": ALPHA}}
    visit["participant"] = [{"individual": {"reference": "Practitioner?identifier=urn:rpps|9"}}]
    answer = await bench.send(
        "POST",
        "",
        a_transaction(
            an_entry("GET", "Patient?family=trans"),
            an_entry("POST", "Observation", an_observation({"id": "x"}, subject={"reference": ALPHA}, encounter={"reference": BETA})),
            an_entry("POST", "Encounter", visit, BETA),
            an_entry("POST", "Patient", {**PATIENT, "name": [{"family": "Trans"}]}, ALPHA),
            an_entry("DELETE", f"Observation/{old['id']}"),
            an_entry("PUT", "Organization/o1", {"resourceType": "Organization", "id": "o1", "name": "CH"}),
        ),
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()["entry"]
    assert [entry["response"]["status"][:3] for entry in told] == ["200", "201", "201", "201", "204", "201"]
    assert told[0]["resource"]["total"] == 1
    made = (await bench.send("GET", told[1]["response"]["location"].partition("/fhir/")[2])).json()
    patient, encounter = (told[place]["response"]["location"].split("/fhir/")[1].split("/_history")[0] for place in (3, 2))
    assert (made["subject"]["reference"], made["encounter"]["reference"]) == (patient, encounter)
    kept = (await bench.send("GET", encounter)).json()
    assert kept["participant"][0]["individual"]["reference"] == "Practitioner/dr"
    assert owner_of_name(made["id"]) == owner_of_name(patient.partition("/")[2])


async def test_a_transaction_is_all_or_nothing(bench: Bench) -> None:
    one, other = await bench.create(PATIENT), await bench.create(PATIENT)
    before = await bench.desk.stored()
    good = [an_entry("POST", "Observation", an_observation(each)) for each in (one, other)]
    for bad in (
        an_entry("PATCH", "Patient/none", {"resourceType": "Parameters"}),
        an_entry("PUT", f"Patient/{one['id']}", {**PATIENT, "id": one["id"]}, ifMatch='W/"7"'),
        an_entry("POST", "Observation", an_observation(one, subject={"reference": "Patient?identifier=none|none"})),
        an_entry("DELETE", "Patient?family=dupont"),
    ):
        refused = await bench.send("POST", "", a_transaction(*good, bad))
        assert refused.status_code in {404, 412}, refused.text
        assert fault_of(refused).startswith("Bundle.entry[2]")
        assert await bench.desk.stored() == before
    assert (await bench.send("POST", "", a_transaction(*good))).status_code == 200


@pytest.mark.parametrize(
    "entries",
    [
        [an_entry("POST", "Patient", {**PATIENT, "foo": 1})],
        [an_entry("POST", "Observation", PATIENT)],
        [an_entry("PUT", "Patient", PATIENT)],
        [an_entry("PUT", "Patient/a", {**PATIENT, "id": "a"}), an_entry("DELETE", "Patient/a")],
        [an_entry("POST", "Patient", PATIENT, ALPHA), an_entry("POST", "Patient", PATIENT, ALPHA)],
        [{"resource": PATIENT}],
        [an_entry("POST", "Nothing", PATIENT)],
    ],
)
async def test_a_transaction_that_says_nothing_clear_is_refused(bench: Bench, entries: list[dict[str, Any]]) -> None:
    before = await bench.desk.stored()
    refused = await bench.send("POST", "", a_transaction(*entries))
    assert refused.status_code in {400, 422}
    assert fault_of(refused).startswith("Bundle.entry")
    assert await bench.desk.stored() == before


async def test_entries_of_a_batch_stand_alone(bench: Bench) -> None:
    made = await bench.create(PATIENT)
    answer = await bench.send(
        "POST",
        "",
        a_transaction(
            an_entry("GET", f"Patient/{made['id']}"),
            an_entry("GET", "Patient/none"),
            an_entry("POST", "Patient", {**PATIENT, "foo": 1}),
            an_entry("POST", "Patient", PATIENT),
            an_entry("DELETE", f"Patient/{made['id']}"),
            kind="batch",
        ),
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()["entry"]
    assert [entry["response"]["status"][:3] for entry in told] == ["200", "404", "422", "201", "204"]
    assert told[2]["response"]["outcome"]["issue"][0]["expression"] == ["Patient.foo"]


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "Patient/nobody", 404),
        ("HEAD", "Patient/nobody", 404),
        ("GET", "Patient/gone", 410),
        ("GET", "Patient?foo=1", 400),
        ("GET", "Patient/mine", 200),
        ("GET", "Patient?_id=mine", 200),
        ("GET", "metadata", 200),
    ],
)
async def test_a_reading_that_fails_undoes_a_transaction(bench: Bench, method: str, address: str, status: int) -> None:
    await bench.send("PUT", "Patient/gone", {**PATIENT, "id": "gone"})
    entries = [
        {"request": {"method": method, "url": address}},
        {"resource": {**PATIENT, "id": "mine"}, "request": {"method": "PUT", "url": "Patient/mine"}},
        {"request": {"method": "DELETE", "url": "Patient/gone"}},
    ]
    answer = await bench.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == status, answer.text
    assert (await bench.send("GET", "Patient/mine")).status_code == (200 if status == 200 else 404)
    if status == 200:
        assert answer.json()["entry"][0]["response"]["status"] == "200 OK"
    else:
        assert fault_of(answer) == "Bundle.entry[0]"


async def test_a_conditional_reference_may_mean_what_the_transaction_creates(bench: Bench) -> None:
    condition = "identifier=urn:rpps|77"
    reference = {"reference": f"Practitioner?{condition.replace('|', '%7C')}"}
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:rpps", "value": "77"}]}
    visits = [an_observation({"id": "x"}, subject={"reference": ALPHA}, performer=[reference]) for _ in range(2)]
    bundle = a_transaction(
        an_entry("POST", "Observation", visits[0]),
        an_entry("POST", "Practitioner", doctor, ifNoneExist=condition),
        an_entry("POST", "Patient", PATIENT, ALPHA),
        an_entry("POST", "Observation", visits[1]),
    )
    performers = set()
    for _ in range(2):
        answer = await bench.send("POST", "", bundle, prefer="return=representation")
        assert answer.status_code == 200, answer.text
        told = [entry["resource"] for entry in answer.json()["entry"]]
        performers |= {one["performer"][0]["reference"] for one in told if one["resourceType"] == "Observation"}
        assert performers == {f"Practitioner/{told[1]['id']}"}
