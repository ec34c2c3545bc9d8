"""Who represents a child decides for them in the portal: who reads, what is told, what was done; and invites a second representative."""

import re
from uuid import UUID

import httpx

from healthspace.access.opening import Service
from healthspace.identity.caller import SERVICE
from healthspace.identity.personas import Role
from healthspace.record.life import announce_space
from tests.documents import a_cda
from tests.edge.pages import HERE, Deposit, signed_in, words
from tests.edge.test_notifications import work
from tests.edge.test_portal_relatives import follow, ids_on, typed
from tests.harness import a_citizen, rpps_of, some_traits


async def of_a_minor(service: Service) -> tuple[UUID, UUID]:
    """A child and who represents them."""
    parent = await a_citizen(service, 2)
    async with service.door.permit_to_open(SERVICE) as p:
        child = await announce_space(p, some_traits(1, birth_date="2014-03-05", given=("ZOÉ",)), announced=False, representative=parent)
    return child, parent


async def test_a_representative_finds_the_child_and_invites_a_second_one(service: Service, client: httpx.AsyncClient) -> None:
    parent, other = await a_citizen(service, 2), await a_citizen(service, 3)
    async with service.door.permit_to_open(SERVICE) as p:
        child = await announce_space(p, some_traits(1, birth_date="2014-03-05", given=("ZOÉ",)), announced=False, representative=parent)
    signed_in(service, client, parent)
    page = await client.get("/relatives")
    assert "ZOÉ DUPRÉ" in words(page)
    assert "5 mars 2032" in words(page)
    around = await client.get(f"/patients/{child}/relatives")
    assert "Le représentant qui a ouvert ce dossier" in words(around)
    assert f"/patients/{child}/relatives/invite?as=GUARD" in around.text
    form = await client.get(f"/patients/{child}/relatives/invite?as=GUARD")
    assert 'name="relation" value="GUARD"' in form.text
    assert 'name="scope"' not in form.text
    sent = await client.post(f"/patients/{child}/relatives/invite", data=typed(3, relation="GUARD"), headers=HERE)
    assert sent.headers["location"] == f"/patients/{child}/relatives?done=invited"
    signed_in(service, client, other)
    (identifier,) = ids_on(await client.get("/relatives"), "answer")
    assert "autorité parentale" in words(await client.get(f"/relatives/{identifier}/answer"))
    await client.post(f"/relatives/{identifier}/answer", data={"answer": "accept"}, headers=HERE)
    found = await follow(client, f"/patients/{child}", f"/patients/{child}")
    assert {address for address, status in found.items() if status != 200} <= {address for address in found if "/privacy/" in address}
    assert {f"/patients/{child}/relatives", f"/patients/{child}/privacy", f"/patients/{child}/access"} <= found.keys()
    assert "as=GUARD" not in (await client.get(f"/patients/{child}/relatives")).text


async def test_a_representative_decides_who_reads_the_record_of_a_child(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    child, parent = await of_a_minor(service)
    await deposit(a_cda(title="Un bilan", birth="20140305", given="ZOÉ"))
    privacy, rpps = f"/patients/{child}/privacy", rpps_of(Role.SPECIALIST)
    signed_in(service, client, parent)
    page = words(await client.get(privacy))
    assert "Vous agissez pour ZOÉ DUPRÉ" in page
    assert "Qui peut lire ce dossier" in page
    assert "Qui peut lire mon dossier" not in page
    preview = await client.post(f"{privacy}/preview", data={"rpps": rpps}, headers=HERE)
    assert "Un bilan" in preview.text
    assert f'action="{privacy}/authorise"' in preview.text
    given = await client.post(f"{privacy}/authorise", data={"rpps": rpps, "days": "90"}, headers=HERE)
    assert given.headers["location"] == f"{privacy}?done=authorised"
    signed_in(service, client, Role.SPECIALIST)
    assert "Un bilan" in (await client.get(f"/patients/{child}")).text
    signed_in(service, client, parent)
    (consent,) = set(re.findall(rf"{privacy}/end/([0-9a-f-]+)", (await client.get(privacy)).text))
    assert "ne pourra plus lire le dossier" in (await client.get(f"{privacy}/end/{consent}")).text
    assert (await client.post(f"{privacy}/end/{consent}", data={"number": rpps}, headers=HERE)).headers[
        "location"
    ] == f"{privacy}?done=ended"
    asked = await client.post(f"{privacy}/block/ask", data={"block": rpps}, headers=HERE)
    assert f'action="{privacy}/block"' in asked.text
    assert (await client.post(f"{privacy}/block", data={"number": rpps}, headers=HERE)).headers["location"] == f"{privacy}?done=blocked"
    assert "Karim BENALI" in (await client.get(privacy)).text
    saved = await client.post(f"{privacy}/choices", data={"MASQUE_PS": "yes"}, headers=HERE)
    assert saved.headers["location"] == f"{privacy}?done=saved"
    assert re.search(r'id="MASQUE_PS"[^>]* checked', (await client.get(privacy)).text)
    assert not re.search(r'id="BTG"[^>]* checked', (await client.get(privacy)).text)
    signed_in(service, client, child)
    assert "Karim BENALI" in (await client.get("/privacy")).text
    assert re.search(r'id="MASQUE_PS"[^>]* checked', (await client.get("/privacy")).text)


async def test_a_representative_questions_an_access_to_the_record_of_a_child_and_takes_the_history_away(
    service: Service, client: httpx.AsyncClient
) -> None:
    child, parent = await of_a_minor(service)
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{child}")).status_code == 404
    signed_in(service, client, parent)
    history = (await client.get(f"/patients/{child}/access")).text
    line = re.findall(rf'href="(/patients/{child}/access/[0-9a-f-]+/question)"', history)[0]
    assert "Vous agissez pour ZOÉ DUPRÉ" in words(await client.get(line))
    sent = await client.post(line, data={"question": "Nous ne connaissons pas ce médecin."}, headers=HERE)
    assert sent.headers["location"] == f"/patients/{child}/access?done=questioned"
    assert "Karim BENALI" in (await client.get(f"/patients/{child}/access/export.csv")).text


async def test_a_representative_reads_and_chooses_the_notifications_of_a_child(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    child, parent = await of_a_minor(service)
    kept = await deposit(a_cda(title="Un bilan", birth="20140305", given="ZOÉ"))
    await work(service)
    centre = f"/patients/{child}/notifications"
    page = await signed_in(service, client, parent).get(centre)
    assert "Vous agissez pour ZOÉ DUPRÉ" in words(page)
    assert f'href="/patients/{child}/documents/{kept}"' in page.text
    told = re.findall(r'name="id" value="([0-9a-f-]+)"', page.text)[0]
    done = await client.post(centre, data={"act": "read", "id": told, "show": "unread"}, headers=HERE)
    assert done.headers["location"] == f"{centre}?show=unread"
    assert told not in (await client.get(f"{centre}?show=unread")).text
    chosen = await client.post(f"{centre}/choices", data={"address": "parent@example.org"}, headers=HERE)
    assert chosen.headers["location"] == f"{centre}/choices?done=kept"
    assert "parent@example.org" in (await client.get(f"{centre}/choices")).text
    assert "parent@example.org" not in (await client.get("/notifications/choices")).text
    for who in (Role.TREATING_DOCTOR, Role.LABORATORY, await a_citizen(service, 3)):
        signed_in(service, client, who)
        assert {(await client.get(f"{centre}{part}")).status_code for part in ("", "/choices")} == {404}
        assert (await client.post(centre, data={"act": "all"}, headers=HERE)).status_code == 404
