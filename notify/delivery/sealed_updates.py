"""Sealed updates: written for the private page, read there behind a secret, and closing their duty when read."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from models.base import is_one_of
from models.duties import Duty
from models.messages import SealedUpdate, VictimSession
from models.milestones import Milestone
from models.oversight import Task
from models.people import Participation, Victim
from models.vocabulary import Outcome, TaskKind, TaskState
from notify.delivery.facts import Standing, standings
from notify.delivery.writing import Writer, facts_of
from notify.errors import Conflict, FieldFault
from notify.hashing import hash_of, matches
from notify.ledger.acts import Act
from notify.ledger.closing import open_duties
from notify.ledger.contact_log import write_entry
from notify.ledger.tasks import open_task
from notify.wording.render import render_page

MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=30)
SECRET_LENGTH = (4, 64)
"""Characters of a PIN or code word, at least and at most."""
NAME_LENGTH = (6, 64)
"""Characters of a sign-in name, at least and at most."""

_WRITTEN = select(
    select(SealedUpdate.id).where(SealedUpdate.duty_id == bindparam("duty")).scalar_subquery(),
    select(func.max(SealedUpdate.number))
    .where(SealedUpdate.victim_id == bindparam("victim"))
    .scalar_subquery(),
)


class Owed(Protocol):
    """What sealing an update asks of a duty."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...


def seal_update(
    act: Act, writer: Writer, standing: Standing, duty: Owed, facts: Mapping[str, str]
) -> SealedUpdate | None:
    """Write the private-page text of one duty, once; None when it is there already."""
    known, last = act.connection.execute(_WRITTEN, {"duty": duty.id, "victim": standing.victim_id}).one()
    if known is not None:
        return None
    page = render_page(writer.wording, language=standing.language, kind=duty.kind, facts=facts)
    update = SealedUpdate(
        participation_id=standing.id,
        victim_id=standing.victim_id,
        duty_id=duty.id,
        number=(last or 0) + 1,
        created_at=act.at,
        wording_id=page.wording_id,
        wording_version=page.wording_version,
    )
    key = act.key(standing.victim_id)
    update.title_sealed = key.seal(update, "title_sealed", page.title)
    update.text_sealed = key.seal(update, "text_sealed", "\n\n".join(page.paragraphs))
    act.write(update)
    act.log("update sealed", update, owner=standing.victim_id)
    return update


def release_update(act: Act, writer: Writer, duty: Duty) -> SealedUpdate:
    """An officer lets the victim read officer-first news on the private page. Raises Conflict when it is there.

    What she was told wrongly has no words to release: a person puts it right. That is a Conflict too.
    """
    if not duty.has_update:
        raise Conflict("duty", "has no update to release")
    standing = standings(act.session, [duty.participation_id], at=act.at)[duty.participation_id]
    milestone = act.session.get(Milestone, duty.milestone_id) if duty.milestone_id else None
    update = seal_update(act, writer, standing, duty, facts_of(act, milestone))
    if update is None:
        raise Conflict("duty", "has its update on the private page already")
    return update


def read_updates(act: Act, participation: Participation, updates: Sequence[SealedUpdate]) -> None:
    """The victim, behind her secret, was shown these: she is told, and the duties they carry close."""
    fresh = [one for one in updates if one.read_at is None]
    if not fresh:
        return
    for unread in fresh:
        unread.read_at = act.at
    duties = open_duties(act, participation)
    wanted = {unread.duty_id for unread in fresh}
    write_entry(
        act,
        participation,
        Outcome.READ_PRIVATE_PAGE,
        [duty for duty in duties if duty.id in wanted],
        all_open=duties,
    )


def set_secret(act: Act, victim: Victim, secret: str) -> None:
    """Keep the PIN or code word agreed with the victim, hashed and sealed. Raises FieldFault."""
    shortest, longest = SECRET_LENGTH
    if not shortest <= len(_folded(secret)) <= longest:
        raise FieldFault("secret", f"must have {shortest} to {longest} characters")
    victim.secret_hash_sealed = act.key(victim.id).seal(
        victim, "secret_hash_sealed", hash_of(_folded(secret))
    )
    victim.secret_tries, victim.secret_locked_until = 0, None
    # Whoever knew the old one may be reading at this moment.
    act.session.execute(
        update(VictimSession)
        .where(VictimSession.victim_id == victim.id, VictimSession.ended_at.is_(None))
        .values(ended_at=act.at)
    )
    act.session.execute(
        update(Task)
        .where(
            Task.victim_id == victim.id,
            Task.kind == TaskKind.AGREE_SECRET,
            is_one_of(Task.state, TaskState.OPEN),
        )
        .values(state=TaskState.DONE, done_at=act.at, done_by_id=act.staff_id)
    )
    act.log("secret set", victim, owner=victim.id)


def set_sign_in_name(act: Act, victim: Victim, name: str) -> None:
    """Keep, as a blind index only, the name by which the victim signs in without a link.

    Raises FieldFault, and Conflict when somebody else has the name.
    """
    shortest, longest = NAME_LENGTH
    if not shortest <= len(_folded(name)) <= longest:
        raise FieldFault("sign_in_name", f"must have {shortest} to {longest} characters")
    holder = find_by_sign_in_name(act, name)
    if holder is not None and holder.id != victim.id:
        raise Conflict("sign_in_name", "is used already")
    victim.sign_in_index = _sign_in_index(act, name)
    act.session.flush()
    act.log("sign-in name set", victim, owner=victim.id)


def find_by_sign_in_name(act: Act, name: str) -> Victim | None:
    """The victim who agreed this sign-in name; case and spaces do not matter."""
    return act.session.scalars(
        select(Victim).where(Victim.sign_in_index == _sign_in_index(act, name))
    ).first()


def check_secret(act: Act, victim: Victim | None, secret: str) -> bool:
    """Whether the secret is right. Wrong tries are counted in the row, locked for the check, and lock the door.

    None stands for a victim who is not known. A hash is compared in every case, so that the time taken tells
    nobody whether there is such a victim, a secret or a lock.
    """
    if victim is not None:
        act.session.refresh(victim, with_for_update=True)
    right = _matches(act, victim, secret)
    if victim is None:
        return False
    if victim.secret_locked_until is not None and victim.secret_locked_until > act.at:
        act.log("secret refused", victim, owner=victim.id, locked=True)
        return False
    if right:
        victim.secret_tries, victim.secret_locked_until = 0, None
        act.log("secret accepted", victim, owner=victim.id)
        return True
    victim.secret_tries += 1
    locked = victim.secret_tries >= MOST_TRIES
    if locked:
        victim.secret_tries, victim.secret_locked_until = 0, act.at + LOCKED_FOR
        _ask_for_a_new_secret(act, victim)
    act.log("secret refused", victim, owner=victim.id, locked=locked)
    return False


def _ask_for_a_new_secret(act: Act, victim: Victim) -> None:
    """Somebody is guessing, or she has forgotten it: a person finds out which, and agrees another one with her."""
    for participation in act.session.scalars(
        select(Participation).where(Participation.victim_id == victim.id)
    ):
        open_task(act, participation, TaskKind.AGREE_SECRET, about=victim.id)


def _matches(act: Act, victim: Victim | None, secret: str) -> bool:
    kept = None
    if victim is not None:
        kept = act.key(victim.id).open_or_none(victim, "secret_hash_sealed")
    return matches(kept, _folded(secret))


def _sign_in_index(act: Act, name: str) -> bytes:
    return act.keys.blind_index(act.session, f"sign-in name|{_folded(name)}")


def _folded(secret: str) -> str:
    """Case and spaces do not matter in a word typed on a phone, nor how its letters are put together."""
    return "".join(unicodedata.normalize("NFKC", secret).split()).casefold()
