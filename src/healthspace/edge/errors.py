"""Domain errors as HTTP statuses, in one table. Refused and absent are the same outside."""

from healthspace.base import errors

STATUS: dict[type[errors.HealthspaceError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Refused: 404,
    errors.Gone: 410,
    errors.NotFound: 404,
    errors.NotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Invalid: 422,
    errors.Unavailable: 503,
    errors.HealthspaceError: 500,
}
ABSENT = "no such thing, or none that you may know of"


def status_of(error: errors.HealthspaceError) -> int:
    """The HTTP status of an error, by its class or the nearest one above it."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def message_of(error: errors.HealthspaceError) -> str:
    """What may be said outside: a refusal says what an absence says."""
    return ABSENT if status_of(error) == 404 else error.message
