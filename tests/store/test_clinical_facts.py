"""What documents say is kept as resources of the citizen, and stays true to the documents."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from healthspace.access.labels import SHOWN, SHOWN_CODE, is_shown_one_by_one
from healthspace.access.opening import Service
from healthspace.access.origin import DOCUMENT_CLASS, DOCUMENT_TYPE, classes_of, is_from_document, types_of
from healthspace.access.rules import Action
from healthspace.base.fhirjson import ARCHIVED, PLACE, UNREAD
from healthspace.base.ids import owner_of
from healthspace.cda.clinical import FACT, PATIENT, Extraction, Fact
from healthspace.edge.cli.intake import Intake
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import Caller
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.record.clinical import follow
from healthspace.record.clinical.keep import lock_kept
from healthspace.record.deposit import Deposited, Submission, deposit
from healthspace.record.draft import Draft, Reading, read_draft
from healthspace.resources.batch import delete_several
from healthspace.resources.store import read, read_all, update
from healthspace.resources.stored import Resource, Stored
from tests.clinical_documents import ME, a_clinical_document, a_result, an_allergy
from tests.documents import a_cda, a_root, labelled
from tests.harness import a_citizen

KINDS = ("AllergyIntolerance", "DiagnosticReport", "Immunization", "MedicationStatement", "Observation", "Provenance")


class Record:
    """One citizen's record: what is brought into it, what is in it."""

    def __init__(self, service: Service, patient: UUID) -> None:
        self.service, self.patient, self.owner = service, patient, owner_of(patient)

    def permit(self, who: Caller | None = None) -> Any:
        return self.service.door.permit(who or caller_of_role(Role.LABORATORY), Action.DEPOSIT_DOCUMENT, self.owner)

    async def bring(self, content: bytes | Draft) -> Deposited:
        draft = content if isinstance(content, Draft) else read_draft(content, Reading(10**7, lenient=True))
        async with self.permit() as p:
            return (await deposit(p, Submission((draft,)))).documents[0]

    async def change(self, document: Stored, **changes: Any) -> Stored:
        """Changes a DocumentReference as an update of its attributes does, and lets what came from it follow."""
        async with self.permit() as p:
            current = await read(p.tx, p.cipher, "DocumentReference", document.id)
            changed = await update(p.tx, p.cipher, p.keys, current, {**current.json(), **changes}, p.now)
            await follow(p, changed)
        return changed

    async def facts(self, *kinds: str) -> list[Resource]:
        async with self.permit() as p:
            return [one.json() for kind in kinds or KINDS for one in await read_all(p.tx, p.cipher, kind)]

    async def counts(self) -> dict[str, int]:
        return dict(Counter(one["resourceType"] for one in await self.facts()))

    async def ids(self) -> set[str]:
        return {one["id"] for one in await self.facts()}


@pytest.fixture
async def record(service: Service) -> Record:
    return Record(service, await a_citizen(service))


WHOLE = {"AllergyIntolerance": 1, "Immunization": 1, "Observation": 1, "Provenance": 1}


async def test_what_a_document_says_is_kept_with_it(record: Record) -> None:
    brought = await record.bring(a_clinical_document())
    document = brought.reference.json()
    assert await record.counts() == WHOLE
    for fact in await record.facts():
        assert owner_of(UUID(fact["id"])) == record.owner
        assert fact["meta"]["source"] == f"DocumentReference/{document['id']}"
        assert is_from_document(fact)
        assert (classes_of(fact), types_of(fact)) == (classes_of(document), types_of(document)) == ({"11"}, {"60591-5"})
        assert {tag["system"] for tag in fact["meta"]["tag"]} >= {DOCUMENT_CLASS, DOCUMENT_TYPE}
        assert "security" not in fact["meta"]
        assert [one for one in fact["extension"] if one["url"] == "urn:healthspace:depositor"] == [
            one for one in document["extension"] if one["url"] == "urn:healthspace:depositor"
        ]
    [result] = await record.facts("Observation")
    assert result["subject"] == {"reference": f"Patient/{record.patient}"}
    assert not [one for one in document.get("extension", []) if one["url"] == UNREAD]


async def test_one_provenance_tells_the_place_and_the_author_of_each_fact(record: Record) -> None:
    document = (await record.bring(a_clinical_document())).reference
    [provenance] = await record.facts("Provenance")
    facts = {f"{one['resourceType']}/{one['id']}" for one in await record.facts() if one["resourceType"] != "Provenance"}
    assert {target["reference"] for target in provenance["target"]} == facts
    places = {target["extension"][0]["valueString"] for target in provenance["target"]}
    assert places == {"Bundle.entry[2].resource", "Bundle.entry[3].resource", "Bundle.entry[4].resource"}
    assert {target["extension"][0]["url"] for target in provenance["target"]} == {PLACE}
    assert provenance["entity"][0]["what"]["reference"] == f"DocumentReference/{document.id}"
    assert provenance["agent"][0]["who"] == {"display": "Un médecin"}


async def test_the_same_document_again_gives_nothing_new(record: Record, connection: asyncpg.Connection) -> None:
    content = a_clinical_document()
    await record.bring(content)
    before, rows = await record.facts(), await connection.fetchval("SELECT count(*) FROM ix_token")
    assert not (await record.bring(content)).created
    assert (await record.facts(), await connection.fetchval("SELECT count(*) FROM ix_token")) == (before, rows)


async def test_another_document_gives_other_ids(record: Record) -> None:
    await record.bring(a_clinical_document())
    first = await record.ids()
    await record.bring(a_clinical_document())
    assert len(await record.ids()) == 2 * len(first)


def two_versions(**sets: Any) -> tuple[bytes, bytes]:
    one, two = f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"
    return (
        a_clinical_document(a_result(value=1), identifier=one),
        a_clinical_document(a_result(value=2), an_allergy(), identifier=two, replaces=one),
    )


@pytest.mark.parametrize("order", [(0, 1), (1,), (1, 0), (0, 0, 1, 1), (0, 1, 0), (1, 0, 1)])
async def test_versions_in_any_order_leave_the_facts_of_the_last_one(record: Record, order: tuple[int, ...]) -> None:
    versions = two_versions()
    for number in order:
        await record.bring(versions[number])
    assert await record.counts() == {"AllergyIntolerance": 1, "Observation": 1, "Provenance": 1}
    assert [one["valueQuantity"]["value"] for one in await record.facts("Observation")] == [2]


def a_version(root: str, number: int, set_root: str) -> Draft:
    """A CDA document of a set that says one thing: its version."""
    draft = read_draft(a_cda(root=root, set_root=set_root, version=str(number)), Reading(10**7, lenient=True))
    return replace(draft, extraction=Extraction((Fact(a_result(value=number, subject={"reference": PATIENT}), "1.e1", "a place"),)))


@pytest.mark.parametrize("order", [(1, 2), (2,), (2, 1), (1, 1, 2), (2, 1, 2), (1, 2, 3), (3, 1, 2)])
async def test_a_set_of_versions_has_the_facts_of_the_highest(record: Record, order: tuple[int, ...]) -> None:
    roots, set_root = {number: a_root() for number in (1, 2, 3)}, a_root()
    for number in order:
        await record.bring(a_version(roots[number], number, set_root))
    assert [one["valueQuantity"]["value"] for one in await record.facts("Observation")] == [max(order)]
    assert len(await record.facts("Provenance")) == 1


async def test_a_document_that_replaces_an_unknown_one_has_its_facts(record: Record) -> None:
    await record.bring(a_clinical_document(replaces=f"urn:uuid:{uuid4()}"))
    assert await record.counts() == WHOLE


PUT_AWAY = [
    {"status": "superseded"},
    {"status": "entered-in-error"},
    {"docStatus": "entered-in-error"},
    {"extension": [{"url": ARCHIVED, "valueBoolean": True}]},
]


@pytest.mark.parametrize("changes", PUT_AWAY, ids=str)
async def test_what_is_put_away_has_no_facts_and_has_them_back_under_the_same_ids(
    record: Record, connection: asyncpg.Connection, changes: dict[str, Any]
) -> None:
    document = (await record.bring(a_clinical_document())).reference
    before, extensions, rows = await record.ids(), document.json()["extension"], await counted(connection)
    if "extension" in changes:
        changes = {"extension": [*extensions, *changes["extension"]]}
    await record.change(document, **changes)
    assert await record.counts() == {}
    assert await connection.fetchval("SELECT count(*) FROM resource_history WHERE owner = $1", record.owner) >= 2 * len(before)
    back = {"status": "current", "docStatus": "final", "extension": [*extensions, {"url": ARCHIVED, "valueBoolean": False}]}
    await record.change(document, **back)
    assert await record.ids() == before
    assert {one["meta"]["versionId"] for one in await record.facts()} == {"3"}
    assert await counted(connection) == rows
    await record.change(document, status="superseded")
    await record.change(document, status="current")
    assert {one["meta"]["versionId"] for one in await record.facts()} == {"5"}


async def counted(connection: asyncpg.Connection) -> list[int]:
    """The index rows of everything but documents, which differ by their status."""
    tables = ("ix_token", "ix_range", "ix_string")
    held = "SELECT count(*) FROM {} WHERE id IN (SELECT id FROM resource WHERE type <> $1)"
    return [await connection.fetchval(held.format(table), NUMBER["DocumentReference"]) for table in tables]


async def test_labels_of_a_document_are_those_of_its_facts(record: Record) -> None:
    document = (await record.bring(a_clinical_document())).reference
    before = await record.ids()
    await record.change(document, securityLabel=labelled("MASQUE_PS"))
    assert await record.ids() == before
    for fact in await record.facts():
        assert [label["code"] for label in fact["meta"]["security"]] == ["MASQUE_PS"]
        assert fact["meta"]["versionId"] == "2"
    await record.change(document, securityLabel=[*labelled("INVISIBLE_PATIENT"), *labelled("MASQUE_PS")])
    assert {label["code"] for fact in await record.facts() for label in fact["meta"]["security"]} == {"INVISIBLE_PATIENT", "MASQUE_PS"}
    await record.change(document, securityLabel=[])
    assert not [fact for fact in await record.facts() if "security" in fact["meta"]]


async def test_a_document_that_is_shown_one_by_one_shows_its_facts(record: Record) -> None:
    document = (await record.bring(a_clinical_document())).reference
    shown = {**document.json()["meta"], "tag": [{"system": SHOWN, "code": SHOWN_CODE}]}
    await record.change(document, meta=shown)
    assert all(is_shown_one_by_one(fact) for fact in await record.facts())
    await record.change(document, meta=document.json()["meta"])
    assert not any(is_shown_one_by_one(fact) for fact in await record.facts())


async def test_a_change_that_says_nothing_of_facts_leaves_them_alone(record: Record) -> None:
    document = (await record.bring(a_clinical_document())).reference
    await record.change(document, description="autre chose")
    assert {one["meta"]["versionId"] for one in await record.facts()} == {"1"}


async def test_an_entry_that_is_no_valid_resource_is_counted_and_the_rest_is_kept(record: Record) -> None:
    wrong = a_result(status="no status of FHIR")
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "bilan"},
        "subject": ME,
        "result": [{"reference": "urn:uuid:entry-1"}, {"reference": "urn:uuid:entry-2"}],
    }
    brought = await record.bring(a_clinical_document(wrong, a_result(), report))
    assert [one["valueInteger"] for one in brought.reference.json()["extension"] if one["url"] == UNREAD] == [1]
    [kept], [reported] = await record.facts("Observation"), await record.facts("DiagnosticReport")
    assert reported["result"] == [{"reference": f"Observation/{kept['id']}"}]


async def test_what_cannot_stand_without_an_invalid_fact_is_not_kept_either(record: Record) -> None:
    facts = (
        Fact({"resourceType": "Medication", "status": "nonsense"}, "1.e1", "a product"),
        Fact(
            {
                "resourceType": "MedicationStatement",
                "status": "active",
                "medicationReference": {"reference": f"{FACT}1.e1"},
                "subject": {"reference": PATIENT},
            },
            "1.e2",
            "a treatment",
        ),
    )
    draft = read_draft(a_cda(), Reading(10**7, lenient=True))
    brought = await record.bring(replace(draft, extraction=Extraction(facts)))
    assert await record.counts() == {}
    assert [one["valueInteger"] for one in brought.reference.json()["extension"] if one["url"] == UNREAD] == [1]


async def test_a_failure_of_the_reader_is_no_failure_of_the_deposit(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("healthspace.record.clinical.reading.extract_cda", lambda _: 1 / 0)
    brought = await record.bring(a_cda())
    assert [one["valueInteger"] for one in brought.reference.json()["extension"] if one["url"] == UNREAD] == [1]


async def test_a_document_of_hundreds_of_facts_takes_few_statements(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    run = asyncpg.Connection._execute

    async def run_and_count(self: Any, query: str, *args: Any, **named: Any) -> Any:
        sent.append(query)
        return await run(self, query, *args, **named)

    monkeypatch.setattr(asyncpg.Connection, "_execute", run_and_count)
    await record.bring(a_cda())
    few = len(sent)
    sent.clear()
    await record.bring(a_clinical_document(*(a_result(value=number) for number in range(300))))
    assert len(sent) <= few + 2
    monkeypatch.undo()
    assert await record.counts() == {"Observation": 300, "Provenance": 1}


async def test_facts_whose_provenance_is_gone_still_follow_their_document(record: Record) -> None:
    document = (await record.bring(a_clinical_document())).reference
    async with record.permit() as p:
        lost = [one for one in await lock_kept(p, document) if one.stored.type == "Provenance"]
        await delete_several(p.tx, p.cipher, p.keys, lost, p.now)
    assert len(lost) == 1
    await record.change(document, status="superseded")
    assert await record.counts() == {}


async def test_who_deposits_from_the_command_line_is_told_what_could_not_be_read(record: Record) -> None:
    intake = Intake(record.service.door, caller_of_role(Role.LABORATORY), Reading(10**7, lenient=True))
    wrong = a_result(status="no status of FHIR")
    assert (await intake.take(a_clinical_document(wrong, a_result()))).warnings == ("1 entry could not be read",)
    assert (await intake.take(a_clinical_document(wrong, wrong))).warnings == ("2 entries could not be read",)
    assert (await intake.take(a_clinical_document())).warnings == ()
