"""Depositing one document from the command line: read it, find its space (or open one), go through the door."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from healthspace.access.permit import Door
from healthspace.access.rules import Action
from healthspace.base.errors import Conflict, HealthspaceError, Invalid
from healthspace.identity.caller import SERVICE, Caller
from healthspace.record.clinical.keep import unread_of
from healthspace.record.deposit import Submission, deposit
from healthspace.record.draft import Draft, Reading, complete_words, read_draft
from healthspace.record.metadata import Described
from healthspace.record.spaces import locate, open_space, owner_of_patient
from healthspace.resources.stored import Resource

DEPOSITED, KNOWN, REFUSED = "deposited", "known", "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a document: its DocumentReference, or the error; warnings are for the depositor."""

    outcome: str
    reference: Resource | None = None
    error: HealthspaceError | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """How documents are taken in: by whom, read how, and whether a citizen not yet known gets a space."""

    door: Door
    caller: Caller
    reading: Reading
    open_missing: bool = False

    async def take(self, content: bytes, described: Described | None = None) -> Answer:
        """Deposits one document. Whatever happens, the act leaves one line of the trail (and opening a space, its own)."""
        draft: Draft | None = None
        try:
            draft = await complete_words(await asyncio.to_thread(read_draft, content, self.reading, described))
            patient = await self.find_space(draft)
            async with self.door.permit(self.caller, Action.DEPOSIT_DOCUMENT, owner_of_patient(patient)) as p:
                receipt = await deposit(p, Submission((draft,)))
        except HealthspaceError as error:
            await self.refuse(error)
            return Answer(REFUSED, error=error, warnings=draft.warnings if draft else ())
        document = receipt.documents[0]
        reference = document.reference.json()
        unread = unread_of(reference)
        told = (f"{unread} {'entry' if unread == 1 else 'entries'} could not be read",) if unread else ()
        return Answer(DEPOSITED if document.created else KNOWN, reference, warnings=(*draft.warnings, *told))

    async def refuse(self, error: HealthspaceError) -> None:
        """The line of a deposit that never came to a permit."""
        await self.door.trace_failure(self.caller, Action.DEPOSIT_DOCUMENT, None, error)

    async def find_space(self, draft: Draft) -> UUID | None:
        """The Patient whose document it is; a new one where spaces are opened for citizens not yet known."""
        if draft.ins is None:
            return None
        patient = await locate(self.door, draft.ins)
        if patient is not None or not self.open_missing:
            return patient
        if draft.traits is None:
            raise Invalid("no space is open under this identifier, and this document does not say enough about its patient to open one")
        try:
            async with self.door.permit_to_open(SERVICE) as p:
                return await open_space(p, draft.traits)
        except Conflict:
            return await locate(self.door, draft.ins)  # another command has just opened it
