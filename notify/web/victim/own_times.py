"""What a victim may ask for herself until a date, in plain words, on her private page."""

from dataclasses import dataclass

from sqlalchemy import select

from models.people import Victim
from models.windows import VictimWindow
from notify.clock import in_words
from notify.ledger.acts import Act
from notify.planning.rules.windows import last_day
from notify.planning.windows import was_told
from notify.web.context import current_services
from notify.wording.render import render_page


@dataclass(frozen=True)
class OwnTime:
    """One thing she may ask for, with its last day in its words."""

    title: str
    paragraphs: tuple[str, ...]
    language: str


def own_times(act: Act, victim: Victim) -> list[OwnTime]:
    """What she may ask for at this moment, in every case; nothing that she has not been told of by a person or a message."""
    services = current_services()
    windows = act.session.scalars(
        select(VictimWindow)
        .where(
            VictimWindow.victim_id == victim.id,
            VictimWindow.withdrawn_at.is_(None),
            VictimWindow.ends_at > act.at,
        )
        .order_by(VictimWindow.ends_at, VictimWindow.id)
    )
    shown = []
    for window in windows:
        rule = services.rulebook.catalogue.window(window.rule, window.edition)
        if rule is None or window.ends_at is None or not was_told(act.session, window, rule):
            continue
        page = render_page(
            services.wording,
            language=victim.language,
            kind=rule.reminder,
            facts={"review_until": in_words(last_day(window.ends_at))},
            end=False,
        )
        shown.append(OwnTime(page.title, page.paragraphs, page.wording_id.partition("/")[0]))
    return shown
