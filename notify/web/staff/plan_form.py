"""The form of a plan: a part for each contact point, with as many safe times as are needed, and all of it without scripts.

Long because one page is one form, with every part and every field of it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, time
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from models.plans import Plan, PlanChannel
from models.vocabulary import CHANNEL_OF, Channel, Detail, Sender, Weekday
from notify.planning.plans import LONGEST_SILENCE, ChannelTerms, PlanTerms, WindowTerms
from notify.web.fields import ClockTimeField
from notify.web.staff.code_words_form import CodeWordsForm
from notify.web.staff.forms import dropdown, line, options, stripped, text, tick_boxes
from notify.web.staff.shown import PointShown
from notify.web.staff.words import DAYS
from notify.wording.discreet import cover_text_faults

DETAILS = {
    Detail.NUDGE: "A nudge: the cover text only, it says nothing",
    Detail.LINK: "A private link: the cover text and a link to the private page",
    Detail.FULL: "The update itself, in the message",
}
SENDERS = {
    Sender.NEUTRAL: "Our usual sender",
    Sender.NAMED: "A name: nobody can write back to it, so no STOP and no code word reaches us",
    Sender.NUMERIC: "A number that can be rung or written to",
}
MOST_POINTS = 20
FEWEST_WINDOWS = 2
MOST_WINDOWS = 14
MOST_NEVER_DATES = 100
_TYPED_DAY = re.compile(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})", re.ASCII)


class WindowForm(Form):
    """One weekly safe time; a row left empty is none."""

    days: Any = tick_boxes("Days", [SelectChoice(day.value, name[:3]) for day, name in DAYS.items()])
    opens: Any = ClockTimeField("From")
    closes: Any = ClockTimeField("To")

    @property
    def is_empty(self) -> bool:
        typed = (*(self.opens.raw_data or ()), *(self.closes.raw_data or ()))
        return not self.days.data and not any(str(each).strip() for each in typed)

    def validate(self, extra_validators: Any = None) -> bool:
        """A row that was begun must be whole."""
        right = bool(super().validate(extra_validators))
        if self.is_empty:
            return right
        for field, missing in (
            (self.days, "Choose the days that are safe"),
            (self.opens, "Enter when it is safe from, like 09:30"),
            (self.closes, "Enter when it is safe until, like 17:00"),
        ):
            if field.data in (None, []) and not field.errors:
                field.errors = [missing]
                right = False
        return right

    def terms(self) -> WindowTerms:
        return WindowTerms(frozenset(map(Weekday, self.days.data)), self.opens.data, self.closes.data)


class WordedHiddenField(HiddenField):
    """A hidden text, never None."""

    data: str


class ChannelForm(Form):
    """What is agreed for one contact point."""

    point = WordedHiddenField(filters=[stripped])
    place = dropdown("Order")
    detail = RadioField("How much may it say?", choices=options(Detail, DETAILS), default=Detail.NUDGE.value)
    sender: Any = RadioField(
        "Whom do texts come from?",
        choices=options(Sender, SENDERS),
        default=Sender.NEUTRAL.value,
        description="Phones show it above the message, and keep it",
    )
    counts_as_told = BooleanField(
        "A delivered message here counts as being told",
        description="Only with the update itself, and only if the victim agreed to it",
    )
    cover_text = line(
        "Cover text (optional)",
        longest=500,
        hint="The words the victim chose, so that a message looks like something else. "
        "Left empty, a harmless sentence is used.",
    )
    windows = FieldList(FormField(WindowForm), min_entries=FEWEST_WINDOWS, max_entries=MOST_WINDOWS)

    @property
    def is_used(self) -> bool:
        return bool(self.place.data)

    @property
    def used_windows(self) -> list[WindowForm]:
        return [entry.form for entry in self.windows if not entry.form.is_empty]

    def validate_cover_text(self, field: Any) -> None:
        """The step checks this too; here it is found before the preview."""
        if field.data and (faults := cover_text_faults(field.data)):
            raise ValidationError(f"Cover text {faults[0]}")

    def validate_counts_as_told(self, field: Any) -> None:
        if self.is_used and field.data and self.detail.data != Detail.FULL:
            raise ValidationError("A message counts as being told only with the update itself")

    def terms(self, shown: PointShown) -> ChannelTerms:
        """What was agreed here; a landline or postal address is for people, and no message goes there."""
        automatic = shown.row.kind in CHANNEL_OF
        return ChannelTerms(
            point=shown.row,
            detail=Detail(self.detail.data) if automatic else Detail.NUDGE,
            windows=[window.terms() for window in self.used_windows],
            counts_as_told=bool(self.counts_as_told.data) and automatic,
            cover_text=self.cover_text.data or None if automatic else None,
            sender=Sender(self.sender.data)
            if CHANNEL_OF.get(shown.row.kind) is Channel.SMS
            else Sender.NEUTRAL,
        )


class NeverDatesField(TextAreaField):
    """Dates, one a line, as 25/12/2026; `data` is a list of dates."""

    data: list[date]  # type: ignore[assignment]  # TextAreaField says str

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read each line; the first that is no date is named."""
        typed = str(valuelist[0] if valuelist else "").splitlines()
        self.data = []
        for number, one in enumerate((each.strip() for each in typed if each.strip()), start=1):
            found = _typed_day(one)
            if found is None or number > MOST_NEVER_DATES:
                raise ValidationError(f"Line {number}: enter a date like 25/12/2026")
            self.data.append(found)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{on.day}/{on.month}/{on.year}" for on in self.data or ())


class DaysField(IntegerField):
    """A number of days."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Say what is wanted in the words of the form."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a whole number of days") from None


class PlanForm(FlaskForm):
    version = HiddenField()
    every_days = DaysField(
        "How often, in days",
        [
            InputRequired("Enter how often, in days"),
            NumberRange(1, LONGEST_SILENCE, f"How often must be from 1 to {LONGEST_SILENCE} days"),
        ],
        description="We are in touch at least this often, even when nothing has changed. "
        "A first plan begins with what is usual for the offence: enter what the victim wants",
    )
    channels = FieldList(FormField(ChannelForm), max_entries=MOST_POINTS)
    never_dates = NeverDatesField(
        "Dates on which nothing may be sent (optional)",
        [Optional()],
        description="One a line, like 25/12/2026",
    )
    automatic = BooleanField(
        "Messages may be sent automatically", description="If not, a person makes every contact"
    )
    officer_first_nudge = BooleanField(
        "For bad or difficult news, a message may ask the victim to ring",
        description="The news itself is always told by a person",
    )
    code_words = FormField(CodeWordsForm)
    reason = text("What was agreed, and why", hint="It is kept with the plan, encrypted")

    def offer(self, points: Mapping[str, PointShown], senders: Collection[Sender]) -> bool:
        """Offer as many places as there are contact points, and the senders that are set up.

        False when the form is about other contact points than these.
        """
        places = [
            SelectChoice("", "Not used"),
            *(SelectChoice(str(n), str(n)) for n in range(1, len(self.channels) + 1)),
        ]
        for entry in self.channels:
            entry.form.place.choices = places
            entry.form.sender.choices = options([each for each in Sender if each in senders], SENDERS)
        return all(entry.form.point.data in points for entry in self.channels)

    def more_windows(self) -> None:
        """One more row of safe times for each contact point."""
        for entry in self.channels:
            if len(entry.form.windows) < MOST_WINDOWS:
                entry.form.windows.append_entry()

    def fits(self, points: Mapping[str, PointShown], *, to_agree: bool) -> bool:
        """Whether the parts fit together; what does not is said beside its field. Call it when each part is right."""
        taken: set[str] = set()
        right = True
        if to_agree and not self.reason.data:
            self.reason.errors = ["Enter what was agreed, and why"]
            right = False
        for channel in self.used():
            if channel.place.data in taken:
                _blame(channel.place, "Two contact points have the same place in the order", self.channels)
                right = False
            taken.add(channel.place.data)
            if points[channel.point.data].row.kind in CHANNEL_OF and not channel.used_windows:
                missing = "Enter at least one safe time, or do not use this contact point"
                _blame(channel.windows[0].form.opens, missing, channel.windows, self.channels)
                right = False
        return right

    def used(self) -> list[ChannelForm]:
        """The contact points in the order agreed."""
        used = [entry.form for entry in self.channels if entry.form.is_used]
        return sorted(used, key=lambda channel: int(channel.place.data))

    def terms(self, points: Mapping[str, PointShown]) -> PlanTerms:
        return PlanTerms(
            every_days=int(self.every_days.data or 0),
            channels=[channel.terms(points[channel.point.data]) for channel in self.used()],
            never_dates=self.never_dates.data or (),
            automatic=bool(self.automatic.data),
            officer_first_nudge=bool(self.officer_first_nudge.data),
        )


def _blame(field: Any, said: str, *lists: Any) -> None:
    """Say what is wrong with a field inside lists that were found right already."""
    for each in (field, *lists):
        each.errors = [*each.errors, said]


def as_agreed(
    plan: Plan | None, points: Sequence[PointShown], cover_texts: Mapping[UUID, str | None], every_days: int
) -> dict[str, Any]:
    """The current plan as the values of its form; with none, nothing is used and nothing may go.

    `every_days` is the plan's, or with none what is offered.
    """
    channels = {channel.contact_point_id: channel for channel in plan.channels} if plan else {}
    return {
        "version": str(plan.version if plan else 0),
        "every_days": every_days,
        "channels": [
            _channel_values(point, channels.get(point.row.id), cover_texts) for point in points[:MOST_POINTS]
        ],
        "automatic": plan.automatic if plan else True,
        "officer_first_nudge": plan.officer_first_nudge if plan else False,
        "never_dates": [date.fromisoformat(day) for day in plan.never_dates] if plan else [],
    }


def _channel_values(
    point: PointShown, channel: PlanChannel | None, cover_texts: Mapping[UUID, str | None]
) -> dict[str, Any]:
    values: dict[str, Any] = {"point": str(point.row.id), "place": "", "detail": Detail.NUDGE.value}
    if channel is not None:
        values |= {
            "place": str(channel.position + 1),
            "detail": channel.detail.value,
            "sender": channel.sender.value,
            "counts_as_told": channel.counts_as_told,
            "cover_text": cover_texts.get(channel.id),
            "windows": [
                {"days": window["days"], "opens": _wall(window["from"]), "closes": _wall(window["to"])}
                for window in channel.windows
            ],
        }
    return values


def _typed_day(typed: str) -> date | None:
    found = _TYPED_DAY.fullmatch(typed)
    try:
        return date(*map(int, reversed(found.groups()))) if found else None
    except ValueError:
        return None


def _wall(stored: str) -> time:
    return time.fromisoformat(stored)
