"""Remakes the pictures of README and docs from a demonstration of its own: `make screenshots`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
COMMAND = Path(sys.executable).with_name("healthspace")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CITIZENS = "6"


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        service = subprocess.Popen(
            [COMMAND, "demo", "--citizens", CITIZENS, "--port", "0"],
            env={**os.environ, "HEALTHSPACE_DATA": data},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            take_pictures(read_address(service))
        finally:
            service.terminate()
            service.wait(30)


def read_address(service: "subprocess.Popen[str]") -> str:
    """The address that the demonstration prints when it is ready."""
    assert service.stdout is not None
    for line in service.stdout:
        if found := re.search(r"Healthspace is at (http://\S+)", line):
            return found[1]
    raise SystemExit("the demonstration did not start")


PICTURES = (
    ("citizen", "/", "home", {}),
    ("citizen", "/documents", "documents", {}),
    ("citizen", "/documents/add", "add-document", {}),
    ("citizen", "/summary", "summary", {}),
    ("citizen", "/results", "results", {}),
    ("citizen", "/vaccination", "vaccination", {}),
    ("citizen", "/timeline", "timeline", {}),
    ("citizen", "/access", "access", {}),
    ("citizen", "/privacy", "privacy", {}),
    ("citizen", "/settings", "settings", {}),
    ("citizen", "/", "home-mobile", {"width": 390, "height": 844}),
    ("citizen", "/", "home-dark", {"dark": True}),
    ("agency", "/statistics", "statistics", {}),
)
"""Who sees what, the name of the picture, and on which screen."""


def take_pictures(address: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_context(locale="fr-FR").new_page()
        for persona in dict.fromkeys(persona for persona, *_ in PICTURES):
            sign_in(page, address, persona)
            for who, path, name, screen in PICTURES:
                if who == persona:
                    page.set_viewport_size({"width": screen.get("width", 1280), "height": screen.get("height", 800)})
                    page.emulate_media(color_scheme="dark" if screen.get("dark") else "light")
                    page.goto(f"{address}{path}")
                    page.screenshot(path=IMAGES / f"{name}.png")
            if persona == "citizen":
                take_document(page, address)
            page.locator('form[action="/sign-out"] button').first.click()
            page.wait_for_load_state()
        browser.close()


def take_document(page: Page, address: str) -> None:
    """A laboratory report, opened."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/documents?type=laboratory")
    page.locator(".row a.ttl").first.click()
    page.wait_for_load_state()
    page.screenshot(path=IMAGES / "document.png")


def sign_in(page: Page, address: str, persona: str) -> None:
    page.goto(f"{address}/sign-in?persona={persona}")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


if __name__ == "__main__":
    main()
