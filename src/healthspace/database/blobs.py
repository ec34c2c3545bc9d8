"""Sealed documents as files: on disk, whole, before the row that names them commits."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from healthspace.base.ids import owner_of
from healthspace.database.database import Database, Tx

REMEMBER = "INSERT INTO blob (owner, id, size, created, reader, words) VALUES ($1, $2, $3, $4, $5, $6)"
IS_KNOWN = "SELECT 1 FROM blob WHERE owner = $1 AND id = $2"

SETTLED = 15 * 60
"""Seconds after which a file without a row is an orphan: far longer than any deposit takes."""


class Missing(Exception):
    """The file of a document that the database knows is not there: the folder is not the one it was deposited in, or was damaged."""


class BlobStore:
    """Files named after their id, in 256 folders. The names carry no identity: an id holds a random owner number."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, identifier: UUID, sealed: bytes) -> None:
        """Durable when it returns: written, fsynced, renamed, folder fsynced. Blocks: call it from a thread."""
        folder = self._folder(identifier)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._root)
            _sync_folder(self._root.parent)
        path, unfinished = folder / identifier.hex, folder / f".{identifier.hex}"
        with open(unfinished, "wb", opener=_private) as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        _sync_folder(folder)

    def read(self, identifier: UUID) -> bytes:
        try:
            return (self._folder(identifier) / identifier.hex).read_bytes()
        except FileNotFoundError:
            raise Missing from None

    def delete(self, identifier: UUID) -> None:
        (self._folder(identifier) / identifier.hex).unlink(missing_ok=True)

    def settled_files(self, *, now: float) -> Iterator[Path]:
        """Files, finished or not, that no running deposit can still be writing."""
        for path in self._root.glob("??/*"):
            try:
                if now - path.stat().st_mtime > SETTLED:
                    yield path
            except FileNotFoundError:
                continue

    def _folder(self, identifier: UUID) -> Path:
        # The low bits of an id are its random part: folders fill evenly.
        return self._root / identifier.hex[-2:]


async def remember_blob(tx: Tx, identifier: UUID, size: int, created: object, reader: int, words: bytes | None = None) -> None:
    """Writes the row of a file; `reader` is the version of the reading that its facts come from, `words` its words, sealed."""
    await tx.execute(REMEMBER, owner_of(identifier), identifier, size, created, reader, words)


async def sweep_orphans(database: Database, store: BlobStore) -> int:
    """Deletes the files that no row names: what a crash left between the file and its commit. Returns how many."""
    swept = 0
    for path in store.settled_files(now=time.time()):
        if path.name.startswith(".") or not await _is_known(database, path.name):
            path.unlink(missing_ok=True)
            swept += 1
    return swept


async def _is_known(database: Database, name: str) -> bool:
    try:
        identifier = UUID(hex=name)
    except ValueError:
        return True  # not a file of ours: leave it alone
    async with database.reading() as tx:
        return await tx.fetchval(IS_KNOWN, owner_of(identifier), identifier) is not None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
