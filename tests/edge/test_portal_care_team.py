"""Care team, places and choices that name several, on the page of who may read; by the holder, and by who represents them."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.identity.personas import PROFESSIONALS, Role
from tests.documents import a_cda
from tests.edge.pages import HERE, Deposit, signed_in, words
from tests.edge.test_controls import a_consent, a_team, professional
from tests.edge.test_portal_forms import Form, forms_of
from tests.edge.test_portal_representatives import of_a_minor
from tests.harness import a_citizen, as_caller, rpps_of

PLACE = PROFESSIONALS[Role.SPECIALIST].structure.finess
CHILD = {"birth": "20140305", "given": "ZOÉ"}


async def form_to(client: httpx.AsyncClient, page: str, action: str) -> Form:
    """The one form of a page whose action ends so."""
    (form,) = [form for form in forms_of(page, (await client.get(page)).text) if re.search(action, form.action)]
    return form


async def press(client: httpx.AsyncClient, page: str, action: str, **typed: str) -> str:
    """Sends a form as the page shows it, with what is typed; where it leads."""
    form = await form_to(client, page, action)
    answer = await client.post(form.action, data={**form.held, **typed}, headers=HERE)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def sees(service: Service, client: httpx.AsyncClient, who: Role, patient: UUID) -> bool:
    found = await client.get(f"/fhir/DocumentReference?patient={patient}", headers=as_caller(service, who))
    return bool(found.json()["total"])


async def says(service: Service, client: httpx.AsyncClient, patient: UUID, resource: dict[str, Any]) -> None:
    subject = "patient" if resource["resourceType"] == "Consent" else "subject"
    body = {**resource, subject: {"reference": f"Patient/{patient}"}}
    answer = await client.post(f"/fhir/{resource['resourceType']}", json=body, headers=as_caller(service, patient))
    assert answer.status_code == 201, answer.text


def links_to_end(page: httpx.Response) -> list[str]:
    return re.findall(r'href="([^"]*/privacy/end/[^"]+)"', page.text)


async def test_a_representative_takes_a_professional_into_the_care_team_opposes_the_team_and_ends_it(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    child, parent = await of_a_minor(service)
    await deposit(a_cda(**CHILD))
    privacy = f"/patients/{child}/privacy"
    signed_in(service, client, parent)
    assert "CareTeam" not in (await client.get(privacy)).text
    typed = {"number": rpps_of(Role.SPECIALIST), "function": "member", "end": "2099-12-31"}
    assert await press(client, f"{privacy}/team", "/team$", **typed) == f"{privacy}?done=joined"
    page = await client.get(privacy)
    assert "Équipe de soins" in words(page)
    assert "31 décembre 2099" in words(page)
    assert await sees(service, client, Role.SPECIALIST, child)
    switches = await form_to(client, privacy, "/choices$")
    assert switches.held["team"] == "yes"
    assert switches.held.pop("CareTeam") == "yes"
    await client.post(switches.action, data=switches.held, headers=HERE)
    assert not await sees(service, client, Role.SPECIALIST, child)
    opposed = await client.get(privacy)
    assert ("0 professionnel" in words(opposed), "Ne lit pas" in words(opposed)) == (True, True)
    await press(client, privacy, "/choices$", CareTeam="yes")
    assert await sees(service, client, Role.SPECIALIST, child)
    (link,) = links_to_end(await client.get(privacy))
    assert "ne pourra plus lire" in words(await client.get(link))
    assert await press(client, link, "/end/") == f"{privacy}?done=ended"
    assert not await sees(service, client, Role.SPECIALIST, child)
    signed_in(service, client, child)
    assert links_to_end(await client.get("/privacy")) == []


@pytest.mark.parametrize(("function", "reads"), [("PCP", True), ("administrator", True), ("pharmacist", False)])
async def test_opposing_the_team_leaves_those_with_the_treating_doctors_rights(
    service: Service, client: httpx.AsyncClient, deposit: Deposit, function: str, *, reads: bool
) -> None:
    patient = await a_citizen(service)
    await deposit()
    signed_in(service, client, patient)
    await press(client, "/privacy/team", "/team$", number=rpps_of(Role.NURSE), function=function)
    switches = await form_to(client, "/privacy", "/choices$")
    await client.post(switches.action, data={name: value for name, value in switches.held.items() if name != "CareTeam"}, headers=HERE)
    assert await sees(service, client, Role.NURSE, patient) == reads
    assert ("Ne lit pas" in words(await client.get("/privacy"))) != reads


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "123"}, "number"),
        ({"number": ""}, "number"),
        ({"function": "x"}, "function"),
        ({"number": PLACE, "function": "PCP"}, "function"),
        ({"end": "2001-01-01"}, "end"),
    ],
)
async def test_what_was_typed_about_a_member_is_kept_and_what_is_wrong_is_told(
    service: Service, client: httpx.AsyncClient, changes: dict[str, str], field: str
) -> None:
    signed_in(service, client, await a_citizen(service))
    typed = {"number": "810 000 000 29", "function": "midwife", "end": "2099-12-31", **changes}
    answer = await client.post("/privacy/team", data=typed, headers=HERE)
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    assert f'value="{typed["number"]}"' in answer.text
    assert f'value="{typed["end"]}"' in answer.text


async def test_a_place_is_authorised_and_blocked_until_a_day(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    await deposit()
    signed_in(service, client, patient)
    preview = await client.post("/privacy/preview", data={"rpps": PLACE}, headers=HERE)
    assert "ce que sa profession peut lire" in words(preview)
    (form,) = [form for form in forms_of("", preview.text) if form.action == "/privacy/authorise"]
    await client.post(form.action, data={**form.held, "days": "7"}, headers=HERE)
    assert await sees(service, client, Role.SPECIALIST, patient)
    assert not await sees(service, client, Role.NURSE, patient)
    (link,) = links_to_end(await client.get("/privacy"))
    assert "tous ceux qui y travaillent" in words(await client.get(link))
    await press(client, link, "/end/")
    assert not await sees(service, client, Role.SPECIALIST, patient)
    assert await press(client, "/privacy", "/privacy$", rpps=PLACE) == "/privacy?done=authorised"
    asked = await client.post("/privacy/block/ask", data={"block": PLACE}, headers=HERE)
    (form,) = [form for form in forms_of("", asked.text) if form.action == "/privacy/block"]
    wrong = await client.post(form.action, data={**form.held, "end": "2001-01-01"}, headers=HERE)
    assert (wrong.status_code, 'value="2001-01-01"' in wrong.text) == (422, True)
    await client.post(form.action, data={**form.held, "end": "2099-12-31"}, headers=HERE)
    page = await client.get("/privacy")
    assert links_to_end(page) == []
    assert "31 décembre 2099" in words(page)
    assert not await sees(service, client, Role.SPECIALIST, patient)


async def test_who_is_blocked_is_not_among_those_who_read_although_they_treat(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    await press(client, "/privacy/team", "/team$", number=rpps_of(Role.TREATING_DOCTOR), function="PCP")
    assert len(links_to_end(await client.get("/privacy"))) == 1
    await client.post("/privacy/block", data={"number": rpps_of(Role.TREATING_DOCTOR)}, headers=HERE)
    assert links_to_end(await client.get("/privacy")) == []


TWO = Role.SPECIALIST, Role.NURSE
TEAM_OF_TWO = {**a_team("330", Role.NURSE), "participant": [one for role in TWO for one in a_team("330", role)["participant"]]}


@pytest.mark.parametrize("resource", [a_consent("permit", *map(professional, TWO)), TEAM_OF_TWO], ids=["consent", "team"])
async def test_a_choice_that_names_two_is_ended_for_the_one_that_is_meant(
    service: Service, client: httpx.AsyncClient, deposit: Deposit, resource: dict[str, Any]
) -> None:
    patient = await a_citizen(service)
    await deposit()
    await says(service, client, patient, resource)
    signed_in(service, client, patient)
    first, second = links_to_end(await client.get("/privacy"))
    assert "Thomas GUÉRIN" in words(await client.get(second))
    form = await form_to(client, second, "/end/")
    for _ in range(2):  # sent twice
        await client.post(form.action, data=form.held, headers=HERE)
        assert await sees(service, client, Role.SPECIALIST, patient)
        assert not await sees(service, client, Role.NURSE, patient)
    await press(client, first, "/end/")
    assert not await sees(service, client, Role.SPECIALIST, patient)


async def test_blocking_one_of_two_who_were_authorised_together_takes_nothing_from_the_other(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await deposit()
    await says(service, client, patient, a_consent("permit", professional(Role.SPECIALIST), professional(Role.NURSE)))
    signed_in(service, client, patient)
    await client.post("/privacy/block", data={"number": rpps_of(Role.NURSE)}, headers=HERE)
    assert await sees(service, client, Role.SPECIALIST, patient)
    assert not await sees(service, client, Role.NURSE, patient)


async def test_who_is_blocked_beside_the_team_stays_blocked_when_the_team_reads_again(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await deposit()
    await says(service, client, patient, a_team("330", Role.SPECIALIST))
    await says(service, client, patient, a_team("330", Role.NURSE))
    team = (await client.get("/fhir/CareTeam", headers=as_caller(service, patient))).json()["entry"][0]["resource"]["id"]
    both = a_consent("deny", professional(Role.NURSE), {"reference": f"CareTeam/{team}"})
    await says(service, client, patient, both)
    assert not await sees(service, client, Role.SPECIALIST, patient)
    signed_in(service, client, patient)
    page = await client.get("/privacy")
    assert page.text.count("/privacy/unblock/") == 1
    await press(client, "/privacy", "/choices$", CareTeam="yes")
    assert await sees(service, client, Role.SPECIALIST, patient)
    assert not await sees(service, client, Role.NURSE, patient)


async def test_what_a_reader_sees_now_is_previewed_without_a_form(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    await deposit(a_cda(title="Un bilan"))
    signed_in(service, client, patient)
    before = await client.post("/privacy/preview", data={"rpps": rpps_of(Role.SPECIALIST), "now": "yes"}, headers=HERE)
    assert ("Un bilan" in before.text, "/privacy/authorise" in before.text) == (False, False)
    await press(client, "/privacy", "/privacy$", rpps=rpps_of(Role.SPECIALIST))
    form = await form_to(client, "/privacy", "/preview$")
    page = await client.post(form.action, data=form.held, headers=HERE)
    assert ("Un bilan" in page.text, "/privacy/authorise" in page.text, "aujourd’hui" in words(page)) == (True, False, True)
