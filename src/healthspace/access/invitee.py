"""Whom an invitation is for, sealed in it: who invites does not learn whether there is such a person, or whether the traits were right."""

import base64
import binascii
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from healthspace.database.keys import KeyRing

NONCE = 12
NOBODY = UUID(int=0)


def seal_invitee(keys: KeyRing, patient: UUID | None) -> str:
    """The Patient who is invited, or nobody: both look alike, and the same person never twice the same."""
    nonce = os.urandom(NONCE)
    sealed = AESGCM(keys.derive("seal invitations")).encrypt(nonce, (patient or NOBODY).bytes, b"invitee")
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def open_invitee(keys: KeyRing, text: str) -> UUID | None:
    """The Patient that `seal_invitee` sealed; None for nobody, and for anything else."""
    try:
        packed = base64.urlsafe_b64decode(text)
        named = UUID(bytes=AESGCM(keys.derive("seal invitations")).decrypt(packed[:NONCE], packed[NONCE:], b"invitee"))
    except (ValueError, binascii.Error, InvalidTag):
        return None
    return named if named != NOBODY else None
