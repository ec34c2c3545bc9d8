"""Changes of a document's attributes (TD3.3a to d): visibility labels as a set, withdrawal by the author, archive.

Nothing else of a document changes after its deposit. What came from the document, and the Lists that brought it, follow in the same
transaction; a document that awaits its announcement has its dates in the calendar of the service.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from healthspace.access import labels
from healthspace.access.changes import (
    DEPOSITORS_MASK,
    HOLDERS,
    action_of,
    may_change_label,
    may_show_to_representatives,
    may_unmask,
    may_withdraw,
    tell_whose_mask,
)
from healthspace.access.depositor import depositor_of, is_by_citizen
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Tie
from healthspace.base.errors import Forbidden, Invalid, NotAllowed, NotFound, PreconditionFailed, Refused
from healthspace.base.fhirjson import ARCHIVED
from healthspace.base.ids import made_at
from healthspace.database.waiting import forget_waiting, wait_for
from healthspace.record.clinical import follow
from healthspace.record.clinical.keep import is_archived
from healthspace.record.proof import prove
from healthspace.record.relabel import WITHDRAWN, relabel_around, withdraw_around
from healthspace.resources.reading import find_about, why_hidden
from healthspace.resources.store import find, update
from healthspace.resources.stored import Resource, Stored

HIDDEN = frozenset({labels.HIDDEN_FROM_REPRESENTATIVES})
OURS = frozenset({ARCHIVED, DEPOSITORS_MASK})
TAKEN_BACK = frozenset({WITHDRAWN, "superseded"})
"""§15.1: both are written by software that takes a document back."""
Edit = Callable[[Resource], Resource]


async def change_document(p: Permit, identifier: UUID, edit: Edit, if_match: int | None = None) -> Stored:
    """The document after `edit`, which may change its labels, its status and its archive, and nothing else.

    NotFound (or Refused, which reads alike) when the caller does not see it; NotAllowed for any other element; Forbidden when it is
    not theirs to change; PreconditionFailed when it is not that version.
    """
    p.must_be_for(Action.CHANGE_DOCUMENT, Action.WITHDRAW_DOCUMENT)
    current = await find_about(p, "DocumentReference", identifier)
    if current is None:
        raise NotFound
    before: Resource = current.exact()
    if (reason := why_hidden(p, before)) is not None:
        raise Refused(reason, about=f"DocumentReference/{identifier}")
    if if_match not in {None, current.version}:
        raise PreconditionFailed("this is not the current version", place="If-Match")
    after = _settle(p, before, edit(before))
    p.action = _judge(p, identifier, before, after)
    if after == before:
        p.note(f"DocumentReference/{identifier}")
        return current
    stored = await update(p.tx, p.cipher, p.keys, current, after, p.now)
    await _carry_on(p, before, stored)
    await prove(p, stored, "DELETE" if after.get("status") == WITHDRAWN else "UPDATE", _hiding(before, after))
    return stored


async def withdraw_document(p: Permit, identifier: UUID, if_match: int | None = None) -> Stored:
    """Takes a document back, as its author: nobody finds it any more."""
    p.must_be_for(Action.WITHDRAW_DOCUMENT)
    return await change_document(p, identifier, lambda document: {**document, "status": WITHDRAWN}, if_match)


async def has_withdrawn(p: Permit, identifier: UUID) -> bool:
    """Whether the caller has taken this document back before."""
    p.must_be_for(Action.WITHDRAW_DOCUMENT)
    known = await find_about(p, "DocumentReference", identifier)
    return known is not None and known.json()["status"] == WITHDRAWN and depositor_of(known.json()) == p.caller.depositor_key


async def release_document(p: Permit, identifier: UUID) -> Stored | None:
    """Takes INVISIBLE_PATIENT away on its date (R1111-53); None when it is not there, or was released before."""
    p.must_be_for(Action.RELEASE_DOCUMENT)
    current = await find(p.tx, p.cipher, "DocumentReference", identifier)
    await forget_waiting(p.tx, p.owner, identifier)
    if current is None or labels.NOT_ANNOUNCED not in labels.codes_of(current.json()):
        return None
    before: Resource = current.exact()
    after = {
        **before,
        "securityLabel": labels.with_labels(before.get("securityLabel", []), labels.codes_of(before) - {labels.NOT_ANNOUNCED}),
    }
    stored = await update(p.tx, p.cipher, p.keys, current, after, p.now)
    await _carry_on(p, before, stored)
    await prove(p, stored, "UPDATE", _hiding(before, after))
    return stored


async def put_off_release(p: Permit, identifier: UUID) -> None:
    """The two weeks are over: the holder is invited to a consultation, and the release comes at the end of the month (R1111-53).

    No document is named, in the trail neither: the notice says no more than that a doctor should be asked.
    """
    p.must_be_for(Action.RELEASE_DOCUMENT)
    p.action = Action.NOTICE_DOCUMENT
    await wait_for(p.tx, p.owner, identifier, "release", _announced_by(p, identifier))


def _settle(p: Permit, before: Resource, asked: Resource) -> Resource:
    """What was asked, as it is kept: labels as a set in their order, confidentiality untouched, both words for taking back as one."""
    labels.refuse_unknown_label(asked, labels.codes_of(before))
    wanted = labels.codes_of({"securityLabel": asked.get("securityLabel", [])}) & set(labels.VISIBILITY)
    after = {**asked, "securityLabel": labels.with_labels(before.get("securityLabel", []), wanted)}
    if "securityLabel" not in before and not after["securityLabel"]:
        after.pop("securityLabel")
    if asked.get("status") != before.get("status"):
        if asked.get("status") not in TAKEN_BACK:
            raise Invalid(
                "a document is taken back with entered-in-error; nothing else is done to its status", place="DocumentReference.status"
            )
        after["status"] = WITHDRAWN
    return tell_whose_mask(p.caller, p.reason, before, _show_or_not(p, after, masked=labels.MASKED in wanted))


def _show_or_not(p: Permit, after: Resource, *, masked: bool) -> Resource:
    """While all is masked by default, what its citizen unmasks is shown one by one."""
    if Tie.MASKED_BY_DEFAULT not in p.relations or p.reason not in HOLDERS:
        return after
    others = [tag for tag in after.get("meta", {}).get("tag", []) if tag.get("system") != labels.SHOWN]
    tags = others if masked else [*others, {"system": labels.SHOWN, "code": labels.SHOWN_CODE}]
    meta = {name: value for name, value in after.get("meta", {}).items() if name != "tag"}
    return {**after, "meta": {**meta, **({"tag": tags} if tags else {})}}


def _judge(p: Permit, identifier: UUID, before: Resource, after: Resource) -> Action:
    """What this change is called. Refuses what is not an attribute, and what is not the caller's to change."""
    _refuse_other_elements(before, after)
    done, told = Action.CHANGE_DOCUMENT, labels.codes_of(before) ^ labels.codes_of(after)
    if is_archived(before) != is_archived(after):
        done = Action.ARCHIVE_DOCUMENT
    for label in sorted(told):
        if not may_change_label(p.caller, p.reason, label):
            raise Forbidden("this label is not yours to change", place="DocumentReference.securityLabel")
        if label == labels.MASKED and label in labels.codes_of(before) and not may_unmask(p.caller, p.reason, before):
            raise Forbidden("who masked this document shows it again", place="DocumentReference.securityLabel")
        if label == labels.NOT_ANNOUNCED and label not in labels.codes_of(before):
            _may_wait(p, identifier, before)
        if label in HIDDEN & labels.codes_of(before) and not may_show_to_representatives(p.caller, p.reason, before):
            raise Forbidden("only the minor shows this to representatives", place="DocumentReference.securityLabel")
        done = action_of(label, added=label in labels.codes_of(after))
    if before.get("status") != after.get("status"):
        if not may_withdraw(p.caller, depositor_of(before)):
            raise Forbidden("only its author takes a document back", place="DocumentReference.status")
        done = Action.WITHDRAW_DOCUMENT
    return done


def _may_wait(p: Permit, identifier: UUID, document: Resource) -> None:
    """An announcement is awaited for a month from the deposit and no longer (R1111-53): hiding again would have no end.

    Forbidden for what the citizen brought; Invalid when the month is over.
    """
    if is_by_citizen(document):
        raise Forbidden("nobody announces to citizens what they brought", place="DocumentReference.securityLabel")
    if _announced_by(p, identifier) <= p.now:
        raise Invalid("the month in which this could be announced is over", place="DocumentReference.securityLabel")


def _announced_by(p: Permit, identifier: UUID) -> datetime:
    """When a document is visible to its citizen at the latest: counted from its deposit, whenever it was hidden."""
    return (made_at(identifier) or p.now) + p.policy.announcement_limit


def _refuse_other_elements(before: Resource, after: Resource) -> None:
    ours = {"securityLabel", "status", "extension", "meta"}
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - ours
    others = [[one for one in each.get("extension", []) if one.get("url") not in OURS] for each in (before, after)]
    if others[0] != others[1]:
        changed.add("extension")
    if _without_tags(before) != _without_tags(after):
        changed.add("meta")
    if changed:
        raise NotAllowed("only labels, status and archive of a document can be changed", place=f"DocumentReference.{min(changed)}")


def _without_tags(resource: Resource) -> Resource:
    tags = [tag for tag in resource.get("meta", {}).get("tag", []) if tag.get("system") != labels.SHOWN]
    return {**{name: value for name, value in resource.get("meta", {}).items() if name != "tag"}, **({"tag": tags} if tags else {})}


def _hiding(before: Resource, after: Resource) -> set[str]:
    """The visibility labels that a document had or has."""
    return (labels.codes_of(before) | labels.codes_of(after)) & set(labels.VISIBILITY)


async def _carry_on(p: Permit, before: Resource, stored: Stored) -> None:
    """What follows the document: what came from it, the Lists that brought it, the calendar of its announcement."""
    await follow(p, stored)
    had, has = (labels.NOT_ANNOUNCED in labels.codes_of(each) for each in (before, stored.json()))
    if has and not had:
        notice = _announced_by(p, stored.id) - p.policy.announcement_limit + p.policy.announcement_notice
        await wait_for(p.tx, p.owner, stored.id, "notice", max(p.now, notice))
    elif had and not has:
        await forget_waiting(p.tx, p.owner, stored.id)
    if labels.codes_of(before) != labels.codes_of(stored.json()):
        await relabel_around(p, stored)
    if stored.json().get("status") == WITHDRAWN:
        await withdraw_around(p, stored)
