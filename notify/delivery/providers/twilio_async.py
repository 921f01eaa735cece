"""The same HTTP seam of Twilio's client for many calls side by side: one event loop and one pool of connections.

The connections are looked after in Rust, outside Python's lock: what is left of a call here takes half the processor
time of any client written in Python. Nothing personal reaches a log or an exception here either.
"""

import asyncio
import json
import weakref
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import uvloop
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError
from pyreqwest.proxy import ProxyBuilder
from twilio.http.response import Response
from yarl import URL

from notify.delivery.providers.base import ProviderError, TryLater, Uncertain
from notify.delivery.providers.twilio_http import Rejected, base_of, readdressed, retry_after

T = TypeVar("T")

ANYWHERE = "https://api.twilio.com/"

IDLE = timedelta(seconds=10)
"""For so long a connection is kept that nobody uses: one that the other side closed loses the next message's answer."""

NOT_CONNECTED = "client error (Connect)"
"""Among the causes of a failure this alone says that nothing was sent. The classes of the library's errors do not: an answer
that never comes is a ConnectTimeoutError to it."""
NOT_TRUSTED = "invalid peer certificate"


class TwilioLoop:
    """Makes calls side by side; safe to share between threads, but not with a forked copy once it has made one (it would wait for ever)."""

    is_async = True

    def __init__(self, base_url: str | None, timeout: float, *, at_once: int) -> None:
        self._base = base_of(base_url)
        self._proxy = _proxy_to(readdressed(ANYWHERE, self._base))
        self._timeout = timedelta(seconds=timeout)
        self._at_once = at_once
        self._turn = Lock()
        self._line: _Line | None = None

    def run(self, calls: Sequence[Coroutine[Any, Any, T]]) -> list[T | BaseException]:
        """What each call returns or raises, in their order. Threads take turns, so that no call waits for a connection."""
        with self._turn:
            if self._line is None:
                self._line = _Line(self._client())
                weakref.finalize(self, self._line.hang_up)
            return asyncio.run_coroutine_threadsafe(_all(calls), self._line.loop).result()

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (the shape is the library's)
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 (the shape is the library's)
    ) -> Any:
        """Make one request. Raises Rejected for any answer that is not a success."""
        del timeout, allow_redirects  # a redirect could carry a text to another host
        assert self._line is not None  # noqa: S101 - `run` has opened it
        asked = self._line.client.request(method, readdressed(url, self._base)).headers(headers or {})
        if params:
            asked = asked.query(params)
        if auth:
            asked = asked.basic_auth(*auth)
        answer = await asked.body_bytes(form(data or {})).build().send()
        body = await answer.text()
        if not 200 <= answer.status < 300:  # noqa: PLR2004 (the successes of HTTP)
            raise Rejected(answer.status, _code(body, answer.status), retry_after(answer.headers))
        return Response(answer.status, body, answer.headers)

    def _client(self) -> Client:
        asking = (
            ClientBuilder()
            .no_proxy()  # left to itself it would look for one, and pass over what is no address
            .follow_redirects(False)
            .http1_only()
            .timeout(3 * self._timeout)
            .connect_timeout(self._timeout)
            # From the beginning of the call, connecting included: were it no longer than that, a connection that is never
            # made would look like an answer that never came.
            .read_timeout(2 * self._timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(self._at_once)
            .add_root_certificate_pem(Path(certifi.where()).read_bytes())
        )
        return (asking.proxy(self._proxy) if self._proxy else asking).build()


class _Line:
    """The connections that are kept, and an event loop that waits for them in a thread of its own.

    Whoever calls may be in a thread in which another loop runs.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.loop = uvloop.new_event_loop()
        Thread(target=self._live, name="twilio", daemon=True).start()

    def hang_up(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _live(self) -> None:
        self.loop.run_forever()
        self.loop.close()


def _proxy_to(address: str) -> ProxyBuilder | None:
    """The proxy that this machine is set up to take (HTTPS_PROXY, NO_PROXY), asked once. Raises ValueError, without the address."""
    parts = urlsplit(address)
    found = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if not found:
        return None
    with suppress(ValueError):  # whose words would hold the address, and that may hold a password
        url = URL(found if "://" in found else f"http://{found}")
        if url.scheme in {"http", "https"} and url.host and url.port:
            proxy = ProxyBuilder.all(str(url.with_user(None)))
            return proxy.basic_auth(url.user, url.password or "") if url.user else proxy
    raise ValueError("the proxy of this machine (HTTPS_PROXY) is not an address")


def of_the_wire(error: PyreqwestError) -> ProviderError:
    """Tell a call that never reached Twilio from one whose answer was lost; what it does not know counts as lost."""
    details = error.details if isinstance(error, DetailedPyreqwestError) else {"causes": None}
    causes = [cause["message"] for cause in details["causes"] or ()]
    if NOT_CONNECTED not in causes:
        return Uncertain("answer_lost")
    if any(cause.startswith(NOT_TRUSTED) for cause in causes):
        return TryLater("certificate_not_trusted")
    return TryLater("no_connection")


async def _all(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T | BaseException]:
    return await asyncio.gather(*calls, return_exceptions=True)


def form(fields: Mapping[str, Any]) -> bytes:
    """The fields as those of a form, which are written as those of a query are: by a compiled writer, which this library has."""
    return URL().with_query(fields).raw_query_string.encode("ascii")


def _code(body: str, status: int) -> int:
    """Twilio's own error code if it gives one, else the HTTP status."""
    try:
        return int(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return status
