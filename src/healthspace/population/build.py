"""The population, one citizen at a time: nothing is kept but the numbers already given."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from healthspace.cda.write.values import Guardian
from healthspace.population.conditions import BY_KEY, Condition, pick_conditions
from healthspace.population.desk import Desk, Life, age_on
from healthspace.population.families import Member, households
from healthspace.population.journeys import live
from healthspace.population.model import Directory, SyntheticCitizen
from healthspace.population.staff import Staff, staff_of

FIRST_CONDITIONS = ("diabetes", "hypertension")
KNOWN_ADULTS = 6
"""The first citizens always have the demonstration's treating doctor."""
RECENT_BIRTH = timedelta(days=4 * 365)
MAJORITY = 18


def build(seed: int, citizens: int, today: date, directory: Directory) -> Iterator[SyntheticCitizen]:
    """That many citizens with their documents, as of that day. The first is a woman of 58 with a long history, the second the
    mother of the third and the fourth. The same arguments give the same bytes, and a larger count begins with the same people."""
    staff = staff_of(directory)
    index = 0
    for household, members in enumerate(households(seed, today)):
        start = index
        for rank in range(len(members)):
            if index >= citizens:
                return
            yield _citizen(seed, today, staff, index, household, start, rank, members)
            index += 1
        if index >= citizens:
            return


def _citizen(
    seed: int, today: date, staff: Staff, index: int, household: int, start: int, rank: int, members: tuple[Member, ...]
) -> SyntheticCitizen:
    member = members[rank]
    random = Random(f"{seed}/{index}")
    age = age_on(member.traits.birth_date, today)
    conditions = _conditions(random, member, age)
    life = Life(
        index=index,
        traits=member.traits,
        home=member.home,
        phone=member.phone,
        kind=member.kind,
        guardian=_guardian(member, members) if age < MAJORITY else None,
        conditions=conditions,
        today=today,
        last_birth=_last_birth(rank, members, today),
    )
    desk = Desk(f"{seed}/{index}", life, staff, random)
    live(desk)
    known = index < KNOWN_ADULTS or random.random() < 0.6
    heart = any(condition.key in ("hypertension", "fibrillation", "heart-failure") for condition in conditions)
    return SyntheticCitizen(
        index=index,
        traits=member.traits,
        home=member.home,
        phone=member.phone,
        household=household,
        parents=tuple(start + parent for parent in member.parents),
        conditions=tuple(condition.key for condition in conditions),
        treating_doctor=known,
        authorised=("specialist",) if heart and (index == 0 or random.random() < 0.7) else (),
        documents=tuple(desk.documents),
    )


def _conditions(random: Random, member: Member, age: int) -> tuple[Condition, ...]:
    if member.kind == "first":
        return tuple(BY_KEY[key] for key in FIRST_CONDITIONS)
    if member.kind == "second":
        return ()
    return pick_conditions(random, age, member.traits.sex)


def _guardian(member: Member, members: tuple[Member, ...]) -> Guardian | None:
    if not member.parents:
        return None
    parent = members[member.parents[-1]]
    traits = parent.traits
    return Guardian(traits.used_family, traits.used_given, "M" if traits.sex == "male" else "MME", parent.phone)


def _last_birth(rank: int, members: tuple[Member, ...], today: date) -> date | None:
    """When a mother last gave birth, if that was lately."""
    if members[rank].traits.sex != "female":
        return None
    births = [member.traits.birth_date for member in members if rank in member.parents]
    last = max(births, default=None)
    return last if last and timedelta(days=5) < today - last < RECENT_BIRTH else None
