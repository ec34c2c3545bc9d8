"""Households: who lives with whom, how names pass on, and the civil identity of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from healthspace.population.model import TEST_SYSTEM, Home, Traits
from healthspace.population.names import join, pick_family, pick_givens
from healthspace.population.places import pick_birth_place, pick_home

DAYS_A_MONTH = 30.4375
ANGERS = ("49007", "Angers")
HOUSEHOLDS = (
    "care-home",
    "couple-with-children",
    "student",
    "old-couple",
    "single-parent",
    "three-generations",
    "single",
    "couple",
)
"""The kinds of households, in the order in which they come: fifty people hold every age and kind."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household. `parents` are ranks inside it, of members listed before."""

    traits: Traits
    home: Home
    phone: str
    months: int
    kind: str
    parents: tuple[int, ...] = ()


@dataclass(slots=True)
class Register:
    """Writes civil identities: no two have the same number."""

    random: Random
    today: date
    taken: set[str]

    def birth_date(self, months: int) -> date:
        """A day of birth for someone of that age in completed months."""
        return self.today - timedelta(days=int((months + self.random.random() * 0.8 + 0.1) * DAYS_A_MONTH))

    def born(
        self,
        sex: str,
        months: int,
        *,
        family: str | None = None,
        used: str | None = None,
        place: str | tuple[str, str] | None = None,
        givens: tuple[str, ...] | None = None,
    ) -> Traits:
        """Someone of that sex and age. `place` is where they were born, or a kind of place; `used` the family name they go by."""
        birth_date = self.birth_date(months)
        code, name = place if isinstance(place, tuple) else pick_birth_place(self.random, place)
        birth_family = family or pick_family(self.random, code)
        givens = givens or pick_givens(self.random, sex, birth_date.year)
        value = self.ins(sex, birth_date, code)
        # A few go by their second given name.
        used_given = givens[1] if len(givens) > 1 and self.random.random() < 0.06 else givens[0]
        return Traits(TEST_SYSTEM, value, birth_family, used or birth_family, givens, used_given, sex, birth_date, code, name)

    def ins(self, sex: str, birth_date: date, place: str) -> str:
        """A number of the right shape and key that nobody else has."""
        # Corsica has had its two departments since 1976: who was born there before keeps the number of the one.
        place = f"20{place[2:]}" if place[:2] in ("2A", "2B") and birth_date.year < 1976 else place
        order = self.random.randint(1, 300)
        stem = f"{1 if sex == 'male' else 2}{birth_date:%y%m}{place}"
        while f"{stem}{order:03d}" in self.taken:
            order += 1
        thirteen = f"{stem}{order:03d}"
        self.taken.add(thirteen)
        return thirteen + control_key(thirteen)

    def phone(self) -> str:
        # 06 39 98 is kept by the regulator for fiction (ARCEP).
        return f"063998{self.random.randint(0, 9999):04d}"


def control_key(thirteen: str) -> str:
    """The two digits that end a French number: 97 less its remainder by 97, Corsica counted as 19 and 18 (arrêté INS)."""
    digits = thirteen.replace("2A", "19").replace("2B", "18")
    return f"{97 - int(digits) % 97:02d}"


def households(seed: int, today: date) -> Iterator[tuple[Member, ...]]:
    """Households without end, the same for the same seed and day. The first two are those that demonstrations tell about."""
    random = Random(f"{seed}/households")
    register = Register(random, today, set())
    yield _first(register)
    yield _second(register)
    turn = 0
    while True:
        for kind in HOUSEHOLDS:
            yield BUILDERS[kind](register, turn)
        turn += 1


def _first(register: Register) -> tuple[Member, ...]:
    givens = ("Anne-Marie", "Catherine")
    traits = register.born("female", 58 * 12 + 4, family="LE GOFF", used="LEFÈVRE", place="mainland", givens=givens)
    home = Home("14", "rue de l’Évêché", "49000", "Angers")
    return (Member(traits, home, register.phone(), 58 * 12 + 4, "first"),)


def _second(register: Register) -> tuple[Member, ...]:
    home = Home("7 bis", "allée des Érables", "49100", "Angers")
    phone = register.phone()
    mother = register.born("female", 38 * 12 + 7, family="O’BRIEN", used="MARTINEAU", givens=("Élodie", "Maëva"), place=ANGERS)
    girl = register.born("female", 7 * 12 + 3, family="MARTINEAU", givens=("Zoé", "Louise"), place=ANGERS)
    boy = register.born("male", 14, family="MARTINEAU", givens=("Maël", "Côme"), place=ANGERS)
    return (
        Member(mother, home, phone, 38 * 12 + 7, "second"),
        Member(girl, home, phone, 7 * 12 + 3, "child", (0,)),
        Member(boy, home, phone, 14, "child", (0,)),
    )


def _care_home(register: Register, turn: int) -> tuple[Member, ...]:
    random = register.random
    age = 97 if turn == 0 else random.randint(82, 97)
    sex = "female" if turn % 3 != 2 else "male"
    used = pick_family(random, "49007") if sex == "female" else None
    traits = register.born(sex, age * 12 + random.randint(0, 10), used=used)
    return (Member(traits, Home("2", "allée des Glycines", "49000", "Angers"), register.phone(), age * 12, "care-home"),)


def _couple(register: Register, low: int, high: int, kind: str, place: str | None = None) -> tuple[Member, Member]:
    random = register.random
    months = random.randint(low * 12, high * 12)
    home = pick_home(random, place)
    phone = register.phone()
    he = register.born("male", months, place=place)
    hers = pick_family(random, he.birth_place)
    # Older wives take the husband's name, younger ones often keep theirs or join both.
    used = random.choice((he.used_family, he.used_family, join(hers, he.used_family), hers)) if high < 68 else he.used_family
    younger = max(months - random.randint(-24, 60), 20 * 12)
    she = register.born("female", younger, family=hers, used=used)
    return Member(he, home, phone, months, kind), Member(she, home, phone, younger, kind)


def _with_children(register: Register, turn: int) -> tuple[Member, ...]:
    random = register.random
    place = ("overseas", None, "corsica")[turn % 3]
    father, mother = _couple(register, 29, 41, "adult", place)
    # The first has a newborn; others have children of any age that their mother's allows.
    ages = [5, 40] if turn == 0 else [random.randint(6, min(180, mother.months - 22 * 12)) for _ in range(random.randint(2, 3))]
    family = random.choice((father.traits.birth_family, join(father.traits.birth_family, mother.traits.birth_family)))
    # Brothers and sisters are born where the family lives.
    home = pick_birth_place(random, place or "anjou")
    children = []
    for months in sorted(ages, reverse=True):
        sex = random.choice(("female", "male"))
        child = register.born(sex, months, family=family, place=home)
        children.append(Member(child, father.home, father.phone, months, "child", (0, 1)))
    return (father, mother, *children)


def _student(register: Register, turn: int) -> tuple[Member, ...]:
    random = register.random
    months = random.randint(18 * 12, 25 * 12)
    place = ("corsica", "overseas", None)[turn % 3]
    traits = register.born(("male", "female")[turn % 2], months, place=place)
    return (Member(traits, pick_home(random), register.phone(), months, "adult"),)


def _old_couple(register: Register, _: int) -> tuple[Member, ...]:
    return _couple(register, 68, 86, "adult")


def _middle_couple(register: Register, _: int) -> tuple[Member, ...]:
    return _couple(register, 46, 65, "adult")


def _single_parent(register: Register, _: int) -> tuple[Member, ...]:
    random = register.random
    months = random.randint(36 * 12, 52 * 12)
    sex = random.choice(("male", "female"))
    parent = register.born(sex, months)
    home, phone = pick_home(random), register.phone()
    young = random.randint(13 * 12, 17 * 12)
    teenager = register.born(random.choice(("male", "female")), young, family=parent.birth_family, place="anjou")
    return (Member(parent, home, phone, months, "adult"), Member(teenager, home, phone, young, "child", (0,)))


def _three_generations(register: Register, _: int) -> tuple[Member, ...]:
    random = register.random
    oldest = random.randint(66 * 12, 74 * 12)
    middle = oldest - random.randint(25 * 12, 30 * 12)
    youngest = random.randint(8 * 12, 13 * 12)
    home, phone = pick_home(random), register.phone()
    grandmother = register.born("female", oldest, used=pick_family(random, "49007"), place="abroad")
    mother = register.born("female", middle, family=grandmother.used_family)
    child = register.born("male", youngest, family=mother.birth_family, place="anjou")
    return (
        Member(grandmother, home, phone, oldest, "adult"),
        Member(mother, home, phone, middle, "adult", (0,)),
        Member(child, home, phone, youngest, "child", (1,)),
    )


def _single(register: Register, _: int) -> tuple[Member, ...]:
    random = register.random
    months = random.randint(26 * 12, 64 * 12)
    traits = register.born(random.choice(("male", "female")), months)
    return (Member(traits, pick_home(random), register.phone(), months, "adult"),)


BUILDERS = {
    "care-home": _care_home,
    "couple-with-children": _with_children,
    "student": _student,
    "old-couple": _old_couple,
    "couple": _middle_couple,
    "single-parent": _single_parent,
    "three-generations": _three_generations,
    "single": _single,
}
