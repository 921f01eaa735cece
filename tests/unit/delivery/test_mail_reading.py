"""One mail, read: whose words, whether a machine wrote them, what a bounce is about; and no mail breaks the reading."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.delivery.mail_reading import (
    LONGEST_MAIL,
    LONGEST_TEXT,
    BadMail,
    Bounce,
    Reply,
    plain_of,
    read_mail,
)
from tests.mails import make_bounce, make_reply

OUR_MAIL = UUID("7b8f6d1e-4f43-4c52-9c9e-1f0a5a1f0001")
PIECES = [
    b"From: Ada <v1@example.org>", b"From: ", b"From: a@b, <c@d>;", b"From: =?utf-8?q?=ff?= <x@example.org>",
    b"From: group: a@example.org;", b"Subject: =?utf-8?b?####?=", b"Content-Type: multipart/report; boundary=A",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=A", b"Content-Type: text/html; charset=x",
    b"Content-Type: message/delivery-status", b"Content-Type: message/rfc822", b"Content-Type: text/rfc822-headers",
    b"Content-Transfer-Encoding: base64", b"Content-Disposition: ;;;=", b"Content-Type: ;", b"--A", b"--A--", b"",
    b"Message-ID: <7b8f6d1e-4f43-4c52-9c9e-1f0a5a1f0001@updates.example>", b"Action: failed", b"Status: 5.1.1",
    b"\xff\xfe", b"STOP", b"<p>", b"\x00", b"Auto-Submitted: ;", b"Message-ID: <", b"Message-ID: @", b"Date: \xff",
]  # fmt: skip


def reply(raw: bytes) -> Reply:
    found = read_mail(raw)
    assert isinstance(found, Reply)
    return found


def bounce(raw: bytes) -> Bounce:
    found = read_mail(raw)
    assert isinstance(found, Bounce)
    return found


def test_a_reply_has_its_sender_its_subject_and_its_words():
    found = reply(make_reply("Please ring me", subject="Re: Hello", sender="Ada Example <Ada@example.org>"))

    assert (found.sender, found.text, found.automatic) == (
        "Ada@example.org",
        "Re: Hello\n\nPlease ring me",
        False,
    )


def test_the_text_part_goes_before_the_html():
    assert reply(make_reply("Plain words", html="<p>Other words</p>")).text == "Plain words"


def test_html_is_stripped_where_there_is_no_text_part():
    assert (
        reply(make_reply("", html="<style>p {}</style><p>Please <b>stop</b><br>now</p>")).text
        == "Please stop\nnow"
    )


@pytest.mark.parametrize("broken", ["<p", "a < b", "<script>never ended", "<<<>>>", "</p></p>", "<!-- -->x"])
def test_broken_html_is_stripped_all_the_same(broken):
    assert "<p>" not in plain_of(broken)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; by=x"},
        {"Precedence": "bulk"},
        {"Precedence": "Auto_Reply"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
    ],
)
def test_an_answer_by_a_machine_is_known(headers):
    assert reply(make_reply(**headers)).automatic


@pytest.mark.parametrize("headers", [{"Auto_Submitted": "no"}, {"Precedence": "normal"}, {}])
def test_an_answer_by_a_person_is_known(headers):
    assert not reply(make_reply(**headers)).automatic


@pytest.mark.parametrize("enclosed", ["message/rfc822", "text/rfc822-headers"])
def test_a_bounce_says_which_mail_it_is_about(enclosed):
    found = bounce(make_bounce(OUR_MAIL, enclosed=enclosed))

    assert (found.message_id, found.reports) == (OUR_MAIL, (("failed", "5.1.1"),))


def test_what_is_kept_of_a_bounce_is_the_report_and_not_the_mail_that_it_returns():
    kept = bounce(make_bounce(OUR_MAIL)).raw

    assert "Final-Recipient: rfc822; v1@example.org" in kept
    assert "What it said" not in kept


def test_a_bounce_of_a_mail_that_is_not_named_as_ours_are_is_no_bounce_of_ours():
    found = reply(make_bounce("another-id"))

    assert (found.sender, found.automatic) == ("MAILER-DAEMON@mx.example.org", True)


def test_the_same_mail_is_known_again_and_another_is_not():
    first, again = reply(make_reply("One")), reply(make_reply("One", Received="by mx.example.org"))

    assert first.digest == again.digest
    assert reply(make_reply("Two")).digest != first.digest
    assert reply(make_reply("One", sender="other@example.org")).digest != first.digest


def test_a_file_is_not_kept_and_that_is_said():
    raw = (
        b"From: v1@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=A\n\n"
        b"--A\nContent-Type: text/plain\n\nSee this\n--A\nContent-Type: image/png\n\nxxxx\n--A--\n"
    )

    assert reply(raw).text == "See this\n[with a file, which is not kept]"


def test_of_a_long_mail_the_beginning_is_kept_and_that_is_said():
    found = reply(make_reply("word " * LONGEST_TEXT)).text

    assert len(found) < LONGEST_TEXT + 100
    assert found.endswith("[the rest is not kept]")


@pytest.mark.parametrize(
    "raw",
    [b"", b"  \n\n ", b"no header at all", b"Subject: x\n\nfrom nobody", b"From: not an address\n\nx",
     b"From: " + b"a" * 400 + b"@example.org\n\nx", b"\x00" * 100],
)  # fmt: skip
def test_what_is_no_mail_from_anybody_is_refused(raw):
    with pytest.raises(BadMail):
        read_mail(raw)


def test_a_mail_that_is_too_large_is_refused():
    with pytest.raises(BadMail, match="larger than"):
        read_mail(make_reply() + b"x" * LONGEST_MAIL)


def test_words_in_a_character_set_that_nobody_knows_are_kept():
    assert "STOP" in reply(b"From: v1@example.org\nContent-Type: text/plain; charset=nonsense\n\nSTOP").text


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=25).map(b"\n".join))
def test_nothing_that_is_handed_over_breaks_the_reading(raw):
    found = read_mail(b"From: v1@example.org\n" + raw)

    words = found.text if isinstance(found, Reply) else found.raw + found.reply.text
    assert words.encode("utf-8").decode("utf-8") == words
