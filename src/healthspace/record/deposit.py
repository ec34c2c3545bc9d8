"""Deposit of documents (IHE ITI-65 and ITI-105; TD2, TD2.1): idempotent, atomic, on disk before it is acknowledged."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from healthspace.access.changes import labels_that_stay, with_depositors_mask
from healthspace.access.depositor import DEPOSITOR, depositor_extension, depositor_of
from healthspace.access.labels import (
    HIDDEN_FROM_REPRESENTATIVES,
    MASKED,
    NOT_ANNOUNCED,
    VISIBILITY,
    codes_of,
    refuse_unknown_label,
    with_labels,
)
from healthspace.access.matrix import contents_tags
from healthspace.access.permit import Permit
from healthspace.access.preview import permit_to_read
from healthspace.access.rules import Action
from healthspace.base.errors import Conflict, Invalid
from healthspace.base.ids import new_id
from healthspace.base.text import fold
from healthspace.database.blobs import remember_blob
from healthspace.database.waiting import wait_for
from healthspace.fhir.exact_json import copy_json
from healthspace.identity.caller import Kind
from healthspace.record import chain
from healthspace.record.clinical.form import form_facts
from healthspace.record.clinical.keep import keep_new, tell_unread
from healthspace.record.clinical.reading import READER
from healthspace.record.draft import Draft
from healthspace.record.read import binary_of
from healthspace.record.spaces import patient_of
from healthspace.record.words import seal_words
from healthspace.resources.reading import is_shown
from healthspace.resources.store import draw_up, insert, read
from healthspace.resources.stored import Resource, Stored, instant
from healthspace.terminology.uris import URIS

LIST_TYPES = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"
WRONG_PATIENT = "ClinicalDocument/recordTarget/patientRole"


@dataclass(frozen=True, slots=True)
class Submission:
    """Documents that arrive together: a SubmissionSet (List) when the sender made one, and the references it declares superseded."""

    drafts: tuple[Draft, ...]
    submission_set: Resource | None = None
    superseded: tuple[str, ...] = ()
    """Addresses of the documents that the sender patches to superseded (TD2.1), as it wrote them."""
    folders: tuple[Resource, ...] = ()
    """Lists whose entries name the documents of this submission by their position ("#0"), or documents of the record."""


@dataclass(frozen=True, slots=True)
class Deposited:
    """A document as it now stands in the record; `created` is False when it was there already, byte for byte."""

    reference: Stored
    binary: UUID
    created: bool
    shown: bool = True
    """Whether who deposited it finds it: another may have brought it before, and it may be hidden from them."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a submission became: its documents in order, its SubmissionSet, the references it declared superseded, in their order."""

    documents: tuple[Deposited, ...]
    submission_set: Stored | None
    superseded: tuple[Stored, ...]
    folders: tuple[Stored, ...]


async def deposit(p: Permit, submission: Submission) -> Receipt:
    """Puts the documents of `submission` into the record, all or none.

    Conflict when a unique id is known with other bytes; Invalid when a document is about someone else.
    """
    p.must_be_for(Action.DEPOSIT_DOCUMENT)
    patient = await patient_of(p)
    documents = []
    for draft in submission.drafts:
        _check_patient(draft, patient.json())
        known = await _find_by_unique_id(p, draft.reference["masterIdentifier"])
        if known is not None:
            documents.append(await _recognise(p, patient.id, known, draft))
            continue
        documents.append(await _store(p, patient.id, draft))
    declared = [await _supersede_declared(p, address) for address in submission.superseded]
    p.note(*(f"DocumentReference/{document.reference.id}" for document in documents))
    if not any(document.created for document in documents):
        return Receipt(tuple(documents), None, tuple(declared), ())
    brought = await _keep_submission_set(p, patient.id, submission, documents)
    folders = [await _keep_folder(p, patient.id, folder, documents) for folder in submission.folders]
    return Receipt(tuple(documents), brought, tuple(declared), tuple(folders))


async def _store(p: Permit, patient: UUID, draft: Draft) -> Deposited:
    reference_id, binary_id = new_id(p.owner), new_id(p.owner)
    reference = _complete(p, draft, patient, reference_id, binary_id)
    await _store_content(p, draft, reference_id, binary_id)
    replaced = await chain.find_replaced(p, reference)
    reference = _keep_hidden(p, reference, replaced)
    newer = await chain.is_replaced_already(p, reference)
    if newer:
        reference["status"] = "superseded"
    formed = await asyncio.to_thread(form_facts, p.keys, reference_id, reference, draft.extraction)
    stored = await insert(p.tx, p.cipher, p.keys, reference_id, tell_unread(reference, formed.unread), p.now)
    for old in replaced:
        await chain.supersede(p, old, secret=HIDDEN_FROM_REPRESENTATIVES in codes_of(reference))
    await keep_new(p, stored, formed)
    if NOT_ANNOUNCED in codes_of(reference):
        await wait_for(p.tx, p.owner, reference_id, "notice", p.now + p.policy.announcement_notice)
    return Deposited(stored, binary_id, created=True)


async def _store_content(p: Permit, draft: Draft, reference_id: UUID, binary_id: UUID) -> None:
    """The file first, durable, then the rows that name it."""
    sealed = await asyncio.to_thread(p.cipher.seal, draft.content, "Binary", binary_id, 1)
    await asyncio.to_thread(p.blobs.write, binary_id, sealed)
    await remember_blob(p.tx, binary_id, len(draft.content), p.now, READER, seal_words(p.cipher, binary_id, draft.text.words))
    description = {
        "resourceType": "Binary",
        "contentType": draft.media_type,
        "securityContext": {"reference": f"DocumentReference/{reference_id}"},
        "sha256": hashlib.sha256(draft.content).hexdigest(),
    }
    await insert(p.tx, p.cipher, p.keys, binary_id, description, p.now)


def _complete(p: Permit, draft: Draft, patient: UUID, reference_id: UUID, binary_id: UUID) -> Resource:
    """The draft's DocumentReference with what only the record knows: where the bytes are, whose it is, who brought it."""
    refuse_unknown_label(draft.reference)
    reference: Resource = copy_json(draft.reference)
    reference["subject"] = {**reference.get("subject", {}), "reference": f"Patient/{patient}"}
    reference["content"][0]["attachment"]["url"] = f"Binary/{binary_id}"
    reference["content"][0]["attachment"].pop("data", None)
    logical = {"use": "official", "system": URIS, "value": f"urn:uuid:{reference_id}"}
    reference["identifier"] = [*reference.get("identifier", []), logical]
    reference["status"] = "current"
    reference.setdefault("date", instant(p.now))
    others = [extension for extension in reference.get("extension", []) if extension.get("url") != DEPOSITOR]
    reference["extension"] = [*others, depositor_extension(p.caller)]
    return reference


def _keep_hidden(p: Permit, reference: Resource, replaced: Sequence[Stored]) -> Resource:
    """A new version is hidden as the citizen hid the old one; a mask that only its sender puts is the sender's to take away (R1111-49).

    What is brought in a secret connection is hidden from representatives by itself (R1111-50).
    """
    sent = codes_of(reference) & set(VISIBILITY)
    stay = labels_that_stay(one.json() for one in replaced)
    if p.caller.secret:
        stay.add(HIDDEN_FROM_REPRESENTATIVES)
    if stay - sent:
        reference = {**reference, "securityLabel": with_labels(reference.get("securityLabel", []), sent | stay)}
    theirs = MASKED in sent - stay and p.caller.kind is not Kind.CITIZEN
    return with_depositors_mask(reference, said=theirs)


async def _find_by_unique_id(p: Permit, unique_id: Resource) -> Stored | None:
    found = await chain.find_identified(p, unique_id["value"])
    return next((one for one in found if _name_alike(one.json().get("masterIdentifier", {}), unique_id)), None)


def _name_alike(one: Resource, other: Resource) -> bool:
    return (one.get("system", URIS), one.get("value")) == (other.get("system", URIS), other["value"])


async def _recognise(p: Permit, patient: UUID, known: Stored, draft: Draft) -> Deposited:
    """The same unique id with the same bytes is the same document; with other bytes it is a mistake to be told.

    Who does not see that document is answered as if it were new, with what they sent: how it is labelled, and whose it is, is not theirs.
    """
    binary = binary_of(known.json())
    kept = (await read(p.tx, p.cipher, "Binary", binary)).json()
    if kept.get("sha256") != hashlib.sha256(draft.content).hexdigest():
        raise Conflict("another document of this record has this unique id, with other content", place="DocumentReference.masterIdentifier")
    if _is_shown(p, known.json()):
        return Deposited(known, binary, created=False)
    return Deposited(draw_up(known.id, _complete(p, draft, patient, known.id, binary), p.now), binary, created=True, shown=False)


def _is_shown(p: Permit, known: Resource) -> bool:
    """Whether who deposits would be shown a document of this record: their own, or one that they may read."""
    reader = permit_to_read(p)
    return depositor_of(known) == p.caller.depositor_key or (reader is not None and is_shown(reader, known))


async def _supersede_declared(p: Permit, address: str) -> Stored:
    """TD2.1: the PATCH of the old document's status, which travels with its replacement."""
    old = await chain.read_named(p, address, "Bundle.entry.request.url")
    # Done by the replacement itself, or sent again: no version is made of nothing.
    return old if old.json()["status"] == "superseded" else await chain.supersede(p, old)


async def _keep_submission_set(p: Permit, patient: UUID, submission: Submission, documents: Sequence[Deposited]) -> Stored:
    """The SubmissionSet (ITI-65): the sender's own, else one that says who brought what, when."""
    identifier = new_id(p.owner)
    given = submission.submission_set or {}
    sent: dict[str, Any] = {
        "resourceType": "List",
        "status": "current",
        "mode": "working",
        "code": {"coding": [{"system": LIST_TYPES, "code": "submissionset"}]},
        "date": instant(p.now),
        **given,
        "subject": {**given.get("subject", {}), "reference": f"Patient/{patient}"},
        "entry": [{"item": {"reference": f"DocumentReference/{document.reference.id}"}} for document in documents],
    }
    sent["identifier"] = given.get("identifier") or [{"use": "usual", "system": URIS, "value": f"urn:uuid:{identifier}"}]
    return await _keep_list(p, identifier, sent, documents)


async def _keep_folder(p: Permit, patient: UUID, folder: Resource, documents: Sequence[Deposited]) -> Stored:
    """A Folder (ITI-65), with the documents of its submission named as they are in the record."""
    kept: Resource = copy_json(folder)
    kept["subject"] = {**kept.get("subject", {}), "reference": f"Patient/{patient}"}
    for entry in kept.get("entry", []):
        reference = entry["item"].get("reference", "")
        if reference.startswith("#"):
            entry["item"]["reference"] = f"DocumentReference/{documents[int(reference[1:])].reference.id}"
    return await _keep_list(p, new_id(p.owner), kept, documents)


async def _keep_list(p: Permit, identifier: UUID, kept: Resource, documents: Sequence[Deposited]) -> Stored:
    """A List with its depositor, and with the labels of its documents: what hides them hides it."""
    others = [extension for extension in kept.get("extension", []) if extension.get("url") != DEPOSITOR]
    kept["extension"] = [*others, depositor_extension(p.caller)]
    references = [document.reference.json() for document in documents]
    meta = {**kept.get("meta", {}), "tag": contents_tags(references)}
    if labels := sorted({label for reference in references for label in codes_of(reference)}):
        meta["security"] = [{"code": label} for label in labels]
    kept["meta"] = meta
    return await insert(p.tx, p.cipher, p.keys, identifier, kept, p.now)


def _check_patient(draft: Draft, patient: Resource) -> None:
    """A document about somebody else than the record's holder is refused: INS, birth date, sex and birth name must agree.

    Given names are written in too many ways to decide (Référentiel national d'identitovigilance: strict traits, RNIV 1).
    """
    identifiers = {(identifier.get("system"), identifier.get("value")) for identifier in patient.get("identifier", [])}
    if draft.ins is not None and (f"urn:oid:{draft.ins.system}", draft.ins.value) not in identifiers:
        raise Invalid("the document is about another person than the record", place=WRONG_PATIENT)
    traits = draft.traits
    if traits is None:
        return
    official: Resource = next((name for name in patient.get("name", []) if name.get("use") == "official"), {})
    same_date = _agree(traits.birth_date, patient.get("birthDate", ""))
    same_sex = traits.gender not in {"male", "female"} or patient.get("gender") in {traits.gender, "unknown", "other"}
    same_name = not traits.family or not official.get("family") or fold(traits.family) == fold(official["family"])
    if not (same_date and same_sex and same_name):
        raise Invalid("the document describes another person than the holder of this identifier", place=WRONG_PATIENT)


def _agree(one: str, other: str) -> bool:
    """Whether two FHIR dates can be the same day: one may say less ("1962") than the other, or nothing."""
    return one.startswith(other) or other.startswith(one)
