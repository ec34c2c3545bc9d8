"""What a server is asked in a benchmark, over the load of `synthetic.py`: FHIR R4 alone, so that any server can be asked it."""

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import orjson

from healthspace.base.errors import HealthspaceError
from healthspace.edge.cli.benchmark import synthetic
from healthspace.edge.cli.benchmark.client import Client, Request
from healthspace.terminology.uris import LOINC


@dataclass(slots=True)
class Loaded:
    """What was imported: numbers of the citizens, and the ids that the server gave, by citizen."""

    citizens: list[int] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)
    observations: list[list[str]] = field(default_factory=list)

    def keep(self, number: int, response: bytes) -> None:
        """Reads the ids out of a transaction-response."""
        entries = orjson.loads(response)["entry"]
        ids = [entry["response"]["location"].split("/_history")[0].rsplit("/", 1)[-1] for entry in entries]
        self.citizens.append(number)
        self.patients.append(ids[0])
        self.observations.append(ids[1 : 1 + synthetic.RESULTS])


async def import_citizens(base: str, token: str | None, numbers: Iterable[int], loaded: Loaded) -> None:
    """Imports some citizens, one after the other, outside of what is measured."""
    client = await Client.connect(base, token)
    try:
        for number in numbers:
            status, body = await client.send(Request("POST", "/", synthetic.transaction(number)))
            if status >= 300:
                raise HealthspaceError(f"the server answered {status} to a transaction")
            loaded.keep(number, body)
    finally:
        client.close()


def imports(first: int) -> Iterator[Request]:
    for body in synthetic.transactions(first):
        yield Request("POST", "/", body)


def reads(loaded: Loaded) -> Iterator[Request]:
    for place in _places(loaded):
        yield Request("GET", f"/Observation/{_any(loaded.observations[place], place)}")


def version_reads(loaded: Loaded) -> Iterator[Request]:
    for place in _places(loaded):
        yield Request("GET", f"/Observation/{_any(loaded.observations[place], place)}/_history/1")


def document_searches(loaded: Loaded) -> Iterator[Request]:
    for place in _places(loaded):
        yield Request("GET", f"/DocumentReference?patient={loaded.patients[place]}&status=current&_sort=-date&_count=20")


def result_searches(loaded: Loaded) -> Iterator[Request]:
    for turn, place in enumerate(_places(loaded)):
        code = synthetic.ANALYTES[turn % len(synthetic.ANALYTES)][0]
        asked = quote(f"{LOINC}|{code}", safe="")
        yield Request("GET", f"/Observation?patient={loaded.patients[place]}&code={asked}&date=ge2016&_count=20")


def identifier_searches(loaded: Loaded) -> Iterator[Request]:
    for place in _places(loaded):
        asked = quote(f"{synthetic.IDENTIFIERS}|{loaded.citizens[place]:09d}", safe="")
        yield Request("GET", f"/Patient?identifier={asked}")


def family_searches(loaded: Loaded) -> Iterator[Request]:
    for place in _places(loaded):
        family = synthetic.patient(loaded.citizens[place])["name"][0]["family"]
        yield Request("GET", f"/Patient?family={quote(family)}&_count=20")


def creates(loaded: Loaded, first: int) -> Iterator[Request]:
    """New results, each of another citizen than the one before; made beforehand, so that the client costs nothing."""
    bodies = [
        (place, orjson.dumps(synthetic.observation(first + turn, turn % 97, f"Patient/{loaded.patients[place]}")))
        for turn, place in zip(range(2000), itertools.cycle(range(len(loaded.patients))), strict=False)
    ]
    for _, body in itertools.cycle(bodies):
        yield Request("POST", "/Observation", body)


def updates(loaded: Loaded) -> Iterator[Request]:
    for turn, place in enumerate(_places(loaded)):
        name = _any(loaded.observations[place], place + turn)
        changed = synthetic.observation(loaded.citizens[place], turn % 97, f"Patient/{loaded.patients[place]}") | {"id": name}
        yield Request("PUT", f"/Observation/{name}", orjson.dumps(changed))


def _places(loaded: Loaded) -> Iterator[int]:
    draw = random.Random(7)  # noqa: S311 - the same order in every run
    while True:
        yield draw.randrange(len(loaded.patients))


def _any(ids: list[str], turn: int) -> str:
    return ids[turn % len(ids)]
