"""One mail, read: whose words, whether a machine wrote them, what a bounce is about; and no mail breaks the reading."""

from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Reading
from notify import wording
from notify.delivery.mail_reading import (
    LONGEST_MAIL,
    LONGEST_TEXT,
    BadMail,
    Bounce,
    Reply,
    plain_of,
    read_mail,
)
from notify.delivery.rules.inbound import SUSPENDING, reading_of, unquoted
from tests.mails import make_bounce, make_notice, make_reply

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
        "> Re: Hello\n\nPlease ring me",
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

    assert (found.reply.about, found.reports) == ((OUR_MAIL,), (("failed", "5.1.1"),))


def test_what_is_kept_of_a_bounce_is_the_report_and_not_the_mail_that_it_returns():
    kept = bounce(make_bounce(OUR_MAIL)).raw

    assert "Final-Recipient: rfc822; v1@example.org" in kept
    assert "What it said" not in kept


def test_a_bounce_of_a_mail_that_is_not_named_as_ours_are_is_no_bounce_of_ours():
    found = reply(make_bounce("another-id"))

    assert (found.sender, found.automatic) == ("MAILER-DAEMON@mx.example.org", True)


def test_the_same_mail_is_known_again_and_another_is_not():
    first, again = reply(make_reply("One")), reply(make_reply("One", Received="by mx.example.org"))

    assert first.named == again.named
    assert reply(make_reply("Two")).named != first.named
    assert reply(make_reply("One", sender="other@example.org")).named != first.named


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


def test_of_a_mail_that_is_too_large_the_beginning_is_read_and_that_is_said():
    found = reply(make_reply("STOP") + b"\n" * LONGEST_MAIL)

    assert (found.parts, found.text) == (("STOP",), "STOP\n[the rest is not kept]")


@pytest.mark.parametrize(
    ("subject", "text", "parts"),
    [
        ("Re: Hello", "END", ("Hello", "END")),
        ("AW: Re: Hello", "END", ("Hello", "END")),
        ("Hello", "help", ("Hello", "help")),
        ("quit", "", ("quit",)),
        ("", "quit", ("quit",)),
    ],
)
def test_subject_and_text_are_read_each_by_itself(subject, text, parts):
    assert reply(make_reply(text, subject=subject)).parts == parts


@pytest.mark.parametrize(
    ("subject", "kept"),
    [("Re: Hello", "> Re: Hello\n\nBlue tit"), ("Magpie", "Magpie\n\nBlue tit"), ("", "Blue tit")],
)
def test_the_subject_that_is_answered_is_kept_as_a_quote_and_one_that_was_written_is_not(subject, kept):
    assert reply(make_reply("Blue tit", subject=subject)).text == kept


def test_a_subject_without_a_text_is_what_was_written():
    assert unquoted(reply(make_reply("", subject="Re: Magpie")).text) == "Re: Magpie"


QUOTED = "They have arrested somebody.\nIf this mailbox is not safe, write STOP.\n\nThank you."
INTRODUCED = [
    "On Mon, 5 Jan 2026 at 10:00, <callback@updates.example> wrote:",
    "On Mon, 5 Jan 2026 at 10:00, A very long name of ours\n<callback@updates.example> wrote:",
    "On 5 Jan 2026, at 10:00, callback@updates.example wrote:\n",
    "From: callback@updates.example\nSent: 05 January 2026 10:00\nTo: v1@example.org\nSubject: A message for you",
    "*From:* callback@updates.example\n*Sent:* 05 January 2026 10:00",
    "________________________________\nFrom: callback@updates.example\nSent: Monday",
    "From: callback@updates.example\nDate: Monday, 5 January 2026",
    "-----Original Message-----\nFrom: callback@updates.example",
]


@pytest.mark.parametrize("introduced", INTRODUCED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quote_without_marks_is_kept_and_not_read_as_written_now(introduced, end):
    whole = f"Thank you\n\n{introduced}\n{QUOTED}\n".replace("\n", end)
    found = reply(b"From: v1@example.org\n\n" + whole.encode())

    assert found.parts == ("Thank you",)
    assert reading_of(found.text).value == "other"
    assert "If this mailbox is not safe" in found.text


@pytest.mark.parametrize("introduced", INTRODUCED)
def test_nothing_that_we_write_asks_to_stop_when_it_is_quoted(introduced):
    ours = [path.read_text() for path in Path(wording.__file__).parent.rglob("*.txt")]

    read = [reading_of(reply(make_reply(f"Thank you\n\n{introduced}\n\n{text}")).text) for text in ours]
    assert set(read) == {Reading.OTHER}
    assert not {reading_of(text) for text in ours}.isdisjoint(SUSPENDING)


def test_a_quote_in_html_without_a_text_part_is_not_read_as_written_now():
    html = "<p>Thank you</p><hr><p><b>From:</b> callback<br><b>Sent:</b> Monday</p><p>Write STOP to stop.</p>"

    assert reply(make_reply("", html=html)).parts == ("Thank you",)


def test_a_quote_without_marks_below_one_with_marks_is_not_read_as_written_now():
    text = f"{INTRODUCED[0]}\n> Hello\n\nThank you\n\n{INTRODUCED[3]}\n\n{QUOTED}"

    assert reply(make_reply(text)).parts == ("Thank you",)


@pytest.mark.parametrize("text", ["Hi. This is the wrong number", "Hi. This is the mail you asked for"])
def test_words_that_begin_like_a_notice_are_a_persons(text):
    assert not reply(make_reply(text)).automatic


def test_what_is_written_below_a_marked_quote_is_read():
    text = "On Mon, 5 Jan 2026, callback@updates.example wrote:\n> Hello\n> there\n\nPlease stop"

    assert reply(make_reply(text)).parts == ("Please stop",)


@pytest.mark.parametrize(
    "text",
    ["On Monday he wrote: stop", "From: me\nplease stop", "I wrote:\nstop", "> From: x\n> Sent: y\n\nstop"],
)
def test_what_only_looks_a_little_like_a_quote_is_read(text):
    assert reading_of("\n".join(reply(make_reply(text)).parts)).value == "stop"


@pytest.mark.parametrize(
    "raw",
    [
        make_reply("Thank you", In_Reply_To=f"<{OUR_MAIL}@updates.example>"),
        make_reply("Thank you", References=f"<one@example.org> <{OUR_MAIL}@updates.example>"),
        make_notice(OUR_MAIL, headers=""),
        make_reply(f"About <{OUR_MAIL}@updates.example>", Auto_Submitted="auto-replied"),
        make_reply("", html=f"<p>About {OUR_MAIL}@updates.example</p>", Return_Path="<>"),
        make_bounce("x", action="", refers_to=f"In-Reply-To: <{OUR_MAIL}@updates.example>\n"),
    ],
)
def test_a_mail_says_which_of_ours_it_may_be_about(raw):
    assert reply(raw).about == (OUR_MAIL,)


def test_words_of_a_person_are_not_searched_for_our_mails():
    assert reply(make_reply(f"About {OUR_MAIL}@updates.example")).about == ()


def test_a_report_that_names_our_mail_in_its_words_only_is_a_bounce():
    raw = make_bounce("x").replace(b"This is the mail system", f"About {OUR_MAIL}@updates.example".encode())

    assert bounce(raw).reply.about == (OUR_MAIL,)


def test_a_notice_in_plain_words_from_a_null_sender_is_a_bounce_without_the_mail_that_it_returns():
    found = bounce(make_notice(OUR_MAIL))

    assert (found.reply.about, found.reports) == ((OUR_MAIL,), (("failed", "5.1.1"),))
    assert "no mailbox here" in found.raw
    assert "arrested" not in found.raw


def test_a_notice_in_plain_words_from_anybody_else_is_no_bounce():
    assert reply(make_notice(OUR_MAIL, headers="")).automatic


def test_words_in_a_character_set_that_nobody_knows_are_kept():
    assert "STOP" in reply(b"From: v1@example.org\nContent-Type: text/plain; charset=nonsense\n\nSTOP").text


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=25).map(b"\n".join))
def test_nothing_that_is_handed_over_breaks_the_reading(raw):
    found = read_mail(b"From: v1@example.org\n" + raw)

    words = found.text if isinstance(found, Reply) else found.raw + found.reply.text
    assert words.encode("utf-8").decode("utf-8") == words
