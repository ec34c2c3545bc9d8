"""The table of modes: who regulates emergency calls, whose consent must be express."""

from dataclasses import replace

import pytest

from healthspace.access.rules import Action, Facts, Reason, decide
from healthspace.access.terms import Tie
from healthspace.base.errors import Misconfigured
from healthspace.identity.caller import Caller, Purpose, caller_of_professional
from healthspace.identity.modes import HEADER, read_modes
from healthspace.identity.personas import PROFESSIONALS, REGULATION, Professional, Role
from healthspace.identity.tokens import caller_of_role

FIREMAN, REGULATOR, NURSE = (caller_of_role(role) for role in (Role.FIRE_BRIGADE_DOCTOR, Role.REGULATOR, Role.NURSE))
EVERYBODY = "*,*,*,*,any,yes,no,"


def judged(caller: Caller, *ties: str) -> tuple[bool, Reason]:
    verdict = decide(caller, Action.READ_DOCUMENT, Facts("open", frozenset(ties)))
    return verdict.allowed, verdict.reason


def urgent(caller: Caller, purpose: Purpose) -> Caller:
    return replace(caller, purpose=purpose, why="Trouvé inconscient")


@pytest.mark.parametrize("role", [Role.FIRE_BRIGADE_DOCTOR, Role.OCCUPATIONAL_DOCTOR])
def test_the_doctor_of_a_fire_brigade_or_of_a_company_needs_what_the_person_said_themselves(role: Role) -> None:
    caller = caller_of_role(role)
    assert judged(caller, Tie.AUTHORISED) == (False, Reason.NO_CONSENT)
    assert judged(caller, Tie.MEMBER) == (False, Reason.NO_RIGHT)
    assert judged(caller, Tie.AUTHORISED, Tie.EXPRESS) == (True, Reason.AUTHORISED)


def test_a_fire_brigade_doctor_breaks_the_glass_as_any_professional_and_regulates_no_call() -> None:
    assert judged(urgent(FIREMAN, Purpose.BTG)) == (True, Reason.BREAK_GLASS)
    assert judged(urgent(FIREMAN, Purpose.BTG), Tie.NO_BREAK_GLASS) == (False, Reason.EMERGENCY_OPPOSED)
    assert judged(urgent(FIREMAN, Purpose.ETREAT)) == (False, Reason.NOT_REGULATION)


def test_each_emergency_mode_has_its_own_switch() -> None:
    for purpose, ours, other in (
        (Purpose.ETREAT, Tie.NO_REGULATION, Tie.NO_BREAK_GLASS),
        (Purpose.BTG, Tie.NO_BREAK_GLASS, Tie.NO_REGULATION),
    ):
        assert judged(urgent(REGULATOR, purpose), other)[0]
        assert judged(urgent(REGULATOR, purpose), ours) == (False, Reason.EMERGENCY_OPPOSED)
        assert judged(urgent(REGULATOR, purpose), Tie.BLOCKED) == (False, Reason.BLOCKED)


def test_only_doctors_regulate_in_a_regulation_centre() -> None:
    nurse = Professional("81000000999", "LEFORT", "Ève", "MME", "60", "", REGULATION)
    assert judged(urgent(caller_of_professional(None, nurse), Purpose.ETREAT)) == (False, Reason.NOT_REGULATION)
    assert caller_of_professional(None, PROFESSIONALS[Role.REGULATOR]).regulation


def test_a_profession_may_be_kept_from_breaking_the_glass_by_a_row() -> None:
    (_, modes), _ = read_modes([",".join(HEADER), "60,*,*,*,any,no,no,a trial", EVERYBODY])
    assert judged(urgent(replace(NURSE, modes=modes), Purpose.BTG), Tie.AUTHORISED) == (False, Reason.NO_RIGHT)
    assert judged(replace(NURSE, modes=modes), Tie.AUTHORISED) == (True, Reason.AUTHORISED)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        ["profession,consent", EVERYBODY],
        [",".join(HEADER)],
        [",".join(HEADER), "10,*,*,*,any,yes,no,"],
        [",".join(HEADER), "10,*,*,*,perhaps,yes,no,", EVERYBODY],
        [",".join(HEADER), "10,*,*,*,any,oui,no,", EVERYBODY],
        [",".join(HEADER), "10,*,*,any,yes,no", EVERYBODY],
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_whole(rows: list[str]) -> None:
    with pytest.raises(Misconfigured):
        read_modes(rows)
