"""Our own tables of codes against the framework's, and the names they are shown by."""

import csv
from typing import Any

import pytest

from healthspace.terminology.code_systems import is_instance_root, oid_of, system_of, uri_of
from healthspace.terminology.document_types import CLASS_OF_TYPE, DEFAULT_CLASS, SIGNATURE_CLASS, class_of_type, class_system
from healthspace.terminology.formats import FALLBACK, FORMAT_OF_FILE, FORMAT_OF_TEMPLATE, MODELS, format_of
from healthspace.terminology.labels import (
    CLASSES,
    CONFIDENTIALITIES,
    FACILITIES,
    SETTINGS,
    label_of_class,
    label_of_confidentiality,
    label_of_facility,
    label_of_setting,
    label_of_type,
)
from healthspace.terminology.type_labels import TYPES
from tests.shared import CDA, needs_shared


def rows(name: str) -> list[dict[str, Any]]:
    with (CDA / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("11502-2", "10"),
        ("11490-0", "10"),
        ("18761-7", "11"),
        ("18748-4", "31"),
        ("87273-9", "52"),
        ("55115-0", "42"),
        ("60593-1", "43"),
        ("REMB", "60"),
    ],
)
def test_a_type_gives_its_class(kind: str, expected: str) -> None:
    assert class_of_type(kind) == expected


def test_a_type_of_no_row_gives_no_class() -> None:
    assert class_of_type("101881-1") is None
    assert DEFAULT_CLASS in CLASSES


def test_the_class_of_signatures_is_a_uri() -> None:
    assert class_of_type("E1762") == SIGNATURE_CLASS
    assert class_system(SIGNATURE_CLASS) == "urn:ietf:rfc:3986"
    assert class_system("10").endswith("TRE-A03-ClasseDocument")


def test_the_agencys_model_comes_before_an_international_one() -> None:
    assert format_of(["1.3.6.1.4.1.19376.1.3.3", MODELS + "13"]).code == "urn:asip:ci-sis:vsm:2012"
    assert format_of(["1.3.6.1.4.1.19376.1.3.3"]).code == "urn:ihe:lab:xd-lab:2008"


def test_an_unknown_model_or_file_falls_back() -> None:
    assert format_of([MODELS + "59"]) == format_of([]) == format_of([MODELS + "13"], "video/mp4") == FALLBACK


def test_a_file_has_its_format_whatever_its_parameters() -> None:
    assert format_of((), "Application/PDF; x=y").code == "urn:ihe:iti:xds-sd:pdf:2008"


def test_roots_become_uris() -> None:
    assert uri_of("1.2.250.1") == "urn:oid:1.2.250.1"
    assert uri_of("90E1C8EC-F951-4B26-A305-A34848818DD6") == "urn:uuid:90e1c8ec-f951-4b26-a305-a34848818dd6"
    assert uri_of("un deux/<") == "urn:healthspace:root:un%20deux%2F%3C"
    assert is_instance_root("1.2.3")
    assert not is_instance_root("1.2.3 ")
    assert not is_instance_root("urn:oid:1.2")


def test_systems_have_the_names_that_fhir_gives_them() -> None:
    assert system_of("2.16.840.1.113883.6.1") == "http://loinc.org"
    assert system_of("1.2.250.1.215.300.1") == system_of("1.2.250.1.213.2.5") == "https://smt.esante.gouv.fr/terminologie-ccam"
    assert system_of("1.2.250.1.213.1.1.4.5") == "urn:oid:1.2.250.1.213.1.1.4.5"
    assert oid_of("urn:oid:1.2.3") == oid_of("1.2.3") == "1.2.3"


def test_codes_have_a_name_in_both_languages() -> None:
    assert (label_of_type("11502-2", "fr"), label_of_type("11502-2", "en-GB")) == (
        "Compte rendu d’examens biologiques",
        "Laboratory report",
    )
    assert (label_of_class("42", "fr"), label_of_setting("AMO", "en")) == ("Prescription", "Statutory health insurance")
    assert (label_of_facility("SA33", "fr"), label_of_confidentiality("N", "en")) == ("Pharmacie d’officine", "Normal")
    for names in (TYPES, CLASSES, SETTINGS, FACILITIES, CONFIDENTIALITIES):
        assert all(french.strip() and english.strip() for french, english in names.values())


def test_a_code_of_no_name_gives_none() -> None:
    assert label_of_type("0-0", "fr") == label_of_facility("", "en") == ""


def test_every_class_and_every_named_type_is_known() -> None:
    assert set(CLASS_OF_TYPE.values()) == set(CLASSES)
    # The published set of types (JDV_J07) has codes that the association table (ASS_X04) gives no class to.
    unclassed = "101881-1 34876-3 34895-3 55751-2 68814-3 83963-9 84067-8 96163-1 97694-4 100967-9"
    assert set(TYPES) - set(CLASS_OF_TYPE) == set(unclassed.split())


@needs_shared
def test_the_table_of_classes_is_the_frameworks() -> None:
    assert {row["typeCode"]: row["classCode"] for row in rows("xds_type_class.csv")} == CLASS_OF_TYPE


@needs_shared
def test_the_table_of_formats_is_the_frameworks() -> None:
    lent = rows("xds_template_format.csv")
    assert len(lent) == len(FORMAT_OF_TEMPLATE) + len(FORMAT_OF_FILE)
    for row in lent:
        template, _, media_type = row["templateId"].partition(" + mediaType=")
        found = format_of([template], media_type or None)
        assert (found.code, found.scheme) == (row["formatCode"], row["codingScheme"])
