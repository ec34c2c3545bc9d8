"""Every page of the record of a child whom a citizen represents against WCAG 2.2 A and AA: a file that another worker takes."""

import pytest
from playwright.sync_api import Browser

from tests.journeys.audit import audit_acting

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_accessible_to_who_acts_for_a_child(browser: Browser, address: str, language: str) -> None:
    wrong = audit_acting(browser, address, language)
    assert not wrong, "\n".join(wrong)
