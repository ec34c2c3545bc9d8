"""Results are read only as far as they are shown, and what is shown is what reading all of them would show, to whoever looks."""

import re
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.origin import origin_tags
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.ids import new_id
from healthspace.database.database import Row
from healthspace.database.owners import Ciphers
from healthspace.database.seal import Cipher
from healthspace.edge.portal import results as page
from healthspace.identity.caller import Caller, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.profile.curves import Grouped, Point, by_curve, curve_key, draw_curve_of, series_of
from healthspace.profile.elements import is_of_laboratory, is_result
from healthspace.profile.measures import VITALS
from healthspace.record import results as record
from healthspace.record.picture import leave_out_unseen
from healthspace.record.results import read_curve, read_latest
from healthspace.record.spaces import owner_of_patient
from healthspace.resources import curves
from healthspace.resources.gathering import gather
from healthspace.resources.store import prepare, write_new
from healthspace.resources.stored import Stored
from tests.edge.pages import signed_in, words
from tests.harness import authorised, treated
from tests.pure.facts import a_result
from tests.pure.results import LABORATORY, some_results

HIDES = {4: "MASQUE_PS", 7: "INVISIBLE_PATIENT"}
"""Labels of every fourth document, and of every seventh."""
DOCUMENT = "DocumentReference"
READERS = (Role.CITIZEN, Role.TREATING_DOCTOR, Role.SPECIALIST, Role.PHARMACIST)

Resource = dict[str, Any]


async def store(service: Service, patient: UUID, resources: list[Resource]) -> list[str]:
    """Puts resources into a record as they are; their addresses."""
    owner = owner_of_patient(patient)
    assert owner is not None
    keys, now, subject = service.door.keys, clock.now(), {"subject": {"reference": f"Patient/{patient}"}}
    async with service.door.database.transaction() as tx:
        cipher = await Ciphers(keys).of(tx, owner)
        versions = [prepare(cipher, keys, new_id(owner), one | subject, now) for one in resources]
        await write_new(tx, keys, owner, now, versions)
    return [f"{version.stored.type}/{version.stored.id}" for version in versions]


def a_document(number: int) -> Resource:
    """Some are labelled, every fifth is of a class that pharmacists do not read, every ninth is withdrawn."""
    category = [{"coding": [{"code": "60" if number % 5 == 0 else "10"}]}]
    labels = [{"coding": [coded(code)]} for every, code in HIDES.items() if number % every == 0]
    said = {"securityLabel": labels} if labels else {}
    return {"resourceType": DOCUMENT, "status": "entered-in-error" if number % 9 == 0 else "current", "category": category, **said}


def coded(code: str) -> Resource:
    return {"system": "https://mos.esante.gouv.fr/NOS/TRE_A07", "code": code}


async def fill(service: Service, patient: UUID, draw: Random, count: int = 220) -> None:
    """Results out of documents; only some carry the label of their document, and some one of their own."""
    documents = [a_document(number) for number in range(1, 12)]
    names = dict(zip(await store(service, patient, documents), documents, strict=True))
    facts = some_results(draw, [name.removeprefix(f"{DOCUMENT}/") for name in names] + [""], count)
    for fact in facts:
        document = names.get(fact["meta"].get("source", ""))
        if document is not None:
            fact["meta"]["tag"] = origin_tags(document)
        labels = [label["coding"][0] for label in (document or {}).get("securityLabel", ())]
        if (labels and draw.random() < 0.5) or draw.random() < 0.05:
            fact["meta"]["security"] = labels or [coded("MASQUE_PS")]
    await store(service, patient, facts)
    await authorised(service, patient, Role.SPECIALIST)
    await authorised(service, patient, Role.PHARMACIST)
    await treated(service, patient)


def caller_of(role: Role, patient: UUID) -> Caller:
    return caller_of_citizen(patient) if role is Role.CITIZEN else caller_of_role(role)


async def read_everything(p: Permit) -> Grouped:
    """All results, as if each page needed them all."""
    facts = await leave_out_unseen(p, await gather(p, ("Observation",)))
    return by_curve(one for one in facts if is_result(one) and (is_of_laboratory(one) or curve_key(one) not in VITALS))


def in_short(point: Point) -> tuple[object, ...]:
    return point.fact.resource["id"], point.time, point.position, point.own_value, point.own_bounds, point.value, point.words


@pytest.fixture
def _small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FIRST", 8)


@pytest.mark.usefixtures("_small_rounds")
@pytest.mark.parametrize("seed", range(6))
async def test_what_is_shown_is_what_reading_everything_shows(service: Service, patient: UUID, seed: int) -> None:
    await fill(service, patient, Random(seed))
    seen = set()
    for role in READERS:
        async with service.door.permit(caller_of(role, patient), Action.READ_RECORD, owner_of_patient(patient)) as p:
            everything, read = await read_everything(p), await read_latest(p)
            expected, listed = series_of(everything), series_of({key: reading.resources for key, reading in read.items()})
            assert [(one.key, one.name, in_short(one.last)) for one in listed] == [
                (one.key, one.name, in_short(one.last)) for one in expected
            ]
            for curve in await page.draw_listed(p, listed, read, "fr"):
                whole = draw_curve_of(everything, (curve.key,))
                assert whole is not None
                assert curve.unit == whole.unit
                spark = [in_short(point) for point in whole.drawn[-page.SPARK :]]
                assert [in_short(point) for point in curve.drawn[-page.SPARK :]] == spark
                assert draw_curve_of(await read_curve(p, (curve.key,)), (curve.key,)) == whole
            seen.add(sum(len(group) for group in everything.values()))
    assert len(seen) == len(READERS), "to each reader something else is hidden"


async def test_rare_analyses_are_found_behind_thousands_of_others_without_reading_them_all(
    service: Service, patient: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [f"{2000 + number // 300}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}" for number in range(3000)]
    often = [a_result(code, 1.0, "g/L", day, source="", **LABORATORY) for day in days for code in ("2345-7", "2823-3")]
    rare = [a_result("2276-4", 80.0, "ug/L", "1990-01-01", source="", **LABORATORY)]
    await store(service, patient, [*often, *rare])
    opened = []
    original = curves.open_row

    def count(cipher: Cipher, row: Row) -> Stored:
        opened.append(row["id"])
        return original(cipher, row)

    monkeypatch.setattr(curves, "open_row", count)
    async with service.door.permit(caller_of_citizen(patient), Action.READ_RECORD, owner_of_patient(patient)) as p:
        read = await read_latest(p)
    assert set(read) == {"glucose", "potassium", "ferritin"}
    assert len(opened) <= record.FIRST + 1


async def test_what_other_definitions_have_indexed_is_shown_too(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    await store(service, patient, [a_result("2345-7", 1.0, "g/L", "2024-01-01", source="", **LABORATORY)])
    async with service.door.database.transaction() as tx:
        await tx.execute("UPDATE resource SET indexed = 1, tokens = '{}'")
    me = signed_in(service, client, patient, "en")
    assert "Glucose 1 g/L" in words(await me.get("/results"))
    assert "1 g/L" in words(await me.get("/results/glucose"))


async def test_every_analysis_of_the_list_has_its_page(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    await fill(service, patient, Random(7), 120)
    for role in READERS:
        me = signed_in(service, client, patient if role is Role.CITIZEN else role, "en")
        prefix = "" if role is Role.CITIZEN else f"/patients/{patient}"
        addresses = re.findall(rf'class="ttl cover" href="({prefix}/results/[^"]+)"', (await me.get(f"{prefix}/results")).text)
        assert len(addresses) > 10
        for address in addresses:
            assert (await me.get(address)).status_code == 200, address


async def test_no_result_is_lost_between_the_pages_of_a_table(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    results = [
        a_result("2345-7", number / 100, "g/L", f"{1950 + number // 12}-{number % 12 + 1:02d}-01", source="") for number in range(1, 401)
    ]
    await store(service, patient, [one | LABORATORY for one in results])
    me, said = signed_in(service, client, patient, "en"), set[str]()
    for number in range(1, 15):
        table = (await me.get(f"/results/glucose?page={number}")).text.split("<tbody>")[1]
        said |= set(re.findall(r'<td><span class="num">([\d.]+)', table))
    assert said == {f"{number / 100:g}" for number in range(1, 401)}


async def test_home_draws_a_followed_result_where_nothing_is_measured(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    home = signed_in(service, client, patient)
    coding = [(code, number) for code in ("4548-4", "99999-0") for number in (4, 5, 6)]
    results = [a_result(code, number, "%", f"202{number}-01-05", source="", **LABORATORY) for code, number in coding]
    await store(service, patient, results[:1])
    assert "Tous mes résultats" not in (await home.get("/")).text, "one value is no trend"
    await store(service, patient, results[1:])
    page = await home.get("/")
    assert re.search(r'href="/results">Tous mes résultats.*?<svg[^>]*role="img"', page.text, re.DOTALL)
    assert "HbA1c" in words(page)
    assert re.search(r"6\s% 5 janv\. 2026", words(page))
    hidden = [
        {**a_result("8480-6", value, "mm[Hg]", source=""), "meta": {"security": [coded("INVISIBLE_PATIENT")]}} for value in (120, 130)
    ]
    await store(service, patient, hidden)
    assert "Tous mes résultats" in (await home.get("/")).text
