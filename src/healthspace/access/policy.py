"""What the law leaves open, or may change: durations and limits of the access rules, as settings (`docs/decisions/0018`)."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

from healthspace.access.matrix import Admission, Matrix, load_matrix
from healthspace.base import clock


@dataclass(frozen=True, slots=True)
class Policy:
    """The durations of an installation; see `docs/reference/settings.md` for the variables."""

    authorisation: timedelta = timedelta(days=365)
    """How long an authorisation lasts that does not say it."""
    information: timedelta = timedelta(weeks=6)
    """From the announcement of a space to its opening, and from a suspension to the closure (L1111-13-1, R1111-36)."""
    announcement_notice: timedelta = timedelta(weeks=2)
    """A document not announced: when its citizen is invited to a consultation (R1111-53)."""
    announcement_limit: timedelta = timedelta(days=30)
    """A document not announced: when it becomes visible by itself (R1111-53)."""
    archive: timedelta = timedelta(days=3653)
    """How long a closed record is kept before it is erased (R1111-36)."""
    majority_limit: timedelta = timedelta(days=90)
    """From the 18th birthday to when a record is suspended unless its holder confirms it."""
    invitation: timedelta = timedelta(days=30)
    most_carers: int = 3
    most_cared_for: int = 5
    matrix: Matrix = field(default_factory=load_matrix)

    def admission(self, profession: str) -> Admission:
        """What a profession reads today."""
        return _admission(id(self.matrix), self, profession, clock.now().toordinal())

    def __hash__(self) -> int:
        return id(self.matrix)


@lru_cache(maxsize=512)
def _admission(_: int, policy: Policy, profession: str, day: int) -> Admission:
    return policy.matrix.admission(profession, clock.now().date())
