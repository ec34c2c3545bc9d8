"""The only module that opens a connection or a transaction."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Protocol

import asyncpg

from healthspace.base.errors import Contended, Unavailable

Row = asyncpg.Record

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    FileNotFoundError,
    TimeoutError,
)
"""What a server that is away, stopping or starting looks like from here."""


CONTENDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)
"""Two transactions that could not both go on: this one was undone, and may be tried again."""


LONGEST_WAIT = 10.0
"""Seconds that a request waits for a connection."""


class Acquires(Protocol):
    """A connection pool, or a test's single connection posing as one."""

    def acquire(self) -> AbstractAsyncContextManager[Any]: ...

    def get_max_size(self) -> int: ...


class Tx:
    """An open transaction. Useless once closed, so a leaked one cannot write."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def execute(self, sql: str, *values: Any) -> str:
        status: str = await self._open().execute(sql, *values)
        return status

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        rows: list[Row] = await self._open().fetch(sql, *values)
        return rows

    async def fetchrow(self, sql: str, *values: Any) -> Row | None:
        row: Row | None = await self._open().fetchrow(sql, *values)
        return row

    async def fetchval(self, sql: str, *values: Any) -> Any:
        return await self._open().fetchval(sql, *values)

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self._open().executemany(sql, rows)

    def cursor(self, sql: str, *values: Any) -> AsyncIterator[Row]:
        rows: AsyncIterator[Row] = self._open().cursor(sql, *values, prefetch=500)
        return rows

    def close(self) -> None:
        self._connection = None

    def _open(self) -> Any:
        if self._connection is None:
            raise RuntimeError("this transaction is over")
        return self._connection


class Database:
    """Hands out transactions; turns a lost server into Unavailable."""

    def __init__(self, pool: Acquires) -> None:
        self._pool, self._free = pool, pool.get_max_size()

    @asynccontextmanager
    async def _acquire(self) -> AsyncIterator[Any]:
        held, connection = await self._take()
        try:
            yield connection
        finally:
            await self._give_back(held)

    async def _take(self) -> tuple[AbstractAsyncContextManager[Any], Any]:
        """A connection of the pool, and what holds it. The pool's own timeout makes a task of each wait; this sets a timer for a wait."""
        held, free = self._pool.acquire(), self._free > 0
        self._free -= 1
        try:
            if free:
                return held, await held.__aenter__()
            async with asyncio.timeout(LONGEST_WAIT):
                return held, await held.__aenter__()
        except BaseException:
            self._free += 1
            raise

    async def _give_back(self, held: AbstractAsyncContextManager[Any]) -> None:
        try:
            await held.__aexit__(None, None, None)
        finally:
            self._free += 1

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        try:
            async with self._acquire() as connection, connection.transaction():
                tx = Tx(connection)
                try:
                    yield tx
                finally:
                    tx.close()
        except CONTENDED as contended:
            raise Contended from contended
        except LOST as lost:
            raise Unavailable from lost

    def reading(self) -> "Reading":
        """Single statements that each see what is committed: a read needs no BEGIN and no COMMIT."""
        return Reading(self)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for work that begins and ends its own transactions: partitions, measurements."""
        try:
            async with self._acquire() as connection:
                yield connection
        except LOST as lost:
            raise Unavailable from lost


class Reading:
    """What `Database.reading` gives. A class, because every request comes here and a generator of contexts costs as much as a query."""

    __slots__ = ("_database", "_held", "_tx")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Tx:
        try:
            self._held, connection = await self._database._take()
        except LOST as lost:
            raise Unavailable from lost
        self._tx = Tx(connection)
        return self._tx

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._tx.close()
        try:
            await self._database._give_back(self._held)
        except LOST as lost:
            raise Unavailable from lost
        if isinstance(error, LOST):
            raise Unavailable from error


class _Connection(asyncpg.Connection):
    """A connection whose release sends nothing: we never set session state (`../rules/stack.md`, the pool trap)."""

    def get_reset_query(self) -> str:
        return ""


async def open_pool(parameters: dict[str, Any], *, size: int) -> asyncpg.Pool:
    """A pool of up to `size` connections; `parameters` are those of `asyncpg.connect`."""
    pool: asyncpg.Pool = await asyncpg.create_pool(
        **parameters,
        connection_class=_Connection,
        min_size=1,
        max_size=size,
        timeout=LONGEST_WAIT,
        command_timeout=60,
        max_inactive_connection_lifetime=0,
    )
    return pool


async def connect(parameters: dict[str, Any]) -> asyncpg.Connection:
    """One connection of its own, for migrations."""
    connection: asyncpg.Connection = await asyncpg.connect(**parameters)
    return connection
