"""Sessions: seen by their holder, and ended before their time."""

import asyncio
import re

import asyncpg
import httpx

from healthspace.access.opening import Service
from healthspace.base import clock
from healthspace.edge.portal.session import SESSION
from healthspace.edge.portal.sessions import name_browser
from healthspace.identity.caller import Purpose
from healthspace.identity.personas import Role
from tests.documents import query_by_ins
from tests.edge.pages import HERE
from tests.harness import a_citizen

FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
CHROME = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"}


async def sign_in(client: httpx.AsyncClient, role: Role = Role.SPECIALIST, browser: dict[str, str] = FIREFOX) -> str:
    """The token of a session that was opened with a browser."""
    client.cookies.clear()
    answer = await client.post("/sign-in", data={"persona": role.value}, headers={**HERE, **browser})
    assert answer.headers["location"] == "/"
    token = client.cookies[SESSION]
    client.cookies.clear()
    return token


def held(token: str) -> dict[str, str]:
    """The browser that holds a session."""
    return {"cookie": f"{SESSION}={token}"}


async def asks(client: httpx.AsyncClient, token: str) -> tuple[int, int, str]:
    """What a session is answered: by the API, by the portal, and where that leads."""
    api = await client.get(f"/fhir/Patient?identifier={query_by_ins(1)}", headers={"authorization": f"Bearer {token}"})
    page = await client.get("/my-accesses", headers=held(token))
    return api.status_code, page.status_code, page.headers.get("location", "")


OPEN, OVER = (200, 200, ""), (401, 303, "/sign-in")


async def test_a_session_that_its_holder_ends_is_over_at_the_next_request(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    old, here = await sign_in(client), await sign_in(client, browser=CHROME)
    assert await asks(client, old) == await asks(client, here) == OPEN
    page = (await client.get("/sessions", headers=held(here))).text
    assert "Firefox, Linux" in page
    assert "Chrome, Windows" in page
    (other,) = re.findall(r'action="/sessions/([0-9a-f-]+)/end"', page)
    done = await client.post(f"/sessions/{other}/end", headers={**HERE, **held(here)})
    assert done.headers["location"] == "/sessions?done=session-ended"
    assert await asks(client, old) == OVER
    assert await asks(client, here) == OPEN
    assert "Firefox" not in (await client.get("/sessions", headers=held(here))).text


async def test_all_the_others_end_also_those_that_no_list_shows_and_later_ones_begin(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    listed, here = await sign_in(client), await sign_in(client)
    unlisted = service.tokens.issue(Role.SPECIALIST, clock.now())
    of_another = service.tokens.issue(Role.NURSE, clock.now())
    done = await client.post("/sessions/others/end", headers={**HERE, **held(here)})
    assert done.headers["location"] == "/sessions?done=sessions-ended"
    await asyncio.sleep(0.002)  # a process that is alone does not wait: let the millisecond pass
    later = await sign_in(client)
    assert [await asks(client, token) for token in (listed, unlisted)] == [OVER, OVER]
    assert [await asks(client, token) for token in (here, later, of_another)] == [OPEN, OPEN, OPEN]


async def test_what_was_declared_in_a_session_ends_with_it(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    token = await sign_in(client)
    session = service.tokens.read(token, clock.now()).session
    urgent = service.tokens.issue(Role.SPECIALIST, clock.now(), purpose=Purpose.BTG, reason="Found unconscious", session=session)
    assert (await asks(client, urgent))[0] == 200
    await client.post("/sign-out", headers={**HERE, **held(token)})
    assert (await asks(client, urgent))[0] == 401


async def test_a_session_that_is_prolonged_is_one_whose_every_token_ends_with_it(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    first, here = await sign_in(client), await sign_in(client, browser=CHROME)
    longer = (await client.post("/sessions/extend", data={"back": "/"}, headers={**HERE, **held(first)})).cookies[SESSION]
    client.cookies.clear()
    assert longer != first
    assert await asks(client, longer) == OPEN
    page = (await client.get("/sessions", headers=held(here))).text
    (other,) = re.findall(r'action="/sessions/([0-9a-f-]+)/end"', page)
    await client.post(f"/sessions/{other}/end", headers={**HERE, **held(here)})
    assert [await asks(client, token) for token in (first, longer, here)] == [OVER, OVER, OPEN]


async def test_signing_out_ends_a_copy_of_the_session_too(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    token = await sign_in(client)
    assert (await client.post("/sign-out", headers={**HERE, **held(token)})).headers["location"] == "/sign-in?done=signed-out"
    assert await asks(client, token) == OVER
    again = await client.post("/sign-out", headers={**HERE, **held(token)})
    assert again.headers["location"] == "/sign-in?done=signed-out"


async def test_nobody_ends_the_session_of_another(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    mine, theirs = await sign_in(client), await sign_in(client, Role.NURSE)
    target = service.tokens.read(mine, clock.now()).session
    await client.post(f"/sessions/{target}/end", headers={**HERE, **held(theirs)})
    assert await asks(client, mine) == OPEN


async def test_a_citizen_finds_their_sessions_in_the_settings(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    token = service.tokens.issue(Role.CITIZEN, clock.now(), patient=patient)
    await service.sessions.begin(service.tokens.prove(token, clock.now()), software="Firefox, Linux", network="192.0.2.0/24")
    page = (await client.get("/settings", headers=held(token))).text
    assert "Firefox, Linux" in page
    assert "192.0.2.0/24" in page
    assert "/sessions/others/end" in page
    assert (await client.get("/sessions", headers=held(token))).headers["location"] == "/settings#session"


async def test_reads_ask_nothing_about_sessions(service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    await a_citizen(service)
    token = await sign_in(client)
    await asks(client, token)
    statements: list[str] = []
    with connection.query_logger(lambda told: statements.append(told.query)):
        assert await asks(client, token) == OPEN
    assert statements
    assert not [one for one in statements if "session" in one]


async def test_what_has_expired_is_swept_and_forgotten(service: Service, connection: asyncpg.Connection) -> None:
    token = service.tokens.issue(Role.NURSE, clock.now())
    proof = service.tokens.prove(token, clock.now())
    await service.sessions.begin(proof, software="", network="")
    await service.sessions.end(proof.caller, proof.ids[0], clock.now())
    await service.sessions.sweep(clock.now())
    assert service.sessions.is_over(proof)
    await connection.execute("UPDATE session SET expires = '2001-01-01'; UPDATE session_end SET expires = '2001-01-01'")
    await service.sessions.sweep(clock.now())
    assert await connection.fetchval("SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM session_end)") == 0


def test_a_browser_is_named_in_a_few_words() -> None:
    assert name_browser(FIREFOX["user-agent"]) == "Firefox, Linux"
    assert name_browser(CHROME["user-agent"]) == "Chrome, Windows"
    assert name_browser("curl/8.1") == "curl"
    assert name_browser("") == ""
