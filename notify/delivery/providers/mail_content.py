"""What an e-mail is made of: plain text first, the same words in plain HTML, and both sealed for a recipient with a certificate."""

import re
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from html import escape

from cryptography import x509

from notify.certificates import sealed_with

_LINK = re.compile(r"https?://[^\s<>\"]+")
_UNSEEN = "&zwnj;&nbsp;" * 100
"""Fills the line that mailboxes show beside the subject, so that nothing of the message itself is shown there."""

_PAGE = """\
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{subject}</title></head>
<body style="font-family: Arial, sans-serif; font-size: 16px; line-height: 1.5">
<div style="display: none; max-height: 0; overflow: hidden">{subject}{unseen}</div>
{paragraphs}
</body>
</html>
"""


def write_mail(
    text: str, *, sender: str, to: str, subject: str | None, certificate: x509.Certificate | None
) -> EmailMessage | None:
    """One message with its From, To and Subject; None when one of them would begin another header or name another reader.

    There is no List-Unsubscribe: decision 19 says why.
    """
    body = EmailMessage(policy=SMTP_POLICY)
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        body.set_content(text, charset="utf-8", cte="quoted-printable")
        body.add_alternative(
            in_html(text, subject or ""), subtype="html", charset="utf-8", cte="quoted-printable"
        )
        if certificate is None:
            message = body
        else:
            sealed = sealed_with(body.as_bytes(), certificate)
            message.set_content(
                sealed,
                maintype="application",
                subtype="pkcs7-mime",
                params={"smime-type": "enveloped-data", "name": "smime.p7m"},
                filename="smime.p7m",
            )
        message["From"] = sender
        message["To"] = to
        if subject is not None:
            message["Subject"] = subject
    except (ValueError, MessageError):  # a line break in an address would begin another header
        return None
    return message if len(message["To"].addresses) == 1 else None


def in_html(text: str, subject: str) -> str:
    """The words of a text as HTML: no picture, nothing from elsewhere, and no link but those of the text.

    What a mailbox shows beside the subject is the subject once more, which says nothing.
    """
    paragraphs = [
        "<p>" + "<br>\n".join(_linked(line) for line in paragraph.splitlines()) + "</p>"
        for paragraph in re.split(r"\n\s*\n", text.strip())
    ]
    return _PAGE.format(subject=escape(subject), unseen=_UNSEEN, paragraphs="\n".join(paragraphs))


def _linked(line: str) -> str:
    """The line with its links made so, each showing where it leads."""
    parts, end = [], 0
    for found in _LINK.finditer(line):
        address = escape(found[0])
        parts += [escape(line[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(line[end:])])
