"""Sealing: compress, then encrypt with the owner's key (AES-256-GCM), bound to what is sealed.

A sealed value is: format (1 byte), codec (1 byte), nonce (12 bytes), ciphertext and tag. The associated data names owner,
type, id and version, so that a row copied over another one is refused when it is opened.
"""

import os
import threading
from functools import cache
from uuid import UUID

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
PLAIN, ZSTD = 0, 1
NONCE = 12
HEAD = 2 + NONCE
WORTH_COMPRESSING = 400
"""Bytes: a shorter text gains less than it costs."""
ALREADY_COMPRESSED = (b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"PK\x03\x04")


class Tampered(Exception):
    """A sealed value does not open: it was changed, moved, or sealed with another key."""


class Cipher:
    """Seals and opens what belongs to one owner."""

    __slots__ = ("_aead", "owner")

    def __init__(self, owner: int, key: bytes) -> None:
        self.owner, self._aead = owner, AESGCM(key)

    def seal(self, plain: bytes, kind: str, identifier: UUID, version: int) -> bytes:
        codec, packed = _pack(plain)
        head = bytes((FORMAT, codec)) + os.urandom(NONCE)
        return head + self._aead.encrypt(head[2:], packed, self._bound_to(kind, identifier, version, head))

    def open(self, sealed: bytes, kind: str, identifier: UUID, version: int) -> bytes:
        """The plain bytes; Tampered when `sealed` is not what was sealed under these names."""
        head = sealed[:HEAD]
        if len(head) < HEAD or head[0] != FORMAT:
            raise Tampered
        try:
            packed = self._aead.decrypt(head[2:], sealed[HEAD:], self._bound_to(kind, identifier, version, head))
        except InvalidTag:
            raise Tampered from None
        return _tools().decompressor.decompress(packed) if head[1] == ZSTD else packed

    def _bound_to(self, kind: str, identifier: UUID, version: int, head: bytes) -> bytes:
        return b"%d|%s|%s|%d|%d" % (self.owner, kind.encode(), identifier.bytes, version, head[1])


class _Tools(threading.local):
    """A compressor and a decompressor of each thread: making one costs more than using it."""

    def __init__(self) -> None:
        self.compressor, self.decompressor = zstandard.ZstdCompressor(level=3), zstandard.ZstdDecompressor()


@cache
def _tools() -> _Tools:
    return _Tools()


def _pack(plain: bytes) -> tuple[int, bytes]:
    if len(plain) < WORTH_COMPRESSING or plain.startswith(ALREADY_COMPRESSED):
        return PLAIN, plain
    packed = _tools().compressor.compress(plain)
    return (ZSTD, packed) if len(packed) < len(plain) else (PLAIN, plain)
