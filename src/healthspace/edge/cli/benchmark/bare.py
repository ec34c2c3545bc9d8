"""The floor of reads and searches: a bare Starlette route that runs the same SQL on the same kind of pool, and returns its bytes.

No token, no rule, no trace, nothing opened: what the service costs beyond this is what it adds.
"""

import asyncio
import sys
from typing import Any
from uuid import UUID

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from healthspace.access.opening import Service, open_service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.ids import owner_of
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import TECHNICAL
from healthspace.resources.grammar import read_search
from healthspace.resources.planning import plan
from healthspace.resources.reach import Reach
from healthspace.resources.search import compile_first_page
from healthspace.resources.store import READ
from healthspace.settings import read_settings

Statement = tuple[str, list[Any]]


def create_app(service: Service) -> Starlette:
    """`/read/{id}` and `/search/{type}?…`, as the service has them, and nothing more."""
    database, known = service.door.database, dict[str, Statement]()

    async def read(request: Request) -> Response:
        identifier = UUID(request.path_params["id"])
        async with database.reading() as tx:
            row = await tx.fetchrow(READ, owner_of(identifier), NUMBER["Observation"], identifier)
        return Response(row["body"] if row is not None else b"", media_type="application/octet-stream")

    async def search(request: Request) -> Response:
        statement, values = known.get(request.url.query) or await compile_once(request)
        async with database.reading() as tx:
            rows = await tx.fetch(statement, *values)
        return Response(b"".join(row["body"] for row in rows), media_type="application/octet-stream")

    async def compile_once(request: Request) -> Statement:
        asked = read_search(request.path_params["type"], request.query_params.multi_items())
        async with permit_wide(service.door, TECHNICAL, Action.SEARCH_RESOURCES) as p:
            query, scope = await plan(Reach(p), asked)
        known[request.url.query] = compile_first_page(query, scope)
        return known[request.url.query]

    return Starlette(routes=[Route("/read/{id}", read), Route("/search/{type}", search)])


async def main() -> None:
    """Serves the routes on a free port, and tells its address as the service does."""
    async with open_service(read_settings(demo=True)) as service:
        server = uvicorn.Server(uvicorn.Config(create_app(service), host="127.0.0.1", port=0, log_config=None, access_log=False))
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        sys.stderr.write(orjson.dumps({"event": "serving", "address": f"http://127.0.0.1:{port}"}).decode() + "\n")
        sys.stderr.flush()
        await task


if __name__ == "__main__":
    asyncio.run(main())
