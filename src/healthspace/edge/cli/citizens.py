"""Which citizen an option of the command line names."""

from uuid import UUID

from healthspace.access.permit import Door
from healthspace.identity.ins import DEMO, NIA, NIR, TEST, Ins, read_ins
from healthspace.record.spaces import locate

IN_DEMONSTRATION = (TEST, DEMO, NIR, NIA)
FOR_REAL = (NIR, NIA, TEST, DEMO)


async def find_citizen(door: Door, value: str, system: str | None) -> tuple[Ins, UUID | None]:
    """The INS and the Patient who has it. Without a `system` (an OID), each is tried, the likeliest first.

    Invalid when `value` cannot be an INS. The Patient is None, and the INS in the likeliest system, when nobody has it here.
    """
    candidates = [read_ins(likely, value) for likely in ((system,) if system else IN_DEMONSTRATION if door.demo else FOR_REAL)]
    for ins in candidates:
        patient = await locate(door, ins)
        if patient is not None:
            return ins, patient
    return candidates[0], None
