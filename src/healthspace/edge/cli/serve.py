"""`healthspace serve`: the service, until it is asked to stop."""

import asyncio
import contextlib
import errno
import gc
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from healthspace.base.errors import Misconfigured
from healthspace.edge.cli.running import DONE, FAILED, run_to_exit
from healthspace.settings import Settings, read_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from healthspace.access.opening import Service

MakeApp = Callable[["Service"], "ASGIApp"]

GRACE = 3
"""Seconds that requests may take to end after we are asked to stop."""
WAITING = 1024
"""Connections that may wait to be accepted."""
OBJECTS = 20_000
"""Objects made between two looks for garbage: one record read makes as many, and what is left in circles is little."""


def serve(
    context: typer.Context,
    demo: Annotated[bool, typer.Option(help="Make a new data folder a demonstration.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="HEALTHSPACE_PORT, else 8000; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="HEALTHSPACE_HOST, else 127.0.0.1.")] = None,
) -> None:
    """Serve the portal and the FHIR API."""
    run_to_exit(lambda: _serve(address(read_settings(demo=demo), host, port), context.obj))


def address(settings: Settings, host: str | None, port: int | None) -> Settings:
    """`settings` with what the command line says of the address."""
    return replace(settings, host=host or settings.host, port=settings.port if port is None else port)


async def _serve(settings: Settings, create_app: MakeApp) -> int:
    # What is loaded to serve is no garbage: looking for some meanwhile takes a tenth of the start.
    gc.disable()
    import structlog

    from healthspace.access.opening import open_service

    log = structlog.get_logger(__name__)
    with listen(settings) as listener:
        async with open_service(settings) as service:
            log.info("serving", address=url_of(listener), database=service.where, demonstration=service.door.demo)
            code = await answer(service, create_app, listener)
    log.info("stopped")
    return code


@contextlib.contextmanager
def listen(settings: Settings) -> Iterator[socket.socket]:
    """The listening socket, taken before anything else is opened; Misconfigured when the address cannot be had."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError:
        raise Misconfigured(f"{settings.host} is not an address of this machine; set HEALTHSPACE_HOST or --host") from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(where)
            # At once: two sockets may be bound to one port for as long as neither listens.
            listener.listen(WAITING)
        except OSError as error:
            raise Misconfigured(_refusal(error, settings)) from None
        listener.setblocking(False)
        yield listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def answer(service: "Service", create_app: MakeApp, listener: socket.socket) -> int:
    """Serves until the command is told to end (its task is cancelled), then lets the requests that run end."""
    import uvicorn

    from healthspace.edge.worker.deliver import keep_delivering
    from healthspace.edge.worker.handlers import handlers_of
    from healthspace.edge.worker.upkeep import keep_up

    class Server(uvicorn.Server):
        """Leaves the signals to us: the database is closed after the last answer."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        create_app(service),
        http="httptools",
        ws="none",
        access_log=False,  # a query may hold an INS
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config)
    settle_memory()
    door, months = service.door, service.settings.trail_months
    workers = [asyncio.create_task(work) for work in (keep_up(door, service.sessions, months), keep_delivering(door, handlers_of(service)))]
    serving = asyncio.create_task(server.serve([listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return DONE if server.started else FAILED


def settle_memory() -> None:
    """What was loaded to serve stays for ever: it is looked through for garbage no more. Reading a long record takes half the time so."""
    gc.freeze()
    gc.set_threshold(OBJECTS, 10, 10)
    gc.enable()


def _refusal(error: OSError, settings: Settings) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {settings.port} of {settings.host} is taken by another program; choose another with --port or HEALTHSPACE_PORT"
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {settings.port}; choose one above 1023 with --port or HEALTHSPACE_PORT"
    return f"{settings.host} is not an address of this machine; set HEALTHSPACE_HOST or --host"
