"""The page of received texts: what the phones show, with forms to answer a text and to say what became of it."""

from collections.abc import Mapping
from importlib.resources import files
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, StrictUndefined

from notify.dev.calling import is_here
from notify.dev.faults import NAMED
from notify.dev.http_peer import Answer, Call
from notify.dev.messages import LONGEST_TEXT, VERSION, PeerMessage, whole
from notify.dev.twilio_peer import POOL_NUMBER, TwilioPeer

HOOK = "/hooks/twilio/inbound"
MOST_SHOWN = 50  # texts
STATUSES = {"delivered": None, "undelivered": 30003, "failed": 30008, "sent": None, "queued": None}
"""What may be said of a text, with the error code that is told unless another is given."""

CODES = range(10_000, 100_000)
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with none at all, a browser does not say which page a form was on
    "X-Content-Type-Options": "nosniff",
}

_HERE = files("notify.dev")
_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


class _Wrong(ValueError):  # noqa: N818 (what is wrong, in words)
    """What was posted cannot be used, in words for the person who posted it."""


class Page:
    """Stands in front of a peer: requests to the API go to it, all others are answered here.

    `service` is the address of the service's public door, on this machine. Requests that another site's page made
    are refused, and so is any that names this machine otherwise than by a loopback name.
    """

    def __init__(self, peer: TwilioPeer, *, service: str, silent: bool) -> None:
        self._peer = peer
        self._service = service
        self._silent = silent
        self._template = _ENVIRONMENT.from_string(_HERE.joinpath("texts.html").read_text(encoding="utf-8"))
        self._css = _HERE.joinpath("texts.css").read_bytes()
        peer.http.answer = self.answer

    def answer(self, call: Call) -> Answer | None:
        """Answer one request."""
        host = call.headers.get("host", "")
        if not is_here(f"http://{host}"):
            return _plain(421, "This is for programs and people on this machine.")
        path = urlsplit(call.target).path
        if path.startswith(f"/{VERSION}/"):
            return self._peer.answer(call)
        if call.method == "POST":
            if call.headers.get("origin", f"http://{host}") != f"http://{host}":
                return _plain(403, "Another site asked for this.")
            return self._posted(path, dict(parse_qsl(call.body.decode(errors="replace"))))
        if path == "/texts.css":
            return Answer(200, HEADERS | {"Content-Type": "text/css; charset=utf-8"}, self._css)
        if path != "/":
            return _plain(404, "There is no such page.")
        return self._shown(dict(parse_qsl(urlsplit(call.target).query)).get("phone", ""))

    def _shown(self, phone: str, *, fault: str = "") -> Answer:
        texts = [text for text in list(self._peer.texts.values()) if phone in {"", text.phone}]
        content = self._template.render(
            texts=texts[: -MOST_SHOWN - 1 : -1],
            count=len(texts),
            phone=phone,
            here=_here(phone),
            service=self._service,
            silent=self._silent,
            statuses=list(STATUSES),
            faults=list(NAMED),
            waiting=len(self._peer.next_faults),
            fault=fault,
        )
        return Answer(400 if fault else 200, HEADERS, content.encode())

    def _posted(self, path: str, form: Mapping[str, str]) -> Answer:
        """Do what a form asks for, and lead back to the page."""
        acts = {"/answer": self._take_answer, "/receipt": self._tell, "/fault": self._spoil}
        phone = form.get("phone", "")
        if path not in acts:
            return _plain(404, "There is no such form.")
        try:
            part = acts[path](form)
        except _Wrong as fault:
            return self._shown(phone, fault=str(fault))
        return Answer(303, HEADERS | {"Location": _here(phone) + part}, b"")

    def _take_answer(self, form: Mapping[str, str]) -> str:
        text, body = self._text(form), form.get("body", "")
        if not text.can_be_answered:
            raise _Wrong("A text from a name cannot be answered.")
        if not 0 < len(body) <= LONGEST_TEXT:
            raise _Wrong(f"An answer has 1 to {LONGEST_TEXT} characters.")
        to = text.asked.get("From") or POOL_NUMBER
        self._peer.text_in(self._service + HOOK, sender=text.to, to=to, body=body)
        return ""

    def _tell(self, form: Mapping[str, str]) -> str:
        text, status, given = self._text(form), form.get("status", ""), form.get("code", "").strip()
        if text.deleted:
            raise _Wrong("The service had the record of that text deleted.")
        if status not in STATUSES:
            raise _Wrong(f"What became of a text is one of {', '.join(STATUSES)}.")
        if given and whole(given) not in CODES:
            raise _Wrong("An error code of Twilio has five digits.")
        usual = STATUSES[status]
        code = whole(given) if given and usual is not None else usual
        self._peer.deliver(text.sid, status, error_code=code)
        return f"#{text.sid}"

    def _spoil(self, form: Mapping[str, str]) -> str:
        fault = NAMED.get(form.get("fault", ""))
        if fault is None:
            raise _Wrong("There is no such fault.")
        self._peer.next_faults.append(fault)
        return ""

    def _text(self, form: Mapping[str, str]) -> PeerMessage:
        text = self._peer.texts.get(form.get("sid", ""))
        if text is None or text.direction == "inbound":
            raise _Wrong("There is no such text.")
        return text


def _here(phone: str) -> str:
    """The page of every phone or of one."""
    return f"/?{urlencode({'phone': phone})}" if phone else "/"


def _plain(status: int, words: str) -> Answer:
    return Answer(status, HEADERS | {"Content-Type": "text/plain; charset=utf-8"}, f"{words}\n".encode())
