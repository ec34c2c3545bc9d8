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


def take_pictures(address: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="fr-FR").new_page()
        sign_in(page, address, "citizen")
        page.goto(f"{address}/")
        page.screenshot(path=IMAGES / "home.png")
        page.goto(f"{address}/documents")
        page.screenshot(path=IMAGES / "documents.png")
        page.get_by_role("link", name=re.compile("examens biologiques")).first.click()
        page.wait_for_load_state()
        page.screenshot(path=IMAGES / "document.png")
        page.goto(f"{address}/access")
        page.screenshot(path=IMAGES / "access.png")
        browser.close()


def sign_in(page: Page, address: str, persona: str) -> None:
    page.goto(f"{address}/sign-in?persona={persona}")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


if __name__ == "__main__":
    main()
