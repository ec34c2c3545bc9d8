"""The life of a record on the pages: closed, reopened, announced, refused, suspended, erased; by its holder, and by who represents them."""

import re
from uuid import UUID

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.states import State
from healthspace.base import clock
from healthspace.base.ids import owner_of
from healthspace.edge.portal.session import SESSION
from healthspace.edge.worker.calendar import keep_calendar
from healthspace.identity.caller import SERVICE
from healthspace.identity.personas import Role
from healthspace.record.carers import majority_of
from healthspace.record.life import announce_space, suspend_space
from tests.documents import a_cda, labelled
from tests.edge.pages import HERE, Deposit, signed_in, words
from tests.edge.test_life import MONTH, WEEK
from tests.edge.test_portal_relatives import becomes_carer
from tests.edge.test_portal_representatives import of_a_minor
from tests.harness import a_citizen, as_caller, authorised, lines_of, some_traits, treated

BORN, NAME = "2014-03-05", ("ZOÉ",)
SURE = {"sure": "yes"}


async def state_of(connection: asyncpg.Connection, patient: UUID) -> str:
    return str(await connection.fetchval("SELECT state FROM owner WHERE owner = $1", owner_of(patient)))


async def press(client: httpx.AsyncClient, address: str, **form: str) -> str:
    """Where a form that was accepted leads."""
    answer = await client.post(address, data=form, headers=HERE)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def steps_on(page: httpx.Response) -> set[str]:
    """The steps that a page of settings offers."""
    return set(re.findall(r'(?:href|action)="[^"]*/settings/(close|erase|reopen|confirm|object)"', page.text))


async def announced(service: Service, number: int = 1, parent: UUID | None = None) -> UUID:
    traits = some_traits(number, birth_date=BORN, given=NAME) if parent else some_traits(number)
    async with service.door.permit_to_open(SERVICE) as p:
        return await announce_space(p, traits, announced=True, representative=parent)


async def suspended(service: Service, patient: UUID) -> None:
    async with service.door.permit(SERVICE, Action.SUSPEND_SPACE, owner_of(patient)) as p:
        await suspend_space(p)


async def test_a_representative_closes_the_record_of_a_child_and_opens_it_again(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, deposit: Deposit
) -> None:
    child, parent = await of_a_minor(service)
    await deposit(a_cda(title="Un bilan", birth="20140305", given="ZOÉ"))
    await authorised(service, child, Role.SPECIALIST)
    settings = f"/patients/{child}/settings"
    signed_in(service, client, parent)
    page = await client.get(settings)
    assert "Vous agissez pour ZOÉ DUPRÉ" in words(page)
    assert (steps_on(page), f'href="{settings}" aria-current="true"' in page.text) == ({"close", "erase"}, True)
    asked = words(await client.get(f"{settings}/close"))
    assert "Tout est gardé 10 ans, puis détruit" in asked
    assert "Plus aucun professionnel ne le lit" in asked
    hasty = await client.post(f"{settings}/close", data={"reason": "Nous déménageons"}, headers=HERE)
    assert (hasty.status_code, "Nous déménageons" in hasty.text, 'href="#sure"' in hasty.text) == (422, True, True)
    for _ in range(2):  # the form is sent twice
        assert await press(client, f"{settings}/close", reason="Nous déménageons", **SURE) == f"{settings}?done=closed"
    closed = await client.get(settings)
    assert steps_on(closed) == {"reopen", "erase"}
    assert "Nous déménageons" in words(closed)
    assert f"gardé jusqu’au {clock.now().day}" in words(closed)
    assert {f"/patients/{child}{part}" for part in ("/access", "/settings")} == set(
        re.findall(r'<li><a href="(/patients/[^"]+)"', closed.text)
    )
    assert (await client.get(f"/patients/{child}/access")).status_code == 200
    assert (await client.get(f"/patients/{child}")).status_code == 404
    around = await client.get("/relatives")
    assert ("Fermé" in words(around), f'href="{settings}"' in around.text, f'href="/patients/{child}"' in around.text) == (
        True,
        True,
        False,
    )
    assert (await client.get("/fhir/RelatedPerson/$mine", headers=as_caller(service, parent))).json()["total"] == 1
    found = (await client.get(f"/fhir/Patient/{child}", headers=as_caller(service, parent))).json()
    told = {part["url"]: part for part in found["extension"][-1]["extension"]}
    assert told["motifFermeture"]["valueCoding"]["code"] == "patient-demande"
    assert told["raisonFermeture"]["valueString"] == "Nous déménageons"
    assert await press(client, f"{settings}/reopen") == f"{settings}?done=reopened"
    assert "Un bilan" in (await client.get(f"/patients/{child}")).text
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{child}")).status_code == 200
    done = [action for action, outcome, reason in await lines_of(connection) if (outcome, reason) == ("done", "representative")]
    assert [action for action in done if action.startswith("space:")] == ["space:close", "space:reopen"]


async def test_a_representative_erases_the_record_of_a_child_once_they_say_that_they_understood(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    child, parent = await of_a_minor(service)
    settings = f"/patients/{child}/settings"
    signed_in(service, client, parent)
    assert "Tout est détruit" in words(await client.get(f"{settings}/erase"))
    assert (await client.post(f"{settings}/erase", data={"sure": ""}, headers=HERE)).status_code == 422
    assert await state_of(connection, child) == State.OPEN
    assert await press(client, f"{settings}/erase", **SURE) == "/relatives?done=erased"
    assert await state_of(connection, child) == State.ERASED
    assert "ZOÉ" not in (await client.get("/relatives?done=erased")).text
    assert (await client.get(settings)).status_code == 404


@pytest.mark.parametrize("represented", [False, True])
async def test_an_announced_record_is_wanted_or_objected_to(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, *, represented: bool
) -> None:
    parent = await a_citizen(service, 2) if represented else None
    patient = await announced(service, parent=parent)
    settings = f"/patients/{patient}/settings" if parent else "/settings"
    signed_in(service, client, parent or patient)
    around = await client.get("/relatives")
    assert around.status_code == 200
    assert (f'href="{settings}"' in around.text, "Pas encore ouvert" in words(around)) == (True, represented)
    assert steps_on(page := await client.get(settings)) == {"confirm", "object"}
    assert "sauf si vous vous y opposez avant" in words(page)
    for _ in range(2):
        assert await press(client, f"{settings}/object") == f"{settings}?done=objected"
    assert steps_on(await client.get(settings)) == {"reopen", "erase"}
    assert await keep_calendar(service.door, clock.now() + 10 * WEEK) == 0
    assert await state_of(connection, patient) == State.REFUSED
    await press(client, f"{settings}/reopen")
    assert await state_of(connection, patient) == State.OPEN
    assert (await client.get(f"/patients/{patient}" if parent else "/")).status_code == 200


async def test_an_announced_record_is_opened_before_its_date(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    patient = await announced(service)
    signed_in(service, client, patient)
    assert (await client.get("/")).headers["location"] == "/settings"
    for _ in range(2):
        assert await press(client, "/settings/confirm") == "/settings?done=confirmed"
    assert await state_of(connection, patient) == State.OPEN


@pytest.mark.parametrize("represented", [False, True])
async def test_a_suspended_record_is_not_closed_once_somebody_objects(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, *, represented: bool
) -> None:
    patient, parent = await of_a_minor(service)
    if not represented:
        patient = parent
    await suspended(service, patient)
    signed_in(service, client, parent)
    settings = f"/patients/{patient}/settings" if represented else "/settings"
    assert steps_on(await client.get(settings)) == {"object", "close"}
    await press(client, f"{settings}/object")
    assert steps_on(page := await client.get(settings)) == {"close"}
    assert "Personne ne le fermera avant" in words(page)
    assert await keep_calendar(service.door, clock.now() + 10 * WEEK) == 0
    await press(client, f"{settings}/close", **SURE)
    assert await state_of(connection, patient) == State.CLOSED


async def test_at_majority_the_representative_loses_the_settings_and_the_holder_keeps_the_record(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, parent = await of_a_minor(service)
    come = clock.now().replace(year=int(majority_of({"birthDate": BORN})[:4]), month=4)
    await keep_calendar(service.door, come)
    monkeypatch.setattr(clock, "now", lambda: come)
    signed_in(service, client, parent)
    assert "ZOÉ" not in (await client.get("/relatives")).text
    for path in ("", "/close", "/erase", "/export", "/print"):
        assert (await client.get(f"/patients/{child}/settings{path}")).status_code == 404
    for path in ("close", "erase", "reopen", "confirm", "object"):
        assert (await client.post(f"/patients/{child}/settings/{path}", data=SURE, headers=HERE)).status_code == 404
    signed_in(service, client, child)
    assert "dites que vous gardez ce dossier" in words(await client.get("/"))
    page = await client.get("/settings")
    assert steps_on(page) == {"confirm", "close", "erase"}
    assert "dites que vous gardez ce dossier" in words(page)
    assert await press(client, "/settings/confirm") == "/settings?done=confirmed"
    assert steps_on(await client.get("/settings")) == {"close", "erase"}
    monkeypatch.setattr(clock, "now", lambda: come + 12 * MONTH)
    await keep_calendar(service.door, clock.now())
    assert await state_of(connection, child) == State.OPEN


async def test_who_erases_their_own_record_is_signed_out_everywhere(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    await press(client, "/settings/close", **SURE)
    assert "rouvrez le dossier" in words(await client.get("/settings/erase"))
    answer = await client.post("/settings/erase", data=SURE, headers=HERE)
    assert answer.headers["location"] == "/sign-in?done=erased"
    assert f"{SESSION}=" in answer.headers["set-cookie"]
    assert "effacé pour toujours" in words(await client.get("/sign-in?done=erased"))
    assert await state_of(connection, patient) == State.ERASED
    signed_in(service, client, patient)  # signs in anew, where the demonstration lets them
    page = await client.get((await client.get("/")).headers["location"])
    assert (page.status_code, "Aucun espace santé" in words(page)) == (200, True)


async def test_whose_own_record_is_closed_still_acts_for_a_child(service: Service, client: httpx.AsyncClient) -> None:
    child, parent = await of_a_minor(service)
    signed_in(service, client, parent)
    await press(client, "/settings/close", **SURE)
    page = await client.get("/relatives")
    assert (page.status_code, f'href="/patients/{child}"' in page.text, "/relatives/invite" in page.text) == (200, True, False)
    assert (await client.get(f"/patients/{child}/settings")).status_code == 200


async def test_a_representative_takes_away_and_prints_what_is_not_hidden_from_them(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    child, parent = await of_a_minor(service)
    about = {"birth": "20140305", "given": "ZOÉ"}
    await deposit(a_cda(title="Un bilan", **about))
    await deposit(a_cda(title="Confidentiel", **about), securityLabel=labelled("INVISIBLE_REPRESENTANTS_LEGAUX"))
    signed_in(service, client, parent)
    for part in ("export", "print"):
        page = await client.get(f"/patients/{child}/settings/{part}")
        assert page.status_code == 200
        assert ("Un bilan" in page.text, "Confidentiel" in page.text) == (True, False)
    assert "Vous agissez pour" in words(page)
    signed_in(service, client, child)
    assert "Confidentiel" in (await client.get("/settings/export")).text


@pytest.mark.parametrize("scope", ["READ", "FEED"])
async def test_nobody_but_the_holder_and_who_represents_them_has_the_settings_of_a_record(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, scope: str
) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    await becomes_carer(service, client, patient, carer, scope=scope)
    await treated(service, patient)
    await authorised(service, patient, Role.SPECIALIST)
    settings = f"/patients/{patient}/settings"
    for who in (carer, Role.TREATING_DOCTOR, Role.SPECIALIST, Role.LABORATORY, Role.AGENCY, await a_citizen(service, 3)):
        signed_in(service, client, who)
        answers = [await client.get(f"{settings}{path}") for path in ("", "/close", "/erase", "/export", "/print")]
        answers += [
            await client.post(f"{settings}/{path}", data=SURE, headers=HERE) for path in ("close", "erase", "reopen", "confirm", "object")
        ]
        assert {answer.status_code for answer in answers} == {404}, who
        assert "/settings" not in re.sub(r'(?s)<nav class="nav".*?</nav>', "", (await client.get(f"/patients/{patient}")).text), who
    assert await state_of(connection, patient) == State.OPEN
