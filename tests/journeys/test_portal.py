"""The portal in a real browser: what a citizen and a professional do there, by keyboard, without JavaScript, on a small screen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from healthspace.edge.portal.session import SESSION
from tests.journeys.browsing import MOBILE, a_page, read_number, sign_in, sign_out

pytestmark = pytest.mark.browser

SPECIALIST = "81000000029"


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(browser: Browser, address: str) -> None:
    with a_page(browser, address) as page:
        sign_in(page, "citizen")
        page.goto("/documents")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Aller au contenu")
        expect(page.locator(":focus")).to_be_in_viewport()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Ajouter un document")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_id("q")
        outline = page.locator(":focus").evaluate("element => getComputedStyle(element).outlineWidth")
        assert outline == "3px"
        stops = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            stops.add(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
        assert len(stops) > 20, "the keyboard is trapped"


def test_a_mistake_is_read_first_and_leads_to_its_field(browser: Browser, address: str) -> None:
    with a_page(browser, address) as page:
        sign_in(page, "citizen")
        page.goto("/privacy")
        page.fill("#rpps", "123")
        page.get_by_role("button", name="Autoriser").click()
        expect(page.locator(":focus")).to_contain_text("Saisissez les 11 chiffres")
        page.locator(":focus a").click()
        expect(page.locator("#rpps")).to_be_focused()
        expect(page.locator("#rpps")).to_have_value("123")
        assert page.title().startswith("Erreur")


def test_a_citizen_looks_for_a_document_reads_it_and_sees_that_it_was_read(browser: Browser, address: str) -> None:
    with a_page(browser, address, size=MOBILE) as page:
        sign_in(page, "citizen")
        page.locator("nav.nav").get_by_text("Documents").click()
        title = page.locator(".row a.ttl").first.inner_text()
        page.fill("#q", title.upper().replace("É", "e"))
        page.get_by_role("button", name="Chercher").click()
        page.locator(".row a.ttl", has_text=title).first.click()
        expect(page.locator("h1")).to_have_text(title)
        with page.expect_download() as download:
            page.get_by_role("link", name="Télécharger l’original").click()
        assert re.fullmatch(r"document-[0-9a-f-]{36}\.\w{3,4}", download.value.suggested_filename)
        assert Path(download.value.path()).stat().st_size > 500
        page.get_by_role("link", name="Qui a ouvert ce document").click()
        expect(page.locator("main")).to_contain_text("Lecture d’un document")
        expect(page.locator("main")).to_contain_text("Téléchargement d’un document")


def test_without_javascript_a_citizen_lets_a_doctor_in_and_out_again(browser: Browser, address: str) -> None:
    with a_page(browser, address, javascript=False) as page:
        sign_in(page, "parent")
        number = read_number(page)
        sign_out(page)

        sign_in(page, "specialist")
        page.fill("#ins", number)
        page.get_by_role("button", name="Ouvrir le dossier").first.click()
        expect(page.locator("main")).to_contain_text("Aucun dossier ne peut être montré pour ce matricule")
        sign_out(page)

        sign_in(page, "parent")
        expect(page.locator("main")).to_contain_text("Karim BENALI n’a pas pu ouvrir votre dossier")
        page.get_by_role("link", name="Karim BENALI n’a pas pu ouvrir votre dossier").click()
        page.fill("#rpps", SPECIALIST)
        page.get_by_role("button", name="Voir ce qu’elle verrait").click()
        expect(page.locator("h1")).to_have_text("Ce que verrait Karim BENALI")
        page.get_by_role("button", name="Autoriser").click()
        expect(page.get_by_role("status")).to_contain_text("C’est fait")
        sign_out(page)

        sign_in(page, "specialist")
        page.fill("#ins", number)
        page.get_by_role("button", name="Ouvrir le dossier").first.click()
        expect(page.locator("main")).to_contain_text("Ce patient vous a autorisé à lire son dossier.")
        assert number.replace("\N{NO-BREAK SPACE}", "") not in page.url
        page.locator(".row a.ttl").first.click()
        expect(page.locator(".patient")).to_contain_text(number)
        record = page.url
        sign_out(page)

        sign_in(page, "parent")
        page.goto("/privacy")
        page.locator("li", has_text="Karim BENALI").get_by_role("link", name="Mettre fin").first.click()
        expect(page.locator("main")).to_contain_text("Cela peut gêner les soins.")
        page.get_by_role("button", name="Mettre fin à l’accès").click()
        page.goto("/access?who=others")
        expect(page.locator("main")).to_contain_text("Vous avez autorisé ce professionnel.")
        expect(page.locator("main")).to_contain_text("Vous ne l’aviez pas autorisé : rien n’a été montré.")
        sign_out(page)

        sign_in(page, "specialist")
        answer = page.goto(record)
        assert answer is not None
        assert answer.status == 404


def test_the_language_changes_on_the_same_page_and_stays(browser: Browser, address: str) -> None:
    with a_page(browser, address) as page:
        sign_in(page, "citizen")
        page.goto("/documents?type=laboratory")
        page.get_by_role("link", name="English version").click()
        expect(page).to_have_url(re.compile(r"/documents\?type=laboratory$"))
        expect(page.locator("h1")).to_have_text("My documents")
        page.goto("/privacy")
        expect(page.locator("h1")).to_have_text("Who may read my record")


def test_nothing_is_fetched_before_it_is_asked_for(browser: Browser, address: str) -> None:
    """A prefetched page of a record would be a false line in its trail."""
    with a_page(browser, address) as page:
        sign_in(page, "citizen")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/documents")
        for link in page.locator(".row a.ttl").all()[:5]:
            link.hover()
        page.wait_for_timeout(300)
        assert [url for url in asked if "/documents/" in url] == []


def test_without_javascript_a_citizen_adds_hides_and_deletes_a_document(browser: Browser, address: str, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Consultation pour une épicondylite", encoding="utf-8")
    with a_page(browser, address, javascript=False, size=MOBILE) as page:
        sign_in(page, "parent")
        page.get_by_role("link", name="Ajouter un document").click()
        page.fill("#title", "Courrier du kiné")
        page.set_input_files("#file", file)
        page.select_option("#type", "DOCPAT03")
        page.fill("#date", "1850-01-01")
        page.get_by_role("button", name="Ajouter au dossier").click()
        expect(page.locator("#date-wrong")).to_be_visible()
        expect(page.locator("#title")).to_have_value("Courrier du kiné")
        page.fill("#date", "2026-05-14")
        page.set_input_files("#file", file)
        page.get_by_role("button", name="Ajouter au dossier").click()
        expect(page.get_by_role("status")).to_contain_text("C’est fait")
        page.goto("/documents?q=epicondylite")
        page.locator(".row a.ttl", has_text="Courrier du kiné").click()
        page.get_by_role("link", name="Le masquer aux professionnels").click()
        page.get_by_role("button", name="Masquer le document").click()
        expect(page.locator("main")).to_contain_text("Masqué aux soignants")
        page.get_by_role("link", name="Supprimer").click()
        page.get_by_role("button", name="Supprimer le document").click()
        expect(page.get_by_role("status")).to_contain_text("C’est fait")
        expect(page.locator("main")).not_to_contain_text("Courrier du kiné")


def test_a_citizen_takes_everything_away_with_the_keyboard_alone(browser: Browser, address: str) -> None:
    with a_page(browser, address) as page:
        sign_in(page, "citizen")
        page.goto("/settings")
        link = page.get_by_role("link", name="Télécharger pour un logiciel")
        for _ in range(60):
            page.keyboard.press("Tab")
            if link.evaluate("element => element === document.activeElement"):
                break
        expect(link).to_be_focused()
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert Path(download.value.path()).read_text(encoding="utf-8").startswith('{"resourceType":"Bundle"')


def session_of(page: Page) -> str:
    return str(next(one["value"] for one in page.context.cookies() if one["name"] == SESSION))


def tab_to(page: Page, target: Locator) -> None:
    """Presses Tab until `target` has the focus."""
    element = target.element_handle()  # looked for once: a walk presses Tab thousands of times
    for _ in range(150):
        if element.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def test_each_persona_signs_in_walks_the_menu_and_leaves_by_keyboard_without_javascript(browser: Browser, address: str) -> None:
    with a_page(browser, address, javascript=False) as page:
        page.goto("/sign-in")
        for persona in [field.get_attribute("value") for field in page.locator('input[name="persona"]').all()]:
            tab_to(page, page.locator(f'form:has(input[value="{persona}"]) button'))
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile(r"/$"))
            for href in [link.get_attribute("href") for link in page.locator("#menu li:not(.narrow) > a[href]:visible").all()]:
                tab_to(page, page.locator(f'#menu a[href="{href}"]:visible').first)
                page.keyboard.press("Enter")
                expect(page).to_have_url(re.compile(re.escape(href or "") + "$"))
                expect(page.locator("h1")).to_have_count(1)
                expect(page.locator(f'#menu a[href="{href}"]:visible').first).to_have_attribute("aria-current", "page")
            tab_to(page, page.locator('form[action="/sign-out"] button').first)
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile(r"/sign-in"))


def test_a_doctor_finds_a_patient_reads_and_vaccinates_by_keyboard_without_javascript(browser: Browser, address: str) -> None:
    with a_page(browser, address, javascript=False) as page:
        sign_in(page, "citizen")
        number = read_number(page)
        sign_out(page)
        sign_in(page, "treating-doctor")
        tab_to(page, page.locator("#ins"))
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        expect(page.locator(".patient")).to_contain_text(number)
        tab_to(page, page.get_by_role("link", name="Vaccins", exact=True))
        page.keyboard.press("Enter")
        tab_to(page, page.get_by_role("link", name="Ajouter une vaccination"))
        page.keyboard.press("Enter")
        tab_to(page, page.locator("#vaccine"))
        page.keyboard.type("Un autre")
        for field, typed in (("#name", "VACCIN INVENTÉ"), ("#lot", "AB1234")):
            tab_to(page, page.locator(field))
            page.keyboard.type(typed)
        tab_to(page, page.locator("#rank"))
        page.keyboard.press("ArrowDown")
        tab_to(page, page.get_by_role("button", name="Ajouter au dossier"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("C’est fait")
        expect(page.locator("main")).to_contain_text("VACCIN INVENTÉ")


def test_who_is_still_typing_when_a_session_ends_stays_without_leaving_the_page(browser: Browser, address: str) -> None:
    with a_page(browser, address) as page:
        sign_in(page, "citizen")
        page.clock.install()
        page.goto("/entries/measure")
        page.fill("#value", "72,5")
        before = session_of(page)
        asked = page.get_by_role("button", name="Rester connecté")
        expect(asked).to_be_hidden()
        page.clock.fast_forward("07:40:00")
        expect(asked).to_be_visible()
        asked.click()
        expect(asked).to_be_hidden()
        expect(page.locator("#value")).to_have_value("72,5")
        assert session_of(page) != before
