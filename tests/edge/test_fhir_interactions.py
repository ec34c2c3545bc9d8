"""The whole REST API of FHIR R4, as the technical caller of a demonstration may use it."""

import base64
from urllib.parse import quote

import pytest

from tests.edge.bench import PATIENT, Bench, an_observation, owner_of_name
from tests.edge.conversation import fault_of, ids_of


async def test_a_resource_is_created_read_changed_and_deleted_and_every_version_stays(bench: Bench) -> None:
    made = await bench.create(an_observation(await bench.create(PATIENT)))
    address = f"Observation/{made['id']}"
    changed = await bench.send("PUT", address, {**made, "status": "amended"}, if_match='W/"1"')
    assert (changed.status_code, changed.headers["etag"], changed.json()["status"]) == (200, 'W/"2"', "amended")
    assert (await bench.send("PUT", address, made, if_match='W/"1"')).status_code == 412
    assert (await bench.send("DELETE", address)).status_code == 204
    assert (await bench.send("DELETE", address)).status_code == 204
    assert (await bench.send("GET", address)).status_code == 410
    assert (await bench.send("GET", f"{address}/_history/1")).json()["status"] == "final"
    assert (await bench.send("GET", f"{address}/_history/3")).status_code == 410
    history = (await bench.send("GET", f"{address}/_history")).json()
    told = [(entry["request"]["method"], entry["response"]["etag"]) for entry in history["entry"]]
    assert told == [("DELETE", 'W/"3"'), ("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    assert history["total"] == 3
    assert (await bench.send("PUT", address, made)).json()["meta"]["versionId"] == "4"
    assert await bench.found(f"Observation?_id={made['id']}") == [made["id"]]


async def test_what_is_deleted_is_found_no_more(bench: Bench) -> None:
    made = await bench.create({**PATIENT, "identifier": [{"system": "urn:t", "value": "1"}]})
    assert await bench.found("Patient?identifier=urn:t|1") == [made["id"]]
    await bench.send("DELETE", f"Patient/{made['id']}")
    for query in ("identifier=urn:t|1", "family=dupont", "gender=female", f"_id={made['id']}", "_lastUpdated=ge2020"):
        assert await bench.found(f"Patient?{query}") == []


async def test_a_client_may_choose_the_id(bench: Bench) -> None:
    made = await bench.send(
        "PUT", "Practitioner/dr.house-1", {"resourceType": "Practitioner", "id": "dr.house-1", "name": [{"family": "House"}]}
    )
    assert (made.status_code, made.headers["location"].partition("/fhir/")[2]) == (201, "Practitioner/dr.house-1/_history/1")
    assert (await bench.send("GET", "Practitioner/dr.house-1")).json()["name"][0]["family"] == "House"
    assert (await bench.send("GET", "Patient/dr.house-1")).status_code == 404
    assert await bench.found("Practitioner?family=hou") == ["dr.house-1"]
    assert (await bench.send("GET", "Practitioner/dr.house-1/_history")).json()["entry"][0]["request"]["method"] == "PUT"
    assert (await bench.send("PUT", "Practitioner/other", {"resourceType": "Practitioner", "id": "dr.house-1"})).status_code == 400


async def test_what_arrives_before_its_patient_is_theirs_when_they_come(bench: Bench) -> None:
    early = await bench.create(an_observation({"id": "late"}))
    await bench.send("PUT", "Patient/late", {**PATIENT, "id": "late"})
    later = await bench.create(an_observation({"id": "late"}))
    assert set(await bench.found("Patient/late/Observation")) == {early["id"], later["id"]}
    everything = await bench.found("Patient/late/$everything")
    assert set(everything) == {early["id"], later["id"], "late"}


async def test_numbers_and_odd_letters_come_back_as_they_were_sent(bench: Bench) -> None:
    body = '{"resourceType":"Observation","status":"final","code":{"text":"é\\u2028𝄞"},"valueQuantity":{"value":1.00},'
    body += '"referenceRange":[{"low":{"value":1e2}}]}'
    made = await bench.send("POST", "Observation", body.encode())
    for text in (made.text, (await bench.send("GET", f"Observation/{made.json()['id']}")).text):
        assert '"value":1.00' in text
        assert '"value":1e2' in text
        assert "é\u2028𝄞" in text


async def test_xml_and_json_are_the_same_resource(bench: Bench) -> None:
    made = await bench.create(PATIENT)
    xml = await bench.send("GET", f"Patient/{made['id']}", accept="application/fhir+xml")
    assert xml.headers["content-type"].startswith("application/fhir+xml")
    again = await bench.send("PUT", f"Patient/{made['id']}", xml.content, content_type="application/fhir+xml")
    assert {**again.json(), "meta": None} == {**made, "meta": None}
    assert (await bench.send("GET", f"Patient/{made['id']}?_format=xml&_pretty=true")).text.count("\n") > 5
    wrong = await bench.send(
        "POST", "Patient", b'<Patient xmlns="http://hl7.org/fhir"><foo value="1"/></Patient>', content_type="application/fhir+xml"
    )
    assert (wrong.status_code, fault_of(wrong)) == (422, "Patient.foo")


async def test_every_fault_is_told_and_validation_stores_nothing(bench: Bench) -> None:
    wrong = {"resourceType": "Patient", "foo": 1, "birthDate": "2023-02-30", "gender": "x"}
    before = await bench.desk.stored()
    refused, judged = await bench.send("POST", "Patient", wrong), await bench.send("POST", "Patient/$validate", wrong)
    assert (refused.status_code, judged.status_code) == (422, 200)
    assert refused.json()["issue"] == judged.json()["issue"]
    assert [issue["expression"] for issue in judged.json()["issue"]] == [["Patient.foo"], ["Patient.birthDate"], ["Patient.gender"]]
    assert (await bench.send("POST", "Patient/$validate", PATIENT)).json()["issue"][0]["severity"] == "information"
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": wrong}]}
    assert len((await bench.send("POST", "Patient/$validate", wrapped)).json()["issue"]) == 3
    profiled = (await bench.send("POST", "Patient/$validate?profile=http://p.org/p", PATIENT)).json()["issue"]
    assert [(issue["severity"], issue["code"]) for issue in profiled] == [("warning", "not-supported")]
    xml = b'<Patient xmlns="http://hl7.org/fhir"><foo value="1"/></Patient>'
    read = await bench.send("POST", "Patient/$validate", xml, content_type="application/fhir+xml")
    assert (read.status_code, fault_of(read)) == (200, "Patient.foo")
    assert await bench.desk.stored() == before


async def test_patches_by_both_engines(bench: Bench) -> None:
    made = await bench.create(PATIENT)
    address = f"Patient/{made['id']}"
    operations = [{"op": "add", "path": "/birthDate", "value": "1980-01-01"}]
    assert (await bench.send("PATCH", address, operations, content_type="application/json-patch+json")).json()["birthDate"] == "1980-01-01"
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.birthDate"}]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    assert "birthDate" not in (await bench.send("PATCH", address, patch)).json()
    broken = [{"op": "add", "path": "/birthDate", "value": "soon"}]
    refused = await bench.send("PATCH", address, broken, content_type="application/json-patch+json")
    assert (refused.status_code, fault_of(refused)) == (422, "Patient.birthDate")
    assert (await bench.send("GET", address)).json()["meta"]["versionId"] == "3"
    assert (await bench.send("PATCH", "Patient/none", operations, content_type="application/json-patch+json")).status_code == 404


async def test_conditional_interactions(bench: Bench) -> None:
    known = {**PATIENT, "identifier": [{"system": "urn:t", "value": "c"}]}
    made = await bench.send("POST", "Patient", known, if_none_exist="identifier=urn:t|c")
    again = await bench.send("POST", "Patient", known, if_none_exist="identifier=urn:t|c")
    assert (made.status_code, again.status_code, again.json()["id"]) == (201, 200, made.json()["id"])
    changed = await bench.send("PUT", "Patient?identifier=urn:t|c", {**known, "active": True})
    assert (changed.status_code, changed.json()["id"], changed.headers["etag"]) == (200, made.json()["id"], 'W/"2"')
    created = await bench.send("PUT", "Patient?identifier=urn:t|d", {**PATIENT, "identifier": [{"system": "urn:t", "value": "d"}]})
    assert created.status_code == 201
    assert (await bench.send("PUT", "Patient?family=dupont", known)).status_code == 412
    assert (await bench.send("DELETE", "Patient?family=dupont")).status_code == 412
    operations = [{"op": "remove", "path": "/active"}]
    patched = await bench.send("PATCH", "Patient?identifier=urn:t|c", operations, content_type="application/json-patch+json")
    assert "active" not in patched.json()
    assert (await bench.send("DELETE", "Patient?identifier=urn:t|d")).status_code == 204
    assert await bench.found("Patient?identifier=urn:t|d") == []
    assert (await bench.send("POST", "Patient", known, if_none_exist="foo=1")).status_code == 400


async def test_what_the_client_has_already_is_not_sent_again(bench: Bench) -> None:
    made = await bench.create(PATIENT)
    address = f"Patient/{made['id']}"
    assert (await bench.send("GET", address, if_none_match='W/"1"')).status_code == 304
    assert (await bench.send("GET", address, if_none_match='W/"2"')).status_code == 200
    assert (await bench.send("GET", address, if_modified_since="Wed, 21 Oct 2037 07:28:00 GMT")).status_code == 304
    assert (await bench.send("GET", address, if_modified_since="Wed, 21 Oct 2015 07:28:00 GMT")).status_code == 200


async def test_a_write_answers_what_is_preferred(bench: Bench) -> None:
    assert (await bench.send("POST", "Patient", PATIENT, prefer="return=minimal")).content == b""
    assert (await bench.send("POST", "Patient", PATIENT, prefer="return=OperationOutcome")).json()["resourceType"] == "OperationOutcome"
    assert (await bench.send("POST", "Patient", PATIENT, prefer="return=representation")).json()["resourceType"] == "Patient"


async def test_what_is_stored_is_validated_without_being_sent(bench: Bench) -> None:
    made = await bench.create(PATIENT)
    for method in ("GET", "POST"):
        assert (await bench.send(method, f"Patient/{made['id']}/$validate")).json()["issue"][0]["severity"] == "information"
    assert (await bench.send("GET", "Patient/nobody/$validate")).status_code == 404


async def test_what_refers_from_another_record_comes_along_too(bench: Bench) -> None:
    mine, other = await bench.create(PATIENT), await bench.create(PATIENT)
    observation = await bench.create(an_observation(mine))
    report = await bench.create(an_observation(other, hasMember=[{"reference": f"Observation/{observation['id']}"}]))
    group = {"resourceType": "Group", "type": "person", "actual": True}
    group["member"] = [{"entity": {"reference": f"Patient/{one['id']}"}} for one in (mine, other)]
    both = await bench.create(group)
    assert await bench.found(f"Observation?_id={observation['id']}&_revinclude=Observation:has-member") == [observation["id"], report["id"]]
    for one in (mine, other):
        assert await bench.found(f"Patient?_id={one['id']}&_revinclude=Group:member") == [one["id"], both["id"]]


async def test_everything_is_asked_for_with_parameters_in_the_body_too(bench: Bench) -> None:
    patient = await bench.create(PATIENT)
    await bench.create(an_observation(patient))
    asked = [{"name": "_type", "valueString": "Patient"}, {"name": "_count", "valueInteger": 5}]
    answer = await bench.send("POST", f"Patient/{patient['id']}/$everything", {"resourceType": "Parameters", "parameter": asked})
    assert ids_of(answer) == [patient["id"]]
    assert (await bench.send("GET", f"Patient/{patient['id']}/$everything?_type=Patient")).json()["entry"] == answer.json()["entry"]


async def test_chains_and_inclusions(bench: Bench) -> None:
    one, other = await bench.create(PATIENT), await bench.create({**PATIENT, "name": [{"family": "Martin"}]})
    await bench.send(
        "PUT", "Practitioner/dr", {"resourceType": "Practitioner", "id": "dr", "identifier": [{"system": "urn:rpps", "value": "9"}]}
    )
    first = await bench.create(an_observation(one, performer=[{"reference": "Practitioner/dr"}]))
    second = await bench.create(an_observation(other, 7000))
    chained = {
        "subject:Patient.family=dupont": [first],
        "patient.family=MART": [second],
        "performer:Practitioner.identifier=urn:rpps|9": [first],
        "subject.family=nobody": [],
        "_has:Provenance:target:agent=x": [],
    }
    for query, expected in chained.items():
        assert await bench.found(f"Observation?{query}") == [each["id"] for each in expected], query
    assert set(await bench.found("Patient?_has:Observation:patient:code=8867-4")) == {one["id"], other["id"]}
    assert await bench.found("Practitioner?_has:Observation:performer:subject:Patient.family=dup") == ["dr"]
    answer = (await bench.send("GET", f"Observation?_id={first['id']}&_include=Observation:subject&_include=Observation:performer")).json()
    assert [(entry["search"]["mode"], entry["resource"]["resourceType"]) for entry in answer["entry"]] == [
        ("match", "Observation"),
        ("include", "Patient"),
        ("include", "Practitioner"),
    ]
    assert answer["total"] == 1
    back = await bench.found(f"Patient?_id={one['id']}&_revinclude=Observation:subject&_include:iterate=Observation:performer")
    assert set(back) == {one["id"], first["id"], "dr"}
    assert set(await bench.found(f"Observation?_id={first['id']}&_include=*")) == {one["id"], first["id"], "dr"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('subject.name co "pont" and value-quantity gt 6', 1),
        ("subject.gender eq female", 2),
        ("subject.gender eq male", 0),
        ("not (subject.gender eq female)", 0),
        ("_id eq {0} or _id eq {1}", 2),
        ("_id ne {0}", 1),
        ("code in http://nowhere", None),
        ("date po 2024-03", 2),
        ("date po 2024-04", 0),
        ("code eq http://loinc.org|8867-4 and not (value-quantity lt 6)", 1),
        ("code co x", None),
        ("foo eq x", None),
        ("subject.foo eq x", None),
        ("status.name eq x", None),
        ("status pr maybe", None),
        ("date po never", None),
    ],
)
async def test_a_filter_combines_comparisons(bench: Bench, text: str, count: int | None) -> None:
    patient = await bench.create(PATIENT)
    made = [await bench.create(an_observation(patient, value)) for value in (5, 7)]
    asked = text.format(*(one["id"] for one in made))
    answer = await bench.send("GET", f"Observation?_filter={quote(asked)}&patient={patient['id']}")
    assert answer.status_code == (200 if count is not None else 400), answer.text
    assert count is None or answer.json()["total"] == count


async def test_the_shape_of_an_answer(bench: Bench) -> None:
    made = await bench.create({**PATIENT, "birthDate": "1980-01-01", "communication": [{"language": {"text": "fr"}}]})
    await bench.create(PATIENT)
    counted = (await bench.send("GET", "Patient?_summary=count")).json()
    assert (counted["total"], "entry" in counted) == (2, False)
    part = (await bench.send("GET", f"Patient?_id={made['id']}&_elements=birthDate")).json()["entry"][0]["resource"]
    assert set(part) == {"resourceType", "id", "meta", "birthDate"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "communication" not in (await bench.send("GET", f"Patient/{made['id']}?_summary=true")).json()
    assert "total" not in (await bench.send("GET", "Patient?_total=none&_count=1")).json()
    page = (await bench.send("GET", "Patient?_count=1")).json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    rest = (await bench.send("GET", following.partition("/fhir/")[2])).json()
    assert {page["entry"][0]["resource"]["id"], rest["entry"][0]["resource"]["id"]} == {made["id"], *await bench.found("Patient")}
    assert [link["relation"] for link in rest["link"]] == ["self"]
    lenient = (await bench.send("GET", "Patient?foo=1", prefer="handling=lenient")).json()
    assert [entry["search"]["mode"] for entry in lenient["entry"]] == ["match", "match", "outcome"]
    assert "foo" not in lenient["link"][0]["url"]
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert len(ids_of(await bench.send("POST", "Patient/_search", b"family=dupont", **form))) == 2
    assert (await bench.send("GET", "?_type=Patient,Practitioner&_count=1")).json()["total"] == 2


ALPHA, BETA = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"


async def test_bytes_may_be_sent_and_read_as_they_are(bench: Bench) -> None:
    made = await bench.send("POST", "Binary", b"%PDF-1.4 abc", content_type="application/pdf")
    assert (made.status_code, base64.b64decode(made.json()["data"])) == (201, b"%PDF-1.4 abc")
    address = f"Binary/{made.json()['id']}"
    native = await bench.send("GET", address, accept="application/pdf")
    assert (native.content, native.headers["content-type"]) == (b"%PDF-1.4 abc", "application/pdf")
    assert (await bench.send("GET", address, accept="application/fhir+json")).json()["contentType"] == "application/pdf"


async def test_terminology_operations(bench: Bench) -> None:
    genders = "http://hl7.org/fhir/ValueSet/administrative-gender"
    expanded = (await bench.send("GET", f"ValueSet/$expand?url={genders}&filter=male&count=1")).json()["expansion"]
    assert (expanded["total"], len(expanded["contains"])) == (2, 1)
    looked = (await bench.send("GET", "CodeSystem/$lookup?system=http://loinc.org&code=11502-2")).json()
    assert looked["parameter"][1]["valueString"]
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "url", "valueUri": genders},
            {"name": "coding", "valueCoding": {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}},
        ],
    }
    assert (await bench.send("POST", "ValueSet/$validate-code", body)).json()["parameter"][0]["valueBoolean"] is True
    assert (await bench.send("GET", "ValueSet/$expand?url=urn:nothing")).status_code == 404
    assert (await bench.send("GET", "ValueSet/$expand")).status_code == 400


async def test_convert_and_meta(bench: Bench) -> None:
    converted = await bench.send("POST", "$convert?_format=xml", PATIENT)
    assert "<Patient" in converted.text
    made = await bench.create({**PATIENT, "meta": {"tag": [{"code": "t"}]}})
    told = (await bench.send("GET", f"Patient/{made['id']}/$meta")).json()["parameter"][0]["valueMeta"]
    assert (told["tag"], told["versionId"]) == ([{"code": "t"}], "1")


async def test_each_citizen_whose_data_were_shown_has_a_line_of_their_own(bench: Bench) -> None:
    one, other = await bench.create(PATIENT), await bench.create(PATIENT)
    before = len(await bench.desk.lines())
    await bench.found("Patient?family=dupont")
    lines = (await bench.desk.lines())[before:]
    assert lines == [("resource:search", "done", "technical")] * 2
    owners = [row["owner"] for row in await bench.desk.connection.fetch("SELECT owner FROM audit ORDER BY writer, seq")][-2:]
    assert set(owners) == {owner_of_name(one["id"]), owner_of_name(other["id"])}


async def test_the_capability_statement_names_what_is_there(bench: Bench) -> None:
    from healthspace.edge.fhir import interactions
    from healthspace.edge.fhir.metadata import INTERACTIONS, OPERATIONS, OPERATIONS_OF_ALL, SYSTEM_INTERACTIONS, SYSTEM_OPERATIONS

    routes = {(one.method, one.path) for one in interactions()}
    where = {
        "read": ("GET", "/{type}/{id}"),
        "vread": ("GET", "/{type}/{id}/_history/{version}"),
        "update": ("PUT", "/{type}/{id}"),
        "patch": ("PATCH", "/{type}/{id}"),
        "delete": ("DELETE", "/{type}/{id}"),
        "history-instance": ("GET", "/{type}/{id}/_history"),
        "history-type": ("GET", "/{type}/_history"),
        "create": ("POST", "/{type}"),
        "search-type": ("GET", "/{type}"),
        "transaction": ("POST", "/"),
        "batch": ("POST", "/"),
        "search-system": ("GET", "/"),
        "history-system": ("GET", "/_history"),
    }
    assert {*INTERACTIONS, *SYSTEM_INTERACTIONS} == set(where)
    assert set(where.values()) <= routes
    operations = {path.rpartition("$")[2] for _, path in routes if "$" in path}
    told = {*OPERATIONS_OF_ALL, *SYSTEM_OPERATIONS, *(name for named in OPERATIONS.values() for name in named)}
    assert operations == told
    statement = (await bench.send("GET", "metadata")).json()
    assert len(statement["rest"][0]["resource"]) == 146


async def test_the_technical_caller_writes_larger_resources_than_anyone_else(bench: Bench) -> None:
    large = b'{"resourceType":"Basic","code":{"text":"' + b"a" * (17 << 20) + b'"}}'
    assert len(large) > bench.desk.service.settings.body_limit
    refused = await bench.send("POST", "Basic/$validate", large)
    assert (refused.status_code, fault_of(refused)) == (413, "http.Content-Length")
    limit = str((40 << 20) + 1)
    refused = await bench.send("POST", "Basic", b"{}", content_length=limit)
    assert (refused.status_code, fault_of(refused)) == (413, "http.Content-Length")
    # R4 datatypes.html#string: one string has 1 MiB at most, so the size is made of many.
    entries = b",".join([b'{"resource":{"resourceType":"Basic","code":{"text":"' + b"a" * 1_000_000 + b'"}}}'] * 17)
    taken = await bench.send("POST", "Bundle", b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}")
    assert taken.status_code == 201, taken.text[:500]
