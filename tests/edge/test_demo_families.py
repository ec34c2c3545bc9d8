"""In a demonstration, parents represent their children."""

from healthspace.base import clock
from healthspace.base.ids import owner_of
from healthspace.edge.cli.settle import population, settle
from healthspace.identity.ins import Ins
from healthspace.record.demonstration import Plan
from healthspace.record.life import is_minor
from healthspace.record.spaces import locate
from tests.edge.conversation import Desk


async def test_parents_open_the_records_of_their_children_and_nobody_elses(desk: Desk) -> None:
    plan, door = Plan(1, clock.now().date()), desk.service.door
    await settle(door, plan, 4, 1 << 24, lambda: None)
    await settle(door, plan, 4, 1 << 24, lambda: None)
    people = list(population(plan, 4))
    patients = [await locate(door, Ins(person.traits.ins_system, person.traits.ins_value)) for person in people]
    minors = [person for person in people if is_minor({"birthDate": person.traits.birth_date.isoformat()}, plan.today)]
    assert minors
    for child in minors:
        for place, patient in enumerate(patients):
            answer = await desk.get(f"Patient/{patients[child.index]}", patient)
            assert (answer.status_code == 200) == (place == child.index or place in child.parents)
    rows = await desk.connection.fetch("SELECT owner, count(*) AS parents FROM access_fact WHERE kind = 'representative' GROUP BY owner")
    told = {owner_of(patient): len([one for one in child.parents if one < 4]) for child in minors if (patient := patients[child.index])}
    assert {row["owner"]: row["parents"] for row in rows} == told
