"""E-mail to people: it says that something happened, and never what. Sent by SMTP (RFC 5321) to the operator's server."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
import orjson

from healthspace.access.permit import Door
from healthspace.base.errors import Unavailable
from healthspace.database.outbox import Claimed
from healthspace.settings import Settings

SECONDS = 30
"""How long one delivery may take: less than the lease of its letter."""
WORDS = {
    ("fr", False): (
        "Du nouveau dans votre espace santé",
        (
            "Bonjour,\n\nIl y a du nouveau dans votre espace santé. Connectez-vous pour le lire{link}.\n\n"
            "Ce message ne contient aucune donnée de santé. Vous choisissez les messages que vous recevez dans vos notifications.\n"
        ),
    ),
    ("fr", True): (
        "Alerte importante dans votre espace santé",
        (
            "Bonjour,\n\nUne alerte importante vous attend dans votre espace santé. Connectez-vous pour la lire{link}.\n\n"
            "Ce message ne contient aucune donnée de santé.\n"
        ),
    ),
    ("en", False): (
        "News in your health space",
        (
            "Hello,\n\nThere is news in your health space. Sign in to read it{link}.\n\n"
            "This message holds no health data. You choose which messages you receive in your notifications.\n"
        ),
    ),
    ("en", True): (
        "Important alert in your health space",
        (
            "Hello,\n\nAn important alert is waiting for you in your health space. Sign in to read it{link}.\n\n"
            "This message holds no health data.\n"
        ),
    ),
}
"""Subject and text, by language and whether it is urgent. No name, no place, no document: a mailbox may be anybody's."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends e-mail as the settings say."""

    settings: Settings

    async def deliver(self, door: Door, letter: Claimed) -> None:
        """Sends one letter. It may be sent again if this process dies before it is settled: its Message-ID stays the same."""
        if self.settings.smtp_host is None:
            return  # e-mail was switched off after the letter was posted
        told = orjson.loads(letter.body)
        message = write_message(self.settings, told, f"{door.keys.hash64('mail', str(letter.id)) & (1 << 64) - 1:016x}", letter)
        try:
            await aiosmtplib.send(
                message,
                hostname=self.settings.smtp_host,
                port=self.settings.smtp_port,
                username=self.settings.smtp_user,
                password=self.settings.smtp_password,
                use_tls=self.settings.smtp_tls == "tls",
                start_tls=self.settings.smtp_tls == "starttls",
                timeout=SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unavailable("the mail server did not take the message") from error


def write_message(settings: Settings, told: dict[str, object], name: str, letter: Claimed) -> EmailMessage:
    """The e-mail of a letter; `name` begins its Message-ID (RFC 5322, section 3.6.4), the same each time it is sent."""
    subject, text = WORDS[("en" if told["language"] == "en" else "fr", bool(told["urgent"]))]
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = str(told["to"])
    message["Subject"] = subject
    message["Date"] = format_datetime(letter.created)
    message["Message-ID"] = f"<{name}@{settings.mail_from.rpartition('@')[2].rstrip('>')}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(text.format(link=f" : {settings.public_url}" if settings.public_url else ""))
    return message
