"""Reading an ITI-65 transaction Bundle: SubmissionSet, DocumentReferences, Binaries, Folders, and the patch of TD2.1."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from healthspace.base.errors import Invalid
from healthspace.identity.ins import Ins
from healthspace.record.chain import NAMED
from healthspace.record.deposit import Submission
from healthspace.record.draft import Draft, Reading
from healthspace.record.provided import decode_data, read_provided, subject_of
from healthspace.resources.stored import Resource

LARGEST_SUBMISSION = 200
STATUS_PATHS = frozenset({"DocumentReference.status", "status"})


@dataclass(frozen=True, slots=True)
class Package:
    """What a Bundle asks for: a submission, whom it is about, and the role of each entry (with its position among its kind)."""

    submission: Submission
    subjects: frozenset[Ins | UUID]
    roles: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    place: str
    full_url: str
    resource: Resource
    method: str
    url: str


def read_package(bundle: Resource, reading: Reading) -> Package:
    """The package in `bundle`, whose shape was checked; Invalid names the entry at fault."""
    entries = _entries(bundle)
    documents = [entry for entry in entries if entry.resource["resourceType"] == "DocumentReference"]
    binaries = {entry.full_url: entry for entry in entries if entry.resource["resourceType"] == "Binary"}
    lists = [entry for entry in entries if entry.resource["resourceType"] == "List"]
    patches = [entry for entry in entries if entry.method == "PATCH"]
    if not documents:
        raise Invalid("a submission holds at least one DocumentReference", place="Bundle.entry")
    submission_sets = [entry for entry in lists if _list_kind(entry) == "submissionset"]
    folders = [entry for entry in lists if _list_kind(entry) == "folder"]
    if len(submission_sets) != 1:
        raise Invalid("a submission has one List with code submissionset", place="Bundle.entry")
    drafts, used = [], []
    for entry in documents:
        binary = _binary_of(entry, binaries)
        used.append(binary.full_url)
        drafts.append(_read_document(entry, binary, reading))
    if len(set(used)) != len(used) or len(used) != len(binaries):
        raise Invalid("each Binary belongs to one DocumentReference of the submission", place="Bundle.entry")
    submission = Submission(
        tuple(drafts),
        submission_sets[0].resource,
        tuple(_patched(entry) for entry in patches),
        tuple(
            _with_positions(entry.resource, [document.full_url for document in documents], f"{entry.place}.resource") for entry in folders
        ),
    )
    subjects = frozenset(subject_of(entry.resource, f"{entry.place}.resource") for entry in [*documents, *lists])
    return Package(submission, subjects, _roles(entries, documents, used, patches, submission_sets, folders))


def _entries(bundle: Resource) -> list[_Entry]:
    if bundle["resourceType"] != "Bundle" or bundle.get("type") != "transaction":
        raise Invalid("a transaction Bundle is expected here", place="Bundle.type")
    given = bundle.get("entry", [])
    if not 0 < len(given) <= LARGEST_SUBMISSION:
        raise Invalid(f"a submission has from 1 to {LARGEST_SUBMISSION} entries", place="Bundle.entry")
    entries = [_entry(f"Bundle.entry[{number}]", item) for number, item in enumerate(given)]
    named = [entry.full_url for entry in entries if entry.full_url]
    if len(set(named)) != len(named):
        raise Invalid("two entries have the same fullUrl", place="Bundle.entry.fullUrl")
    return entries


def _entry(place: str, item: Any) -> _Entry:
    if "resource" not in item:
        raise Invalid("the entry holds no resource", place=f"{place}.resource")
    resource, request = item["resource"], item.get("request", {})
    if request.get("method") not in {"POST", "PATCH"}:
        raise Invalid("an entry is a POST, or the PATCH of a replaced document", place=f"{place}.request.method")
    type_ = resource["resourceType"]
    if request["method"] == "PATCH" and type_ != "Parameters":
        raise Invalid("a patch is a Parameters resource (FHIRPath Patch)", place=f"{place}.resource")
    if request["method"] == "POST" and type_ not in {"DocumentReference", "Binary", "List"}:
        raise Invalid("a submission holds List, DocumentReference and Binary", place=f"{place}.resource")
    return _Entry(place, item.get("fullUrl", ""), resource, request["method"], request.get("url", ""))


def _list_kind(entry: _Entry) -> str:
    codings = entry.resource.get("code", {}).get("coding", [])
    kind = next((coding.get("code") for coding in codings if coding.get("code") in {"submissionset", "folder"}), None)
    if kind is None:
        raise Invalid("a List of a submission has the code submissionset or folder", place=f"{entry.place}.resource.code")
    return str(kind)


def _binary_of(entry: _Entry, binaries: dict[str, _Entry]) -> _Entry:
    url = next((content.get("attachment", {}).get("url") for content in entry.resource.get("content", [])), None)
    if not url or url not in binaries:
        raise Invalid("the attachment names no Binary of the Bundle", place=f"{entry.place}.resource.content[0].attachment.url")
    return binaries[url]


def _read_document(entry: _Entry, binary: _Entry, reading: Reading) -> Draft:
    content = decode_data(binary.resource.get("data"), reading.limit, f"{binary.place}.resource.data")
    return read_provided(entry.resource, content, reading, f"{entry.place}.resource")


def _patched(entry: _Entry) -> str:
    """The address of the document that a patch declares superseded; nothing else may be patched here (PDSm: only the status, by its
    replacement)."""
    if not NAMED.fullmatch(entry.url):
        raise Invalid("the patch names no DocumentReference", place=f"{entry.place}.request.url")
    for parameter in entry.resource.get("parameter", []):
        parts = {part.get("name"): part for part in parameter.get("part", [])}
        kind = parts.get("type", {}).get("valueCode")
        path = parts.get("path", {}).get("valueString")
        value = next((item for name, item in parts.get("value", {}).items() if name.startswith("value")), None)
        if (kind, value) == ("replace", "superseded") and path in STATUS_PATHS and len(entry.resource["parameter"]) == 1:
            return entry.url
    raise Invalid(
        "the patch of a replaced document sets its status to superseded, and nothing else", place=f"{entry.place}.resource.parameter"
    )


def _with_positions(folder: Resource, documents: list[str], place: str) -> Resource:
    """The Folder with its references to documents of this Bundle as positions ("#0")."""
    entries = []
    for item in folder.get("entry", []):
        reference = item.get("item", {}).get("reference", "")
        if not reference or reference.startswith("#"):
            raise Invalid("a folder names documents of the Bundle or of the record", place=f"{place}.entry.item")
        position = f"#{documents.index(reference)}" if reference in documents else reference
        entries.append({**item, "item": {**item.get("item", {}), "reference": position}})
    return {**folder, "entry": entries} if entries else folder


def _roles(
    entries: list[_Entry],
    documents: list[_Entry],
    used: list[str],
    patches: list[_Entry],
    submission_sets: list[_Entry],
    folders: list[_Entry],
) -> tuple[tuple[str, int], ...]:
    roles = []
    for entry in entries:
        if entry in documents:
            roles.append(("document", documents.index(entry)))
        elif entry in patches:
            roles.append(("patch", patches.index(entry)))
        elif entry in submission_sets:
            roles.append(("submission-set", 0))
        elif entry in folders:
            roles.append(("folder", folders.index(entry)))
        else:
            roles.append(("binary", used.index(entry.full_url)))
    return tuple(roles)
