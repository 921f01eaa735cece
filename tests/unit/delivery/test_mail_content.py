"""What an e-mail is made of."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.delivery.providers.mail_content import in_html, write_mail

LINK = "https://updates.example/m/abc_-123"
LOADS = {
    "img",
    "link",
    "script",
    "iframe",
    "object",
    "embed",
    "video",
    "audio",
    "source",
    "form",
    "input",
    "base",
}


class Elements(HTMLParser):
    """The elements of a page with what they say of themselves."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def words_of(page: str) -> list[str]:
    body = page.partition("</div>")[2]
    return unescape(re.sub(r"<[^>]*>", " ", body)).split()


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)
    | st.text("<>&\"' /=:scripthttps", max_size=80)
)
def test_the_html_says_the_words_of_the_text_and_fetches_nothing(text):
    page = in_html(text, "A message for you")

    elements = Elements(page).found
    assert "".join(words_of(page)) == "".join(text.split())
    assert not LOADS & {tag for tag, _ in elements}
    assert not [
        attributes for _, attributes in elements if {"src", "background", "srcset"} & attributes.keys()
    ]
    assert not re.search(r"url\(|@import", page.partition("<p>")[0])
    links = [attributes["href"] for tag, attributes in elements if tag == "a"]
    assert all(link in text for link in links)


def test_the_link_of_the_text_is_the_only_one_and_shows_where_it_leads():
    page = in_html(f"There is a message for you:\n\n{LINK}\n", "A message for you")

    assert re.findall(r"<a [^>]*>[^<]*</a>", page) == [f'<a href="{LINK}">{LINK}</a>']
    assert in_html("No link here. See the library.", "Hello").count("<a ") == 0


def test_what_a_mailbox_shows_beside_the_subject_is_the_subject_and_then_nothing():
    page = in_html("A suspect has been arrested.", "A message for you")

    preview = unescape(re.sub(r"<[^>]*>", "", page.partition("<body")[2].partition(">")[2]))
    seen = preview.replace("\u200c", "").replace("\u00a0", "_")
    assert seen.strip().startswith("A message for you" + "_" * 100)


@pytest.mark.parametrize("to", ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", ""])
def test_an_address_cannot_add_a_header_or_a_reader(to):
    assert write_mail("Hello", sender="u@example.org", to=to, subject="Hi", certificate=None) is None


def test_a_text_cannot_add_a_header_or_a_part():
    text = "Bcc: b@example.org\n\n--===============\nContent-Type: text/html\n\n<b>"
    mail = write_mail(text, sender="u@example.org", to="a@example.org", subject="Hi", certificate=None)

    assert mail is not None
    assert mail["Bcc"] is None
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == text.splitlines()
