"""Every setting, its default and its meaning. Read by app.py alone, which hands the values down.

The README's table of settings is made of this list; a test holds them together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

# A demo without a key of Stripe's is paid with play money: a stand-in on loopback, whose keys everybody may know.
PLAY_KEY, PLAY_SECRET, PLAY_URL = "sk_test_play_money", "whsec_play_money", "http://127.0.0.1:8001"
SAMPLE_KEYS = frozenset("changeme change secret dev development sample example test password insecure".split())
"""Words that a key from an example is written with."""
_SHORTEST_KEY = 32
# Of 32 random hexadecimal figures, fewer are different in one case of ten thousand.
_FEWEST_CHARACTERS = 10


class WrongSetting(SystemExit):
    """A setting is wrong. The process ends with this sentence, which says which and what to write instead."""

    def __init__(self, name: str, wants: str) -> None:
        super().__init__(f"{name} is wrong: {wants}")


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. `read` turns its text into a value or raises ValueError with what it wants."""

    name: str
    default: str
    meaning: str
    read: Callable[[str], Any]


def _parts(url: str) -> SplitResult:
    """A URL's parts. Raises ValueError where its port is none: Python looks at that only when asked for it."""
    parts = urlsplit(url)
    if any(letter.isspace() for letter in url) or parts.port == 0:
        raise ValueError
    return parts


def _folder(value: str) -> Path:
    folder = Path(value.strip() or "/").resolve()
    if folder == Path("/") or (folder.exists() and not folder.is_dir()):
        raise ValueError("write the path of a folder; it is made if it is not there.")
    return folder


def _sender(value: str) -> str:
    address = parseaddr(value.strip())[1]
    if not value.isprintable() or address.count("@") != 1 or address.startswith("@") or address.endswith("@"):
        raise ValueError("write a sender as in Earnest <earnest@example.org>.")
    return value.strip()


def _level(value: str) -> str:
    if value.strip().upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("write DEBUG, INFO, WARNING or ERROR.")
    return value.strip()


def _rate_store(value: str) -> str:
    try:
        url, parts = value.strip(), _parts(value.strip())
        if url == "memory://" or (parts.scheme in {"redis", "rediss"} and parts.hostname):
            return url
    except ValueError:
        pass
    raise ValueError("write memory://, or redis://host:6379 where several processes serve.")


def _flag(value: str) -> bool:
    if value.strip().lower() in {"1", "true", "yes", "on"}:
        return True
    if value.strip().lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("write 1 or 0.")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if value.strip().isascii() and value.strip().isdigit() and least <= int(value) <= most:
            return int(value)
        raise ValueError(f"write a whole number from {least} to {most}.")

    return read


def _url(value: str) -> str:
    try:
        parts = _parts(value.strip())
        extras = (parts.path.strip("/"), parts.query, parts.fragment, parts.username, parts.password)
        if parts.scheme in {"http", "https"} and parts.hostname and not any(extras):
            return value.strip().rstrip("/?#")
    except ValueError:
        pass
    raise ValueError("write the address people open, as in https://earnest.example.org, without a path.")


def _database(value: str) -> str:
    if not value.strip():
        return ""
    try:
        url = make_url(value.strip())
        if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"} and url.database:
            return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        if url.drivername == "sqlite" and url.database and not url.host:
            return value.strip()
    except (ArgumentError, ValueError):
        pass
    raise ValueError("write postgresql://user:password@host/name, or sqlite:////path/of/the/file.")


def _smtp(value: str) -> str:
    if not value.strip():
        return ""
    try:
        parts = _parts(value.strip())
        if parts.scheme in {"smtp", "smtps"} and parts.hostname:
            return value.strip()
    except ValueError:
        pass
    raise ValueError("write smtp://user:password@host:587 or smtps://user:password@host:465.")


def _key(value: str) -> str:
    key = value.strip()
    if key and (len(key) < _SHORTEST_KEY or _is_sample(key)):
        raise ValueError(f"write a random key of {_SHORTEST_KEY} characters or more; `flask init` makes one.")
    return key


def _is_sample(key: str) -> bool:
    """Whether it comes from an example or a tired hand. Random keys of mixed case may hold any word by chance."""
    is_one_case = key in {key.lower(), key.upper()}
    words = {word.strip("0123456789") for word in re.split("[-_ .]", key.lower())}
    repeats = any((key[:length] * len(key)).startswith(key) for length in range(1, len(key) // 2 + 1))
    return repeats or len(set(key)) < _FEWEST_CHARACTERS or (is_one_case and not words.isdisjoint(SAMPLE_KEYS))


def _stripe_key(value: str) -> str:
    key = value.strip()
    if key and not re.fullmatch(r"[sr]k_(test|live)_\w+", key, re.ASCII):
        raise ValueError("write a secret or restricted key of Stripe's: sk_test_…, rk_test_…, sk_live_… or rk_live_….")
    return key


def _webhook_secrets(value: str) -> tuple[str, ...]:
    found = tuple(secret.strip() for secret in value.split(",") if secret.strip())
    if not all(re.fullmatch(r"whsec_[\w+/=]+", secret, re.ASCII) for secret in found):
        raise ValueError("write the signing secret of the endpoint, whsec_…; during a roll both, with a comma between.")
    return found


# fmt: off
SETTINGS = (
    Setting("DATABASE_URL", "", "The database. Empty: an SQLite file in EARNEST_DATA. Several servers need postgresql://…", _database),
    Setting("EARNEST_DATA", "var", "The folder of everything that is kept: photos, the SQLite file, the secret key.", _folder),
    Setting("EARNEST_BASE_URL", "http://127.0.0.1:8000", "The address people open. Cookies, links in mails and trusted hosts follow it.", _url),
    Setting("EARNEST_SECRET_KEY", "", "The secret key. Empty: the file secret.key in EARNEST_DATA, which `flask init` makes.", _key),
    Setting("EARNEST_PROXIES", "0", "How many proxies of yours stand before the web server and set X-Forwarded-…", _whole(0, 9)),
    Setting("EARNEST_SMTP_URL", "", "The mail server, smtp://user:password@host:587. Empty: the demo keeps mails in its outbox page; elsewhere they wait.", _smtp),
    Setting("EARNEST_MAIL_FROM", "Earnest <earnest@localhost>", "The sender of every mail.", _sender),
    Setting("EARNEST_RATE_STORE", "memory://", "Where rate limits are counted: memory:// for one process, redis://… for several.", _rate_store),
    Setting("EARNEST_LIVE_STREAMS", "250", "How many open pages of one web process hear of every bid at once. The others ask every few seconds.", _whole(0, 2000)),
    Setting("EARNEST_PREPARED_STATEMENTS", "1", "0 where a pooler that does not know them (pgbouncer before 1.22) stands before PostgreSQL.", _flag),
    Setting("EARNEST_STRIPE_KEY", "", "Stripe's secret or restricted key, sk_… or rk_…. Empty: no group can be paid by card.", _stripe_key),
    Setting("EARNEST_STRIPE_WEBHOOK_SECRETS", "", "The signing secret of Stripe's endpoint for /webhooks/stripe, whsec_…; several with commas during a roll.", _webhook_secrets),
    Setting("EARNEST_STRIPE_CONNECT_SECRETS", "", "The same of the endpoint for events of connected accounts, /webhooks/stripe/connect.", _webhook_secrets),
    Setting("EARNEST_STRIPE_URL", "https://api.stripe.com", "Where Stripe's interface is, so that tests and trials can point elsewhere.", _url),
    Setting("EARNEST_STRIPE_TIMEOUT", "20", "Seconds after which a call to Stripe counts as not answered; its outcome is then looked up.", _whole(1, 80)),
    Setting("EARNEST_LOG_LEVEL", "INFO", "How much is logged: DEBUG, INFO, WARNING or ERROR.", _level),
    Setting("EARNEST_DEMO", "0", "1 fills an empty database with a demo group and shows its sign-in names. Starts on loopback only.", _flag),
    Setting("EARNEST_TESTING", "0", "1 lets tests move time. Never set it where people trade.", _flag),
)
# fmt: on


_TAKEN_AS_READ = (
    "base_url proxies smtp_url mail_from rate_store live_streams prepared_statements log_level demo testing stripe_key"
    " stripe_webhook_secrets stripe_connect_secrets stripe_url stripe_timeout"
).split()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, read and checked."""

    database_url: str
    data: Path
    base_url: str
    secret_key: str = field(repr=False)
    proxies: int
    smtp_url: str
    mail_from: str
    rate_store: str
    live_streams: int
    prepared_statements: bool
    log_level: str
    demo: bool
    testing: bool
    stripe_key: str = field(default="", repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_connect_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_url: str = "https://api.stripe.com"
    stripe_timeout: int = 20

    @property
    def is_play_money(self) -> bool:
        return self.stripe_key == PLAY_KEY

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The host people type, without the port."""
        return urlsplit(self.base_url).hostname or "127.0.0.1"

    @property
    def is_loopback(self) -> bool:
        return self.host in {"127.0.0.1", "localhost", "::1"}


def read_settings(environ: Mapping[str, str], *, begins: bool = False) -> Settings:
    """Read every setting, or end with a sentence that names the wrong one.

    `begins`: this is `flask init`, which makes the secret key of a new installation.
    """
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        try:
            values[setting.name] = setting.read(environ.get(setting.name, setting.default))
        except ValueError as wants:
            raise WrongSetting(setting.name, str(wants)) from None
    data = values["EARNEST_DATA"]
    settings = Settings(
        database_url=values["DATABASE_URL"] or f"sqlite:///{data / 'earnest.sqlite3'}",
        data=data,
        secret_key=values["EARNEST_SECRET_KEY"] or _kept_key(data, make=begins or values["EARNEST_DEMO"]),
        **{name: values[f"EARNEST_{name.upper()}"] for name in _TAKEN_AS_READ},
    )
    if settings.demo and not settings.is_loopback:
        raise WrongSetting("EARNEST_DEMO", "the demo starts on 127.0.0.1 only, for its passwords are known to all.")
    if settings.demo and not settings.stripe_key:
        settings = replace(
            settings, stripe_key=PLAY_KEY, stripe_webhook_secrets=(PLAY_SECRET,), stripe_connect_secrets=(PLAY_SECRET,),
            stripe_url=environ.get("EARNEST_STRIPE_URL", PLAY_URL),
        )  # fmt: skip
    if "_live_" in settings.stripe_key:
        _check_is_for_real(settings)
    return settings


def _check_is_for_real(settings: Settings) -> None:
    """A key that moves real money is neither played with nor sent in the clear."""
    if settings.demo or settings.testing:
        raise WrongSetting("EARNEST_STRIPE_KEY", "a live key moves real money: the demo and tests take a test key.")
    if not settings.is_https or not settings.stripe_url.startswith("https://"):
        raise WrongSetting("EARNEST_STRIPE_KEY", "a live key needs https in EARNEST_BASE_URL and EARNEST_STRIPE_URL.")


def _kept_key(data: Path, *, make: bool) -> str:
    """The key in the data folder. The demo makes one; a real installation is begun with `flask init`."""
    file = data / "secret.key"
    if file.exists():
        return _checked_key(file)
    if not make:
        raise WrongSetting("EARNEST_SECRET_KEY", f"there is none, and no {file}. Run `flask init`, or set it.")
    return make_key(data)


def _checked_key(file: Path) -> str:
    try:
        return _key(file.read_text())
    except ValueError as wants:
        raise WrongSetting(str(file), str(wants)) from None


def make_key(data: Path) -> str:
    """Make the secret key of a new installation, readable by its user alone; one that is there is kept."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = data / "secret.key"
    if not file.exists():
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(secrets.token_urlsafe(48))
    return _checked_key(file)
