"""`notify mail`: where a mail server's pipe delivers what is answered to our e-mails, and what bounces."""

import os
import sys

import click

from notify.cli.shared import Refused, services
from notify.delivery.mail_reading import LONGEST_MAIL, BadMail
from notify.delivery.mail_replies import take_mail


class SentBack(Refused):
    """It is no e-mail that can be taken: the mail server sends it back."""

    exit_code = os.EX_DATAERR


class NotNow(Refused):
    """It cannot be taken now: the mail server keeps it, and tries again."""

    exit_code = os.EX_TEMPFAIL


@click.group()
def mail() -> None:
    """E-mails that come back."""


@mail.command()
def take() -> None:
    """Take one e-mail from standard input: a bounce, or an answer from whoever reads the mailbox.

    Nothing is ever answered. Exit status 65: it is no e-mail that can be taken. 75: not now, try again later. What is said
    then may be sent on to the sender by the mail server, so it tells nothing of what we do.
    """
    raw = sys.stdin.buffer.read(LONGEST_MAIL + 1)
    while sys.stdin.buffer.read(LONGEST_MAIL):
        pass  # a server whose pipe breaks would hand it over again
    try:
        with services() as running:
            take_mail(running.sessions, running.keys, raw, at=running.clock())
            running.signal()
    except BadMail as fault:
        raise SentBack(str(fault)) from fault
    except Exception as fault:  # any other status loses the mail, and a traceback may go to its sender
        raise NotNow("not now (notify health may say more)") from fault
