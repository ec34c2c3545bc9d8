"""Documents as files: on disk before the row commits, and swept when no row names them."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.ids import new_id
from healthspace.database import blobs
from healthspace.database.blobs import SETTLED, BlobStore, Missing, sweep_orphans
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.record.deposit import Receipt, Submission, deposit
from healthspace.record.draft import Reading, read_draft
from healthspace.record.spaces import owner_of_patient
from tests.documents import a_cda
from tests.harness import a_citizen, lines_of

ID = UUID("01900000-0000-8000-8000-0000000000ab")


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def bring(service: Service, patient: UUID, *contents: bytes) -> Receipt:
    drafts = tuple(read_draft(content, Reading(10**7, lenient=True)) for content in contents)
    async with service.door.permit(caller_of_role(Role.LABORATORY), Action.DEPOSIT_DOCUMENT, owner_of_patient(patient)) as p:
        return await deposit(p, Submission(drafts))


def grow_old(path: Path, seconds: float = SETTLED + 60) -> None:
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    store.write(ID, b"sealed")
    assert store.read(ID) == b"sealed"
    assert files_in(tmp_path) == [tmp_path / "blobs" / "ab" / ID.hex]
    store.delete(ID)
    store.delete(ID)
    with pytest.raises(Missing):
        store.read(ID)


def test_only_our_user_reads_the_files(tmp_path: Path) -> None:
    BlobStore(tmp_path / "blobs").write(ID, b"sealed")
    assert (tmp_path / "blobs" / "ab" / ID.hex).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "blobs" / "ab").stat().st_mode & 0o777 == 0o700


def test_a_file_is_whole_and_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def note_fsync(descriptor: int) -> None:
        done.append("sync " + Path(f"/proc/self/fd/{descriptor}").resolve().name)
        fsync(descriptor)

    def note_rename(path: Path, target: Path) -> Path:
        assert path.read_bytes() == b"sealed"
        done.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "rename", note_rename)
    BlobStore(tmp_path / "blobs").write(ID, b"sealed")
    # The names of the new folders first, then the bytes, then the name of the file.
    assert done == ["sync blobs", f"sync {tmp_path.name}", f"sync .{ID.hex}", "rename", "sync ab"]


async def test_the_file_is_there_before_the_row_commits(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = await a_citizen(service)
    seen: list[int] = []

    async def look_first(*arguments: Any) -> None:
        seen.append(len(files_in(service.settings.data)))
        await blobs.remember_blob(*arguments)

    monkeypatch.setattr("healthspace.record.deposit.remember_blob", look_first)
    await bring(service, patient, a_cda())
    assert seen == [1]


async def test_a_deposit_that_fails_after_its_file_leaves_only_an_orphan(
    service: Service, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_citizen(service)
    with monkeypatch.context() as broken:
        broken.setattr("healthspace.record.deposit.remember_blob", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await bring(service, patient, a_cda())
    [orphan] = files_in(service.settings.data)
    assert await connection.fetchval("SELECT count(*) FROM resource") == 1  # the Patient
    assert await connection.fetchval("SELECT count(*) FROM blob") == 0
    assert (await lines_of(connection))[1:] == [("document:deposit", "failed", "failure")]
    grow_old(orphan)
    assert await sweep_orphans(service.door.database, service.door.blobs) == 1
    assert files_in(service.settings.data) == []


async def test_the_sweep_keeps_known_and_young_files_and_what_is_not_ours(service: Service) -> None:
    await bring(service, await a_citizen(service), a_cda())
    [known] = files_in(service.settings.data)
    store = service.door.blobs
    old, young, other = new_id(5), new_id(5), known.parent / "README"
    for identifier in (old, young):
        store.write(identifier, b"orphan")
    other.write_text("not a document")
    unfinished = known.parent / f".{new_id(5).hex}"
    unfinished.write_bytes(b"half")
    for path in files_in(service.settings.data):
        if path.name != young.hex:
            grow_old(path)
    assert await sweep_orphans(service.door.database, store) == 2
    left = {path.name for path in files_in(service.settings.data)}
    assert left == {known.name, young.hex, "README"}


async def test_a_sweep_of_nothing_is_nothing(service: Service) -> None:
    assert await sweep_orphans(service.door.database, service.door.blobs) == 0


async def test_what_is_on_disk_cannot_be_read_without_the_key(service: Service) -> None:
    await bring(service, await a_citizen(service), a_cda(words="Diabète sucré"))
    [path] = files_in(service.settings.data)
    kept = path.read_bytes()
    assert not any(word in kept for word in (b"ClinicalDocument", b"sucr", b"DUPR"))
