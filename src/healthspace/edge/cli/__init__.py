"""The `healthspace` command, one module per verb. Heavy imports wait inside the verbs, so that `--help` is quick."""

import typer

from healthspace.edge.cli.audit import audit
from healthspace.edge.cli.bench import bench
from healthspace.edge.cli.demo import demo
from healthspace.edge.cli.deposit import deposit
from healthspace.edge.cli.extract import extract
from healthspace.edge.cli.migrate import migrate
from healthspace.edge.cli.reindex import reindex
from healthspace.edge.cli.serve import MakeApp, serve
from healthspace.edge.cli.space import space
from healthspace.edge.cli.token import token

COMMANDS = (serve, demo, deposit, token, migrate, reindex, extract, bench)


def run(create_app: MakeApp) -> None:
    """Runs the command that the arguments of this process ask for, and exits. `create_app` makes the ASGI application."""
    # Neither typer's tracebacks nor rich's: they may quote a value, which may be a name.
    application = typer.Typer(
        help="A national health space: one citizen, one record, every look traced.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for command in COMMANDS:
        application.command()(command)
    application.add_typer(audit, name="audit")
    application.add_typer(space, name="space")
    application(obj=create_app)
