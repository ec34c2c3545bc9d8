"""The national health identity (INS): the NIR or NIA of a person, as 13 characters and a two-digit key.

Source: Référentiel INS of the French agency for digital health; `key = 97 - (number modulo 97)`, with Corsica's 2A and 2B
read as 19 and 18.
"""

import re
from dataclasses import dataclass

from healthspace.base.errors import Invalid
from healthspace.terminology.code_systems import INS_OIDS

NIR, NIA, TEST, DEMO = SYSTEMS = INS_OIDS
REAL_SYSTEMS = frozenset({NIR, NIA})

SHAPE = re.compile(r"[1-478]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2[AB])\d{6}\d{2}", re.ASCII)
"""Sex (1, 2; 3, 4, 7, 8 while being registered), year, month (20 and above when unknown), department, commune, order, key."""


@dataclass(frozen=True, slots=True)
class Ins:
    """An INS: `system` is the OID of its kind, `value` its 15 characters."""

    system: str
    value: str


def control_key(thirteen: str) -> str:
    """The two digits that complete the 13 characters of a NIR or NIA."""
    number = int(thirteen.replace("2A", "19").replace("2B", "18"))
    return f"{97 - number % 97:02d}"


def key_is_right(value: str) -> bool:
    """Whether `value` has the shape of an INS and the key that its 13 first characters ask for."""
    return SHAPE.fullmatch(value) is not None and control_key(value[:13]) == value[13:]


def read_ins(system: str, value: str, place: str | None = None) -> Ins:
    """The INS written as a FHIR identifier or a token; Invalid when the system or the characters cannot be one.

    `system` is an OID, with or without `urn:oid:`; `place` is where the error says it is. The key is not judged here: see `check_key`.
    """
    oid = system.removeprefix("urn:oid:")
    text = value.replace(" ", "").upper()
    if oid not in SYSTEMS:
        raise Invalid("this identifier system is not one of the national health identity (INS)", place=place)
    if len(text) != 15 or not text.isascii() or not text.isalnum():
        raise Invalid("a national health identity (INS) has 15 characters", place=place)
    return Ins(oid, text)


def check_key(ins: Ins, *, lenient: bool, place: str | None = None) -> str | None:
    """A warning when the key of `ins` is wrong on a test or demonstration system; Invalid on a real one.

    `lenient` is demo mode, where every system is a test system: most published sample documents carry a wrong key.
    """
    if key_is_right(ins.value):
        return None
    if ins.system in REAL_SYSTEMS and not lenient:
        raise Invalid("the key of this national health identity (INS) is wrong", place=place)
    return "the key of this national health identity (INS) is wrong; accepted on a test system"
