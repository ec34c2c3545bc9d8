"""`healthspace reindex`: indexes anew what was indexed by other search parameters; may be stopped and started again."""

from typing import TYPE_CHECKING

from healthspace.edge.cli.running import DONE, run_to_exit, say

if TYPE_CHECKING:
    from healthspace.settings import Settings


def reindex() -> None:
    """Index anew what was indexed by other definitions (the service does it by itself while it serves)."""
    from healthspace.settings import read_settings

    run_to_exit(lambda: _reindex(read_settings()))


async def _reindex(settings: "Settings") -> int:
    from rich.progress import Progress

    from healthspace.access.opening import open_service
    from healthspace.resources.reindex import count_stale
    from healthspace.resources.reindex import reindex as index_anew

    async with open_service(settings) as service:
        waiting = sum((await count_stale(service.door)).values())
        if not waiting:
            say("Everything is indexed by today's search parameters")
            return DONE
        with Progress(transient=True) as bar:
            task, first = bar.add_task("Indexing", total=waiting), None
            async for progress in index_anew(service.door):
                first = progress.done if first is None else first
                bar.update(task, completed=progress.done)
        say(f"{waiting:,} resources indexed anew")
    return DONE
