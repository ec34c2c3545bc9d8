"""Every failure that a caller can cause. Edges translate these into a status, a page or an exit code; nothing else does.

The message is for a person and never holds health data or an identity. `place` says where in the input: a FHIRPath
expression, or "line 3, column 14".
"""

from collections.abc import Sequence


class HealthspaceError(Exception):
    """Base of the errors raised on purpose."""

    def __init__(self, message: str = "", *, place: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.place = place
        self.traced = False
        """True once a line of the trail tells this failure, so that no second one is written."""

    @property
    def message(self) -> str:
        return str(self.args[0])


class Malformed(HealthspaceError):
    """The input could not be read."""


class Invalid(HealthspaceError):
    """The input was read, and says something that cannot be accepted."""


class InvalidResource(Invalid):
    """A resource breaks rules of FHIR: `faults` are (issue type, message, FHIRPath), one for each."""

    def __init__(self, faults: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(faults[0][1], place=faults[0][2])
        self.faults = tuple(faults)


class TooLarge(HealthspaceError):
    """The input is larger than the stated limit."""


class UnsupportedMedia(HealthspaceError):
    """This kind of content is not accepted here."""


class NotAcceptable(HealthspaceError):
    """No answer exists in the form asked for."""


class Unauthenticated(HealthspaceError):
    """No caller could be identified."""


class Refused(HealthspaceError):
    """The access rules said no. Outside, this looks like NotFound."""

    def __init__(self, message: str = "", *, place: str | None = None, about: str = "") -> None:
        super().__init__(message, place=place)
        self.about = about
        """What is there and was not shown, as `Type/id`: for the trail alone."""


class Forbidden(HealthspaceError):
    """You see this, and may not change it so."""


class NotFound(HealthspaceError):
    """No such thing, or none that this caller may know of."""


class Gone(NotFound):
    """It was here and has been deleted."""


class Conflict(HealthspaceError):
    """What is already stored contradicts this."""


class Contended(Conflict):
    """Others changed the same thing at the same moment; try again."""


class PreconditionFailed(HealthspaceError):
    """A condition of the request does not hold."""


class NotAllowed(HealthspaceError):
    """This act does not exist here."""

    allow = ""
    """The methods that do exist at this address, where that is known (RFC 9110 15.5.6)."""


class Unavailable(HealthspaceError):
    """The service cannot answer now. Nothing was lost; try again."""


class Misconfigured(HealthspaceError):
    """The service cannot start as it is set up."""
