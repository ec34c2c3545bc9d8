"""Templates become responses here: one environment per language, one set of headers for every page, static files by hash."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from healthspace.edge.portal.frame import DONE, Frame
from healthspace.edge.portal.language import Language, choose_language, load_languages, machine_date

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE = "healthspace_language"
"""The cookie that holds the visitor's choice of language."""

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Every page may hold health data: nothing keeps it, nothing frames it, nothing foreign runs in it, and no address leaves with it."""


class Pages:
    """The templates in every language."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self.languages = languages
        versions = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in STATIC.iterdir()}
        self._environments = {code: _environment(language, versions) for code, language in languages.items()}

    def render(self, frame: Frame, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """The page `template` inside `frame`. `wrong`, when given, maps the ids of fields to what is wrong with them."""
        page = self._environments[frame.language.code].get_template(template)
        done = DONE.get(frame.done, "")
        return HTMLResponse(page.render(frame=frame, done=done, **{"wrong": {}, **values}), status, HEADERS)


def go_to(path: str) -> RedirectResponse:
    """After a POST, the page to show: 303, so that reloading it sends nothing again (RFC 9110, section 15.4.4)."""
    return RedirectResponse(path, 303, HEADERS)


def go_back(path: str) -> RedirectResponse:
    """To the page that a form or a link says it came from, when it is one of this site: "//other" and "/\\other" are not."""
    return go_to(path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/")


@cache
def load_pages() -> Pages:
    """The templates and languages of this process: read at the first page, the same for ever."""
    return Pages(load_languages())


def find_language(pages: Pages, request: Request) -> Language:
    """The language of a request: the visitor's choice, else their browser's, else French."""
    return choose_language(pages.languages, cookie=request.cookies.get(LANGUAGE), accepted=request.headers.get("accept-language", ""))


class VersionedFiles(StaticFiles):
    """Our own assets. Their addresses carry a hash of their content, so a browser may keep them for ever.

    They travel compressed, which pages never do: what a page repeats of its address would tell the words of a record to who measures
    its length (BREACH, CVE-2013-3587).
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)
        self._packed = {file.name: gzip.compress(file.read_bytes(), mtime=0) for file in STATIC.iterdir()}

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200 and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            response = Response(self._packed[path], media_type=response.media_type, headers={"Content-Encoding": "gzip"})
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _environment(language: Language, versions: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.install_gettext_translations(language.catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        language=language,
        colon=language.say(": "),  # with the space that comes before it: long lists have hundreds
        machine_date=machine_date,
        asset=lambda name: f"/static/{name}?v={versions[name]}",
    )
    return environment
