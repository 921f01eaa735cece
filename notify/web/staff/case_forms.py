"""The forms about what happened: a milestone, its correction, and a contact with the victim."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, ClassVar
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import Form, FormField, HiddenField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired

from models.ids import new_id
from models.vocabulary import PERSON_OUTCOMES, Agency, MilestoneKind, Outcome
from notify.clock import LONDON
from notify.planning.milestones import LONGEST_FACT, Happening
from notify.planning.rules.catalogue import Catalogue, Stage
from notify.web.fields import ClockTimeField
from notify.web.staff.forms import day_field, dropdown, instant, line, needed, radios, text, tick_boxes
from notify.web.staff.suspect_field import SuspectField, agree
from notify.web.staff.words import said

STAGES = {
    Stage.REPORT: "Report",
    Stage.ARREST: "Arrest and interview",
    Stage.BAIL: "Bail",
    Stage.CHARGE: "Charging decision",
    Stage.COURT: "Court",
    Stage.ANY: "Other",
}


def kinds_by_stage(catalogue: Catalogue) -> list[SelectChoice]:
    """Every kind of milestone, grouped by the stage that the Code gives it; one the Code does not name comes last."""
    newest = catalogue.editions[-1]
    order = list(Stage)
    stages = {
        kind: newest.by_kind[kind][0].stage if newest.by_kind[kind] else Stage.ANY for kind in MilestoneKind
    }
    kinds = sorted(MilestoneKind, key=lambda kind: order.index(stages[kind]))
    return [
        SelectChoice("", "Choose what happened"),
        *(SelectChoice(kind.value, said(kind), optgroup=STAGES[stages[kind]]) for kind in kinds),
    ]


class FactsForm(Form):
    """The facts that the wording uses (notify.wording.catalogue.FACTS), each optional."""

    conditions = line("Conditions", longest=LONGEST_FACT, hint="For example: not to contact you in any way")
    bail_until = line("Bail until", longest=LONGEST_FACT, hint="For example: 3 April 2026")
    release_date = line("Release date", longest=LONGEST_FACT)
    hearing_date = line("Hearing date", longest=LONGEST_FACT, hint="For example: Monday 4 May 2026")
    hearing_time = line("Hearing time", longest=LONGEST_FACT)
    hearing_place = line("Court", longest=LONGEST_FACT)
    outcome = line("Outcome", longest=LONGEST_FACT, hint="In plain words, as the victim will read it")
    reason = line(
        "Reason for the decision", longest=LONGEST_FACT, hint="In plain words, as the victim will read it"
    )


def _own_id(given: str | None) -> str:
    """An id of the form's own, if what was sent back is none."""
    try:
        return str(UUID(given))
    except (TypeError, ValueError):
        return str(new_id())


class MilestoneForm(FlaskForm):
    faults_of: ClassVar[dict[str, str]] = {"happened_at": "happened_time", "learned_at": "learned_time"}
    """Beside which field a fault of the step is shown, where the names differ."""

    kind = dropdown("What happened?", InputRequired("Choose what happened"))
    happened_day = day_field("Day it happened", "Enter the day it happened")
    happened_time: Any = ClockTimeField("Time it happened", [needed("Enter the time it happened")])
    learned_day = day_field("Day you learned of it", hint="Leave empty if it was known at once")
    learned_time: Any = ClockTimeField("Time you learned of it")
    owner = radios(
        "Who learned of it?",
        Agency,
        "Choose who learned of it",
        default="police",
        description="They must tell the victim, and their time runs from when they learned of it",
    )
    who = SuspectField("Which suspect?")
    suspect = line(
        "Another suspect (optional)", hint="A reference or a name. It is kept encrypted and never sent."
    )
    facts = FormField(FactsForm)
    once = HiddenField(default=lambda: str(new_id()), filters=[_own_id])
    """Made with the empty form: when it is sent twice, by a second press or from the browser's history, this is the same."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Both halves of the second moment, or neither, besides what each field checks."""
        right = bool(super().validate(extra_validators))
        right = agree(self.who, self.suspect) and right
        day, time = self.learned_day, self.learned_time
        if day.errors or time.errors:
            return False
        if (day.data is None) != (time.data is None):
            missing, half = (day, "day") if day.data is None else (time, "time")
            missing.errors = [f"Enter the {half} you learned of it"]
            return False
        if right and day.data is not None and self._learned_first():
            time.errors = ["You cannot have learned of it before it happened"]
            return False
        return right

    def _learned_first(self) -> bool:
        happened = instant(self.happened_day.data, self.happened_time.data)
        return instant(self.learned_day.data, self.learned_time.data) < happened

    def happening(self, earlier: Happening | None = None) -> Happening:
        """What the form says; what it does not ask for, seconds and facts of other names, stays as it was."""
        named = self.facts.data
        kept = {name: fact for name, fact in _facts(earlier).items() if name not in named}
        happened_at = _instant(
            self.happened_day.data, self.happened_time.data, earlier.happened_at if earlier else None
        )
        learned_at = happened_at
        if self.learned_day.data is not None:
            learned_at = _instant(
                self.learned_day.data, self.learned_time.data, earlier.learned_at if earlier else None
            )
        return Happening(
            kind=MilestoneKind(self.kind.data),
            happened_at=happened_at,
            learned_at=learned_at,
            owner=Agency(self.owner.data),
            suspect=self.who.chosen(self.suspect.data),
            facts={**kept, **{name: value for name, value in named.items() if value}} or None,
        )


class CorrectionForm(MilestoneForm):
    why = text("Why it is corrected", "Enter why it is corrected")


class ContactForm(FlaskForm):
    outcome = radios("What came of it?", PERSON_OUTCOMES, "Choose what came of it")
    covers = tick_boxes(
        "What it was about",
        hint="If the victim was reached, these are recorded as told",
        wrong="One of these is no longer open. Look again at what is.",
    )
    contact_point = dropdown("Which number or address?")
    note = text("Note (optional)", hint="It is kept encrypted")

    @property
    def what_came(self) -> Outcome:
        return Outcome(self.outcome.data)


def as_typed(happening: Happening) -> dict[str, object]:
    """What a milestone says, as the values of its form."""
    happened, learned = _local(happening.happened_at), _local(happening.learned_at)
    values: dict[str, object] = {
        "kind": happening.kind.value,
        "happened_day": happened.date(),
        "happened_time": happened.time().replace(second=0, microsecond=0),
        "owner": happening.owner.value,
        "suspect": happening.suspect,
        "facts": dict(_facts(happening)),
    }
    if learned != happened:
        values |= {"learned_day": learned.date(), "learned_time": learned.time()}
    return values


def _facts(happening: Happening | None) -> Mapping[str, str]:
    return (happening.facts if happening else None) or {}


def _instant(on: date, at: time, earlier: datetime | None) -> datetime:
    """The instant typed, to the minute; one that was left as it stood is the same to the second."""
    if earlier is not None and _local(earlier).replace(
        second=0, microsecond=0, tzinfo=None
    ) == datetime.combine(on, at):
        return earlier
    return instant(on, at)


def _local(at: datetime) -> datetime:
    return at.astimezone(LONDON)
