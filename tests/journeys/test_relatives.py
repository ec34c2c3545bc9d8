"""A citizen invites a carer, who accepts, acts for them and is ended, in a real browser; the states that no other walk sees."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from healthspace.edge.portal.session import SESSION
from tests.journeys.audit import faults
from tests.journeys.browsing import a_page, read_number, sign_in, sign_out

pytestmark = pytest.mark.browser


def read_traits(page: Page) -> dict[str, Any]:
    """The Patient of who is signed in, by the API."""
    number = re.sub(r"\s", "", read_number(page))
    token = next(one["value"] for one in page.context.cookies() if one["name"] == SESSION)
    headers = {"authorization": f"Bearer {token}"}
    for kind in (11, 10, 9, 8):
        found = page.request.get(f"/fhir/Patient?identifier=urn:oid:1.2.250.1.213.1.4.{kind}|{number}", headers=headers).json()
        if found.get("entry"):
            read: dict[str, Any] = page.request.get(f"/fhir/Patient/{found['entry'][0]['resource']['id']}", headers=headers).json()
            return {**read, "number": number}
    raise AssertionError("the persona has no Patient")


def faults_of(page: Page) -> list[str]:
    return [f"{page.url}: {one}" for one in faults(page)]


def follow(page: Page, link: Locator) -> None:
    """Presses what leads to another page, and is there before anything else is done."""
    with page.expect_navigation():
        link.click()


def change_to(page: Page, persona: str) -> None:
    sign_out(page)
    sign_in(page, persona)
    page.goto("/relatives")


def test_a_carer_is_invited_accepts_acts_and_is_ended(browser: Browser, address: str) -> None:
    wrong: list[str] = []
    with a_page(browser, address) as page:
        sign_in(page, "parent")
        carer = read_traits(page)
        name = next(one for one in carer["name"] if one["use"] == "official")
        change_to(page, "citizen")
        record = page.locator(f'main a[href="/patients/{read_traits(page)["id"]}"]')
        page.goto("/relatives")
        page.get_by_role("link", name="Inviter un aidant").click()
        page.fill("#ins", carer["number"])
        page.fill("#given", name["given"][0])
        page.get_by_role("button", name="Envoyer l’invitation").click()
        expect(page.locator(":focus")).to_contain_text("Vérifiez votre saisie")
        expect(page.locator("#ins")).to_have_value(carer["number"])
        wrong += faults_of(page)
        page.fill("#family", name["family"])
        page.fill("#birth", carer["birthDate"])
        page.select_option("#relation", "SPS")
        page.check("#scope-FEED")
        page.get_by_role("button", name="Envoyer l’invitation").click()
        expect(page.get_by_role("status")).to_contain_text("C’est fait")
        wrong += faults_of(page)
        change_to(page, "parent")
        follow(page, page.locator('main a[href$="/answer"]'))
        wrong += faults_of(page)
        follow(page, page.get_by_role("button", name="Accepter"))
        wrong += faults_of(page)
        record.click()
        expect(page.get_by_label("Dossier ouvert")).to_contain_text("Vous agissez pour")
        wrong += faults_of(page)
        page.locator("main ol.tl a.cover").first.click()
        expect(page.locator("a[download]")).to_have_count(0)
        change_to(page, "citizen")
        follow(page, page.get_by_role("link", name="Modifier"))
        wrong += faults_of(page)
        page.goto("/relatives")
        follow(page, page.get_by_role("link", name="Mettre fin"))
        wrong += faults_of(page)
        page.get_by_role("button", name="Mettre fin à cette aide").click()
        expect(page.get_by_role("status")).to_contain_text("ne lit plus")
        change_to(page, "parent")
        expect(record).to_have_count(0)
    assert not wrong, "\n".join(wrong)
