"""Which modes of access a professional may declare, and whose consent must be express: `modes.csv`, which a lawyer edits.

Columns are the profession (TRE_G15), the speciality (TRE_R38), the kind of structure (TRE_R02) and its practice setting (TRE_A01), `*`
for any; then whether the person's own express consent is needed, and which emergency modes may be declared. The first row that fits
holds.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from healthspace.base.errors import Misconfigured
from healthspace.identity.personas import Professional

ANY = "*"
HEADER = ["profession", "speciality", "facility", "setting", "consent", "break_glass", "regulation", "source"]
CONSENTS = {"any": False, "express": True}
ANSWERS = {"yes": True, "no": False}


class Purpose(StrEnum):
    """The mode of an access, as `purpose_of_use` in the token (HL7 v3-ActReason)."""

    TREAT = "TREAT"
    BTG = "BTG"
    """Break the glass: immediate risk, the person cannot say what they want (L1111-17 I)."""
    ETREAT = "ETREAT"
    """Medical regulation of emergency calls ("centre 15")."""


@dataclass(frozen=True, slots=True)
class Modes:
    """What one professional may declare in the structure where they act; `express`: the person's own consent is needed."""

    express: bool = False
    purposes: frozenset[Purpose] = frozenset({Purpose.TREAT, Purpose.BTG})


ORDINARY = Modes()


def modes_of(person: Professional) -> Modes:
    """The modes of a professional in the structure where they act."""
    place = person.structure
    traits = (person.profession, person.speciality, place.facility, place.setting)
    return next(modes for fits, modes in load_modes() if all(wanted in {ANY, trait} for wanted, trait in zip(fits, traits, strict=True)))


@cache
def load_modes() -> tuple[tuple[tuple[str, ...], Modes], ...]:
    """The rows of the packaged table."""
    return read_modes(files("healthspace.identity").joinpath("modes.csv").read_text().splitlines())


def read_modes(lines: Iterable[str]) -> tuple[tuple[tuple[str, ...], Modes], ...]:
    """The rows of a table. Misconfigured, with the row, when one cannot be understood, or when no last row fits everybody."""
    rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))
    if not rows or rows[0] != HEADER:
        raise Misconfigured(f"the table of modes begins with {','.join(HEADER)}")
    read = [(tuple(row[:4]), _modes_in(row)) for row in rows[1:]]
    if not read or read[-1][0] != (ANY, ANY, ANY, ANY):
        raise Misconfigured("the last row of the table of modes fits everybody: *,*,*,*")
    return tuple(read)


def _modes_in(row: list[str]) -> Modes:
    try:
        *_, consent, break_glass, regulation, _ = row
        allowed = {Purpose.TREAT: True, Purpose.BTG: ANSWERS[break_glass], Purpose.ETREAT: ANSWERS[regulation]}
        if len(row) != len(HEADER):
            raise ValueError
        return Modes(CONSENTS[consent], frozenset(purpose for purpose, may in allowed.items() if may))
    except (KeyError, ValueError):
        raise Misconfigured(f"this row of the table of modes cannot be read: {','.join(row)}") from None
