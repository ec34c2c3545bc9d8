"""Every page of the portal in English against WCAG 2.2 A and AA. One file for each language, so that two workers share them."""

import pytest
from playwright.sync_api import Browser

from tests.journeys.audit import audit

pytestmark = pytest.mark.browser


def test_every_page_is_accessible_on_both_screens_in_light_and_dark(browser: Browser, address: str) -> None:
    wrong = audit(browser, address, "en")
    assert not wrong, "\n".join(wrong)
