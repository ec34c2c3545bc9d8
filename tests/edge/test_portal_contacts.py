"""What is shown beside documents: contacts and never carers; the history, to whom it answers; that notifications wait."""

import pytest

from healthspace.access.rules import Action
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.record.spaces import owner_of_patient
from healthspace.resources.query import Query
from healthspace.resources.reach import Reach
from healthspace.resources.search import search
from tests.documents import a_cda
from tests.edge.conversation import Desk
from tests.edge.pages import HERE, signed_in, words
from tests.edge.test_carers import answers, invited
from tests.edge.test_controls import MASKED_BY_DEFAULT, Person, a_team
from tests.edge.test_notifications import work as run_notifications
from tests.harness import a_citizen, as_caller, authorised, treated
from tests.pure.clinical.test_contacts import informant


@pytest.fixture
async def person(desk: Desk) -> Person:
    return Person(desk, await a_citizen(desk.service), (await desk.deposit())["id"])


async def test_professionals_see_contacts_and_wishes_and_never_carers(person: Person) -> None:
    service, client, patient = person.desk.service, person.desk.client, person.patient
    me = signed_in(service, client, patient, "en")
    for kind, name in (("emergency", "Paul Dupré"), ("trusted", "Anne Morel")):
        entered = {"kind": kind, "name": name, "phone": "06 00 00 00 00"}
        assert (await me.post("/entries/contact", data=entered, headers=HERE)).status_code == 303
    await me.post("/entries/wish", data={"kind": "organs", "text": "I agree"}, headers=HERE)
    carer = await a_citizen(service, 2)
    pending = await invited(person, 3, telecom=[{"system": "phone", "value": "07 11 11 11 11"}])
    accepted = await invited(person, 2, telecom=[{"system": "phone", "value": "07 22 22 22 22"}])
    assert (await answers(person.desk, accepted, carer)).status_code == 200
    await authorised(service, patient, Role.SPECIALIST)
    await authorised(service, patient, Role.PHYSIOTHERAPIST)
    await treated(service, patient)
    path = f"/patients/{patient}/wishes"
    for role in (Role.SPECIALIST, Role.PHYSIOTHERAPIST, Role.TREATING_DOCTOR):
        page = await signed_in(service, client, role, "en").get(path)
        assert page.status_code == 200
        for said in ("Paul Dupré", "Emergency contact", "Anne Morel", "Trusted person"):
            assert said in words(page), (role, said)
        assert "07 11" not in page.text
        assert "07 22" not in page.text
        assert "Take back" not in words(page)
        owner = owner_of_patient(patient)
        async with service.door.permit(caller_of_role(role), Action.SEARCH_RESOURCES, owner) as p:
            found = await search(Reach(p), Query("RelatedPerson", total=True), Reach(p).scope("RelatedPerson"))
            assert found.total == 2
        for identifier in (pending, accepted):
            answer = await client.get(f"/fhir/RelatedPerson/{identifier}", headers=as_caller(service, role))
            assert answer.status_code in {403, 404}
    assert (await signed_in(service, client, Role.NURSE, "en").get(path)).status_code == 404


async def test_contacts_are_hidden_where_all_is_masked_or_the_citizen_hides_one(person: Person) -> None:
    service, client, patient = person.desk.service, person.desk.client, person.patient
    await authorised(service, patient, Role.SPECIALIST)
    path = f"/patients/{patient}/wishes"
    entered = {"kind": "emergency", "name": "Paul Dupré", "phone": "06 00 00 00 00"}
    await signed_in(service, client, patient, "en").post("/entries/contact", data=entered, headers=HERE)
    assert "Paul Dupré" in words(await signed_in(service, client, Role.SPECIALIST, "en").get(path))
    await person.chooses(MASKED_BY_DEFAULT)
    assert "Paul Dupré" not in words(await signed_in(service, client, Role.SPECIALIST, "en").get(path))


async def test_contacts_that_documents_name_are_shown_once_with_their_sources_and_to_no_professional(
    person: Person,
) -> None:
    service, client, patient = person.desk.service, person.desk.client, person.patient
    for title in ("Premier compte rendu", "Second compte rendu"):
        named = a_cda(title=title).replace(b"<custodian>", informant("ECON").encode() + b"<custodian>")
        await person.desk.deposit(named)
    page = await signed_in(service, client, patient, "en").get("/wishes")
    assert words(page).count("Anne PETIT") == 1
    for said in ("Emergency contact", "Sœur", "+33600000000", "Premier compte rendu", "Second compte rendu"):
        assert said in words(page)
    assert "Take back" not in words(page)
    await authorised(service, patient, Role.SPECIALIST)
    assert "PETIT" not in words(await signed_in(service, client, Role.SPECIALIST, "en").get(f"/patients/{patient}/wishes"))
    found = await client.get(f"/fhir/RelatedPerson?patient={patient}", headers=as_caller(service, Role.SPECIALIST))
    assert "PETIT" not in found.text


async def test_the_history_of_a_patient_is_offered_to_whom_it_answers(person: Person) -> None:
    service, client, patient = person.desk.service, person.desk.client, person.patient
    await authorised(service, patient, Role.SPECIALIST)
    await treated(service, patient)
    await person.chooses(a_team("administrator", Role.NURSE))
    address = f"/patients/{patient}/access"
    offered = {Role.TREATING_DOCTOR: True, Role.NURSE: True, Role.SPECIALIST: False, Role.LABORATORY: False}
    for role, answers_it in offered.items():
        visitor = signed_in(service, client, role)
        page = await visitor.get(f"/patients/{patient}")
        assert page.status_code == 200
        assert (f'href="{address}"' in page.text) is answers_it
        assert 'href="/my-accesses"' in page.text
        assert (await visitor.get(address)).status_code == (200 if answers_it else 303)


async def test_unread_notifications_are_told_in_words_on_the_home_page_and_in_the_menu(person: Person) -> None:
    service, client, patient = person.desk.service, person.desk.client, person.patient
    await run_notifications(service)
    me = signed_in(service, client, patient, "en")
    before = len(await person.desk.lines())
    home = await me.get("/")
    assert len(await person.desk.lines()) == before + 1
    assert '<span class="sr">: 1 unread notification</span>' in home.text
    assert '<a class="ttl cover" href="/notifications">1 unread notification</a>' in home.text
    assert '<span class="sr">: 1 unread notification</span>' in (await me.get("/notifications")).text
    assert (await me.post("/notifications", data={"act": "all"}, headers=HERE)).status_code == 303
    for path in ("/", "/notifications"):
        assert "unread notification" not in words(await me.get(path))
    french = signed_in(service, client, patient, "fr")
    assert "non lue" not in words(await french.get("/"))
