"""What the agency sees: figures that tell of nobody, and the directory."""

import re
from datetime import date

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.edge.portal.agency import show_figures
from healthspace.edge.portal.language import load_languages
from healthspace.identity.personas import Role
from healthspace.record.statistics import months_until
from tests.edge.pages import Deposit, signed_in
from tests.harness import a_citizen, some_traits


async def test_the_agency_sees_counts_and_no_small_one(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    await a_citizen(service)
    for _ in range(2):
        await deposit()
    page = (await signed_in(service, client, Role.AGENCY).get("/statistics")).text
    assert "Dossiers par état" in page
    assert "moins de 10" in page
    assert not re.search(r">[1-9]</span>", page)
    assert some_traits().family not in page


@pytest.mark.parametrize("path", ["/statistics", "/directory"])
async def test_nobody_else_sees_them(service: Service, client: httpx.AsyncClient, path: str) -> None:
    patient = await a_citizen(service)
    for who in (patient, Role.TREATING_DOCTOR, Role.HOSPITAL):
        assert (await signed_in(service, client, who).get(path)).status_code == 404


@pytest.mark.parametrize("role", [Role.AGENCY, Role.AUDITOR, Role.SECOND_AUDITOR])
async def test_nobody_of_the_agency_is_offered_to_look_for_a_patient(service: Service, client: httpx.AsyncClient, role: Role) -> None:
    page = (await signed_in(service, client, role).get("/")).text
    assert "Trouver un patient" not in page
    assert 'href="/reviews"' in page


async def test_the_directory_lists_professionals_and_structures(service: Service, client: httpx.AsyncClient) -> None:
    page = (await signed_in(service, client, Role.AGENCY).get("/directory")).text
    for told in ("BENALI Karim", "81000000029", "Pharmacie de la Mairie", "990000037"):
        assert told in page


def test_twelve_months_end_with_this_one() -> None:
    months = months_until(date(2026, 2, 28))
    assert (len(months), months[0], months[-1]) == (12, "2025-03", "2026-02")


def test_a_bar_is_as_long_as_its_number_and_a_small_number_has_none() -> None:
    figures = show_figures("Actes", {"Faits": 40, "Refusés": None, "Non acceptés": 10}, load_languages()["fr"])
    assert [(row.name, row.said, row.length) for row in figures.rows] == [
        ("Faits", "40", 100),
        ("Refusés", "moins de 10", 0),
        ("Non acceptés", "10", 25),
    ]
