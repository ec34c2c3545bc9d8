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

from healthspace.base.errors import Invalid, Refused, Unauthenticated, Unavailable
from healthspace.base.ids import parse_id
from healthspace.database.keys import KeyRing
from healthspace.identity.caller import (
    GIVE_CARE,
    TECHNICAL,
    Caller,
    Purpose,
    caller_of_agent,
    caller_of_citizen,
    caller_of_professional,
    caller_of_structure,
)
from healthspace.identity.personas import AGENTS, PROFESSIONALS, STRUCTURE_ROLES, Role
from healthspace.identity.sessions import LIFETIME, Proof, Sessions

ISSUER = "healthspace"
SECRET = "INVISIBLE_REPRESENTANTS_LEGAUX"
"""Confidentiality code of a secret connection (TRE_A07), as the VIHF of the shared record carries it."""
REMEMBERED = 1024
LONGEST_REASON = 500


class Tokens:
    """Makes and reads the tokens of demo mode. Verified ones are remembered by their SHA-256 until they expire or are ended."""

    def __init__(self, keys: KeyRing, sessions: Sessions, *, demo: bool) -> None:
        self._key = OctKey.import_key(keys.derive("sign demonstration tokens"))
        self._keys, self._sessions, self._demo = keys, sessions, demo
        self._verified: OrderedDict[bytes, Proof] = OrderedDict()
        self._changes = 0
        """How many ends of sessions the remembered ones were held against."""

    def issue(
        self,
        role: Role,
        now: datetime,
        *,
        patient: UUID | None = None,
        purpose: Purpose = Purpose.TREAT,
        reason: str = "",
        lifetime: timedelta = LIFETIME,
        secret: bool = False,
        session: UUID | None = None,
        prolongs: UUID | None = None,
    ) -> str:
        """A token of `role`; a citizen's names their own Patient. Refused outside demo mode.

        `purpose` is the mode of what is done with it; `reason`, in words, is what breaking the glass asks for. `secret`: for care that a
        minor keeps from their representatives; Invalid for who gives none. One that is made in a `session` ends with it; one
        that `prolongs` a session is of that session.
        """
        if not self._demo:
            raise Refused("tokens of personas exist in demo mode only")
        if secret and caller_of_role(role, patient=patient).kind not in GIVE_CARE:
            raise Invalid("only professionals and structures open a secret connection", place="secret")
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": str(patient) if patient else role.value,
            "role": role.value,
            "iat": now.timestamp(),
            "exp": int((now + lifetime).timestamp()),
            "jti": str(prolongs or uuid4()),
            "purpose_of_use": purpose.value,
            **({"confidentiality_code": SECRET} if secret else {}),
            **({"sid": str(session)} if session else {}),
        }
        if reason.strip():
            claims["reason"] = reason.strip()[:LONGEST_REASON]
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, token: str, now: datetime) -> Caller:
        """The caller that `token` proves; Unauthenticated when it is not ours, changed, expired, or ended by its holder.

        Unavailable when this process has not learnt for too long which sessions were ended.
        """
        return self.prove(token, now).caller

    def prove(self, token: str, now: datetime) -> Proof:
        """What `token` proves, as `read`."""
        if not self._demo:
            raise Unauthenticated("no sign-in is set up on this installation")
        if not self._sessions.known:
            raise Unavailable
        if self._changes != self._sessions.changes:
            self._forget_ended()
        digest, instant = hashlib.sha256(token.encode()).digest(), now.timestamp()
        known = self._verified.get(digest)
        if known is None:
            known = self._verify(token)
            if self._sessions.is_over(known):
                raise Unauthenticated("this session was ended")
            self._verified[digest] = known
            if len(self._verified) > REMEMBERED:
                self._verified.popitem(last=False)
        if known.expires <= instant:
            raise Unauthenticated("this token has expired")
        return known

    def ends(self, token: str) -> datetime:
        """When a token that was read expires."""
        return datetime.fromtimestamp(self._verify(token).expires, UTC)

    def _forget_ended(self) -> None:
        self._changes = self._sessions.changes
        for digest in [digest for digest, proof in self._verified.items() if self._sessions.is_over(proof)]:
            del self._verified[digest]

    def _verify(self, token: str) -> Proof:
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
            caller = caller_of_role(Role(claims["role"]), patient=parse_id(claims["sub"]))
            purpose, why = Purpose(claims.get("purpose_of_use", Purpose.TREAT)), str(claims.get("reason", ""))
            ids = tuple(UUID(claims[name]) for name in ("jti", "sid") if name in claims)
            secret = caller.kind in GIVE_CARE and claims.get("confidentiality_code") == SECRET
            caller = replace(caller, purpose=purpose, why=why[:LONGEST_REASON], secret=secret, session=ids[0])
            return Proof(caller, self._keys.hash_caller(caller.key), float(claims["iat"]), float(claims["exp"]), ids)
        except (JoseError, KeyError, ValueError, TypeError, IndexError):
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
