"""The life of a record (CSP L1111-13-1, R1111-32 to R1111-38): its states, and what may still be done in each.

announced → open (nobody objected in time) or refused (objection) → suspended, closed → open again, or erased. What is left of an erased
record is the proof that it was there: its data key is gone, and nothing can be read.
"""

from enum import StrEnum

from healthspace.access.terms import Action, Facts, Reason, Tie, Verdict


class State(StrEnum):
    """Stored in `owner.state`: never renamed."""

    ANNOUNCED = "announced"
    REFUSED = "refused"
    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    ERASED = "erased"


ALL = frozenset(Action)
HOLDER_READS = frozenset({Action.FIND_PATIENT, Action.READ_PATIENT, Action.READ_TRAIL})

FOR_ANYONE: dict[str, frozenset[Action]] = {
    State.OPEN: ALL - {Action.REOPEN_SPACE, Action.RESUME_SPACE, Action.OBJECT_TO_SPACE},
    State.CLOSED: frozenset({Action.FIND_PATIENT}),
    State.SUSPENDED: frozenset({Action.FIND_PATIENT, Action.RESUME_SPACE, Action.CLOSE_SPACE}),
}
"""What the state leaves possible to those whom another rule allows it. TD02 tells that a record is closed or suspended."""
FOR_HOLDER: dict[str, frozenset[Action]] = {
    State.OPEN: ALL - {Action.RESUME_SPACE, Action.OBJECT_TO_SPACE},
    State.ANNOUNCED: HOLDER_READS | {Action.OBJECT_TO_SPACE, Action.CONFIRM_SPACE},
    State.REFUSED: HOLDER_READS | {Action.REOPEN_SPACE, Action.ERASE_SPACE},
    State.SUSPENDED: HOLDER_READS | {Action.CLOSE_SPACE, Action.CONFIRM_SPACE, Action.OBJECT_TO_SPACE},
    State.CLOSED: HOLDER_READS | {Action.REOPEN_SPACE, Action.ERASE_SPACE},
}
"""The same for the holder and for who represents them; a suspension that comes before a closure may be objected to."""
AFTER_DEATH = frozenset({Action.FIND_PATIENT})
"""What is left to whoever uses the holder's access, or represented them: heirs have no right here (decision 18)."""
BY_SERVICE: dict[str, frozenset[Action]] = {
    State.ANNOUNCED: frozenset({Action.OPEN_SPACE, Action.CONFIRM_SPACE}),
    State.OPEN: frozenset(
        {
            Action.OPEN_SPACE,
            Action.SUSPEND_SPACE,
            Action.CLOSE_SPACE,
            Action.RELEASE_DOCUMENT,
            Action.DEPOSIT_DOCUMENT,
            Action.READ_FACTS_AGAIN,
            Action.NOTIFY,
            Action.END_CARE,
        }
    ),
    State.SUSPENDED: frozenset({Action.CLOSE_SPACE, Action.RESUME_SPACE}),
    State.REFUSED: frozenset({Action.ERASE_SPACE}),
    State.CLOSED: frozenset({Action.ERASE_SPACE}),
}
"""What the timers of the service itself do."""
NOTHING: frozenset[Action] = frozenset()

NO_SPACE = Verdict(False, Reason.NO_SPACE)
CLOSED = Verdict(False, Reason.RECORD_CLOSED)
NOT_OPEN = Verdict(False, Reason.RECORD_NOT_OPEN)


def judge_state(action: Action, facts: Facts, *, holder: bool, service: bool) -> Verdict | None:
    """A denial when the record's state forbids `action`; None when it leaves it to the other rules."""
    state = facts.state
    if state is None:
        return NO_SPACE
    if state == State.OPEN and not service and not holder and action in FOR_ANYONE[State.OPEN]:
        return None
    if Tie.DECEASED in facts.relations and state == State.CLOSED:
        if holder:
            return None if action in AFTER_DEATH else CLOSED
        if action is Action.RESUME_SPACE:
            return None  # a death that was told by mistake
    table = BY_SERVICE if service else FOR_HOLDER if holder else FOR_ANYONE
    if action in table.get(state, NOTHING):
        return None
    return CLOSED if state in {State.CLOSED, State.ERASED} else NOT_OPEN
