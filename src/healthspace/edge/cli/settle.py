"""Settling the synthetic population: each citizen gets a space, a treating doctor, authorisations and documents."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from healthspace.access.permit import Door
from healthspace.access.rules import Action
from healthspace.base.errors import HealthspaceError
from healthspace.edge.cli.intake import Intake
from healthspace.identity.caller import SERVICE, Caller, caller_of_citizen
from healthspace.identity.ins import Ins
from healthspace.identity.personas import HOSPITAL_DOCTORS, PROFESSIONALS, Role
from healthspace.identity.tokens import caller_of_role
from healthspace.population.build import build
from healthspace.population.model import Directory, SyntheticCitizen, SyntheticDocument
from healthspace.record.authorise import authorise, list_access, name_treating_doctor
from healthspace.record.demonstration import Plan, remember_plan
from healthspace.record.draft import Reading
from healthspace.record.life import represent
from healthspace.record.metadata import Described
from healthspace.record.personas import remember_persona
from healthspace.record.spaces import Traits, locate, open_space, owner_of_patient

AT_ONCE = 6
"""Citizens settled side by side: their commits share the wait for the disk."""
PERSONAS = (Role.CITIZEN, Role.PARENT)
"""The first citizens are whom one signs in as."""


def population(plan: Plan, citizens: int) -> Iterator[SyntheticCitizen]:
    """The first `citizens` people of the plan, made as they are asked for."""
    hospital_doctor, radiologist, biologist, care_home_doctor = HOSPITAL_DOCTORS
    directory = Directory(
        treating_doctor=PROFESSIONALS[Role.TREATING_DOCTOR],
        specialist=PROFESSIONALS[Role.SPECIALIST],
        pharmacist=PROFESSIONALS[Role.PHARMACIST],
        nurse=PROFESSIONALS[Role.NURSE],
        hospital_doctor=hospital_doctor,
        radiologist=radiologist,
        biologist=biologist,
        care_home_doctor=care_home_doctor,
    )
    return build(plan.seed, citizens, plan.today, directory)


@dataclass(slots=True)
class Progress:
    """Citizens are completed in any order; the plan counts those before the first that is not."""

    door: Door
    plan: Plan
    ahead: set[int]

    async def complete(self, index: int) -> None:
        self.ahead.add(index)
        complete = self.plan.complete
        while complete in self.ahead:
            self.ahead.remove(complete)
            complete += 1
        if complete > self.plan.complete:
            self.plan = replace(self.plan, complete=complete)
            await remember_plan(self.door, self.plan)


async def settle(door: Door, plan: Plan, citizens: int, limit: int, advance: Callable[[], None]) -> None:
    """Completes the first `citizens` people. Interrupted, it goes on at the next call: nothing is done twice."""
    progress, people, met = Progress(door, plan, set()), population(plan, citizens), list[tuple[Ins, tuple[int, ...]]]()
    making = asyncio.Lock()

    async def work() -> None:
        while True:
            async with making:
                person = await asyncio.to_thread(next, people, None)
            if person is None:
                return
            met.append((Ins(person.traits.ins_system, person.traits.ins_value), person.parents))
            if person.index >= plan.complete:
                await _settle_one(door, person, limit)
                await progress.complete(person.index)
                advance()

    door.announcer.quiet = True  # a population that is made up has years of news, and nobody to tell
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
        await _let_parents_represent(door, met)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    finally:
        door.announcer.quiet = False


async def _let_parents_represent(door: Door, met: list[tuple[Ins, tuple[int, ...]]]) -> None:
    """Parents represent their children who are minors; `met` are all people in their order, with the places of their parents."""
    for ins, parents in met:
        child = await locate(door, ins) if parents else None
        for parent in parents[:2]:
            representative = await locate(door, met[parent][0]) if parent < len(met) else None
            if child is not None and representative is not None:
                async with door.permit(caller_of_citizen(child), Action.INVITE_CARER, owner_of_patient(child)) as p:
                    await represent(p, representative)


async def _settle_one(door: Door, person: SyntheticCitizen, limit: int) -> None:
    ins = Ins(person.traits.ins_system, person.traits.ins_value)
    known = await locate(door, ins)
    patient = known or await _open(door, person, ins)
    if person.index < len(PERSONAS):
        await remember_persona(door, PERSONAS[person.index], patient)
    caller = caller_of_citizen(patient)
    if known is None or not await _has_rights(door, caller, person):
        await _grant(door, caller, person)
    for document in person.documents:
        await _deposit(door, patient, ins, document, limit)


async def _open(door: Door, person: SyntheticCitizen, ins: Ins) -> UUID:
    told = person.traits
    traits = Traits(
        ins=ins,
        family=told.birth_family,
        given=told.givens,
        gender=told.sex,
        birth_date=told.birth_date.isoformat(),
        birthplace=told.birth_place,
        used_family=told.used_family,
        used_given=told.used_given,
    )
    async with door.permit_to_open(SERVICE) as p:
        return await open_space(p, traits)


async def _has_rights(door: Door, caller: Caller, person: SyntheticCitizen) -> bool:
    """Whether an earlier start has granted them: they are granted together."""
    async with door.permit(caller, Action.READ_ACCESS, owner_of_patient(caller.patient)) as p:
        consents, teams = await list_access(p)
    return len(consents) >= len(person.authorised) and (bool(teams) or not person.treating_doctor)


async def _grant(door: Door, caller: Caller, person: SyntheticCitizen) -> None:
    if not (person.treating_doctor or person.authorised):
        return
    async with door.permit(caller, Action.GRANT_ACCESS, owner_of_patient(caller.patient)) as p:
        if person.treating_doctor:
            await name_treating_doctor(p, PROFESSIONALS[Role.TREATING_DOCTOR].rpps)
        for role in person.authorised:
            await authorise(p, PROFESSIONALS[Role(role)].rpps)


async def _deposit(door: Door, patient: UUID, ins: Ins, document: SyntheticDocument, limit: int) -> None:
    caller = caller_of_role(Role(document.depositor), patient=patient)
    intake = Intake(door, caller, Reading(limit, lenient=True))
    described = Described(document.type_code, ins, document.title, document.date, caller, f"urn:oid:{document.unique_id}")
    answer = await intake.take(document.data, described)
    if answer.error is not None:
        raise HealthspaceError(f"a synthetic document was refused: {answer.error.message}", place=answer.error.place)
