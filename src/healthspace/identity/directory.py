"""The directory of professionals and structures, by RPPS and FINESS number.

In this version it holds the people and places of demo mode; the national directory is read in a later one.
"""

from healthspace.identity.personas import HOSPITAL_DOCTORS, PROFESSIONALS, STRUCTURES, Professional, Structure

RPPS = "https://rpps.esante.gouv.fr"
FINESS = "https://finess.esante.gouv.fr"
RPPS_OID = "urn:oid:1.2.250.1.71.4.2.1"
"""PSIdNat: an RPPS number is written with an 8 before it."""
FINESS_OID = "urn:oid:1.2.250.1.71.4.2.2"
"""StructIdNat: a FINESS number is written with a 1 before it."""
RPPS_DIGITS = 11
FINESS_DIGITS = 9


def professional_of(rpps: str) -> Professional | None:
    """The professional with this RPPS number, or None."""
    return next((person for person in (*PROFESSIONALS.values(), *HOSPITAL_DOCTORS) if person.rpps == rpps), None)


def structure_of(finess: str) -> Structure | None:
    """The structure with this FINESS number, or None."""
    return next((place for place in STRUCTURES if place.finess == finess), None)


def professionals_of(finess: str) -> list[Professional]:
    """Who works in the structure with this FINESS number."""
    return [person for person in (*PROFESSIONALS.values(), *HOSPITAL_DOCTORS) if person.structure.finess == finess]


def is_rpps(text: str) -> bool:
    return len(text) == RPPS_DIGITS and text.isascii() and text.isdecimal()
