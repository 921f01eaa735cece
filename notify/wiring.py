"""Settings to services: the one place where real adapters are chosen."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, sessionmaker

from config import ConfigError, Settings
from models.keyring import Keyring, KeyringError, RootKeys
from models.session import Database, open_database
from models.vocabulary import Channel, Sender
from notify.clock import Clock, utc_now
from notify.delivery.providers.base import Provider
from notify.delivery.providers.outbox import Outbox
from notify.delivery.providers.smtp_email import SmtpEmail
from notify.delivery.senders import sender_fault
from notify.delivery.writing import Writer
from notify.ledger.acts import Act, acting
from notify.ledger.audit import Actor
from notify.oversight.alerts import alert_policy
from notify.oversight.rules.alerts import AlertPolicy
from notify.planning.calendar import england_and_wales
from notify.planning.catalogue_files import load_catalogue
from notify.planning.policy import load_policy
from notify.planning.rulebook import Rulebook
from notify.wording.budgets import LONGEST_LINK, budgeted
from notify.wording.catalogue import Wording

TOKEN_BYTES = 24
"""Random bytes in a private link: beyond guessing, short enough for a text."""


@dataclass(frozen=True)
class Services:
    """All that a face, a job or the command line needs; made once, shared by threads."""

    settings: Settings
    database: Database
    keys: Keyring = field(repr=False)
    clock: Clock
    rulebook: Rulebook = field(repr=False)
    alert_policy: AlertPolicy
    writer: Writer = field(repr=False)
    providers: Mapping[Channel, Provider]

    @property
    def senders(self) -> frozenset[Sender]:
        """The senders of texts that a plan can choose from."""
        return frozenset(self.providers[Channel.SMS].senders)

    @property
    def sessions(self) -> sessionmaker[Session]:
        return self.database.sessions

    @property
    def wording(self) -> Wording:
        return self.writer.wording

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for questions only."""
        with self.database.reads() as session:
            yield session

    def acting(self, actor: Actor) -> AbstractContextManager[Act]:
        """One act by `actor`, now, in one transaction."""
        return acting(self.sessions, self.keys, at=self.clock(), actor=actor)


def make_services(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    database: Database | None = None,
    providers: Mapping[Channel, Provider] | None = None,
) -> Services:
    """Wire the service up. Raises ConfigError when the root key is missing, malformed or not this database's."""
    try:
        keys = Keyring(RootKeys.parse(settings.require_root_key()))
        database = database or open_database(settings.database_url)
        keys.ready(database.sessions)
    except KeyringError as fault:
        raise ConfigError([f"NOTIFY_ROOT_KEY: {fault}"]) from fault
    policy = load_policy(settings.policy_file)
    writer = Writer(Wording.load(), settings.public_url, new_token)
    if not budgeted(writer.link(new_token())):
        raise ConfigError(
            [f"PUBLIC_URL: too long for a text: a private link may have {LONGEST_LINK} letters"]
        )
    return Services(
        settings=settings,
        database=database,
        keys=keys,
        clock=clock,
        rulebook=Rulebook(load_catalogue(), england_and_wales(), policy),
        alert_policy=alert_policy(
            policy.due_soon_hours, policy.escalate_standard_days, policy.escalate_enhanced_days
        ),
        writer=writer,
        providers=providers or choose_providers(settings),
    )


def new_token() -> str:
    """A random word for links, sessions and tokens."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def senders_of(settings: Settings) -> dict[Sender, str]:
    """The senders that texts can come from. Raises ConfigError with what is wrong with them."""
    given = {
        Sender.NEUTRAL: ("TWILIO_FROM", settings.twilio_from),
        Sender.NAMED: ("SMS_SENDER_NAMED", settings.sms_sender_named),
        Sender.NUMERIC: ("SMS_SENDER_NUMERIC", settings.sms_sender_numeric),
    }
    senders = {sender: value for sender, (_, value) in given.items() if value}
    faults = {given[sender][0]: sender_fault(sender, value) for sender, value in senders.items()}
    if any(faults.values()):
        raise ConfigError([f"{name}: {fault}" for name, fault in faults.items() if fault])
    return senders


def choose_providers(settings: Settings) -> Mapping[Channel, Provider]:
    """The provider of each channel, by the settings."""
    outbox = Outbox(settings.outbox_file)
    return {
        Channel.SMS: _twilio(settings) if settings.sms_provider == "twilio" else outbox,
        Channel.EMAIL: _smtp(settings) if settings.email_provider == "smtp" else outbox,
    }


def _twilio(settings: Settings) -> Provider:
    # Its libraries take longer to load than most commands take to run.
    from notify.delivery.providers.twilio_sms import TwilioSms  # noqa: PLC0415 - as just said

    return TwilioSms(
        account_sid=settings.twilio_account_sid or "",
        auth_token=settings.twilio_auth_token or "",
        sender=senders_of(settings),
        public_url=settings.public_url,
        base_url=settings.twilio_base_url,
    )


def _smtp(settings: Settings) -> Provider:
    return SmtpEmail(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        sender=settings.email_from or "",
        username=settings.smtp_username,
        password=settings.smtp_password,
        starttls=settings.smtp_starttls,
        ca_file=settings.smtp_ca_file,
    )
