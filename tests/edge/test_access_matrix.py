"""Who sees which document: every kind of caller × every choice of the citizen × every label × every way to read, from one table.

The table says it in words, apart from the rules that are tested. Each request must be answered right (status, body, totals), what is
refused must read like what is absent, and each must leave one line of the trail, with its outcome and its reason.
"""

from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.base.ids import new_id, owner_of
from healthspace.identity.caller import Purpose
from healthspace.identity.personas import Role
from tests.documents import labelled
from tests.edge.conversation import Desk, binary_of, ids_of
from tests.edge.test_carers import an_invitation, answers
from tests.edge.test_controls import MASKED_BY_DEFAULT, MASKED_IN_EMERGENCY, Person, a_consent, a_team, professional, switch
from tests.harness import a_citizen, urgent

LABELS: dict[str, list[str]] = {
    "plain": [],
    "masked": ["MASQUE_PS"],
    "not announced": ["INVISIBLE_PATIENT"],
    "secret": ["INVISIBLE_REPRESENTANTS_LEGAUX"],
    "masked and secret": ["MASQUE_PS", "INVISIBLE_REPRESENTANTS_LEGAUX"],
}
KINDS: dict[str, set[str]] = {
    "nothing": set(),
    "all": set(LABELS),
    "unmasked": {"plain", "not announced", "secret"},
    "holder": set(LABELS) - {"not announced"},
    "family": {"plain", "masked"},
}
"""What a kind of reader sees."""
READERS = ("specialist", "nurse", "occupational-doctor", "physiotherapist")
"""Professionals whom the citizen authorises, blocks or takes into the team; a physiotherapist reads no laboratory report."""
ALWAYS = {"holder": "holder", "carer": "family", "laboratory": "all", "treating-doctor": "all"}
EMERGENCY = {"nurse in an emergency": "unmasked", "emergency call": "unmasked"}
AUTHORISED = {"specialist": "unmasked", "nurse": "unmasked", "occupational-doctor": "unmasked"}
STATES: dict[str, dict[str, str]] = {
    "nobody authorised": {**ALWAYS, **EMERGENCY},
    "authorised": {**ALWAYS, **EMERGENCY, **AUTHORISED},
    "collected by a colleague": {**ALWAYS, **EMERGENCY, "specialist": "unmasked", "nurse": "unmasked"},
    "expired": {**ALWAYS, **EMERGENCY},
    "blocked": {**ALWAYS, "emergency call": "unmasked"},
    "in the care team": {**ALWAYS, **EMERGENCY, "specialist": "unmasked", "nurse": "unmasked"},
    "all masked by default": dict(ALWAYS),
    "emergencies refused": {**ALWAYS, **AUTHORISED},
    "masked read in emergencies": {**ALWAYS, **AUTHORISED, "nurse in an emergency": "all", "emergency call": "all"},
    "closed": {},
}
"""What the citizen chose → who sees what; whoever is not here sees nothing."""
CALLERS = ("holder", "carer", "another citizen", *READERS, "treating-doctor", "laboratory", "hospital", "agency",
           "nurse in an emergency", "nurse without a reason", "nurse as regulator", "emergency call")  # fmt: skip
BY_ID = ("read", "version", "history", "bytes", "compartment")
LAST = "SELECT outcome, reason FROM audit ORDER BY writer DESC, seq DESC LIMIT 1"
COUNT = "SELECT count(*) AS lines, count(*) FILTER (WHERE outcome <> 'done') AS not_done FROM audit"

EVER = {"holder": "own-record", "carer": "carer", "treating-doctor": "treating-doctor", "laboratory": "depositor", "hospital": "depositor",
        "nurse in an emergency": "break-glass", "emergency call": "regulation", "nurse without a reason": "reason-missing",
        "nurse as regulator": "not-regulation"}  # fmt: skip
PERMITTED = dict.fromkeys(READERS, "authorised")
AS_NURSE = ("nurse in an emergency", "nurse without a reason", "nurse as regulator")
GROUNDS: dict[str, dict[str, str]] = {
    "nobody authorised": {},
    "authorised": PERMITTED,
    "collected by a colleague": {**PERMITTED, "occupational-doctor": "no-express-consent"},
    "expired": dict.fromkeys(READERS, "authorisation-expired"),
    "blocked": dict.fromkeys((*READERS, *AS_NURSE), "blocked"),
    "in the care team": {**dict.fromkeys(READERS, "care-team"), "occupational-doctor": "no-right"},
    "all masked by default": PERMITTED,
    "emergencies refused": {
        **PERMITTED,
        **dict.fromkeys(("nurse in an emergency", "nurse without a reason", "emergency call"), "emergency-opposed"),
    },
    "masked read in emergencies": PERMITTED,
    "closed": dict.fromkeys(CALLERS, "record-closed"),
}
"""What the trail gives as the reason, beside what it gives in every state (`EVER`); to whoever is in neither, they have no right."""
DENIALS = {"no-express-consent", "authorisation-expired", "blocked", "no-right", "emergency-opposed", "record-closed", "reason-missing",
           "not-regulation"}  # fmt: skip


def line_of(state: str, caller: str, way: str, kind: str, label: str) -> tuple[str, str]:
    """Outcome and reason that the trail's line of one request must have."""
    ground = {**EVER, **GROUNDS[state]}.get(caller, "no-right")
    if ground in DENIALS:
        return "refused", ground
    if way == "compartment" or may(caller, way, kind, label):
        return "done", ground
    if caller == "hospital" or (caller == "carer" and way in {"bytes", "history"}):
        return "refused", "no-right"
    if caller in {"holder", "carer"}:
        return "refused", "not-announced" if label == "not announced" else "hidden-from-representatives"
    return "refused", "profession" if caller == "physiotherapist" and state != "all masked by default" else "masked"


class Stage:
    """One citizen with a document of each label, and what they chose."""

    def __init__(self, desk: Desk, person: Person, carer: UUID, other: UUID) -> None:
        self.desk, self.person, self.carer, self.other = desk, person, carer, other
        self.documents: dict[str, dict[str, Any]] = {}

    def who(self, caller: str) -> Any:
        return {
            "holder": self.person.patient,
            "carer": self.carer,
            "another citizen": self.other,
            "nurse in an emergency": urgent(Role.NURSE),
            "nurse without a reason": urgent(Role.NURSE, reason=""),
            "nurse as regulator": urgent(Role.NURSE, Purpose.ETREAT),
            "emergency call": urgent(Role.REGULATOR, Purpose.ETREAT, ""),
        }.get(caller) or Role(caller)

    async def ask(self, caller: str, way: str, document: str, binary: str) -> httpx.Response:
        path = {
            "read": f"DocumentReference/{document}",
            "version": f"DocumentReference/{document}/_history/1",
            "history": f"DocumentReference/{document}/_history",
            "bytes": binary,
            "compartment": f"Patient/{self.person.patient}/DocumentReference?_id={document}",
        }[way]
        return await self.desk.get(path, self.who(caller))


async def set_up(desk: Desk, state: str) -> Stage:
    patient, carer, other = await a_citizen(desk.service), await a_citizen(desk.service, 2), await a_citizen(desk.service, 3)
    person = Person(desk, patient, "")
    stage = Stage(desk, person, carer, other)
    for name, codes in LABELS.items():
        stage.documents[name] = await desk.deposit(securityLabel=[*labelled("N"), *(one for code in codes for one in labelled(code))])
    invitation = await desk.post("RelatedPerson", patient, an_invitation(person, 2))
    await answers(desk, invitation.json()["id"], carer)
    await person.chooses(a_team("PCP", Role.TREATING_DOCTOR))
    await choose(person, state)
    return stage


async def choose(person: Person, state: str) -> None:
    named = [professional(Role(reader)) for reader in READERS]
    if state in {"authorised", "blocked", "all masked by default", "emergencies refused", "masked read in emergencies", "closed"}:
        await person.chooses(a_consent("permit", *named))
    chosen: dict[str, list[tuple[dict[str, Any], Role | None]]] = {
        "collected by a colleague": [(a_consent("permit", *named) | {"verification": [{"verified": True}]}, Role.DENTIST)],
        "expired": [(a_consent("permit", *named, period={"start": "2020-01-01", "end": "2021-01-01"}), Role.SYSTEM)],
        "blocked": [(a_consent("deny", *named), None)],
        "in the care team": [(a_team("330", Role(reader)), None) for reader in READERS],
        "all masked by default": [(MASKED_BY_DEFAULT, None)],
        "emergencies refused": [(switch("BTG", "ETREAT"), None)],
        "masked read in emergencies": [(MASKED_IN_EMERGENCY, None)],
    }
    for resource, who in chosen.get(state, []):
        await person.chooses(resource, who)
    if state == "closed":
        assert (await person.desk.post(f"Patient/{person.patient}/$close", person.patient, b"")).status_code == 200


def may(caller: str, way: str, kind: str, label: str) -> bool:
    if caller == "carer" and way in {"bytes", "history"}:
        return False  # nothing is taken away
    return label in KINDS[kind]


@pytest.mark.parametrize("state", STATES)
async def test_every_caller_sees_what_the_table_says_and_nothing_else(desk: Desk, state: str) -> None:
    stage = await set_up(desk, state)
    nowhere = str(new_id(owner_of(stage.person.patient)))
    absent = {way: (await stage.ask("hospital", way, nowhere, f"Binary/{nowhere}")).content for way in BY_ID[:4]}
    for caller in CALLERS:
        kind = STATES[state].get(caller, "nothing")
        before = await desk.connection.fetchrow(COUNT)
        asked = refused = 0
        for label, document in stage.documents.items():
            for way in BY_ID:
                answer = await stage.ask(caller, way, document["id"], binary_of(document))
                told, asked = f"{state}, {caller}, {label}, {way}: {answer.status_code}", asked + 1
                assert tuple(await desk.connection.fetchrow(LAST)) == line_of(state, caller, way, kind, label), told
                if way == "compartment":
                    assert answer.json()["total"] == len(ids_of(answer)) == may(caller, way, kind, label), told
                elif may(caller, way, kind, label):
                    assert answer.status_code == 200, told
                else:
                    refused += 1
                    assert (answer.status_code, answer.content) == (404, absent[way]), told
        after = await desk.connection.fetchrow(COUNT)
        assert after["lines"] == before["lines"] + asked, f"{state}, {caller}"
        assert after["not_done"] >= before["not_done"] + refused, f"{state}, {caller}"
        await check_whole(stage, caller, {stage.documents[label]["id"] for label in KINDS[kind]}, f"{state}, {caller}")


async def check_whole(stage: Stage, caller: str, seen: set[str], told: str) -> None:
    """Lists, totals, what comes along and $everything hold what is seen one by one."""
    desk, patient, who = stage.desk, stage.person.patient, stage.who(caller)
    listed = await desk.get(f"DocumentReference?patient={patient}", who)
    assert (listed.json()["total"], set(ids_of(listed))) == (len(seen), seen), told
    paged = await desk.get(f"DocumentReference?patient={patient}&_count=2&_sort=-date", who)
    assert (paged.json()["total"], len(ids_of(paged))) == (len(seen), min(2, len(seen))), told
    along = await desk.get(f"List?patient={patient}&_include=List:item", who)
    assert documents_in(along) == seen, told
    everything = await desk.get(f"Patient/{patient}/$everything", who)
    assert documents_in(everything) == (seen if everything.status_code == 200 else set()), told
    assert everything.status_code == 200 or not seen, told


def documents_in(answer: httpx.Response) -> set[str]:
    resources = [entry["resource"] for entry in answer.json().get("entry", [])]
    return {resource["id"] for resource in resources if resource["resourceType"] == "DocumentReference"}


def test_the_matrix_has_several_thousand_cells() -> None:
    assert len(STATES) * len(CALLERS) * (len(LABELS) * len(BY_ID) + 4) > 4000
