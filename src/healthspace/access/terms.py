"""The words of the access rules: what can be done, by which mode, on which facts, and why a verdict fell."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What can be done to a citizen's record. The words before the colon name what it is done to."""

    OPEN_SPACE = "space:open"
    OBJECT_TO_SPACE = "space:object"
    CLOSE_SPACE = "space:close"
    REOPEN_SPACE = "space:reopen"
    ERASE_SPACE = "space:erase"
    SUSPEND_SPACE = "space:suspend"
    RESUME_SPACE = "space:resume"
    CONFIRM_SPACE = "space:confirm"
    ASK_CONFIRMATION = "space:ask"
    FIND_PATIENT = "patient:find"
    READ_PATIENT = "patient:read"
    READ_RECORD = "record:read"
    SEARCH_DOCUMENTS = "document:search"
    READ_DOCUMENT = "document:read"
    READ_CONTENT = "document:open"
    DEPOSIT_DOCUMENT = "document:deposit"
    CHANGE_DOCUMENT = "document:change"
    MASK_DOCUMENT = "document:mask"
    RELEASE_DOCUMENT = "document:release"
    NOTICE_DOCUMENT = "document:notice"
    WITHDRAW_DOCUMENT = "document:withdraw"
    ARCHIVE_DOCUMENT = "document:archive"
    SEARCH_SUBMISSIONS = "submission:search"
    READ_TRAIL = "trail:read"
    REPORT_ACCESS = "trail:report"
    READ_REVIEWS = "review:read"
    READ_STATISTICS = "statistics:read"
    CLOSE_REVIEW = "review:close"
    NOTIFY = "notification:send"
    READ_NOTIFICATIONS = "notification:read"
    CHANGE_NOTIFICATIONS = "notification:change"
    READ_SESSIONS = "session:read"
    END_SESSIONS = "session:end"
    READ_ACCESS = "access:read"
    GRANT_ACCESS = "access:grant"
    END_ACCESS = "access:end"
    COLLECT_ACCESS = "access:collect"
    PREVIEW_ACCESS = "access:preview"
    INVITE_CARER = "carer:invite"
    ANSWER_INVITATION = "carer:answer"
    REFUSE_INVITATION = "carer:refuse"
    LEAVE_CARE = "carer:leave"
    END_CARE = "carer:end"
    READ_RESOURCE = "resource:read"
    SEARCH_RESOURCES = "resource:search"
    READ_HISTORY = "resource:history"
    READ_FACTS_AGAIN = "facts:read-again"
    WRITE_RESOURCES = "resource:write"
    WRITE_OWN_ENTRY = "entry:write"
    ANSWER_CORRECTION = "correction:answer"


class Reason(StrEnum):
    """Why a verdict fell. Part of the trail: never renamed."""

    OWN_RECORD = "own-record"
    REPRESENTATIVE = "representative"
    CARER = "carer"
    TREATING_DOCTOR = "treating-doctor"
    ADMINISTRATOR = "administrator"
    CARE_TEAM = "care-team"
    AUTHORISED = "authorised"
    BREAK_GLASS = "break-glass"
    REGULATION = "regulation"
    DEPOSITOR = "depositor"
    OWN_ACTS = "own-acts"
    OWN_MAILBOX = "own-mailbox"
    SERVICE = "service"
    REVIEW = "review"
    FEEDING = "feeding"
    COLLECTED = "collected"
    CONCERNED = "concerned"
    INVITED = "invited"
    DIRECTORY = "directory"
    DEMONSTRATION = "demonstration"
    AGENCY = "agency"
    TIMER = "timer"
    UPKEEP = "upkeep"
    TECHNICAL = "technical"
    NO_SPACE = "no-space"
    RECORD_CLOSED = "record-closed"
    RECORD_NOT_OPEN = "record-not-open"
    BLOCKED = "blocked"
    EMERGENCY_OPPOSED = "emergency-opposed"
    REASON_MISSING = "reason-missing"
    NOT_REGULATION = "not-regulation"
    EXPIRED = "authorisation-expired"
    NO_CONSENT = "no-express-consent"
    PROFESSION = "profession"
    MASKED = "masked"
    NOT_ANNOUNCED = "not-announced"
    HIDDEN_FROM_REPRESENTATIVES = "hidden-from-representatives"
    WITHDRAWN = "withdrawn"
    NOT_AUTHOR = "not-author"
    NOT_FOUND = "not-found"
    NO_RIGHT = "no-right"
    NOT_IN_DEMONSTRATION = "not-in-demonstration"
    UNKNOWN_CALLER = "unknown-caller"


class Tie(StrEnum):
    """Kinds of `access_fact`: what ties a caller to a citizen. Stored: never renamed."""

    AUTHORISED = "authorised"
    EXPRESS = "express"
    """Authorised by the citizen's own act, not collected by a professional."""
    AUTHORISED_SECRETLY = "authorised-secretly"
    """By a minor who keeps it from their representatives: in a secret connection alone."""
    BLOCKED = "blocked"
    TREATING_DOCTOR = "treating-doctor"
    ADMINISTRATOR = "administrator"
    PHARMACIST = "pharmacist"
    MIDWIFE = "midwife"
    MEMBER = "member"
    REPRESENTATIVE = "representative"
    CARER = "carer"
    CARER_FEEDS = "carer-feeds"
    INVITED = "invited"
    # The citizen's choices for the whole record: they hold for every caller.
    NO_REGULATION = "no-etreat"
    NO_BREAK_GLASS = "no-btg"
    MASKED_IN_EMERGENCY = "masked-in-emergency"
    MASKED_BY_DEFAULT = "masked-by-default"
    NO_TEAM = "no-team"
    OF_AGE = "of-age"
    """The holder has come of age and has not confirmed their record yet."""
    DECEASED = "deceased"
    """The record was closed because its holder has died: nobody acts in their name any more."""


class Scope(StrEnum):
    """Which documents a verdict opens."""

    ALL = "all"
    """All but those whose label hides them from this caller."""
    SHOWN = "shown"
    """Own deposits, and what the citizen has shown one by one: everything else is masked by default."""
    OWN_DEPOSITS = "own-deposits"
    OWN_ACTS = "own-acts"
    """Of the trail, what the caller did."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision needs to know: the record's state (None: there is none) and what ties the caller to the citizen."""

    state: str | None
    relations: frozenset[str] = frozenset()
    """Kinds of `access_fact` (Tie) that hold now between this caller and the citizen, or for everybody."""
    own: bool = False
    registry: bool = False
    """It is about what belongs to nobody in particular: professionals, places, terminologies."""
    demo: bool = False
    expired: bool = False
    """An authorisation of this caller has run out."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`hidden` holds the security labels that keep a document from this caller, unless they deposited it."""

    allowed: bool
    reason: Reason
    scope: Scope = Scope.ALL
    hidden: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    """Resource types that this verdict does not open."""
    concerned: frozenset[str] = frozenset()
    """Resource types opened only where they name the caller."""
    only: frozenset[str] | None = None
    """The only resource types opened; None: all."""
    profession: str | None = None
    """The row of the profession matrix that bounds what is read; None: it does not bound this caller."""
