"""Fixtures that every kind of test may ask for: a database of each sort, and a browser."""

import functools
import gc
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session, sessionmaker

from models.session import Database, make_engine, open_database
from models.tables import metadata
from tests.postgres import KeptDatabase, NoServerError, a_database, a_server, administrator
from tests.sqlite import copied

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


def pytest_collection_finish() -> None:
    """Let nothing look for garbage among the half a million objects that a test run loads: half a second each time."""
    gc.collect()
    gc.freeze()


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
def database(database_url: str, opened_once: Callable[[str], Database]) -> Iterator[Database]:
    opened = opened_once(database_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def sqlite_database(sqlite_url: str, opened_once: Callable[[str], Database]) -> Iterator[Database]:
    """For tests that need no other sort."""
    opened = opened_once(sqlite_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def opened_once() -> Callable[[str], Database]:
    """Opens the database at an address, once a test process: a new engine would write every statement anew."""
    return functools.cache(functools.partial(open_database, throw_away=True))


@pytest.fixture
def engine(database: Database) -> Engine:
    return database.engine


@pytest.fixture
def sessions(database: Database) -> sessionmaker[Session]:
    return database.sessions


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> str:
    """An empty, complete SQLite database for tests that need no other sort; its file is the next test's too."""
    return f"sqlite:///{copied(sqlite_template, sqlite_template.with_name('notify.db'))}"


@pytest.fixture
def postgresql_url(postgresql_kept: KeptDatabase) -> str:
    """An empty, complete PostgreSQL database for tests that need no other sort."""
    postgresql_kept.empty()
    return postgresql_kept.url


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
def postgresql_kept(postgresql_admin: Engine, postgresql_template: str) -> Iterator[KeptDatabase]:
    """The database that every test of this process uses in turn."""
    kept = KeptDatabase(postgresql_admin, f"notify_{uuid4().hex}", template=postgresql_template)
    yield kept
    kept.drop()


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
