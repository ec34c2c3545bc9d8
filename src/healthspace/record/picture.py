"""What the picture of a record is made of: its facts, the documents they were read in, whose record it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.ids import parse_id
from healthspace.profile.elements import source_of
from healthspace.record.spaces import patient_of
from healthspace.resources.gathering import MOST, Codes, gather, gather_named, which_shown
from healthspace.resources.stored import Resource

DOCUMENT = "DocumentReference"


@dataclass(frozen=True, slots=True)
class Picture:
    """Facts as far as the permit shows them; `documents` holds those of their sources that were read, by "DocumentReference/<id>"."""

    patient: Resource
    facts: tuple[Resource, ...]
    documents: dict[str, Resource] = field(default_factory=dict)


async def read_picture(p: Permit, types: Iterable[str], *, observed: Codes | None = None, most: int = MOST) -> Picture:
    """The latest `most` facts of `types`, without their documents. What a label hides from the caller is in no count, sentence or chart.

    Of Observations, only those with one of the codes `observed`, when they are said.
    """
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_RESOURCES)
    patient = (await patient_of(p)).json()
    facts = await leave_out_unseen(p, await gather(p, tuple(types), observed=observed, most=most))
    return Picture(patient, facts, {f"{DOCUMENT}/{one['id']}": one for one in facts if one["resourceType"] == DOCUMENT})


async def leave_out_unseen(p: Permit, facts: Sequence[Resource]) -> tuple[Resource, ...]:
    """`facts` but those whose document is not to be seen, whatever their own labels say."""
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_RESOURCES)
    shown = {f"{DOCUMENT}/{identifier}" for identifier in await which_shown(p, DOCUMENT, _documents_of(facts))}
    return tuple(one for one in facts if not (source := source_of(one)) or source in shown)


async def read_sources(p: Permit, picture: Picture, facts: Iterable[Resource]) -> None:
    """Reads the documents of `facts`, those that a page names with their sources."""
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_RESOURCES)
    wanted = _documents_of(one for one in facts if source_of(one) not in picture.documents)
    picture.documents.update({f"{DOCUMENT}/{one['id']}": one for one in await gather_named(p, DOCUMENT, wanted)})


def _documents_of(facts: Iterable[Resource]) -> list[UUID]:
    names = dict.fromkeys(source_of(fact).removeprefix(f"{DOCUMENT}/") for fact in facts)
    return [identifier for name in names if name and (identifier := parse_id(name)) is not None]
