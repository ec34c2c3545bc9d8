"""From what was read out of a document to resources as the record keeps them: with their ids, their citizen, their source. Pure.

A fact that is no valid resource of R4 becomes an entry that could not be read, and so does one that cannot stand without it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from healthspace.access.depositor import DEPOSITOR
from healthspace.access.origin import KEPT_OF_DOCUMENTS, origin_tags, visibility_of
from healthspace.base.ids import derived_id
from healthspace.cda.clinical import FACT, PATIENT, Extraction, Fact, Unread
from healthspace.database.keys import KeyRing
from healthspace.fhir.bundle import dicts
from healthspace.fhir.validate import validate
from healthspace.record.clinical.provenance import describe_origin
from healthspace.resources.stored import Resource

MOST_FACTS = 5000
"""Facts that are kept of one document: far more than any laboratory sends at once."""
MOST_INSIDE = 50
"""Resources that one fact may contain."""


@dataclass(frozen=True, slots=True)
class Formed:
    """What is kept of a document: its facts and, when there are any, the Provenance that names them all; and what could not be read."""

    resources: tuple[Resource, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What all the facts of one document have in common."""

    patient: str
    meta: Resource
    depositor: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class _Built:
    """A fact as a resource, and the keys of the facts that it refers to."""

    resource: Resource
    met: frozenset[str]


def form_facts(keys: KeyRing, document: UUID, reference: Resource, extraction: Extraction) -> Formed:
    """The resources of `extraction`, read out of the document `reference` that is kept under the id `document`."""
    given, unread = _check_keys(extraction.facts)
    own = [fact for fact in given.values() if fact.resource["resourceType"] in KEPT_OF_DOCUMENTS]
    frame, name = frame_of(document, reference), reference.get("masterIdentifier", {}).get("value", str(document))
    ids = {fact.key: derived_id(document, keys.hash64("fact", name, fact.key)) for fact in own}
    former = _Former(frame, given, ids)
    kept, refused = _build_all(former, own)
    unread += [Unread(fact.place, "invalid") for fact in refused]
    inner = (fact for fact in given.values() if fact.resource["resourceType"] not in KEPT_OF_DOCUMENTS)
    unread += [Unread(fact.place, "alone") for fact in inner if fact.key not in former.contained]
    resources = [kept[fact.key].resource for fact in own if fact.key in kept]
    if resources:
        places = [(f"{built.resource['resourceType']}/{built.resource['id']}", given[key].place) for key, built in kept.items()]
        resources.append(describe_origin(document, reference, provenance_id(keys, document, name), places, frame.meta, frame.depositor))
    return Formed(tuple(resources), (*extraction.unread, *unread))


def provenance_id(keys: KeyRing, document: UUID, name: str) -> UUID:
    """The id of the Provenance of what was read out of a document, whose unique id is `name`."""
    return derived_id(document, keys.hash64("provenance", name))


def frame_of(document: UUID, reference: Resource) -> Frame:
    """What the facts of `reference` have in common: whose they are, where they come from, who sees them."""
    meta: Resource = {"source": f"DocumentReference/{document}", "tag": origin_tags(reference)}
    if labels := visibility_of(reference):
        meta["security"] = labels
    depositor = tuple(extension for extension in reference.get("extension", []) if extension.get("url") == DEPOSITOR)
    return Frame(reference["subject"]["reference"], meta, depositor)


def _check_keys(facts: Iterable[Fact]) -> tuple[dict[str, Fact], list[Unread]]:
    """The facts by key, as many as are kept; two with one key would be one resource."""
    given: dict[str, Fact] = {}
    unread = []
    for fact in facts:
        if fact.key in given or len(given) >= MOST_FACTS:
            unread.append(Unread(fact.place, "duplicate" if fact.key in given else "too-many"))
        else:
            given[fact.key] = fact
    return given, unread


def _build_all(former: "_Former", facts: list[Fact]) -> tuple[dict[str, _Built], list[Fact]]:
    """The facts that are valid, by key in their order, and those that are not."""
    built: dict[str, _Built] = {}
    refused: dict[str, Fact] = {}
    waiting = facts
    while waiting:
        fresh = set()
        for fact in waiting:
            one = former.build(fact)
            if validate(one.resource):
                former.ids.pop(fact.key)
                built.pop(fact.key, None)
                refused[fact.key] = fact
                fresh.add(fact.key)
            else:
                built[fact.key] = one
        # What refers to a fact that is not kept is built again, without that reference.
        waiting = [fact for fact in facts if fact.key in built and built[fact.key].met & fresh]
    return {fact.key: built[fact.key] for fact in facts if fact.key in built}, list(refused.values())


class _Former:
    """Builds the facts of one document. `ids` are those of the facts that are kept; `contained` met those that others contain."""

    def __init__(self, frame: Frame, given: dict[str, Fact], ids: dict[str, UUID]) -> None:
        self.frame, self.given, self.ids = frame, given, ids
        self.contained: set[str] = set()

    def build(self, fact: Fact) -> _Built:
        met: set[str] = set()
        inside: dict[str, Resource] = {}

        def refer(text: str) -> str | None:
            if text == PATIENT:
                return self.frame.patient
            if not text.startswith(FACT):
                return text
            key = text.removeprefix(FACT)
            met.add(key)
            if key in self.ids:
                return f"{self.given[key].resource['resourceType']}/{self.ids[key]}"
            return self._contain(key, inside, refer)

        resource = {name: _refer_in(value, refer) for name, value in fact.resource.items() if name not in {"id", "meta", "extension"}}
        extensions = [one for one in dicts(fact.resource.get("extension")) if one.get("url") != DEPOSITOR]
        resource["extension"] = [*(_refer_in(one, refer) for one in extensions), *self.frame.depositor]
        if inside:
            resource["contained"] = [*dicts(resource.get("contained")), *inside.values()]
        resource = {name: value for name, value in resource.items() if value not in (None, [], {})}
        head = {"resourceType": resource["resourceType"], "id": str(self.ids[fact.key]), "meta": self.frame.meta}
        return _Built({**head, **resource}, frozenset(met))

    def _contain(self, key: str, inside: dict[str, Resource], refer: Callable[[str], str | None]) -> str | None:
        """The local reference to a fact that can only be kept inside another: a product, a device. None when it is not there."""
        fact = self.given.get(key)
        if fact is None or fact.resource["resourceType"] in KEPT_OF_DOCUMENTS or (key not in inside and len(inside) >= MOST_INSIDE):
            return None
        if key not in inside:
            self.contained.add(key)
            resource = inside[key] = {"resourceType": fact.resource["resourceType"], "id": f"inside-{len(inside) + 1}"}
            rest = {name: _refer_in(value, refer) for name, value in fact.resource.items() if name not in {"id", "meta", "contained"}}
            resource.update({name: value for name, value in rest.items() if value not in (None, [], {})})
        return f"#{inside[key]['id']}"


def _refer_in(value: Any, refer: Callable[[str], str | None]) -> Any:
    """`value` with its references as `refer` says; one that leads nowhere (None) is left out, with what then holds nothing."""
    if isinstance(value, list):
        return [kept for item in value if (kept := _refer_in(item, refer)) not in (None, {}, []) or item is None]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, inner in value.items():
        kept = refer(inner) if name == "reference" and isinstance(inner, str) else _refer_in(inner, refer)
        if kept not in (None, {}, []) or inner is None:
            found[name] = kept
    return found
