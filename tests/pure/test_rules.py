"""The access rules, as one table: who may do what, for which tie to the citizen, in which state of the record."""

from itertools import permutations, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.access.rules import RULES, Action, Facts, Reason, Scope, Verdict, decide
from healthspace.identity.caller import SERVICE, TECHNICAL, UNKNOWN, Caller, Kind, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role

CITIZEN = caller_of_citizen(UUID(int=1))
DOCTOR, STRUCTURE = caller_of_role(Role.SPECIALIST), caller_of_role(Role.LABORATORY)
AGENCY = caller_of_role(Role.AGENCY)
CALLERS = {
    "citizen": CITIZEN,
    "professional": DOCTOR,
    "structure": STRUCTURE,
    "agency": AGENCY,
    "system": SERVICE,
    "technical": TECHNICAL,
    "unknown": UNKNOWN,
}

A = Action
DOCUMENT_READINGS = {A.READ_PATIENT, A.READ_RECORD, A.SEARCH_DOCUMENTS, A.READ_DOCUMENT, A.READ_CONTENT, A.SEARCH_SUBMISSIONS}
RESOURCE_READINGS = {A.READ_RESOURCE, A.SEARCH_RESOURCES, A.READ_HISTORY}
READINGS = DOCUMENT_READINGS | RESOURCE_READINGS
OWN_DEPOSITS = DOCUMENT_READINGS - {A.READ_PATIENT}
FEEDING = {A.FIND_PATIENT, A.DEPOSIT_DOCUMENT}

# Caller, tie to the citizen, state of the record → what is allowed. Whatever is not here is refused.
ALLOWED: dict[tuple[str, str, str], set[Action]] = {
    ("citizen", "own", "open"): set(Action) - {A.OPEN_SPACE, A.WRITE_RESOURCES, A.READ_FACTS_AGAIN},
    ("citizen", "own", "closed"): {A.FIND_PATIENT, A.READ_PATIENT, A.READ_TRAIL},
    ("professional", "none", "open"): FEEDING | {A.READ_TRAIL},
    ("professional", "none", "closed"): {A.FIND_PATIENT},
    ("professional", "authorised", "open"): FEEDING | READINGS | {A.READ_TRAIL},
    ("professional", "authorised", "closed"): {A.FIND_PATIENT},
    ("professional", "treating-doctor", "open"): FEEDING | READINGS | {A.READ_TRAIL},
    ("professional", "treating-doctor", "closed"): {A.FIND_PATIENT},
    **{("system", tie, "open"): {A.READ_FACTS_AGAIN} for tie in ("none", "authorised", "treating-doctor")},
    **{("structure", tie, "closed"): {A.FIND_PATIENT} for tie in ("none", "authorised", "treating-doctor")},
    **{
        ("structure", tie, "open"): FEEDING | {A.READ_TRAIL} | (READINGS - {A.READ_PATIENT})
        for tie in ("none", "authorised", "treating-doctor")
    },
}
TIES, STATES = ("none", "own", "authorised", "treating-doctor"), ("open", "closed", "erased", None)
CASES = [(who, tie, state) for who, tie, state in product(CALLERS, TIES, STATES) if who == "citizen" or tie != "own"]


def facts_of(tie: str, state: str | None, *, demo: bool = False) -> Facts:
    return Facts(state, frozenset({tie} - {"none", "own"}), own=tie == "own", demo=demo)


@pytest.mark.parametrize(("who", "tie", "state"), CASES)
def test_the_verdicts_are_those_of_the_table(who: str, tie: str, state: str | None) -> None:
    allowed = {action for action in Action if decide(CALLERS[who], action, facts_of(tie, state)).allowed}
    assert allowed == ALLOWED.get((who, tie, str(state)), set())


@pytest.mark.parametrize(("who", "tie", "state"), CASES)
def test_every_verdict_has_a_reason_that_the_trail_knows(who: str, tie: str, state: str | None) -> None:
    assert {decide(CALLERS[who], action, facts_of(tie, state)).reason for action in Action} <= set(Reason)


@pytest.mark.parametrize(
    ("who", "tie", "reason"),
    [
        (CITIZEN, "own", Reason.OWN_RECORD),
        (DOCTOR, "authorised", Reason.AUTHORISED),
        (DOCTOR, "treating-doctor", Reason.TREATING_DOCTOR),
        (STRUCTURE, "none", Reason.DEPOSITOR),
        (DOCTOR, "none", Reason.NO_RIGHT),
        (AGENCY, "none", Reason.NO_RIGHT),
        (UNKNOWN, "none", Reason.UNKNOWN_CALLER),
    ],
)
def test_reading_a_document_says_why(who: Caller, tie: str, reason: Reason) -> None:
    assert decide(who, Action.READ_DOCUMENT, facts_of(tie, "open")).reason is reason


def test_who_was_authorised_and_is_the_treating_doctor_reads_as_the_treating_doctor() -> None:
    both = Facts("open", frozenset({"authorised", "treating-doctor"}))
    assert decide(DOCTOR, Action.READ_DOCUMENT, both).reason is Reason.TREATING_DOCTOR


def test_a_masked_document_is_hidden_from_the_authorised_and_not_from_the_treating_doctor() -> None:
    assert decide(DOCTOR, Action.READ_DOCUMENT, facts_of("authorised", "open")).hidden == {"MASQUE_PS"}
    assert decide(DOCTOR, Action.READ_DOCUMENT, facts_of("treating-doctor", "open")).hidden == frozenset()
    assert decide(CITIZEN, Action.READ_DOCUMENT, facts_of("own", "open")).hidden == {"INVISIBLE_PATIENT"}


def test_a_structure_sees_only_what_it_deposited() -> None:
    reads = [action for action in Action if decide(STRUCTURE, action, facts_of("none", "open")).scope is Scope.OWN_DEPOSITS]
    assert set(reads) == READINGS - {A.READ_PATIENT}


def test_the_technical_caller_does_all_in_a_demonstration_and_nothing_elsewhere() -> None:
    for action in set(Action) - {A.OPEN_SPACE}:
        assert decide(TECHNICAL, action, Facts("open", demo=True)) == Verdict(True, Reason.TECHNICAL)
        assert decide(TECHNICAL, action, Facts("open", demo=False)) == Verdict(False, Reason.NOT_IN_DEMONSTRATION)
        assert not decide(TECHNICAL, action, Facts("erased", demo=True)).allowed


def test_every_known_caller_reads_the_registry_and_writes_nothing_there() -> None:
    for name, action in product(set(CALLERS) - {"technical", "unknown"}, Action):
        allowed = decide(CALLERS[name], action, Facts("open", registry=True)).allowed
        assert allowed or action not in RESOURCE_READINGS
        assert not (allowed and action is A.WRITE_RESOURCES)


def test_professionals_are_not_told_whom_the_citizen_trusts() -> None:
    for tie in ("authorised", "treating-doctor"):
        assert "Consent" in decide(DOCTOR, Action.READ_RESOURCE, facts_of(tie, "open")).withheld
    assert decide(CITIZEN, Action.READ_RESOURCE, facts_of("own", "open")).withheld == frozenset()


def test_only_the_service_opens_spaces_and_only_in_a_demonstration() -> None:
    for name, demo in product(CALLERS, (True, False)):
        allowed = decide(CALLERS[name], Action.OPEN_SPACE, Facts(None, demo=demo)).allowed
        assert allowed == (demo and name in {"system", "technical"})


def test_silence_refuses() -> None:
    assert decide(CITIZEN, Action.READ_DOCUMENT, facts_of("own", "open"), rules=()) == Verdict(False, Reason.NO_RIGHT)


some_facts = st.builds(
    Facts,
    state=st.sampled_from(STATES),
    relations=st.sets(st.sampled_from(["authorised", "treating-doctor", "something-new"])).map(frozenset),
    own=st.booleans(),
    demo=st.booleans(),
)
some_callers = st.sampled_from(list(CALLERS.values()))


@given(some_callers, st.sampled_from(Action), some_facts, st.permutations(RULES))
def test_the_order_of_the_rules_never_changes_whether(caller: Caller, action: Action, facts: Facts, rules: list) -> None:
    assert decide(caller, action, facts, tuple(rules)).allowed == decide(caller, action, facts).allowed


@given(some_callers, st.sampled_from(Action), some_facts, st.integers(0, len(RULES)))
def test_one_denial_anywhere_refuses(caller: Caller, action: Action, facts: Facts, place: int) -> None:
    def deny(*_: object) -> Verdict:
        return Verdict(False, Reason.NO_RIGHT)

    assert not decide(caller, action, facts, (*RULES[:place], deny, *RULES[place:])).allowed


def test_two_denials_and_one_allowance_refuse_in_any_order() -> None:
    verdicts = (Verdict(False, Reason.NO_RIGHT), Verdict(True, Reason.FEEDING), Verdict(False, Reason.RECORD_CLOSED))
    for order in permutations(verdicts):
        rules = tuple(lambda caller, action, facts, said=verdict: said for verdict in order)
        assert not decide(DOCTOR, Action.READ_DOCUMENT, Facts("open"), rules).allowed


@given(some_callers, st.sampled_from(Action), some_facts)
def test_nothing_but_finding_is_possible_without_an_open_record(caller: Caller, action: Action, facts: Facts) -> None:
    if facts.state != "open" and not facts.own and action not in {Action.OPEN_SPACE, Action.FIND_PATIENT}:
        assert not decide(caller, action, facts).allowed


def test_every_kind_of_caller_is_in_the_table() -> None:
    assert {caller.kind for caller in CALLERS.values()} == set(Kind)
