"""`healthspace extract`: reads documents again that an older version has read; may be stopped and started again."""

from typing import TYPE_CHECKING

from healthspace.edge.cli.running import DONE, run_to_exit, say

if TYPE_CHECKING:
    from healthspace.settings import Settings


def extract() -> None:
    """Read the facts of stored documents again with this version (the service does it by itself while it serves)."""
    from healthspace.settings import read_settings

    run_to_exit(lambda: _extract(read_settings()))


async def _extract(settings: "Settings") -> int:
    from rich.progress import Progress

    from healthspace.access.opening import open_service
    from healthspace.record.clinical.again import count_stale, read_again

    async with open_service(settings) as service:
        waiting = await count_stale(service.door)
        if not waiting:
            say("Every document has been read by this version")
            return DONE
        with Progress(transient=True) as bar:
            task = bar.add_task("Reading", total=waiting)
            async for progress in read_again(service.door):
                bar.update(task, completed=progress.done)
        left = await count_stale(service.door)
        say(f"{waiting - left:,} documents read again" + (f"; {left:,} could not be" if left else ""))
    return DONE
