"""Where a page of what a record tells begins, in its address: on a day or at the end of a year, below an event of that day."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from healthspace.edge.portal.visit import Visit
from healthspace.record.stretch import Place, Stretch

YEAR = len("2024")


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a page of a list is, in words, and the addresses of others; empty where there is none."""

    place: str = ""
    newest: str = ""
    newer: str = ""
    older: str = ""


def read_place(visit: Visit) -> Place:
    """`?until=` a day, or a year, of which the last day is meant; `&after=` an event of that day. The latest when it is neither."""
    said = visit.asked("until", 10)
    try:
        return Place(date.fromisoformat(f"{said}-12-31" if len(said) == YEAR else said), visit.asked("after", 64))
    except ValueError:
        return Place()


def year_of(visit: Visit) -> str:
    """The year that the address asks for; empty when it asks for a day, or for nothing."""
    said = visit.asked("until", 10)
    return said if len(said) == YEAR and read_place(visit).until else ""


def lead_on(visit: Visit, path: str, place: Place, stretch: Stretch, **asked: str) -> Pages:
    """Where `stretch` is, which was read from `place` on, and the addresses of the first page and of the next one."""
    return Pages(
        place=_name(place, visit),
        newest=address_of(path, **asked) if place.until else "",
        older=address_of(path, **asked, **_write(stretch.older)) if stretch.older else "",
    )


def address_of(path: str, **asked: str) -> str:
    """An address with what is asked for in it, without what is not."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path


def _name(place: Place, visit: Visit) -> str:
    if place.until is None:
        return ""
    if year := year_of(visit):
        return visit.language.say("Until the end of %(year)s", year=year)
    return visit.language.say("Until %(date)s", date=visit.language.on(place.until))


def _write(place: Place) -> dict[str, str]:
    return {"until": place.until.isoformat() if place.until else "", "after": place.after}
