"""What surrounds every page: who is signed in, the menu, whose record is open, and the outcome of the last act."""

from dataclasses import dataclass

from healthspace.edge.portal.language import Language, mark
from healthspace.identity.caller import Kind
from healthspace.identity.personas import Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, as the top bar shows them."""

    name: str
    role: str
    initials: str


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the menu."""

    name: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class PatientBanner:
    """Whose record is open, when it is not the visitor's own; `facts` are already in words."""

    name: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that `base.html` shows around a page. `path` is where a change of language comes back to."""

    language: Language
    path: str = "/"
    visitor: Visitor | None = None
    menu: tuple[MenuItem, ...] = ()
    current: str = ""
    """The address of the menu's entry where this page belongs; `here` when the page is that entry itself."""
    here: bool = True
    patient: PatientBanner | None = None
    done: str = ""
    demo: bool = False


CITIZEN_MENU = (
    MenuItem(mark("Home"), "/", "home"),
    MenuItem(mark("Documents"), "/documents", "folder"),
    MenuItem(mark("Access"), "/access", "eye"),
    MenuItem(mark("Privacy"), "/privacy", "lock"),
)

DONE = {
    "authorised": mark("Done. This professional can now read your record."),
    "ended": mark("Done. This professional can no longer read your record."),
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
    Role.AGENCY: mark("Agency"),
}


def menu_of(kind: Kind) -> tuple[MenuItem, ...]:
    """The menu of a kind of caller: citizens have one."""
    return CITIZEN_MENU if kind is Kind.CITIZEN else ()


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
