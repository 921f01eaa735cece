"""Histories drawn from a number: the same number gives the same case, its victim and whatever happens to her."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from tests.oracle.naive import BANK_HOLIDAYS, LONDON, ONE_DAY, Event, read_code

COUNT = 100_000
ROWS = read_code()[0][2]
KINDS = sorted({kind for row in ROWS for kind in row["milestone_kinds"].split()})
RULES_OF = {kind: [r["rule_id"] for r in ROWS if kind in r["milestone_kinds"].split()] for kind in KINDS}
RULES = sorted({rule for rules in RULES_OF.values() for rule in rules})
YEARS = range(2021, 2029)
CLOCK_CHANGES = [
    day - timedelta(days=(day.weekday() + 1) % 7)
    for year in YEARS
    for day in (date(year, 3, 31), date(year, 10, 31))
]
SEASONS = sorted(
    day - 6 * ONE_DAY
    for day in {*BANK_HOLIDAYS, *CLOCK_CHANGES}
    if day.year in YEARS and day > date(2021, 5, 1)
)
"""Every history begins in the week before a bank holiday or a change of the clocks."""

SHARP_TIMES = [
    time(0),
    time(0, 0, 1),
    time(23, 59, 59),
    time(20),
    time(0, 30),
    time(1, 0),
    time(1, 30),
    time(2),
]
"""London times at which a mistake by an hour or a second shows; four hours after 20:00 the day ends."""

GAPS = [0, 1, 60, 3_600, 4 * 3_600, 14_400 + 1, 20 * 3_600] + [
    days * 86_400 for days in (1, 1, 2, 3, 4, 6, 9, 25)
]
LAGS = [0, 0, 0, 1, 900, 7_200, 14_400, 40_000, 86_400, 3 * 86_400, 8 * 86_400, 30 * 86_400]
"""Seconds between two events, and between what happened, its being learned of and its being recorded."""

OUTCOMES = ["spoke_identity_checked", "met_in_person", "video_identity_checked", "voicemail", "letter_sent"]
DOES = {
    "milestone": 40,
    "contact": 22,
    "correct": 14,
    "waive": 6,
    "hush": 8,
    "decline": 4,
    "close": 3,
    "plan": 3,
}


def first_of_season(season: int) -> int:
    """The number of the first history that begins in a season."""
    return -(-season * COUNT // len(SEASONS))


def history(number: int) -> list[Event]:
    """The events of one case with one victim, in time order."""
    return _Maker(number).make()


class _Maker:
    def __init__(self, number: int) -> None:
        self.draw = Random(number)
        begins = SEASONS[number * len(SEASONS) // COUNT] + self.draw.randrange(8) * ONE_DAY
        self.at = datetime.combine(begins, time(self.draw.randrange(24)), LONDON).astimezone(UTC)
        self.case = f"C-{number}"
        self.who = {"case": self.case, "victim": f"V-{number}"}
        self.events: list[Event] = []
        self.facts: list[Event] = []
        self.paused = self.declined = self.closed = False

    def make(self) -> list[Event]:
        enhanced = self.draw.choice([[], ["most_serious"]])
        self.tell("case", case=self.case, unit="U-1", officer="officer", offence="Example offence")
        self.tell("victim", **self.who, name="Example Victim", enhanced=enhanced)
        if self.draw.random() < 0.85:
            self.plan()
        for do in self.draw.choices(list(DOES), list(DOES.values()), k=self.draw.randrange(2, 10)):
            self.move_on()
            getattr(self, do)()
        return self.events

    def tell(self, do: str, **fields: Any) -> None:
        self.events.append({"at": self.at, "do": do, **fields})

    def about(self, do: str, **fields: Any) -> None:
        self.tell(do, **self.who, by="officer", **fields)

    def move_on(self) -> None:
        self.at += timedelta(seconds=self.draw.choice(GAPS))
        if self.draw.random() < 0.4:
            day = self.at.astimezone(LONDON).date()
            sharp = datetime.combine(day, self.draw.choice(SHARP_TIMES), LONDON).astimezone(UTC)
            self.at = max(sharp, self.at)

    def earlier(self, than: datetime) -> datetime:
        return than - timedelta(seconds=self.draw.choice(LAGS))

    def plan(self) -> None:
        self.about("plan", every_days=self.draw.choice([1, 2, 5, 7, 14, 28, 60]), channels=[])

    def milestone(self) -> None:
        learned_at = self.earlier(self.at)
        happened_at = self.earlier(learned_at)
        facts: Event = {"kind": self.draw.choice(KINDS), "happened_at": happened_at}
        if learned_at != happened_at:
            facts["learned_at"] = learned_at
        self.facts.append(facts)
        owner = {"owner": self.draw.choice(["police", "witness_care", "cps", "probation"])}
        more = owner if self.draw.random() < 0.3 else {}
        name = f"{self.case}-{len(self.facts)}"
        self.tell("milestone", id=name, case=self.case, by="officer", **facts, **more)

    def correct(self) -> None:
        """Another kind, an earlier or later time of the event, or another time at which it was learned of."""
        if not self.facts:
            return
        number = self.draw.randrange(len(self.facts))
        facts = self.facts[number]
        changed: Event
        match self.draw.randrange(4):
            case 0:
                changed = {"happened_at": self.earlier(facts["happened_at"]) - timedelta(seconds=1)}
            case 1 if facts["happened_at"] < (learned := self.earlier(self.at)) != facts.get("learned_at"):
                changed = {"learned_at": learned}
            case _:
                changed = {"kind": self.draw.choice([kind for kind in KINDS if kind != facts["kind"]])}
        facts |= changed
        self.tell("correct", milestone=f"{self.case}-{number + 1}", by="officer", reason="a slip", **changed)

    def contact(self) -> None:
        covers = {"covers": self.draw.sample(RULES, 12)} if self.draw.random() < 0.3 else {}
        self.about("contact", outcome=self.draw.choice(OUTCOMES), **covers)

    def waive(self) -> None:
        rules = [rule for facts in self.facts for rule in RULES_OF[facts["kind"]]]
        self.about(
            "waive",
            rule=self.draw.choice([*rules, "PLAN-NOCHANGE", "PLAN-CLOSED", "CORRECTION"]),
            reason="told by somebody else",
        )

    def hush(self) -> None:
        """A pause, or the end of one or of a decline."""
        ends = self.paused or self.declined
        self.about("resume" if ends else "pause", reason="asked")
        self.paused, self.declined = not ends, False

    def decline(self) -> None:
        if not self.declined:
            self.about("decline", reason="wants none")
            self.declined = True

    def close(self) -> None:
        if not self.closed:
            self.tell("close", case=self.case, by="officer", reason="ended")
            self.closed = True
