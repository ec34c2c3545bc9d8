"""One SQL for a laptop and a cluster: the same schema, hash-partitioned by owner, and every statement held to one partition.

What PostgreSQL refuses or spreads over partitions here, Citus refuses or spreads over nodes (`../rules/cluster.md`).
"""

import importlib
import json
import pkgutil
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from uuid import UUID

import asyncpg
import pytest

import healthspace
from healthspace.database.distribute import BY_HASH, BY_OWNER, EVERYWHERE
from healthspace.database.embedded import EmbeddedPostgres
from healthspace.database.keys import KeyRing
from healthspace.fhir.searching.boxes import date_boxes
from healthspace.resources.compile import BY_DATE, BY_ID, BY_UPDATE, compile_bodies, compile_count, compile_page
from healthspace.resources.hashing import number_of
from healthspace.resources.query import Box, Either, Hashed, Hidden, Named, Not, Prefixed, Query, Ranged, Scope, Selects, Updated

PARTITIONS = 8
CREATE = re.compile(r"CREATE TABLE (\w+) \((.*?)\n\)( PARTITION BY RANGE \(at\))?;", re.DOTALL)
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
PARTITION = re.compile(r"\w+_p(\d+)$")
PACKAGES = ("access", "audit", "database", "identity", "notifications", "record", "resources", "reviews")

ACROSS_OWNERS = {
    "audit.archive.LINES": "the whole trail of a time, for an archive",
    "audit.retain.STRETCHES": "a month of every chain, before it is dropped",
    "audit.reading.OWN_PAGE": "what one caller did, whoever the records belong to",
    "audit.reading.WRAPPED_KEYS": "opens the lines of one caller across records",
    "audit.verify.LINES_OF": "verifies whole chains, whoever the lines are about",
    "audit.verify.STRANGERS": "verifies whole chains, whoever the lines are about",
    "database.floor.SIZES": "measures the whole store",
    "database.outbox.COUNT": "measures the whole outbox",
    "database.outbox.DUE": "finds what is due, whoever it belongs to; each letter is claimed by its owner",
    "database.outbox.REVIVE": "an operator's act on the whole outbox",
    "database.owners.OWNERS_DUE": "finds what is due, whoever it belongs to; each step is taken by its owner",
    "database.owners.UNCLAIM": "claims have a shard key of their own",
    "database.owners.UNPOINT": "xref has a shard key of its own",
    "database.owners.WRAPPED_KEYS": "opens the answer of a search across citizens",
    "database.waiting.WAITING_DUE": "finds what is due, whoever it belongs to; each document is released by its owner",
    "identity.sessions.ENDED": "what every holder ended lately, once a second for a process",
    "identity.sessions.SWEEP": "deletes what has expired, whoever held it",
    "identity.sessions.SWEEP_ENDS": "deletes what has expired, whoever held it",
    "record.clinical.again.COUNT_STALE": "walks the files of the whole store",
    "record.clinical.again.NEXT_STALE": "walks the files of the whole store",
    "record.statistics.ACTS": "counts the whole trail of a month",
    "record.statistics.DOCUMENTS": "counts the files of the whole store",
    "record.statistics.RECORDS": "counts the records of the whole store",
    "record.trail.PATIENTS_OF": "whose records one caller's acts were about",
    "resources.planning.LINKED": "xref has a shard key of its own, and is asked first",
    "resources.names.POINTED_TO_BY_ANY": "xref has a shard key of its own, and is asked first",
    "resources.names.IDENTIFIED": "finds a document by its identifier alone, whoever it belongs to",
    "resources.names.ALL_CLAIMED": "claims have a shard key of their own, and are asked first",
    "resources.reading.COUNT_OF_ALL": "the history of the whole system",
    "resources.reading.HISTORY_OF_ALL": "the history of the whole system",
    "resources.reindex.NEXT": "walks the whole store",
    "resources.reindex.STALE_TYPES": "walks the whole store",
    "resources.store.POINT_NO_MORE": "xref has a shard key of its own",
}
"""Statements that are of several owners, or of none that is known yet, each with its reason."""
ELSEWHERE = re.compile(r"embedded\.|migrate\.|distribute\.|audit_partitions\.")
"""Statements about the server itself, or of another one."""
LITERALS = {
    "int2": "1", "int4": "1", "int8": "7", "float8": "1.5", "text": "'x'", "bool": "true", "bytea": "'\\x00'", "name": "'x'",
    "uuid": "'00000000-0000-8000-8000-000000000001'", "timestamptz": "'2026-01-01T00:00:00Z'", "regclass": "'resource'",
}  # fmt: skip


@pytest.fixture(scope="module")
async def cluster(server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection]:
    """The schema as the migrations make it, each table of an owner split by hash."""
    connection = await asyncpg.connect(**server.connection())
    await connection.execute("CREATE SCHEMA lane")
    await connection.execute("SET search_path TO lane")
    for file in sorted(files("healthspace.database.migrations").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".sql"):
            await connection.execute(partitioned(file.read_text()))
    yield connection
    await connection.execute("DROP SCHEMA lane CASCADE")
    await connection.close()


def partitioned(sql: str) -> str:
    """A migration whose tables of owners are split by the owner's hash; one that is split by time is split by owner instead."""

    def split(match: re.Match[str]) -> str:
        name, body = match[1], match[2]
        key = "owner" if name in BY_OWNER else "h" if name in BY_HASH else None
        if key is None:
            return match[0]
        parts = "".join(
            f"\nCREATE TABLE {name}_p{number} PARTITION OF {name} FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number});"
            for number in range(PARTITIONS)
        )
        return f"CREATE TABLE {name} ({body}\n) PARTITION BY HASH ({key});{parts}"

    return CREATE.sub(split, sql).replace("CREATE TABLE audit_other PARTITION OF audit DEFAULT;", "")


def constants() -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(healthspace.__path__, "healthspace."):
        name = module.name.removeprefix("healthspace.")
        if name.partition(".")[0] not in PACKAGES or module.ispkg:
            continue
        loaded = importlib.import_module(module.name)
        for constant, value in vars(loaded).items():
            is_statement = constant.isupper() and not constant.startswith("_") and isinstance(value, str) and STATEMENT.match(value)
            if is_statement and not ELSEWHERE.search(f"{name}."):
                found[f"{name}.{constant}"] = value
    return sorted(found.items())


async def partitions_of(connection: asyncpg.Connection, sql: str, values: list[object] | None = None) -> set[str]:
    """The partitions that the plan of a statement reads or changes, with values in the place of its parameters."""
    kinds = (await connection.prepare(sql)).get_parameters()
    for number in range(len(kinds), 0, -1):
        value = values[number - 1] if values is not None else None
        sql = re.sub(rf"\${number}(?!\d)", lambda _, n=number, v=value: literal(kinds[n - 1].name, v), sql)
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}"))[0]["Plan"]
    return set(walk(plan))


def literal(kind: str, value: object) -> str:
    if isinstance(value, int) and kind == "int8":
        return str(value)
    if kind == "int8[]":
        return f"ARRAY{list(range(1, 3 * PARTITIONS))}::int8[]"  # enough owners, or hashes, to meet every partition
    if kind.endswith("[]"):
        return f"ARRAY[{literal(kind[:-2], None)}]::{kind}"
    return f"{LITERALS[kind]}::{kind}"


def walk(node: dict) -> list[str]:
    match = PARTITION.search(node.get("Relation Name", ""))
    return [*([match[1]] if match else []), *(one for child in node.get("Plans", []) for one in walk(child))]


@pytest.mark.parametrize(("name", "sql"), [pytest.param(*one, id=one[0]) for one in constants()])
async def test_a_statement_goes_to_one_shard_or_says_why_not(cluster: asyncpg.Connection, name: str, sql: str) -> None:
    assert (len(await partitions_of(cluster, sql)) <= 1) == (name not in ACROSS_OWNERS)


KEYS = KeyRing(b"k" * 32)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
CONDITIONS = {
    "a shared code": Hashed((1, 2)),
    "a selective code": Hashed((3,), Selects.EVERYWHERE),
    "a code of the registry": Hashed((3,), Selects.IN_REGISTRY),
    "an identifier": Hashed((3,), Selects.EVERYWHERE, across=True),
    "a date": Ranged(tuple(Box(number_of("date"), *box) for box in date_boxes("ge2024", "date"))),
    "a beginning": Prefixed(((number_of("name"), b"abcd"),)),
    "an id": Named((UUID(int=1),)),
    "a time": Updated(((NOON, NOON),)),
    "no code": Not(Hashed((1,))),
    "one of two": Either((Hashed((1,)), Named((UUID(int=1),)))),
}


@pytest.mark.parametrize("owner", [0, 7])
@pytest.mark.parametrize("type_", ["Observation", "Patient", "Practitioner"])
@pytest.mark.parametrize("name", CONDITIONS)
async def test_a_search_of_one_owner_goes_to_one_shard(cluster: asyncpg.Connection, name: str, type_: str, owner: int) -> None:
    query, scope = Query(type_, conditions=[CONDITIONS[name]]), Scope((owner,), Hidden((5,), 6), required=(7,))
    compiled = [compile_page(query, scope, order[True], None, 20) for order in (BY_ID, BY_DATE, BY_UPDATE)]
    for sql, values in [*compiled, compile_count(query, scope), compile_bodies(query, scope, 5)]:
        assert len(await partitions_of(cluster, sql, values)) <= 1


@pytest.mark.parametrize("name", CONDITIONS)
async def test_a_search_across_owners_is_understood(cluster: asyncpg.Connection, name: str) -> None:
    for type_ in ("Observation", "Patient"):
        for scope in (Scope(None), Scope((7, 8)), Scope(())):
            sql, values = compile_page(Query(type_, conditions=[CONDITIONS[name]]), scope, BY_ID[True], None, 20)
            await partitions_of(cluster, sql, values)


async def test_a_key_that_does_not_name_the_owner_is_refused(cluster: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.FeatureNotSupportedError):
        await cluster.execute("ALTER TABLE resource ADD UNIQUE (id)")


async def test_every_table_has_its_place_in_a_cluster(cluster: asyncpg.Connection) -> None:
    rows = await cluster.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'lane'")
    tables = {row["tablename"] for row in rows if not PARTITION.search(row["tablename"])}
    assert tables <= {*BY_OWNER, *BY_HASH, *EVERYWHERE}


FORBIDDEN = {
    "a trigger": re.compile(r"\bCREATE (OR REPLACE )?TRIGGER\b", re.IGNORECASE),
    "an advisory lock": re.compile(r"\bpg_(try_)?advisory", re.IGNORECASE),
    "a notification": re.compile(r"^\s*(NOTIFY|LISTEN)\b|\bpg_notify\b", re.IGNORECASE | re.MULTILINE),
    "session state": re.compile(r"\bset_config\b|(\A|;)\s*SET (?!LOCAL|TRANSACTION)\w", re.IGNORECASE),
    "a sequence as an id": re.compile(r"\b(big)?serial\b|\bnextval\b|GENERATED .* AS IDENTITY", re.IGNORECASE),
    "a volatile function in an update": re.compile(r"\bUPDATE\b[^;]*\bSET\b[^;]*\b(now|random|gen_\w+|clock_\w+)\(", re.IGNORECASE),
    "an offset": re.compile(r"\bOFFSET\b", re.IGNORECASE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_statement_holds(what: str) -> None:
    statements = dict(constants())
    for file in files("healthspace.database.migrations").iterdir():
        if file.name.endswith(".sql"):
            statements[file.name] = re.sub(r"--.*", "", file.read_text())
    assert [name for name, sql in statements.items() if FORBIDDEN[what].search(sql)] == []


def test_what_goes_across_owners_is_still_there() -> None:
    assert set(ACROSS_OWNERS) <= {name for name, _ in constants()}
