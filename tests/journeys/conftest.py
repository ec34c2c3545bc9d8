"""One demonstration for the tests of this folder, and one Chromium for each module that needs it.

The browser is not for the whole session: while Playwright's synchronous driver is up, its event loop runs in this thread, and no
test of another module could run a loop of its own.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.processes import HEALTHSPACE, PATIENCE, environment_of

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all the tests: starting it is what costs."""
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: “make browser” installs it, or CHROMIUM names it")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demonstration with a handful of citizens, the same for every module: each leaves it as a person would."""
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
        shutil.rmtree(data)  # pytest would keep 40 MB of each of the last runs
