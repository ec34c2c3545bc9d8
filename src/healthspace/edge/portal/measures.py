"""Measurements that a citizen takes: the latest of each, curves, blood pressure, growth of a child; adding one in three fields."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from healthspace.base.errors import NotFound
from healthspace.edge.portal.charts import Chart, Mark, Series, draw, write_number
from healthspace.edge.portal.health import Sight, SourceRow, open_sight, render, show_sources
from healthspace.edge.portal.health_words import MEASURES, write_result, write_unit, write_value
from healthspace.edge.portal.language import Language, Moment, read_moment
from healthspace.edge.portal.results import date_ticks, decimal_of, draw_curve
from healthspace.edge.portal.visit import Visit
from healthspace.profile.analytes import ANALYTES
from healthspace.profile.curves import Curve, by_curve, draw_series, series_of
from healthspace.profile.elements import codings_of, is_from_citizen
from healthspace.profile.measures import BY_KEY, DIASTOLIC, GROWTH, PRESSURE, SYSTOLIC, VITALS, Pressure, grow, read_pressures
from healthspace.profile.merge import Merged
from healthspace.terminology.uris import LOINC

CHILD = 18 * 12
"""Months of age until which growth is shown by age."""
ROWS = 100
"""Measurements that a chart and a file hold: the latest."""
SHOWN = 12
"""Those that a table on the page shows."""
PRESSURE_NAME = MEASURES["pressure"]


def codes_of(keys: Collection[str]) -> frozenset[str]:
    """The LOINC codes of some kinds of measurements."""
    pressures = {SYSTOLIC, DIASTOLIC, PRESSURE} if "pressure" in keys else set[str]()
    return frozenset({*pressures, *(code for one in ANALYTES if one.key in keys for code in one.codes)})


MEASURE_CODES = codes_of(VITALS)
PAIRED = {f"loinc-{code}" for code in (SYSTOLIC, DIASTOLIC, PRESSURE)}


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement in a table. `about` is its resource when the reader entered it, and may take it back."""

    when: Moment | None
    value: str
    sources: tuple[SourceRow, ...]
    about: str


@dataclass(frozen=True, slots=True)
class MeasureCard:
    """One kind of measurement: its latest, its chart, its table."""

    key: str
    name: str
    value: str
    when: Moment | None
    chart: Markup
    rows: tuple[Reading, ...]
    count: int
    """How many there are for the file; the page has rows for the latest."""
    note: str


async def show_measures(visit: Visit) -> Response:
    """GET /measures"""
    sight = await open_sight(visit, ("Observation",), observed={"code": MEASURE_CODES})
    cards = show_cards(sight, visit)
    latest = {card.key: card for card in cards}
    return render(visit, sight, "measures.html", "/measures", cards=cards, kinds=list(MEASURES.items()), latest=latest, shown=SHOWN)


async def export_measures(visit: Visit) -> Response:
    """GET /measures/{key}/csv: the table of one measurement as a file; NotFound when there is none."""
    sight = await open_sight(visit, ("Observation",), observed={"code": MEASURE_CODES})
    card = next(iter(show_cards(sight, visit, (visit.request.path_params["key"],), most=ROWS)), None)
    if card is None or not sight.takes:
        raise NotFound
    lines = [f"{row.when.at.isoformat() if row.when else ''};{_plain(row.value)};{_plain(row.sources[0].title)}" for row in card.rows]
    header = ";".join((visit.language.say("Date"), visit.language.say("Value"), visit.language.say("Source")))
    body = "\ufeff" + "\r\n".join([header, *lines]) + "\r\n"
    headers = {
        "content-disposition": 'attachment; filename="measures.csv"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def show_cards(sight: Sight, visit: Visit, only: Collection[str] = (), *, most: int = SHOWN) -> list[MeasureCard]:
    """A card for each kind that the record holds, in the order of the kinds, with its `most` latest; `only` some when they are named."""
    codes = codes_of(only or VITALS)
    observations = [one for one in sight.picture.facts if one["resourceType"] == "Observation" and has_code(one, codes)]
    groups = {key: group for key, group in by_curve(observations).items() if key in VITALS - PAIRED}
    curves = {series.key: series for series in series_of(groups, visit.language.code)}
    pressures = read_pressures(observations)
    order = [
        *(kind for kind in BY_KEY if kind in curves or (kind == "pressure" and pressures)),
        *(key for key in curves if key not in BY_KEY),
    ]
    wanted = [key for key in order if not only or key in only]
    return [
        _pressure_card(pressures, sight, visit, most)
        if key == "pressure"
        else _card(draw_series(curves[key], visit.language.code), sight, visit, most)
        for key in wanted
    ]


def has_code(observation: dict[str, object], codes: Collection[str]) -> bool:
    """Whether an Observation is of one of some LOINC codes."""
    return any(system == LOINC and code in codes for system, code in codings_of(observation.get("code")))


def _card(curve: Curve, sight: Sight, visit: Visit, most: int) -> MeasureCard:
    language = visit.language
    born = str(sight.picture.patient.get("birthDate", ""))
    ages = grow(curve, born) if curve.key in GROWTH else []
    growing = bool(ages) and ages[-1][0] < CHILD
    chart = draw_growth(curve, ages, language) if growing else draw_curve(curve, language, curve.key)
    note = language.say("By age, without reference lines: ask your doctor how to read them.") if growing else ""
    rows = tuple(
        Reading(read_moment(point.time), write_result(point, language), show_sources(point.fact, sight, visit), _own(point.fact, sight))
        for point in reversed(curve.points[-most:])
    )
    return MeasureCard(curve.key, curve.name, rows[0].value, rows[0].when, chart, rows, min(len(curve.points), ROWS), note)


def _pressure_card(pressures: Sequence[Pressure], sight: Sight, visit: Visit, most: int) -> MeasureCard:
    language = visit.language
    rows = tuple(
        Reading(read_moment(one.time), write_pressure(one, language), show_sources(one.fact, sight, visit), _own(one.fact, sight))
        for one in reversed(pressures[-most:])
    )
    note = language.say("Full line: systolic (the higher number). Dashes: diastolic.")
    chart = draw_pressures(pressures[-ROWS:], language)
    count = min(len(pressures), ROWS)
    return MeasureCard("pressure", language.say(PRESSURE_NAME), rows[0].value, rows[0].when, chart, rows, count, note)


def write_pressure(one: Pressure, language: Language) -> str:
    """ "132/84 mmHg" """
    decimal = decimal_of(language)
    return f"{write_number(one.systolic, decimal)}/{write_number(one.diastolic, decimal)}\N{NO-BREAK SPACE}mmHg"


def draw_pressures(pressures: Sequence[Pressure], language: Language) -> Markup:
    """Both pressures in one drawing."""
    upper = Series(tuple(Mark(one.at, one.systolic) for one in pressures), language.say("Systolic"))
    lower = Series(tuple(Mark(one.at, one.diastolic) for one in pressures), language.say("Diastolic"))
    first, last = write_pressure(pressures[0], language), write_pressure(pressures[-1], language)
    text = language.say("From %(first)s to %(last)s.", first=first, last=last)
    title = language.say(PRESSURE_NAME)
    return draw(Chart("pressure", title, text, "mmHg", (upper, lower), date_ticks(upper.marks, language)), decimal_of(language))


def draw_growth(curve: Curve, ages: Sequence[tuple[float, float]], language: Language) -> Markup:
    """A measurement by age. No percentile is drawn: no reference data with a licence that fits comes with the program."""
    marks = tuple(Mark(max(age, 0.0), value) for age, value in ages)
    ticks = tuple((mark.x, say_age(mark.x, language)) for mark in marks)
    distinct = tuple(tick for number, tick in enumerate(ticks) if number in {0, len(ticks) - 1} or ticks[number - 1][1] != tick[1])
    first, last = (write_value(value, curve.unit, language) for value in (ages[0][1], ages[-1][1]))
    text = language.say("From %(first)s to %(last)s.", first=first, last=last)
    title = language.say("%(name)s by age", name=curve.name)
    return draw(Chart(curve.key, title, text, write_unit(curve.unit, language), (Series(marks),), distinct), decimal_of(language))


def say_age(months: float, language: Language) -> str:
    """An age under an axis: months below two years, then years."""
    if months < 24:
        return language.count("%(num)s month", "%(num)s months", round(months))
    return language.count("%(num)s year", "%(num)s years", int(months // 12))


def _own(fact: Merged, sight: Sight) -> str:
    only = all(statement.get("meta", {}).get("source") is None for statement in fact.statements)
    mine = only and sight.enters and is_from_citizen(fact.resource)
    return f"{fact.resource['resourceType']}/{fact.resource.get('id', '')}" if mine else ""


def _plain(text: str) -> str:
    """A field of the file: no separator, and no sign that a spreadsheet takes for a formula."""
    kept = text.replace(";", ",").replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
    return f"'{kept}" if kept[:1] in "=+-@" and kept[:1] else kept
