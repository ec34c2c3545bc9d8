"""What pages say of the trail: who did what and by what right, what there is to do, who may read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from healthspace.access.rules import Action, Reason
from healthspace.audit.reading import TraceLine
from healthspace.edge.portal.home import find_last_visit, find_tasks, show_looks
from healthspace.edge.portal.language import Language
from healthspace.edge.portal.privacy import show_choices
from healthspace.edge.portal.trail_view import ACTS, REASONS, group_by_day, show_line
from healthspace.edge.portal.views import show_rows
from tests.pure.test_portal_views import EN, FR, NOW, a_reference


def a_line(**changes: Any) -> TraceLine:
    line = {
        "at": NOW,
        "id": UUID(int=7),
        "action": Action.READ_DOCUMENT.value,
        "outcome": "done",
        "reason": Reason.AUTHORISED.value,
        "kind": "professional",
        "role": "specialist",
        "name": "Karim BENALI",
        "structure": "Cabinet de cardiologie du Mail",
        "targets": (f"DocumentReference/{UUID(int=1)}",),
    }
    return TraceLine(**{**line, **changes})


def own_line(**changes: Any) -> TraceLine:
    return a_line(**{"reason": "own-record", "kind": "citizen", "role": "citizen", "name": "", "structure": "", **changes})


def test_a_line_says_who_what_and_by_what_right() -> None:
    entry = show_line(a_line(), FR, {str(UUID(int=1)): "Bilan sanguin"})
    assert (entry.who, entry.role, entry.place) == ("Karim BENALI", "Médecin spécialiste", "Cabinet de cardiologie du Mail")
    assert (entry.what, entry.why, entry.title, entry.outcome) == (
        "Lecture d’un document",
        "Vous avez autorisé ce professionnel.",
        "Bilan sanguin",
        "",
    )


def test_a_refusal_says_that_nothing_was_shown() -> None:
    entry = show_line(a_line(outcome="refused", reason="no-right", targets=()), EN)
    assert (entry.outcome, entry.refused, entry.document) == ("Refused", True, "")
    assert entry.why == "You had not authorised this: nothing was shown."


def test_a_structure_is_said_to_have_seen_only_what_it_added() -> None:
    entry = show_line(a_line(action="record:read", reason="depositor", kind="structure", name="Laboratoire", structure="Laboratoire"), FR)
    assert (entry.what, entry.place) == ("Consultation de ses propres ajouts", "")


def test_what_this_version_does_not_know_is_still_shown() -> None:
    entry = show_line(a_line(action="moon:visit", outcome="unheard-of", reason="because", role="astronaut", name="", kind="unknown"), EN)
    assert (entry.who, entry.role, entry.what, entry.outcome) == (
        "Someone who could not be identified",
        "astronaut",
        "Another act",
        "Failed",
    )


@pytest.mark.parametrize("language", [FR, EN])
def test_every_action_and_reason_has_its_words(language: Language) -> None:
    assert set(ACTS) == set(Action)
    assert set(REASONS) == set(Reason)
    assert all(language.say(text) for text in (*REASONS.values(), *(what for what, _ in ACTS.values())))


def test_repeated_acts_are_told_once_with_their_number() -> None:
    lines = [own_line(at=NOW - timedelta(minutes=minute), id=UUID(int=minute)) for minute in range(3)]
    lines += [a_line(at=NOW - timedelta(minutes=4)), own_line(at=NOW - timedelta(minutes=5)), own_line(at=NOW - timedelta(days=1))]
    days = group_by_day([show_line(line, FR) for line in lines], FR)
    assert [(day.heading, [entry.times for entry in day.entries]) for day in days] == [
        ("Mardi 24 novembre 2026", [3, 1, 1]),
        ("Lundi 23 novembre 2026", [1]),
    ]


def test_the_last_visit_is_the_one_before_this_one() -> None:
    before = NOW - timedelta(days=2)
    lines = [own_line(at=NOW - timedelta(minutes=5)), a_line(at=NOW - timedelta(hours=3)), own_line(at=before)]
    assert find_last_visit(lines, NOW) == before
    assert find_last_visit(lines[:2], NOW) is None


def test_there_is_nothing_to_do_when_everything_was_read() -> None:
    rows = show_rows([a_reference(1), a_reference(2)], FR, NOW)
    assert [task.href for task in find_tasks(rows, [], NOW, FR)] == ["/documents"]
    read = [own_line(targets=(f"DocumentReference/{UUID(int=number)}",)) for number in (1, 2)]
    assert [task.href for task in find_tasks(rows, read[:1], NOW, FR)] == [f"/documents/{UUID(int=2)}"]
    assert find_tasks(rows, read, NOW, FR) == []


def test_a_professional_who_was_refused_is_something_to_decide_until_let_in() -> None:
    refused = a_line(action="record:read", outcome="refused", reason="no-right", at=NOW - timedelta(days=2))
    assert [task.href for task in find_tasks([], [refused], NOW, FR)] == ["/privacy"]
    assert find_tasks([], [a_line(at=NOW - timedelta(days=1)), refused], NOW, FR) == []
    assert find_tasks([], [refused], NOW + timedelta(days=60), FR) == []


def test_no_more_than_three_things_to_do() -> None:
    refused = [a_line(name=f"Dr {number}", outcome="refused", reason="no-right", action="record:read") for number in range(9)]
    assert len(find_tasks(show_rows([a_reference()], FR, NOW), refused, NOW, FR)) == 3


def test_readers_are_the_treating_doctor_then_the_authorised() -> None:
    rpps = "https://rpps.esante.gouv.fr"

    def a_consent(number: int, status: str, value: str) -> dict[str, Any]:
        actor = {"reference": {"identifier": {"system": rpps, "value": value}, "display": "Quelqu’un"}}
        provision = {"type": "permit", "period": {"start": "2026-11-01T10:00:00Z"}, "actor": [actor]}
        return {"id": str(number), "status": status, "dateTime": f"2026-11-0{number}T10:00:00Z", "provision": provision}

    member = {"identifier": {"system": rpps, "value": "81000000011"}}
    team = {"status": "active", "participant": [{"role": [{"coding": [{"code": "PCP"}]}], "member": member}]}
    consents = [a_consent(1, "active", "81000000029"), a_consent(2, "active", "12345678901"), a_consent(3, "inactive", "81000000037")]
    shown = show_choices(consents, [team, {**team, "status": "inactive"}], NOW, FR, {})
    readers, past = list(shown.readers), shown.past
    assert [(reader.name, reader.team is not None, reader.choice) for reader in readers] == [
        ("Hélène MOREL", True, ""),
        ("Quelqu’un", False, "2"),
        ("Karim BENALI", False, "1"),
    ]
    assert [reader.name for reader in past] == ["Sophie LEROUX"]


def test_home_tells_who_opened_the_record_and_not_who_asked_whether_there_is_one() -> None:
    lines = [a_line(action=Action.FIND_PATIENT, name="Qui Cherche"), a_line(action=Action.READ_RECORD, name="Qui Ouvre")]
    looks = show_looks(lines, [], FR)
    assert [look.who for look in looks] == ["Qui Ouvre"]
