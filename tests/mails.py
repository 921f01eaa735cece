"""Mails as a mail server hands them over: replies, answers by machines, and delivery reports."""

from email.message import EmailMessage
from uuid import UUID

OURS = "updates.example"
"""The domain of our own address."""


def make_reply(
    text: str = "Thank you",
    *,
    sender: str = "v1@example.org",
    subject: str = "",
    message_id: str = "<reply-1@mail.example.org>",
    html: str | None = None,
    **headers: str,
) -> bytes:
    """A mail to us; a header's name has _ for each hyphen."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = f"callback@{OURS}"
    mail["Date"] = "Mon, 05 Jan 2026 11:00:00 +0000"
    mail["Message-ID"] = message_id
    if subject:
        mail["Subject"] = subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    if text or html is None:
        mail.set_content(text)
        if html is not None:
            mail.add_alternative(html, subtype="html")
    else:
        mail.set_content(html, subtype="html")
    return mail.as_bytes()


def make_bounce(
    message_id: UUID | str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    enclosed: str = "message/rfc822",
    refers_to: str = "",
    sender: str = "MAILER-DAEMON@mx.example.org",
) -> bytes:
    """A delivery report (RFC 3464) as Postfix and others write it; `enclosed` names the form of the mail it returns.

    `refers_to`: header lines that name another mail than the one it returns.
    """
    returned = (
        f"From: callback@{OURS}\nTo: v1@example.org\nSubject: Hello\nMessage-ID: <{message_id}@{OURS}>\n"
    )
    body = "\nWhat it said.\n" if enclosed == "message/rfc822" else ""
    return f"""\
From: {sender}
To: callback@{OURS}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <bounce-1@mx.example.org>
{refers_to}Date: Mon, 05 Jan 2026 11:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="AAA"

--AAA
Content-Type: text/plain

This is the mail system at host mx.example.org.

--AAA
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; v1@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--AAA
Content-Type: {enclosed}

{returned}{body}
--AAA--
""".encode()


def make_notice(
    message_id: UUID | str,
    *,
    said: str = "Sorry, no mailbox here by that name. (#5.1.1)",
    headers: str = "Return-Path: <>\n",
    words: str = "We want to tell you that a suspect has been arrested.",
) -> bytes:
    """A failure notice in plain words, as qmail writes it: with the whole of the mail that it returns in its text."""
    return f"""\
From: MAILER-DAEMON@mx.example.org
To: callback@{OURS}
Subject: failure notice
{headers}Date: Mon, 05 Jan 2026 11:00:00 +0000

Hi. This is the qmail-send program at mx.example.org.

<v1@example.org>:
{said}

--- Below this line is a copy of the message.

From: callback@{OURS}
Message-ID: <{message_id}@{OURS}>
Subject: A message for you

{words}
""".encode()
