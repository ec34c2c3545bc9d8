"""Spreading the tables over a cluster (Citus): everything that belongs to an owner goes to the owner's shard (`../rules/cluster.md`)."""

from asyncpg import Connection

from healthspace.base.errors import Misconfigured

HAS_CITUS = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"
KNOWN = "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = $1::regclass"
DISTRIBUTE = "SELECT create_distributed_table($1, $2, colocate_with => $3)"
REFER = "SELECT create_reference_table($1)"

BY_OWNER = (
    "owner",
    "resource",
    "resource_history",
    "ix_token",
    "ix_range",
    "ix_string",
    "blob",
    "access_fact",
    "audit",
    "outbox",
    "waiting_document",
)
"""Tables of one owner's rows, side by side on one node, so that a statement about one owner runs there whole."""
BY_HASH = ("xref", "claim", "session", "session_end")
"""What leads to an owner who is not known yet: asked first, by a statement of its own. Sessions, by who holds them."""
EVERYWHERE = ("installation", "audit_head", "audit_cut", "reindexing")
"""Small tables that every node has."""


async def distribute(connection: Connection) -> list[str]:
    """Distributes the tables that are not distributed yet; their names. Misconfigured when the server is no cluster."""
    if not await connection.fetchval(HAS_CITUS):
        raise Misconfigured("this PostgreSQL has no Citus extension: create it on every node first (CREATE EXTENSION citus)")
    done = []
    for table in (*BY_OWNER, *BY_HASH, *EVERYWHERE):
        if await connection.fetchval(KNOWN, table):
            continue
        if table in EVERYWHERE:
            await connection.execute(REFER, table)
        else:
            key, beside = ("h", "none" if table == BY_HASH[0] else BY_HASH[0]) if table in BY_HASH else ("owner", BY_OWNER[0])
            await connection.execute(DISTRIBUTE, table, key, "none" if table == BY_OWNER[0] else beside)
        done.append(table)
    return done
