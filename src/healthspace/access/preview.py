"""What a caller would see: the same facts and the same rules, asked by the citizen before they decide, or of who adds and may not read."""

from dataclasses import replace

from healthspace.access.facts import EVERYBODY
from healthspace.access.permit import FACTS, Permit, bounds_of
from healthspace.access.rules import Action, Facts, Reason, decide
from healthspace.identity.caller import Caller


def permit_to_read(p: Permit) -> Permit | None:
    """The permit that the caller of `p` would have to read a document of this record; None when they would have none."""
    verdict = decide(p.caller, Action.READ_DOCUMENT, p.facts)
    if not verdict.allowed:
        return None
    return replace(p, action=Action.READ_DOCUMENT, **bounds_of(verdict, p.facts, p.policy), fetched=None, targets=[])


async def permit_as(p: Permit, other: Caller, assumed: frozenset[str] = frozenset()) -> tuple[Reason, Permit | None]:
    """Why, and the permit that `other` would have to search the documents of this record (None: none); `assumed` are ties it has not yet.

    The permit reads as `other` and is for showing to the caller of `p`, who must filter what is hidden from themselves.
    """
    hashes = [p.keys.hash_caller(key) for key in (*other.keys, EVERYBODY)]
    rows = await p.tx.fetch(FACTS, p.owner, hashes, p.now)
    held = {row["relation"] for row in rows if row["relation"] and (row["until"] is None or row["until"] > p.now)}
    facts = Facts(state=rows[0]["state"], relations=frozenset(held) | assumed)
    verdict = decide(other, Action.SEARCH_DOCUMENTS, facts)
    if not verdict.allowed:
        return verdict.reason, None
    return verdict.reason, replace(p, caller=other, **bounds_of(verdict, facts, p.policy), fetched=None, targets=[])
