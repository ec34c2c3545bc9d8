"""What each page of the portal costs on a record of 500 documents: `make pages`.

The processor time of the service's process and the wait, in milliseconds, and octets of HTML. The other work of the machine only
ever adds: the least of several requests is the page's own.
"""

import argparse
import asyncio
import gzip
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

from starlette.types import ASGIApp
from tests.large_record import CITIZEN_PAGES, DOCTOR_PAGES, ask, fill_record

from healthspace.access.opening import Service, open_service
from healthspace.access.rules import Action
from healthspace.app import create_app
from healthspace.base import clock
from healthspace.edge.cli.serve import settle_memory
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.find import list_documents
from healthspace.record.spaces import owner_of_patient
from healthspace.resources.reindex import reindex
from healthspace.settings import read_settings

TIMES = 15
LINE = "{:45}{:>9}{:>9}{:>9}{:>9}{:>9}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--data", type=Path, help="keep the record in this folder, for the next time")
    asked = parser.parse_args()
    if asked.data:
        asyncio.run(measure(asked.data, asked.documents))
    else:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(Path(folder) / "data", asked.documents))


async def measure(data: Path, documents: int) -> None:
    async with open_service(read_settings({"HEALTHSPACE_DATA": str(data)}, demo=True)) as service:
        patient = await fill_record(service, documents)
        async for _ in reindex(service.door):  # of a record that was kept from an earlier time
            pass
        known, app, now = await name_documents(service, patient), create_app(service), clock.now()
        settle_memory()  # as a service does
        tell(LINE.format("ms of processor: least, median; wait; octets", "least", "median", "wait", "HTML", "gzipped"))
        for visitor, token, paths in (
            ("citizen", service.tokens.issue(Role.CITIZEN, now, patient=patient), CITIZEN_PAGES),
            ("treating doctor", service.tokens.issue(Role.TREATING_DOCTOR, now), DOCTOR_PAGES),
        ):
            tell(visitor)
            for path in paths:
                tell(LINE.format(path, *await measure_page(app, path.format(**known), token)))


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def name_documents(service: Service, patient: UUID) -> dict[str, str]:
    async with service.door.permit(caller_of_citizen(patient), Action.READ_RECORD, owner_of_patient(patient)) as p:
        current = [one.name for one in await list_documents(p) if one.json()["status"] == "current"]
    return {"patient": str(patient), "newest": current[0], "middle": current[len(current) // 2]}


async def measure_page(app: ASGIApp, address: str, token: str) -> tuple[str, str, str, int, int]:
    spent, waited, body = [], [], b""
    for _ in range(TIMES):
        began, busy = time.perf_counter(), time.process_time()
        status, body = await ask(app, address, token)
        spent.append(1000 * (time.process_time() - busy))
        waited.append(1000 * (time.perf_counter() - began))
        assert status == 200, f"{address}: {status}"
    times = (min(spent), statistics.median(spent), statistics.median(waited))
    least, median, wait = (f"{one:.1f}" for one in times)
    return least, median, wait, len(body), len(gzip.compress(body, 6))


if __name__ == "__main__":
    main()
