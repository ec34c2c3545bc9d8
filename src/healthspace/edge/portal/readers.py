"""Who may read a record in words: whom its holder authorised or took into the care team, whom they blocked, what holds for everybody."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from healthspace.access.facts import key_of
from healthspace.base import clock
from healthspace.edge.portal.frame import ROLE_NAMES, PatientBanner
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.identity.directory import professional_of, structure_of
from healthspace.identity.personas import PROFESSIONALS
from healthspace.record.care_team import FULL_RIGHTS, Function, Member, read_members
from healthspace.record.consents import Choice, Switch, read_choices

PROFESSIONS = {
    "10": mark("Doctor"),
    "21": mark("Pharmacist"),
    "40": mark("Dentist"),
    "50": mark("Midwife"),
    "60": mark("Nurse"),
    "70": mark("Physiotherapist"),
}
"""Professions of TRE_G15 that the directory holds."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A professional, or all who work in a structure, who may or might read a record. `number` is their RPPS or FINESS number.

    `choice` is the id of the Consent that says so, or of the CareTeam they are in, as what `team` says.
    """

    name: str
    role: str
    place: str
    number: str = ""
    choice: str = ""
    of: int = 1
    """Which of those whom the choice names."""
    team: Function | None = None
    since: Moment | None = None
    until: Moment | None = None
    person: bool = True
    place_number: str = ""
    """FINESS number of where they work."""

    @property
    def source(self) -> str:
        """The type of the resource that says so."""
        return "CareTeam" if self.team else "Consent"


@dataclass(frozen=True, slots=True)
class Privacy:
    """All that the page shows: who reads now, whose access has ended, who is blocked, and what holds for everybody."""

    readers: tuple[Reader, ...]
    past: tuple[Reader, ...]
    blocked: tuple[Reader, ...]
    opposed: tuple[Reader, ...]
    """Who is in the care team and does not read, since its holder opposed the team as such."""
    switches: frozenset[Switch]
    ends: dict[Switch, Moment]
    """When those that end by themselves do."""
    team: str
    """The id of one of the care teams; empty when there is none."""
    holder: dict[str, Any]
    banner: PatientBanner | None
    """Whose record it is, when it is that of someone whom the visitor represents."""

    @property
    def around(self) -> dict[str, Any]:
        """What every page of these choices shows around itself."""
        return around(self.holder, self.banner)


@dataclass(frozen=True, slots=True)
class SwitchShown:
    """A choice for everybody in words: ticked means that it is allowed."""

    switch: Switch
    label: str
    hint: str
    inverted: bool
    """Ticked when the switch is off: people are asked what they allow, not what they oppose."""


IN_TEAM = {
    Function.TREATING: mark("Treating doctor"),
    Function.ADMINISTRATOR: mark("With the treating doctor’s rights"),
    Function.PHARMACIST: mark("Corresponding pharmacist"),
    Function.MIDWIFE: mark("Referent midwife"),
    Function.MEMBER: mark("Care team"),
}
"""What one is in the care team."""
SWITCHES = (
    SwitchShown(
        Switch.NO_REGULATION,
        mark("The emergency call doctor (15) may open the record"),
        mark("Only in an emergency. The history says so, and it is told at once."),
        True,
    ),
    SwitchShown(
        Switch.NO_EMERGENCY,
        mark("In an emergency, any other professional may open it"),
        mark("If life is at risk and the person cannot speak. They write why; the person and their treating doctor are told."),
        True,
    ),
    SwitchShown(
        Switch.MASKED_IN_EMERGENCY,
        mark("In an emergency, they also read what is hidden"),
        mark("Without it, hidden documents stay hidden even then."),
        False,
    ),
    SwitchShown(
        Switch.MASK_ALL,
        mark("Hide all documents, those to come too"),
        mark("Professionals then see only what is shown to them one by one. This can affect care. The treating doctor still sees all."),
        False,
    ),
    SwitchShown(
        Switch.NO_TEAM,
        mark("The members of the care team may read without being authorised one by one"),
        mark("The treating doctor, and whoever has the same rights, read in any case."),
        True,
    ),
)


def switches_for(team: str) -> list[SwitchShown]:
    """The switches of a record; without a care team (`team` is the id of one) there is nothing to say about it."""
    return [one for one in SWITCHES if team or one.switch is not Switch.NO_TEAM]


def around(holder: dict[str, Any], banner: PatientBanner | None) -> dict[str, Any]:
    """Whose record a page of choices is about: the visitor's, or that of someone whom they represent."""
    return {"current": "/privacy", "tab": "/privacy", "holder": holder, "patient": banner, "own": banner is None}


def show_choices(
    consents: Sequence[dict[str, Any]],
    teams: Sequence[dict[str, Any]],
    now: datetime,
    language: Language,
    holder: dict[str, Any],
    banner: PatientBanner | None = None,
) -> Privacy:
    """Who may read now, treating doctors first, then the care team and the latest authorised; whose time has ended; who is blocked."""
    choices, members = read_choices(consents, now), read_members(teams, now)
    blocked = [_show_choice(choice, language) for choice in choices.blocked]
    shut = {reader.number for reader in blocked}
    team = [_show_member(one, language) for one in members]
    opposed = [one for one in team if Switch.NO_TEAM in choices.switches and one.team not in FULL_RIGHTS]
    reading = [*(one for one in team if one not in opposed), *(_show_choice(choice, language) for choice in choices.authorised)]
    reading = [reader for reader in reading if not {reader.number, reader.place_number} & shut]
    told = _numbered([*reading, *opposed])
    return Privacy(
        told[: len(reading)],
        tuple(_show_choice(choice, language) for choice in choices.ended),
        tuple(blocked),
        told[len(reading) :],
        frozenset(choices.switches),
        {switch: moment for switch, end in choices.ends.items() if (moment := read_moment(end))},
        members[0].team if members else "",
        holder,
        banner,
    )


def show_treating(teams: Sequence[dict[str, Any]], language: Language) -> list[Reader]:
    """The treating doctors that the care teams of the record name."""
    return [_show_member(one, language) for one in read_members(teams, clock.now()) if one.function is Function.TREATING]


def show_reader(
    actor: dict[str, Any], language: Language, *, choice: str = "", team: Function | None = None, period: dict[str, str] | None = None
) -> Reader:
    """A professional or a place as the directory knows them today; as the choice named them when it does not."""
    kind, _, number = (key_of(actor) or "").partition("|")
    person, structure = professional_of(number) if kind == "rpps" else None, structure_of(number) if kind == "finess" else None
    name, role, place, place_number = str(actor.get("display", "")), "", "", ""
    if person is not None:
        persona = next((role for role, one in PROFESSIONALS.items() if one is person and team is not Function.TREATING), None)
        named = ROLE_NAMES[persona] if persona else PROFESSIONS.get(person.profession, "")
        name, role = f"{person.given} {person.family}", language.say(named) if named else ""
        place, place_number = person.structure.name, person.structure.finess
    elif structure is not None:
        name, role, place = structure.name, language.say("All who work there"), structure.city
    since, until = read_moment((period or {}).get("start")), read_moment((period or {}).get("end"))
    return Reader(
        name,
        role,
        place,
        number=number,
        choice=choice,
        team=team,
        since=since,
        until=until,
        person=kind == "rpps",
        place_number=place_number,
    )


def _show_choice(choice: Choice, language: Language) -> Reader:
    return show_reader(choice.actor, language, choice=choice.id, period=choice.period)


def _show_member(member: Member, language: Language) -> Reader:
    return show_reader(member.who, language, choice=member.team, team=member.function, period=member.period)


def _numbered(readers: Iterable[Reader]) -> tuple[Reader, ...]:
    """`readers`, each saying which of those it is whom their choice names."""
    met, told = Counter[str](), list[Reader]()
    for reader in readers:
        met[reader.choice] += 1
        told.append(replace(reader, of=met[reader.choice]))
    return tuple(told)
