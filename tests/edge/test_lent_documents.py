"""The lent documents deposited one by one: what an independent reader found in each is found by FHIR searches, and nothing else."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from healthspace.access.opening import Service
from healthspace.access.origin import is_from_document
from healthspace.cda.clinical import Fact
from healthspace.fhir.validate import validate
from healthspace.identity.caller import SERVICE
from healthspace.identity.personas import Role
from healthspace.record.draft import Reading, read_draft
from healthspace.record.spaces import open_space
from tests.edge.conversation import Desk
from tests.pure.clinical.kinds import KINDS, positive
from tests.pure.clinical.samples import category_of, expectations
from tests.shared import CDA, needs_shared

Resource = dict[str, Any]

EXPECTED = expectations()
each_document = pytest.mark.parametrize("expected", EXPECTED, ids=[str(each["file"]) for each in EXPECTED])
V1, V2 = "BIO-CR-BIO_2021.01_Microbiologie_V1.xml", "BIO-CR-BIO_2021.01_Microbiologie_V2.xml"


async def holder_of(service: Service, file: str) -> UUID:
    """Opens the space of the person that a document is about."""
    draft = read_draft((CDA / file).read_bytes(), Reading(10**8, lenient=True))
    assert draft.traits is not None
    async with service.door.permit_to_open(SERVICE) as p:
        return await open_space(p, draft.traits)


async def bring(desk: Desk, holder: UUID, *files: str) -> Resource:
    """Deposits documents in order; the DocumentReference of the last one."""
    for file in files:
        attachment = {"contentType": "text/xml", "data": b64encode(Path(CDA / file).read_bytes()).decode()}
        attachment |= {"contentType": "application/xslt+xml"} if "Presentable" in file or "feuille-de-style" in file else {}
        body = {"resourceType": "DocumentReference", "status": "current", "subject": {"reference": f"Patient/{holder}"}}
        answer = await desk.post("DocumentReference", Role.LABORATORY, {**body, "content": [{"attachment": attachment}]})
        assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


async def search(desk: Desk, holder: UUID, path: str) -> list[Resource]:
    """Everything that a request of the holder finds, page by page."""
    found = list[Resource]()
    while path:
        answer = (await desk.get(path, holder)).json()
        found += [entry["resource"] for entry in answer.get("entry", [])]
        path = next((link["url"].partition("/fhir/")[2] for link in answer["link"] if link["relation"] == "next"), "")
    return found


async def everything(desk: Desk, holder: UUID) -> list[Resource]:
    """All that documents say in a record."""
    return [one for one in await search(desk, holder, f"Patient/{holder}/$everything?_count=100") if is_from_document(one)]


@needs_shared
@each_document
async def test_a_document_gives_by_search_what_it_asserts(desk: Desk, expected: Resource) -> None:
    holder = await holder_of(desk.service, expected["file"])
    reference = await bring(desk, holder, expected["file"])
    for kind, type_ in KINDS.items():
        wanted = expected["counts"]["dispense"] if kind == "dispense" else expected["asserted"].get(kind, 0)
        told = [Fact(one, "", "") for one in await search(desk, holder, f"{type_}?patient={holder}&_count=100")]
        assert len(positive(told, kind)) == wanted, kind
    observations = [one for one in await search(desk, holder, f"Observation?patient={holder}&_count=100") if "hasMember" not in one]
    signs = await search(desk, holder, f"Observation?patient={holder}&category=vital-signs&_count=100")
    assert len([one for one in signs if "hasMember" not in one]) == expected["asserted"]["vital"]
    results = [one for one in observations if category_of(one) == "laboratory"]
    assert expected["asserted"]["lab"] <= len(results) <= expected["asserted"]["lab"] + expected["counts"]["result"]
    await check_whole(desk, holder, reference)


async def check_whole(desk: Desk, holder: UUID, reference: Resource) -> None:
    """Every fact is valid, is of this citizen and this document, and is named by the one Provenance; every reference leads somewhere."""
    facts = await everything(desk, holder)
    names = {f"{one['resourceType']}/{one['id']}" for one in facts}
    provenances = [one for one in facts if one["resourceType"] == "Provenance"]
    told = {target["reference"] for one in provenances for target in one["target"]}
    assert told == names - {f"Provenance/{one['id']}" for one in provenances}
    assert len(provenances) == (1 if told else 0)
    for fact in facts:
        assert validate(fact) == []
        assert fact["meta"]["source"] == f"DocumentReference/{reference['id']}"
        assert set(references_in(fact)) <= names | {f"Patient/{holder}", f"DocumentReference/{reference['id']}"}


def references_in(value: Any) -> Sequence[str]:
    """The references in a resource that lead out of it."""
    if isinstance(value, list):
        return [one for item in value for one in references_in(item)]
    if not isinstance(value, dict):
        return []
    own = [value["reference"]] if isinstance(value.get("reference"), str) and not value["reference"].startswith("#") else []
    return [*own, *(one for inner in value.values() for one in references_in(inner))]


@needs_shared
@pytest.mark.parametrize("files", [(V1, V2), (V2, V1), (V1, V2, V1), (V2, V2), (V1, V1, V2, V2)], ids=str)
async def test_two_versions_of_one_report_leave_the_facts_of_the_second(desk: Desk, files: tuple[str, ...]) -> None:
    holder = await holder_of(desk.service, V2)
    await bring(desk, holder, *files)
    after = said(await everything(desk, holder))
    await desk.connection.execute("DELETE FROM claim")
    alone = await holder_of(desk.service, V2)
    await bring(desk, alone, V2)
    assert after == said(await everything(desk, alone))
    assert after


def said(facts: list[Resource]) -> list[str]:
    """What facts say, whoever's and whichever document's they are."""
    return sorted(repr([one["resourceType"], one.get("code"), one.get("valueQuantity"), one.get("valueCodeableConcept")]) for one in facts)
