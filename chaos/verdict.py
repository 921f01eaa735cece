"""What came of a crash test, by the peer's own book and by the service's, which must say the same.

A duty is *lost* when nobody told her and nobody will: its text is not at the peer, and neither another message that can
still go nor an open task of a person carries it on. A text that the service believes sent and the peer never took is lost
as well; so is one that the peer took and the service does not know of, since she would be told again. Left over when all is
quiet are messages with a certain end, and uncertain ones with an open task to check them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from chaos.people import Crowd, could_arrive_outside, number_of
from models.base import is_one_of
from models.duties import Duty
from models.messages import Message, MessageDuty
from models.oversight import Task
from models.vocabulary import MessageState, TaskKind, TaskState

BELIEVED_SENT = frozenset({MessageState.ACCEPTED, MessageState.DELIVERED})
CERTAIN_END = frozenset(
    {MessageState.FAILED, MessageState.EXPIRED, MessageState.CANCELLED, MessageState.REFUSED}
)
MOST_SHOWN = 10


@dataclass
class Verdict:
    """The figures of one run, and the first few of the faults in words."""

    name: str
    kills: int = 0
    sent: int = 0
    lost: int = 0
    twice: int = 0
    outside_window: int = 0
    to_a_person: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.twice or self.outside_window)

    def line(self) -> str:
        return (
            f"kills={self.kills} sent={self.sent} lost={self.lost} twice={self.twice}"
            f" outside_window={self.outside_window}"
        )

    def note(self, what: str) -> None:
        if len(self.faults) < MOST_SHOWN:
            self.faults.append(what)


@dataclass(frozen=True)
class _Books:
    """What the service's own tables say, when all is quiet."""

    duties: Mapping[UUID, UUID]
    """The participation of each."""
    of_duty: Mapping[UUID, list[UUID]]
    messages: Mapping[UUID, tuple[UUID, MessageState]]
    """The participation and the state of each."""
    tasks: frozenset[tuple[TaskKind, UUID]]
    """What is open, and what it is about."""


def judge(
    verdict: Verdict, session: Session, crowd: Crowd, taken: Iterable[dict[str, Any]], *, owed: int
) -> None:
    """Fill in the verdict. `owed` is how many duties there must be."""
    books = _read(session)
    texts = Counter[UUID]()
    for text in taken:
        verdict.sent += 1
        _judge_text(verdict, books, crowd, text, texts)
    if len(books.duties) != owed:
        verdict.lost += abs(owed - len(books.duties))
        verdict.note(f"{len(books.duties)} duties, and not {owed}")
    for duty in books.duties:
        _judge_duty(verdict, books, duty, texts)


def _read(session: Session) -> _Books:
    of_duty: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for duty_id, message_id in session.execute(select(MessageDuty.duty_id, MessageDuty.message_id)):
        of_duty[duty_id].append(message_id)
    open_tasks = select(Task.kind, Task.subject_id).where(is_one_of(Task.state, TaskState.OPEN))
    messages = session.execute(select(Message.id, Message.participation_id, Message.state))
    return _Books(
        {duty: part for duty, part in session.execute(select(Duty.id, Duty.participation_id))},  # noqa: C416 - mypy
        of_duty,
        {message: (part, state) for message, part, state in messages},
        frozenset((kind, about) for kind, about in session.execute(open_tasks)),
    )


def _judge_text(
    verdict: Verdict, books: _Books, crowd: Crowd, text: dict[str, Any], texts: Counter[UUID]
) -> None:
    message = UUID(text["message"]) if text["message"] else None
    if message is None or message not in books.messages:
        verdict.lost += 1
        verdict.note(f"a text of no message: {text}")
        return
    texts[message] += 1
    nth = crowd.participations[books.messages[message][0]]
    at, lasts = datetime.fromisoformat(text["at"]), timedelta(seconds=text["seconds"])
    if text["to"] != number_of(nth):
        verdict.lost += 1
        verdict.note(f"a text went to another's number: {text}")
    if could_arrive_outside(nth, at, lasts):
        verdict.outside_window += 1
        verdict.note(f"outside the window of victim {nth}: {text}")


def _judge_duty(verdict: Verdict, books: _Books, duty: UUID, texts: Counter[UUID]) -> None:
    messages = books.of_duty.get(duty, [])
    told = sum(texts[message] for message in messages)
    if told > 1:
        verdict.twice += told - 1
        verdict.note(f"told {told} times of duty {duty}: {_states(books, messages)}")
    for message in messages:
        fault = _fault_of(books, message, taken=bool(texts[message]))
        if fault:
            verdict.lost += 1
            verdict.note(f"{fault}: message {message} of duty {duty}")
    if told:
        return
    if any(books.messages[message][1] is MessageState.UNCERTAIN for message in messages):
        verdict.to_a_person += 1  # with its task, or it was counted just now
    elif (TaskKind.CALL, duty) in books.tasks or (TaskKind.DO_DUTY, duty) in books.tasks:
        verdict.to_a_person += 1
    elif not any(books.messages[message][1] not in CERTAIN_END for message in messages):
        verdict.lost += 1
        verdict.note(f"nobody tells of duty {duty}: {_states(books, messages)}")


def _fault_of(books: _Books, message: UUID, *, taken: bool) -> str | None:
    """What is wrong with the service's own word on a message, now that all is quiet."""
    _, state = books.messages[message]
    if state in BELIEVED_SENT:
        return None if taken else "believed sent, and the peer never took it"
    if state is MessageState.UNCERTAIN:
        return None if (TaskKind.CHECK_DELIVERY, message) in books.tasks else "uncertain, and nobody checks"
    if state not in CERTAIN_END:
        return f"still {state}"
    return f"taken by the peer, and {state} to the service" if taken else None


def _states(books: _Books, messages: list[UUID]) -> str:
    return ", ".join(books.messages[message][1] for message in messages) or "no message"
