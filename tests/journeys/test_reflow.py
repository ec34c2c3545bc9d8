"""Every page of the portal where it is narrow, enlarged or spaced out (WCAG 1.4.10, 1.4.4 and 1.4.12)."""

import pytest
from playwright.sync_api import Browser

from tests.journeys.browsing import NARROWEST, a_page
from tests.journeys.every_page import walk

pytestmark = pytest.mark.browser

OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
ROUNDING = 1
"""Pixel: what fractions of pixels add up to is no scrolling."""
SPACED = """() => {
    for (const element of document.body.querySelectorAll('*')) {
        const spaces = {lineHeight: '1.5', letterSpacing: '.12em', wordSpacing: '.16em'};
        Object.assign(element.style, spaces, element.matches('p') ? {marginBottom: '2em'} : {});
    }
}"""


def test_no_page_scrolls_sideways_when_narrow_enlarged_or_spaced(browser: Browser, address: str) -> None:
    wide: list[str] = []
    with a_page(browser, address, size=NARROWEST) as page:
        for kind in walk(page):
            if page.evaluate(OVERFLOW) > ROUNDING:
                wide.append(f"{kind} at 320 px")
            page.set_viewport_size({"width": 1280, "height": 900})
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            if page.evaluate(OVERFLOW) > ROUNDING:
                wide.append(f"{kind} at 200 %")
            page.evaluate("document.documentElement.style.fontSize = ''")
            page.evaluate(SPACED)
            if page.evaluate(OVERFLOW) > ROUNDING:
                wide.append(f"{kind} with wide spacing")
            page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    assert not wide, "\n".join(wide)
