"""Histories drawn from a number: the same number gives the same victim, her case and whatever happens to her."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from tests.oracle.naive import BANK_HOLIDAYS, LONDON, ONE_DAY, Event, read_code

COUNT = 100_000
VICTIMS = 5
"""Of one case: its milestones are theirs, and nothing else of one is another's. The number of the first is the case's."""

ROWS = read_code()[0][2]
KINDS = sorted({kind for row in ROWS for kind in row["milestone_kinds"].split()})
DRAWN = [*KINDS, *2 * ["police_no_further_action"]]
"""What a victim may have reviewed once she is told of it comes oftener: she is told of few things."""

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
DOES = {"milestone": 40, "correct": 14, "close": 3, "each": 43}
EACH_DOES = {"contact": 22, "waive": 6, "hush": 8, "decline": 4, "plan": 3}
"""How often what comes next is about the case, or each victim does something of her own, at one and the same time."""


def first_of_season(season: int) -> int:
    """The number of the first history of a case that begins in a season."""
    return -(-season * COUNT // len(SEASONS) // VICTIMS) * VICTIMS


def history(number: int) -> list[Event]:
    """The events that concern one victim, in time order."""
    return [
        event for event in case(number - number % VICTIMS) if event.get("victim", her(number)) == her(number)
    ]


@lru_cache(maxsize=1)
def case(first: int) -> list[Event]:
    """The events of one case, given by the number of its first victim, in time order."""
    return _Maker(first).make()


def her(number: int) -> str:
    return f"V-{number}"


@dataclass
class _Victim:
    who: dict[str, str]
    paused: bool = False
    declined: bool = False


class _Maker:
    def __init__(self, first: int) -> None:
        self.draw = Random(first)
        begins = SEASONS[first * len(SEASONS) // COUNT] + self.draw.randrange(8) * ONE_DAY
        self.at = datetime.combine(begins, time(self.draw.randrange(24)), LONDON).astimezone(UTC)
        self.case = f"C-{first}"
        self.victims = [
            _Victim({"case": self.case, "victim": her(number)}) for number in range(first, first + VICTIMS)
        ]
        self.events: list[Event] = []
        self.facts: list[Event] = []
        self.closed = False

    def make(self) -> list[Event]:
        self.tell("case", case=self.case, unit="U-1", officer="officer", offence="Example offence")
        for she in self.victims:
            enhanced = self.draw.choice([[], ["most_serious"]])
            self.tell("victim", **she.who, name="Example Victim", enhanced=enhanced)
            if self.draw.random() < 0.85:
                self.plan(she)
        for do in self.some(DOES, self.draw.randrange(2, 10)):
            self.move_on()
            getattr(self, do)()
        return self.events

    def some(self, weights: dict[str, int], count: int) -> list[str]:
        return self.draw.choices(list(weights), list(weights.values()), k=count)

    def each(self) -> None:
        for she, do in zip(self.victims, self.some(EACH_DOES, VICTIMS), strict=True):
            getattr(self, do)(she)

    def tell(self, do: str, **fields: Any) -> None:
        self.events.append({"at": self.at, "do": do, **fields})

    def about(self, she: _Victim, do: str, **fields: Any) -> None:
        self.tell(do, **she.who, by="officer", **fields)

    def move_on(self) -> None:
        self.at += timedelta(seconds=self.draw.choice(GAPS))
        if self.draw.random() < 0.4:
            day = self.at.astimezone(LONDON).date()
            sharp = datetime.combine(day, self.draw.choice(SHARP_TIMES), LONDON).astimezone(UTC)
            self.at = max(sharp, self.at)

    def earlier(self, than: datetime) -> datetime:
        return than - timedelta(seconds=self.draw.choice(LAGS))

    def plan(self, she: _Victim) -> None:
        self.about(she, "plan", every_days=self.draw.choice([1, 2, 5, 7, 14, 28, 60]), channels=[])

    def milestone(self) -> None:
        learned_at = self.earlier(self.at)
        happened_at = self.earlier(learned_at)
        facts: Event = {"kind": self.draw.choice(DRAWN), "happened_at": happened_at}
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
                changed = {"kind": self.draw.choice([kind for kind in DRAWN if kind != facts["kind"]])}
        facts |= changed
        self.tell("correct", milestone=f"{self.case}-{number + 1}", by="officer", reason="a slip", **changed)

    def contact(self, she: _Victim) -> None:
        covers = {"covers": self.draw.sample(RULES, 12)} if self.draw.random() < 0.3 else {}
        self.about(she, "contact", outcome=self.draw.choice(OUTCOMES), **covers)

    def waive(self, she: _Victim) -> None:
        rules = [rule for facts in self.facts for rule in RULES_OF[facts["kind"]]]
        self.about(
            she,
            "waive",
            rule=self.draw.choice([*rules, "PLAN-NOCHANGE", "PLAN-CLOSED", "CORRECTION"]),
            reason="told by somebody else",
        )

    def hush(self, she: _Victim) -> None:
        """A pause, or the end of one or of a decline."""
        ends = she.paused or she.declined
        self.about(she, "resume" if ends else "pause", reason="asked")
        she.paused, she.declined = not ends, False

    def decline(self, she: _Victim) -> None:
        if not she.declined:
            self.about(she, "decline", reason="wants none")
            she.declined = True

    def close(self) -> None:
        if not self.closed:
            self.tell("close", case=self.case, by="officer", reason="ended")
            self.closed = True
