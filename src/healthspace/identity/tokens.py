"""RFC 7519 access tokens of demo mode: signed by this installation, for its own personas and citizens, for eight hours.

There is no other sign-in yet; outside demo mode no token is made and none is accepted.
"""

import hashlib
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from healthspace.base.errors import Refused, Unauthenticated
from healthspace.base.ids import parse_id
from healthspace.database.keys import KeyRing
from healthspace.identity.caller import (
    TECHNICAL,
    Caller,
    Purpose,
    caller_of_agent,
    caller_of_citizen,
    caller_of_professional,
    caller_of_structure,
)
from healthspace.identity.personas import AGENTS, PROFESSIONALS, STRUCTURE_ROLES, Role

ISSUER = "healthspace"
LIFETIME = timedelta(hours=8)
REMEMBERED = 1024
LONGEST_REASON = 500


class Tokens:
    """Makes and reads the tokens of demo mode. Verified ones are remembered by their SHA-256 until they expire."""

    def __init__(self, keys: KeyRing, *, demo: bool) -> None:
        self._key = OctKey.import_key(keys.derive("sign demonstration tokens"))
        self._demo = demo
        self._verified: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    def issue(
        self,
        role: Role,
        now: datetime,
        *,
        patient: UUID | None = None,
        purpose: Purpose = Purpose.TREAT,
        reason: str = "",
        lifetime: timedelta = LIFETIME,
    ) -> str:
        """A token of `role`; a citizen's names their own Patient. Refused outside demo mode.

        `purpose` is the mode of what is done with it; `reason`, in words, is what breaking the glass asks for.
        """
        if not self._demo:
            raise Refused("tokens of personas exist in demo mode only")
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": str(patient) if patient else role.value,
            "role": role.value,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "jti": str(uuid4()),
            "purpose_of_use": purpose.value,
        }
        if reason.strip():
            claims["reason"] = reason.strip()[:LONGEST_REASON]
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, token: str, now: datetime) -> Caller:
        """The caller that `token` proves; Unauthenticated when it is not ours, changed, or expired."""
        if not self._demo:
            raise Unauthenticated("no sign-in is set up on this installation")
        digest, instant = hashlib.sha256(token.encode()).digest(), now.timestamp()
        known = self._verified.get(digest)
        if known is None:
            known = self._verify(token)
            self._verified[digest] = known
            if len(self._verified) > REMEMBERED:
                self._verified.popitem(last=False)
        if known[0] <= instant:
            raise Unauthenticated("this token has expired")
        return known[1]

    def ends(self, token: str) -> datetime:
        """When a token that was read expires."""
        return datetime.fromtimestamp(self._verify(token)[0], UTC)

    def _verify(self, token: str) -> tuple[float, Caller]:
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
            caller = caller_of_role(Role(claims["role"]), patient=parse_id(claims["sub"]))
            purpose, why = Purpose(claims.get("purpose_of_use", Purpose.TREAT)), str(claims.get("reason", ""))
            return float(claims["exp"]), replace(caller, purpose=purpose, why=why[:LONGEST_REASON], session=parse_id(claims["jti"]))
        except (JoseError, KeyError, ValueError, TypeError):
            raise Unauthenticated("this token is not one of ours") from None


def caller_of_role(role: Role, *, patient: UUID | None = None) -> Caller:
    """The caller behind a persona; a citizen or a parent needs the id of their Patient (ValueError without)."""
    if role in PROFESSIONALS:
        return caller_of_professional(role, PROFESSIONALS[role])
    if role in AGENTS:
        return caller_of_agent(role, AGENTS[role])
    if role in STRUCTURE_ROLES:
        return caller_of_structure(role, STRUCTURE_ROLES[role])
    if role is Role.SYSTEM:
        return TECHNICAL
    if patient is None:
        raise ValueError("a citizen's token names a Patient")
    return caller_of_citizen(patient, role)
