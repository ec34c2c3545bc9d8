"""The timeline and the long lists of treatments: read a page at a time, and told as if the whole record were read."""

import random
import re
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.profile.elements import time_of
from healthspace.profile.timeline import Dated, Event, make_list, make_timeline
from healthspace.record.spaces import owner_of_patient
from healthspace.record.stretch import Place, find_told_years, read_stretch, timeline_queries
from healthspace.resources.gathering import gather
from healthspace.resources.query import Query
from healthspace.terminology.uris import ATC, LOINC, SNOMED
from tests.clinical_documents import a_clinical_document, a_vaccination
from tests.edge.conversation import Desk
from tests.edge.pages import signed_in, words
from tests.edge.test_portal_health import MASKED, keep
from tests.harness import a_citizen, authorised, treated
from tests.pure.facts import a_fact, a_result, concept

PARIS = ZoneInfo("Europe/Paris")
LABORATORY = concept(("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory"))
VITAL = concept(("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs"))
YEARS = [f"20{year}-06-05" for year in range(10, 20)]
OLDER = re.compile(r'href="([^"]+)">(?:Older|Plus anciens)<')


def a_dose(when: str, code: str = "J07BB02", **changes: Any) -> dict[str, Any]:
    given = {"status": "completed", "vaccineCode": concept((ATC, code), text=f"Vaccine {code}"), "occurrenceDateTime": when}
    return a_fact("Immunization", "", **given | changes)


def an_act(when: str, code: str = "80146002") -> dict[str, Any]:
    return a_fact("Procedure", "", status="completed", code=concept((SNOMED, code), text=f"Act {code}"), performedDateTime=when)


def a_delivery(when: str, code: str = "A10BA02") -> dict[str, Any]:
    medicine = concept((ATC, code), text=f"Medicine {code}")
    return a_fact("MedicationDispense", "", status="completed", medicationCodeableConcept=medicine, whenHandedOver=when)


def a_prescription(when: str, code: str = "A10BA02", **changes: Any) -> dict[str, Any]:
    medicine = concept((ATC, code), text=f"Medicine {code}")
    said = {"status": "active", "intent": "order", "medicationCodeableConcept": medicine} | ({"authoredOn": when} if when else {})
    return a_fact("MedicationRequest", "", **said | changes)


def an_analysis(when: str, code: str = "718-7", category: dict[str, Any] | None = LABORATORY) -> dict[str, Any]:
    return a_result(code, 13.0, "g/dL", when, source="", **({"category": [category]} if category else {}))


def an_analysis_of_a_document() -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "718-7"}], "text": "Hémoglobine"}
    said = {"status": "final", "code": code, "subject": {"reference": "urn:uuid:p"}, "category": [LABORATORY]}
    value = {"value": 13.1, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"}
    return {"resourceType": "Observation", **said, "effectiveDateTime": "2024-03-04T08:00:00+01:00", "valueQuantity": value}


def some_facts(seed: int, zones: tuple[str, ...] = ("T10:00:00+01:00", "T09:30:00Z")) -> list[dict[str, Any]]:
    """Facts of few kinds on few days, so that many may be one, some of which say only their month or year."""
    chance = random.Random(seed)

    def when() -> str:
        day = f"{chance.randint(2021, 2023)}-{chance.randint(1, 12):02d}-{chance.choice(('01', '02', '15'))}"
        return chance.choice((day[:4], day[:7], day, day, *(f"{day}{zone}" for zone in zones)))

    makers: tuple[tuple[Callable[[str, str], dict[str, Any]], tuple[str, ...]], ...] = (
        (a_dose, ("J07BB02", "J07CA02")),
        (an_act, ("80146002", "174041007")),
        (a_delivery, ("A10BA02", "C09AA05")),
        (an_analysis, ("718-7", "789-8")),
    )
    made = []
    for _ in range(90):
        maker, codes = chance.choice(makers)
        made.append(maker(when(), chance.choice(codes)))
    return made


def day_of(fact: dict[str, Any]) -> date:
    """The day where the reader lives, of a fact that says one; a month or a year at its beginning."""
    said = time_of(fact)
    return datetime.fromisoformat(said).astimezone(PARIS).date() if "T" in said else date.fromisoformat(f"{said}-01-01"[:10])


def told(events: list[Event]) -> list[tuple[str, date, str, str, int]]:
    return [(event.kind, event.day, event.time, event.name, event.count) for event in events]


async def walk(p: Permit, kind: str = "", most: int = 4) -> AsyncIterator[list[Event]]:
    """Every page of the timeline, by what each says of the next one."""
    place: Place | None = Place()
    while place is not None:
        stretch = await read_stretch(p, timeline_queries(p.keys, kind), make_timeline, place, most, PARIS)
        yield list(stretch.events)
        place = stretch.older


def reading(service: Service, patient: UUID) -> Any:
    return service.door.permit(caller_of_citizen(patient), Action.READ_RECORD, owner_of_patient(patient))


def words_of(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page)


async def pages_of(client: httpx.AsyncClient, address: str) -> list[str]:
    """The pages that "Older" leads through."""
    pages: list[str] = []
    while address:
        answer = await client.get(address)
        assert answer.status_code == 200
        pages.append(answer.text)
        found = OLDER.search(answer.text)
        address = found[1].replace("&amp;", "&") if found else ""
        assert len(pages) < 50
    return pages


@pytest.mark.parametrize("seed", range(4))
async def test_pages_together_tell_what_the_whole_record_tells(service: Service, patient: UUID, seed: int) -> None:
    await keep(service, patient, *some_facts(seed))
    async with reading(service, patient) as p:
        facts = await gather(p, ("Immunization", "Procedure", "MedicationDispense", "Observation"))
        whole = make_timeline(Dated(day_of(fact), fact) for fact in facts)
        assert len(whole) < len(facts)
        for kind in ("", "vaccination", "results"):
            pages = [page async for page in walk(p, kind)]
            assert told([event for page in pages for event in page]) == told([event for event in whole if kind in {"", event.kind}])
            assert all(len(page) <= 4 for page in pages)


@pytest.mark.parametrize("seed", range(2))
async def test_nothing_is_lost_between_pages_wherever_clocks_stand(service: Service, patient: UUID, seed: int) -> None:
    await keep(service, patient, *some_facts(seed, ("T00:30:00+14:00", "T23:30:00-12:00", "T23:30:00Z")))
    async with reading(service, patient) as p:
        facts = await gather(p, ("Immunization", "Procedure", "MedicationDispense"))
        whole = {(event.time, event.name) for event in make_timeline(Dated(day_of(fact), fact) for fact in facts)}
        assert whole <= {(event.time, event.name) async for page in walk(p) for event in page}


async def test_a_day_with_more_than_a_page_goes_on_inside(service: Service, patient: UUID) -> None:
    await keep(service, patient, *(an_act("2024-03-05", f"80146{number:03d}") for number in range(25)))
    async with reading(service, patient) as p:
        pages = [page async for page in walk(p)]
    assert [len(page) for page in pages] == [4, 4, 4, 4, 4, 4, 1]
    assert len({event.name for page in pages for event in page}) == 25


async def test_a_page_goes_on_from_the_day_of_an_event_that_has_gone(service: Service, patient: UUID) -> None:
    await keep(service, patient, *(an_act(f"2024-03-0{day}") for day in (5, 4, 3)))
    async with reading(service, patient) as p:
        place = Place(date(2024, 3, 4), "gone")
        stretch = await read_stretch(p, timeline_queries(p.keys), make_timeline, place, 4, PARIS)
    assert [event.day.day for event in stretch.events] == [4, 3]


async def test_what_says_only_its_year_is_told_with_the_day_that_it_may_mean_and_not_again_on_a_later_page(
    service: Service, patient: UUID
) -> None:
    between = [an_act(f"2022-0{month}-10") for month in range(2, 8)]
    await keep(service, patient, a_dose("2022"), a_dose("2022-09-15T10:00:00+02:00"), *between, an_act("2021-05-05"))
    async with reading(service, patient) as p:
        events = [event async for page in walk(p, most=2) for event in page]
    assert [event.time[:10] for event in events if event.kind == "vaccination"] == ["2022-09-15"]
    assert len(events) == 8


async def test_many_results_of_one_day_are_one_event_and_a_page_does_not_read_without_end(
    service: Service, client: httpx.AsyncClient, patient: UUID
) -> None:
    days = [f"2024-{month:02d}-05T08:00:00+01:00" for month in range(1, 13)]
    await keep(service, patient, *(an_analysis(day, f"{1000 + number}-1") for day in days for number in range(25)))
    pages = await pages_of(signed_in(service, client, patient, "en"), "/timeline?kind=results")
    assert [page.count('class="card row entry') for page in pages] == [10, 2]
    assert all("Results (25)" in page for page in pages)


async def test_the_timeline_goes_by_pages_and_leads_to_each_year_that_tells_something(
    service: Service, client: httpx.AsyncClient, patient: UUID
) -> None:
    await keep(service, patient, *(an_act(f"{year}-0{month}-05") for year in (2019, 2021, 2022) for month in range(1, 10)))
    await keep(service, patient, *(a_dose(f"2021-10-{day}") for day in range(10, 30)), an_analysis("1999-01-01", category=VITAL))
    me = signed_in(service, client, patient, "en")
    pages = await pages_of(me, "/timeline")
    assert [page.count('class="card row entry') for page in pages] == [40, 7]
    first = pages[0]
    assert re.findall(r"until=(\d{4})\"", first) == ["2022", "2021", "2019"]
    assert re.findall(r'href="/timeline\?kind=(\w+)"', first) == ["procedure", "vaccination"]
    assert "The most recent" not in words_of(first).replace("The most recent first", "")
    assert "The most recent" in words_of(pages[1])
    older = await me.get("/timeline?until=2021&kind=procedure")
    assert re.findall(r'id="y-(\d{4})"', older.text) == ["2021", "2019"]
    assert "Until the end of 2021" in words(older)
    assert re.findall(r"until=(\d{4})\"", older.text)[-3:] == ["2022", "2021", "2019"]
    assert "kind=vaccination&amp;until=2021" in older.text


async def test_an_address_that_says_no_day_is_the_first_page(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    await keep(service, patient, an_act("2024-03-05"))
    me = signed_in(service, client, patient, "en")
    for asked in (
        "",
        "?until=",
        "?until=20x4",
        "?until=2024-13-45",
        "?until=9999",
        "?until=9999-12-31&after=x",
        "?kind=nonsense",
        "?after=x",
    ):
        page = await me.get(f"/timeline{asked}")
        assert page.status_code == 200
        assert "Act 80146002" in words(page)
    none = await me.get("/timeline?until=0001")
    assert "No event here." in words(none)
    assert "See the whole timeline" in words(none)


async def test_a_year_begins_where_the_reader_lives(service: Service, patient: UUID) -> None:
    await keep(service, patient, an_act("2023-12-31T23:30:00Z"))
    async with reading(service, patient) as p:
        assert await find_told_years(p, PARIS) == {"procedure": [2024]}
        (event,) = [event async for page in walk(p) for event in page]
    assert event.day == date(2024, 1, 1)


async def test_what_did_not_happen_makes_no_page_no_kind_and_no_year(service: Service, patient: UUID) -> None:
    refused, mistaken = a_dose("2020-03-05", status="not-done"), a_dose("2021-03-05", status="entered-in-error")
    await keep(service, patient, refused, mistaken, an_analysis("2022-03-05", category=VITAL), a_prescription("2023-03-05"))
    async with reading(service, patient) as p:
        assert await find_told_years(p, PARIS) == {}
        assert [page async for page in walk(p)] == [[]]


async def test_what_a_label_hides_is_on_no_page_and_makes_no_kind_and_no_year(
    service: Service, client: httpx.AsyncClient, patient: UUID
) -> None:
    hidden = [an_act("1987-03-05"), a_prescription("1987-03-05", "N02BE01")]
    for fact in hidden:
        fact["meta"] |= MASKED
    doses = [a_dose(f"20{year}-03-05") for year in range(10, 20)]
    await keep(service, patient, *hidden, *doses, *(an_analysis(f"2010-03-{day}") for day in range(10, 31)), *(map(a_delivery, YEARS)))
    await authorised(service, patient, Role.SPECIALIST)
    await treated(service, patient)
    for who, sees in ((Role.SPECIALIST, False), (Role.TREATING_DOCTOR, True)):
        reader = signed_in(service, client, who, "en")
        pages = await pages_of(reader, f"/patients/{patient}/timeline")
        assert ("1987" in "".join(pages)) is sees
        assert ("kind=procedure" in pages[0]) is sees
        asked = await reader.get(f"/patients/{patient}/timeline?kind=procedure&until=1987")
        assert ("Act 80146002" in words(asked)) is sees
        assert ("N02BE01" in words(await reader.get(f"/patients/{patient}/treatments?show=prescribed"))) is sees


async def test_the_facts_of_a_document_that_one_may_not_read_are_on_no_page(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    await authorised(desk.service, patient, Role.PHARMACIST)
    await treated(desk.service, patient)
    closed = a_clinical_document(a_vaccination(occurrenceDateTime="1987-03-05"), type_code="75496-0")
    opened = a_clinical_document(a_vaccination(occurrenceDateTime="1991-03-05"))
    for content in (closed, opened):
        await desk.deposit(content, media_type="application/fhir+json")
    for who, years in ((Role.PHARMACIST, {"1991"}), (Role.TREATING_DOCTOR, {"1987", "1991"})):
        page = (await signed_in(desk.service, desk.client, who, "en").get(f"/patients/{patient}/timeline?until=1995")).text
        assert set(re.findall(r'id="y-(\d{4})"', page)) == years
        assert {year for year in re.findall(r"until=(\d{4})\"", page) if year < "1995"} == years
    assert "1987" in (await signed_in(desk.service, desk.client, patient, "en").get("/timeline")).text


async def test_a_source_is_named_on_every_page(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    document = await desk.deposit(a_clinical_document(a_vaccination(), an_analysis_of_a_document()), media_type="application/fhir+json")
    me = signed_in(desk.service, desk.client, patient, "en")
    for asked in ("", "?kind=vaccination", "?kind=results", "?kind=document"):
        assert f'href="/documents/{document["id"]}"' in (await me.get(f"/timeline{asked}")).text, asked


async def test_prescriptions_go_by_pages_and_each_stands_on_one(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    made = [a_prescription(f"20{year}-0{month}-05", f"A10BA0{month}") for year in range(10, 20) for month in range(1, 8)]
    await keep(service, patient, *made, a_prescription("", "V03AB01"), a_delivery("2020-01-01"))
    me = signed_in(service, client, patient, "en")
    first = await me.get("/treatments")
    assert "Medicine A10BA07" in words(first)
    assert 'href="/treatments?show=prescribed"' in first.text
    assert "show=dispensed" not in first.text
    pages = await pages_of(me, "/treatments?show=prescribed")
    assert [page.count('<li class="fact">') for page in pages] == [30, 30, 11]
    assert "The most recent first" in words_of(pages[0])
    assert 'href="/treatments?show=prescribed"' in pages[1]
    async with reading(service, patient) as p:
        stretch = await read_stretch(p, [Query("MedicationRequest")], make_list, Place(), 100, PARIS)
    assert len(stretch.events) == 71
    assert stretch.older is None


async def test_lists_of_treatments_that_hold_nothing_say_so(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    me = signed_in(service, client, patient, "en")
    assert "There is nothing here." in words(await me.get("/treatments?show=dispensed"))
    for asked in ("current", "past", "nonsense"):
        assert "Treatments" in words(await me.get(f"/treatments?show={asked}"))


async def test_what_is_dated_at_the_end_of_the_calendar_is_told(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    await keep(service, patient, an_act("9999-12-31T23:30:00Z"), an_act("0001-01-01T00:00:00Z"), a_dose("9999"))
    page = await signed_in(service, client, patient, "en").get("/timeline")
    assert re.findall(r'id="y-(\d+)"', page.text) == ["9999", "1"]
    assert (await signed_in(service, client, patient, "en").get("/timeline?until=9999")).status_code == 200
