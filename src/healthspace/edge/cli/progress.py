"""A progress bar on standard error, when a person watches."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from healthspace.edge.cli.running import say


@contextlib.contextmanager
def show_progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Gives the function to call after each of `total` steps."""
    if not sys.stderr.isatty():
        say(f"{label}: {total}")
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Results written to a file must stay there: rich only carries standard output when it is the terminal too.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)
