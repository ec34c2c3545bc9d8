"""Results of laboratories: the latest of each analyte, and one page for its curve."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from markupsafe import Markup
from starlette.responses import Response

from healthspace.access.permit import Permit
from healthspace.base.errors import NotFound
from healthspace.edge.portal.charts import Chart, Mark, Series, draw, draw_spark
from healthspace.edge.portal.health import Sight, SourceRow, look, read_sources_of, render, show_sources
from healthspace.edge.portal.health_words import POSITIONS, name_method, write_range, write_result, write_unit, write_value
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.visit import Visit
from healthspace.profile.curves import Curve, Point, draw_curve_of, draw_series, series_of, tally
from healthspace.profile.curves import Series as Listed
from healthspace.profile.elements import name_of
from healthspace.profile.ranges import Position
from healthspace.record.results import Reading, read_curve, read_last, read_latest

OUT = frozenset({Position.LOW, Position.HIGH, Position.OUTSIDE})
MANY = 120
"""Points that a chart draws at most: the latest."""
CURVES = 40
"""Analytes of a page of the list; only they are drawn."""
SPARK, SPARE = 12, 4
"""Points of a curve in the list, the latest; and results that are read at first beside them, since two may tell one."""
ROWS = 30
"""Rows of a page of the table, the latest first."""


@dataclass(frozen=True, slots=True)
class CurveRow:
    """An analyte in the list of results: its latest result."""

    name: str
    href: str
    value: str
    when: Moment | None
    position: str
    out: bool
    range: str
    source: SourceRow
    spark: Markup
    trend: str


@dataclass(frozen=True, slots=True)
class PointRow:
    """One line of the table behind a curve: the laboratory's own writing, and the value on the curve when that is another."""

    when: Moment | None
    value: str
    moved: str
    range: str
    position: str
    out: bool
    method: str
    sources: tuple[SourceRow, ...]
    note: str


async def show_results(visit: Visit) -> Response:
    """GET /results; ?only=out of those whose latest result is out of its range."""
    code, out = visit.language.code, visit.asked("only") == "out"
    async with look(visit, ()) as sight:
        read = await read_latest(sight.permit)
        listed = series_of({key: reading.resources for key, reading in read.items()}, code)
        chosen = [series for series in listed if not out or series.last.position in OUT]
        last = max(1, -(-len(chosen) // CURVES))
        number = min(visit.number("page"), last)
        curves = await draw_listed(sight.permit, chosen[(number - 1) * CURVES :][:CURVES], read, code)
        await read_sources_of(sight, [curve.last.fact for curve in curves], most=1)
    return render(
        visit,
        sight,
        "results.html",
        "/results",
        rows=[show_curve_row(curve, sight, visit) for curve in curves],
        sentence=say_tally([series.last for series in listed], visit.language),
        outside=sum(series.last.position in OUT for series in listed),
        only=out,
        total=len(listed),
        number=number,
        last=last,
    )


async def draw_listed(p: Permit, listed: Sequence[Listed], read: Mapping[str, Reading], code: str) -> list[Curve]:
    """The curves of one page of the list, of which so much is read that the last points of each are known."""
    curves = {series.key: draw_series(series, code) for series in listed}
    readings, most = {key: read[key] for key in curves}, SPARK + SPARE
    while short := [key for key, curve in curves.items() if not _is_enough(curve, readings[key])]:
        readings |= {key: readings[key].deepened(deeper) for key, deeper in (await read_last(p, short, most)).items()}
        deeper = series_of({key: readings[key].resources for key in short}, code)
        curves |= {series.key: draw_series(series, code) for series in deeper}
        most *= 2
    return list(curves.values())


def _is_enough(curve: Curve, reading: Reading) -> bool:
    return reading.since == -math.inf or sum(point.at >= reading.since for point in curve.drawn) >= SPARK


async def show_analyte(visit: Visit) -> Response:
    """GET /results/{key}; NotFound when the record has no such results."""
    keys = (key := visit.request.path_params["key"], quote(key, safe=""))
    async with look(visit, ()) as sight:
        curve = draw_curve_of(await read_curve(sight.permit, keys), keys, visit.language.code)
        if curve is None:
            raise NotFound
        last = max(1, -(-len(curve.points) // ROWS))
        number = min(visit.number("page"), last)
        shown = curve.points[::-1][(number - 1) * ROWS :][:ROWS]
        await read_sources_of(sight, [point.fact for point in (curve.last, *shown)])
    language = visit.language
    return render(
        visit,
        sight,
        "analyte.html",
        "/results",
        here=False,
        name=curve.name,
        sentence=say_tally(curve.points, language),
        latest=show_curve_row(curve, sight, visit),
        chart=draw_curve(curve, language),
        notes=explain_curve(curve, language),
        rows=[show_point(point, curve, sight, visit) for point in shown],
        number=number,
        last=last,
        unit=write_unit(curve.unit, language),
        converted=any(point.converted for point in curve.points),
    )


def say_tally(points: Sequence[Point], language: Language) -> str:
    """The plain sentence: how many results are in the range that their laboratory gave; nothing is said of those without one."""
    counted = tally(points)
    inside, ranged = counted.inside, counted.ranged
    if not ranged:
        return language.count(
            "%(num)s result, without a range to compare with.", "%(num)s results, without a range to compare with.", counted.total
        )
    if ranged == 1:
        within, beyond = mark("The result is in the laboratory’s range."), mark("The result is out of the laboratory’s range.")
        said = language.say(within if inside else beyond)
    elif inside == ranged:
        said = language.say("All %(ranged)s results are in the laboratory’s range.", ranged=ranged)
    elif inside > 1:
        said = language.say("%(inside)s of %(ranged)s results are in the laboratory’s range.", inside=inside, ranged=ranged)
    else:
        one, none = (
            mark("One of %(ranged)s results is in the laboratory’s range."),
            mark("None of %(ranged)s results is in the laboratory’s range."),
        )
        said = language.say(one if inside else none, ranged=ranged)
    if counted.total == ranged:
        return said
    others = language.count(
        "%(num)s other has no range to compare with.", "%(num)s others have no range to compare with.", counted.total - ranged
    )
    return f"{said} {others}"


def show_curve_row(curve: Curve, sight: Sight, visit: Visit) -> CurveRow:
    """The latest result of an analyte."""
    language, last = visit.language, curve.last
    drawn = curve.drawn[-SPARK:]
    marks = [_mark(point) for point in drawn]
    return CurveRow(
        name=curve.name,
        href=f"{visit.prefix}/results/{quote(curve.key, safe='')}",
        value=write_result(last, language),
        when=read_moment(last.time),
        position=language.say(POSITIONS[last.position]) if POSITIONS[last.position] else "",
        out=last.position in OUT,
        range=write_range(last.own_bounds, last.own_unit, language),
        source=show_sources(last.fact, sight, visit, most=1)[0],
        spark=draw_spark(marks) if len(marks) > 1 else Markup(""),
        trend=say_trend(drawn, curve, language),
    )


def say_trend(points: Sequence[Point], curve: Curve, language: Language) -> str:
    """From which value the latest one comes; nothing where the two do not compare."""
    if len(points) < 2 or points[-1].segment != points[-2].segment or points[-1].value is None or points[-2].value is None:
        return ""
    before = write_value(points[-2].value, curve.unit, language, points[-2].comparator)
    return language.say("%(value)s before, on %(date)s", value=before, date=language.on(read_moment(points[-2].time)))


def draw_curve(curve: Curve, language: Language, uid: str = "curve") -> Markup:
    """The chart of an analyte; `uid` is unique in its page."""
    points = curve.drawn[-MANY:]
    if not points:
        return Markup("")
    unit = write_unit(curve.unit, language)
    title = language.say(
        "%(name)s, %(first)s to %(last)s", name=curve.name, first=_month(points[0], language), last=_month(points[-1], language)
    )
    low, high = (write_value(pick(point.value or 0.0 for point in points), curve.unit, language) for pick in (min, max))
    first, last = (write_value(point.value or 0.0, curve.unit, language, point.comparator) for point in (points[0], points[-1]))
    text = language.say("From %(first)s to %(last)s; between %(low)s and %(high)s.", first=first, last=last, low=low, high=high)
    marks = tuple(_mark(point) for point in points)
    chart = Chart(
        uid,
        title,
        f"{text} {say_tally(points, language)}",
        unit,
        (Series(marks),),
        date_ticks(marks, language),
        _why_broken(points, language),
    )
    return draw(chart, decimal_of(language))


def date_ticks(marks: Sequence[Mark], language: Language) -> tuple[tuple[float, str], ...]:
    """Dates under an axis of seconds: months, or days where all is within some weeks."""
    places = sorted({mark.x for mark in marks})
    short = places[-1] - places[0] < 90 * 86400
    moments = ((place, datetime.fromtimestamp(place, UTC)) for place in places)
    said = [(place, language.shortly(moment).rsplit(" ", 1)[0] if short else language.short_month(moment)) for place, moment in moments]
    return tuple(one for number, one in enumerate(said) if number == 0 or number == len(said) - 1 or said[number - 1][1] != one[1])


def decimal_of(language: Language) -> str:
    return "," if language.code == "fr" else "."


def explain_curve(curve: Curve, language: Language) -> list[str]:
    """What a reader must know before comparing points."""
    notes = []
    if curve.broken:
        notes.append(language.say("The line is broken where results do not compare: another method, or a unit that does not convert."))
    if any(point.converted for point in curve.points):
        said = language.say(
            "Some results were converted to %(unit)s; the table keeps what each laboratory wrote.", unit=write_unit(curve.unit, language)
        )
        notes.append(said)
    if any(point.own_value is not None and point.value is None for point in curve.points):
        notes.append(language.say("A result in a unit that does not convert is in the table only."))
    if any(point.comparator for point in curve.drawn):
        notes.append(language.say("An arrow stands for a result such as “< 5”: the value lies beyond the tip."))
    return notes


def show_point(point: Point, curve: Curve, sight: Sight, visit: Visit) -> PointRow:
    """A line of the table."""
    language = visit.language
    moved = write_value(point.value, curve.unit, language, point.comparator) if point.converted and point.value is not None else ""
    called = name_of(point.fact.resource)
    return PointRow(
        when=read_moment(point.time),
        value=write_result(point, language),
        moved=moved,
        range=write_range(point.own_bounds, point.own_unit, language),
        position=language.say(POSITIONS[point.position]) if POSITIONS[point.position] else "",
        out=point.position in OUT,
        method=name_method(point.method, language),
        sources=show_sources(point.fact, sight, visit),
        note="; ".join(
            [*([called] if called != curve.name else []), *(str(one.get("text", "")) for one in point.fact.resource.get("note") or ())]
        ),
    )


def _mark(point: Point) -> Mark:
    assert point.value is not None  # noqa: S101 - only drawn points come here
    return Mark(point.at, point.value, point.position in OUT, point.comparator, point.bounds.low, point.bounds.high, point.segment)


def _month(point: Point, language: Language) -> str:
    moment = read_moment(point.time)
    return language.month(moment).lower() if moment else ""


def _why_broken(points: Sequence[Point], language: Language) -> str:
    return language.say("does not compare") if len({point.segment for point in points}) > 1 else ""
