"""Which lines of the trail a page wants: who, what, when, and whether in an emergency or refused; kept in the address."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from healthspace.access.rules import Action
from healthspace.audit.line import Outcome
from healthspace.audit.reading import BEGINNING, END, TraceLine, Wanted
from healthspace.base.errors import NotFound
from healthspace.base.ids import parse_id
from healthspace.base.text import fold
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.trail_view import is_by, is_emergency, is_own
from healthspace.edge.portal.visit import Visit
from healthspace.identity.caller import Kind

OTHERS, EMERGENCY, REFUSED = "others", "emergency", "refused"
ONLY = (OTHERS, EMERGENCY, REFUSED)
ONLY_NAMES = {
    "": mark("Everything"),
    OTHERS: mark("Other people only"),
    EMERGENCY: mark("Emergencies"),
    REFUSED: mark("Refusals"),
}

LOOKING, CHANGING, RIGHTS, REST = "look", "change", "rights", "rest"
WHAT_NAMES = {
    LOOKING: mark("Looked at"),
    CHANGING: mark("Added or changed"),
    RIGHTS: mark("Rights and life of the record"),
    REST: mark("History and notifications"),
}
PREFIXES = {"space": RIGHTS, "access": RIGHTS, "carer": RIGHTS, "trail": REST, "notification": REST, "review": REST, "facts": REST}
CHANGING_VERBS = frozenset("deposit change mask release withdraw archive write".split())


def kind_of(action: str) -> str:
    """Which of the four kinds an action is, for the filter."""
    before, _, verb = action.partition(":")
    return PREFIXES.get(before) or (CHANGING if verb in CHANGING_VERBS else LOOKING)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are wanted. `only` is one of ONLY or empty, `since` and `until` are days (both included)."""

    only: str = ""
    name: str = ""
    what: str = ""
    since: date | None = None
    until: date | None = None
    document: str = ""
    reader: str = ""
    """The Patient id of a reader who is a citizen: their acts are theirs in whatever record."""
    before: tuple[datetime, UUID] | None = None

    @property
    def narrowed(self) -> bool:
        """Whether the form has narrowed what is shown."""
        return bool(self.name or self.what or self.since or self.until)

    @property
    def sifts(self) -> bool:
        """Whether some of what the database gives may not be wanted."""
        return bool(self.document or self.name or self.only in {OTHERS, EMERGENCY})

    def wants(self, line: TraceLine) -> bool:
        """Whether a line that the database gave is wanted: by what is sealed in it."""
        if self.document and f"DocumentReference/{self.document}" not in line.targets:
            return False
        mine = is_own(line) or is_by(line, self.reader) or line.kind == Kind.SYSTEM
        if (self.only == OTHERS and mine) or (self.only == EMERGENCY and not is_emergency(line)):
            return False
        return not self.name or fold(self.name) in fold(f"{line.name} {line.structure}")

    def wanted(self, language: Language, limit: int) -> Wanted:
        """The part of the question that the database answers."""
        return Wanted(
            since=_midnight(self.since, language) if self.since else BEGINNING,
            until=_midnight(self.until + timedelta(days=1), language) if self.until else END,
            before=self.before,
            actions=[action for action in Action if kind_of(action) == self.what] if self.what else None,
            outcomes=[Outcome.REFUSED] if self.only == REFUSED else None,
            limit=limit,
        )

    def link(self, path: str, **changes: object) -> str:
        """The address of this question with `changes`; from the newest line on unless `before` is said."""
        asked = replace(self, **{"before": None, **changes})  # type: ignore[arg-type]
        said = {
            "who": asked.only,
            "name": asked.name,
            "what": asked.what,
            "since": asked.since.isoformat() if asked.since else "",
            "until": asked.until.isoformat() if asked.until else "",
            "document": asked.document,
            "before": f"{asked.before[0].isoformat()}~{asked.before[1]}" if asked.before else "",
        }
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{path}?{query}" if query else path


def read_asked(visit: Visit) -> Asked:
    """What the address asks for; NotFound when it names a document or a line in a way that is none of ours."""
    document, before, only, what = (visit.asked(name) for name in ("document", "before", "who", "what"))
    if document and parse_id(document) is None:
        raise NotFound
    return Asked(
        only=only if only in ONLY else "",
        name=visit.asked("name", 60),
        what=what if what in WHAT_NAMES else "",
        since=_read_day(visit.asked("since")),
        until=_read_day(visit.asked("until")),
        document=document,
        reader=str(visit.caller.patient or ""),
        before=_read_place(before) if before else None,
    )


def _read_day(text: str) -> date | None:
    """A day as a date field writes it; None for anything else: a filter that cannot be read filters nothing."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _read_place(text: str) -> tuple[datetime, UUID]:
    """A line's place, written as its time and id; NotFound when it is not written so."""
    at, _, name = text.partition("~")
    identifier = parse_id(name)
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        raise NotFound from None
    if identifier is None or instant.tzinfo is None:
        raise NotFound
    return instant, identifier


def _midnight(day: date, language: Language) -> datetime:
    return datetime.combine(day, time(), language.zone)
