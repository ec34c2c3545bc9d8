"""Care that a minor keeps from who represents them (R1111-50): a secret connection carries it, and nothing tells the representatives."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from healthspace.base import clock
from healthspace.base.errors import Invalid
from healthspace.base.ids import new_id, owner_of
from healthspace.edge.portal.session import CONFIDENTIAL, SESSION
from healthspace.identity.caller import SERVICE
from healthspace.identity.personas import Role
from healthspace.identity.tokens import SECRET
from healthspace.record.life import announce_space
from tests.documents import JPEG, a_cda, a_reference
from tests.edge.conversation import FHIR, Desk, binary_of, ids_of
from tests.edge.pages import HERE
from tests.edge.test_controls import a_consent, professional
from tests.edge.test_notifications import work
from tests.harness import a_citizen, rpps_of, some_traits, token_of

DOCTOR = Role.SPECIALIST
ALWAYS = "date=ge2000-01-01&date=le2099-01-01&_count=200"


@dataclass(frozen=True)
class Family:
    """A minor, who represents them, and what is done for the minor."""

    desk: Desk
    child: UUID
    parent: UUID

    def secretly(self, role: Role = DOCTOR) -> dict[str, str]:
        token = self.desk.service.tokens.issue(role, clock.now(), secret=True)
        return {**FHIR, "authorization": f"Bearer {token}"}

    async def post(self, path: str, body: dict[str, Any], role: Role = DOCTOR) -> Any:
        answer = await self.desk.client.post(f"/fhir/{path}", json=body, headers=self.secretly(role))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def consent(self, role: Role) -> dict[str, Any]:
        return {**a_consent("permit", professional(role)), "patient": {"reference": f"Patient/{self.child}"}}

    async def seen_by_parent(self) -> dict[str, Any]:
        """All that the representative is answered about the record, without what each answer says of its own moment."""
        desk, child, seen = self.desk, self.child, dict[str, Any]()
        for path in (
            f"DocumentReference?patient={child}&_total=accurate",
            f"DocumentReference?patient={child}&_lastUpdated=gt2000-01-01&_summary=count",
            f"List?patient={child}&code=submissionset",
            f"Consent?patient={child}",
            f"Communication?patient={child}",
            f"Observation?patient={child}",
            f"Provenance?patient={child}",
            f"Patient/{child}/$everything",
            f"Patient/{child}/$preview-access?professional={rpps_of(DOCTOR)}",
            f"Patient/{child}/_history",
        ):
            answer = await desk.get(path, self.parent)
            seen[path] = (answer.status_code, re.sub(r'"(timestamp|lastUpdated)":"[^"]*"|cursor=[^"&]*|urn:uuid:[^"]*', "", answer.text))
        summary = await desk.get(f"Patient/{child}/$summary", self.parent)
        seen["$summary"] = [(section["title"], section["text"]) for section in summary.json()["entry"][0]["resource"]["section"]]
        seen["trail"] = [str(event) for event in await self.trail(self.parent) if f"Patient/{self.parent}" not in str(event["agent"])]
        return seen

    async def trail(self, who: UUID) -> list[dict[str, Any]]:
        answer = await self.desk.get(f"AuditEvent?patient=Patient/{self.child}&{ALWAYS}", who)
        return [entry["resource"] for entry in answer.json().get("entry", [])]


@pytest.fixture
async def family(desk: Desk) -> Family:
    parent = await a_citizen(desk.service, 2)
    async with desk.service.door.permit_to_open(SERVICE) as p:
        child = await announce_space(p, some_traits(1, birth_date="2011-03-05"), announced=False, representative=parent)
    return Family(desk, child, parent)


def a_document(**changes: str) -> dict[str, Any]:
    return a_reference(a_cda(birth="20110305", **changes))


async def test_what_is_brought_in_secret_is_hidden_by_itself_and_shown_to_the_minor(family: Family) -> None:
    kept = await family.post("DocumentReference", a_document(title="Consultation"))
    assert SECRET in str(kept["securityLabel"])
    desk = family.desk
    for path in (f"DocumentReference/{kept['id']}", binary_of(kept)):
        assert (await desk.get(path, family.parent)).status_code == 404
        assert (await desk.get(path, family.child)).status_code == 200
    assert ids_of(await desk.get(f"DocumentReference?patient={family.child}", family.child)) == [kept["id"]]


async def test_nothing_that_a_representative_is_answered_changes(family: Family) -> None:
    desk = family.desk
    await desk.post("DocumentReference", Role.LABORATORY, a_document(title="Un bilan"))
    await desk.post("Consent", family.parent, family.consent(Role.NURSE))
    await work(desk.service)
    before = await family.seen_by_parent()
    kept = await family.post("DocumentReference", a_document(title="Consultation", root="2.25.77"), Role.LABORATORY)
    consent = family.consent(DOCTOR) | {"verification": [{"verified": True}]}
    noted = await family.post("Consent", consent)
    read = [
        await desk.client.get(f"/fhir/{path}", headers=family.secretly())
        for path in (f"DocumentReference?patient={family.child}", f"DocumentReference/{kept['id']}", binary_of(kept))
    ]
    assert [answer.status_code for answer in read] == [200, 200, 200]
    assert read[0].json()["total"] == 2
    await work(desk.service)
    after = await family.seen_by_parent()
    for path, seen in before.items():
        assert after[path] == seen, path
    for path in (f"Consent/{noted['id']}", f"Consent/{noted['id']}/_history"):
        assert (await desk.get(path, family.parent)).status_code == 404
    ended = await desk.client.delete(f"/fhir/Consent/{noted['id']}", headers=desk.of(family.parent))
    assert ended.status_code == 404
    secret = [line for line in await family.trail(family.child) if SECRET in str(line["meta"])]
    told = [line for line in secret if "HSYSADMIN" not in str(line["purposeOfEvent"])]
    assert (len(told), len(secret) > len(told)) == (5, True)
    assert {(await desk.get(f"AuditEvent/{line['id']}", family.parent)).status_code for line in secret} == {404}
    asked = {"resourceType": "Task", "status": "requested", "intent": "order", "description": "Pourquoi cet accès ?"}
    question = asked | {"focus": {"reference": f"AuditEvent/{told[0]['id']}"}}
    assert (await desk.post("Task", family.parent, question)).status_code == 404
    asked_by_the_minor = await desk.post("Task", family.child, question)
    assert asked_by_the_minor.status_code == 201
    assert asked_by_the_minor.json()["id"] not in str(await family.trail(family.parent))
    messages = await desk.get(f"Communication?patient={family.child}", family.child)
    assert {"AJOUT_DOCUMENT", "ACCES_DMP_PS", "MODIF_ACCES"} <= set(re.findall(r'"code":"([A-Z_]+)"', messages.text))


async def test_what_was_agreed_in_secret_holds_in_secret_alone(family: Family) -> None:
    desk = family.desk
    await desk.post("DocumentReference", Role.LABORATORY, a_document())
    await family.post("Consent", family.consent(DOCTOR) | {"verification": [{"verified": True}]})
    path = f"DocumentReference?patient={family.child}"
    assert (await desk.get(path, DOCTOR)).json()["total"] == 0
    assert (await desk.client.get(f"/fhir/{path}", headers=family.secretly())).json()["total"] == 1


async def test_a_first_access_that_is_secret_does_not_spare_the_ordinary_one_its_notice(family: Family) -> None:
    desk = family.desk
    await desk.post("Consent", family.parent, family.consent(DOCTOR))
    path = f"DocumentReference?patient={family.child}"
    await desk.client.get(f"/fhir/{path}", headers=family.secretly())
    await work(desk.service)
    assert "ACCES_DMP_PS" not in (await desk.get(f"Communication?patient={family.child}", family.parent)).text
    await desk.get(path, DOCTOR)
    await work(desk.service)
    assert "ACCES_DMP_PS" in (await desk.get(f"Communication?patient={family.child}", family.parent)).text


async def test_no_e_mail_tells_a_family_of_what_is_hidden_from_it(family: Family) -> None:
    desk = family.desk
    page = await desk.client.post(
        "/notifications/choices",
        data={"address": "famille@example.org", "document-mail": "on", "document-portal": "on"},
        headers={**HERE, "cookie": f"{SESSION}={token_of(desk.service, family.child)}"},
    )
    assert page.headers["location"].endswith("done=kept")
    await family.post("DocumentReference", a_document())
    await work(desk.service)
    assert "AJOUT_DOCUMENT" in (await desk.get(f"Communication?patient={family.child}", family.child)).text
    assert await desk.connection.fetchval("SELECT count(*) FROM outbox WHERE kind = 'mail'") == 0


async def test_what_a_secret_document_replaces_is_hidden_with_it(family: Family) -> None:
    desk = family.desk
    old = (await desk.post("DocumentReference", Role.LABORATORY, a_document(root="2.25.1"))).json()
    await work(desk.service)
    assert old["id"] in (await desk.get(f"Communication?patient={family.child}", family.parent)).text
    newer = a_document(root="2.25.2") | {
        "relatesTo": [{"code": "replaces", "target": {"identifier": old["masterIdentifier"]}}],
    }
    await family.post("DocumentReference", newer, Role.LABORATORY)
    for type_ in ("DocumentReference", "List", "Communication"):
        assert (await desk.get(f"{type_}?patient={family.child}", family.parent)).json()["total"] == 0, type_
    assert (await desk.get(f"DocumentReference/{old['id']}", family.child)).json()["status"] == "superseded"


async def test_only_the_minor_or_who_brought_it_with_them_shows_it_to_representatives(family: Family) -> None:
    desk = family.desk
    kept = await family.post("DocumentReference", a_document(), Role.LABORATORY)
    await desk.post("Consent", family.parent, family.consent(DOCTOR))
    shown = [{"op": "replace", "path": "/securityLabel", "value": kept["securityLabel"][:1]}]
    patch = {"content-type": "application/json-patch+json"}
    address = f"/fhir/DocumentReference/{kept['id']}"
    for who, status in ((family.parent, 404), (DOCTOR, 403), (Role.LABORATORY, 403)):
        assert (await desk.client.patch(address, json=shown, headers={**desk.of(who), **patch})).status_code == status
    assert (await desk.client.patch(address, json=shown, headers={**family.secretly(Role.LABORATORY), **patch})).status_code == 200
    assert (await desk.get(f"DocumentReference/{kept['id']}", family.parent)).status_code == 200


async def test_what_a_minor_hides_later_is_no_longer_told_either(family: Family) -> None:
    desk = family.desk
    kept = (await desk.post("DocumentReference", Role.LABORATORY, a_document(title="Résultat"))).json()
    await work(desk.service)
    hidden = [{"op": "add", "path": "/securityLabel/-", "value": {"coding": [{"code": SECRET}]}}]
    patch = {**desk.of(family.child), "content-type": "application/json-patch+json"}
    assert (await desk.client.patch(f"/fhir/DocumentReference/{kept['id']}", json=hidden, headers=patch)).status_code == 200
    assert (await desk.get(f"Communication?patient={family.child}", family.parent)).json()["total"] == 0
    assert not [event for event in await family.trail(family.parent) if kept["id"] in str(event)]


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.AGENCY, Role.AUDITOR, Role.SYSTEM])
async def test_only_who_gives_care_opens_a_secret_connection(family: Family, role: Role) -> None:
    with pytest.raises(Invalid):
        family.desk.service.tokens.issue(role, clock.now(), patient=family.child, secret=True)


# On the pages


async def test_a_professional_adds_confidentially_on_the_pages_and_the_minor_alone_reads_it(family: Family) -> None:
    desk, client = family.desk, family.desk.client
    cookie = {"cookie": f"{SESSION}={token_of(desk.service, DOCTOR)}"}
    number = {"ins": some_traits(1).ins.value, "to": "confidential"}
    found = await client.post("/patients", data=number, headers={**HERE, **cookie})
    assert found.headers["location"] == f"/patients/{family.child}/confidential"
    assert "Soins confidentiels" in (await client.get(found.headers["location"], headers=cookie)).text
    begun = await client.post(f"/patients/{family.child}/confidential", headers={**HERE, **cookie})
    assert begun.headers["location"] == f"/patients/{family.child}/add"
    assert f"Path=/patients/{family.child};" in begun.headers["set-cookie"]
    secret = {"cookie": f"{cookie['cookie']}; {CONFIDENTIAL}={begun.cookies[CONFIDENTIAL]}"}
    client.cookies.clear()
    page = (await client.get(f"/patients/{family.child}/add", headers=secret)).text
    assert "Invisible pour les représentants légaux" in page
    assert f"/patients/{family.child}/confidential/end" in page
    files = {"file": ("a.jpg", JPEG, "image/jpeg")}
    data = {"type": "11488-4", "title": "Confidentiel", "date": "2026-01-05", "announced": "now"}
    added = await client.post(f"/patients/{family.child}/add", data=data, files=files, headers={**HERE, **secret})
    assert added.status_code == 303
    await work(desk.service)
    parents = {"cookie": f"{SESSION}={token_of(desk.service, family.parent)}"}
    for address in ("", "/access", "/timeline", "/summary"):
        seen = await client.get(f"/patients/{family.child}{address}", headers=parents)
        assert seen.status_code == 200
        assert "Confidentiel" not in seen.text
        assert "BENALI" not in seen.text
    own = {"cookie": f"{SESSION}={token_of(desk.service, family.child)}"}
    assert "Confidentiel" in (await client.get("/documents", headers=own)).text
    history = (await client.get("/access", headers=own)).text
    assert "Soins confidentiels" in history
    assert "Karim BENALI" in history


async def test_a_minor_hides_one_document_from_who_represents_them(family: Family) -> None:
    desk, client = family.desk, family.desk.client
    kept = (await desk.post("DocumentReference", Role.LABORATORY, a_document(title="Résultat"))).json()
    own = {"cookie": f"{SESSION}={token_of(desk.service, family.child)}"}
    parents = {"cookie": f"{SESSION}={token_of(desk.service, family.parent)}"}
    assert f"/documents/{kept['id']}/change/secret" in (await client.get(f"/documents/{kept['id']}", headers=own)).text
    assert "change/secret" not in (await client.get(f"/patients/{family.child}/documents/{kept['id']}", headers=parents)).text
    done = await client.post(f"/documents/{kept['id']}/change/secret", headers={**HERE, **own})
    assert done.headers["location"].endswith("done=secret")
    assert (await client.get(f"/patients/{family.child}/documents/{kept['id']}", headers=parents)).status_code == 404
    page = (await client.get(f"/documents/{kept['id']}", headers=own)).text
    assert "Invisible pour les représentants" in page
    assert f"/documents/{kept['id']}/change/unsecret" in page


async def test_a_representative_reads_of_a_hidden_document_what_they_read_of_none(family: Family) -> None:
    desk = family.desk
    hidden = (await family.post("DocumentReference", a_document()))["id"]
    read = []
    for name in (hidden, str(new_id(owner_of(family.child)))):
        assert (await desk.get(f"DocumentReference/{name}", family.parent)).status_code == 404
        event = (await family.trail(family.parent))[0]
        read.append({key: value for key, value in event.items() if key not in {"id", "meta", "period", "recorded"}})
    assert read[0] == read[1]
    refused = next(event for event in await family.trail(family.child) if "hidden-from-representatives" in str(event["agent"]))
    assert f"DocumentReference/{hidden}" in str(refused["entity"])


async def test_what_is_left_out_of_a_trail_costs_no_statement(family: Family) -> None:
    desk, counted, costs = family.desk, list[str](), list[int]()
    desk.connection.add_query_logger(lambda record: counted.append(record.query))
    path = f"AuditEvent?patient=Patient/{family.child}&date=ge2000-01-01&date=le2099-01-01&_count=1"
    await desk.get(path, family.parent)
    for secretly in (0, 4):
        for _ in range(secretly):
            await desk.client.get(f"/fhir/DocumentReference?patient={family.child}", headers=family.secretly())
        counted.clear()
        await desk.get(path, family.parent)
        costs.append(len(counted))
    assert costs[0] == costs[1]
