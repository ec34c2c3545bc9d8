"""Who sees what: every FHIR interaction, every persona, every tie to the citizen and every state of the document.

What a caller may not see must be answered byte for byte as what does not exist, and the trail must know the difference.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.access.rules import Action
from healthspace.base.ids import new_id, new_owner, owner_of
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.authorise import list_access
from healthspace.record.controls import end_control
from healthspace.record.life import close_space
from healthspace.record.spaces import owner_of_patient
from tests.documents import a_bundle, a_cda, a_reference, labelled, query_by_ins
from tests.edge.conversation import Desk, ids_of
from tests.harness import a_citizen, authorised, treated

PROFESSIONALS = (
    *(Role.TREATING_DOCTOR, Role.SPECIALIST, Role.PHARMACIST, Role.NURSE, Role.DENTIST),
    *(Role.OCCUPATIONAL_DOCTOR, Role.FIRE_BRIGADE_DOCTOR, Role.REGULATOR),
)
STRUCTURES = (Role.HOSPITAL, Role.IMAGING_CENTRE, Role.CARE_HOME)
PERSONAS: dict[str, str] = {
    "holder": "holder",
    "another citizen": "nobody",
    **{role.value: "professional" for role in PROFESSIONALS},
    Role.LABORATORY.value: "depositor",
    **{role.value: "structure" for role in STRUCTURES},
    Role.AGENCY.value: "nobody",
}
BY_ID = ("read", "vread", "open", "open as FHIR", "read submission")
SEARCHES = ("search by id", "search by INS", "search by type", "search submissions")


@dataclass(frozen=True, slots=True)
class Scenario:
    """How the professionals stand to the citizen, what the document's label is, and which kinds of persona then see it."""

    tie: str
    label: str | None
    sees: frozenset[str]
    closed: bool = False


def a_scenario(tie: str, sees: str, label: str | None = None, *, closed: bool = False) -> Scenario:
    return Scenario(tie, label, frozenset(sees.split()), closed)


SCENARIOS = {
    "strangers": a_scenario("none", "holder depositor"),
    "authorised": a_scenario("authorised", "holder depositor professional"),
    "authorised no more": a_scenario("ended", "holder depositor"),
    "treating": a_scenario("treating", "holder depositor professional"),
    "strangers and a masked document": a_scenario("none", "holder depositor", "MASQUE_PS"),
    "authorised and a masked document": a_scenario("authorised", "holder depositor", "MASQUE_PS"),
    "treating and a masked document": a_scenario("treating", "holder depositor professional", "MASQUE_PS"),
    "strangers and a document not announced": a_scenario("none", "depositor", "INVISIBLE_PATIENT"),
    "authorised and a document not announced": a_scenario("authorised", "depositor professional", "INVISIBLE_PATIENT"),
    "treating and a document not announced": a_scenario("treating", "depositor professional", "INVISIBLE_PATIENT"),
    "authorised and a closed record": a_scenario("authorised", "", closed=True),
    "treating and a closed record": a_scenario("treating", "", closed=True),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One citizen, one document, and what the same requests look like about nobody."""

    desk: Desk
    patient: UUID
    other: UUID
    document: dict[str, Any]
    submission: str

    def who(self, persona: str) -> Role | UUID:
        return {"holder": self.patient, "another citizen": self.other}.get(persona) or Role(persona)

    def requests(self, *, there: bool) -> dict[str, tuple[str, str]]:
        """Name of each interaction → path and Accept; about the document, or about one that never was in a record that never was."""
        nowhere = new_id(new_owner())
        patient = str(self.patient if there else nowhere)
        document = self.document["id"] if there else str(nowhere)
        binary = self.document["content"][0]["attachment"]["url"] if there else f"Binary/{nowhere}"
        submission, ins = self.submission if there else str(nowhere), query_by_ins(1 if there else 8)
        return {
            "read": (f"DocumentReference/{document}", ""),
            "vread": (f"DocumentReference/{document}/_history/1", ""),
            "open": (binary, "*/*"),
            "open as FHIR": (binary, "application/fhir+json"),
            "read submission": (f"List/{submission}", ""),
            "search by id": (f"DocumentReference?patient=Patient/{patient}", ""),
            "search by INS": (f"DocumentReference?patient.identifier={ins}", ""),
            "search by type": (f"DocumentReference?patient={patient}&type=11502-2&status=current&_count=10", ""),
            "search submissions": (f"List?patient=Patient/{patient}&code=submissionset", ""),
            "read patient": (f"Patient/{patient}", ""),
            "find patient": (f"Patient?identifier={ins}", ""),
        }

    async def ask(self, persona: str, name: str, *, there: bool = True) -> httpx.Response:
        path, accept = self.requests(there=there)[name]
        return await self.desk.get(path, self.who(persona), **({"accept": accept} if accept else {}))


async def set_up(desk: Desk, scenario: Scenario) -> Stage:
    patient, other = await a_citizen(desk.service), await a_citizen(desk.service, 2)
    label = {"securityLabel": labelled(scenario.label)} if scenario.label else {}
    made = await desk.post("", Role.LABORATORY, a_bundle(a_cda(), references=[label]))
    submission, document = [entry["response"]["location"].split("/fhir/")[1].split("/")[1] for entry in made.json()["entry"][:2]]
    reference = (await desk.get(f"DocumentReference/{document}", Role.LABORATORY)).json()
    for role in PROFESSIONALS:
        if scenario.tie in {"authorised", "ended"}:
            await authorised(desk.service, patient, role)
        if scenario.tie == "treating":
            await treated(desk.service, patient, role)
    if scenario.tie == "ended":
        await end_all(desk, patient)
    if scenario.closed:
        async with desk.service.door.permit(caller_of_citizen(patient), Action.CLOSE_SPACE, owner_of_patient(patient)) as p:
            await close_space(p, "1")
    return Stage(desk, patient, other, reference, submission)


async def end_all(desk: Desk, patient: UUID) -> None:
    me, owner = caller_of_citizen(patient), owner_of_patient(patient)
    async with desk.service.door.permit(me, Action.READ_ACCESS, owner) as p:
        consents, _ = await list_access(p)
    for consent in consents:
        async with desk.service.door.permit(me, Action.END_ACCESS, owner) as p:
            await end_control(p, "Consent", UUID(consent["id"]))


def traits_of(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """All that a caller can see of an answer."""
    return answer.status_code, {name: value for name, value in answer.headers.items() if name != "date"}, answer.content


def without_the_question(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """As `traits_of`, but for the link that repeats the question."""
    status, headers, _ = traits_of(answer)
    return status, headers, repr({**answer.json(), "link": []}).encode()


@pytest.mark.parametrize("name", SCENARIOS)
async def test_each_persona_sees_the_document_or_nothing_at_all(desk: Desk, name: str) -> None:
    scenario = SCENARIOS[name]
    stage = await set_up(desk, scenario)
    for persona, kind in PERSONAS.items():
        for interaction in (*BY_ID, *SEARCHES):
            before = len(await desk.lines())
            answer = await stage.ask(persona, interaction)
            _, outcome, _ = (await desk.lines())[-1]
            told = f"{persona}, {interaction}: {answer.status_code} {outcome}"
            assert len(await desk.lines()) == before + 1, told
            if kind in scenario.sees:
                assert (answer.status_code, outcome) == (200, "done"), told
                assert interaction in BY_ID or answer.json()["total"] == 1 == len(ids_of(answer)), told
                continue
            absent = await stage.ask(persona, interaction, there=False)
            compare = traits_of if interaction in BY_ID else without_the_question
            assert compare(answer) == compare(absent), told
            assert interaction in BY_ID or (answer.json()["total"], ids_of(answer)) == (0, []), told
            assert outcome in ({"refused", "rejected"} if interaction in BY_ID else {"refused", "done"}), told


@pytest.mark.parametrize(("tie", "closed", "reads", "finds"), [
    ("none", False, "holder", "holder professional depositor structure"),
    ("authorised", False, "holder professional", "holder professional depositor structure"),
    ("treating", False, "holder professional", "holder professional depositor structure"),
    ("ended", False, "holder", "holder professional depositor structure"),
    ("authorised", True, "holder", "holder professional depositor structure"),
])  # fmt: skip
async def test_who_reads_the_traits_of_a_citizen_and_who_finds_their_space(
    desk: Desk, tie: str, closed: bool, reads: str, finds: str
) -> None:
    stage = await set_up(desk, a_scenario(tie, "", closed=closed))
    for persona, kind in PERSONAS.items():
        read, found = await stage.ask(persona, "read patient"), await stage.ask(persona, "find patient")
        if kind in reads.split():
            assert read.json()["birthDate"] == "1979-03-28", persona
        else:
            assert traits_of(read) == traits_of(await stage.ask(persona, "read patient", there=False)), persona
        if kind in finds.split():
            assert (found.json()["total"], found.json()["entry"][0]["resource"]["active"]) == (1, not closed), persona
        else:
            assert traits_of(found) == traits_of(await stage.ask(persona, "find patient", there=False)), persona


@pytest.mark.parametrize("closed", [False, True])
async def test_who_feeds_a_record(desk: Desk, closed: bool) -> None:
    stage = await set_up(desk, a_scenario("none", "", closed=closed))
    for persona, kind in PERSONAS.items():
        answers = [await desk.post("DocumentReference", stage.who(persona), a_reference(a_cda(number), number=number)) for number in (1, 8)]
        if closed or kind == "nobody":
            assert traits_of(answers[0]) == traits_of(answers[1]), persona
            assert answers[0].status_code == 404
        else:
            assert [answer.status_code for answer in answers] == [201, 404], persona


async def test_a_document_that_exists_and_one_that_does_not_in_the_same_record_read_alike(desk: Desk) -> None:
    stage = await set_up(desk, SCENARIOS["authorised and a masked document"])
    invented = new_id(owner_of(stage.patient))
    for path in ("DocumentReference", "Binary", "List"):
        hidden = {
            "DocumentReference": stage.document["id"],
            "Binary": stage.document["content"][0]["attachment"]["url"][7:],
            "List": stage.submission,
        }
        answers = [await desk.get(f"{path}/{identifier}", Role.SPECIALIST) for identifier in (hidden[path], invented)]
        assert traits_of(answers[0]) == traits_of(answers[1]), path


async def test_an_answer_to_a_stranger_holds_no_word_of_the_record(desk: Desk) -> None:
    stage = await set_up(desk, SCENARIOS["strangers"])
    for interaction in stage.requests(there=True):
        answer = await stage.ask(Role.AGENCY.value, interaction)
        assert not any(word in answer.text for word in ("DUPR", "1979", "Résultats", '11502-2"', "ClinicalDocument")), interaction


async def test_without_a_token_everything_reads_alike(desk: Desk) -> None:
    stage = await set_up(desk, SCENARIOS["strangers"])
    answers = set[Any]()
    for there in (True, False):
        for path, _ in stage.requests(there=there).values():
            status, headers, body = traits_of(await desk.get(path, None))
            answers.add((status, tuple(sorted(headers.items())), body))
    assert len(answers) == 1


def test_every_persona_of_the_demonstration_is_in_the_matrix() -> None:
    # A parent reads their own record, as any citizen; the technical caller may do everything, in a demonstration only; what a
    # physiotherapist reads depends on the type of the document.
    others = {Role.CITIZEN, Role.PARENT, Role.SYSTEM, Role.PHYSIOTHERAPIST, Role.AUDITOR, Role.SECOND_AUDITOR}
    assert {role.value for role in set(Role) - others} == set(PERSONAS) - {"holder", "another citizen"}
