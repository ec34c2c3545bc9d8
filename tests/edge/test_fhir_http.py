"""Headers and forms of the REST API (R4 http.html), as independent clients try them."""

import gzip
from typing import Any
from uuid import uuid4

import pytest

from healthspace.fhir.validate import validate
from tests.edge.bench import PATIENT, Bench, an_observation
from tests.edge.conversation import fault_of

EXACT = (
    b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00},"component":['
    b'{"code":{"text":"y"},"valueQuantity":{"value":100000000000000000.10}},{"code":{"text":"z"},"valueQuantity":{"value":-1E2}}]}'
)
URN = "urn:uuid:8d1b7a6e-2f4b-4d3c-9b0e-0c1d2e3f4a5b"


async def test_an_update_that_is_to_create_only_finds_nothing_there(bench: Bench) -> None:
    address, resource = "Patient/only-new", {**PATIENT, "id": "only-new"}
    assert (await bench.send("PUT", address, resource, if_none_match="*")).status_code == 201
    refused = await bench.send("PUT", address, resource, if_none_match="*")
    assert (refused.status_code, fault_of(refused)) == (412, "http.If-None-Match")
    entry = {"resource": resource, "request": {"method": "PUT", "url": address, "ifNoneMatch": "*"}}
    together = await bench.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert together.status_code == 412
    assert (await bench.send("GET", address)).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "Patient/x", "DELETE, GET, HEAD, PATCH, PUT"),
        ("DELETE", "metadata", "GET, HEAD"),
        ("OPTIONS", "Patient", "DELETE, GET, HEAD, PATCH, POST, PUT"),
    ],
)
async def test_what_cannot_be_done_at_an_address_is_answered_with_what_can(bench: Bench, method: str, path: str, allowed: str) -> None:
    refused = await bench.send(method, path, {} if method == "POST" else None)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("application/fhir+json; fhirVersion=3.0", 406),
        ('application/fhir+xml; fhirVersion="5.0", application/fhir+json; fhirVersion=4.0', 200),
        ("text/turtle", 406),
        ("text/html; charset=latin-1, */*; q=0.1", 200),
    ],
)
async def test_only_fhir_4_in_json_and_xml_is_answered(bench: Bench, accept: str, status: int) -> None:
    made = await bench.create(PATIENT)
    assert (await bench.send("GET", f"Patient/{made['id']}", accept=accept)).status_code == status


@pytest.mark.parametrize("content_type", ["application/fhir+json; fhirVersion=3.0", "application/fhir+json; charset=latin-1", "text/plain"])
async def test_only_fhir_4_in_utf_8_is_stored(bench: Bench, content_type: str) -> None:
    refused = await bench.send("POST", "Patient", PATIENT, content_type=content_type)
    assert (refused.status_code, fault_of(refused)) == (415, "http.Content-Type")


@pytest.mark.parametrize("part", ["_elements=value,component", "_summary=true", "_summary=data"])
async def test_a_part_of_a_resource_keeps_its_numbers_as_they_were_written(bench: Bench, part: str) -> None:
    made = (await bench.send("POST", "Observation", EXACT)).json()
    for path in (f"Observation/{made['id']}?{part}", f"Observation?_id={made['id']}&{part}"):
        text = (await bench.send("GET", path)).text
        assert all(number in text for number in ("1.00}", "100000000000000000.10}", "-1E2}", "SUBSETTED"))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("Patient/x?_summary=some", "http._summary"),
        ("Patient?name=%00", "http.query"),
        ("Patient?name=a%1Fb", "http.query"),
        ("?_type=Foo", "http._type"),
        ("_history?_sort=_lastUpdated", "http._sort"),
    ],
)
async def test_what_cannot_be_meant_is_said_to_be_so(bench: Bench, path: str, place: str) -> None:
    await bench.send("PUT", "Patient/x", {**PATIENT, "id": "x"})
    refused = await bench.send("GET", path)
    assert (refused.status_code, fault_of(refused)) == (400, place)


async def test_links_of_narratives_lead_to_other_entries_too(bench: Bench) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{URN}">a</a> {URN} <a href="urn:uuid:{uuid4()}">b</a></div>'
    told: dict[str, Any] = {**PATIENT, "text": {"status": "generated", "div": div}}
    entries = [
        {"fullUrl": URN, "resource": {"resourceType": "Practitioner"}, "request": {"method": "POST", "url": "Practitioner"}},
        {"resource": told, "request": {"method": "POST", "url": "Patient"}},
    ]
    answer = await bench.send(
        "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}, prefer="return=representation"
    )
    practitioner, patient = (entry["resource"] for entry in answer.json()["entry"])
    assert patient["text"]["div"] == div.replace(f'"{URN}"', f'"Practitioner/{practitioner["id"]}"')


async def test_an_entry_of_a_batch_tells_when_it_was_changed(bench: Bench) -> None:
    made = await bench.create(PATIENT)
    requests = [{"request": {"method": method, "url": f"Patient/{made['id']}"}} for method in ("GET", "HEAD")]
    read, looked = (await bench.send("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": requests})).json()["entry"]
    assert read["response"]["lastModified"] == looked["response"]["lastModified"]
    assert read["resource"]["id"] == made["id"]
    assert "resource" not in looked


async def test_bytes_without_a_type_are_read_as_a_resource_unless_asked_for(bench: Bench) -> None:
    made = await bench.create({"resourceType": "Binary", "_contentType": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}})
    assert (await bench.send("GET", f"Binary/{made['id']}", accept="*/*")).json() == made


async def test_the_whole_system_is_searched_by_what_all_types_have(bench: Bench) -> None:
    tag = {"meta": {"tag": [{"system": "urn:t", "code": "all"}]}}
    patient = await bench.create({**PATIENT, **tag})
    others = [{**an_observation(patient, number), **tag} for number in range(5)] + [{"resourceType": "Practitioner", **tag}] * 2
    made = {patient["id"], *[(await bench.create(one))["id"] for one in others]}
    for shape in ("", "&_total=none", "&_elements=id"):
        for count in (1, 2, 3, 8):
            found: list[str] = []
            path = f"?_tag=urn:t|all&_count={count}{shape}"
            while path:
                page = (await bench.send("GET", path)).json()
                found += [entry["resource"]["id"] for entry in page.get("entry", [])]
                assert page.get("total", 8) == 8
                following = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
                path = following.partition("/fhir")[2]
            assert sorted(found) == sorted(made)
    counted = (await bench.send("GET", "?_tag=urn:t|all&_summary=count")).json()
    assert (counted["total"], "entry" in counted, len(counted["link"])) == (8, False, 1)
    part = (await bench.send("GET", "?_tag=urn:t|all&_elements=status")).json()["entry"][0]["resource"]
    assert part["meta"]["tag"][-1]["code"] == "SUBSETTED"
    lenient = (await bench.send("GET", "?_tag=urn:t|all&foo=1", prefer="handling=lenient")).json()
    assert validate(lenient) == []
    assert all("fullUrl" in entry for entry in lenient["entry"])
    assert lenient["entry"][-1]["search"]["mode"] == "outcome"
    for refused in ("", "?_count=3", "?_tag=urn:t|all&foo=1", "?_type=Foo&_id=x"):
        assert (await bench.send("GET", refused)).status_code == 400


async def test_all_of_a_compartment_is_searched_at_once(bench: Bench) -> None:
    patient, other = await bench.create(PATIENT), await bench.create(PATIENT)
    mine = [
        patient,
        await bench.create(an_observation(patient)),
        await bench.create({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": f"Patient/{patient['id']}"}}),
    ]
    await bench.create(an_observation(other))
    path = f"Patient/{patient['id']}/*"
    assert sorted(await bench.found(path)) == sorted(one["id"] for one in mine)
    assert await bench.found(f"{path}?_type=Basic") == [mine[2]["id"]]
    assert await bench.found("Patient/nobody/*") == []


async def test_what_is_answered_is_valid_itself(bench: Bench) -> None:
    made = await bench.create(PATIENT)
    entries = [{"request": {"method": method, "url": f"Patient/{made['id']}"}} for method in ("GET", "DELETE")]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    told = [await bench.send("POST", "", {**bundle, "type": kind}) for kind in ("batch", "transaction")]
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
    paths = [
        "metadata",
        "Patient?_total=none",
        f"Patient/{made['id']}/_history",
        "_history?_count=3",
        "Patient?foo=1",
        f"ValueSet/$expand?url={gender}",
    ]
    told += [await bench.send("GET", path) for path in paths]
    assert [validate(answer.json()) for answer in told] == [[]] * len(told)


async def test_a_body_that_is_coded_is_refused(bench: Bench) -> None:
    refused = await bench.send("POST", "Patient", gzip.compress(b'{"resourceType":"Patient"}'), content_encoding="gzip")
    assert (refused.status_code, fault_of(refused)) == (415, "http.Content-Encoding")


@pytest.mark.parametrize("path", ["Patient/p/_history", "Patient/_history", "_history"])
async def test_a_history_shows_the_versions_that_were_current_in_a_period(bench: Bench, path: str) -> None:
    moments: list[str] = []
    for active in (True, False, True):
        made = await bench.send("PUT", "Patient/p", {**PATIENT, "id": "p", "active": active})
        moments.append(made.json()["meta"]["lastUpdated"])
    assert (await bench.send("DELETE", "Patient/p")).status_code == 204

    async def shown(period: str) -> list[str]:
        page = (await bench.send("GET", f"{path}?_at={period}")).json()
        told = [entry for entry in page.get("entry", []) if entry["fullUrl"].endswith("/Patient/p")]
        assert path == "_history" or page["total"] == len(told)
        return [entry["response"]["etag"] for entry in told]

    assert [await shown(moment) for moment in moments] == [['W/"1"'], ['W/"2"'], ['W/"3"']]
    assert await shown(moments[0][:4]) == ['W/"4"', 'W/"3"', 'W/"2"', 'W/"1"']
    assert await shown("2999") == ['W/"4"']
    assert await shown("1999-05") == []
    assert (await bench.send("GET", f"{path}?_at=then")).status_code == 400


async def test_a_version_is_expected_by_conditional_writes_and_in_transactions_too(bench: Bench) -> None:
    named = {**PATIENT, "id": "named", "identifier": [{"system": "urn:t", "value": "v"}]}
    await bench.send("PUT", "Patient/named", named)
    entry = {"request": {"method": "DELETE", "url": "Patient/named", "ifMatch": 'W/"2"'}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    nobody = {**PATIENT, "identifier": [{"system": "urn:t", "value": "nobody"}]}
    refused = [
        await bench.send("DELETE", "Patient?identifier=urn:t|v", if_match='W/"2"'),
        await bench.send("PUT", "Patient?identifier=urn:t|v", named, if_match='W/"2"'),
        await bench.send("PUT", "Patient?identifier=urn:t|nobody", nobody, if_match='W/"2"'),
        await bench.send("POST", "", bundle),
    ]
    assert [answer.status_code for answer in refused] == [412] * 4
    assert (await bench.send("GET", "Patient/named")).headers["etag"] == 'W/"1"'
    assert await bench.found("Patient?identifier=urn:t|nobody") == []
    assert (await bench.send("DELETE", "Patient?identifier=urn:t|v", if_match='W/"1"')).status_code == 204
