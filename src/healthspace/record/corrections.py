"""A citizen asks to correct an error in a document or a fact; its author answers. The request is a Communication (R4), and changes
nothing itself. (A Task would say it too; R4 counts no Task among what is a citizen's.)

It carries the depositor of what it is about, so that whoever brought that always finds it, and nobody else who may not.
"""

from uuid import UUID

from healthspace.access.depositor import DEPOSITOR, depositor_of, is_by_citizen
from healthspace.access.labels import SYSTEM, VISIBILITY, codes_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Conflict, Invalid, NotFound
from healthspace.base.ids import new_id
from healthspace.fhir.resource_types import NUMBER
from healthspace.fhir.validate import validate
from healthspace.profile.elements import Resource, is_from_citizen
from healthspace.record.spaces import patient_of
from healthspace.resources.gathering import gather, gather_named
from healthspace.resources.store import insert, lock, update
from healthspace.resources.stored import Stored, instant

CATEGORY = {"coding": [{"system": "urn:healthspace:communication", "code": "correction"}]}
WAITING, ACCEPTED, REFUSED = "in-progress", "completed", "not-done"
"""Communication.status as the state of a request."""
LONGEST = 1000


async def ask_correction(p: Permit, type_: str, identifier: UUID, words: str, request_id: UUID | None = None) -> Stored:
    """Keeps a request; NotFound when there is nothing there that a professional brought, Invalid without words."""
    p.must_be_for(Action.WRITE_OWN_ENTRY)
    found = await gather_named(p, type_, [identifier]) if type_ in NUMBER else []
    if not found or is_from_citizen(found[0]) or is_by_citizen(found[0]):
        raise NotFound
    if not 0 < len(words) <= LONGEST:
        raise Invalid("say in a few words what is wrong", place="Communication.payload")
    patient = f"Patient/{(await patient_of(p)).name}"
    brought = [one for one in found[0].get("extension", []) if one.get("url") == DEPOSITOR]
    # What hides the thing hides what is said about it.
    hidden = [{"system": SYSTEM, "code": code} for code in sorted(codes_of(found[0]) & {*VISIBILITY})]
    request: Resource = {
        "resourceType": "Communication",
        **({"meta": {"security": hidden}} if hidden else {}),
        **({"extension": brought} if brought else {}),
        "status": WAITING,
        "category": [CATEGORY],
        "subject": {"reference": patient},
        "about": [{"reference": f"{type_}/{identifier}"}],
        "sent": instant(p.now),
        "sender": {"reference": patient},
        "payload": [{"contentString": words}],
    }
    if validate(request):
        raise Invalid("this request is no valid resource", place="Communication")
    stored = await insert(p.tx, p.cipher, p.keys, request_id or new_id(p.owner), request, p.now)
    p.note(f"Communication/{stored.id}", f"{type_}/{identifier}")
    return stored


async def list_corrections(p: Permit) -> list[Resource]:
    """The requests that the permit shows, the latest first."""
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_RESOURCES)
    return [one for one in await gather(p, ("Communication",)) if is_correction(one)]


def is_correction(communication: Resource) -> bool:
    """Whether a Communication asks for a correction."""
    return CATEGORY in communication.get("category", [])


async def answer_correction(p: Permit, identifier: UUID, words: str, *, accepted: bool) -> Stored:
    """The answer of whoever brought what the request is about; NotFound for anybody else, Conflict when it was answered otherwise."""
    p.must_be_for(Action.ANSWER_CORRECTION)
    locked = await lock(p.tx, p.cipher, "Communication", identifier)
    request = locked.stored.exact() if locked is not None else {}
    if locked is None or not is_correction(request) or depositor_of(request) != p.caller.depositor_key:
        raise NotFound
    status, notes = ACCEPTED if accepted else REFUSED, request.get("note", [])
    if request["status"] == status and words and notes[-1].get("text") == words:
        return locked.stored
    if request["status"] != WAITING:
        raise Conflict("this request was answered already")
    if not 0 < len(words) <= LONGEST:
        raise Invalid("an answer needs words", place="Communication.note")
    author = {"authorString": p.caller.name or p.caller.structure} if p.caller.name or p.caller.structure else {}
    answered = {
        **request,
        "status": status,
        "received": instant(p.now),
        "note": [*notes, {**author, "time": instant(p.now), "text": words}],
    }
    p.note(f"Communication/{identifier}")
    return await update(p.tx, p.cipher, p.keys, locked.stored, answered, p.now)
