"""The essentials of a citizen's health on their home page: allergies, treatments, vaccines, treating doctor; and one trend."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from healthspace.access.permit import Permit
from healthspace.edge.portal.health import Sight
from healthspace.edge.portal.health_words import SECTIONS, write_result
from healthspace.edge.portal.language import Language, Moment, read_moment
from healthspace.edge.portal.measures import codes_of, show_cards
from healthspace.edge.portal.readers import show_treating
from healthspace.edge.portal.results import SPARE, SPARK, draw_curve
from healthspace.edge.portal.summary import explain_empty
from healthspace.edge.portal.visit import Visit
from healthspace.profile.curves import Series, draw_series, series_of
from healthspace.profile.sections import Section, State, make_sections
from healthspace.record.picture import read_picture
from healthspace.record.results import read_last
from healthspace.resources.stored import Resource

TYPES = ("AllergyIntolerance", "MedicationStatement", "Immunization")
"""What the essentials are read from."""
SHOWN = ("allergies", "treatments", "vaccinations")
PATHS = {"allergies": "/summary", "treatments": "/treatments", "vaccinations": "/vaccination"}
TREND = ("pressure", "weight")
"""Measurements shown as the trend, the first that has at least two values."""
TREND_CODES = codes_of(TREND)
TREND_READ = 24
"""Observations that the trend is drawn from at most: the latest."""
FOLLOWED = ("hba1c", "inr", "ldl", "creatinine", "tsh", "haemoglobin", "cholesterol", "glucose-fasting", "glucose")
"""Results shown as the trend where nothing is measured: what people follow for years, the most telling first."""


@dataclass(frozen=True, slots=True)
class Essential:
    """One card: what it is about, the answer, and a word more."""

    icon: str
    name: str
    value: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Trend:
    """What the home page draws; `href` leads to all of its kind, which `others` names."""

    name: str
    value: str
    when: Moment | None
    chart: Markup
    href: str
    others: str


def show_essentials(facts: Sequence[Resource], teams: Sequence[Resource], language: Language, today: date) -> list[Essential]:
    """Four cards. "None known" and "not filled in" are different answers."""
    sections = {section.key: section for section in make_sections(facts, today.isoformat())}
    return [*(_show_section(sections[key], language) for key in SHOWN), _show_doctor(teams, language)]


async def read_trend(p: Permit, visit: Visit) -> Trend | None:
    """A measurement that was made twice, else a result that is followed; None when the record holds neither."""
    measured = await read_picture(p, ("Observation",), observed={"code": TREND_CODES}, most=TREND_READ)
    sight = Sight(p, measured, None, "", p.now, visit.today)
    tried = (card for key in TREND for card in show_cards(sight, visit, (key,)))
    if card := next((card for card in tried if len(card.rows) > 1), None):
        return Trend(card.name, card.value, card.when, card.chart, "/measures", visit.language.say("All my measurements"))
    read = {key: found.resources for key, found in (await read_last(p, FOLLOWED, SPARK + SPARE)).items() if found.results}
    return _draw_followed(series_of(read, visit.language.code), visit.language)


def _draw_followed(listed: Sequence[Series], language: Language) -> Trend | None:
    by_key = {series.key: series for series in listed}
    curves = (draw_series(by_key[key], language.code) for key in FOLLOWED if key in by_key)
    curve = next((curve for curve in curves if len(curve.drawn) > 1), None)
    if curve is None:
        return None
    value, when = write_result(curve.last, language), read_moment(curve.last.time)
    return Trend(curve.name, value, when, draw_curve(curve, language, "trend"), "/results", language.say("All my results"))


def _show_section(section: Section, language: Language) -> Essential:
    name, icon = SECTIONS[section.key]
    items, others = section.current or section.items, 0
    if section.state is State.TOLD and items:
        others = len(items) - 1
        value, detail = items[0].name, language.count("and %(num)s other", "and %(num)s others", others) if others else ""
        if section.key == "vaccinations":
            latest = max(items, key=lambda item: item.time)
            moment = read_moment(latest.time)
            value, detail = latest.name, language.shortly(moment) if moment else ""
    else:
        value, detail = explain_empty(section, language), ""
    return Essential(icon, language.say(name), value, detail, PATHS[section.key])


def _show_doctor(teams: Sequence[Resource], language: Language) -> Essential:
    doctor = next(iter(show_treating(teams, language)), None)
    value = doctor.name if doctor else language.say("Not filled in")
    return Essential("stethoscope", language.say("Treating doctor"), value, doctor.place if doctor else "", "/privacy")
