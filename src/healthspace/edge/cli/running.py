"""How a command runs: one event loop, signals that end it in order, and an exit code that says how it went."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import typer

from healthspace.base.errors import HealthspaceError, Misconfigured, NotFound
from healthspace.settings import Settings

DONE, FAILED, MISCONFIGURED = 0, 1, 2

Work = Callable[[], Coroutine[Any, Any, int]]


def run_to_exit(work: Work) -> NoReturn:
    """Runs `work` and exits with the code it returns: 1 on an error, 2 when the set-up is wrong, 128 + n on signal n."""
    import uvloop

    from healthspace.edge.cli.logs import configure_logs

    configure_logs()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_run(work))
    raise typer.Exit(code)


def say(message: str) -> None:
    """Tells the person at the terminal; results go to standard output instead."""
    typer.echo(message, err=True)


def require_installation(settings: Settings) -> None:
    """NotFound when nothing was ever started on this data folder: asking a question must not make an installation."""
    if settings.database_url is None and not (settings.data / "postgres" / "cluster").is_dir():
        raise NotFound(f"there is no installation in {settings.data}. Set HEALTHSPACE_DATA to its folder, or start one with serve or demo")


async def _run(work: Work) -> int:
    import structlog

    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    received: list[signal.Signals] = []

    def end(signal_: signal.Signals) -> None:
        received.append(signal_)
        if task is not None:
            task.cancel()

    for signal_ in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_, end, signal_)
    try:
        return await work()
    except asyncio.CancelledError:
        if not received:
            raise
        return 128 + received[0]
    except Misconfigured as error:
        say(f"healthspace: {error.message}")
        return MISCONFIGURED
    except HealthspaceError as error:
        say(f"healthspace: {error.message}")
        return FAILED
    except Exception:
        log = structlog.get_logger(__name__)
        log.exception("command_failed")
        return FAILED
