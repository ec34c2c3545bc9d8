"""The store: versions, what they are found by, and pages that neither lose nor repeat."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.base.errors import NotFound
from healthspace.base.ids import new_id
from healthspace.database.seal import Tampered
from healthspace.identity.caller import SERVICE
from healthspace.resources.grammar import read_search
from healthspace.resources.hashing import hash_token
from healthspace.resources.names import claim, pointed_to
from healthspace.resources.planning import plan
from healthspace.resources.reach import Reach
from healthspace.resources.search import Page, search
from healthspace.resources.store import find, insert, read, read_all, read_version, update
from healthspace.resources.stored import Stored

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
INDEXES = ("ix_token", "ix_range", "ix_string")
SORTS = ("date", "-date", "_lastUpdated", "-_lastUpdated", "_id", "-_id", "description", "-description")


@asynccontextmanager
async def space(service: Service) -> AsyncIterator[Permit]:
    async with service.door.permit_to_open(SERVICE) as p:
        yield p


def a_document(**changes: Any) -> dict[str, Any]:
    given = {
        "resourceType": "DocumentReference",
        "status": "current",
        "masterIdentifier": {"system": "s", "value": "v1"},
        "date": "2024-03-05T10:00:00Z",
        "description": "Une lettre",
    }
    return {**given, **changes}


async def keep(p: Permit, at: datetime = NOON, **changes: Any) -> Stored:
    return await insert(p.tx, p.cipher, p.keys, new_id(p.owner), a_document(**changes), at)


async def change(p: Permit, current: Stored, at: datetime = NOON, **changes: Any) -> Stored:
    return await update(p.tx, p.cipher, p.keys, current, {**current.json(), **changes}, at)


async def ask(p: Permit, *terms: tuple[str, str], after: str | None = None) -> Page:
    reach = Reach(p)
    query, scope = await plan(reach, read_search("DocumentReference", terms))
    query.after = after
    return await search(reach, query, scope)


async def found_by(p: Permit, *terms: tuple[str, str]) -> list[UUID]:
    page = await ask(p, *terms)
    assert page.total == len(page.entries)
    return [entry.id for entry in page.entries]


async def test_what_is_stored_is_read_as_it_was_with_id_and_meta(service: Service) -> None:
    async with space(service) as p:
        kept = await keep(p, meta={"profile": ["a profile"]}, custom={"a": [1, None]})
        again = await read(p.tx, p.cipher, "DocumentReference", kept.id)
    assert again == kept
    assert list(again.json())[:3] == ["resourceType", "id", "meta"]
    assert again.json()["meta"] == {"profile": ["a profile"], "versionId": "1", "lastUpdated": "2026-11-24T12:00:00.000Z"}
    assert again.json()["custom"] == {"a": [1, None]}


async def test_the_senders_id_version_and_time_are_not_kept(service: Service) -> None:
    async with space(service) as p:
        kept = await keep(p, id="theirs", meta={"versionId": "9", "lastUpdated": "1999-01-01T00:00:00Z"})
    assert (kept.json()["id"], kept.json()["meta"]["versionId"]) == (str(kept.id), "1")


async def test_every_version_stays_readable(service: Service) -> None:
    async with space(service) as p:
        first = await keep(p)
        second = await change(p, first, NOON + timedelta(hours=1), status="superseded")
        third = await change(p, second, NOON + timedelta(hours=2), description="Une autre")
        versions = [await read_version(p.tx, p.cipher, "DocumentReference", first.id, number) for number in (1, 2, 3)]
        current = await read(p.tx, p.cipher, "DocumentReference", first.id)
        assert [found.body for found in versions] == [first.body, second.body, third.body]
        assert current.version == 3
        with pytest.raises(NotFound):
            await read_version(p.tx, p.cipher, "DocumentReference", first.id, 4)


async def test_an_update_is_found_by_its_new_values_only(service: Service, connection: asyncpg.Connection) -> None:
    async with space(service) as p:
        first = await keep(p)
        counts = [await connection.fetchval(f"SELECT count(*) FROM {table} WHERE id = $1", first.id) for table in INDEXES]
        assert all(counts)
        new = {"system": "s", "value": "v2"}
        await change(p, first, masterIdentifier=new, date="2025-01-01", description="Un courrier", status="superseded")
        old_terms = [("identifier", "v1"), ("date", "2024"), ("description", "une lettre"), ("status", "current")]
        new_terms = [("identifier", "v2"), ("date", "2025"), ("description", "un courrier"), ("status", "superseded")]
        assert [await found_by(p, term) for term in old_terms] == [[]] * 4
        assert [await found_by(p, term) for term in new_terms] == [[first.id]] * 4
        assert [await connection.fetchval(f"SELECT count(*) FROM {table} WHERE id = $1", first.id) for table in INDEXES] == counts


async def test_a_resource_of_another_type_or_owner_is_absent(service: Service) -> None:
    async with space(service) as p:
        kept = await keep(p)
        assert await find(p.tx, p.cipher, "List", kept.id) is None
    async with space(service) as other:
        assert await find(other.tx, other.cipher, "DocumentReference", kept.id) is None
        assert await found_by(other, ("identifier", "v1")) == []


async def test_a_body_copied_over_another_row_does_not_open(service: Service, connection: asyncpg.Connection) -> None:
    async with space(service) as p:
        one, other = await keep(p), await keep(p)
        await connection.execute("UPDATE resource SET body = (SELECT body FROM resource WHERE id = $1) WHERE id = $2", one.id, other.id)
        assert (await read(p.tx, p.cipher, "DocumentReference", one.id)).body == one.body
        with pytest.raises(Tampered):
            await read(p.tx, p.cipher, "DocumentReference", other.id)


async def test_an_old_body_put_back_as_the_current_version_does_not_open(service: Service, connection: asyncpg.Connection) -> None:
    async with space(service) as p:
        second = await change(p, await keep(p), status="superseded")
        await connection.execute("UPDATE resource r SET body = h.body FROM resource_history h WHERE h.id = r.id AND h.owner = r.owner")
        with pytest.raises(Tampered):
            await read(p.tx, p.cipher, "DocumentReference", second.id)


async def test_nothing_is_readable_in_the_tables(service: Service, connection: asyncpg.Connection) -> None:
    async with space(service) as p:
        await keep(p, description="Diabète sucré", masterIdentifier={"system": "s", "value": "279035118901624"})
    rows = [str(row) for table in ("resource", *INDEXES) for row in await connection.fetch(f"SELECT * FROM {table}")]
    assert not any(word in row for row in rows for word in ("iab", "sucr", "279035118901624", "Lettre"))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_neither_lose_nor_repeat_among_equal_dates(service: Service, sort: str, size: int) -> None:
    async with space(service) as p:
        for number in range(17):
            await keep(p, NOON + timedelta(seconds=number // 6), date=f"2024-03-{1 + number // 5:02}")
        terms = (("_sort", sort), ("_count", str(size)))
        pages = [await ask(p, *terms)]
        while pages[-1].next is not None:
            pages.append(await ask(p, *terms, after=pages[-1].next))
    found = [entry for page in pages for entry in page.entries]
    assert {page.total for page in pages} == {17}
    assert len({entry.id for entry in found}) == len(found) == 17
    values = {"_lastUpdated": lambda one: one.updated, "date": lambda one: one.json()["date"], "_id": lambda one: one.id}
    keys = [values.get(sort.lstrip("-"), lambda one: "")(entry) for entry in found]
    assert keys == sorted(keys, reverse=sort.startswith("-"))
    assert all(len(page.entries) == size for page in pages[:-1])


async def test_a_page_that_holds_exactly_the_rest_is_the_last(service: Service) -> None:
    async with space(service) as p:
        for _ in range(4):
            await keep(p)
        page = await ask(p, ("_count", "4"))
    assert (len(page.entries), page.next) == (4, None)


async def test_what_arrives_between_two_pages_repeats_nothing(service: Service) -> None:
    async with space(service) as p:
        for _ in range(6):
            await keep(p)
        first = await ask(p, ("_count", "3"))
        await keep(p, date="2030-01-01")
        second = await ask(p, ("_count", "3"), after=first.next)
    assert not {entry.id for entry in first.entries} & {entry.id for entry in second.entries}
    assert len(second.entries) == 3


@pytest.mark.parametrize("sort", ["_lastUpdated", "-_lastUpdated"])
async def test_what_is_written_between_two_pages_keeps_its_place_in_the_order_of_updates(service: Service, sort: str) -> None:
    async with space(service) as p:
        kept = [await keep(p, NOON + timedelta(seconds=number)) for number in range(9)]
        terms, later = (("_sort", sort), ("_count", "3")), p.now + timedelta(minutes=1)
        page = await ask(p, *terms)
        found = list(page.entries)
        for number in (0, 4, 8):
            changed = await change(p, kept[number], later, description="Une autre lettre")
        await change(p, changed, later + timedelta(minutes=1), description="Encore une")
        await keep(p, later)
        while page.next is not None:
            page = await ask(p, *terms, after=page.next)
            found += page.entries
    ordered = [one.id for one in kept]
    assert [one.id for one in found] == (ordered if sort == "_lastUpdated" else ordered[::-1])


async def test_a_count_of_zero_only_counts(service: Service) -> None:
    async with space(service) as p:
        await keep(p)
        page = await ask(p, ("_count", "0"))
    assert (page.entries, page.total, page.next) == ((), 1, None)


@pytest.mark.parametrize("date", ["0001", "9999-12-31", "2024", "not a date", None, "0001-01-01T00:00:00+14:00"])
async def test_any_date_can_be_stored_and_found_again(service: Service, date: str | None) -> None:
    async with space(service) as p:
        kept = await keep(p, date=date)
        assert await found_by(p, ("identifier", "v1")) == [kept.id]


async def test_read_all_gives_the_latest_first(service: Service) -> None:
    async with space(service) as p:
        kept = [await keep(p, date=date) for date in ("2023", "2025", "2024")]
        assert [one.id for one in await read_all(p.tx, p.cipher, "DocumentReference")] == [kept[1].id, kept[2].id, kept[0].id]


async def test_an_identifier_points_to_the_citizen_who_has_it(service: Service) -> None:
    async with space(service) as p:
        patient = {"resourceType": "Patient", "identifier": [{"system": "s", "value": "v1"}]}
        kept = await insert(p.tx, p.cipher, p.keys, new_id(p.owner), patient, NOON)
        h = hash_token(p.keys, "Patient", "identifier", "s", "v1")
        assert await pointed_to(p.tx, h) == [(p.owner, kept.id)]
        await update(p.tx, p.cipher, p.keys, kept, {**patient, "identifier": [{"system": "s", "value": "v2"}]}, NOON)
        assert await pointed_to(p.tx, h) == []


async def test_a_claim_is_taken_once(service: Service) -> None:
    async with space(service) as p:
        assert await claim(p.tx, p.keys, "Patient", "s", "v", p.owner)
        assert not await claim(p.tx, p.keys, "Patient", "s", "v", p.owner + 1)
        assert await claim(p.tx, p.keys, "Patient", "s", "w", p.owner)


async def test_the_body_is_the_json_that_is_served(service: Service) -> None:
    async with space(service) as p:
        kept = await keep(p, description="é 𝄞 ’ \u2028")
    assert orjson.loads(kept.body)["description"] == "é 𝄞 ’ \u2028"
    assert "é 𝄞".encode() in kept.body


async def test_a_page_of_text_can_be_described_and_found_by_its_beginning(service: Service) -> None:
    async with space(service) as p:
        kept = await keep(p, description="Compte rendu " + "é" * 100_000)
        assert await found_by(p, ("description", "compte rendu ééé")) == [kept.id]
        assert await found_by(p, ("description", "Compte rendu " + "é" * 500)) == [kept.id]
