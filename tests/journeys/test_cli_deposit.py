"""Documents deposited from the command line: what is said, what is kept, what is refused."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.databases import change, counts_in
from tests.journeys.processes import Done, clinical_documents, healthspace, letter, lines_of_trail, some_citizen, write_files
from tests.shared import CDA, needs_shared

LETTER_TYPE = "11490-0"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration that has received every clinical document of one citizen, and nothing else."""
    data = tmp_path_factory.mktemp("deposits") / "data"
    files = write_files(tmp_path_factory.mktemp("documents"), [document.data for document in clinical_documents()])
    deposited = healthspace(data, "deposit", "--open-missing", *files)
    assert deposited.code == 0, deposited.out
    assert [line.split(": ")[1] for line in deposited.lines()] == ["deposited"] * len(files)
    assert not [line for line, file in zip(deposited.lines(), files, strict=True) if not line.startswith(f"{file}: ")]
    return data


def test_each_answer_is_a_line_with_the_whole_reference(data: Path, tmp_path: Path) -> None:
    documents = clinical_documents()
    answers = healthspace(data, "deposit", "--json", *write_files(tmp_path, [document.data for document in documents])).json()
    for document, answer in zip(documents, answers, strict=True):
        reference, attachment = answer["reference"], answer["reference"]["content"][0]["attachment"]
        assert answer["outcome"] == "known"
        assert reference["resourceType"] == "DocumentReference"
        assert reference["masterIdentifier"]["value"] == f"urn:oid:{document.unique_id}"
        assert attachment["hash"] == base64.b64encode(hashlib.sha1(document.data, usedforsecurity=False).digest()).decode()
        assert attachment["size"] == len(document.data)
        assert answer["warnings"] == []
    replaced = {document.replaces for document in documents} - {None}
    superseded = {one["reference"]["masterIdentifier"]["value"] for one in answers if one["reference"]["status"] == "superseded"}
    assert superseded == {f"urn:oid:{unique_id}" for unique_id in replaced}


def test_a_repeated_deposit_adds_nothing_but_its_line_of_the_trail(data: Path, tmp_path: Path) -> None:
    before, lines = counts_in(data), lines_of_trail(data)
    assert healthspace(data, "deposit", *write_files(tmp_path, [letter().data])).code == 0
    assert counts_in(data) == before
    assert lines_of_trail(data) == lines + 1


def test_the_same_unique_id_with_other_content_is_refused(data: Path, tmp_path: Path) -> None:
    (file,) = write_files(tmp_path, [letter().data.replace(b"</title>", b" bis</title>", 1)])
    before = counts_in(data)
    refused = healthspace(data, "deposit", "--json", file)
    assert refused.code == 1
    assert refused.json()[0]["error"]["code"] == "Conflict"
    assert counts_in(data) == before


def test_a_pdf_is_deposited_with_what_is_said_of_it(data: Path, tmp_path: Path) -> None:
    (file,) = write_files(tmp_path, [PDF], ".pdf")
    ins = some_citizen().traits.ins_value
    words = ("--type", LETTER_TYPE, "--ins", ins, "--title", "Lettre", "--date", "2026-02-03", "--as", "treating-doctor", "--json")
    answers = [healthspace(data, "deposit", file, *words).json()[0] for _ in range(2)]
    assert [answer["outcome"] for answer in answers] == ["deposited", "known"]
    reference = answers[0]["reference"]
    assert reference["content"][0]["attachment"]["contentType"] == "application/pdf"
    assert reference["content"][0]["attachment"]["title"] == "Lettre"
    assert reference["type"]["coding"][0]["code"] == LETTER_TYPE
    assert reference["date"].startswith("2026-02-0")
    assert healthspace(data, "deposit", file).code == 1
    assert healthspace(data, "deposit", file, "--type", LETTER_TYPE).code == 1


def test_a_citizen_who_is_not_known_gets_a_space_only_when_asked(tmp_path: Path, data: Path) -> None:
    ins = some_citizen().traits.ins_value.encode()
    (file,) = write_files(tmp_path, [letter().data.replace(ins, b"299999999999999")])
    before, lines = counts_in(data), lines_of_trail(data)
    refused = healthspace(data, "deposit", file)
    assert refused.code == 1
    assert "no open health space" in refused.out
    assert counts_in(data) == before
    opened = healthspace(data, "deposit", "--open-missing", file)
    assert opened.code == 0
    assert "key of this national health identity" in opened.out
    assert lines_of_trail(data) == lines + 3  # refused; opened; deposited


def _doctype(data: bytes, declaration: str) -> bytes:
    return data.replace(b"<ClinicalDocument", f"<!DOCTYPE ClinicalDocument {declaration}>\n<ClinicalDocument".encode(), 1)


def _nested(data: bytes) -> bytes:
    deep = b"<content>" * 300 + b"</content>" * 300
    return re.sub(rb"<text>", b"<text>" + deep, data, count=1)


def _in_narrative(data: bytes, markup: bytes) -> bytes:
    """`data` with `markup` at the end of its first narrative."""
    assert b"</text>" in data
    return data.replace(b"</text>", markup + b"</text>", 1)


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "a DOCTYPE": lambda data: _doctype(data, ""),
    "an external DTD": lambda data: _doctype(data, 'SYSTEM "http://127.0.0.1:9/evil.dtd"'),
    "an external entity": lambda data: _doctype(data, '[<!ENTITY x SYSTEM "file:///etc/passwd">]').replace(b"<title>", b"<title>&x;", 1),
    "an entity bomb": lambda data: _doctype(data, f'[<!ENTITY a0 "ha">{LAUGHS}]').replace(b"<title>", b"<title>&a9;", 1),
    "a DOCTYPE in UTF-16": lambda data: _doctype(data, "").decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "elements nested too deeply": _nested,
    "half a document": lambda data: data[: len(data) // 2],
    "no document": lambda data: b"",
    "bytes that are not in the declared encoding": lambda data: data.replace(b"<title>", b"<title>\xff\xfe", 1),
    "an encoding that nobody knows": lambda data: data.replace(b"UTF-8", b"x-none", 1),
    "another person under this identifier": lambda data: re.sub(rb'(<family qualifier="BR">)[^<]*', rb"\1QUELQU", data),
    "no identifier of a patient": lambda data: data.replace(b"1.2.250.1.213.1.4.10", b"1.2.3.4"),
    "XML that is no clinical document": lambda data: b'<?xml version="1.0"?><html><body/></html>',
    "two documents in one": lambda data: b"<a>" + 2 * data[data.index(b"<ClinicalDocument") :] + b"</a>",
    "a script in the narrative": lambda data: _in_narrative(data, b"<script>alert(1)</script>"),
    "a script of XHTML in the narrative": lambda data: _in_narrative(
        data, b'<x:script xmlns:x="http://www.w3.org/1999/xhtml">1</x:script>'
    ),
    "a link that runs a script": lambda data: _in_narrative(data, b'<linkHtml href=" java&#10;script:alert(1)">x</linkHtml>'),
    "an attribute that runs a script": lambda data: _in_narrative(data, b'<content onclick="alert(1)">x</content>'),
    "a frame in the narrative": lambda data: _in_narrative(data, b'<iframe src="http://127.0.0.1:9/"/>'),
    "a compressed document": gzip.compress,
    "JSON that is no bundle": lambda data: b'{"resourceType": "Patient"}',
    "a PDF of 15 MB": lambda data: PDF + b"\0" * (15 << 20),
    "a CDA of 15 MB": lambda data: data.replace(b"</title>", b"a" * (15 << 20) + b"</title>", 1),
    "a program": lambda data: b"\x7fELF" + bytes(range(256)),
}


@pytest.fixture(scope="module")
def hostile(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, dict[str, int], dict[str, int], int]:
    """The whole hostile set in one command: its answer, the tables before and after, the lines of the trail it left."""
    base = letter().data.replace(letter().unique_id.encode(), b"2.25.1")  # a new document but for what is wrong with it
    files = write_files(tmp_path_factory.mktemp("hostile"), [spoil(base) for spoil in HOSTILE.values()])
    before, lines = counts_in(data), lines_of_trail(data)
    answer = healthspace(data, "deposit", "--json", *files)
    return answer, before, counts_in(data), lines_of_trail(data) - lines


@pytest.mark.parametrize("spoilt", HOSTILE)
def test_a_hostile_document_is_refused_with_a_reason(hostile: tuple[Done, object, object, int], spoilt: str) -> None:
    answer = hostile[0].json()[list(HOSTILE).index(spoilt)]
    assert answer["outcome"] == "refused"
    assert answer["error"]["message"]
    assert "reference" not in answer


def test_of_a_hostile_set_nothing_is_kept_but_a_line_for_each(hostile: tuple[Done, dict[str, int], dict[str, int], int]) -> None:
    answer, before, after, lines = hostile
    assert answer.code == 1
    assert "Traceback" not in answer.err
    assert len(answer.lines()) == len(HOSTILE)
    assert after == before
    assert lines == len(HOSTILE)


def test_what_is_refused_is_never_quoted(hostile: tuple[Done, object, object, int]) -> None:
    traits = some_citizen().traits
    for told in (hostile[0].out, hostile[0].err):
        assert not [
            secret for secret in (traits.ins_value, traits.birth_family, traits.used_given, "QUELQU", "/etc/passwd") if secret in told
        ]


def test_a_file_that_cannot_be_read_is_an_act_like_another(data: Path, tmp_path: Path) -> None:
    lines = lines_of_trail(data)
    refused = healthspace(data, "deposit", tmp_path / "absent.xml", tmp_path)
    assert refused.code == 1
    assert refused.out.count("cannot be read") == 2
    assert lines_of_trail(data) == lines + 2


@needs_shared
def test_every_lent_document_is_deposited(tmp_path: Path) -> None:
    data, files = tmp_path / "data", sorted(CDA.glob("*.xml"))
    answers = healthspace(data, "deposit", "--open-missing", "--json", *files)
    assert answers.code == 0, [answer["error"] for answer in answers.json() if "error" in answer]
    assert [answer["outcome"] for answer in answers.json()] == ["deposited"] * len(files)
    assert len({answer["reference"]["masterIdentifier"]["value"] for answer in answers.json()}) == len(files)


def test_a_record_closed_by_its_holder_takes_nothing_any_more(tmp_path: Path) -> None:
    data, document = tmp_path / "data", letter()
    files = write_files(tmp_path, [document.data, document.data.replace(document.unique_id.encode(), b"2.25.7")])
    ins = some_citizen().traits.ins_value
    assert healthspace(data, "deposit", "--open-missing", files[0]).code == 0
    closed = healthspace(data, "space", "close", "--ins", ins)
    assert closed.code == 0
    assert closed.out.startswith("closed: Patient/")
    assert healthspace(data, "deposit", "--open-missing", files[1]).code == 1
    assert healthspace(data, "space", "close", "--ins", ins).code == 1
    assert healthspace(data, "audit", "verify").code == 0


def test_documents_of_an_older_reader_are_read_again_and_say_the_same(data: Path) -> None:
    before = counts_in(data)
    assert healthspace(data, "extract").err.splitlines()[-1] == "Every document has been read by this version"
    change(data, "UPDATE blob SET reader = 0")
    again = healthspace(data, "extract")
    assert again.code == 0, again.err
    assert again.err.splitlines()[-1] == f"{before['blob']:,} documents read again"
    assert counts_in(data) == before
