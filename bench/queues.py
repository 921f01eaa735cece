"""What Procrastinate is asked to do beside us: for each text a job that makes the same call and updates one row."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

import aiohttp
from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONValue
from sqlalchemy import create_engine, make_url, text

from bench.lean_peer import ACCOUNT
from bench.texting import SENDER, TO

TEXT: Final = "There is news. Please ring me."
TASK: Final = "send"


def queue_jobs(url: str, jobs: int) -> None:
    """So many jobs that wait, in a fresh schema."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS queue CASCADE"))
        connection.execute(text("CREATE SCHEMA queue"))
        connection.execute(text("CREATE TABLE queue.texts (id int PRIMARY KEY, ref text)"))
        connection.execute(text("INSERT INTO queue.texts SELECT generate_series(1, :n)"), {"n": jobs})
    engine.dispose()
    asyncio.run(_defer(App(connector=_connector(url, 1)), jobs))


async def _defer(app: App, jobs: int) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        batch: list[dict[str, JSONValue]] = [{"number": number} for number in range(1, jobs + 1)]
        await app.configure_task(TASK, queue="texts").batch_defer_async(*batch)


@contextmanager
def a_queue_worker(url: str, peer: str, at_once: int) -> Iterator[Callable[[], None]]:
    """A worker of Procrastinate's with its connections open; to be run until no job is left."""
    connector = _connector(url, at_once)
    app = App(connector=connector)
    path = f"{peer}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

    @app.task(name=TASK, queue="texts")
    async def send(number: int) -> None:
        form = urlencode({"To": TO, "From": SENDER, "Body": TEXT})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with session.post(path, data=form, headers=headers) as answer:
            sid = (await answer.json())["sid"]
        await connector.execute_query_async(
            "UPDATE texts SET ref = %(ref)s WHERE id = %(id)s", ref=sid, id=number
        )

    with asyncio.Runner() as runner:
        session = runner.run(_session())
        runner.run(app.open_async().__aenter__())
        try:
            yield lambda: runner.run(
                app.run_worker_async(concurrency=at_once, wait=False, install_signal_handlers=False)
            )
        finally:
            runner.run(app.close_async())
            runner.run(session.close())


def left_undone(url: str) -> int:
    """Rows that no job has updated."""
    engine = create_engine(url)
    with engine.connect() as connection:
        count: int = connection.execute(
            text("SELECT count(*) FROM queue.texts WHERE ref IS NULL")
        ).scalar_one()
    engine.dispose()
    return count


def _connector(url: str, at_once: int) -> PsycopgConnector:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return PsycopgConnector(
        conninfo=plain, kwargs={"options": "-c search_path=queue"}, min_size=at_once, max_size=at_once + 2
    )


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()  # it belongs to the loop in which it is made
