"""What came from a document follows it: it goes with it, comes back with it, and is hidden as it is."""

from healthspace.record.clinical.form import frame_of
from healthspace.record.clinical.keep import gives_facts, keep_facts, lock_kept, settle
from healthspace.record.clinical.reading import read_facts
from healthspace.record.read import Held, binary_of, open_content
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
    else:
        content, _ = await open_content(p, binary_of(reference))
        await keep_facts(p, document, read_facts(content))


def _relabel(resource: Resource, meta: Resource) -> Resource:
    return {**resource, "meta": meta}
