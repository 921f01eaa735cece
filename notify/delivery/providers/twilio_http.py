"""The HTTP seam of Twilio's client, filled so that nothing personal reaches a log or an exception."""

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from twilio.http.response import Response

from notify.delivery.providers.base import ProviderError, Refused, SlowDown, TryLater, Uncertain

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
REASONS = {
    21211: "number_not_valid",
    21408: "region_not_enabled",
    21610: "opted_out",
    21612: "no_route_to_number",
    21614: "not_a_mobile",
    30029: "redaction_not_enabled",
    30030: "redaction_not_enabled",
}
NOT_AN_ADDRESS = re.compile(r"[\\@\s\x00-\x1f]")
"""What two readers of one address may take for different hosts."""
OF_THE_ACCOUNT = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,  # no such account
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)
OF_THE_SENDER = frozenset({21606, 21659, 21660, 21703})
"""The sender is not this account's, or its messaging service has none: no message will fare better."""
NOT_FINAL = 20009  # Twilio's code for a record that may not be changed yet


class TwilioHttp:
    """The HTTP seam of Twilio's client: no redirects, no retries, no logs, and failures without their words."""

    is_async = False

    def __init__(self, base_url: str | None, timeout: float) -> None:
        self._base = base_of(base_url)
        self._timeout = timeout
        self._session = requests.Session()
        # At DEBUG it writes the address of each request, and a search has the number in its address.
        logging.getLogger("urllib3.connectionpool").disabled = True

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 (the shape is the library's)
    ) -> Any:
        """Make one request. Raises Rejected for any answer that is not a success."""
        del allow_redirects  # a redirect could carry a text to another host
        answer = self._session.request(
            method,
            readdressed(url, self._base),
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=timeout or self._timeout,
            allow_redirects=False,
        )
        if not 200 <= answer.status_code < 300:  # noqa: PLR2004 (the successes of HTTP)
            raise Rejected(answer.status_code, _code(answer), retry_after(answer.headers))
        return Response(answer.status_code, answer.text, answer.headers)


def base_of(base_url: str | None) -> SplitResult | None:
    """What takes the place of Twilio's own address. Raises ValueError for one that texts must not go to."""
    base = urlsplit(base_url) if base_url else None
    if base_url and NOT_AN_ADDRESS.search(base_url):
        raise ValueError("the base URL of Twilio is not an address")
    if base and base.scheme != "https" and base.hostname not in LOOPBACK:
        raise ValueError("the base URL of Twilio must be https, unless it is on this machine")
    return base


@lru_cache(maxsize=64)
def readdressed(url: str, base: SplitResult | None) -> str:
    """The address to call in the place of one of Twilio's."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not (parts.hostname or "").endswith(".twilio.com"):
        raise ValueError("not an address of Twilio")
    if base:
        parts = parts._replace(scheme=base.scheme, netloc=base.netloc)
    return parts.geturl()


class Rejected(Exception):  # noqa: N818 (an answer, named as one)
    """An HTTP answer that is not a success, without the address and the words that Twilio puts in its own."""

    def __init__(self, status: int, code: int, retry_after: timedelta | None) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def of_a_send(self) -> ProviderError:
        """A client error was certainly not accepted; after any other answer nothing is certain."""
        if not 400 <= self.status < 500:  # noqa: PLR2004 (the client errors of HTTP)
            return Uncertain("provider_failed")
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return SlowDown("too_many_requests", self.retry_after)
        if self.status in OF_THE_ACCOUNT or self.code in OF_THE_SENDER:
            return TryLater("account_refused")  # the fault is in our account, and not in this message
        return Refused(str(self.code), REASONS.get(self.code, "rejected"))

    def of_a_question(self) -> TryLater:
        """Asking changes nothing, so it may always be asked again."""
        return TryLater("provider_failed", self.retry_after)

    def of_a_redaction(self) -> ProviderError:
        """Redaction may be repeated; a message that is still on its way is a conflict."""
        if self.status == HTTPStatus.CONFLICT or self.code == NOT_FINAL:
            return TryLater("not_final")
        failure = self.of_a_send()
        return self.of_a_question() if isinstance(failure, Uncertain) else failure


def _code(answer: requests.Response) -> int:
    """Twilio's own error code if it gives one, else the HTTP status."""
    try:
        return int(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return answer.status_code


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read Retry-After in seconds, up to a day; a date would need both clocks to agree."""
    text = headers.get("Retry-After", "")
    return timedelta(seconds=min(int(text), 86_400)) if re.fullmatch("[0-9]{1,9}", text) else None
