"""The access rules: facts in, verdict out. No I/O, no clock.

The rules of the shared record (Code de la santé publique, L1111-17, R1111-40 to R1111-54) in the order in which a lawyer reads them: the
record's state, the blocked professional, the mode of the access, what ties the caller to the citizen. Silence refuses, one denial wins,
and every verdict carries the reason that the citizen will read in the trail. What a verdict then shows is bounded by the profession
matrix (`matrix.py`) and by the labels of each document (`labels.py`).
"""

from collections.abc import Callable
from typing import NamedTuple

from healthspace.access.states import judge_state
from healthspace.access.terms import Action as Action
from healthspace.access.terms import Facts as Facts
from healthspace.access.terms import Reason as Reason
from healthspace.access.terms import Scope as Scope
from healthspace.access.terms import Tie as Tie
from healthspace.access.terms import Verdict as Verdict
from healthspace.access.verdicts import (
    ADMINISTRATOR,
    AGENCY,
    BLOCKED,
    CARER,
    COLLECTED,
    CONCERNED,
    DEMONSTRATION,
    DIRECTORY,
    EMERGENCY_OPPOSED,
    EXPIRED,
    FEEDING,
    HOLDER,
    INVITED,
    NO_EXPRESS_CONSENT,
    NO_RIGHT,
    NOT_IN_DEMONSTRATION,
    NOT_REGULATION,
    OWN_ACTS,
    OWN_DEPOSITS,
    OWN_MAILBOX,
    REASON_MISSING,
    REPRESENTATIVE,
    REVIEW,
    SERVICE,
    TECHNICAL,
    TIMER,
    TREATING,
    UNKNOWN,
    UPKEEP,
    reading,
)
from healthspace.identity.caller import Caller, Kind, Purpose
from healthspace.identity.personas import Role

WRITES = frozenset(
    {
        Action.OPEN_SPACE,
        Action.OBJECT_TO_SPACE,
        Action.CLOSE_SPACE,
        Action.REOPEN_SPACE,
        Action.ERASE_SPACE,
        Action.SUSPEND_SPACE,
        Action.RESUME_SPACE,
        Action.CONFIRM_SPACE,
        Action.ASK_CONFIRMATION,
        Action.DEPOSIT_DOCUMENT,
        Action.CHANGE_DOCUMENT,
        Action.MASK_DOCUMENT,
        Action.RELEASE_DOCUMENT,
        Action.NOTICE_DOCUMENT,
        Action.WITHDRAW_DOCUMENT,
        Action.ARCHIVE_DOCUMENT,
        Action.GRANT_ACCESS,
        Action.END_ACCESS,
        Action.COLLECT_ACCESS,
        Action.INVITE_CARER,
        Action.ANSWER_INVITATION,
        Action.REFUSE_INVITATION,
        Action.LEAVE_CARE,
        Action.END_CARE,
        Action.WRITE_RESOURCES,
        Action.WRITE_OWN_ENTRY,
        Action.ANSWER_CORRECTION,
        Action.READ_FACTS_AGAIN,
        Action.REPORT_ACCESS,
        Action.CLOSE_REVIEW,
        Action.NOTIFY,
        Action.CHANGE_NOTIFICATIONS,
        Action.END_SESSIONS,
    }
)
QUERIES = frozenset({Action.FIND_PATIENT, Action.SEARCH_DOCUMENTS, Action.SEARCH_SUBMISSIONS, Action.SEARCH_RESOURCES, Action.READ_TRAIL})
"""Acts whose line keeps what was asked for."""
PUBLIC_TYPES = frozenset(
    "Practitioner PractitionerRole Organization OrganizationAffiliation Location HealthcareService Endpoint CodeSystem ValueSet ConceptMap "
    "NamingSystem StructureDefinition SearchParameter CapabilityStatement OperationDefinition Questionnaire Medication".split()
)
"""What any known caller may read in the registry; the rest of it is for those who run the service."""
RESOURCE_READINGS = frozenset({Action.READ_RESOURCE, Action.SEARCH_RESOURCES, Action.READ_HISTORY})

NOT_THE_HOLDERS = frozenset(
    {
        Action.OPEN_SPACE,
        Action.WRITE_RESOURCES,
        Action.READ_FACTS_AGAIN,
        Action.NOTICE_DOCUMENT,
        Action.ASK_CONFIRMATION,
        Action.SUSPEND_SPACE,
        Action.RESUME_SPACE,
        Action.COLLECT_ACCESS,
        Action.ANSWER_INVITATION,
        Action.NOTIFY,
        Action.READ_REVIEWS,
        Action.READ_STATISTICS,
        Action.CLOSE_REVIEW,
        Action.ANSWER_CORRECTION,
    }
)
"""What not even the holder does: it is the service's, or another person's."""
HOLDER_ACTIONS = frozenset(Action) - NOT_THE_HOLDERS
READINGS = frozenset(
    {
        Action.READ_PATIENT,
        Action.READ_RECORD,
        Action.SEARCH_DOCUMENTS,
        Action.READ_DOCUMENT,
        Action.READ_CONTENT,
        Action.SEARCH_SUBMISSIONS,
        *RESOURCE_READINGS,
    }
)
OWN_DEPOSIT_READINGS = READINGS - {Action.READ_PATIENT}
"""A structure reads the documents it has brought, and what was read out of them."""
CHANGES = frozenset(
    {
        Action.CHANGE_DOCUMENT,
        Action.MASK_DOCUMENT,
        Action.RELEASE_DOCUMENT,
        Action.WITHDRAW_DOCUMENT,
        Action.ARCHIVE_DOCUMENT,
    }
)
"""TD3.3: attributes of a document; who may change which is said in `changes.py`."""
CARER_READINGS = READINGS - {Action.READ_CONTENT, Action.READ_HISTORY}
"""A carer reads on the pages; to take a copy away is the citizen's (and the representative's)."""

Rule = Callable[[Caller, Action, Facts], Verdict | None]


def _record_state(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """What the life of the record leaves possible (`states.py`)."""
    if action is Action.OPEN_SPACE and facts.state is None:
        return None
    holder = caller.kind is Kind.CITIZEN and (facts.own or Tie.REPRESENTATIVE in facts.relations)
    return judge_state(action, facts, holder=holder, service=caller.kind is Kind.SYSTEM and not facts.registry)


def _technical_caller_does_all_in_demonstration(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """For conformance suites and benches; in a real installation nobody is this caller."""
    if caller.kind is not Kind.TECHNICAL:
        return None
    return TECHNICAL if facts.demo else NOT_IN_DEMONSTRATION


def _known_callers_read_the_registry(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    if facts.registry and action in RESOURCE_READINGS and caller.kind is not Kind.UNKNOWN:
        return DIRECTORY
    return None


def _service_keeps_the_calendar(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """Spaces are opened by the service in demonstrations; its timers open, release, close and erase on their dates."""
    if action is Action.OPEN_SPACE and facts.state is None:
        opens = DEMONSTRATION if facts.demo else NOT_IN_DEMONSTRATION
        return opens if caller.kind is Kind.SYSTEM else None
    if action is Action.READ_FACTS_AGAIN:
        # A newer version of the program reads more out of the documents that it keeps; it shows them to nobody.
        return UPKEEP if caller.kind is Kind.SYSTEM and facts.state is not None else None
    return TIMER if caller.kind is Kind.SYSTEM and facts.state is not None and not facts.registry else None


def _agency_suspends(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """The insurance suspends for fraud and resumes, and closes after a death; it reads nothing (R1111-36)."""
    insurance = caller.kind is Kind.AGENCY and caller.role is Role.AGENCY
    return AGENCY if insurance and action in AGENCY_ACTIONS and not facts.registry else None


AGENCY_ACTIONS = frozenset({Action.SUSPEND_SPACE, Action.RESUME_SPACE, Action.CLOSE_SPACE})


def _blocked_professional(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """Nothing is read by whom the citizen blocked, themselves or their structure, in any mode; they may still feed it (td02 NB1)."""
    if caller.kind is Kind.CITIZEN:
        return None
    if Tie.BLOCKED in facts.relations and (action in READINGS or action in CHANGES or action in BLOCKED_TOO):
        return BLOCKED
    return None


BLOCKED_TOO = frozenset({Action.COLLECT_ACCESS})


def _emergency(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """L1111-17 I: unless the citizen opposed it beforehand, with a written reason, or in the regulation of emergency calls."""
    mode = EMERGENCIES.get(caller.purpose)
    if mode is None or caller.kind is not Kind.PROFESSIONAL or action not in READINGS:
        return None
    if caller.purpose not in caller.modes.purposes:
        return mode.not_theirs
    if mode.opposed in facts.relations:
        return EMERGENCY_OPPOSED
    if mode.asks_why and not caller.why.strip():
        return REASON_MISSING
    unmasked = Tie.MASKED_IN_EMERGENCY in facts.relations
    return reading(caller, facts, mode.reason, masks=not unmasked)


class Emergency(NamedTuple):
    """A mode of emergency: the reason of its verdicts, the citizen's switch against it, what is said to whom it is not given."""

    reason: Reason
    opposed: Tie
    not_theirs: Verdict
    asks_why: bool


EMERGENCIES = {
    Purpose.BTG: Emergency(Reason.BREAK_GLASS, Tie.NO_BREAK_GLASS, NO_RIGHT, asks_why=True),
    Purpose.ETREAT: Emergency(Reason.REGULATION, Tie.NO_REGULATION, NOT_REGULATION, asks_why=False),
}
"""The modes of L1111-17 I. Who may declare which is in `identity/modes.csv`."""


def _holder(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-42: the holder reads and feeds the record; a document awaiting its announcement is not shown yet (R1111-53)."""
    return HOLDER if facts.own and caller.kind is Kind.CITIZEN and action in HOLDER_ACTIONS else None


def _representative(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """Who holds the parental authority, or protects an adult, acts for them; what a minor keeps secret stays so (R1111-50, L1111-5)."""
    if caller.kind is not Kind.CITIZEN or Tie.REPRESENTATIVE not in facts.relations:
        return None
    return REPRESENTATIVE if action in HOLDER_ACTIONS else None


def _carer(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """A carer reads, and feeds when the citizen said so: never shares, closes, takes away, or sees whom the citizen trusts."""
    if caller.kind is not Kind.CITIZEN:
        return None
    if action is Action.ANSWER_INVITATION and facts.relations & {Tie.INVITED, Tie.CARER, Tie.REPRESENTATIVE}:
        return INVITED
    if action is Action.READ_ACCESS and Tie.INVITED in facts.relations:
        return INVITED
    if Tie.CARER not in facts.relations:
        return None
    if action is Action.READ_ACCESS:
        return CONCERNED
    feeds = action is Action.DEPOSIT_DOCUMENT and Tie.CARER_FEEDS in facts.relations
    return CARER if feeds or action is Action.FIND_PATIENT or action in CARER_READINGS else None


def _treating_doctor(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-54: the treating doctor, and whom the citizen gives the same rights, sees all, masked documents and traces included."""
    if caller.kind is not Kind.PROFESSIONAL or action not in TREATING_ACTIONS or Tie.BLOCKED in facts.relations:
        return None
    if Tie.TREATING_DOCTOR in facts.relations:
        return TREATING
    return ADMINISTRATOR if Tie.ADMINISTRATOR in facts.relations else None


TREATING_ACTIONS = READINGS | CHANGES | {Action.READ_TRAIL}


def _authorised(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-46: with the citizen's consent, or as a member of the care team whom they did not oppose; masked stays hidden (R1111-49)."""
    if caller.kind is not Kind.PROFESSIONAL or (action not in READINGS and action not in CHANGES):
        return None
    if caller.modes.express:  # L1111-17 IV and V
        return reading(caller, facts, Reason.AUTHORISED) if Tie.EXPRESS in facts.relations else None
    if Tie.AUTHORISED in facts.relations or (caller.secret and Tie.AUTHORISED_SECRETLY in facts.relations):
        return reading(caller, facts, Reason.AUTHORISED)
    if facts.relations & TEAM and Tie.NO_TEAM not in facts.relations:
        return reading(caller, facts, Reason.CARE_TEAM)
    return None


TEAM = frozenset({Tie.MEMBER, Tie.PHARMACIST, Tie.MIDWIFE})


def _find_and_feed(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """Feeding needs an open record and no consultation right (R1111-47); so does asking whether there is one (TD02)."""
    if caller.kind not in {Kind.PROFESSIONAL, Kind.STRUCTURE}:
        return None
    if action is Action.FIND_PATIENT:
        return DIRECTORY
    if action is Action.DEPOSIT_DOCUMENT or action is Action.ANSWER_CORRECTION:
        return FEEDING
    if action is Action.READ_ACCESS:
        return CONCERNED
    if action is Action.COLLECT_ACCESS:
        return COLLECTED if caller.kind is Kind.PROFESSIONAL else None
    if caller.kind is Kind.STRUCTURE and (action in OWN_DEPOSIT_READINGS or action in CHANGES):
        return OWN_DEPOSITS
    return None


def _professionals_read_their_own_acts(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-43: each professional sees what they did, in any record and across records."""
    return OWN_ACTS if action is Action.READ_TRAIL and caller.kind in {Kind.PROFESSIONAL, Kind.STRUCTURE} else None


def _service_tells_people(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """The consumers of the outbox: notifications to people, reviews to the agency."""
    return SERVICE if caller.kind is Kind.SYSTEM and action is Action.NOTIFY and facts.state is not None else None


def _professionals_read_their_own_mailbox(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """What a professional is told is kept by an owner of theirs, which the fact `holder` ties to them."""
    return OWN_MAILBOX if action in MAILBOX_ACTIONS and "holder" in facts.relations else None


def _agency_reviews_accesses(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """Reviews are the registry's: they name a record, and open none."""
    return REVIEW if facts.registry and caller.kind is Kind.AGENCY and action in REVIEWING else None


MAILBOX_ACTIONS = frozenset({Action.READ_NOTIFICATIONS, Action.CHANGE_NOTIFICATIONS})
REVIEWING = frozenset({Action.READ_REVIEWS, Action.CLOSE_REVIEW, Action.READ_STATISTICS})


RULES: tuple[Rule, ...] = (
    _record_state,
    _technical_caller_does_all_in_demonstration,
    _known_callers_read_the_registry,
    _service_tells_people,
    _service_keeps_the_calendar,
    _agency_suspends,
    _blocked_professional,
    _emergency,
    _holder,
    _representative,
    _carer,
    _treating_doctor,
    _authorised,
    _find_and_feed,
    _professionals_read_their_own_acts,
    _professionals_read_their_own_mailbox,
    _agency_reviews_accesses,
)


OF_CITIZENS = (_holder, _representative, _carer)
OF_PROFESSIONALS = (
    _emergency,
    _treating_doctor,
    _authorised,
    _professionals_read_their_own_mailbox,
)
OF_FEEDERS = (_blocked_professional, _find_and_feed, _professionals_read_their_own_acts)
OF_OTHERS = (
    _technical_caller_does_all_in_demonstration,
    _service_tells_people,
    _service_keeps_the_calendar,
    _agency_suspends,
    _agency_reviews_accesses,
)
RULES_OF: dict[Kind, tuple[Rule, ...]] = {
    Kind.CITIZEN: tuple(rule for rule in RULES if rule not in {*OF_PROFESSIONALS, *OF_FEEDERS, *OF_OTHERS}),
    Kind.PROFESSIONAL: tuple(rule for rule in RULES if rule not in {*OF_CITIZENS, *OF_OTHERS}),
    Kind.STRUCTURE: tuple(rule for rule in RULES if rule not in {*OF_CITIZENS, *OF_PROFESSIONALS, *OF_OTHERS}),
    Kind.TECHNICAL: (_record_state, _technical_caller_does_all_in_demonstration, _known_callers_read_the_registry, _blocked_professional),
}
"""The rules that can say anything to a kind of caller; all of them to a kind that is not here. A property of the tests."""


def decide(caller: Caller, action: Action, facts: Facts, rules: tuple[Rule, ...] | None = None) -> Verdict:
    """One denial refuses; else the first rule that allows gives the reason; else nobody said yes, and that is a no."""
    granted = None
    for rule in RULES_OF.get(caller.kind, RULES) if rules is None else rules:
        verdict = rule(caller, action, facts)
        if verdict is not None:
            if not verdict.allowed:
                return verdict
            granted = granted or verdict
    if granted is not None:
        return granted
    return _say_no(caller, facts)


def _say_no(caller: Caller, facts: Facts) -> Verdict:
    """Why nobody said yes."""
    if caller.kind is Kind.UNKNOWN:
        return UNKNOWN
    if caller.modes.express and Tie.AUTHORISED in facts.relations:
        return NO_EXPRESS_CONSENT
    return EXPIRED if facts.expired else NO_RIGHT
