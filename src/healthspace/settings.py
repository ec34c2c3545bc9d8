"""One frozen settings object, read once from the environment by the commands."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from healthspace.base.errors import Misconfigured

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs. Every field has its environment variable in `docs/reference/settings.md`."""

    data: Path
    """Folder of the embedded database, the sealed documents and, unless said otherwise, the master key."""
    master_key: Path
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    """Asked for by the command; the data folder remembers it, and a real one never becomes a demonstration."""
    document_limit: int = 10 * MEBIBYTE
    """Bytes of one document."""
    body_limit: int = 16 * MEBIBYTE
    """Bytes of one request: a document of the size above in base64, and its metadata."""
    exchange_limit: int = 40 * MEBIBYTE
    """Bytes of one resource that the technical caller writes: the largest official example has 34 MiB."""
    pool_size: int = 10
    authorisation_days: int = 365
    """How long an authorisation lasts that does not say it."""
    information_days: int = 42
    """From the announcement of a space to its opening, and from a suspension to the closure."""
    notice_days: int = 14
    release_days: int = 30
    """A document not announced: the notice, and the release."""
    archive_days: int = 3653
    """How long a closed record is kept."""
    majority_days: int = 90
    """From the 18th birthday to the suspension of a record that is not confirmed."""
    access_matrix: Path | None = None
    """The profession matrix, in the place of the one that comes with the service."""
    smtp_host: str | None = None
    """The operator's mail server; without one no e-mail is sent."""
    smtp_port: int = 25
    smtp_tls: str = "starttls"
    """`tls` from the first byte, `starttls` (RFC 3207), or `none` on a trusted network only."""
    smtp_user: str | None = None
    smtp_password: str | None = None
    mail_from: str = "noreply@localhost"
    public_url: str = ""
    """The address of the portal as people know it, for links in e-mails."""
    trail_months: int = 36
    """Months that the trail is kept: 36 at least."""


def read_settings(environment: Mapping[str, str] | None = None, *, demo: bool = False) -> Settings:
    """The settings that `environment` (by default the process's) asks for; Misconfigured on a value that is no number."""
    env = os.environ if environment is None else environment
    data = Path(env.get("HEALTHSPACE_DATA") or "healthspace-data").absolute()
    return Settings(
        data=data,
        master_key=Path(env.get("HEALTHSPACE_MASTER_KEY") or data / "keys" / "master.key").absolute(),
        database_url=env.get("DATABASE_URL") or None,
        host=env.get("HEALTHSPACE_HOST") or "127.0.0.1",
        port=_number(env, "HEALTHSPACE_PORT", 8000),
        smtp_host=env.get("HEALTHSPACE_SMTP_HOST") or None,
        smtp_port=_number(env, "HEALTHSPACE_SMTP_PORT", 25),
        smtp_tls=_choice(env, "HEALTHSPACE_SMTP_TLS", ("starttls", "tls", "none")),
        smtp_user=env.get("HEALTHSPACE_SMTP_USER") or None,
        smtp_password=env.get("HEALTHSPACE_SMTP_PASSWORD") or None,
        mail_from=env.get("HEALTHSPACE_MAIL_FROM") or "noreply@localhost",
        public_url=env.get("HEALTHSPACE_PUBLIC_URL") or "",
        trail_months=_at_least(env, "HEALTHSPACE_TRAIL_MONTHS", 36),
        authorisation_days=_number(env, "HEALTHSPACE_AUTHORISATION_DAYS", 365),
        information_days=_number(env, "HEALTHSPACE_INFORMATION_DAYS", 42),
        notice_days=_number(env, "HEALTHSPACE_NOTICE_DAYS", 14),
        release_days=_number(env, "HEALTHSPACE_RELEASE_DAYS", 30),
        archive_days=_number(env, "HEALTHSPACE_ARCHIVE_DAYS", 3653),
        majority_days=_number(env, "HEALTHSPACE_MAJORITY_DAYS", 90),
        access_matrix=Path(env["HEALTHSPACE_ACCESS_MATRIX"]) if env.get("HEALTHSPACE_ACCESS_MATRIX") else None,
        demo=demo or env.get("HEALTHSPACE_DEMO", "").lower() in {"1", "true", "yes"},
    )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal():
        raise Misconfigured(f"{name} must be a whole number")
    return int(text)


def _at_least(env: Mapping[str, str], name: str, least: int) -> int:
    """A number that the law gives a floor to, which is also its default."""
    number = _number(env, name, least)
    if number < least:
        raise Misconfigured(f"{name} must be {least} or more")
    return number


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    chosen = env.get(name) or choices[0]
    if chosen not in choices:
        raise Misconfigured(f"{name} must be one of {', '.join(choices)}")
    return chosen
