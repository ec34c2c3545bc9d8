"""Reading documents again that an older version of the program has read: resumable, while the service goes on.

Every file knows which version of the reading its facts come from (`blob.reader`). The walk goes by owner and id, a transaction for
each record; what is deposited meanwhile is read by today's version already, and passed over. A record that is closed waits until it
is open.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import structlog

from healthspace.access.permit import Door, Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Refused
from healthspace.base.ids import parse_id
from healthspace.database.blobs import Missing
from healthspace.identity.caller import SERVICE
from healthspace.record.clinical.keep import keep_facts, tell_unread, unread_of
from healthspace.record.clinical.reading import READER, read_facts
from healthspace.record.read import open_content
from healthspace.record.words import keep_words, read_words, text_of
from healthspace.resources.store import find, update
from healthspace.resources.stored import Stored

COUNT_STALE = """
    SELECT count(*) FROM blob b JOIN owner o ON o.owner = b.owner AND o.state = 'open' WHERE b.reader < $1
"""
NEXT_STALE = """
    SELECT b.owner, b.id FROM blob b JOIN owner o ON o.owner = b.owner AND o.state = 'open'
     WHERE (b.owner, b.id) > ($1, $2) AND b.reader < $3
     ORDER BY b.owner, b.id LIMIT $4
"""
STALE_OF_ONE = "SELECT id FROM blob WHERE owner = $1 AND id = ANY ($2::uuid[]) AND reader < $3 ORDER BY id"
MARK = "UPDATE blob SET reader = $3 WHERE owner = $1 AND id = ANY ($2::uuid[])"
NOWHERE = (-1, UUID(int=0))
BATCH = 50

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many documents this run has looked at so far."""

    done: int


async def count_stale(door: Door) -> int:
    """How many documents wait to be read again."""
    async with door.database.reading() as tx:
        waiting: int = await tx.fetchval(COUNT_STALE, READER)
    return waiting


async def read_again(door: Door) -> AsyncIterator[Progress]:
    """Reads again every document that an older version has read, a batch at a time."""
    after, done = NOWHERE, 0
    while True:
        async with door.database.reading() as tx:
            rows = await tx.fetch(NEXT_STALE, *after, READER, BATCH)
        if not rows:
            return
        for owner, listed in groupby(rows, key=lambda row: row["owner"]):
            binaries = [row["id"] for row in listed]
            await _read_record(door, owner, binaries)
            done += len(binaries)
        after = rows[-1]["owner"], rows[-1]["id"]
        yield Progress(done)


async def _read_record(door: Door, owner: int, binaries: Sequence[UUID]) -> None:
    """Some documents of one record, in one transaction."""
    try:
        async with door.permit(SERVICE, Action.READ_FACTS_AGAIN, owner) as p:
            stale = [row["id"] for row in await p.tx.fetch(STALE_OF_ONE, owner, binaries, READER)]
            read = [binary for binary in stale if await _read_document(p, binary)]
            await p.tx.execute(MARK, owner, read, READER)
    except Refused:
        return  # closed since it was listed


async def _read_document(p: Permit, binary: UUID) -> bool:
    """Whether nothing more is to be done for a document; a file that is missing is told to operators and waits."""
    document = await _describe(p, binary)
    if document is None:
        return True
    try:
        content, _ = await open_content(p, binary)
    except Missing:
        log.error("document_missing", binary=str(binary))
        return False
    formed = await keep_facts(p, document, read_facts(content))
    if words := await read_words(text_of(content)):
        await keep_words(p.tx, p.cipher, binary, words)
    if unread_of(document.json()) != len(formed.unread):
        await update(p.tx, p.cipher, p.keys, document, tell_unread(document.exact(), formed.unread), p.now)
    p.note(f"DocumentReference/{document.id}")
    return True


async def _describe(p: Permit, binary: UUID) -> Stored | None:
    """The DocumentReference of a file; None when it is not there any more."""
    description = await find(p.tx, p.cipher, "Binary", binary)
    named = description.json().get("securityContext", {}).get("reference", "") if description is not None else ""
    identifier = parse_id(named.removeprefix("DocumentReference/"))
    return await find(p.tx, p.cipher, "DocumentReference", identifier) if identifier is not None else None
