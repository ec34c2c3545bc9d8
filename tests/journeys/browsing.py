"""A browser's page on the portal, and what a person does there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

MOBILE, DESKTOP, NARROWEST = (390, 844), (1280, 900), (320, 700)


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
