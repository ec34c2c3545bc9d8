"""The vaccination card, by disease."""

from dataclasses import dataclass

from starlette.responses import Response

from healthspace.edge.portal.health import Sight, SourceRow, open_sight, render, show_sources
from healthspace.edge.portal.language import Language, Moment, Precision, mark, read_moment
from healthspace.edge.portal.visit import Visit
from healthspace.identity.caller import Kind
from healthspace.profile.vaccine_calendar import YEAR, Due, Foreseen, foresee
from healthspace.profile.vaccines import BY_KEY, Dose, Line, fill_card

FORESEEN = {
    Due.NOW: mark("Foreseen from %(age)s on; no proof is shown here."),
    Due.PAST: mark("Was foreseen at %(age)s; no proof is shown here."),
    Due.YEARLY: mark("Foreseen every year from %(age)s on; no dose of the last twelve months is shown here."),
}
"""What is said of a dose that nothing proves. Never that it is missing, and nothing says "up to date"."""


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One dose on the card."""

    name: str
    when: Moment | None
    rank: int | None
    lot: str
    refused: bool
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True, slots=True)
class DiseaseRow:
    """One disease on the card."""

    name: str
    doses: tuple[DoseRow, ...]
    refused: tuple[DoseRow, ...]
    recommended: tuple[tuple[str, Moment | None, tuple[SourceRow, ...]], ...]


@dataclass(frozen=True, slots=True)
class ForeseenRow:
    """What the general calendar foresees: the diseases, in a sentence when; `check` when nothing shown proves the dose."""

    name: str
    text: str
    check: bool


async def show_card(visit: Visit) -> Response:
    """GET /vaccination"""
    sight = await open_sight(visit, ("Immunization", "ImmunizationRecommendation"))
    rows = [show_line(line, sight, visit) for line in fill_card(sight.picture.facts)]
    vaccinates = visit.caller.kind is Kind.PROFESSIONAL
    doses = sum(len(row.doses) for row in rows)
    foreseen = show_foreseen(sight, visit.language)
    return render(
        visit, sight, "vaccination.html", "/vaccination", rows=rows, doses=doses, vaccinates=vaccinates, foreseen=foreseen, year=YEAR
    )


def show_foreseen(sight: Sight, language: Language) -> list[ForeseenRow]:
    """What the calendar foresees, doses to check first; nothing of somebody whose birth date is not known, or who died."""
    patient = sight.picture.patient
    born = read_moment(patient.get("birthDate"))
    if born is None or born.precision is not Precision.DAY or patient.get("deceasedBoolean") or "deceasedDateTime" in patient:
        return []
    found = foresee(sight.picture.facts, born.at.date(), sight.today)
    return [_show_foreseen(one, language) for one in sorted(found, key=lambda one: (one.due is None, one.day if one.due is None else ""))]


def _show_foreseen(one: Foreseen, language: Language) -> ForeseenRow:
    name = ", ".join([*(BY_KEY[key].name(language.code) for key in one.diseases), *filter(None, (one.detail,))])
    years = language.count("%(num)s year", "%(num)s years", one.age // 12)
    age = years if one.age >= 24 else language.count("%(num)s month", "%(num)s months", one.age)
    if one.due is None:
        said = language.say("From %(age)s on: %(date)s.", age=age, date=language.on(read_moment(one.day)))
        return ForeseenRow(name, said, check=False)
    return ForeseenRow(name, language.say(FORESEEN[one.due], age=age), check=True)


def show_line(line: Line, sight: Sight, visit: Visit) -> DiseaseRow:
    """A disease as the card shows it."""
    language = visit.language
    return DiseaseRow(
        name=line.disease.name(language.code) if line.disease else language.say("Other vaccines"),
        doses=tuple(_show_dose(dose, sight, visit) for dose in line.done),
        refused=tuple(_show_dose(dose, sight, visit) for dose in line.refused),
        recommended=tuple((one.name, read_moment(one.time), show_sources(one.fact, sight, visit)) for one in line.recommended),
    )


def _show_dose(dose: Dose, sight: Sight, visit: Visit) -> DoseRow:
    name = dose.name or visit.language.say("Vaccine without a name in its source")
    return DoseRow(name, read_moment(dose.time), dose.rank, dose.lot, dose.refused, show_sources(dose.fact, sight, visit))
