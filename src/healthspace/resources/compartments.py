"""Compartments (R4 compartmentdefinition.html): what refers to one patient, encounter, practitioner, device or related person."""

from healthspace.fhir.definitions import compartment
from healthspace.fhir.searching.parameters import parameters_of
from healthspace.resources.hashing import hash_reference
from healthspace.resources.names import locate_name
from healthspace.resources.planning import narrow_to_compartment
from healthspace.resources.query import NEVER, Condition, Either, Hashed, Named, Query, Scope
from healthspace.resources.reach import Reach


async def in_compartment(reach: Reach, query: Query, scope: Scope, kind: str, name: str) -> Scope:
    """Adds to `query` that resources are in the compartment of `kind`/`name`; the scope that is left."""
    conditions: list[Condition] = []
    known = parameters_of(query.type)
    for parameter in compartment(kind).get(query.type, ()):
        paths = [branch.key for branch in known[parameter].branches] if parameter in known else []
        conditions += [Hashed((hash_reference(reach.keys, query.type, path, f"{kind}/{name}"),)) for path in paths]
    if query.type == kind:
        place = await locate_name(reach.tx, reach.keys, kind, name)
        conditions.append(Named((place[1],)) if place is not None else NEVER)
    query.conditions.append(Either(tuple(conditions)) if conditions else NEVER)
    return await narrow_to_compartment(reach, query.type, scope, name) if kind == "Patient" else scope
