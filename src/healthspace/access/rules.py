"""The access rules: facts in, verdict out. No I/O, no clock.

First rules of the shared record (Code de la santé publique, R1111-40 to R1111-54, as far as this version goes): silence
refuses, one denial wins, and every verdict carries the reason that the citizen will read in the trail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from healthspace.identity.caller import Caller, Kind


class Action(StrEnum):
    """What can be done to a citizen's record. The words before the colon name what it is done to."""

    OPEN_SPACE = "space:open"
    CLOSE_SPACE = "space:close"
    FIND_PATIENT = "patient:find"
    READ_PATIENT = "patient:read"
    READ_RECORD = "record:read"
    SEARCH_DOCUMENTS = "document:search"
    READ_DOCUMENT = "document:read"
    READ_CONTENT = "document:open"
    DEPOSIT_DOCUMENT = "document:deposit"
    SEARCH_SUBMISSIONS = "submission:search"
    READ_TRAIL = "trail:read"
    READ_ACCESS = "access:read"
    GRANT_ACCESS = "access:grant"
    END_ACCESS = "access:end"
    READ_RESOURCE = "resource:read"
    SEARCH_RESOURCES = "resource:search"
    READ_HISTORY = "resource:history"
    READ_FACTS_AGAIN = "facts:read-again"
    WRITE_RESOURCES = "resource:write"


WRITES = frozenset(
    {
        Action.OPEN_SPACE,
        Action.CLOSE_SPACE,
        Action.DEPOSIT_DOCUMENT,
        Action.GRANT_ACCESS,
        Action.END_ACCESS,
        Action.WRITE_RESOURCES,
        Action.READ_FACTS_AGAIN,
    }
)


QUERIES = frozenset({Action.FIND_PATIENT, Action.SEARCH_DOCUMENTS, Action.SEARCH_SUBMISSIONS, Action.SEARCH_RESOURCES, Action.READ_TRAIL})
"""Acts whose line keeps what was asked for."""


class Reason(StrEnum):
    """Why a verdict fell. Part of the trail: never renamed."""

    OWN_RECORD = "own-record"
    TREATING_DOCTOR = "treating-doctor"
    AUTHORISED = "authorised"
    DEPOSITOR = "depositor"
    OWN_ACTS = "own-acts"
    FEEDING = "feeding"
    DIRECTORY = "directory"
    DEMONSTRATION = "demonstration"
    TECHNICAL = "technical"
    UPKEEP = "upkeep"
    NO_SPACE = "no-space"
    RECORD_CLOSED = "record-closed"
    NO_RIGHT = "no-right"
    NOT_IN_DEMONSTRATION = "not-in-demonstration"
    UNKNOWN_CALLER = "unknown-caller"


class Scope(StrEnum):
    """Which documents a verdict opens."""

    ALL = "all"
    """All but those whose label hides them from this caller."""
    OWN_DEPOSITS = "own-deposits"
    OWN_ACTS = "own-acts"
    """Of the trail, what the caller did."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision needs to know: the record's state (None: there is none) and what ties the caller to the citizen."""

    state: str | None
    relations: frozenset[str] = frozenset()
    """Kinds of `access_fact` that hold now between this caller and the citizen."""
    own: bool = False
    registry: bool = False
    """It is about what belongs to nobody in particular: professionals, places, terminologies."""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`hidden` holds the security labels that keep a document from this caller, unless they deposited it."""

    allowed: bool
    reason: Reason
    scope: Scope = Scope.ALL
    hidden: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    """Resource types that this verdict does not open."""


PUBLIC_TYPES = frozenset(
    "Practitioner PractitionerRole Organization OrganizationAffiliation Location HealthcareService Endpoint CodeSystem ValueSet ConceptMap "
    "NamingSystem StructureDefinition SearchParameter CapabilityStatement OperationDefinition Questionnaire Medication".split()
)
"""What any known caller may read in the registry; the rest of it is for those who run the service."""
WITHHELD_FROM_PROFESSIONALS = frozenset("AuditEvent Consent RelatedPerson".split())
"""Who looked, whom the citizen trusts: read by the citizen until the consent rules say who else."""
RESOURCE_READINGS = frozenset({Action.READ_RESOURCE, Action.SEARCH_RESOURCES, Action.READ_HISTORY})

CITIZEN_ACTIONS = frozenset(Action) - {Action.OPEN_SPACE, Action.WRITE_RESOURCES, Action.READ_FACTS_AGAIN}
CITIZEN_ACTIONS_WHEN_CLOSED = frozenset({Action.FIND_PATIENT, Action.READ_PATIENT, Action.READ_TRAIL})
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

MASKED = frozenset({"MASQUE_PS"})
NOT_YET_VISIBLE = frozenset({"INVISIBLE_PATIENT"})

Rule = Callable[[Caller, Action, Facts], Verdict | None]


def _record_must_be_open(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """TD02 tells professionals that a record is closed; its holder may still see who looked. Nothing else goes on."""
    if action is Action.OPEN_SPACE:
        return None
    if facts.state is None:
        return Verdict(False, Reason.NO_SPACE)
    if facts.state == "open":
        return None
    if facts.state == "closed" and (action is Action.FIND_PATIENT or (facts.own and action in CITIZEN_ACTIONS_WHEN_CLOSED)):
        return None
    return Verdict(False, Reason.RECORD_CLOSED)


def _service_opens_spaces_in_demonstration(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    if action is not Action.OPEN_SPACE:
        return None
    if not facts.demo:
        return Verdict(False, Reason.NOT_IN_DEMONSTRATION)
    return Verdict(True, Reason.DEMONSTRATION) if caller.kind is Kind.SYSTEM else None


def _service_reads_documents_again(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """A newer version of the program reads more out of the documents that it keeps; it shows them to nobody."""
    return Verdict(True, Reason.UPKEEP) if action is Action.READ_FACTS_AGAIN and caller.kind is Kind.SYSTEM else None


def _citizen_holds_their_record(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-42: the holder reads and feeds the record; a document awaiting its announcement is not shown yet (R1111-53)."""
    if facts.own and action in CITIZEN_ACTIONS:
        return Verdict(True, Reason.OWN_RECORD, hidden=NOT_YET_VISIBLE)
    return None


def _professionals_find_and_feed(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """Feeding needs an active record and no consultation right (R1111-47); so does asking whether there is one (TD02)."""
    if caller.kind not in {Kind.PROFESSIONAL, Kind.STRUCTURE}:
        return None
    if action is Action.FIND_PATIENT:
        return Verdict(True, Reason.DIRECTORY)
    return Verdict(True, Reason.FEEDING) if action is Action.DEPOSIT_DOCUMENT else None


def _treating_doctor_reads_all(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-54: the treating doctor sees the whole record, masked documents and traces included."""
    if caller.kind is Kind.PROFESSIONAL and "treating-doctor" in facts.relations and action in READINGS | {Action.READ_TRAIL}:
        return Verdict(True, Reason.TREATING_DOCTOR, withheld=WITHHELD_FROM_PROFESSIONALS)
    return None


def _authorised_professional_reads(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-46: consultation with the citizen's consent; a document they masked stays hidden (R1111-49)."""
    if caller.kind is Kind.PROFESSIONAL and "authorised" in facts.relations and action in READINGS:
        return Verdict(True, Reason.AUTHORISED, hidden=MASKED, withheld=WITHHELD_FROM_PROFESSIONALS)
    return None


def _professionals_read_their_own_acts(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """R1111-43: each professional sees what they did, in any record and across records."""
    if action is Action.READ_TRAIL and caller.kind in {Kind.PROFESSIONAL, Kind.STRUCTURE}:
        return Verdict(True, Reason.OWN_ACTS, Scope.OWN_ACTS)
    return None


def _structure_reads_what_it_deposited(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    if caller.kind is Kind.STRUCTURE and action in OWN_DEPOSIT_READINGS:
        return Verdict(True, Reason.DEPOSITOR, Scope.OWN_DEPOSITS)
    return None


def _known_callers_read_the_registry(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    if facts.registry and action in RESOURCE_READINGS and caller.kind is not Kind.UNKNOWN:
        return Verdict(True, Reason.DIRECTORY)
    return None


def _technical_caller_does_all_in_demonstration(caller: Caller, action: Action, facts: Facts) -> Verdict | None:
    """For conformance suites and benches; in a real installation nobody is this caller."""
    if caller.kind is not Kind.TECHNICAL:
        return None
    return Verdict(True, Reason.TECHNICAL) if facts.demo else Verdict(False, Reason.NOT_IN_DEMONSTRATION)


RULES: tuple[Rule, ...] = (
    _record_must_be_open,
    _technical_caller_does_all_in_demonstration,
    _known_callers_read_the_registry,
    _service_opens_spaces_in_demonstration,
    _service_reads_documents_again,
    _citizen_holds_their_record,
    _treating_doctor_reads_all,
    _authorised_professional_reads,
    _professionals_find_and_feed,
    _professionals_read_their_own_acts,
    _structure_reads_what_it_deposited,
)


def decide(caller: Caller, action: Action, facts: Facts, rules: tuple[Rule, ...] = RULES) -> Verdict:
    """One denial refuses; else the first rule that allows gives the reason; else nobody said yes, and that is a no."""
    verdicts = [verdict for rule in rules if (verdict := rule(caller, action, facts)) is not None]
    for verdict in verdicts:
        if not verdict.allowed:
            return verdict
    if verdicts:
        return verdicts[0]
    return Verdict(False, Reason.UNKNOWN_CALLER if caller.kind is Kind.UNKNOWN else Reason.NO_RIGHT)
