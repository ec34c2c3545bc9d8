"""The place that a page leads to, sealed: a client can hand it back, and read nothing in it."""

import base64
import binascii
import os
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from healthspace.base.errors import Malformed
from healthspace.database.keys import KeyRing

NONCE = 12


def seal_place(keys: KeyRing, about: str, place: list[Any]) -> str:
    """`place` (JSON values) as text for a URL. `about` names what is paged: a place in one list leads nowhere in another."""
    nonce = os.urandom(NONCE)
    sealed = AESGCM(keys.derive("seal places")).encrypt(nonce, orjson.dumps(place), about.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def open_place(keys: KeyRing, about: str, text: str) -> list[Any]:
    """What `seal_place` sealed; Malformed for anything else."""
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        place: list[Any] = orjson.loads(AESGCM(keys.derive("seal places")).decrypt(packed[:NONCE], packed[NONCE:], about.encode()))
    except (ValueError, binascii.Error, InvalidTag):
        raise Malformed("this is not a place that a page of ours led to", place="_cursor") from None
    return place
