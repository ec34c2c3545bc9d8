"""Results of laboratories as records hold them: vague dates, two documents for one result, several units, local codes, words, panels."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from healthspace.profile.curves import Curve, by_curve, draw_series, series_of
from healthspace.terminology.uris import LOINC
from tests.pure.facts import Resource, a_fact, concept, quantity

LABORATORY = {"category": [concept(("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory"))]}
VITAL = {"category": [concept(("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs"))]}
LOCAL = "urn:lab"

UNITS = {"glucose": ("g/L", "mmol/L", 1.0, 5.55), "hba1c": ("%", "mmol/mol", 7.0, 53.0), "other": ("mg/L", "ug/mL", 5.0, 5.0)}
CODES: dict[str, tuple[Resource, ...]] = {
    "glucose": (
        concept((LOINC, "2345-7")),
        concept((LOINC, "14749-6")),
        concept((LOCAL, "GLU"), (LOINC, "2345-7")),
        concept((LOCAL, "GLU")),
    ),
    "hba1c": (concept((LOINC, "4548-4")), concept((LOINC, "59261-8")), concept((LOINC, "17856-6"), (LOCAL, "A1C"))),
    "other": (
        *(concept((LOINC, code)) for code in ("1988-5", "30522-7", "2276-4", "9999-1", "9999-2", "9999-3", "41653-7")),
        concept((LOINC, "9999-2"), (LOINC, "9999-1")),
        concept((LOINC, "2345-7"), (LOINC, "2951-2")),
        concept((LOCAL, "X|1/2 é")),
        concept((LOCAL, "X"), ("urn:other", "Y")),
        concept(text="Aspect du sérum"),
        concept(text="Indice d’hémolyse"),
        {},
    ),
}


def some_results(draw: Random, sources: list[str], count: int) -> list[Resource]:
    """Results of some years, told by one of `sources` ("": none), some by two."""
    made: list[Resource] = []
    while len(made) < count:
        one = _a_result(draw)
        told_by = draw.sample(sources, 2 if draw.random() < 0.2 else 1)
        made += [_told(one, source, draw) for source in told_by]
    return made


def _a_result(draw: Random) -> Resource:
    kind = draw.choice(("glucose", "hba1c", "other"))
    code = draw.choices(CODES[kind], weights=range(len(CODES[kind]), 0, -1))[0]
    status = draw.choices(("final", "entered-in-error", "cancelled"), weights=(20, 1, 1))[0]
    category = draw.choices((LABORATORY, VITAL, {}), weights=(20, 1, 2))[0]
    return {"status": status, **category, **({"code": code} if code else {}), **_time(draw), **_value(draw, kind)}


def _value(draw: Random, kind: str) -> Resource:
    unit, other, normal, same = UNITS[kind]
    middle, written = draw.choice(((normal, unit), (same, other), (normal, unit)))
    value = round(middle * draw.uniform(0.7, 1.5), 2)
    bounds = [{"low": quantity(round(middle * 0.8, 2), written), "high": quantity(round(middle * 1.2, 2), written)}]
    numbers = {"valueQuantity": quantity(value, written, draw.choice(("", "", "", "<"))), "referenceRange": bounds}
    return draw.choices((numbers, {"valueString": draw.choice(("traces", "négatif"))}, {}), weights=(15, 2, 1))[0]


def _time(draw: Random) -> Resource:
    moment = datetime(2019, 1, 1, 8, tzinfo=UTC) + timedelta(days=draw.randrange(2500), minutes=draw.choice((0, 0, 7, 930)))
    moment = draw.choice((moment, moment.replace(day=1), datetime(2024, 5, 17, 8, tzinfo=UTC)))
    written = (
        *(f"{moment:%Y-%m-%dT%H:%M:%S}{zone}" for zone in ("Z", "+00:00", "-05:00", "+02:00")),
        *(f"{moment:{vague}}" for vague in ("%Y-%m-%d", "%Y-%m-%d", "%Y-%m", "%Y")),
    )
    time = draw.choice(written)
    period = {"start": time} if draw.random() < 0.5 else {"end": time}
    choices = ({"effectiveDateTime": time}, {"effectivePeriod": period}, {"issued": written[0]}, {})
    return draw.choices(choices, weights=(60, 4, 1, 1))[0]


def _told(one: Resource, source: str, draw: Random) -> Resource:
    """The same result as one document tells it: it may know less of the day, or the other name of the code."""
    told = {**one, **({"note": [{"text": "Contrôlé"}]} if draw.random() < 0.3 else {})}
    if len(told.get("effectiveDateTime", "")) > len("2024-05-17") and draw.random() < 0.3:
        told["effectiveDateTime"] = told["effectiveDateTime"][:10]
    return a_fact("Observation", source, **told)


def draw_curves(observations: Iterable[Resource], language: str = "fr") -> list[Curve]:
    """Every curve of a record that is read whole, in the order of `series_of`."""
    return [draw_series(series, language) for series in series_of(by_curve(observations), language)]
