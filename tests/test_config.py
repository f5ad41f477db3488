"""Every setting is documented; a wrong one stops the start with a sentence that says which."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

import pytest

from marketplace.app import stripe_of
from marketplace.config import SETTINGS, WrongSetting, make_key, read_settings

README = Path(__file__).parents[1] / "README.md"
KEY = "a-key-of-the-tests-that-is-long-enough-0123456789"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_stands_in_the_readme_with_its_default_and_meaning(setting: object) -> None:
    default = f"`{setting.default}`" if setting.default else "–"  # type: ignore[attr-defined]
    assert f"| `{setting.name}` | {default} | {setting.meaning} |" in README.read_text()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://localhost/earnest"),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://anna:x@127.0.0.1:abc/earnest"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "earnest.sqlite3"),
        ("EARNEST_DATA", ""),
        ("EARNEST_DATA", __file__),
        ("EARNEST_BASE_URL", "earnest.example.org"),
        ("EARNEST_BASE_URL", "https://example.org/path"),
        ("EARNEST_BASE_URL", "http://127.0.0.1:abc"),
        ("EARNEST_BASE_URL", "http://127.0.0.1:99999"),
        ("EARNEST_BASE_URL", "https://anna:x@example.org"),
        ("EARNEST_BASE_URL", "https://example.org?a=b"),
        ("EARNEST_BASE_URL", "https://example.org#f"),
        ("EARNEST_BASE_URL", "https://exam ple.org"),
        ("EARNEST_SECRET_KEY", "short"),
        ("EARNEST_SECRET_KEY", "changeme-changeme-changeme-changeme-changeme"),
        ("EARNEST_SECRET_KEY", "k" * 40),
        ("EARNEST_SECRET_KEY", "0123456789" * 4),
        ("EARNEST_SECRET_KEY", "ChangeMe" * 5),
        ("EARNEST_SECRET_KEY", "my-secret-for-the-server-in-the-cellar"),
        ("EARNEST_SECRET_KEY", "DEV_KEY_OF_THE_MACHINE_UNDER_THE_DESK"),
        ("EARNEST_SECRET_KEY", "a-sample1-that-stood-in-the-documentation"),
        ("EARNEST_PROXIES", "-1"),
        ("EARNEST_PROXIES", "two"),
        ("EARNEST_PROXIES", "999999"),
        ("EARNEST_SMTP_URL", "mail.example.org"),
        ("EARNEST_SMTP_URL", "smtp://mail.example.org:abc"),
        ("EARNEST_MAIL_FROM", ""),
        ("EARNEST_MAIL_FROM", "nonsense"),
        ("EARNEST_MAIL_FROM", "Anna <anna@example.org>\nBcc: all@example.org"),
        ("EARNEST_RATE_STORE", "nonsense"),
        ("EARNEST_RATE_STORE", "redis://"),
        ("EARNEST_RATE_STORE", "redis://127.0.0.1:abc"),
        ("EARNEST_STRIPE_KEY", "pk_test_123"),
        ("EARNEST_STRIPE_KEY", "sk_123"),
        ("EARNEST_STRIPE_KEY", "sk_live_123"),  # tests and the demo, and http, take no such key
        ("EARNEST_STRIPE_KEY", "rk_live_123"),
        ("EARNEST_STRIPE_WEBHOOK_SECRETS", "sk_test_123"),
        ("EARNEST_STRIPE_WEBHOOK_SECRETS", "whsec_1,secret"),
        ("EARNEST_STRIPE_CONNECT_SECRETS", "secret"),
        ("EARNEST_STRIPE_URL", "api.stripe.com"),
        ("EARNEST_STRIPE_TIMEOUT", "0"),
        ("EARNEST_STRIPE_TIMEOUT", "81"),
        ("EARNEST_DEMO", "perhaps"),
        ("EARNEST_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_its_name(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=name):
        read_settings({"EARNEST_DATA": str(tmp_path), "EARNEST_SECRET_KEY": KEY, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://anna:p%40ss@database/earnest"),
        ("DATABASE_URL", "postgres:///earnest?host=/run/postgresql"),
        ("DATABASE_URL", "sqlite:////srv/earnest.sqlite3"),
        ("EARNEST_BASE_URL", "http://[::1]:8000"),
        ("EARNEST_MAIL_FROM", "earnest@example.org"),
        ("EARNEST_STRIPE_KEY", "sk_test_123"),
        ("EARNEST_STRIPE_KEY", "rk_test_123"),
        ("EARNEST_STRIPE_WEBHOOK_SECRETS", "whsec_1, whsec_2,"),
        ("EARNEST_RATE_STORE", "redis://127.0.0.1:6379/2"),
        ("EARNEST_RATE_STORE", "rediss://:word@counts.example.org"),
    ],
)
def test_a_right_setting_is_taken(name: str, value: str, tmp_path: Path) -> None:
    read_settings({"EARNEST_DATA": str(tmp_path), "EARNEST_SECRET_KEY": KEY, name: value})


def test_a_password_in_the_database_address_is_kept_as_it_was_written(tmp_path: Path) -> None:
    url = "postgresql://anna:p%40ss@database/earnest"
    settings = read_settings({"EARNEST_DATA": str(tmp_path), "EARNEST_SECRET_KEY": KEY, "DATABASE_URL": url})
    assert settings.database_url == "postgresql+psycopg://anna:p%40ss@database/earnest"


def test_a_random_key_is_never_taken_for_a_sample(tmp_path: Path) -> None:
    random = [secrets.token_urlsafe(48) for _ in range(500)]
    by_chance = ["-dev-" + random[0], random[1] + "_Test", "Secret-" + random[2]]
    for key in (*random, *by_chance, secrets.token_hex(32)):
        assert read_settings({"EARNEST_DATA": str(tmp_path), "EARNEST_SECRET_KEY": key}).secret_key == key


def test_the_demo_starts_on_loopback_only(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="EARNEST_DEMO"):
        read_settings(
            {
                "EARNEST_DATA": str(tmp_path),
                "EARNEST_SECRET_KEY": KEY,
                "EARNEST_DEMO": "1",
                "EARNEST_BASE_URL": "https://x.org",
            }
        )


def test_a_real_installation_does_not_start_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="flask init"):
        read_settings({"EARNEST_DATA": str(tmp_path)})


def test_the_key_is_readable_by_its_user_alone_and_kept(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    file = tmp_path / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert make_key(tmp_path) == key == read_settings({"EARNEST_DATA": str(tmp_path)}).secret_key


def test_a_sample_key_in_the_file_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("changeme" * 5)
    with pytest.raises(WrongSetting, match=r"secret\.key"):
        read_settings({"EARNEST_DATA": str(tmp_path)})


def test_cookies_and_hosts_follow_the_address(tmp_path: Path) -> None:
    far = read_settings(
        {"EARNEST_DATA": str(tmp_path), "EARNEST_SECRET_KEY": KEY, "EARNEST_BASE_URL": "https://earnest.example.org/"}
    )
    assert far.is_https
    assert not far.is_loopback
    assert far.base_url == "https://earnest.example.org"


def test_a_demo_without_a_key_of_stripe_s_is_paid_with_play_money(tmp_path: Path) -> None:
    environ = {"EARNEST_DATA": str(tmp_path), "EARNEST_DEMO": "1"}
    settings = read_settings(environ)
    assert settings.is_play_money
    assert settings.stripe_url.startswith("http://127.0.0.1:")
    own = read_settings({**environ, "EARNEST_STRIPE_KEY": "sk_test_of_our_own"})
    assert not own.is_play_money
    assert own.stripe_url == "https://api.stripe.com"
    assert not read_settings({**environ, "EARNEST_DEMO": "0", "EARNEST_SECRET_KEY": KEY}).stripe_key


FOR_REAL = {"EARNEST_BASE_URL": "https://earnest.example", "EARNEST_STRIPE_KEY": "rk_live_123"}


def test_a_live_key_is_for_a_real_installation_alone(tmp_path: Path) -> None:
    at = {"EARNEST_DATA": str(tmp_path), "EARNEST_SECRET_KEY": KEY}
    assert read_settings(at | FOR_REAL).stripe_key == "rk_live_123"
    for wrong in (
        {"EARNEST_TESTING": "1"},
        {"EARNEST_BASE_URL": "http://earnest.example"},
        {"EARNEST_STRIPE_URL": "http://127.0.0.1:9"},
    ):
        with pytest.raises(WrongSetting, match="EARNEST_STRIPE_KEY"):
            read_settings(at | FOR_REAL | wrong)


def test_no_secret_stands_in_what_is_printed_of_the_settings(tmp_path: Path) -> None:
    secrets = {"EARNEST_STRIPE_WEBHOOK_SECRETS": "whsec_platform", "EARNEST_STRIPE_CONNECT_SECRETS": "whsec_connect"}
    settings = read_settings({"EARNEST_DATA": str(tmp_path), "EARNEST_SECRET_KEY": KEY} | FOR_REAL | secrets)
    assert settings.stripe_webhook_secrets == ("whsec_platform",)
    for secret in (KEY, "rk_live_123", "whsec"):
        assert secret not in repr(settings)
        assert secret not in repr(stripe_of(settings))
