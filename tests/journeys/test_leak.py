"""A stolen database and a stolen folder of documents read as noise."""

import re
from pathlib import Path

import pytest

from healthspace.base.text import fold
from tests.journeys.databases import blobs_of, dump_of
from tests.journeys.processes import clinical_documents, healthspace, sentences_of, some_citizen, write_files
from tests.shared import CDA, needs_shared

MARKUP = re.compile(rb"ClinicalDocument|resourceType|urn:hl7-org")
BY_CHANCE = 4
"""Characters up to which a word may stand in noise."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("sealed") / "data"
    files = write_files(tmp_path_factory.mktemp("documents"), [document.data for document in clinical_documents()])
    assert healthspace(data, "deposit", "--open-missing", *files).code == 0
    assert healthspace(data, "token", "citizen", "--ins", some_citizen().traits.ins_value).code == 0
    return data


def stolen(data: Path) -> dict[str, bytes]:
    """All that a thief of the disk finds: tables, documents, names of files; the server's log too."""
    found = dump_of(data)
    found |= {f"file {path.name}": path.read_bytes() for path in blobs_of(data)}
    found["names"] = "\n".join(str(path.relative_to(data)) for path in data.rglob("*")).encode()
    found["log"] = (data / "postgres" / "log").read_bytes()
    return found


def secrets() -> set[str]:
    """What the documents say of her, as written and as folded for search."""
    person = some_citizen().traits
    told = {person.ins_value, person.ins_value[:13], person.birth_family, person.used_family, *person.givens, some_citizen().phone}
    told |= {some_citizen().home.street, person.birth_date.isoformat(), f"{person.birth_date:%Y%m%d}"}
    for document in clinical_documents():
        told |= {document.title, document.unique_id, *sentences_of(document.data)}
    return {form for secret in told for form in (secret, fold(secret), secret.lower()) if len(form) > BY_CHANCE}


def test_the_secrets_are_in_the_documents_that_were_deposited() -> None:
    everything = b"\n".join(document.data for document in clinical_documents()).decode()
    assert len(secrets()) > 200
    assert sum(secret in everything for secret in secrets()) > 100
    assert any("diab" in secret.lower() for secret in secrets())


def test_no_table_and_no_file_says_anything_of_a_citizen(data: Path) -> None:
    found = stolen(data)
    assert len(blobs_of(data)) == len(clinical_documents())
    assert len(found["resource"]) > 10_000
    assert not found["resource"].isascii()  # the columns were decoded
    forms = [(secret, form) for secret in secrets() for form in (secret.encode(), secret.encode("utf-16-le"))]
    leaks = [(secret, place) for place, content in found.items() for secret, form in forms if form in content]
    assert not leaks


def test_neither_bodies_nor_documents_are_readable_at_all(data: Path) -> None:
    found = stolen(data)
    del found["names"]
    assert not [place for place, content in found.items() if MARKUP.search(content)]
    assert not [path for path in blobs_of(data) if not re.fullmatch(r"[0-9a-f]{32}", path.name)]


@needs_shared
def test_no_lent_document_can_be_found_again_on_the_disk(tmp_path: Path) -> None:
    data, files = tmp_path / "data", sorted(CDA.glob("*Niveau-1.xml")) + sorted(CDA.glob("VSM*.xml"))
    assert healthspace(data, "deposit", "--open-missing", *files).code == 0
    told = {sentence for file in files for sentence in sentences_of(file.read_bytes()) if len(sentence) > BY_CHANCE}
    found = stolen(data)
    assert len(told) > 50
    assert not [(sentence, place) for place, content in found.items() for sentence in told if sentence.encode() in content]
