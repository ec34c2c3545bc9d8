"""What surrounds every page: who is signed in, the menu, whose record is open, and the outcome of the last act."""

from dataclasses import dataclass, replace
from datetime import datetime

from healthspace.access.rules import Action
from healthspace.edge.portal.language import Language, mark
from healthspace.identity.caller import Kind
from healthspace.identity.personas import Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, as the top bar shows them."""

    name: str
    role: str
    initials: str
    """Empty where the page does not read who the citizen is: a picture stands there instead."""


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """When a session ends; `near` when that is so soon that its holder is told."""

    at: datetime
    near: bool


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the menu. `bar` puts it into the bottom bar of a small screen (four at most: the fifth is the whole menu).

    `short` is its name there, where the full one is too long.
    """

    name: str
    href: str
    icon: str
    bar: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """Entries that belong together: a line parts them from the next group, and the site map gives them this heading."""

    name: str
    items: tuple[MenuItem, ...]


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of the record of another person; `path` follows the record's own address. Shown to whom `action` is not refused."""

    name: str
    path: str
    action: Action = Action.READ_RECORD
    also: tuple[Action, ...] = ()
    """Or to whom one of these is not."""
    whole: bool = False
    """Only for whom `action` is allowed on all of the record: others have a page of their own for what they did."""


@dataclass(frozen=True, slots=True)
class PatientBanner:
    """Whose record is open, when it is not the visitor's own; `facts` are already in words. `address` is the record's."""

    name: str
    facts: tuple[str, ...]
    address: str = ""
    acting: bool = False
    """Whether a citizen acts for this person (a child, someone they help), rather than a professional for a patient."""
    parts: tuple[Tab, ...] = ()
    """What of the record is open to the visitor."""


RECORD_TABS = (
    Tab(mark("Documents"), ""),
    Tab(mark("Summary"), "/summary"),
    Tab(mark("Results"), "/results"),
    Tab(mark("Measurements"), "/measures"),
    Tab(mark("Treatments"), "/treatments"),
    Tab(mark("Vaccinations"), "/vaccination"),
    Tab(mark("Wishes and contacts"), "/wishes"),
    Tab(mark("Timeline"), "/timeline"),
    Tab(mark("Add a document"), "/add", Action.DEPOSIT_DOCUMENT),
    Tab(mark("Confidentiality"), "/privacy", Action.GRANT_ACCESS),
    Tab(mark("Relatives"), "/relatives", Action.INVITE_CARER),
    Tab(mark("History of accesses"), "/access", Action.READ_TRAIL, whole=True),
    Tab(mark("Notifications"), "/notifications", Action.READ_NOTIFICATIONS),
    Tab(mark("Settings and rights"), "/settings", Action.CLOSE_SPACE, (Action.REOPEN_SPACE, Action.OBJECT_TO_SPACE)),
)
"""The parts of a patient's record, in their order."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that `base.html` shows around a page. `path` is where a change of language comes back to."""

    language: Language
    path: str = "/"
    visitor: Visitor | None = None
    menu: tuple[MenuGroup, ...] = ()
    current: str = ""
    """The address of the menu's entry where this page belongs; `here` when the page is that entry itself."""
    here: bool = True
    patient: PatientBanner | None = None
    tab: str = ""
    """The `path` of the tab where this page belongs, when a patient's record is open."""
    done: str = ""
    demo: bool = False
    urgent: str = ""
    """Until when the record that is open is read in an emergency, in words; empty in the ordinary mode."""
    secret: bool = False
    """Whether what is done in the record that is open is hidden from who represents its holder."""
    search: str = ""
    """Where the field of the top bar looks; empty when there is none."""
    relatives: bool = False
    """Whether the visitor may act for others: the way to them stands in the top bar."""
    unread: int = 0
    """Notifications that wait for the visitor, on pages that have counted them."""

    session: SessionEnd | None = None
    """When the visitor's session ends."""
    once: str = ""
    """The key of this page's forms that create something (`once.py`)."""

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The parts of the record that is open."""
        return self.patient.parts if self.patient else ()

    @property
    def in_bar(self) -> bool:
        """Whether this page belongs to an entry that the bottom bar of a small screen shows."""
        return any(item.bar and item.href == self.current for group in self.menu for item in group.items)


CITIZEN_MENU = (
    MenuGroup(
        mark("My record"),
        (
            MenuItem(mark("Home"), "/", "home", bar=True),
            MenuItem(mark("Summary"), "/summary", "heart", bar=True, short=mark("Health")),
            MenuItem(mark("Documents"), "/documents", "folder", bar=True),
            MenuItem(mark("Results"), "/results", "flask"),
            MenuItem(mark("Measurements"), "/measures", "clipboard"),
            MenuItem(mark("Treatments"), "/treatments", "pill"),
            MenuItem(mark("Vaccinations"), "/vaccination", "syringe"),
            MenuItem(mark("Wishes and contacts"), "/wishes", "seal"),
            MenuItem(mark("Timeline"), "/timeline", "clock"),
        ),
    ),
    MenuGroup(
        mark("Access and sharing"),
        (
            MenuItem(mark("History of accesses"), "/access", "eye", bar=True, short=mark("History")),
            MenuItem(mark("Confidentiality"), "/privacy", "lock", short=mark("Access")),
            MenuItem(mark("Relatives"), "/relatives", "users"),
            MenuItem(mark("Notifications"), "/notifications", "bell"),
        ),
    ),
    MenuGroup(
        mark("My space"),
        (MenuItem(mark("Settings and rights"), "/settings", "sliders"), MenuItem(mark("Help"), "/help", "help")),
    ),
)

PROFESSIONAL_MENU = (
    MenuGroup(
        mark("My patients"),
        (
            MenuItem(mark("Find a patient"), "/", "search", bar=True, short=mark("Find")),
            MenuItem(mark("My accesses"), "/my-accesses", "eye", bar=True, short=mark("Accesses")),
            MenuItem(mark("Notifications"), "/notifications", "bell", bar=True),
        ),
    ),
    MenuGroup(mark("My space"), (MenuItem(mark("My sessions"), "/sessions", "lock"), MenuItem(mark("Help"), "/help", "help", bar=True))),
)

STRUCTURE_MENU = tuple(
    replace(group, items=tuple(item for item in group.items if item.href != "/notifications")) for group in PROFESSIONAL_MENU
)
"""A structure is told nothing by itself: notifications are a person's."""

AGENCY_MENU = (
    MenuGroup(
        mark("Service"),
        (
            MenuItem(mark("Home"), "/", "home", bar=True),
            MenuItem(mark("Reviews of accesses"), "/reviews", "shield", bar=True, short=mark("Reviews")),
            MenuItem(mark("Statistics"), "/statistics", "chart", bar=True),
            MenuItem(mark("Directory"), "/directory", "building", bar=True),
        ),
    ),
    MenuGroup(mark("My space"), (MenuItem(mark("My sessions"), "/sessions", "lock"), MenuItem(mark("Help"), "/help", "help"))),
)

MENUS = {
    Kind.CITIZEN: CITIZEN_MENU,
    Kind.PROFESSIONAL: PROFESSIONAL_MENU,
    Kind.STRUCTURE: STRUCTURE_MENU,
    Kind.AGENCY: AGENCY_MENU,
}
"""The menu of each kind of visitor. An entry stands here once its page answers: no link leads nowhere."""

DONE = {
    "authorised": mark("Done. This professional can now read the record."),
    "ended": mark("Done. This professional can no longer read the record."),
    "blocked": mark("Done. They can no longer open the record, not even in an emergency."),
    "unblocked": mark("Done. They are no longer blocked. Authorise them if you want them to read."),
    "joined": mark("Done. They are in the care team now."),
    "saved": mark("Done. Your choices are saved."),
    "added": mark("Done. The document is in your record."),
    "added-for-patient": mark("Done. The document is in the patient’s record."),
    "vaccinated": mark("Done. The dose is on the patient’s vaccination card."),
    "questioned": mark("Your question is sent to the agency. You will be told of the answer."),
    "kept": mark("Your choices are kept."),
    "opinion": mark("Your opinion is kept."),
    "entered": mark("Done. Your entry is in your record."),
    "removed": mark("Done. Your entry was taken back."),
    "shared": mark("Done. The professionals who may read your record see this entry."),
    "unshared": mark("Done. Only you and your treating doctor see this entry."),
    "answered": mark("Done. Your answer was sent."),
    "asked": mark("Done. Your request was sent to the author."),
    "hide": mark("Done. Professionals no longer see this document."),
    "show": mark("Done. Professionals see this document."),
    "secret": mark("Done. Parents and carers no longer see this document."),
    "unsecret": mark("Done. Parents and carers see this document."),
    "release": mark("Done. The patient sees this document."),
    "archive": mark("Done. The document is in the archive."),
    "unarchive": mark("Done. The document is out of the archive."),
    "deleted": mark("Done. The document is deleted."),
    "closed": mark("Done. The record is closed."),
    "reopened": mark("Done. The record is open again."),
    "confirmed": mark("Done. The record is open."),
    "objected": mark("Done. Your objection is noted."),
    "erased": mark("Done. The record is erased for good."),
    "added-for-relative": mark("Done. The document is in their record."),
    "invited": mark("Done. If all you typed is right, this person finds your invitation in their health space."),
    "carer-changed": mark("Done. What this carer may do has changed."),
    "care-ended": mark("Done. This person no longer reads the record."),
    "left": mark("Done. You no longer see this record."),
    "accepted": mark("Done. You can open this record from here."),
    "refused": mark("Done. You refused the invitation, and the person is told."),
    "session-ended": mark("Done. This session is over."),
    "sessions-ended": mark("Done. Your other sessions are over."),
    "signed-out": mark("You are signed out."),
}
"""What may follow an act, by its code in the address: an address carries nothing else about it."""

ROLE_NAMES = {
    Role.CITIZEN: mark("Citizen"),
    Role.PARENT: mark("Parent"),
    Role.TREATING_DOCTOR: mark("Treating doctor"),
    Role.SPECIALIST: mark("Specialist doctor"),
    Role.PHARMACIST: mark("Pharmacist"),
    Role.NURSE: mark("Nurse"),
    Role.DENTIST: mark("Dentist"),
    Role.PHYSIOTHERAPIST: mark("Physiotherapist"),
    Role.OCCUPATIONAL_DOCTOR: mark("Occupational doctor"),
    Role.LABORATORY: mark("Medical laboratory"),
    Role.HOSPITAL: mark("Hospital"),
    Role.IMAGING_CENTRE: mark("Imaging centre"),
    Role.CARE_HOME: mark("Care home"),
    Role.REGULATOR: mark("Emergency call doctor"),
    Role.FIRE_BRIGADE_DOCTOR: mark("Fire brigade doctor"),
    Role.AGENCY: mark("Agency"),
    Role.AUDITOR: mark("Auditor"),
    Role.SECOND_AUDITOR: mark("Second auditor"),
    Role.SYSTEM: mark("Test program"),
}


def menu_of(kind: Kind) -> tuple[MenuGroup, ...]:
    """The menu of a kind of caller; empty for those who see no page of their own."""
    return MENUS.get(kind, ())


def initials_of(name: str) -> str:
    """The first letters of the first and last words of `name`."""
    words = [word for word in name.split() if word[0].isalpha()]
    return "".join(word[0] for word in dict.fromkeys((words[0], words[-1]))).upper() if words else ""


def name_role(role: Role | str | None, language: Language) -> str:
    """The name of a role in words; the code itself when it is none of ours."""
    try:
        return language.say(ROLE_NAMES[Role(role)]) if role else ""
    except ValueError:
        return str(role)
