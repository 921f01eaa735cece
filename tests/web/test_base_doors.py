"""Each door has a key, a cookie, pages and headers of its own."""

import re
from pathlib import Path

import pytest
from flask import Flask, jsonify, render_template, session
from jinja2 import TemplateNotFound

from config import ConfigError
from models.session import Database, open_database
from notify.web.app import Face
from notify.web.headers import forget_in_browser
from notify.web.health import database_answers
from tests.web.doors import add_sample_page, make_door

FACES: tuple[Face, Face] = ("staff", "public")
both = pytest.mark.parametrize("face", FACES)


def make_sample(face: Face, **env: str) -> Flask:
    app = make_door(face, env=env)
    add_sample_page(app)
    app.add_url_rule("/session", "session", lambda: jsonify(list(session)))
    return app


def cookie_of(app: Flask) -> str:
    return app.test_client().get("/sample").headers["Set-Cookie"]


def static_text(name: str) -> str:
    with make_door("public").test_client().get(f"/static/{name}") as answer:
        return answer.get_data(as_text=True)


def test_a_face_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown face: back"):
        make_door("back")  # type: ignore[arg-type]  # what this test is about


@pytest.mark.parametrize("missing", ["STAFF_SECRET_KEY", "PUBLIC_SECRET_KEY"])
@both
def test_no_door_opens_without_its_keys(face: Face, missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        make_door(face, env={missing: ""})


def test_the_doors_set_cookies_of_different_names() -> None:
    assert cookie_of(make_sample("staff")).startswith("staff_session=")
    assert cookie_of(make_sample("public")).startswith("session=")


@both
def test_scripts_and_other_sites_never_get_the_cookie(face: Face) -> None:
    cookie = cookie_of(make_sample(face))

    assert "HttpOnly" in cookie
    assert f"SameSite={'Lax' if face == 'staff' else 'Strict'}" in cookie


@both
def test_the_cookie_travels_only_encrypted_where_the_door_is_secure(face: Face) -> None:
    assert "Secure" in cookie_of(make_sample(face, COOKIE_SECURE="true"))
    assert "Secure" not in cookie_of(make_sample(face))


def test_a_session_of_one_door_is_nothing_to_the_other() -> None:
    staff, public = make_sample("staff"), make_sample("public")
    value = cookie_of(staff).partition("=")[2].partition(";")[0]
    found = []
    for app in (staff, public):
        client = app.test_client()
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], value)
        found.append(client.get("/session").get_json())

    assert found == [["csrf_token"], []]


@pytest.mark.parametrize(("face", "other"), [("staff", "victim/base.html"), ("public", "staff/base.html")])
def test_a_door_cannot_show_the_pages_of_the_other(face: Face, other: str) -> None:
    app = make_door(face)

    with app.test_request_context(), pytest.raises(TemplateNotFound):
        render_template(other)


@both
@pytest.mark.parametrize("path", ["/", "/health", "/sample", "/nowhere", "/broken"])
def test_every_answer_but_the_static_files_is_kept_by_nobody(face: Face, path: str) -> None:
    headers = make_sample(face).test_client().get(path).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["X-Content-Type-Options"] == "nosniff"


@both
def test_stylesheets_may_be_kept_but_a_missing_one_may_not(face: Face) -> None:
    client = make_door(face).test_client()

    with client.get("/static/door.css") as answer:
        assert "max-age=3600" in answer.headers["Cache-Control"]
    assert client.get("/static/nothing.css").headers["Cache-Control"] == "no-store"


@both
def test_only_the_script_with_this_answers_nonce_runs(face: Face) -> None:
    client = make_sample(face).test_client()
    first, second = client.get("/sample"), client.get("/sample")
    policies = [answer.headers["Content-Security-Policy"] for answer in (first, second)]
    nonces = [re.findall(r"'nonce-([\w-]+)'", policy) for policy in policies]

    assert nonces[0] != nonces[1]
    assert re.findall(r'<script nonce="([\w-]+)"', first.text) == nonces[0]
    assert re.findall(r"<script(?! nonce)[^>]*>", first.text) == [
        '<script type="module" src="/static/door.js">'
    ]
    assert "unsafe" not in policies[0]
    assert policies[0].startswith("default-src 'none'")


@both
def test_pages_load_nothing_from_elsewhere_and_carry_no_inline_style(face: Face) -> None:
    page = make_sample(face).test_client().get("/sample").text
    loaded = re.findall(r'(?:src|rel="(?:stylesheet|icon)"[^>]*href)="([^"]*)"', page)

    assert loaded
    assert all(address.startswith("/static/") for address in loaded)
    assert " style=" not in page


@both
def test_https_is_insisted_on_only_where_the_door_is_secure(face: Face) -> None:
    assert "Strict-Transport-Security" not in make_door(face).test_client().get("/health").headers
    secure = make_door(face, env={"COOKIE_SECURE": "true"}).test_client().get("/health").headers
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


def test_the_public_door_is_named_so_that_a_glance_tells_nothing() -> None:
    client = make_sample("public").test_client()

    for path in ("/sample", "/nowhere", "/broken"):
        page = client.get(path).text
        assert re.findall(r"<title>\s*(.*?)\s*</title>", page) == ["Your messages"]
        assert not re.search(r"police|crime|court|victim|case|officer", page, re.IGNORECASE)


def test_leaving_ends_the_visit_and_leads_where_the_setting_says() -> None:
    app = make_sample("public", EXIT_URL="https://www.example.org/weather")
    client = app.test_client()
    client.get("/sample")
    assert client.get_cookie("session") is not None

    answer = client.get("/exit")

    assert answer.headers["Location"] == "https://www.example.org/weather"
    assert client.get_cookie("session") is None


@both
def test_every_public_page_and_no_staff_page_has_the_way_out(face: Face) -> None:
    client = make_sample(face).test_client()

    for path in ("/sample", "/nowhere", "/broken"):
        assert client.get(path).text.count('href="/exit"') == (2 if face == "public" else 0)


@pytest.mark.parametrize("name", ["govuk/govuk-frontend.min.css", "govuk/govuk-frontend.min.js", "door.css"])
def test_no_typeface_crown_or_crest_is_served(name: str) -> None:
    text = static_text(name)

    assert len(text) > 100
    assert not re.search(r"GDS Transport|@font-face|url\(|crest\.svg|sourceMappingURL", text)


def test_the_licence_lies_beside_what_it_covers() -> None:
    text = static_text("govuk/LICENSE.txt")

    assert text.startswith("govuk-frontend.min.css")
    assert "MIT License" in text


@both
def test_health_is_well_when_every_check_passes(face: Face) -> None:
    answer = make_door(face, checks={"database": lambda: True}).test_client().get("/health")

    assert answer.status_code == 200
    assert answer.get_json()["status"] == "ok"


@both
def test_health_fails_when_one_check_fails_or_breaks(face: Face) -> None:
    def broken() -> bool:
        raise OSError("canary")

    for bad in (lambda: False, broken):
        answer = (
            make_door(face, checks={"database": lambda: True, "worker": bad}).test_client().get("/health")
        )

        assert answer.status_code == 503
        assert answer.get_json()["status"] == "failing"
        assert "canary" not in answer.text


def test_a_database_that_answers_is_well(database: Database) -> None:
    assert database_answers(database)


def test_a_database_that_is_gone_fails_the_health_of_a_door(tmp_path: Path) -> None:
    gone = open_database(f"sqlite:///{tmp_path / 'no-such-folder' / 'notify.db'}")

    app = make_door("staff", checks={"database": lambda: database_answers(gone)})

    assert app.test_client().get("/health").get_json()["checks"] == {"database": False}


def test_only_staff_learn_which_check_fails() -> None:
    checks = {"database": lambda: True, "worker": lambda: False}

    staff = make_door("staff", checks=checks).test_client().get("/health").get_json()
    public = make_door("public", checks=checks).test_client().get("/health").get_json()

    assert staff["checks"] == {"database": True, "worker": False}
    assert public == {"status": "failing"}


def test_a_browser_asked_to_forget_keeps_the_cookies_of_neighbouring_hosts() -> None:
    app = make_door("public")
    value = forget_in_browser(app.response_class()).headers["Clear-Site-Data"]

    assert value == '"cache", "storage"'
