"""What the picture of a record is made of: its facts, the documents they were read in, whose record it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.ids import parse_id
from healthspace.profile.elements import source_of
from healthspace.record.spaces import patient_of
from healthspace.resources.gathering import gather, gather_named
from healthspace.resources.stored import Resource

DOCUMENT = "DocumentReference"


@dataclass(frozen=True, slots=True)
class Picture:
    """Facts as far as the permit shows them; `documents` holds their sources, by "DocumentReference/<id>"."""

    patient: Resource
    facts: tuple[Resource, ...]
    documents: dict[str, Resource]


async def read_picture(p: Permit, types: Iterable[str], *, results: bool = True) -> Picture:
    """The facts of `types` and their documents. What a label hides from the caller is in no count, sentence or chart.

    `results` is False where results of laboratories are not needed.
    """
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_RESOURCES)
    asked = tuple(types)
    patient = (await patient_of(p)).json()
    facts = await gather(p, asked, results=results)
    if DOCUMENT in asked:
        references = [one for one in facts if one["resourceType"] == DOCUMENT]
    else:
        references = await gather_named(p, DOCUMENT, _sources(facts))
    documents = {f"{DOCUMENT}/{one['id']}": one for one in references}
    # A fact whose document is not to be seen is not to be seen either, whatever its own labels say.
    shown = tuple(one for one in facts if not source_of(one) or source_of(one) in documents)
    return Picture(patient, shown, documents)


def _sources(facts: Iterable[Resource]) -> list[UUID]:
    names = dict.fromkeys(source_of(fact).removeprefix(f"{DOCUMENT}/") for fact in facts)
    return [identifier for name in names if name and (identifier := parse_id(name)) is not None]
