"""The verdicts that the rules give, each made once: what they open, hide and withhold."""

from healthspace.access import labels
from healthspace.access.matrix import DOCTOR
from healthspace.access.terms import Facts, Reason, Scope, Tie, Verdict
from healthspace.identity.caller import Caller

WITHHELD_FROM_PROFESSIONALS = frozenset({"AuditEvent"})
"""Who looked: for the citizen. Of RelatedPerson, contacts are shown and carers are not: `origin.py`, CONTACTS."""
CONSENTS = frozenset({"Consent"})
"""Whom the citizen trusts: each professional reads only what concerns them."""
WITHHELD_FROM_CARERS = frozenset("AuditEvent Consent Provenance CareTeam".split())
RELATED = frozenset({"RelatedPerson"})


def reading(caller: Caller, facts: Facts, reason: Reason, *, masks: bool = True) -> Verdict:
    """A professional's reading, bounded by the matrix; by the masks too, and by the choice to mask everything, unless `masks` is False."""
    scope = Scope.SHOWN if masks and Tie.MASKED_BY_DEFAULT in facts.relations else Scope.ALL
    key = reason, scope, masks, caller.profession
    known = READ_SO_FAR.get(key)
    if known is None:
        known = Verdict(
            True,
            reason,
            scope,
            labels.FROM_PROFESSIONALS if masks else labels.FROM_TREATING,
            WITHHELD_FROM_PROFESSIONALS,
            CONSENTS,
            None,
            caller.profession,
        )
        if len(READ_SO_FAR) < MOST_VERDICTS:
            READ_SO_FAR[key] = known
    return known


READ_SO_FAR: dict[tuple[Reason, Scope, bool, str], Verdict] = {}
MOST_VERDICTS = 10_000

TECHNICAL = Verdict(True, Reason.TECHNICAL)
NOT_IN_DEMONSTRATION = Verdict(False, Reason.NOT_IN_DEMONSTRATION)
DIRECTORY = Verdict(True, Reason.DIRECTORY)
DEMONSTRATION = Verdict(True, Reason.DEMONSTRATION)
AGENCY = Verdict(True, Reason.AGENCY)
UPKEEP = Verdict(True, Reason.UPKEEP)
TIMER = Verdict(True, Reason.TIMER)
BLOCKED = Verdict(False, Reason.BLOCKED)
NOT_REGULATION = Verdict(False, Reason.NOT_REGULATION)
EMERGENCY_OPPOSED = Verdict(False, Reason.EMERGENCY_OPPOSED)
REASON_MISSING = Verdict(False, Reason.REASON_MISSING)
UNKNOWN = Verdict(False, Reason.UNKNOWN_CALLER)
NO_EXPRESS_CONSENT = Verdict(False, Reason.NO_CONSENT)
EXPIRED = Verdict(False, Reason.EXPIRED)
NO_RIGHT = Verdict(False, Reason.NO_RIGHT)
FEEDING = Verdict(True, Reason.FEEDING)
COLLECTED = Verdict(True, Reason.COLLECTED)
HOLDER = Verdict(True, Reason.OWN_RECORD, hidden=labels.FROM_HOLDER)
REPRESENTATIVE = Verdict(True, Reason.REPRESENTATIVE, hidden=labels.FROM_REPRESENTATIVES)
CARER = Verdict(True, Reason.CARER, hidden=labels.FROM_CARERS, withheld=WITHHELD_FROM_CARERS, concerned=RELATED)
INVITED = Verdict(True, Reason.INVITED, only=RELATED, concerned=RELATED)
CONCERNED = Verdict(True, Reason.CONCERNED, only=CONSENTS | RELATED, concerned=CONSENTS | RELATED)
TREATING = Verdict(
    True,
    Reason.TREATING_DOCTOR,
    hidden=labels.FROM_TREATING,
    concerned=CONSENTS,
    profession=DOCTOR,
)
ADMINISTRATOR = Verdict(
    True,
    Reason.ADMINISTRATOR,
    hidden=labels.FROM_TREATING,
    concerned=CONSENTS,
    profession=DOCTOR,
)
OWN_DEPOSITS = Verdict(True, Reason.DEPOSITOR, Scope.OWN_DEPOSITS)
OWN_ACTS = Verdict(True, Reason.OWN_ACTS, Scope.OWN_ACTS, only=frozenset({"AuditEvent"}))
SERVICE = Verdict(True, Reason.SERVICE)
OWN_MAILBOX = Verdict(True, Reason.OWN_MAILBOX)
REVIEW = Verdict(True, Reason.REVIEW)
