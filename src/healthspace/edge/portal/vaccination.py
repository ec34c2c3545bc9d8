"""The vaccination card, by disease."""

from dataclasses import dataclass

from starlette.responses import Response

from healthspace.edge.portal.health import Sight, SourceRow, open_sight, render, show_sources
from healthspace.edge.portal.language import Moment, read_moment
from healthspace.edge.portal.visit import Visit
from healthspace.identity.caller import Kind
from healthspace.profile.vaccines import Dose, Line, fill_card


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


async def show_card(visit: Visit) -> Response:
    """GET /vaccination"""
    sight = await open_sight(visit, ("Immunization", "ImmunizationRecommendation"))
    rows = [show_line(line, sight, visit) for line in fill_card(sight.picture.facts)]
    vaccinates = visit.caller.kind is Kind.PROFESSIONAL
    doses = sum(len(row.doses) for row in rows)
    return render(visit, sight, "vaccination.html", "/vaccination", rows=rows, doses=doses, vaccinates=vaccinates)


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
