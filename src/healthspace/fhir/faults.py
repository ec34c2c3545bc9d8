"""What is wrong in a resource, and where. Faults never quote a value: messages and logs hold no health data."""

from dataclasses import dataclass, field

MOST = 100
"""Faults told at most for one resource; the search for more stops there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is of R4 valueset-issue-type; `place` a FHIRPath expression (Patient.name[0].family)."""

    code: str
    place: str
    message: str


@dataclass(slots=True)
class Found:
    """What a rule found in a value: faults, and the local references (#id) that the resource must resolve.

    Places are relative to the value; each level puts its own step in front on the way up, so that a right value costs nothing.
    """

    faults: list[Fault] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    def take(self, other: "Found", step: str) -> None:
        """Add what was found below `step` (".name" or "[0]")."""
        self.faults += [Fault(fault.code, step + fault.place, fault.message) for fault in other.faults]
        self.links += [(step + place, target) for place, target in other.links]

    def add(self, code: str, place: str, message: str) -> None:
        self.faults.append(Fault(code, place, message))

    @property
    def is_full(self) -> bool:
        return len(self.faults) >= MOST


def fault(code: str, message: str, place: str = "") -> Found:
    """One fault, alone."""
    return Found([Fault(code, place, message)])
