"""Who may change which attribute of a document that they see (TD3.3a to d): pure, one question for each attribute.

A carer changes nothing. Whoever may not even see a document is told that there is none, before any of these questions.
"""

from collections.abc import Iterable
from typing import Any

from healthspace.access import labels
from healthspace.access.depositor import depositor_of
from healthspace.access.terms import Action, Reason
from healthspace.identity.caller import Caller, Kind

HOLDERS = frozenset({Reason.OWN_RECORD, Reason.REPRESENTATIVE})
MASKERS = HOLDERS | {Reason.TREATING_DOCTOR, Reason.ADMINISTRATOR, Reason.TECHNICAL}
"""Whose masks are the citizen's own, and who take any mask away (R1111-49, R1111-54)."""
DEPOSITORS_MASK = "urn:healthspace:masked-by-depositor"
"""Extension of a masked document whose mask is its depositor's; without it, the mask is the citizen's."""

Resource = dict[str, Any]


def action_of(label: str, *, added: bool) -> Action:
    """What changing a visibility label is called in the trail: a document is released when it is announced."""
    if label == labels.MASKED:
        return Action.MASK_DOCUMENT
    return Action.RELEASE_DOCUMENT if label == labels.NOT_ANNOUNCED and not added else Action.CHANGE_DOCUMENT


def may_change_label(caller: Caller, reason: Reason, label: str) -> bool:
    """Whether a caller whose permit was given for `reason` may set or take away a visibility label.

    Masking is the citizen's, and of professionals at their request (R1111-49); who may unmask is a question of its own. An announcement
    is prepared and made by professionals (R1111-53). A minor keeps a document from their representatives, alone or with a professional;
    a representative never does (R1111-50).
    """
    if label == labels.NOT_ANNOUNCED:
        return caller.kind is not Kind.CITIZEN
    if label == labels.HIDDEN_FROM_REPRESENTATIVES:
        return reason is not Reason.REPRESENTATIVE
    return True


def may_unmask(caller: Caller, reason: Reason, document: Resource) -> bool:
    """Whether a caller may show a masked document to professionals again: who brought it takes back their own mask, never the citizen's."""
    return reason in MASKERS or (is_depositors_mask(document) and depositor_of(document) == caller.depositor_key)


def may_show_to_representatives(caller: Caller, reason: Reason, document: Resource) -> bool:
    """Whether a caller may show representatives what is hidden from them (R1111-50): the minor, or who brought it while with the minor."""
    with_the_minor = caller.secret and depositor_of(document) == caller.depositor_key
    return with_the_minor or reason in {Reason.OWN_RECORD, Reason.TECHNICAL}


def is_depositors_mask(document: Resource) -> bool:
    """Whether who brought a masked document masked it, at its deposit or later, and the citizen did not."""
    return any(one.get("url") == DEPOSITORS_MASK for one in document.get("extension", []))


def with_depositors_mask(document: Resource, *, said: bool) -> Resource:
    """The document saying, or not, that its mask is its depositor's; unchanged when it says so already."""
    if is_depositors_mask(document) == said:
        return document
    others = [one for one in document.get("extension", []) if one.get("url") != DEPOSITORS_MASK]
    told = [*others, {"url": DEPOSITORS_MASK, "valueBoolean": True}] if said else others
    kept = {name: value for name, value in document.items() if name != "extension"}
    return {**kept, **({"extension": told} if told else {})}


def tell_whose_mask(caller: Caller, reason: Reason, before: Resource, after: Resource) -> Resource:
    """`after`, saying whose its mask is, whatever was sent about that.

    A mask that the citizen asks for becomes theirs, also where the depositor had put one: then it is all that is asked.
    """
    if labels.MASKED not in labels.codes_of(after):
        return with_depositors_mask(after, said=False)
    if labels.MASKED not in labels.codes_of(before):
        return with_depositors_mask(after, said=reason not in MASKERS and depositor_of(before) == caller.depositor_key)
    after = with_depositors_mask(after, said=is_depositors_mask(before))
    return with_depositors_mask(after, said=False) if after == before and reason in MASKERS else after


def labels_that_stay(replaced: Iterable[Resource]) -> set[str]:
    """The labels that a new version keeps of what it replaces: the citizen's mask, and what a minor hides from representatives."""
    stay = set()
    for document in replaced:
        codes = labels.codes_of(document)
        stay |= codes & {labels.HIDDEN_FROM_REPRESENTATIVES}
        if labels.MASKED in codes and not is_depositors_mask(document):
            stay.add(labels.MASKED)
    return stay


def may_withdraw(caller: Caller, depositor: str | None) -> bool:
    """Only the author takes a document back (TD3.3c), known by who brought it: a structure answers for those who work in it."""
    return depositor is not None and depositor == caller.depositor_key
