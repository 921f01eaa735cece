"""Fixtures that every kind of test may ask for: a database of each sort, and a browser."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session, sessionmaker

from models.session import Database, make_engine, open_database
from models.tables import metadata
from tests.postgres import NoServerError, a_database, a_server, administrator

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET_BROWSER = (
    "--no-sandbox",  # it runs as root in CI, and opens only our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SLOWEST_PAGE = 60_000  # milliseconds, on a machine with much else to do


@pytest.fixture(scope="session")
def environment() -> Mapping[str, str]:
    """The environment of the test run itself; the code under test is given its own."""
    return dict(os.environ)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, complete database of this test's own, of each sort in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url, throw_away=True)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.engine


@pytest.fixture
def sessions(database: Database) -> sessionmaker[Session]:
    return database.sessions


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """An empty, complete SQLite database for tests that need no other sort."""
    shutil.copyfile(sqlite_template, tmp_path / "notify.db")
    return f"sqlite:///{tmp_path / 'notify.db'}"


@pytest.fixture
def postgresql_url(postgresql_admin: Engine, postgresql_template: str) -> Iterator[str]:
    """An empty, complete PostgreSQL database for tests that need no other sort."""
    with a_database(postgresql_admin, f"notify_{uuid4().hex}", template=postgresql_template) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_admin: Engine) -> Iterator[str]:
    name = f"notify_template_{uuid4().hex}"
    with a_database(postgresql_admin, name) as url:
        _make_tables(url.render_as_string(hide_password=False))
        yield name


@pytest.fixture(scope="session")
def postgresql_admin(environment: Mapping[str, str]) -> Iterator[Engine]:
    """An engine on a server where databases may be made; one server a test process."""
    try:
        with a_server(environment) as url:
            engine = administrator(url)
            yield engine
            engine.dispose()
    except NoServerError as error:
        _skip_unless_ci(str(error), environment)


@pytest.fixture(scope="module")
def browser(environment: Mapping[str, str]) -> Iterator[Browser]:
    """A real browser, one a module: its event loop must not outlive the tests that need it."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        _skip_unless_ci(f"no browser: install one of {', '.join(BROWSERS)}", environment)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=list(QUIET_BROWSER))
        yield opened
        opened.close()


@pytest.fixture
def browsing(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with no history and no cookies."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London")
    context.set_default_timeout(SLOWEST_PAGE)
    yield context
    context.close()


@pytest.fixture
def page(browsing: BrowserContext) -> Page:
    return browsing.new_page()


def _make_tables(url: str | URL) -> None:
    engine = make_engine(str(url), throw_away=True)
    metadata.create_all(engine)
    engine.dispose()


def _skip_unless_ci(reason: str, environment: Mapping[str, str]) -> None:
    """What a developer's machine may lack, CI must have."""
    if environment.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
