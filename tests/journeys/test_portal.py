"""The portal in a real browser: what a citizen and a professional do, by eye, by keyboard, without JavaScript, on any screen."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.processes import HEALTHSPACE, PATIENCE, environment_of

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MOBILE, DESKTOP, NARROWEST = (390, 844), (1280, 900), (320, 700)
SPECIALIST = "81000000029"
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all the tests: starting it is what costs."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demonstration with a handful of citizens."""
    data = tmp_path_factory.mktemp("demonstration") / "data"
    command = [*HEALTHSPACE, "demo", "--citizens", "4", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment_of(data))
    try:
        assert process.stdout is not None
        told = iter(process.stdout.readline, "")
        yield next(found[1] for line in told if (found := re.search(r"Healthspace is at (\S+)", line)))
    finally:
        process.terminate()
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()


@contextmanager
def a_page(
    browser: Browser, address: str, *, language: str = "fr", size: tuple[int, int] = DESKTOP, javascript: bool = True
) -> Iterator[Page]:
    """A page in a fresh browser session. It may ask nothing of another host, and nothing in it may fail."""
    width, height = size
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        locale={"fr": "fr-FR", "en": "en-GB"}[language],
        reduced_motion="reduce",
        java_script_enabled=javascript,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((address, "data:")) else wrong.append(request.url))
    yield page
    context.close()
    # A browser reports an answer of 404 or 422 as an error: those pages are shown on purpose.
    assert [text for text in wrong if "the server responded with a status of 4" not in text] == []


def sign_in(page: Page, persona: str) -> None:
    page.goto("/sign-in")
    page.locator(f'form:has(input[value="{persona}"]) button').click()
    page.wait_for_url(re.compile(r"/$"))


def sign_out(page: Page) -> None:
    page.locator('form[action="/sign-out"] button').click()
    page.wait_for_url(re.compile(r"/sign-in"))


def read_number(page: Page) -> str:
    """The citizen's own INS, as their page shows it."""
    page.goto("/privacy")
    return page.locator("section:has(#mine) strong").inner_text()


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{page.url}: {one['id']} {[node['html'][:120] for node in one['nodes']]}" for one in found]


def walk(page: Page) -> Iterator[str]:
    """Opens every kind of page, as each persona; yields after each."""
    page.goto("/sign-in")
    yield "sign-in"
    sign_in(page, "citizen")
    yield "home"
    number = read_number(page)
    yield "privacy"
    page.goto("/privacy?rpps=12")
    yield "privacy with an error"
    end = page.locator('a[href^="/privacy/end/"]').first
    if end.count():
        end.click()
        yield "end of an access"
    page.goto("/access")
    yield "access"
    page.goto("/documents?q=zzzz")
    yield "no document found"
    page.goto("/documents")
    yield "documents"
    for link in dict.fromkeys(page.locator(".row a.ttl").evaluate_all("links => links.map(link => link.getAttribute('href'))")[:9]):
        page.goto(link)
        yield "document"
    page.goto("/nothing")
    yield "error"
    sign_out(page)
    yield "signed out"
    for persona in ("agency", "specialist", "treating-doctor"):
        sign_in(page, persona)
        yield persona
        if persona == "agency":
            continue
        page.fill("#ins", "1 23")
        page.locator("main form button").click()
        yield "not a number"
        page.fill("#ins", "155081416802538")
        page.locator("main form button").click()
        yield "nothing to show"
    page.fill("#ins", number)
    page.locator("main form button").click()
    yield "patient"
    page.locator(".row a.ttl").first.click()
    yield "document of a patient"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_accessible_on_both_screens_in_light_and_dark(browser: Browser, address: str, language: str) -> None:
    wrong: list[str] = []
    with a_page(browser, address, language=language) as page:
        for kind in walk(page):
            for size in (MOBILE, DESKTOP):
                page.set_viewport_size({"width": size[0], "height": size[1]})
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    wrong += [f"{kind}, {size[0]} px, {scheme}: {one}" for one in violations(page)]
            assert page.evaluate("document.documentElement.lang") == language
            assert page.locator("h1").count() == 1
    assert wrong == []


def test_no_page_scrolls_sideways_when_narrow_enlarged_or_spaced(browser: Browser, address: str) -> None:
    """WCAG 1.4.10, 1.4.4 and 1.4.12."""
    wide: list[str] = []
    with a_page(browser, address, size=NARROWEST) as page:
        for kind in walk(page):
            if page.evaluate(OVERFLOW) > 0:
                wide.append(f"{kind} at 320 px")
            page.set_viewport_size({"width": 1280, "height": 900})
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            if page.evaluate(OVERFLOW) > 0:
                wide.append(f"{kind} at 200 %")
            page.evaluate(
                """() => {
                    document.documentElement.style.fontSize = '';
                    for (const element of document.body.querySelectorAll('*')) {
                        const spaces = {lineHeight: '1.5', letterSpacing: '.12em', wordSpacing: '.16em'};
                        Object.assign(element.style, spaces, element.matches('p') ? {marginBottom: '2em'} : {});
                    }
                }"""
            )
            if page.evaluate(OVERFLOW) > 0:
                wide.append(f"{kind} with wide spacing")
            page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    assert wide == []


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(browser: Browser, address: str) -> None:
    with a_page(browser, address) as page:
        sign_in(page, "citizen")
        page.goto("/documents")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Aller au contenu")
        expect(page.locator(":focus")).to_be_in_viewport()
        page.keyboard.press("Enter")
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
        page.locator("main form button").click()
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
        expect(page.locator("main")).to_contain_text("A lu un document")
        expect(page.locator("main")).to_contain_text("A téléchargé un document")


def test_without_javascript_a_citizen_lets_a_doctor_in_and_out_again(browser: Browser, address: str) -> None:
    with a_page(browser, address, javascript=False) as page:
        sign_in(page, "parent")
        number = read_number(page)
        sign_out(page)

        sign_in(page, "specialist")
        page.fill("#ins", number)
        page.get_by_role("button", name="Ouvrir le dossier").click()
        expect(page.locator("main")).to_contain_text("Aucun dossier ne peut être montré pour ce matricule")
        sign_out(page)

        sign_in(page, "parent")
        expect(page.locator("main")).to_contain_text("Karim BENALI n’a pas pu ouvrir votre dossier")
        page.get_by_role("link", name="Karim BENALI n’a pas pu ouvrir votre dossier").click()
        page.fill("#rpps", SPECIALIST)
        page.get_by_role("button", name="Autoriser").click()
        expect(page.get_by_role("status")).to_contain_text("C’est fait")
        sign_out(page)

        sign_in(page, "specialist")
        page.fill("#ins", number)
        page.get_by_role("button", name="Ouvrir le dossier").click()
        expect(page.locator("main")).to_contain_text("Ce patient vous a autorisé à lire son dossier.")
        assert number.replace("\N{NO-BREAK SPACE}", "") not in page.url
        page.locator(".row a.ttl").first.click()
        expect(page.locator(".patient")).to_contain_text(number)
        record = page.url
        sign_out(page)

        sign_in(page, "parent")
        page.goto("/privacy")
        page.locator("li", has_text="Karim BENALI").get_by_role("link", name="Mettre fin").first.click()
        expect(page.locator("main")).to_contain_text("Cela peut gêner vos soins.")
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
