"""One stored version of a resource, and how rows of the store become one."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from healthspace.base.ids import owner_of
from healthspace.database.database import Row
from healthspace.database.seal import Cipher
from healthspace.fhir.exact_json import read_stored
from healthspace.fhir.resource_types import NAMES

Resource = dict[str, Any]

DELETED = b"!"
"""What a body begins with that is no resource: the version is a deletion."""
SEARCHED_AS = "words"
"""What the words by which a resource is searched are sealed as, beside its version."""
BEFORE_NAME = len('{"resourceType":"","id":"')


class Stored(NamedTuple):
    """One version as it is kept: `body` is the resource's JSON, id and meta included; of a deletion, DELETED and the id."""

    type: str
    id: UUID
    version: int
    updated: datetime
    body: bytes

    @property
    def owner(self) -> int:
        return owner_of(self.id)

    @property
    def deleted(self) -> bool:
        return self.body[:1] == DELETED

    @property
    def name(self) -> str:
        """The id as clients know it: the one they chose, or else ours."""
        return self.body[1:].decode() if self.deleted else name_in(self.body, self.type)

    def json(self) -> Resource:
        """The resource, for reading: numbers as floats."""
        resource: Resource = orjson.loads(self.body)
        return resource

    def exact(self) -> Resource:
        """The resource with its decimals as they were written, for writing it again."""
        resource: Resource = read_stored(self.body)
        return resource


def name_in(body: bytes, type_: str) -> str:
    """The id in a body as the store writes it: `{"resourceType":"…","id":"…"`."""
    start = BEFORE_NAME + len(type_)
    return body[start : body.index(b'"', start)].decode()


def open_row(cipher: Cipher, row: Row) -> Stored:
    """The version in a row of `resource` or `resource_history`."""
    type_ = NAMES[row["type"] - 1]
    body = cipher.open(row["body"], type_, row["id"], row["version"])
    return Stored(type_, row["id"], row["version"], row["updated"], body)


def instant(moment: datetime) -> str:
    """A FHIR instant at the millisecond, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
