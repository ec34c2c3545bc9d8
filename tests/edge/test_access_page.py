"""Every request of `docs/reference/access.md` is replayed in its order and answered as the page says."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

from healthspace.identity.caller import Purpose
from healthspace.identity.personas import Role
from tests.edge.conversation import Desk
from tests.harness import Urgent, urgent

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "access.md"
BLOCK = re.compile(
    r"```http\n(?P<asked>.*?)\nHTTP/1\.1 (?P<status>\d{3})\n(?:Location: (?P<location>\S+)\n)?(?:\n(?P<body>.*?)\n)?```", re.DOTALL
)


CITIZENS = {"patient": "CITIZEN", "carer": "CARER"}
"""Whose token is called what, by the name of their Patient."""


def agrees(told: Any, found: Any) -> bool:
    """Whether `found` says all that `told` says."""
    if isinstance(told, dict):
        return isinstance(found, dict) and all(name in found and agrees(value, found[name]) for name, value in told.items())
    if isinstance(told, list):
        return isinstance(found, list) and len(told) == len(found) and all(map(agrees, told, found))
    return bool(told == found)


def fill(text: str, known: dict[str, str]) -> str:
    for name in sorted(known, key=len, reverse=True):
        text = re.sub(rf"\${name}\b", known[name], text)
    return text


async def test_the_page_is_true(desk: Desk) -> None:
    callers: dict[str, Role | UUID | Urgent] = {role.name: role for role in Role}
    callers |= {"NURSE_BTG": urgent(Role.NURSE), "REGULATOR_ETREAT": urgent(Role.REGULATOR, Purpose.ETREAT, "")}
    page = PAGE.read_text()
    known = dict(re.findall(r"`\$(\w*ins)` (?:is )?`(\d{15})`", page))
    blocks = list(BLOCK.finditer(page))
    assert (len(blocks), set(known)) == (page.count("```http"), {"ins", "carer_ins", "child_ins"})
    for block in blocks:
        head, _, body = block["asked"].rstrip().partition("\n\n")
        first, *headers = head.split("\n")
        method, path = first.split(" ")
        sent = dict(header.split(": ", 1) for header in headers)
        who = sent.pop("Authorization").removeprefix("Bearer $")
        asked = {name.lower(): value for name, value in sent.items()} | desk.of(callers[who])
        answer = await desk.client.request(method, fill(path, known), headers=asked, content=fill(body, known).encode() or None)
        told = f"{method} {path} as {who}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code == int(block["status"]), told
        if block["location"]:
            name = block["location"].partition("$")[2]
            place = answer.headers["location"].split("/fhir/")[1].split("/")
            assert block["location"].startswith(f"/fhir/{place[0]}/"), told
            known[name] = place[1]
            if name in CITIZENS:
                callers[CITIZENS[name]] = UUID(place[1])
        if block["body"]:
            assert agrees(json.loads(fill(block["body"], known)), answer.json()), told
