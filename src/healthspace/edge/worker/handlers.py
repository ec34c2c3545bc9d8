"""Who handles which kind of letter."""

from collections.abc import Mapping

from healthspace.access.opening import Service
from healthspace.edge.worker.deliver import Handler


def handlers_of(service: Service) -> Mapping[str, Handler]:
    """The handler of each kind of letter that this program posts."""
    return {}
