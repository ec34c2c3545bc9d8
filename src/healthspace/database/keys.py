"""The master key and what is derived from it (HKDF, RFC 5869): wrapping of data keys, keyed hashes, signing keys."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from healthspace.base.errors import Misconfigured
from healthspace.database.database import Database
from healthspace.database.seal import Tampered

KEY_CHECK = "SELECT value FROM installation WHERE name = 'key-check'"
REMEMBER_KEY_CHECK = "INSERT INTO installation (name, value) VALUES ('key-check', $1) ON CONFLICT DO NOTHING"

KEY_SIZE = 32
REMEMBERED_CALLERS = 4096
"""Of each kind of hash; about 150 bytes each."""


class KeyRing:
    """What the master key gives. Never printed, never stored."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._derived: dict[str, bytes] = {}
        self._wrapping = self.derive("wrap data keys")
        self._index = self.derive("hash index values")
        self._callers: dict[tuple[str, str], int] = {}

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose; other purposes say nothing about it."""
        known = self._derived.get(purpose)
        if known is None:
            known = self._derived[purpose] = self._derive(purpose)
        return known

    def _derive(self, purpose: str) -> bytes:
        return HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=b"healthspace/" + purpose.encode()).derive(self._master)

    def new_data_key(self) -> bytes:
        return os.urandom(KEY_SIZE)

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self._wrapping, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._wrapping, wrapped)
        except InvalidUnwrap:
            raise Tampered from None

    def hash64(self, *parts: str) -> int:
        """A keyed hash as a signed 64-bit number: equal values meet, and nobody without the key can tell which."""
        return int.from_bytes(self._hash(parts, 8), "big", signed=True)

    def hash_caller(self, key: str, role: str = "caller") -> int:
        """The hash of a caller in one role (caller, depositor, concerns), remembered: the same few come again and again."""
        known = self._callers.get((role, key))
        if known is None:
            if len(self._callers) >= REMEMBERED_CALLERS:
                self._callers.clear()
            known = self._callers[role, key] = self.hash64(role, key)
        return known

    def code_prefixes(self, folded: str) -> bytes:
        """Two bytes a character, each depending on all before: a prefix of the text is a prefix of the code."""
        state = hashlib.blake2b(key=self._index, digest_size=8)
        coded = bytearray()
        for character in folded:
            state.update(character.encode())
            coded += state.copy().digest()[:2]
        return bytes(coded)

    def check_value(self) -> bytes:
        """What the database keeps to recognise this master key."""
        return hmac.digest(self.derive("recognise the master key"), b"healthspace", "sha256")

    def _hash(self, parts: tuple[str, ...], size: int) -> bytes:
        return hashlib.blake2b("\x1f".join(parts).encode(), key=self._index, digest_size=size).digest()


async def open_key_ring(database: Database, path: Path) -> KeyRing:
    """The key ring of this installation; its master key is made on the very first start.

    Misconfigured when the database knows a master key and the file is missing or holds another one: nothing is written then.
    """
    async with database.reading() as tx:
        expected: bytes | None = await tx.fetchval(KEY_CHECK)
    if expected is None:
        ring = KeyRing(_read_master_key(path) if path.exists() else _create_master_key(path))
        async with database.transaction() as tx:
            await tx.execute(REMEMBER_KEY_CHECK, ring.check_value())
            expected = await tx.fetchval(KEY_CHECK)
    elif not path.exists():
        raise Misconfigured(f"the master key is missing: {path} does not exist, and this database was sealed with it. Nothing was changed")
    else:
        ring = KeyRing(_read_master_key(path))
    if not hmac.compare_digest(ring.check_value(), expected):
        raise Misconfigured(f"the master key in {path} is not the one this database was sealed with. Nothing was changed")
    return ring


def _read_master_key(path: Path) -> bytes:
    master = path.read_bytes()
    if len(master) != KEY_SIZE:
        raise Misconfigured(f"{path} is not a master key: it must hold exactly {KEY_SIZE} bytes. Nothing was changed")
    return master


def _create_master_key(path: Path) -> bytes:
    """Writes a new key, readable by this user only, and has it on disk before anything is sealed with it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    master = os.urandom(KEY_SIZE)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(master)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return master
