"""What came from a document follows it: it goes with it, comes back with it, and is hidden as it is."""

from healthspace.access.depositor import depositor_of
from healthspace.access.wide import WidePermit
from healthspace.record.clinical.form import frame_of
from healthspace.record.clinical.keep import Hold, gives_facts, keep_facts, lock_kept, settle
from healthspace.record.clinical.reading import read_facts
from healthspace.record.read import Held, binary_of, is_kept_here, open_content
from healthspace.resources.stored import Resource, Stored


async def follow(p: Held, document: Stored) -> None:
    """Brings what came from `document`, as it stands now, into line with it, in the transaction that has changed it.

    Call it after every write to a DocumentReference that changes its status, its labels or whether it is archived: a document that is
    replaced, withdrawn or archived has no current facts; one that is current again has those it had, under the same ids; the labels
    of a document are those of its facts.
    """
    reference = document.json()
    present = await lock_kept(p, document)
    if not gives_facts(reference):
        await settle(p, present, ())
    elif present:
        meta = frame_of(document.id, reference).meta
        await settle(p, present, [_relabel(current.stored.exact(), meta) for current in present])
    elif depositor_of(reference) is not None and is_kept_here(reference):
        content, _ = await open_content(p, binary_of(reference))
        await keep_facts(p, document, read_facts(content))


async def follow_plainly(p: WidePermit, document: Stored) -> None:
    """As `follow`, after a plain write of the technical caller, which may also have deleted the document.

    Only documents that were deposited have facts: one that is created by a plain write is a resource like any other.
    """
    hold = Hold(p.tx, p.entered[document.owner], p.keys, p.blobs, p.now)
    if document.deleted:
        await settle(hold, await lock_kept(hold, document), ())
    else:
        await follow(hold, document)


def _relabel(resource: Resource, meta: Resource) -> Resource:
    return {**resource, "meta": meta}
