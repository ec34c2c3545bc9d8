"""Certificates of carers: written in the record of who is helped, then in the carer's own; each settles its letter with it."""

from dataclasses import asdict
from datetime import datetime

import orjson
import structlog

from healthspace.access.permit import Door
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound, Refused
from healthspace.base.ids import event_id, made_at, owner_of, parse_id
from healthspace.database.outbox import Claimed, enqueue
from healthspace.identity.caller import SERVICE
from healthspace.notifications.operations import START
from healthspace.record.certificates import Certificate, certify, keep_certificate

COPY = "certify-copy"
"""The kind of letter that brings a certificate to the carer."""

log = structlog.get_logger(__name__)


async def handle_certificate(door: Door, letter: Claimed) -> None:
    """The certificate for who is helped; posts the carer's."""
    try:
        async with door.permit(SERVICE, Action.DEPOSIT_DOCUMENT, letter.owner) as p:
            written, carer = await certify(p, orjson.loads(letter.body), letter.id)
            if carer is not None:
                copy = event_id(letter.owner, made_at(letter.id) or START, COPY, str(letter.id))
                told = orjson.dumps({"carer": str(carer), **asdict(written)})
                await enqueue(p.tx, letter.cipher, COPY, told, letter.created, identifier=copy)
            await letter.settle(p.tx)
    except (Refused, NotFound):
        return  # closed since: nothing is added any more
    except Invalid:
        log.warning("certificate_not_written")  # the holder lacks a trait of identity, without which there is no document


async def handle_copy(door: Door, letter: Claimed) -> None:
    """The same certificate, in the record of the carer."""
    told = orjson.loads(letter.body)
    carer = parse_id(told["carer"])
    sections = tuple((title, tuple(words)) for title, words in told["sections"])
    written = Certificate(told["title"], sections, datetime.fromisoformat(told["at"]))
    try:
        async with door.permit(SERVICE, Action.DEPOSIT_DOCUMENT, owner_of(carer) if carer is not None else None) as p:
            await keep_certificate(p, written, letter.id)
            await letter.settle(p.tx)
    except (Refused, NotFound):
        return
    except Invalid:
        log.warning("certificate_not_written")
