"""Input that is damaged anywhere is taken or refused, and never breaks anything."""

import copy
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthspace.identity.personas import Role
from tests.documents import PDF, a_bundle, a_cda, a_fhir_document, a_folder, a_patch, a_reference, labelled, of_type
from tests.edge.conversation import Desk, fault_of
from tests.harness import a_citizen

LAB = Role.LABORATORY
ANY = (200, 201, 400, 404, 409, 413, 415, 422)


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key
            yield from places_in(inner)


rubbish = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(
        [
            [],
            {},
            [None],
            [{}],
            [[]],
            {"a": {}},
            "#",
            "#0",
            "Patient/x",
            "2024",
            "urn:uuid:document-0",
            "urn:uuid:binary-0",
            "List",
            "Bundle",
        ]
    ),
)


fuzz = settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def mutate(value: Any, data: st.DataObject) -> Any:
    """`value` changed at one to three places: replaced by rubbish, removed, doubled."""
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from([*places_in(value)] or [([value], 0)]))
        how = data.draw(st.sampled_from(["replace", "replace", "remove", "wrap", "double"]))
        if how == "replace":
            container[key] = copy.deepcopy(data.draw(rubbish))
        elif how == "wrap":
            container[key] = data.draw(st.sampled_from([[container[key]], {"value": container[key]}]))
        elif how == "double" and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        elif how == "remove":
            container.pop(key)
    return value


@asynccontextmanager
async def undone(desk: Desk) -> AsyncIterator[None]:
    """What an example stores is gone before the next one."""
    await desk.connection.execute("SAVEPOINT example")
    try:
        yield
    finally:
        await desk.connection.execute("ROLLBACK TO SAVEPOINT example")


async def survives(desk: Desk, body: Any, path: str) -> None:
    before, lines = await desk.stored(), len(await desk.lines())
    answer = await desk.post(path, LAB, json.dumps(body).encode())
    assert answer.status_code in ANY, (answer.status_code, body)
    assert len(await desk.lines()) == lines + 1
    if answer.status_code >= 400:
        assert fault_of(answer)
        assert await desk.stored() == before


@fuzz
@given(st.data())
async def test_a_bundle_changed_anywhere_is_taken_or_refused_and_never_breaks(desk: Desk, data: st.DataObject) -> None:
    async with undone(desk):
        await a_citizen(desk.service)
        old = await desk.deposit()
        change = {
            "securityLabel": labelled("MASQUE_PS"),
            "type": of_type(),
            "contained": [{"resourceType": "Patient", "id": "p", "identifier": [{"system": "s", "value": "v"}]}],
            "relatesTo": [
                {"code": "replaces", "target": {"reference": f"DocumentReference/{old['id']}", "identifier": old["masterIdentifier"]}}
            ],
            "extension": [
                {"url": "urn:healthspace:set-id", "valueIdentifier": {"value": "v"}},
                {"url": "urn:healthspace:version-number", "valueString": "2"},
            ],
            "context": {"period": {"start": "2024"}, "event": [of_type()]},
            "date": "2024-03-05T10:00:00Z",
        }
        bundle = a_bundle(a_cda(), PDF, references=[change, {"type": of_type()}])
        bundle["entry"] += [a_folder(1, 2), a_patch(old["id"])]
        await survives(desk, mutate(bundle, data), "")


@fuzz
@given(st.data())
async def test_a_fhir_document_changed_anywhere_is_taken_or_refused_and_never_breaks(desk: Desk, data: st.DataObject) -> None:
    async with undone(desk):
        await a_citizen(desk.service)
        document = a_fhir_document()
        document["entry"][0]["resource"]["relatesTo"] = [{"code": "replaces", "targetIdentifier": {"system": "s", "value": "v"}}]
        document["entry"][0]["resource"]["attester"] = [{"mode": "legal", "time": "2024-03-05", "party": {"display": "x"}}]
        content = json.dumps(mutate(document, data)).encode()
        await survives(desk, a_reference(content, media_type="application/fhir+json"), "DocumentReference")


@fuzz
@given(st.binary(max_size=60), st.integers(0, 3000), st.integers(0, 200))
async def test_a_clinical_document_damaged_anywhere_is_taken_or_refused_and_never_breaks(
    desk: Desk, noise: bytes, place: int, cut: int
) -> None:
    async with undone(desk):
        await a_citizen(desk.service)
        content = a_cda()
        damaged = content[: place % len(content)] + noise + content[place % len(content) + cut :]
        await survives(desk, a_reference(damaged or b"x"), "DocumentReference")
