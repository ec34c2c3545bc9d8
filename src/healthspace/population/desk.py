"""Where the documents of one citizen are written: identifiers, dates, headers, and the pile of what is done."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from random import Random
from uuid import UUID

from healthspace.cda.write.codes import Code, Identifier
from healthspace.cda.write.embedded import write_unstructured
from healthspace.cda.write.header import AMBULATORY
from healthspace.cda.write.values import Address, Guardian, Header, Patient
from healthspace.cda.write.values import Professional as Author
from healthspace.population.conditions import Condition
from healthspace.population.letters import Letter, write_letter
from healthspace.population.model import Home, SyntheticDocument, Traits
from healthspace.population.staff import Staff, function_of


@dataclass(frozen=True, slots=True)
class Life:
    """What a history is made from."""

    index: int
    traits: Traits
    home: Home
    phone: str
    kind: str
    guardian: Guardian | None
    conditions: tuple[Condition, ...]
    today: date
    last_birth: date | None = None
    """When the youngest child of the household was born, for the one who bore it."""

    @property
    def age(self) -> int:
        """In completed years."""
        return age_on(self.traits.birth_date, self.today)

    @property
    def listed(self) -> bool:
        return any(condition.listed for condition in self.conditions)


@dataclass(slots=True)
class Desk:
    """The desk of one citizen. `seed` names the population and the citizen: every identifier is drawn from it."""

    seed: str
    life: Life
    staff: Staff
    random: Random
    documents: list[SyntheticDocument] = field(default_factory=list)
    _count: int = 0

    def days_ago(self, days: int) -> date:
        """A working day about that long ago, never before birth nor after today."""
        born = self.life.traits.birth_date
        return max(workday(max(self.life.today - timedelta(days=max(days, 1)), born)), born)

    def identifier(self) -> str:
        """A new OID under 2.25, the arc of identifiers that nobody gave (ITU-T X.667)."""
        return f"2.25.{self._uuid().int}"

    def item(self) -> str:
        """A new UUID, for a line of a document."""
        return str(self._uuid()).upper()

    def _uuid(self) -> UUID:
        self._count += 1
        return drawn_uuid(f"{self.seed}/{self._count}")

    def header(
        self,
        title: str,
        writer: Author,
        start: datetime,
        *,
        hours: float = 0.5,
        stop: datetime | None = None,
        ordered_by: Author | None = None,
        order: Identifier | None = None,
        corrects: Header | None = None,
    ) -> Header:
        """A header. The document is signed `hours` after the act, or after its end. `corrects` is the version it replaces."""
        staff = self.staff
        treating = staff.treating_doctor if writer != staff.treating_doctor else None
        return Header(
            unique_id=self.identifier(),
            set_id=corrects.set_id if corrects else self.identifier(),
            title=title,
            created=(stop or start) + timedelta(hours=hours),
            patient=self._patient_of(writer),
            author=writer,
            service_start=start,
            service_stop=stop,
            function=function_of(writer, staff),
            version=corrects.version + 1 if corrects else 1,
            replaces=corrects.unique_id if corrects else None,
            treating_doctor=treating,
            prescriber=ordered_by,
            recipients=(treating,) if treating else (),
            orders=(order,) if order else (),
        )

    def _patient_of(self, writer: Author) -> Patient:
        """The patient as known at the writer's place, which has its own number for them."""
        traits, home = self.life.traits, self.life.home
        place = writer.organization.identifier
        local = Identifier(f"2.25.{drawn_uuid(f'place/{place}').int}", f"{int(place[-4:]):04d}{self.life.index:06d}")
        return Patient(
            ins=Identifier(traits.ins_system, traits.ins_value),
            local=local,
            birth_family=traits.birth_family,
            used_family=traits.used_family,
            givens=traits.givens,
            used_given=traits.used_given,
            sex=traits.sex,
            birth_date=traits.birth_date,
            birth_place=traits.birth_place,
            birth_place_name=traits.birth_place_name,
            address=Address(home.house_number, home.street, home.postal_code, home.city, "FRANCE"),
            phone=self.life.phone,
            guardian=self.life.guardian,
        )

    def keep(self, header: Header, data: bytes, type_code: str, depositor: str, media_type: str = "application/xml") -> None:
        """Put a document on the pile."""
        document = SyntheticDocument(
            data, media_type, type_code, header.title, header.created, depositor, header.unique_id, header.replaces
        )
        self.documents.append(document)

    def keep_letter(self, header: Header, letter: Letter, type_code: Code, depositor: str, *, wrapped: bool) -> None:
        """Put a letter on the pile: as a PDF alone, or inside a level-1 document."""
        pdf = write_letter(header, letter)
        if wrapped:
            self.keep(header, write_unstructured(header, type_code, pdf, "application/pdf", AMBULATORY), type_code.code, depositor)
        else:
            self.keep(header, pdf, type_code.code, depositor, "application/pdf")


def age_on(birth_date: date, day: date) -> int:
    """Completed years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def workday(day: date) -> date:
    """That day, or the Saturday before if it is a Sunday."""
    return day - timedelta(days=1) if day.weekday() == 6 else day


def drawn_uuid(seed: str) -> UUID:
    """A UUID that is always the same for the same words."""
    return UUID(bytes=sha256(seed.encode()).digest()[:16], version=4)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """That time of day in Paris. Summer time runs between the last Sundays of March and October (directive 2000/84/CE)."""
    summer = _last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone(timedelta(hours=2 if summer else 1)))


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
