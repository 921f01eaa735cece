"""Settings to services: the one place where real adapters are chosen."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session, sessionmaker

from config import ConfigError, Settings, TwilioAccount
from models.keyring import Keyring, KeyringError, RootKeys
from models.session import Database, open_database
from models.signals import signal_at_commit
from models.vocabulary import Channel, Sender
from notify.clock import Clock, utc_now
from notify.delivery.providers.base import Provider
from notify.delivery.providers.outbox import Outbox
from notify.delivery.providers.routes import Route, Routes
from notify.delivery.providers.smtp_email import SmtpEmail
from notify.delivery.rules.pace import Pace
from notify.delivery.senders import sender_fault
from notify.delivery.stuck import stuck
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

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
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
    providers: Routes

    @property
    def senders(self) -> frozenset[Sender]:
        """The senders of texts that a plan can choose from."""
        return frozenset(
            sender for route in self.providers.of(Channel.SMS) for sender in route.provider.senders
        )

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

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[Act]:
        """One act by `actor`, now, in one transaction; what it makes due is looked at as soon as that is committed."""
        with acting(self.sessions, self.keys, at=self.clock(), actor=actor) as act:
            yield act
            if not act.only_looked:
                signal_at_commit(act.session)

    def signal(self) -> None:
        """Have the workers look: what was just committed may have made something due."""
        with self.database.reads.begin() as session:
            signal_at_commit(session)


def nothing_is_stuck(services: Services) -> bool:
    """Whether no message that may leave is kept from it."""
    with services.reading() as session:
        return not stuck(session, at=services.clock(), after=services.rulebook.policy.stuck).count


def make_services(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    database: Database | None = None,
    providers: Routes | None = None,
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


def senders_of(account: TwilioAccount) -> dict[Sender, str]:
    """The senders that an account's texts can come from. Raises ConfigError with what is wrong with them."""
    given = {
        Sender.NEUTRAL: (f"{account.settings}_FROM", account.sender),
        Sender.NAMED: ("SMS_SENDER_NAMED", account.named),
        Sender.NUMERIC: ("SMS_SENDER_NUMERIC", account.numeric),
    }
    senders = {sender: value for sender, (_, value) in given.items() if value}
    faults = {given[sender][0]: sender_fault(sender, value) for sender, value in senders.items()}
    if any(faults.values()):
        raise ConfigError([f"{name}: {fault}" for name, fault in faults.items() if fault])
    return senders


def choose_providers(settings: Settings) -> Routes:
    """The providers of each channel, the preferred one first, by the settings. Raises ConfigError."""
    outbox = Outbox(settings.outbox_file)
    texts = [
        Route(Channel.SMS, _twilio(account, settings.public_url), _pace(account.per_second, SECOND))
        for account in settings.twilio_accounts()
    ]
    mails = Route(
        Channel.EMAIL,
        _smtp(settings) if settings.email_provider == "smtp" else outbox,
        _pace(settings.email_per_minute, MINUTE),
    )
    by_file = Route(Channel.SMS, outbox, _pace(settings.sms_per_second, SECOND))
    return Routes((*(texts or [by_file]), mails))


def _pace(count: int, per: timedelta) -> Pace | None:
    return Pace(count, per) if count else None


def _twilio(account: TwilioAccount, public_url: str) -> Provider:
    # Its libraries take longer to load than most commands take to run.
    from notify.delivery.providers.twilio_sms import TwilioSms  # noqa: PLC0415 - as just said

    try:
        return TwilioSms(
            name=account.name,
            account_sid=account.account_sid,
            auth_token=account.auth_token,
            sender=senders_of(account),
            public_url=public_url,
            base_url=account.base_url,
        )
    except ValueError as fault:  # an address that texts must not go to, or go through
        raise ConfigError([f"{account.settings}_BASE_URL or HTTPS_PROXY: {fault}"]) from None


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
