"""Settings: read once, all faults told together, no value ever echoed."""

import dataclasses

import pytest

from config import ConfigError, Settings, database_url

KEY = "1:" + "A" * 43 + "="
STAFF, PUBLIC = "s" * 32, "p" * 32
TWILIO = {
    "SMS_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "MG1",
}
SMTP = {"EMAIL_PROVIDER": "smtp", "SMTP_HOST": "mail.example", "EMAIL_FROM": "updates@example.org"}
SENDING = TWILIO | SMTP
DOORS = {"STAFF_URL": "https://staff.example.org", "PUBLIC_URL": "https://messages.example.org"}


def faults_of(env):
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    return caught.value.faults


def names_of_faults(env):
    return [fault.partition(":")[0] for fault in faults_of(env)]


def test_an_empty_environment_is_enough_to_begin_with():
    settings = Settings.from_env({})

    assert settings.database_url == "sqlite:///var/notify.db"
    assert (settings.sms_provider, settings.email_provider) == ("outbox", "outbox")
    assert settings.cookie_secure


def test_no_secret_has_a_default():
    settings = Settings.from_env({})

    secrets = [
        field for field in dataclasses.fields(settings) if not field.repr and field.name != "database_url"
    ]

    assert secrets
    assert [getattr(settings, field.name) for field in secrets] == [None] * len(secrets)


def test_secrets_do_not_show_in_a_representation():
    secrets = {
        "NOTIFY_ROOT_KEY": KEY,
        "STAFF_SECRET_KEY": "staff-secret-of-at-least-32-characters",
        "PUBLIC_SECRET_KEY": "public-secret-of-at-least-32-characters",
        "TWILIO_AUTH_TOKEN": "the-token",
        "SMTP_PASSWORD": "the-password",
        "DATABASE_URL": "postgresql://someone:the-database-password@db.example/notify",
    }

    shown = repr(Settings.from_env(secrets))

    assert [value for value in secrets.values() if value in shown] == []


def test_all_faults_are_told_at_once_by_name_and_without_the_value():
    env = {
        "DATABASE_URL": "mysql://u:hunter2@db/x",
        "STAFF_SECRET_KEY": "hunter2",
        "SMTP_PORT": "hunter2",
        "LOG_LEVEL": "hunter2",
        "COOKIE_SECURE": "hunter2",
        "POLICY_FILE": "/no/such/hunter2",
        "SMS_PROVIDER": "hunter2",
        "STAFF_URL": "hunter2",
    }

    faults = faults_of(env)

    assert sorted(fault.partition(":")[0] for fault in faults) == sorted(env)
    assert not [fault for fault in faults if "hunter2" in fault]


def test_the_message_of_an_error_has_one_line_a_fault():
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"SMTP_PORT": "0", "LOG_LEVEL": "loud"})

    assert str(caught.value).splitlines() == list(caught.value.faults)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@db/notify", "postgresql+psycopg://u:p@db/notify"),
        ("postgresql://db/notify", "postgresql+psycopg://db/notify"),
        ("postgresql+psycopg://db/notify?sslmode=require", "postgresql+psycopg://db/notify?sslmode=require"),
        ("sqlite:////srv/notify.db", "sqlite:////srv/notify.db"),
        ("  ", "sqlite:///var/notify.db"),
    ],
)
def test_the_address_of_the_database_is_brought_to_one_form(given, used):
    assert Settings.from_env({"DATABASE_URL": given}).database_url == used
    assert database_url({"DATABASE_URL": given, "SMTP_PORT": "not looked at"}) == used


@pytest.mark.parametrize("given", ["sqlite://", "sqlite:///", "postgresql://", "mysql://db/x", "notify.db"])
def test_an_address_of_no_database_is_refused(given):
    assert names_of_faults({"DATABASE_URL": given}) == ["DATABASE_URL"]
    with pytest.raises(ConfigError):
        database_url({"DATABASE_URL": given})


def test_a_root_key_may_be_in_a_file(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n")

    assert Settings.from_env({"NOTIFY_ROOT_KEY_FILE": str(file)}).require_root_key() == KEY


@pytest.mark.parametrize("content", ["", " \n", "kéy"])
def test_a_file_without_a_root_key_is_refused(tmp_path, content):
    file = tmp_path / "keys"
    file.write_text(content, encoding="utf-8")

    assert names_of_faults({"NOTIFY_ROOT_KEY_FILE": str(file)}) == ["NOTIFY_ROOT_KEY_FILE"]


def test_a_root_key_is_given_in_one_way_only(tmp_path):
    file = tmp_path / "keys"
    file.write_text(KEY)

    assert names_of_faults({"NOTIFY_ROOT_KEY": KEY, "NOTIFY_ROOT_KEY_FILE": str(file)}) == [
        "NOTIFY_ROOT_KEY_FILE"
    ]


def test_a_missing_root_key_is_told_to_whoever_needs_it():
    with pytest.raises(ConfigError, match="NOTIFY_ROOT_KEY: "):
        Settings.from_env({}).require_root_key()


def test_the_web_needs_both_secret_keys():
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"STAFF_SECRET_KEY": STAFF}).require_web()

    assert caught.value.faults == ("PUBLIC_SECRET_KEY: not set",)


def test_the_web_is_given_a_key_for_each_door():
    settings = Settings.from_env({"STAFF_SECRET_KEY": STAFF, "PUBLIC_SECRET_KEY": PUBLIC})

    assert settings.require_web() == (STAFF, PUBLIC)


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"STAFF_SECRET_KEY": STAFF, "PUBLIC_SECRET_KEY": STAFF}, "PUBLIC_SECRET_KEY"),
        (SENDING | {"STAFF_URL": "https://a.example", "PUBLIC_URL": "https://a.example/"}, "PUBLIC_URL"),
        (SENDING | {"STAFF_URL": "http://staff.example.org"}, "STAFF_URL"),
        (SENDING | {"PUBLIC_URL": "https://messages.example.org/path"}, "PUBLIC_URL"),
        (SENDING | {"PUBLIC_URL": DOORS["PUBLIC_URL"], "COOKIE_SECURE": "false"}, "COOKIE_SECURE"),
        (SMTP | DOORS, "SMS_PROVIDER"),
        (TWILIO | DOORS, "EMAIL_PROVIDER"),
        (TWILIO | {"STAFF_URL": DOORS["STAFF_URL"]}, "EMAIL_PROVIDER"),
        (TWILIO | {"PUBLIC_URL": DOORS["PUBLIC_URL"]}, "EMAIL_PROVIDER"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "one"}, "TRUSTED_PROXIES"),
        (TWILIO | {"TWILIO_FROM": ""}, "TWILIO_FROM"),
        ({"EMAIL_PROVIDER": "smtp", "SMTP_HOST": "mail.example"}, "EMAIL_FROM"),
        ({"SMTP_USERNAME": "someone"}, "SMTP_PASSWORD"),
        (
            {
                "EMAIL_PROVIDER": "smtp",
                "SMTP_HOST": "mail.example",
                "EMAIL_FROM": "updates@example.org",
                "SMTP_USERNAME": "someone",
                "SMTP_PASSWORD": "secret",
                "SMTP_STARTTLS": "false",
            },
            "SMTP_STARTTLS",
        ),
        ({"WORKER_TICK_SECONDS": "61"}, "WORKER_TICK_SECONDS"),
        ({"SMTP_PORT": "５８７"}, "SMTP_PORT"),
        ({"EXIT_URL": "javascript:alert(1)"}, "EXIT_URL"),
        ({"EXIT_URL": "https://[broken"}, "EXIT_URL"),
    ],
)
def test_a_dangerous_setting_or_combination_is_refused(env, name):
    assert names_of_faults(env) == [name]


def test_two_hosts_over_https_are_two_doors():
    settings = Settings.from_env(
        SENDING | {"STAFF_URL": "https://staff.example.org/", "PUBLIC_URL": "https://m.example.org"}
    )

    assert (settings.staff_url, settings.public_url) == ("https://staff.example.org", "https://m.example.org")


def test_no_proxy_is_trusted_unless_it_is_said_how_many_there_are():
    assert Settings.from_env({}).trusted_proxies == 0
    assert Settings.from_env({"TRUSTED_PROXIES": "2"}).trusted_proxies == 2


def test_cookies_may_travel_in_the_clear_on_this_machine_alone():
    assert not Settings.from_env({"COOKIE_SECURE": "False"}).cookie_secure


def test_a_chosen_provider_with_all_it_needs_is_accepted():
    assert Settings.from_env(TWILIO).twilio_from == "MG1"


SECOND = {
    "SMS_PROVIDER_2": "twilio",
    "TWILIO_2_ACCOUNT_SID": "AC2",
    "TWILIO_2_AUTH_TOKEN": "the-second-token",
    "TWILIO_2_FROM": "MG2",
}


def test_texts_go_by_the_accounts_that_are_set_in_their_order():
    settings = Settings.from_env(TWILIO | SECOND | {"SMS_2_PER_SECOND": "10"})

    assert [
        (account.settings, account.account_sid, account.per_second) for account in settings.twilio_accounts()
    ] == [
        ("TWILIO", "AC1", 0),
        ("TWILIO_2", "AC2", 10),
    ]
    assert "the-second-token" not in repr(settings.twilio_accounts()) + repr(settings)


def test_an_account_keeps_its_name_where_two_change_places():
    swapped = SECOND | {"TWILIO_ACCOUNT_SID": "AC2", "TWILIO_2_ACCOUNT_SID": "AC1"}

    before = [account.name for account in Settings.from_env(TWILIO | SECOND).twilio_accounts()]
    after = [account.name for account in Settings.from_env(TWILIO | swapped).twilio_accounts()]

    assert after == before[::-1]
    assert len(set(before)) == 2


def test_one_account_at_two_addresses_is_two():
    env = TWILIO | SECOND | {"TWILIO_2_ACCOUNT_SID": "AC1", "TWILIO_2_BASE_URL": "https://api.example.com"}

    first, second = Settings.from_env(env).twilio_accounts()

    assert first.name != second.name


@pytest.mark.parametrize(
    "address", ["", "https://api.twilio.com", "https://API.Twilio.com/", "https://api.twilio.com:443"]
)
def test_an_account_cannot_stand_by_for_itself(address):
    with pytest.raises(ConfigError, match="TWILIO_2_ACCOUNT_SID: is the first account's"):
        Settings.from_env(TWILIO | SECOND | {"TWILIO_2_ACCOUNT_SID": "AC1", "TWILIO_2_BASE_URL": address})


def test_without_twilio_there_is_no_account():
    assert Settings.from_env({}).twilio_accounts() == ()


@pytest.mark.parametrize("missing", ["TWILIO_2_ACCOUNT_SID", "TWILIO_2_AUTH_TOKEN", "TWILIO_2_FROM"])
def test_the_second_account_needs_all_that_the_first_does(missing):
    env = {name: value for name, value in (TWILIO | SECOND).items() if name != missing}

    assert names_of_faults(env) == [missing]


def test_the_second_stands_by_for_a_first():
    assert names_of_faults(SECOND) == ["SMS_PROVIDER_2"]


@pytest.mark.parametrize("name", ["SMS_PER_SECOND", "SMS_2_PER_SECOND", "EMAIL_PER_MINUTE"])
@pytest.mark.parametrize("value", ["-1", "1.5", "many", "99999"])
def test_a_pace_is_a_whole_number(name, value):
    assert names_of_faults({name: value}) == [name]
