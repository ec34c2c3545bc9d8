"""The access rules, as one table: who may do what, for which tie to the citizen, in which mode and state of the record."""

from dataclasses import replace
from itertools import permutations, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.access.rules import HOLDER_ACTIONS, RULES, Action, Facts, Reason, Scope, Tie, Verdict, decide
from healthspace.access.states import FOR_ANYONE, FOR_HOLDER, State
from healthspace.identity.caller import SERVICE, TECHNICAL, UNKNOWN, Caller, Kind, Purpose, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role

CITIZEN = caller_of_citizen(UUID(int=1))
DOCTOR, STRUCTURE = caller_of_role(Role.SPECIALIST), caller_of_role(Role.LABORATORY)
AGENCY, REGULATOR, OCCUPATIONAL = caller_of_role(Role.AGENCY), caller_of_role(Role.REGULATOR), caller_of_role(Role.OCCUPATIONAL_DOCTOR)
CALLERS = {
    "citizen": CITIZEN,
    "professional": DOCTOR,
    "structure": STRUCTURE,
    "agency": AGENCY,
    "system": SERVICE,
    "technical": TECHNICAL,
    "unknown": UNKNOWN,
}
REGULATING = replace(REGULATOR, purpose=Purpose.ETREAT)
URGENT = replace(DOCTOR, purpose=Purpose.BTG, why="Unconscious after an accident")

A = Action
DOCUMENT_READINGS = {A.READ_PATIENT, A.READ_RECORD, A.SEARCH_DOCUMENTS, A.READ_DOCUMENT, A.READ_CONTENT, A.SEARCH_SUBMISSIONS}
READINGS = DOCUMENT_READINGS | {A.READ_RESOURCE, A.SEARCH_RESOURCES, A.READ_HISTORY}
CHANGES = {A.CHANGE_DOCUMENT, A.MASK_DOCUMENT, A.RELEASE_DOCUMENT, A.WITHDRAW_DOCUMENT, A.ARCHIVE_DOCUMENT}
FEEDING = {A.FIND_PATIENT, A.DEPOSIT_DOCUMENT, A.ANSWER_CORRECTION, A.READ_ACCESS, A.READ_TRAIL}
OWN_DEPOSITS = FEEDING | (READINGS - {A.READ_PATIENT}) | CHANGES
HOLDING = HOLDER_ACTIONS - {A.OBJECT_TO_SPACE}
TREATING = READINGS | CHANGES

# Caller, tie to the citizen → what is allowed while the record is open. Whatever is not here is refused.
ALLOWED: dict[tuple[str, str], set[Action]] = {
    ("citizen", "own"): set(HOLDING),
    ("citizen", "representative"): set(HOLDING) | {A.ANSWER_INVITATION},
    ("citizen", "carer"): (READINGS - {A.READ_CONTENT, A.READ_HISTORY}) | {A.FIND_PATIENT, A.READ_ACCESS, A.ANSWER_INVITATION},
    ("citizen", "invited"): {A.READ_ACCESS, A.ANSWER_INVITATION},
    ("professional", "none"): FEEDING | {A.COLLECT_ACCESS},
    **{("professional", tie): FEEDING | READINGS | CHANGES | {A.COLLECT_ACCESS} for tie in ("authorised", "member")},
    **{("professional", tie): FEEDING | READINGS | CHANGES | {A.COLLECT_ACCESS} for tie in ("pharmacist", "midwife")},
    **{("professional", tie): FEEDING | TREATING | {A.COLLECT_ACCESS} for tie in ("treating-doctor", "administrator")},
    ("professional", "blocked"): FEEDING,
    **{("structure", tie): OWN_DEPOSITS for tie in ("none", "authorised", "member")},
    ("structure", "blocked"): FEEDING,
}
TIES = ("none", "own", "representative", "carer", "invited", "authorised", "member", "pharmacist", "midwife", "treating-doctor",
        "administrator", "blocked")  # fmt: skip
STATES = (*State, None)
OF_CITIZENS, OF_PROFESSIONALS = {"own", "representative", "carer", "invited"}, set(TIES[5:])
CASES = [
    (who, tie)
    for who, tie in product(CALLERS, TIES)
    if who not in {"system", "technical"}
    and (who == "citizen" or tie not in OF_CITIZENS)
    and (who != "citizen" or tie not in OF_PROFESSIONALS)
]


def facts_of(tie: str, state: str | None = "open", *more: str, demo: bool = False) -> Facts:
    return Facts(state, frozenset({tie, *more} - {"none", "own"}), own=tie == "own", demo=demo)


def allowed_to(caller: Caller, facts: Facts) -> set[Action]:
    return {action for action in Action if decide(caller, action, facts).allowed}


@pytest.mark.parametrize(("who", "tie"), CASES)
@pytest.mark.parametrize("state", STATES)
def test_the_verdicts_are_those_of_the_table(who: str, tie: str, state: str | None) -> None:
    expected = set(
        ALLOWED.get((who, tie), {A.FIND_PATIENT, A.DEPOSIT_DOCUMENT, A.ANSWER_CORRECTION, A.READ_ACCESS} if who == "structure" else set())
    )
    if who == "structure" and (who, tie) not in ALLOWED:
        expected = set(OWN_DEPOSITS)
    if who == "agency":
        expected |= {A.SUSPEND_SPACE, A.CLOSE_SPACE, A.RESUME_SPACE} - ({A.RESUME_SPACE} if state == "open" else set())
    holder = tie in {"own", "representative"}
    if state != "open":
        everything = set(HOLDER_ACTIONS) | {A.ANSWER_INVITATION} if tie == "representative" else set(HOLDER_ACTIONS)
        left = (FOR_HOLDER if holder else FOR_ANYONE).get(str(state), frozenset())
        expected = (everything if holder else expected) & set(left)
    assert allowed_to(CALLERS[who], facts_of(tie, state)) == expected


@pytest.mark.parametrize(
    ("who", "tie", "reason"),
    [
        (CITIZEN, "own", Reason.OWN_RECORD),
        (CITIZEN, "representative", Reason.REPRESENTATIVE),
        (CITIZEN, "carer", Reason.CARER),
        (CITIZEN, "invited", Reason.NO_RIGHT),
        (DOCTOR, "authorised", Reason.AUTHORISED),
        (DOCTOR, "member", Reason.CARE_TEAM),
        (DOCTOR, "treating-doctor", Reason.TREATING_DOCTOR),
        (DOCTOR, "administrator", Reason.ADMINISTRATOR),
        (DOCTOR, "blocked", Reason.BLOCKED),
        (DOCTOR, "none", Reason.NO_RIGHT),
        (URGENT, "none", Reason.BREAK_GLASS),
        (REGULATING, "none", Reason.REGULATION),
        (replace(DOCTOR, purpose=Purpose.ETREAT), "none", Reason.NOT_REGULATION),
        (replace(DOCTOR, purpose=Purpose.BTG, why=" "), "none", Reason.REASON_MISSING),
        (OCCUPATIONAL, "authorised", Reason.NO_CONSENT),
        (OCCUPATIONAL, "express", Reason.AUTHORISED),
        (STRUCTURE, "none", Reason.DEPOSITOR),
        (AGENCY, "none", Reason.NO_RIGHT),
        (UNKNOWN, "none", Reason.UNKNOWN_CALLER),
    ],
)
def test_reading_a_document_says_why(who: Caller, tie: str, reason: Reason) -> None:
    assert decide(who, A.READ_DOCUMENT, facts_of(tie)).reason is reason


def test_an_authorisation_that_ran_out_is_said() -> None:
    assert decide(DOCTOR, A.READ_DOCUMENT, Facts("open", expired=True)) == Verdict(False, Reason.EXPIRED)


@pytest.mark.parametrize(
    ("caller", "switch"), [(URGENT, Tie.NO_BREAK_GLASS), (replace(REGULATOR, purpose=Purpose.ETREAT), Tie.NO_REGULATION)]
)
def test_each_emergency_has_a_switch_of_its_own(caller: Caller, switch: Tie) -> None:
    other = ({Tie.NO_BREAK_GLASS, Tie.NO_REGULATION} - {switch}).pop()
    assert decide(caller, A.READ_DOCUMENT, facts_of("none", "open", switch)).reason is Reason.EMERGENCY_OPPOSED
    assert decide(caller, A.READ_DOCUMENT, facts_of("none", "open", other)).allowed


@pytest.mark.parametrize("caller", [URGENT, REGULATING])
def test_no_emergency_overrides_a_block(caller: Caller) -> None:
    for tie in ("none", "authorised", "treating-doctor"):
        assert decide(caller, A.READ_DOCUMENT, facts_of(tie, "open", Tie.BLOCKED)).reason is Reason.BLOCKED


def test_masked_documents_are_read_in_an_emergency_only_when_the_citizen_said_so() -> None:
    assert decide(URGENT, A.READ_DOCUMENT, facts_of("none")).hidden == {"MASQUE_PS", "HOLDER_ONLY"}
    assert decide(URGENT, A.READ_DOCUMENT, facts_of("none", "open", Tie.MASKED_IN_EMERGENCY)).hidden == {"HOLDER_ONLY"}


def test_who_opposes_the_care_team_keeps_those_they_authorised() -> None:
    assert not decide(DOCTOR, A.READ_DOCUMENT, facts_of("member", "open", Tie.NO_TEAM)).allowed
    assert decide(DOCTOR, A.READ_DOCUMENT, facts_of("member", "open", Tie.NO_TEAM, Tie.AUTHORISED)).reason is Reason.AUTHORISED


def test_a_masked_document_is_hidden_from_the_authorised_and_not_from_the_treating_doctor() -> None:
    assert decide(DOCTOR, A.READ_DOCUMENT, facts_of("authorised")).hidden == {"MASQUE_PS", "HOLDER_ONLY"}
    assert decide(DOCTOR, A.READ_DOCUMENT, facts_of("treating-doctor")).hidden == {"HOLDER_ONLY"}
    assert decide(CITIZEN, A.READ_DOCUMENT, facts_of("own")).hidden == {"INVISIBLE_PATIENT"}
    both = {"INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"}
    assert decide(CITIZEN, A.READ_DOCUMENT, facts_of("representative")).hidden == both
    assert decide(CITIZEN, A.READ_DOCUMENT, facts_of("carer")).hidden == both | {"HOLDER_ONLY"}


def test_all_masked_by_default_binds_whom_masks_bind() -> None:
    masked = Tie.MASKED_BY_DEFAULT
    assert decide(DOCTOR, A.READ_DOCUMENT, facts_of("authorised", "open", masked)).scope is Scope.SHOWN
    assert decide(DOCTOR, A.READ_DOCUMENT, facts_of("treating-doctor", "open", masked)).scope is Scope.ALL
    assert decide(CITIZEN, A.READ_DOCUMENT, facts_of("own", "open", masked)).scope is Scope.ALL


def test_a_structure_sees_only_what_it_deposited() -> None:
    reads = [action for action in Action if decide(STRUCTURE, action, facts_of("none")).scope is Scope.OWN_DEPOSITS]
    assert set(reads) == (READINGS - {A.READ_PATIENT}) | CHANGES


def test_the_technical_caller_does_all_in_a_demonstration_and_nothing_elsewhere() -> None:
    for action in FOR_ANYONE[State.OPEN]:
        assert decide(TECHNICAL, action, Facts("open", demo=True)) == Verdict(True, Reason.TECHNICAL)
        assert decide(TECHNICAL, action, Facts("open", demo=False)) == Verdict(False, Reason.NOT_IN_DEMONSTRATION)
        assert not decide(TECHNICAL, action, Facts("erased", demo=True)).allowed


def test_every_known_caller_reads_the_registry_and_writes_nothing_there() -> None:
    for name, action in product(set(CALLERS) - {"technical", "unknown"}, (A.READ_RESOURCE, A.SEARCH_RESOURCES, A.WRITE_RESOURCES)):
        assert decide(CALLERS[name], action, Facts("open", registry=True)).allowed == (action is not A.WRITE_RESOURCES)


def test_professionals_are_told_only_of_consents_that_name_them() -> None:
    for tie in ("authorised", "treating-doctor"):
        assert decide(DOCTOR, A.READ_RESOURCE, facts_of(tie)).concerned == {"Consent"}
    assert decide(CITIZEN, A.READ_RESOURCE, facts_of("own")).withheld == frozenset()


def test_only_the_service_opens_spaces_and_only_in_a_demonstration() -> None:
    for name, demo in product(CALLERS, (True, False)):
        allowed = decide(CALLERS[name], A.OPEN_SPACE, Facts(None, demo=demo)).allowed
        assert allowed == (demo and name in {"system", "technical"})


def test_silence_refuses() -> None:
    assert decide(CITIZEN, A.READ_DOCUMENT, facts_of("own"), rules=()) == Verdict(False, Reason.NO_RIGHT)


some_facts = st.builds(
    Facts,
    state=st.sampled_from(STATES),
    relations=st.sets(st.sampled_from([*Tie, "something-new"])).map(frozenset),
    own=st.booleans(),
    registry=st.booleans(),
    demo=st.booleans(),
)
some_callers = st.sampled_from([*CALLERS.values(), URGENT, REGULATOR, REGULATING, OCCUPATIONAL])


@given(some_callers, st.sampled_from(Action), some_facts, st.permutations(RULES))
def test_the_order_of_the_rules_never_changes_whether(caller: Caller, action: Action, facts: Facts, rules: list) -> None:
    assert decide(caller, action, facts, tuple(rules)).allowed == decide(caller, action, facts).allowed


@given(some_callers, st.sampled_from(Action), some_facts)
def test_the_rules_that_are_not_asked_have_nothing_to_say(caller: Caller, action: Action, facts: Facts) -> None:
    assert decide(caller, action, facts) == decide(caller, action, facts, RULES)


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


CHOSEN = [tie for tie in Tie if tie is not Tie.DECEASED]
"""A death is nobody's consent: it leaves nothing to the holder's access."""


@given(st.sampled_from(Action), some_facts, st.sampled_from(CHOSEN))
def test_no_consent_ever_takes_a_right_from_the_citizen(action: Action, facts: Facts, more: Tie) -> None:
    own = replace(facts, own=True, relations=facts.relations - {Tie.DECEASED})
    before, after = decide(CITIZEN, action, own), decide(CITIZEN, action, replace(own, relations=own.relations - {more} | {more}))
    plain = decide(CITIZEN, action, replace(own, relations=frozenset()))
    assert plain.allowed <= before.allowed
    assert plain.allowed <= after.allowed
    if plain.allowed and after.allowed:
        assert after.hidden <= plain.hidden | {"INVISIBLE_REPRESENTANTS_LEGAUX"}


@pytest.mark.parametrize("state", STATES)
def test_no_single_fact_takes_a_right_from_the_citizen_in_any_state(state: str | None) -> None:
    for action, demo in product(Action, (True, False)):
        plain = decide(CITIZEN, action, facts_of("own", state, demo=demo)).allowed
        assert all(plain <= decide(CITIZEN, action, facts_of("own", state, tie, demo=demo)).allowed for tie in CHOSEN)


@pytest.mark.parametrize("tie", ["own", "representative"])
def test_a_death_leaves_nothing_to_the_holders_access_and_the_insurance_may_undo_it(tie: str) -> None:
    assert allowed_to(CITIZEN, facts_of(tie, "closed", Tie.DECEASED)) == {A.FIND_PATIENT}
    assert allowed_to(AGENCY, facts_of("none", "closed", Tie.DECEASED)) == {A.RESUME_SPACE}
    assert allowed_to(AGENCY, facts_of("none", "closed")) == set()


@given(some_callers, st.sampled_from(Action), some_facts)
def test_a_block_never_gives_anything(caller: Caller, action: Action, facts: Facts) -> None:
    blocked = replace(facts, relations=facts.relations | {Tie.BLOCKED})
    assert (
        decide(caller, action, blocked).allowed <= decide(caller, action, replace(facts, relations=facts.relations - {Tie.BLOCKED})).allowed
    )


@given(some_callers, st.sampled_from(Action), some_facts)
def test_every_verdict_has_a_reason_that_the_trail_knows(caller: Caller, action: Action, facts: Facts) -> None:
    assert decide(caller, action, facts).reason in set(Reason)


def test_every_kind_of_caller_is_in_the_table() -> None:
    assert {caller.kind for caller in CALLERS.values()} == set(Kind)
