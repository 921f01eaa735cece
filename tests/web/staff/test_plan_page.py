"""The plan form: what it keeps, what it refuses and where, and what it shows before anything is kept."""

from typing import Any

import pytest

from models.people import ContactPoint, Participation
from models.plans import Plan, PlanChannel
from models.vocabulary import ContactPointKind, Detail, Sender
from notify.planning.queries import current_plan
from tests.make import ChannelPlan, make_case, make_contact_point, make_plan, make_victim, make_window
from tests.web.staff.kit import Desk, faults, typed

COVER = "Your library book is ready."


@pytest.fixture
def victim(desk: Desk) -> Participation:
    return make_victim(desk.world, name="Ada Example", mobile="07700 900123", email="ada@example.com")


def path_of(victim: Participation) -> str:
    return f"/victims/{victim.id}/plan"


def point(desk: Desk, ref: str = "V-1-mobile") -> str:
    return str(desk.world.row(ContactPoint, ref=ref).id)


def make_fields(desk: Desk, **changes: Any) -> dict[str, Any]:
    """A form as it is filled in: the mobile by private link in office hours; the e-mail not used."""
    return {
        "version": "0",
        "every_days": "14",
        "automatic": "y",
        "reason": "Agreed on the telephone",
        "channels-0-point": point(desk),
        "channels-0-place": "1",
        "channels-0-detail": "link",
        "channels-0-cover_text": COVER,
        "channels-0-windows-0-days": ["mon", "tue"],
        "channels-0-windows-0-opens": "9.30",
        "channels-0-windows-0-closes": "17:00",
        "channels-0-windows-1-opens": "",
        "channels-0-windows-1-closes": "",
        "channels-1-point": point(desk, "V-1-email"),
        "channels-1-place": "",
        "channels-1-detail": "nudge",
        **changes,
    }


def agreed(desk: Desk, victim: Participation) -> Plan:
    with desk.world.services.reading() as session:
        plan = current_plan(session, victim.id)
    assert plan is not None
    return plan


def test_what_was_agreed_is_kept_as_it_was_typed(desk: Desk, victim: Participation) -> None:
    fields = make_fields(desk, never_dates="25/12/2026\n1 1 2027", officer_first_nudge="y")

    answer = desk.sign_in().post(path_of(victim), fields)

    assert answer.headers["Location"] == f"/victims/{victim.id}"
    plan = agreed(desk, victim)
    (channel,) = plan.channels
    assert (plan.version, plan.every_days, plan.automatic, plan.officer_first_nudge) == (1, 14, True, True)
    assert plan.never_dates == ["2026-12-25", "2027-01-01"]
    assert plan.agreed_by_id == desk.world.staff["officer"].id
    assert (str(channel.contact_point_id), channel.detail) == (point(desk), Detail.LINK)
    assert channel.windows == [{"days": ["mon", "tue"], "from": "09:30", "to": "17:00"}]


def test_the_page_of_the_victim_shows_the_plan_in_words(desk: Desk, victim: Participation) -> None:
    visitor = desk.sign_in()
    visitor.post(path_of(victim), make_fields(desk))

    page = visitor.get(f"/victims/{victim.id}").text

    assert "At least every 14 days" in page
    assert COVER in page
    assert "Monday, Tuesday: 09:30 to 17:00" in page
    assert "Agreed on the telephone" in page


def test_channels_are_kept_in_the_order_chosen(desk: Desk, victim: Participation) -> None:
    fields = make_fields(desk, **{
        "channels-0-place": "2",
        "channels-1-place": "1",
        "channels-1-windows-0-days": ["sun"],
        "channels-1-windows-0-opens": "22:00",
        "channels-1-windows-0-closes": "01:00",
    })  # fmt: skip

    desk.sign_in().post(path_of(victim), fields)

    points = [str(channel.contact_point_id) for channel in agreed(desk, victim).channels]
    assert points == [point(desk, "V-1-email"), point(desk)]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"every_days": ""}, "every_days", "Enter how often, in days"),
        ({"every_days": "0"}, "every_days", "How often must be from 1 to 366 days"),
        ({"every_days": "often"}, "every_days", "Enter a whole number of days"),
        ({"reason": ""}, "reason", "Enter what was agreed, and why"),
        ({"never_dates": "25/12/2026\n30/2/2026"}, "never_dates", "Line 2: enter a date like 25/12/2026"),
        ({"channels-0-cover_text": "Police called"}, "channels-0-cover_text", "Cover text has the telling word 'police'"),
        ({"channels-0-counts_as_told": "y"}, "channels-0-counts_as_told",
         "A message counts as being told only with the update itself"),
        ({"channels-1-place": "1", "channels-1-windows-0-days": ["mon"], "channels-1-windows-0-opens": "09:00",
          "channels-1-windows-0-closes": "10:00"}, "channels-1-place", "Two contact points have the same place in the order"),
        ({"channels-1-place": "2"}, "channels-1-windows-0-opens",
         "Enter at least one safe time, or do not use this contact point"),
        ({"channels-0-windows-0-days": []}, "channels-0-windows-0-days", "Choose the days that are safe"),
        ({"channels-0-windows-0-opens": "25:00"}, "channels-0-windows-0-opens", "Enter a time like 09:30"),
        ({"channels-0-windows-0-closes": ""}, "channels-0-windows-0-closes", "Enter when it is safe until, like 17:00"),
        ({"channels-0-windows-0-days": ["someday"]}, "channels-0-windows-0-days", "Choose one of the list"),
    ],
)  # fmt: skip
def test_a_fault_names_its_field_keeps_what_was_typed_and_agrees_nothing(
    desk: Desk, victim: Participation, change: dict[str, Any], field: str, said: str
) -> None:
    fields = make_fields(desk, **change)

    answer = desk.sign_in().post(path_of(victim), fields)

    assert answer.status_code == 200
    assert (field, said) in faults(answer.text)
    assert "<title>Error: Plan" in answer.text
    for name in ("every_days", "channels-0-cover_text", "channels-0-windows-0-opens"):
        assert typed(answer.text, name) == fields[name]
    assert desk.world.rows(Plan) == []


def test_several_faults_are_listed_in_the_order_of_the_page(desk: Desk, victim: Participation) -> None:
    fields = make_fields(desk, every_days="", **{"channels-0-cover_text": "Court!", "never_dates": "soon"})

    answer = desk.sign_in().post(path_of(victim), fields)

    assert [field for field, _ in faults(answer.text)] == [
        "every_days",
        "channels-0-cover_text",
        "never_dates",
    ]


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("nudge", [COVER]),
        ("link", [COVER, "https://updates.example/m/an-example"]),
        ("full", ["A suspect has been arrested in your case"]),
    ],
)
def test_the_preview_shows_what_each_message_would_say_and_agrees_nothing(
    desk: Desk, victim: Participation, detail: str, shown: list[str]
) -> None:
    fields = make_fields(desk, preview="1", reason="", **{"channels-0-detail": detail})

    page = desk.sign_in().post(path_of(victim), fields).text

    message = page.partition("What each message would look like")[2].partition("<form")[0]
    assert all(words in message for words in shown)
    assert ("arrested" in message) == (detail == "full")
    assert desk.world.rows(Plan) == []


def test_more_safe_times_are_offered_without_losing_what_was_typed(desk: Desk, victim: Participation) -> None:
    page = desk.sign_in().post(path_of(victim), make_fields(desk, more="1")).text

    assert 'name="channels-0-windows-2-opens"' in page
    assert typed(page, "channels-0-windows-0-opens") == "9.30"
    assert faults(page) == []
    assert desk.world.rows(Plan) == []


def test_the_form_begins_with_the_plan_in_force(desk: Desk, victim: Participation) -> None:
    window = make_window("sat sun", "22:00-01:00")
    channel = ChannelPlan("V-1-email", Detail.FULL, [window], counts_as_told=True)
    make_plan(desk.world, channel, every_days=28)

    page = desk.sign_in().get(path_of(victim)).text

    assert typed(page, "every_days") == "28"
    assert typed(page, "channels-0-point") == point(desk, "V-1-email")
    assert typed(page, "channels-0-windows-0-opens") == "22:00"
    assert typed(page, "channels-0-windows-0-closes") == "01:00"
    for box in ('value="sat" checked', 'value="full" checked'):
        assert box in page


@pytest.mark.parametrize(("offence", "offered"), [("Domestic assault", "14"), ("Burglary", "28")])
def test_a_first_plan_is_offered_the_frequency_that_policy_has_for_the_offence(
    desk: Desk, offence: str, offered: str
) -> None:
    make_case(desk.world, "C-2", offence=offence)
    other = make_victim(desk.world, "V-2", case="C-2", mobile="07700 900456")

    assert typed(desk.sign_in().get(path_of(other)).text, "every_days") == offered


def test_what_was_agreed_is_never_replaced_by_what_policy_offers(desk: Desk) -> None:
    make_case(desk.world, "C-2", offence="Domestic assault")
    other = make_victim(desk.world, "V-2", case="C-2", mobile="07700 900456")
    visitor = desk.sign_in()
    visitor.post(path_of(other), {"version": "0", "every_days": "60", "reason": "She wants to be left alone"})

    assert agreed(desk, other).every_days == 60
    assert typed(visitor.get(path_of(other)).text, "every_days") == "60"


def test_agreeing_what_the_form_begins_with_changes_nothing_but_the_version(
    desk: Desk, victim: Participation
) -> None:
    make_plan(
        desk.world,
        ChannelPlan(detail=Detail.LINK, windows=[make_window("mon tue", "09:30-17:00")], cover_text=COVER),
    )
    before = agreed(desk, victim)

    desk.sign_in().post(path_of(victim), make_fields(desk, version="1", every_days="366"))

    after = agreed(desk, victim)
    assert (before.version, after.version) == (1, 2)
    assert [(c.contact_point_id, c.detail, c.windows) for c in before.channels] == [
        (c.contact_point_id, c.detail, c.windows) for c in after.channels
    ]


def test_a_plan_that_somebody_changed_meanwhile_is_not_overwritten(desk: Desk, victim: Participation) -> None:
    make_plan(desk.world)

    answer = desk.sign_in().post(path_of(victim), make_fields(desk, version="0"))

    assert "was changed by somebody else after this page was opened" in answer.text
    assert agreed(desk, victim).version == 1


def test_another_victims_contact_point_cannot_be_put_in_a_plan(desk: Desk, victim: Participation) -> None:
    make_victim(desk.world, "V-2", mobile="07700 900456")

    answer = desk.sign_in().post(
        path_of(victim), make_fields(desk, **{"channels-0-point": point(desk, "V-2-mobile")})
    )

    assert answer.status_code == 400
    assert desk.world.rows(PlanChannel) == []


def test_a_landline_is_for_people_and_needs_no_safe_time_for_messages(
    desk: Desk, victim: Participation
) -> None:
    make_contact_point(desk.world, "V-1-landline", "020 7946 0018", kind=ContactPointKind.LANDLINE)
    fields = make_fields(desk, **{
        "channels-2-point": point(desk, "V-1-landline"),
        "channels-2-place": "2",
        "channels-2-detail": "full",
    })  # fmt: skip

    desk.sign_in().post(path_of(victim), fields)

    assert [channel.detail for channel in agreed(desk, victim).channels] == [Detail.LINK, Detail.NUDGE]


def test_a_plan_with_no_contact_point_can_be_agreed(desk: Desk) -> None:
    victim = make_victim(desk.world, "V-2", name="Ben Sample", mobile=None)
    visitor = desk.sign_in()
    assert "There is no contact point yet" in visitor.get(path_of(victim)).text

    visitor.post(path_of(victim), {"version": "0", "every_days": "7", "reason": "In person only"})

    plan = agreed(desk, victim)
    assert (plan.channels, plan.automatic) == ([], False)


def test_the_sender_of_texts_is_chosen_shown_before_and_kept(desk: Desk, victim: Participation) -> None:
    officer = desk.sign_in()
    fields = make_fields(desk, **{"channels-0-sender": "named"})

    preview = officer.post(path_of(victim), fields | {"preview": "1"}).text
    officer.post(path_of(victim), fields)

    assert "From: a name, which cannot be written back to" in preview
    assert desk.world.row(PlanChannel).sender is Sender.NAMED
    page = officer.get(f"/victims/{victim.id}").text
    assert "Texts come from a name" in page
    assert "Do not reach us" in page


def test_only_a_sender_that_is_set_up_is_offered_and_taken(desk: Desk, victim: Participation) -> None:
    desk.world.sms.senders = frozenset({Sender.NEUTRAL, Sender.NUMERIC})
    officer = desk.sign_in()

    page = officer.get(path_of(victim)).text
    answer = officer.post(path_of(victim), make_fields(desk, **{"channels-0-sender": "named"}))

    assert 'value="numeric"' in page
    assert 'value="named"' not in page
    assert [anchor for anchor, _ in faults(answer.text)] == ["channels-0-sender"]
    assert desk.world.rows(PlanChannel) == []


def test_an_email_address_is_not_asked_whom_texts_come_from(desk: Desk, victim: Participation) -> None:
    page = desk.sign_in().get(path_of(victim)).text

    assert page.count("Whom do texts come from?") == 1
