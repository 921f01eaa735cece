"""The same HTTP seam of Twilio's client for many calls side by side: one event loop and one pool of connections.

A thread for each call would cost more than the call itself; an event loop takes a third of the processor time of the
client's own transport. Nothing personal reaches a log or an exception here either.
"""

import asyncio
import json
import os
import ssl
import weakref
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock, Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
import uvloop
from twilio.http.response import Response
from yarl import URL

from notify.delivery.providers.base import ProviderError, TryLater, Uncertain
from notify.delivery.providers.twilio_http import Rejected, base_of, readdressed, retry_after

T = TypeVar("T")

ANYWHERE = "https://api.twilio.com/"

IDLE = 10.0
"""Seconds for which a connection is kept that nobody uses: one that the other side closed loses the next message's answer."""


class TwilioLoop:
    """Makes calls side by side in a thread of its own; safe to share between threads."""

    is_async = True

    def __init__(self, base_url: str | None, timeout: float, *, at_once: int) -> None:
        self._base = base_of(base_url)
        self._proxy = _proxy_to(readdressed(ANYWHERE, self._base))
        self._timeout = aiohttp.ClientTimeout(total=3 * timeout, sock_connect=timeout, sock_read=timeout)
        self._at_once = at_once
        self._turn = Lock()
        self._line: _Line | None = None

    def run(self, calls: Sequence[Coroutine[Any, Any, T]]) -> list[T | BaseException]:
        """What each call returns or raises, in their order. Threads take turns, so that no call waits for a connection."""
        with self._turn:
            if self._line is None or self._line.process != os.getpid():  # a thread does not live on in a copy
                self._line = _Line(self._timeout, self._at_once, self._proxy)
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
        async with self._line.session.request(
            method,
            _url(readdressed(url, self._base)),
            params=params,
            data=form(data or {}),
            headers={
                **(headers or {}),
                "Content-Type": "application/x-www-form-urlencoded",
                **({"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}),
            },
            allow_redirects=False,
        ) as answer:
            body = await answer.read()
            if not 200 <= answer.status < 300:  # noqa: PLR2004 (the successes of HTTP)
                raise Rejected(answer.status, _code(body, answer.status), retry_after(answer.headers))
            return Response(answer.status, body.decode("utf-8", "replace"), answer.headers)


class _Line:
    """An event loop in its thread, with the connections that it keeps."""

    def __init__(self, timeout: aiohttp.ClientTimeout, at_once: int, proxy: "_Proxy") -> None:
        self.process = os.getpid()
        self.loop = uvloop.new_event_loop()
        Thread(target=self._live, name="twilio", daemon=True).start()
        opened = asyncio.run_coroutine_threadsafe(self._open(timeout, at_once, proxy), self.loop)
        self.session = opened.result()

    def hang_up(self) -> None:
        if self.process == os.getpid():
            self.loop.call_soon_threadsafe(self.loop.stop)

    def _live(self) -> None:
        self.loop.run_forever()
        self.loop.run_until_complete(self.session.close())
        self.loop.close()

    @staticmethod
    async def _open(patience: aiohttp.ClientTimeout, at_once: int, proxy: "_Proxy") -> aiohttp.ClientSession:
        trusted = ssl.create_default_context(cafile=certifi.where())
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=at_once, keepalive_timeout=IDLE, ssl=trusted),
            timeout=patience,
            cookie_jar=aiohttp.DummyCookieJar(),
            # Left to itself it would ask for the proxy, and a password file, in a thread for each text.
            proxy=proxy.address,
            proxy_auth=proxy.auth,
        )


@dataclass(frozen=True)
class _Proxy:
    """Through which other machine the calls go, if through one."""

    address: URL | None = field(repr=False)
    auth: aiohttp.BasicAuth | None = field(repr=False)


def _proxy_to(address: str) -> _Proxy:
    """The proxy that this machine is set up to take (HTTPS_PROXY, NO_PROXY), asked once. Raises ValueError, without the address."""
    parts = urlsplit(address)
    found = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if not found:
        return _Proxy(None, None)
    with suppress(ValueError):  # whose words would hold the address, and that may hold a password
        url = URL(found if "://" in found else f"http://{found}")
        auth = aiohttp.BasicAuth(url.user, url.password or "") if url.user else None
        if url.scheme in {"http", "https"} and url.host and url.port:
            return _Proxy(url.with_user(None), auth)
    raise ValueError("the proxy of this machine (HTTPS_PROXY) is not an address")


def of_the_wire(error: aiohttp.ClientError | TimeoutError) -> ProviderError:
    """Tell a call that never reached Twilio from one whose answer was lost."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return TryLater("certificate_not_trusted")
    if isinstance(
        error, aiohttp.ClientConnectorError | aiohttp.ClientHttpProxyError | aiohttp.ConnectionTimeoutError
    ):
        return TryLater("no_connection")
    return Uncertain("answer_lost")


async def _all(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T | BaseException]:
    return await asyncio.gather(*calls, return_exceptions=True)


def form(fields: Mapping[str, Any]) -> bytes:
    """The fields as those of a form, which are written as those of a query are: by a compiled writer, which this library has."""
    return URL().with_query(fields).raw_query_string.encode("ascii")


def _code(body: bytes, status: int) -> int:
    """Twilio's own error code if it gives one, else the HTTP status."""
    try:
        return int(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return status


@lru_cache(maxsize=64)
def _url(address: str) -> URL:
    return URL(address, encoded=True)
