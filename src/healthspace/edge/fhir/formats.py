"""JSON and XML at the edge (R4 http.html#mime-type): what a body is written in, and what an answer is asked to be written in."""

import re
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from healthspace.base.errors import Malformed, NotAcceptable, UnsupportedMedia
from healthspace.fhir.exact_json import read_json, write_json
from healthspace.fhir.xml_reading import read_xml
from healthspace.fhir.xml_writing import write_xml

JSON_TYPES = frozenset({"application/fhir+json", "application/json", "text/json", "application/json+fhir"})
XML_TYPES = frozenset({"application/fhir+xml", "application/xml", "text/xml", "application/xml+fhir"})
SHORT = {"json": "application/fhir+json", "xml": "application/fhir+xml"}
ANYTHING = frozenset({"*/*", "application/*", "text/html", ""})
FHIR_JSON = "application/fhir+json; charset=utf-8"
FHIR_XML = "application/fhir+xml; charset=utf-8"
FORM_TERMS = re.compile(rb"format|pretty|%")
"""What a query holds when it says how to write the answer: its names may be percent-encoded."""
WANTED_VERSIONS = frozenset({"4.0", "4.0.1", "4"})
"""Of FHIR, as media types say it (R4 versioning.html#mt-version)."""
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
PARAMETER = re.compile(r';\s*(fhirversion|charset)\s*=\s*"?([^\s;,"]+)')


class Form(NamedTuple):
    """How an answer is to be written."""

    xml: bool = False
    pretty: bool = False


PLAIN = Form()


def wanted_form(request: Request) -> Form:
    """The form asked for by `_format`, which wins, or by Accept, and by `_pretty`. NotAcceptable when it is neither JSON nor XML."""
    # Most queries say nothing of the form, and are not taken apart for it.
    asked, pretty = None, False
    if FORM_TERMS.search(request.scope["query_string"]):
        asked, pretty = request.query_params.get("_format"), request.query_params.get("_pretty") == "true"
    if asked is not None:
        return Form(_is_xml(asked, "_format"), pretty)
    accepted = request.headers.get("accept")
    if accepted is None or accepted in JSON_TYPES or accepted == "*/*":
        return Form(pretty=True) if pretty else PLAIN
    for one in _by_preference(accepted):
        if one in JSON_TYPES or one in ANYTHING:
            return Form(pretty=pretty)
        if one in XML_TYPES:
            return Form(xml=True, pretty=pretty)
    raise NotAcceptable("FHIR 4.0 in JSON and XML is answered here", place="Accept")


def parse_body(body: bytes, content_type: str) -> Any:
    """The resource in a body: a dict with a resourceType. UnsupportedMedia for other content, Malformed with the place of the fault."""
    media_type = content_type.partition(";")[0].strip().lower()
    said = dict(PARAMETER.findall(content_type.lower()))
    if said.get("fhirversion", "4.0") not in WANTED_VERSIONS or said.get("charset", "utf-8") not in CHARSETS:
        raise UnsupportedMedia("send FHIR 4.0 in UTF-8", place="Content-Type")
    if media_type in XML_TYPES:
        return read_xml(body)
    if media_type not in JSON_TYPES:
        raise UnsupportedMedia("send application/fhir+json or application/fhir+xml", place="Content-Type")
    resource = read_json(body)
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise Malformed("the body is not a FHIR resource: resourceType is missing", place="Resource.resourceType")
    return resource


def rewrite(response: Response, form: Form) -> Response:
    """`response` (FHIR JSON) in the form that was asked for."""
    if form == PLAIN or response.headers.get("content-type", "") != FHIR_JSON or not response.body:
        return response
    resource = read_json(bytes(response.body))
    content = write_xml(resource, pretty=form.pretty) if form.xml else write_json(resource, pretty=form.pretty)
    headers = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    return Response(content, response.status_code, {**headers, "content-type": FHIR_XML if form.xml else FHIR_JSON})


def _is_xml(asked: str, place: str) -> bool:
    media_type = asked.partition(";")[0].strip().lower().replace(" ", "+")
    media_type = SHORT.get(media_type, media_type)
    if media_type in XML_TYPES:
        return True
    if media_type in JSON_TYPES:
        return False
    raise NotAcceptable("JSON and XML are answered here", place=place)


def _by_preference(accepted: str) -> list[str]:
    """Media types of an Accept header (RFC 9110 12.5.1), the most wanted first."""
    weighted = []
    for place, one in enumerate(accepted.split(",")[:50]):
        media_type, *parameters = (part.strip().lower() for part in one.split(";"))
        weight = next((_weight(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
        version = next((each[12:].strip('"') for each in parameters if each.startswith("fhirversion=")), "4.0")
        if weight > 0 and version in WANTED_VERSIONS:
            weighted.append((-weight, place, media_type))
    return [media_type for _, _, media_type in sorted(weighted)]


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
