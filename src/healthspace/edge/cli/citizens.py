"""Which citizen an option of the command line names."""

from uuid import UUID

from healthspace.access.permit import Door
from healthspace.base.errors import NotFound
from healthspace.identity.ins import DEMO, NIA, NIR, TEST, Ins, read_ins
from healthspace.record.spaces import locate

IN_DEMONSTRATION = (TEST, DEMO, NIR, NIA)
FOR_REAL = (NIR, NIA, TEST, DEMO)


async def find_citizen(door: Door, value: str, system: str | None) -> tuple[Ins, UUID]:
    """The INS and the Patient of an open or closed space. Without a `system` (an OID), each is tried, the likeliest first.

    Invalid when `value` cannot be an INS; NotFound when nobody has it here.
    """
    for likely in (system,) if system else IN_DEMONSTRATION if door.demo else FOR_REAL:
        ins = read_ins(likely, value)
        patient = await locate(door, ins)
        if patient is not None:
            return ins, patient
    raise NotFound("no citizen has a health space under this identifier")
