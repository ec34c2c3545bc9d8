"""Creating one resource of a citizen by one statement: what most creations are, in a third of the time.

Only what is found inside its owner alone can be created so: no Patient, nothing that other tables follow from, no condition.
"""

from uuid import UUID

from healthspace.access.alone import WHEN_OPEN, permit_alone
from healthspace.access.permit import Door
from healthspace.access.rules import Action
from healthspace.base.ids import new_id, owner_of, parse_id
from healthspace.fhir.resource_types import NUMBER
from healthspace.fhir.searching.parameters import fingerprint_of
from healthspace.identity.caller import Caller
from healthspace.resources.placing import patients_of
from healthspace.resources.store import Version, prepare
from healthspace.resources.stored import Resource, Stored
from healthspace.resources.work import DERIVED

CREATE_ALONE = f"""
    WITH {WHEN_OPEN}, kept AS (
        INSERT INTO resource (owner, type, id, version, updated, date, tokens, body, indexed, words)
        SELECT owner, $14::smallint, $15::uuid, 1, $16::timestamptz, $17::timestamptz, $18::bigint[], $19::bytea, $20::integer, $21::bytea
          FROM held
    ), selective AS (
        INSERT INTO ix_token (owner, h, date, id)
        SELECT owner, h, $17, $15 FROM held CROSS JOIN unnest($22::bigint[]) AS new (h)
    ), ranges AS (
        INSERT INTO ix_range (owner, type, param, lo, hi, id)
        SELECT owner, $14, param, lo, hi, $15
          FROM held CROSS JOIN unnest($23::integer[], $24::float8[], $25::float8[]) AS new (param, lo, hi)
    ), strings AS (
        INSERT INTO ix_string (owner, type, param, folded, id)
        SELECT owner, $14, param, folded, $15 FROM held CROSS JOIN unnest($26::integer[], $27::bytea[]) AS new (param, folded)
    )
    SELECT count(*) FROM held
"""  # noqa: S608 - made of constants


async def create_alone(door: Door, caller: Caller, resource: Resource) -> Stored | None:
    """Creates `resource` in the record of the citizen whom it names; None when that takes more than one statement, and nothing was done."""
    owner = _owner_in(resource)
    permit = permit_alone(door, caller, Action.WRITE_RESOURCES, owner) if owner is not None else None
    if permit is None:
        return None
    version = prepare(permit.cipher, permit.keys, new_id(permit.cipher.owner), resource, permit.now)
    if version.found_by.across:
        return None
    stored = version.stored
    done = await permit.run(CREATE_ALONE, _values(version), f"{stored.type}/{stored.id}")
    return stored if done else None


def _owner_in(resource: Resource) -> int | None:
    """The owner of the citizen whom `resource` names by an id of ours."""
    type_ = resource["resourceType"]
    if type_ == "Patient" or type_ in DERIVED:
        return None
    named: UUID | None = next(map(parse_id, patients_of(resource)), None)
    return owner_of(named) or None if named is not None else None


def _values(version: Version) -> tuple[object, ...]:
    stored, found = version.stored, version.found_by
    ranges, strings = list(zip(*found.ranges, strict=True)) or [(), (), ()], list(zip(*found.strings, strict=True)) or [(), ()]
    return (
        NUMBER[stored.type],
        stored.id,
        stored.updated,
        version.date,
        list(found.tokens),
        version.sealed,
        fingerprint_of(stored.type),
        version.words,
        list(found.rows),
        *ranges,
        *strings,
    )
