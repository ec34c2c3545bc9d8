"""Which Observations of a long record are worth reading for a summary: of each code the latest, and what chosen reports list.

A record has a thousand results of a hundred analyses. That one is of the same analysis as a later one is seen in its bytes, without
reading it; where that cannot be seen it is read, so that nothing depends on how a body was written.
"""

import re
from collections.abc import Iterable

from healthspace.base.fhirjson import Resource
from healthspace.record.summary.select import latest_reports, section_of
from healthspace.record.summary.values import is_withdrawn, key_of
from healthspace.resources.stored import Stored

CODE = re.compile(rb'"code":(\{"coding":\[\{[^\[\]{}]*\})')
"""The beginning of a concept, to the end of its first coding."""

Read = tuple[Stored, Resource]


def narrow(observations: list[Stored], reports: Iterable[Resource]) -> list[Read]:
    """The Observations to read, with their JSON; `observations` come the latest first."""
    found: dict[str, Read] = {}
    by_name = {f"Observation/{one.name}": one for one in observations}
    waiting = [reference for report in latest_reports(list(reports)) for reference in report.get("result", ())]
    while waiting:
        name = waiting.pop().get("reference", "")
        if name in by_name and name not in found:
            found[name] = by_name[name], by_name[name].json()
            waiting += found[name][1].get("hasMember", ())
    known: set[bytes] = set()
    for name, stored in by_name.items():
        signature = _signature(stored.body)
        if signature is not None and signature in known:
            continue
        read = found.get(name) or (stored, stored.json())
        found[name] = read
        if signature is not None and not is_withdrawn(read[1]) and section_of(read[1]) and key_of(read[1].get("code", {})):
            known.add(signature)
    return list(found.values())


def _signature(body: bytes) -> bytes | None:
    """The bytes of the resource's own code; None when they could be those of a part of it."""
    match = CODE.search(body)
    if match is None or b'"contained"' in body:
        return None
    component = body.find(b'"component"')
    return match[1] if component < 0 or match.start() < component else None
