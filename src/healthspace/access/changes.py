"""Who may change which attribute of a document that they see (TD3.3a to d): pure, one question for each attribute.

A carer changes nothing. Whoever may not even see a document is told that there is none, before any of these questions.
"""

from healthspace.access import labels
from healthspace.access.terms import Action, Reason
from healthspace.identity.caller import Caller, Kind

HOLDERS = frozenset({Reason.OWN_RECORD, Reason.REPRESENTATIVE})


def action_of(label: str, *, added: bool) -> Action:
    """What changing a visibility label is called in the trail: a document is released when it is announced."""
    if label == labels.MASKED:
        return Action.MASK_DOCUMENT
    return Action.RELEASE_DOCUMENT if label == labels.NOT_ANNOUNCED and not added else Action.CHANGE_DOCUMENT


def may_change_label(caller: Caller, reason: Reason, label: str) -> bool:
    """Whether a caller whose permit was given for `reason` may set or take away a visibility label.

    Masking is the citizen's, and of professionals at their request (R1111-49). An announcement is prepared and made by professionals
    (R1111-53). A minor keeps a document from their representatives, alone or with a professional; a representative never does (R1111-50).
    """
    if label == labels.NOT_ANNOUNCED:
        return caller.kind is not Kind.CITIZEN
    if label == labels.HIDDEN_FROM_REPRESENTATIVES:
        return reason is not Reason.REPRESENTATIVE
    return True


def may_withdraw(caller: Caller, depositor: str | None) -> bool:
    """Only the author takes a document back (TD3.3c), known by who brought it: a structure answers for those who work in it."""
    return depositor is not None and depositor == caller.depositor_key
