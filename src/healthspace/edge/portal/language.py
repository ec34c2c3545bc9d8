"""The two languages of the portal: messages, dates, counts and sizes as each one writes them.

Messages are written in English in the code and the templates; `locale/fr` holds the French ones. A catalogue is read from its
`.po` file when the service starts, so that a clone runs without a build step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

CODES = ("fr", "en")
"""The languages that a page can be asked in; the first is used when nothing was asked."""
LOCALES = Path(__file__).parent / "locale"
NO_BREAK = "\N{NO-BREAK SPACE}"


class Precision(StrEnum):
    """How much of a date is known (FHIR R4, type dateTime)."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    TIME = "time"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A date as a resource states it: the instant where it begins, and how much of it was said."""

    at: datetime
    precision: Precision


def read_moment(text: str | None) -> Moment | None:
    """The FHIR date, dateTime or instant written as `text`; None when there is none or it cannot be read."""
    if not text:
        return None
    try:
        if len(text) == 4:
            return Moment(datetime(int(text), 1, 1, tzinfo=UTC), Precision.YEAR)
        if len(text) == 7:
            return Moment(datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC), Precision.MONTH)
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    precision = Precision.DAY if len(text) == 10 else Precision.TIME
    return Moment(read if read.tzinfo else read.replace(tzinfo=UTC), precision)


def machine_date(moment: Moment | datetime) -> str:
    """`moment` as the `datetime` attribute of HTML wants it, at its precision."""
    if isinstance(moment, datetime):
        return moment.isoformat()
    lengths = {Precision.YEAR: 4, Precision.MONTH: 7, Precision.DAY: 10, Precision.TIME: None}
    return moment.at.isoformat()[: lengths[moment.precision]]


def mark(message: str) -> str:
    """`message` itself, marked so that the catalogue holds it; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code, its catalogue, and the zone in which times are told."""

    code: str
    locale: Locale
    catalogue: NullTranslations
    zone: ZoneInfo

    def say(self, message: str, **values: object) -> str:
        """`message` in this language, with `values` in its named places."""
        said = self.catalogue.gettext(message)
        return said % values if values else said

    def count(self, one: str, many: str, number: int) -> str:
        """The form of a message that `number` asks for, with the number in place of `%(num)s`."""
        return self.catalogue.ngettext(one, many, number) % {"num": number}

    def on(self, moment: Moment | datetime | date | None) -> str:
        """A date in words: "24 novembre 2026"; a month or a year when no more is known."""
        return self._date(moment, "wide")

    def shortly(self, moment: Moment | datetime | date | None) -> str:
        """A date in few letters: "24 nov. 2026"."""
        return self._date(moment, "abbreviated")

    def at(self, moment: Moment | datetime | None) -> str:
        """A date with its time where one is known: "24 novembre 2026 à 14 h 05"."""
        if isinstance(moment, Moment) and moment.precision is not Precision.TIME:
            return self.on(moment)
        if moment is None:
            return ""
        return self.say("%(date)s at %(time)s", date=self.on(moment), time=self.time(moment))

    def time(self, moment: Moment | datetime) -> str:
        """A time of day: "14 h 05", "2:05 pm"."""
        local = self._local(moment)
        if self.code == "fr":
            return f"{local.hour}{NO_BREAK}h{NO_BREAK}{local.minute:02d}"
        return f"{local.hour % 12 or 12}:{local.minute:02d}{NO_BREAK}{'am' if local.hour < 12 else 'pm'}"

    def month(self, moment: Moment) -> str:
        """A heading for a month: "Novembre 2026"; the year alone when no more is known."""
        text = format_date(self._day(moment), "y" if moment.precision is Precision.YEAR else "LLLL y", locale=self.locale)
        return text[:1].upper() + text[1:]

    def short_month(self, moment: datetime) -> str:
        """A month in few letters: "nov. 26"."""
        day = self._day(moment)
        return f"{self._month(day, 'abbreviated')} {day.year % 100:02d}"

    def weekday(self, moment: datetime) -> str:
        """A heading for a day: "Mardi 24 novembre 2026"."""
        text = format_date(self._day(moment), "EEEE", locale=self.locale)
        return f"{text[:1].upper()}{text[1:]} {self.on(moment)}"

    def day(self, moment: datetime) -> date:
        """The day of `moment` where the reader lives."""
        return self._day(moment)

    def age(self, birth: Moment, today: date) -> str:
        """An age in years, or in months below two years."""
        born = birth.at.date()
        months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
        if months < 24:
            return self.count("%(num)s month old", "%(num)s months old", max(months, 0))
        return self.count("%(num)s year old", "%(num)s years old", months // 12)

    def size(self, octets: int) -> str:
        """A size of file: "250 ko", "1,2 Mo"."""
        if octets < 1_000_000:
            return self.say("%(number)s kB", number=max(1, round(octets / 1000)))
        return self.say("%(number)s MB", number=format_decimal(octets / 1_000_000, format="0.#", locale=self.locale))

    def _date(self, moment: Moment | datetime | date | None, width: str) -> str:
        """A date as both languages write it; a page has hundreds, and Babel's patterns would be read for each."""
        if moment is None:
            return ""
        precision, day = moment.precision if isinstance(moment, Moment) else Precision.DAY, self._day(moment)
        if precision is Precision.YEAR:
            return str(day.year)
        month = f"{self._month(day, width)} {day.year}"
        if precision is Precision.MONTH:
            return month
        # French writes the first day of a month as an ordinal.
        return f"1er {month}" if self.code == "fr" and day.day == 1 else f"{day.day} {month}"

    def _month(self, day: date, width: str) -> str:
        name: str = self.locale.months["format"][width][day.month]
        return name

    def _day(self, moment: Moment | datetime | date) -> date:
        return self._local(moment).date() if isinstance(moment, Moment | datetime) else moment

    def _local(self, moment: Moment | datetime) -> datetime:
        at = moment if isinstance(moment, datetime) else moment.at
        if isinstance(moment, Moment) and moment.precision is not Precision.TIME:
            return at
        try:
            return at.astimezone(self.zone)
        except (OverflowError, ValueError):  # at the ends of the calendar
            return at


def load_languages(zone: str = "Europe/Paris") -> dict[str, Language]:
    """Every language by its code. Times are told in `zone`."""
    told_in = ZoneInfo(zone)
    return {
        "fr": Language("fr", Locale.parse("fr"), _read_catalogue("fr"), told_in),
        "en": Language("en", Locale.parse("en_GB"), NullTranslations(), told_in),
    }


def choose_language(languages: Mapping[str, Language], *, cookie: str | None, accepted: str) -> Language:
    """The language that a visitor wants: their own choice, else what their browser prefers (`Accept-Language`), else French."""
    if cookie is not None and cookie in languages:
        return languages[cookie]
    wanted = sorted((_weigh(part) for part in accepted.lower().split(",")), key=lambda pair: -pair[0])
    return next((languages[code] for weight, code in wanted if weight > 0 and code in languages), languages[CODES[0]])


def _weigh(part: str) -> tuple[float, str]:
    """Weight and primary language of one element of Accept-Language (RFC 9110, section 12.5.4)."""
    tag, _, weight = part.strip().partition(";q=")
    try:
        return float(weight or 1), tag[:2]
    except ValueError:
        return 0.0, tag[:2]


def _read_catalogue(code: str) -> NullTranslations:
    with (LOCALES / code / "LC_MESSAGES" / "portal.po").open("rb") as source:
        catalogue = read_po(source, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
