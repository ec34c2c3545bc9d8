"""Signing in and out, in which language, and forms that are none of ours."""

from pathlib import Path

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.app import create_app
from healthspace.edge.portal.session import SESSION
from healthspace.identity.personas import Role
from healthspace.record.personas import remember_persona
from tests.edge.pages import HERE, count, signed_in, since
from tests.harness import a_citizen, client_of, open_test_service


async def test_who_is_not_signed_in_is_led_to_the_sign_in(client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    before = await count(connection)
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert await since(connection, before) == []


async def test_a_stranger_at_a_page_of_a_record_leaves_one_line(client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    before = await count(connection)
    assert (await client.get("/documents")).headers["location"] == "/sign-in"
    client.cookies.set(SESSION, "forged")
    assert (await client.get("/documents")).headers["location"] == "/sign-in"
    assert await since(connection, before) == [("record:read", "rejected", "unauthenticated")] * 2


async def test_a_persona_signs_in_by_a_form_and_out_again(service: Service, client: httpx.AsyncClient) -> None:
    await remember_persona(service.door, Role.CITIZEN, await a_citizen(service))
    assert 'value="citizen"' in (await client.get("/sign-in")).text
    answer = await client.post("/sign-in", data={"persona": "citizen"}, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "Bonjour Léa" in (await client.get("/")).text
    answer = await client.post("/sign-out", headers=HERE)
    assert answer.headers["location"] == "/sign-in?done=signed-out"
    assert (await client.get("/")).headers["location"] == "/sign-in"
    assert "Vous êtes déconnecté." in (await client.get("/sign-in?done=signed-out")).text


async def test_every_persona_that_a_demonstration_names_signs_in_from_the_page(service: Service, client: httpx.AsyncClient) -> None:
    await remember_persona(service.door, Role.CITIZEN, await a_citizen(service))
    page = (await client.get("/sign-in")).text
    assert {role for role in Role if f'value="{role}"' in page} == {role for role in Role if role is not Role.SYSTEM}


async def test_a_link_signs_nobody_in_but_shows_that_persona_first(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sign-in?persona=specialist")
    assert SESSION not in answer.cookies
    assert answer.text.index("Karim BENALI") < answer.text.index("Hélène MOREL")


async def test_without_a_population_no_citizen_can_sign_in(client: httpx.AsyncClient) -> None:
    assert 'value="citizen"' not in (await client.get("/sign-in")).text
    assert (await client.post("/sign-in", data={"persona": "citizen"}, headers=HERE)).status_code == 404
    assert (await client.post("/sign-in", data={"persona": "king"}, headers=HERE)).status_code == 404


async def test_outside_demo_mode_nobody_signs_in(connection: asyncpg.Connection, tmp_path: Path) -> None:
    service = await open_test_service(connection, tmp_path, demo=False)
    async with client_of(create_app(service)) as client:
        page = await client.get("/sign-in", headers={"accept-language": "en"})
        assert "Sign-in is not available yet" in page.text
        assert "<form" not in page.text
        answer = await client.post("/sign-in", data={"persona": "specialist"}, headers=HERE)
        assert (answer.headers["location"], SESSION in answer.cookies) == ("/sign-in", False)
    await service.door.trail.close()


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://elsewhere.test"}, {"origin": "null"}],
)
async def test_a_form_sent_from_elsewhere_does_nothing(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, headers: dict[str, str]
) -> None:
    signed_in(service, client, await a_citizen(service))
    before = await count(connection)
    assert (await client.post("/privacy", data={"rpps": "81000000029"}, headers=headers)).status_code == 400
    assert await since(connection, before) == [("access:grant", "rejected", "malformed")]
    assert (await client.post("/sign-in", data={"persona": "specialist"}, headers=headers)).status_code == 400
    assert (await client.post("/sign-out", headers=headers)).status_code == 400


async def test_an_older_browser_proves_the_origin_of_a_form(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sign-in", data={"persona": "specialist"}, headers={"origin": "http://space.test"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"x" * 20_000, "application/x-www-form-urlencoded"), (b"{}", "application/json"), (b"\xff=1", "application/x-www-form-urlencoded")],
)
async def test_what_is_no_form_is_refused_and_traced(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, content: bytes, media_type: str
) -> None:
    signed_in(service, client, Role.SPECIALIST)
    before = await count(connection)
    answer = await client.post("/patients", content=content, headers={**HERE, "content-type": media_type})
    assert answer.status_code in {400, 404, 413, 422}
    assert len(await since(connection, before)) == 1


async def test_the_language_is_the_browsers_then_the_visitors(client: httpx.AsyncClient) -> None:
    assert '<html lang="fr">' in (await client.get("/sign-in")).text
    assert '<html lang="en">' in (await client.get("/sign-in", headers={"accept-language": "en-GB"})).text
    answer = await client.get("/language?to=en&back=/sign-in%3Fpersona%3Dnurse")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?persona=nurse")
    assert '<html lang="en">' in (await client.get("/sign-in", headers={"accept-language": "fr"})).text
    await client.post("/language?to=fr&back=/sign-in", headers=HERE)
    assert '<html lang="fr">' in (await client.get("/sign-in", headers={"accept-language": "en"})).text


@pytest.mark.parametrize(
    "back", ["https://elsewhere.test/", "//elsewhere.test", "/\\elsewhere.test", "javascript:alert(1)", "", "/\n/elsewhere.test"]
)
async def test_changing_the_language_never_leads_elsewhere(client: httpx.AsyncClient, back: str) -> None:
    answer = await client.get("/language", params={"to": "en", "back": back})
    assert answer.headers["location"] == "/"
