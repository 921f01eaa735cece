"""Makes an event file of a unit's custody and court events: plainly fictional, and the same bytes for the same arguments.

python examples/make_month.py > examples/month.ndjson
python examples/make_month.py --mix year --cases 953 --days 365 --out year.ndjson
python examples/make_month.py --start 2026-03-02

Each case is drawn from its own seed, lives one of the stories below, and is told well, late or not at all. What must be
seen in every month (a Friday evening bail, an unproved number, no plan, STOP, a wrong person) comes round by the number of
the case and not by chance. `read` and `receipt` speak only of messages that are sure to have left by then.
Long because it runs by itself, on the standard library, from one file.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO, TypeVar

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS_IN_THE_MONTH = 31
OFFICERS = 8
MOBILES = 1_000  # 07700 900000 to 900999, kept for fiction; whoever comes later has an address only
FRIDAY = 4
FIRST_HOUR, LAST_HOUR = 9, 18

T = TypeVar("T")
Json = dict[str, Any]
Step = tuple[
    str, int, int, bool
]  # what happens, the least and most hours since the last step, slower in a long file?

ARREST: tuple[Step, ...] = (("arrest", 8, 90, True), ("interview_under_caution", 3, 9, False))
CHARGE: tuple[Step, ...] = (
    ("charge", 2, 6, False),
    ("bail_to_court", 1, 2, False),
    ("first_hearing_listed", 1, 3, False),
)
COURT: tuple[Step, ...] = (
    ("hearing_changed", 30, 90, True),
    ("court_bail_decision", 30, 90, True),
    ("verdict", 60, 160, True),
    ("sentence", 40, 120, True),
)
STORIES: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (20, (("crime_reported", 0, 0, False), ("investigation_opened", 20, 60, False))),
    (6, (("crime_reported", 0, 0, False), ("no_investigation", 24, 96, False))),
    (18, (("crime_reported", 0, 0, False), *ARREST, ("bail_granted", 1, 5, False),
          ("bail_conditions_changed", 70, 200, True), ("police_no_further_action", 90, 240, True))),
    (10, (("crime_reported", 0, 0, False), *ARREST, ("released_under_investigation", 1, 5, False),
          ("cps_no_charge", 90, 300, True))),
    (8, (("crime_reported", 0, 0, False), *ARREST, ("released_without_charge", 1, 5, False),
         ("police_no_further_action", 24, 100, True))),
    (18, (("crime_reported", 0, 0, False), *ARREST, *CHARGE, ("hearing_listed", 80, 200, True), *COURT)),
    (20, (("hearing_listed", 0, 0, False), *COURT)),
)  # fmt: skip
BAIL_STORY = STORIES[2][1]
OFFICER_FIRST = {"no_investigation", "police_no_further_action", "cps_no_charge", "verdict", "sentence"}
COURT_KINDS = {"hearing_listed", *(step[0] for step in COURT)}
IMMEDIATE = {
    "bail_granted",
    "bail_conditions_changed",
    "bail_to_court",
    "court_bail_decision",
    "released_under_investigation",
    "released_without_charge",
}
ENDS = {"no_investigation", "police_no_further_action", "cps_no_charge", "sentence"}
OFFENCES = ("Burglary", "Assault", "Harassment", "Robbery", "Criminal damage", "Theft", "Stalking", "Threats")

WIDE = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "08:00", "to": "21:00"}]
NARROW = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "10:00", "to": "12:00"}]
OFFICE = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]
NIGHT = [{"days": ["sun", "mon", "tue", "wed", "thu"], "from": "22:00", "to": "02:00"}]


@dataclass(frozen=True)
class Mix:
    """How much officers ring, beside the calls about news that only a person may give, which are the same in each."""

    calls: float  # the share made of the calls that a month has after other milestones
    check_ins: float  # the chance of a call in each four weeks with no news


MIXES = {"month": Mix(calls=1, check_ins=0.4), "year": Mix(calls=0.35, check_ins=0.05)}
"""A month shows everything, so it has more calls than people make: over a year they would be half of all events."""


class Draw(random.Random):
    """Chances that come out the same on every version of Python: all from `random()`."""

    def happens(self, chance: float) -> bool:
        return self.random() < chance

    def hours(self, least: float, most: float) -> timedelta:
        return timedelta(minutes=int(60 * (least + (most - least) * self.random())))

    def one(self, *options: tuple[int, T]) -> T:
        """One of the options, each as likely as its weight."""
        left = self.random() * sum(weight for weight, _ in options)
        for weight, option in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][1]


class Case:
    """One case and its victim, telling its story into `events`."""

    def __init__(self, number: int, *, days: int, seed: int, start: datetime, mix: Mix) -> None:
        self.number = number
        self.mix = mix
        self.start = start
        self.draw = Draw(f"{seed}-{number}")
        self.pace = days / DAYS_IN_THE_MONTH
        self.end = start + timedelta(days=days)
        self.ref = f"case-{number:04d}"
        self.victim = f"victim-{number:04d}"
        self.officer = f"officer-{number % OFFICERS + 1}"
        self.mobile = f"07700 900{number - 1:03d}" if number <= MOBILES else None
        self.events: list[tuple[datetime, int, int, Json]] = []
        self.sent = 0  # messages that are sure to have left so far
        self.unsure_from = start  # from here on nobody can be sure that a message leaves at once
        self.friday_bail = self.comes_round(10, 6)
        self.enhanced = self.friday_bail or self.draw.happens(0.35)
        self.detail = self.draw.one((45, "link"), (25, "nudge"), (22, "full"))
        self.windows = self.draw.one((60, WIDE), (15, NARROW), (15, OFFICE), (5, NIGHT))
        if self.friday_bail:
            self.windows = NARROW
        self.second = self.comes_round(20, 0)  # a second victim in the same case, by e-mail

    def comes_round(self, every: int, on: int) -> bool:
        """Whether this case is one of those that show a thing: every so many, from this one."""
        return self.number % every == on

    def add(self, at: datetime, do: str, **fields: Any) -> str:
        """Note an event and give its id."""
        number = len(self.events) + 1
        name = f"{self.ref}-{number:02d}"
        self.events.append((at, self.number, number, {"at": stamp(at), "do": do, "id": name} | fields))
        return name

    def doubt(self, at: datetime) -> None:
        self.unsure_from = min(self.unsure_from, at)

    def add_about(self, at: datetime, do: str, **fields: Any) -> None:
        self.add(at, do, victim=self.victim, case=self.ref, by=self.officer, **fields)

    def tell(self) -> list[tuple[datetime, int, int, Json]]:
        """The whole story, as far as the file goes."""
        story = self.schedule()
        self.enrol(story[0][0] - self.draw.hours(0.6, 0.9))
        self.live(story[0][0])
        self.check_in(story[0][0], until=story[-1][0] if story[-1][1] in ENDS else self.end)
        for at, kind in story:
            self.happen(at, kind)
        last = max(event[0] for event in self.events)
        if story[-1][1] in ENDS and self.draw.happens(0.6):
            at = last + self.draw.hours(24, 100)
            self.add(at, "close", case=self.ref, by=self.officer, reason="finished")
        return [event for event in self.events if event[0] < self.end]

    def schedule(self) -> list[tuple[datetime, str]]:
        """When each step of the story is recorded; the first within the first nine tenths of the file."""
        steps = BAIL_STORY if self.friday_bail else self.draw.one(*STORIES)
        at = self.start + self.draw.hours(8, 24 * 28 * self.pace)
        story = []
        for kind, least, most, paced in steps:
            at += self.draw.hours(least, most) * (self.pace if paced else 1)
            at = at if kind not in COURT_KINDS else by_day(at)
            story.append((at, kind))
        if self.friday_bail:  # move the whole story so that bail comes on a Friday evening
            bail = next(at for at, kind in story if kind == "bail_granted")
            evening = bail.replace(hour=18) + timedelta(days=(FRIDAY - bail.weekday()) % 7)
            story = [(at + (evening - bail), kind) for at, kind in story]
        return story

    def enrol(self, at: datetime) -> None:
        more: Json = {"offence": OFFENCES[self.number % len(OFFENCES)]}
        if self.comes_round(37, 9):
            more |= {"restricted": True, "allow": [self.officer, "supervisor-1"]}
        self.add(at, "case", case=self.ref, unit="unit-north", officer=self.officer, **more)
        more = {"enhanced": ["vulnerable_or_intimidated"]} if self.enhanced else {}
        if self.enhanced and self.draw.happens(0.5):
            more = {"enhanced": ["most_serious"], "risk": "high"}
        name = f"Victim {self.number:03d} (fictional)"
        self.add(at + minutes(2), "victim", victim=self.victim, case=self.ref, name=name, **more)
        points = self.add_points(at + minutes(4))
        if self.comes_round(14, 5):  # no plan agreed in time; for every other one of these, never
            if self.comes_round(28, 5):
                self.agree_plan(at + timedelta(days=4), points)
        else:
            self.agree_plan(at + minutes(12), points)
        if self.second:
            self.enrol_second(at + minutes(15))

    def add_points(self, at: datetime) -> list[str]:
        """The contact points, first the one that the victim likes best."""
        unproved = self.comes_round(11, 3)
        proved: Json = {} if unproved else {"verified": True, "verified_by": self.officer}
        points = []
        if self.mobile:
            points.append(f"mobile-{self.number:04d}")
            self.add_point(at, points[0], "mobile", self.mobile, **proved)
        if not self.mobile or self.draw.happens(0.4):
            points.append(f"email-{self.number:04d}")
            self.add_point(at + minutes(1), points[-1], "email", f"{self.victim}@example.com", **proved)
        if unproved and self.comes_round(2, 0):
            later, reason = at + timedelta(days=3), "rang back on a number found another way"
            self.add(later, "verify", contact_point=points[0], by=self.officer, reason=reason)
        if self.windows is WIDE and not unproved and not self.comes_round(14, 5):
            self.unsure_from = self.end
        return points

    def add_point(self, at: datetime, point: str, kind: str, value: str, **more: Any) -> None:
        self.add(at, "contact_point", contact_point=point, victim=self.victim, kind=kind, value=value, **more)

    def agree_plan(self, at: datetime, points: list[str]) -> None:
        agreed: Json = {"detail": self.detail, "windows": self.windows}
        if self.detail == "full":
            agreed["counts_as_told"] = True
        elif self.comes_round(5, 1):
            agreed["cover_text"] = "Your library book is ready to collect."
        channels = [{"contact_point": point} | agreed for point in points]
        more: Json = {"every_days": self.draw.one((3, 14), (5, 28))}
        if self.windows is OFFICE:
            more["never_dates"] = [f"{self.start + timedelta(days=int(28 * self.draw.random())):%Y-%m-%d}"]
        if self.comes_round(16, 2):
            more["automatic"] = False
            self.unsure_from = at
        if self.draw.happens(0.3):
            more["officer_first_nudge"] = True
        self.add_about(at, "plan", channels=channels, **more)

    def enrol_second(self, at: datetime) -> None:
        victim, point = f"{self.victim}-b", f"email-{self.number:04d}-b"
        name = f"Victim {self.number:03d} B (fictional)"
        self.add(at, "victim", victim=victim, case=self.ref, name=name, date_of_birth="2012-05-01",
                 enhanced=["vulnerable_or_intimidated"])  # fmt: skip
        self.add(at, "contact_point", contact_point=point, victim=victim, kind="email", value=f"{victim}@example.com",
                 verified=True, verified_by=self.officer)  # fmt: skip
        channels = [{"contact_point": point, "detail": "link", "windows": OFFICE}]
        self.add(at, "plan", victim=victim, case=self.ref, by=self.officer, every_days=28, channels=channels)

    def happen(self, at: datetime, kind: str) -> None:
        """One milestone, put right later now and then, and how it reaches the victim."""
        court = kind in COURT_KINDS
        happened = at - (self.draw.hours(4, 30) if court else self.draw.hours(0.2, 0.5))
        learned = at - minutes(10)
        fields: Json = {"happened_at": stamp(min(happened, learned)), "learned_at": stamp(learned)}
        if court:
            fields["owner"] = "witness_care"
        if kind == "arrest":
            fields["suspect"] = "suspect-a"
        if facts := facts_of(kind, at):
            fields["facts"] = facts
        name = self.add(at, "milestone", case=self.ref, kind=kind, by=self.officer, **fields)
        if self.comes_round(13, 8) and kind in {"arrest", "charge", "verdict"}:
            earlier = stamp(happened - minutes(30))
            self.add(at + self.draw.hours(1, 5), "correct", milestone=name, by=self.officer,
                     reason="the time in the custody record was wrong", happened_at=earlier)  # fmt: skip
        self.follow(at, kind)

    def follow(self, at: datetime, kind: str) -> None:
        """The message's own way, where one is sure to have left, and the officer's."""
        told, sure = False, at < self.unsure_from
        if sure and kind not in OFFICER_FIRST | {"investigation_opened"} and is_day(at):
            told = self.message(at)
        if kind == "crime_reported":
            if self.draw.happens(0.12):
                self.add_about(at + self.draw.hours(0.3, 1.5), "waive", rule="R4-REFER",
                               reason="the victim did not want to be referred")  # fmt: skip
            chance, late = 0.75, 0.15
        elif kind in OFFICER_FIRST:
            chance, late = 0.78, 0.15
        elif self.detail == "nudge" or not sure:
            chance, late = 0.65, 0.2
        else:
            chance, late = (0.05, 0.05) if told else (0.3, 0.2)
        calls = 1 if kind in OFFICER_FIRST else self.mix.calls
        chance, late = chance * calls, late * calls
        if kind in IMMEDIATE and not told and self.draw.happens(0.6 * calls):  # by day or by night
            self.ring(at + self.draw.hours(0.4, 2))
        elif self.draw.happens(chance):
            self.ring(by_day(at + self.draw.hours(2, 22)))
        elif self.draw.happens(late / (1 - chance)):
            self.ring(by_day(at + self.draw.hours(24 * 6, 24 * 12)))

    def message(self, at: datetime) -> bool:
        """What comes back from one more message; whether it will have told the victim."""
        self.sent += 1
        match = {"victim": self.victim, "nth": self.sent}
        status = self.draw.one((88, "delivered"), (7, "undelivered"), (5, None))
        if status:
            code = {"code": "30003"} if status == "undelivered" else {}
            self.add(at + self.draw.hours(0.1, 0.3), "receipt", match=match, status=status, **code)
        if status == "undelivered":
            self.doubt(at)
        elif self.detail == "link" and self.draw.happens(0.65):
            self.add(at + self.draw.hours(0.6, 28), "read", victim=self.victim, nth=self.sent)
            return True
        return status == "delivered" and self.detail == "full"

    def ring(self, at: datetime) -> None:
        """Calls until the victim is reached, or is not; once in a while somebody else answers."""
        for _ in range(3):
            outcome = self.draw.one((60, "spoke_identity_checked"), (5, "met_in_person"), (4, "video_identity_checked"),
                                    (14, "voicemail"), (11, "no_answer"), (2, "letter_sent"),
                                    (3, "other_person_answered"))  # fmt: skip
            self.add_about(at, "contact", outcome=outcome)
            if outcome == "other_person_answered":
                self.doubt(at)
            if outcome not in {"voicemail", "no_answer"}:
                return
            at = by_day(at + self.draw.hours(3, 26))

    def live(self, began: datetime) -> None:
        """What victims themselves do, and what is learned about their numbers."""
        at = by_day(began + self.draw.hours(50, 120))
        if self.draw.happens(0.6):
            supports = self.draw.one((70, "yes"), (20, "unsure"), (10, "no"))
            self.add_about(at, "support", supports=supports, reason="asked at the last call")
        if self.comes_round(23, 7):
            self.doubt(at)
            self.add_about(at + minutes(5), "pause", reason="away with family")
            back = at + timedelta(days=6) * self.pace
            self.add_about(by_day(back), "resume", reason="home again")
        if self.comes_round(41, 11):
            self.doubt(at)
            self.add_about(at + minutes(10), "decline", reason="wants no further updates")
        if self.mobile and self.comes_round(17, 4):
            self.doubt(at)
            self.add(at + minutes(15), "inbound", **{"from": self.mobile}, text="STOP")
            self.ring(by_day(at + timedelta(hours=4)))
        if self.mobile and self.comes_round(29, 10):
            self.doubt(at)
            self.add(at + minutes(20), "inbound", **{"from": self.mobile}, text="Thank you. Can you ring me?")
        if self.mobile and self.comes_round(31, 12):
            self.doubt(at)
            reason = "somebody else reads this phone"
            point = f"mobile-{self.number:04d}"
            self.add(at + minutes(25), "suspend", contact_point=point, by=self.officer, reason=reason)

    def check_in(self, began: datetime, *, until: datetime) -> None:
        """A call now and then in the long gaps."""
        at = began + timedelta(days=28)
        while at < until:
            if self.draw.happens(self.mix.check_ins):
                self.ring(by_day(at + self.draw.hours(0, 48)))
            at += timedelta(days=28)


def facts_of(kind: str, at: datetime) -> dict[str, str]:
    """What the wording can use about a milestone."""
    day = at + timedelta(days=7 - at.weekday())
    if kind in {"hearing_listed", "hearing_changed", "first_hearing_listed"}:
        return {
            "hearing_date": f"{day:%A} {day.day} {day:%B}",
            "hearing_time": "10am",
            "hearing_place": "Example Court",
        }
    if kind in {"bail_granted", "bail_conditions_changed", "bail_to_court", "court_bail_decision"}:
        return {"conditions": "not to contact you in any way, and not to come to your street"}
    if kind == "verdict":
        return {"outcome": "guilty"}
    return {"reason": "there was not enough evidence"} if kind in ENDS - {"sentence"} else {}


def minutes(count: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


def stamp(at: datetime) -> str:
    """How the file writes an instant."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def is_day(at: datetime) -> bool:
    """An hour inside every wide window, in winter and in summer."""
    return FIRST_HOUR <= at.hour <= LAST_HOUR


def by_day(at: datetime) -> datetime:
    """The same instant if it is by day, else the same minute of the next morning's first hour."""
    return at if is_day(at) else at.replace(hour=FIRST_HOUR) + timedelta(days=at.hour > LAST_HOUR)


def people(start: datetime) -> Iterator[Json]:
    """The units and their staff."""
    at = stamp(start)
    for unit, name, agency in (
        ("unit-north", "Example North", "police"),
        ("unit-care", "Example Witness Care", "witness_care"),
    ):
        yield {"at": at, "do": "unit", "id": unit, "unit": unit, "name": name, "agency": agency}
    staff = [(f"officer-{n}", f"Officer {n} (fictional)", "case_officer") for n in range(1, OFFICERS + 1)]
    staff += [(f"supervisor-{n}", f"Supervisor {n} (fictional)", "supervisor") for n in (1, 2)]
    staff += [
        ("auditor-1", "Auditor (fictional)", "auditor"),
        ("admin-1", "Administrator (fictional)", "admin"),
    ]
    for ref, name, role in staff:
        yield {
            "at": at,
            "do": "staff",
            "id": ref,
            "staff": ref,
            "name": name,
            "role": role,
            "unit": "unit-north",
        }


def make(*, cases: int, start: datetime, **how: Any) -> Iterator[Json]:
    """Every event of the file, in order of time."""
    yield from people(start)
    told = [event for number in range(1, cases + 1) for event in Case(number, start=start, **how).tell()]
    told.sort(key=lambda event: event[:3])
    for *_, event in told:
        yield event


def write(out: TextIO, **size: Any) -> None:
    """One event a line."""
    out.writelines(json.dumps(event) + "\n" for event in make(**size))


def day(text: str) -> datetime:
    """The first moment of a day such as 2026-03-02."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def main() -> None:
    """Write one file, of the size asked for."""
    parser = argparse.ArgumentParser(description="Makes a fictional event file; see docs/event-file.md.")
    parser.add_argument("--cases", type=int, default=220)
    parser.add_argument("--days", type=int, default=DAYS_IN_THE_MONTH)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--start", type=day, default=START, help="the first day; 2026-01-01 if not given")
    parser.add_argument(
        "--mix", choices=MIXES, default="month", help="how much officers ring; a month's if not given"
    )
    parser.add_argument("--out", type=Path, help="the file to write; standard output without it")
    chosen = parser.parse_args()
    size = {"cases": chosen.cases, "days": chosen.days, "seed": chosen.seed, "start": chosen.start}
    size["mix"] = MIXES[chosen.mix]
    if chosen.out is None:
        write(sys.stdout, **size)
        return
    with chosen.out.open("w", encoding="utf-8", newline="\n") as out:
        write(out, **size)


if __name__ == "__main__":
    main()
