"""Settings of one running service, read once from the environment and passed on (standard library only).

Every setting is described in docs/settings.md; nothing else in the project reads the environment.

Long because each setting, and what is wrong with it, is told in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

SECRET_CHARACTERS = 32  # the least for a key that signs sessions
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


TWILIO = "https://api.twilio.com"


class ConfigError(Exception):
    """The settings cannot be used; the message has one line a fault, `NAME: reason`, and never a value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """One account that texts go by."""

    settings: str
    """How the names of its settings begin: TWILIO or TWILIO_2."""
    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    base_url: str | None
    per_second: int
    """0 for as many as there are."""
    named: str | None = None
    """A name that a plan can choose for texts to come from."""
    numeric: str | None = None
    """A number that a plan can choose."""

    @property
    def name(self) -> str:
        """What is stored with each message that it carried: the account's own, wherever it stands in the settings."""
        at = urlsplit(self.base_url or TWILIO)
        port = "" if at.port in {None, 443} else f":{at.port}"
        elsewhere = "" if at.hostname == urlsplit(TWILIO).hostname else f" at {at.hostname}{port}"
        return f"twilio {self.account_sid}{elsewhere}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Typed settings. Fields are named as the environment names them, in lower case."""

    database_url: str = field(repr=False)  # may hold a password
    notify_root_key: str | None = field(repr=False)  # as given, or what is in NOTIFY_ROOT_KEY_FILE
    staff_secret_key: str | None = field(repr=False)
    public_secret_key: str | None = field(repr=False)
    staff_url: str
    public_url: str
    exit_url: str
    cookie_secure: bool
    trusted_proxies: int
    sms_provider: str
    sms_provider_2: str
    email_provider: str
    sms_per_second: int
    sms_2_per_second: int
    email_per_minute: int
    outbox_file: Path
    twilio_account_sid: str | None
    twilio_auth_token: str | None = field(repr=False)
    twilio_from: str | None
    twilio_base_url: str | None
    twilio_2_account_sid: str | None
    twilio_2_auth_token: str | None = field(repr=False)
    twilio_2_from: str | None
    twilio_2_base_url: str | None
    sms_sender_named: str | None
    sms_sender_numeric: str | None
    smtp_host: str | None
    smtp_port: int
    smtp_username: str | None
    smtp_password: str | None = field(repr=False)
    smtp_starttls: bool
    smtp_ca_file: Path | None
    email_from: str | None
    policy_file: Path | None
    worker_tick_seconds: int
    log_level: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read all settings, or raise one ConfigError that names every fault.

        Secrets that only some commands need may be missing here: see require_root_key and require_web.
        Long because each setting has its line.
        """
        read = _Reader(env)
        settings = cls(
            database_url=read.database(),
            notify_root_key=read.root_key(),
            staff_secret_key=read.session_key("STAFF_SECRET_KEY"),
            public_secret_key=read.session_key("PUBLIC_SECRET_KEY"),
            staff_url=read.door("STAFF_URL", "http://127.0.0.1:8080"),
            public_url=read.door("PUBLIC_URL", "http://localhost:8081"),
            exit_url=read.url("EXIT_URL", "https://www.bbc.co.uk/weather"),
            cookie_secure=read.flag("COOKIE_SECURE", default=True),
            trusted_proxies=read.number("TRUSTED_PROXIES", 0, least=0, most=10),
            sms_provider=read.choice("SMS_PROVIDER", ("outbox", "twilio")),
            sms_provider_2=read.choice("SMS_PROVIDER_2", ("none", "twilio")),
            email_provider=read.choice("EMAIL_PROVIDER", ("outbox", "smtp")),
            sms_per_second=read.number("SMS_PER_SECOND", 0, least=0, most=1_000),
            sms_2_per_second=read.number("SMS_2_PER_SECOND", 0, least=0, most=1_000),
            email_per_minute=read.number("EMAIL_PER_MINUTE", 0, least=0, most=60_000),
            outbox_file=Path(read.text("OUTBOX_FILE") or "var/outbox.ndjson"),
            twilio_account_sid=read.text("TWILIO_ACCOUNT_SID"),
            twilio_auth_token=read.text("TWILIO_AUTH_TOKEN"),
            twilio_from=read.text("TWILIO_FROM"),
            twilio_base_url=read.url("TWILIO_BASE_URL") or None,
            twilio_2_account_sid=read.text("TWILIO_2_ACCOUNT_SID"),
            twilio_2_auth_token=read.text("TWILIO_2_AUTH_TOKEN"),
            twilio_2_from=read.text("TWILIO_2_FROM"),
            twilio_2_base_url=read.url("TWILIO_2_BASE_URL") or None,
            sms_sender_named=read.text("SMS_SENDER_NAMED"),
            sms_sender_numeric=read.text("SMS_SENDER_NUMERIC"),
            smtp_host=read.text("SMTP_HOST"),
            smtp_port=read.number("SMTP_PORT", 587, least=1, most=65_535),
            smtp_username=read.text("SMTP_USERNAME"),
            smtp_password=read.text("SMTP_PASSWORD"),
            smtp_starttls=read.flag("SMTP_STARTTLS", default=True),
            smtp_ca_file=read.file("SMTP_CA_FILE"),
            email_from=read.text("EMAIL_FROM"),
            policy_file=read.file("POLICY_FILE"),
            worker_tick_seconds=read.number("WORKER_TICK_SECONDS", 5, least=1, most=60),
            log_level=read.choice("LOG_LEVEL", LOG_LEVELS, default="INFO"),
        )
        faults = read.faults + _combination_faults(settings)
        if faults:
            raise ConfigError(faults)
        return settings

    def twilio_accounts(self) -> tuple[TwilioAccount, ...]:
        """The accounts that texts go by, the preferred one first; none where Twilio is not in use."""
        first = TwilioAccount(
            "TWILIO",
            self.twilio_account_sid or "",
            self.twilio_auth_token or "",
            self.twilio_from or "",
            self.twilio_base_url,
            self.sms_per_second,
            self.sms_sender_named,
            self.sms_sender_numeric,
        )
        second = TwilioAccount(
            "TWILIO_2",
            self.twilio_2_account_sid or "",
            self.twilio_2_auth_token or "",
            self.twilio_2_from or "",
            self.twilio_2_base_url,
            self.sms_2_per_second,
        )
        used = ((self.sms_provider, first), (self.sms_provider_2, second))
        return tuple(account for provider, account in used if provider == "twilio")

    def require_root_key(self) -> str:
        """Return the root keys as text (the keyring reads it), or raise ConfigError when there are none."""
        if self.notify_root_key is None:
            raise ConfigError(["NOTIFY_ROOT_KEY: not set, and neither is NOTIFY_ROOT_KEY_FILE"])
        return self.notify_root_key

    def require_web(self) -> tuple[str, str]:
        """Return the secret keys of the staff door and the public door, or raise ConfigError."""
        if self.staff_secret_key is None or self.public_secret_key is None:
            keys = {"STAFF_SECRET_KEY": self.staff_secret_key, "PUBLIC_SECRET_KEY": self.public_secret_key}
            raise ConfigError([f"{name}: not set" for name, key in keys.items() if key is None])
        return self.staff_secret_key, self.public_secret_key


def database_url(env: Mapping[str, str]) -> str:
    """Return the address of the database alone, for tools that need no other setting, or raise ConfigError."""
    read = _Reader(env)
    url = read.database()
    if read.faults:
        raise ConfigError(read.faults)
    return url


def policy_file(env: Mapping[str, str]) -> Path | None:
    """Return the policy file in force, if one is named, for tools that need no other setting, or raise ConfigError."""
    read = _Reader(env)
    path = read.file("POLICY_FILE")
    if read.faults:
        raise ConfigError(read.faults)
    return path


def _combination_faults(settings: Settings) -> list[str]:
    """Say what is wrong with settings that are right one by one."""
    faults = []
    if settings.staff_secret_key is not None and settings.staff_secret_key == settings.public_secret_key:
        faults.append("PUBLIC_SECRET_KEY: must differ from STAFF_SECRET_KEY")
    if settings.staff_url and urlsplit(settings.staff_url).netloc == urlsplit(settings.public_url).netloc:
        faults.append("PUBLIC_URL: must be another host or port than STAFF_URL")
    doors = (settings.staff_url, settings.public_url)
    if not all(_is_loopback(door) for door in doors if door):  # one that is wrong is told already
        if not settings.cookie_secure:
            faults.append("COOKIE_SECURE: may be false only while both doors are on this machine")
        # It would look as if victims were told, and what they are not sent would lie in a file in the clear.
        chosen = {"SMS_PROVIDER": settings.sms_provider, "EMAIL_PROVIDER": settings.email_provider}
        faults.extend(
            f"{name}: may be outbox only while both doors are on this machine"
            for name, provider in chosen.items()
            if provider == "outbox"
        )
    return faults + _provider_faults(settings)


def _provider_faults(settings: Settings) -> list[str]:
    """Say what is missing for the providers that were chosen."""
    faults = []
    needed: dict[str, str | None] = {}
    if settings.sms_provider == "twilio":
        needed |= {
            "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
            "TWILIO_FROM": settings.twilio_from,
        }
    if settings.sms_provider_2 == "twilio":
        if settings.sms_provider != "twilio":
            faults.append("SMS_PROVIDER_2: stands by for another, so SMS_PROVIDER must be twilio")
        needed |= {
            "TWILIO_2_ACCOUNT_SID": settings.twilio_2_account_sid,
            "TWILIO_2_AUTH_TOKEN": settings.twilio_2_auth_token,
            "TWILIO_2_FROM": settings.twilio_2_from,
        }
    first, second = (*settings.twilio_accounts(), None, None)[:2]
    if first and second and first.account_sid and first.name == second.name:
        faults.append("TWILIO_2_ACCOUNT_SID: is the first account's, which cannot stand by for itself")
    if settings.email_provider == "smtp":
        needed |= {"SMTP_HOST": settings.smtp_host, "EMAIL_FROM": settings.email_from}
        if settings.smtp_username and not settings.smtp_starttls:
            faults.append("SMTP_STARTTLS: may not be false while SMTP_USERNAME is set")
    if settings.smtp_username and not settings.smtp_password:
        faults.append("SMTP_PASSWORD: needed with SMTP_USERNAME")
    faults.extend(f"{name}: needed by the chosen provider" for name, value in needed.items() if not value)
    return faults


class _Reader:
    """Reads one environment and gathers what is wrong with it; a faulty value reads as a harmless one."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def text(self, name: str) -> str | None:
        """Return the value without spaces around it; one that is empty counts as not set."""
        return self.env.get(name, "").strip() or None

    def fault(self, name: str, reason: str) -> None:
        self.faults.append(f"{name}: {reason}")

    def choice(self, name: str, words: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(name) or default or words[0]
        if value not in words:
            self.fault(name, f"must be one of {', '.join(words)}")
            return words[0]
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = (self.text(name) or str(default)).lower()
        if value not in {"true", "false"}:
            self.fault(name, "must be true or false")
            return default
        return value == "true"

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        number = _whole(value)
        if number is None or not least <= number <= most:
            self.fault(name, f"must be a whole number from {least} to {most}")
            return default
        return number

    def file(self, name: str) -> Path | None:
        value = self.text(name)
        if value is not None and not Path(value).is_file():
            self.fault(name, "no such file")
        return None if value is None else Path(value)

    def url(self, name: str, default: str = "") -> str:
        """Return an http or https address without a slash at its end."""
        value = self.text(name) or default
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            self.fault(name, "must be an address that starts with https:// and names a host")
            return ""
        return value.rstrip("/")

    def door(self, name: str, default: str) -> str:
        """Return the address of a door: a host, no path, and in the clear only on this machine."""
        value = self.url(name, default)
        if not value:
            return ""
        parts = urlsplit(value)
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            self.fault(name, "must be a host only, with no path, query or user")
        if parts.scheme != "https" and not _is_loopback(value):
            self.fault(name, "must be https except on this machine")
        return value

    def session_key(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and len(value) < SECRET_CHARACTERS:
            self.fault(name, f"must have at least {SECRET_CHARACTERS} characters")
        return value

    def database(self) -> str:
        value = self.text("DATABASE_URL") or "sqlite:///var/notify.db"
        scheme, separator, rest = value.partition("://")
        if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and rest:
            return f"postgresql+psycopg://{rest}"
        if scheme != "sqlite" or not separator or not rest.startswith("/") or rest == "/":
            self.fault("DATABASE_URL", "must start with postgresql:// or be sqlite:/// and a file")
        return value

    def root_key(self) -> str | None:
        given, file = self.text("NOTIFY_ROOT_KEY"), self.text("NOTIFY_ROOT_KEY_FILE")
        if file is None:
            return given
        if given is not None:
            self.fault("NOTIFY_ROOT_KEY_FILE", "set this or NOTIFY_ROOT_KEY, not both")
            return None
        try:
            content = Path(file).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            self.fault("NOTIFY_ROOT_KEY_FILE", "cannot be read")
            return None
        if not content:
            self.fault("NOTIFY_ROOT_KEY_FILE", "is empty")
        return content


def _whole(text: str) -> int | None:
    """Read a whole number of at most five digits, with no sign and no other alphabet's digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("65535") else None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
