"""Relatives and carers in the portal: invited, answered, bounded, ended; a carer is shown nothing that would be refused."""

import re
from uuid import UUID

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.identity.personas import Role
from tests.documents import JPEG, a_cda, labelled, of_type
from tests.edge.pages import HERE, Deposit, signed_in, words
from tests.edge.test_portal_adding import send
from tests.harness import a_citizen, authorised, lines_of, rpps_of, some_traits, treated


def typed(number: int, **changes: str) -> dict[str, str]:
    """The form of an invitation of the invented woman `number`."""
    traits = some_traits(number)
    form = {"ins": traits.ins.value, "family": "dupré", "given": "Léa", "birth": traits.birth_date, "relation": "CHILD", "scope": "READ"}
    return {**form, **changes}


async def invites(service: Service, client: httpx.AsyncClient, who: UUID, number: int, **changes: str) -> httpx.Response:
    signed_in(service, client, who)
    return await client.post("/relatives/invite", data=typed(number, **changes), headers=HERE)


def ids_on(page: httpx.Response, act: str) -> list[str]:
    return re.findall(rf'href="(?:/patients/[0-9a-f-]+)?/relatives/([0-9a-f-]+)/{act}"', page.text)


async def becomes_carer(service: Service, client: httpx.AsyncClient, patient: UUID, carer: UUID, number: int = 2, **changes: str) -> str:
    """The id of an invitation that was sent and accepted; the carer is signed in."""
    sent = await invites(service, client, patient, number, **changes)
    assert sent.headers["location"] == "/relatives?done=invited"
    signed_in(service, client, carer)
    (identifier,) = ids_on(await client.get("/relatives"), "answer")
    done = await client.post(f"/relatives/{identifier}/answer", data={"answer": "accept"}, headers=HERE)
    assert done.headers["location"] == "/relatives?done=accepted"
    return identifier


async def test_a_carer_is_invited_accepts_opens_the_record_and_is_ended(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient, carer = await a_citizen(service, used_given="Rose", used_family="Martin"), await a_citizen(service, 2)
    await deposit(a_cda(title="Un bilan"))
    await invites(service, client, patient, 2)
    page = await client.get("/relatives")
    assert "Léa dupré" in words(page)
    assert "Waiting" not in page.text
    (identifier,) = ids_on(page, "end")
    signed_in(service, client, carer)
    assert (await client.get(f"/patients/{patient}")).status_code == 404
    assert "Rose Martin vous invite" in words(await client.get("/relatives"))
    question = words(await client.get(f"/relatives/{identifier}/answer"))
    assert "Vous lisez son dossier avec votre compte" in question
    await client.post(f"/relatives/{identifier}/answer", data={"answer": "accept"}, headers=HERE)
    assert f'href="/patients/{patient}"' in (await client.get("/relatives")).text
    record = words(await client.get(f"/patients/{patient}"))
    assert "Vous agissez pour Rose Martin" in record
    assert "Un bilan" in record
    signed_in(service, client, patient)
    assert "ne lit plus le dossier" in words(await client.get(f"/relatives/{identifier}/end"))
    assert (await client.post(f"/relatives/{identifier}/end", headers=HERE)).headers["location"] == "/relatives?done=care-ended"
    signed_in(service, client, carer)
    assert (await client.get(f"/patients/{patient}")).status_code == 404
    assert f"/patients/{patient}" not in (await client.get("/relatives")).text


async def test_a_refused_invitation_is_told_to_who_sent_it_and_gone_for_who_refused(service: Service, client: httpx.AsyncClient) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    await invites(service, client, patient, 2)
    signed_in(service, client, carer)
    (identifier,) = ids_on(await client.get("/relatives"), "answer")
    done = await client.post(f"/relatives/{identifier}/answer", data={"answer": "refuse"}, headers=HERE)
    assert done.headers["location"] == "/relatives?done=refused"
    assert ids_on(await client.get("/relatives"), "answer") == []
    assert (await client.get(f"/relatives/{identifier}/answer")).status_code == 404
    signed_in(service, client, patient)
    assert "Refus" in words(await client.get("/relatives"))


async def test_a_carer_stops_by_themselves(service: Service, client: httpx.AsyncClient) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    identifier = await becomes_carer(service, client, patient, carer)
    assert "Vous n’ouvrez plus ce dossier" in words(await client.get(f"/relatives/{identifier}/end"))
    assert (await client.post(f"/relatives/{identifier}/end", headers=HERE)).headers["location"] == "/relatives?done=left"
    assert (await client.get(f"/patients/{patient}")).status_code == 404


async def test_the_answer_to_an_invitation_tells_nothing_of_who_it_leads_to(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    await a_citizen(service, 2)
    pages = []
    for number, changes in ((2, {}), (2, {"birth": "1980-01-01"}), (9, {})):
        sent = await invites(service, client, patient, number, **changes)
        page = await client.get(sent.headers["location"])
        (identifier,) = ids_on(page, "end")
        pages.append((sent.status_code, sent.headers["location"], re.sub(rf'{identifier}|data-ends="\d+"', "", page.text)))
        await client.post(f"/relatives/{identifier}/end", headers=HERE)
    assert pages[0][:2] == pages[1][:2] == pages[2][:2]
    shown = [re.sub(r"(?s)<details.*?</details>", "", page).split() for _, _, page in pages]
    assert shown[0] == shown[1] == shown[2]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ins": "123"}, "ins"),
        ({"ins": "279035110000203"}, "ins"),
        ({"family": ""}, "family"),
        ({"given": ""}, "given"),
        ({"birth": "3000-01-01"}, "birth"),
        ({"relation": "XX"}, "relation"),
        ({"scope": "ALL"}, "scope"),
        ({"end": "2001-01-01"}, "end"),
    ],
)
async def test_what_was_typed_is_kept_and_what_is_wrong_is_told(
    service: Service, client: httpx.AsyncClient, changes: dict[str, str], field: str
) -> None:
    patient = await a_citizen(service)
    answer = await invites(service, client, patient, 2, **{"given": "Léa-Rose", "end": "2099-12-31", **changes})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    kept = {"given": "Léa-Rose", "end": "2099-12-31", "family": "dupré", **changes}
    for name in {"given", "family", "end", "birth"} & kept.keys():
        assert f'value="{kept[name]}"' in answer.text


async def test_three_carers_at_most_are_told_before_and_after(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    for number in (2, 3, 4):
        await invites(service, client, patient, number)
    assert 'href="/relatives/invite"' not in (await client.get("/relatives")).text
    assert "plus de place" in words(await client.get("/relatives/invite"))
    assert (await invites(service, client, patient, 5)).status_code == 422


async def test_who_helps_five_people_is_told_so(service: Service, client: httpx.AsyncClient) -> None:
    carer = await a_citizen(service, 9)
    for number in range(1, 6):
        await becomes_carer(service, client, await a_citizen(service, number), carer, 9)
    await invites(service, client, await a_citizen(service, 6), 9)
    signed_in(service, client, carer)
    (identifier,) = ids_on(await client.get("/relatives"), "answer")
    full = await client.post(f"/relatives/{identifier}/answer", data={"answer": "accept"}, headers=HERE)
    assert full.status_code == 422
    assert "5 personnes au plus" in words(full)


async def test_another_scope_and_end_are_given(service: Service, client: httpx.AsyncClient) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    identifier = await becomes_carer(service, client, patient, carer)
    assert (await client.get(f"/patients/{patient}/add")).status_code == 404
    signed_in(service, client, patient)
    wrong = await client.post(f"/relatives/{identifier}/change", data={"scope": "FEED", "end": "2001-01-01"}, headers=HERE)
    assert wrong.status_code == 422
    done = await client.post(f"/relatives/{identifier}/change", data={"scope": "FEED", "end": "2099-12-31"}, headers=HERE)
    assert done.headers["location"] == "/relatives?done=carer-changed"
    assert 'value="2099-12-31"' in (await client.get(f"/relatives/{identifier}/change")).text
    signed_in(service, client, carer)
    assert (await client.get(f"/patients/{patient}/add")).status_code == 200


# What a carer is shown


async def follow(client: httpx.AsyncClient, start: str, inside: str) -> dict[str, int]:
    """Every address under `inside` that the pages link to, from `start`, with its status."""
    found, waiting = dict[str, int](), [start]
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        answer = await client.get(address)
        found[address] = answer.status_code
        links = re.findall(r'(?:href|action)="([^"#?]+)', answer.text)
        waiting.extend(link for link in links if link.startswith(inside) and link not in found)
    return found


@pytest.mark.parametrize("scope", ["READ", "FEED"])
async def test_nothing_that_a_carer_may_not_do_is_on_their_pages(
    service: Service, client: httpx.AsyncClient, deposit: Deposit, scope: str
) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    await deposit(a_cda(title="Un bilan"))
    await deposit(JPEG, media_type="image/jpeg", type=of_type("18748-4"))
    await deposit(a_cda(title="Caché"), securityLabel=labelled("INVISIBLE_REPRESENTANTS_LEGAUX"))
    await becomes_carer(service, client, patient, carer, scope=scope)
    if scope == "FEED":
        assert (await send(client, f"/patients/{patient}/add", JPEG + b"x")).headers["location"].endswith("done=added-for-relative")
    found = await follow(client, f"/patients/{patient}", f"/patients/{patient}")
    assert set(found.values()) == {200}
    parts = {address.removeprefix(f"/patients/{patient}") for address in found}
    assert {"", "/summary", "/results", "/vaccination", "/wishes", "/timeline"} <= parts
    assert ("/add" in parts) == (scope == "FEED")
    assert not [part for part in parts if re.search(r"original|attachments|csv|change|access|relatives|corrections/new", part)]
    for part in ("/relatives", "/relatives/invite", "/access"):
        assert (await client.get(f"/patients/{patient}{part}")).status_code in {303, 404}


async def test_a_carer_hides_nothing_in_what_they_add_and_keeps_nothing_back(service: Service, client: httpx.AsyncClient) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    await becomes_carer(service, client, patient, carer, scope="FEED")
    assert 'name="masked"' not in (await client.get(f"/patients/{patient}/add")).text
    await send(client, f"/patients/{patient}/add", JPEG, masked="yes", announced="later")
    signed_in(service, client, patient)
    page = words(await client.get("/documents"))
    assert "1 document" in page
    assert "Caché aux professionnels" not in page


async def test_the_menu_and_the_search_while_acting_are_not_of_the_other_record(service: Service, client: httpx.AsyncClient) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    await becomes_carer(service, client, patient, carer)
    page = (await client.get(f"/patients/{patient}")).text
    assert 'href="/relatives" aria-current="true"' in page
    assert 'href="/documents" aria-current' not in page
    assert 'id="seek"' not in page


async def test_what_has_ended_leaves_no_refusals_in_the_trail(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    identifier = await becomes_carer(service, client, patient, carer)
    await client.post(f"/relatives/{identifier}/end", headers=HERE)
    before = len(await lines_of(connection))
    await client.get("/relatives")
    assert (await lines_of(connection))[before:] == [("access:read", "done", "own-record")]


async def test_the_history_names_who_accepted_and_nobody_before(service: Service, client: httpx.AsyncClient) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    await invites(service, client, patient, 2)
    signed_in(service, client, carer)
    (identifier,) = ids_on(await client.get("/relatives"), "answer")
    signed_in(service, client, patient)
    before = words(await client.get("/access"))
    assert "Léa dupré" not in before
    signed_in(service, client, carer)
    await client.post(f"/relatives/{identifier}/answer", data={"answer": "accept"}, headers=HERE)
    await client.get(f"/patients/{patient}")
    signed_in(service, client, patient)
    for page in (await client.get("/access"), await client.get("/"), await client.get("/access/export.csv")):
        assert "Léa dupré" in page.text
    await treated(service, patient)
    signed_in(service, client, Role.TREATING_DOCTOR)
    assert "Léa dupré" not in (await client.get(f"/patients/{patient}/access")).text


async def test_an_adult_is_not_represented_by_invitation_of_the_portal(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    assert "as=GUARD" not in (await signed_in(service, client, patient).get("/relatives")).text
    refused = await invites(service, client, patient, 2, relation="GUARD")
    assert refused.status_code == 422
    assert "un adulte n’en a pas sur invitation" in words(refused)


@pytest.mark.parametrize("role", [Role.TREATING_DOCTOR, Role.LABORATORY, Role.AGENCY])
async def test_relatives_are_a_page_of_citizens(service: Service, client: httpx.AsyncClient, role: Role) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, role)
    for address in ("/relatives", f"/patients/{patient}/relatives", "/relatives/invite"):
        assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize("scope", ["READ", "FEED"])
async def test_a_carer_and_a_professional_decide_nothing(service: Service, client: httpx.AsyncClient, scope: str) -> None:
    patient, carer = await a_citizen(service), await a_citizen(service, 2)
    await becomes_carer(service, client, patient, carer, scope=scope)
    await treated(service, patient)
    await authorised(service, patient, Role.SPECIALIST)
    privacy, number = f"/patients/{patient}/privacy", rpps_of(Role.NURSE)
    for who in (carer, Role.TREATING_DOCTOR, Role.SPECIALIST, Role.LABORATORY, await a_citizen(service, 3)):
        signed_in(service, client, who)
        closed = (f"/patients/{patient}/access/export.csv", f"/patients/{patient}/notifications")
        answers = [await client.get(address) for address in (privacy, *closed)]
        for path, data in (
            ("", {"rpps": number}),
            ("/preview", {"rpps": number}),
            ("/authorise", {"rpps": number}),
            ("/block/ask", {"block": number}),
            ("/block", {"number": number}),
            ("/choices", {"BTG": "yes"}),
        ):
            answers.append(await client.post(f"{privacy}{path}", data=data, headers=HERE))
        assert {answer.status_code for answer in answers} == {404}, who
    signed_in(service, client, patient)
    assert "Thomas GUÉRIN" not in (await client.get("/privacy")).text
