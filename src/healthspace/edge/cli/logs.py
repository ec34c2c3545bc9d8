"""Logs on standard error, as JSON unless a person watches. No health data: an error is its class and places in our code."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

TEMPLATES_ARE_SAFE = ("uvicorn",)
"""Libraries whose messages are constants. Others (asyncio) write the text of an exception, which may quote a document."""


def configure_logs() -> None:
    """Called once, when a command begins."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_error,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=logging.WARNING, force=True)


def name_error(error: BaseException) -> list[str]:
    """The classes of an error and of its causes, each with where it was raised. Never what it says."""
    named = []
    seen: BaseException | None = error
    while seen is not None:
        named.append(f"{type(seen).__qualname__}{_where(seen)}")
        seen = seen.__cause__ or seen.__context__
    return named


def _where(error: BaseException) -> str:
    frame = error.__traceback__
    if frame is None:
        return ""
    while frame.tb_next is not None:
        frame = frame.tb_next
    code = frame.tb_frame.f_code
    return f" in {code.co_qualname} ({code.co_filename}:{frame.tb_lineno})"


def _name_error(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else sys.exc_info()[1] if found is True else found
    if isinstance(error, BaseException):
        event["error"] = name_error(error)
    return event


class _ToStructlog(logging.Handler):
    """Lets the libraries' warnings through, in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        safe = record.name.startswith(TEMPLATES_ARE_SAFE)
        event = str(record.msg).strip() if safe else "a library reported a problem"
        structlog.get_logger().log(record.levelno, event, library=record.name, exc_info=record.exc_info)
