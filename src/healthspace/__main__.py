"""The command `healthspace`, also `python -m healthspace`: only the commands that serve the application import it."""

from typing import TYPE_CHECKING

from healthspace.edge.cli import run

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from healthspace.access.opening import Service


def main() -> None:
    """Runs the command that the arguments of this process ask for."""
    run(_create_app)


def _create_app(service: "Service") -> "ASGIApp":
    from healthspace.app import create_app

    return create_app(service)


if __name__ == "__main__":
    main()
