"""Every SQL constant of every module is understood by the database as it is migrated."""

import importlib
import pkgutil
import re

import asyncpg
import pytest

import healthspace

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|LOCK|TRUNCATE|ALTER|CREATE)\b")
UNPREPARED = re.compile(r"\s*(LOCK|CREATE)\b")
"""Utility statements take no parameters and cannot be prepared: they are run, and rolled back."""
ELSEWHERE = frozenset(
    {
        "healthspace.database.embedded.SETUP",  # read by the single-user server, when there is no database yet
        *(f"healthspace.database.distribute.{name}" for name in ("KNOWN", "DISTRIBUTE", "REFER")),  # Citus only
    }
)


def constants() -> list[tuple[str, str]]:
    found = []
    for module in pkgutil.walk_packages(healthspace.__path__, "healthspace."):
        if module.name.endswith(("__main__", "pdf_worker")):
            continue
        loaded = importlib.import_module(module.name)
        found += [
            (f"{module.name}.{name}", value)
            for name, value in vars(loaded).items()
            if name.isupper()
            and not name.startswith("_")
            and isinstance(value, str)
            and STATEMENT.match(value)
            and f"{module.name}.{name}" not in ELSEWHERE
        ]
    return found


@pytest.mark.parametrize(
    ("name", "sql"), [pytest.param(*constant, id=constant[0].removeprefix("healthspace.")) for constant in constants()]
)
async def test_the_statement_is_understood(connection: asyncpg.Connection, name: str, sql: str) -> None:
    if UNPREPARED.match(sql):
        await connection.execute(sql)
    else:
        await connection.prepare(sql)


def test_the_statements_are_found() -> None:
    modules = {name.rpartition(".")[0] for name, _ in constants()}
    assert {
        "healthspace.resources.store",
        "healthspace.resources.reading",
        "healthspace.audit.trail",
        "healthspace.access.permit",
    } <= modules
