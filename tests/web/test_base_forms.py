"""Forms and parts are drawn as GOV.UK components, with everything typed shown as text."""

import re
from datetime import date, time

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from notify.web.fields import ClockTimeField, DatePartsField, form_faults
from tests.web.doors import add_sample_page, make_door


class MomentForm(Form):
    day = DatePartsField("Day")
    clock = ClockTimeField("Time")


def read_day(day: str, month: str, year: str) -> MomentForm:
    return MomentForm(MultiDict({"day-day": day, "day-month": month, "day-year": year}))


def read_clock(typed: str) -> MomentForm:
    return MomentForm(MultiDict({"clock": typed}))


def submit_sample(**fields: str) -> str:
    app = make_door("staff")
    add_sample_page(app)
    client = app.test_client()
    tokens = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sample").text)
    return client.post("/sample", data={"csrf_token": tokens[-1], **fields}).text


@pytest.mark.parametrize("typed", [("2", "1", "2026"), ("02", "01", "2026"), (" 2 ", "1", "2026")])
def test_a_date_is_read_from_its_three_boxes(typed: tuple[str, str, str]) -> None:
    form = read_day(*typed)

    assert form.validate()
    assert form.day.data == date(2026, 1, 2)


@pytest.mark.parametrize(
    "typed",
    [("31", "2", "2026"), ("0", "1", "2026"), ("1", "", "2026"), ("a", "1", "2026"), ("1", "1", "99999"),
     ("٢", "1", "2026"), ("-1", "1", "2026"), ("9" * 5000, "1", "2026")],
)  # fmt: skip
def test_a_date_that_is_none_is_refused_and_shown_as_typed(typed: tuple[str, str, str]) -> None:
    form = read_day(*typed)

    assert not form.validate()
    assert form.day.data is None
    assert [part["value"] for part in form.day.parts()] == list(typed)


def test_an_empty_date_is_no_date() -> None:
    form = read_day("", "", "")

    assert form.validate()
    assert form.day.data is None


def test_a_date_given_by_the_page_fills_the_boxes() -> None:
    form = MomentForm(data={"day": date(2026, 1, 2)})

    assert [part["value"] for part in form.day.parts()] == ["2", "1", "2026"]


@pytest.mark.parametrize("typed", ["09:30", "9:30", "9.30", " 09:30 "])
def test_a_time_is_read_as_people_type_it(typed: str) -> None:
    form = read_clock(typed)

    assert form.validate()
    assert form.clock.data == time(9, 30)


@pytest.mark.parametrize("typed", ["24:00", "9", "9:60", "half nine", "09:30:00", "٠٩:٣٠", "9:-1"])
def test_a_time_that_is_none_is_refused_and_shown_as_typed(typed: str) -> None:
    form = read_clock(typed)

    assert not form.validate()
    assert form_faults(form) == [{"text": "Enter a time like 09:30", "href": "#clock"}]
    assert form.clock._value() == typed  # what WTForms calls the text to show


def test_every_fault_in_the_summary_leads_to_a_control_that_exists() -> None:
    page = submit_sample(kind="a")
    links = re.findall(r'<li>\s*<a href="#([^"]+)"', page)

    assert links == ["name", "happened-day", "choice", "windows-0-opens"]
    assert all(f'id="{link}"' in page for link in links)


def test_a_page_with_faults_says_so_in_its_title() -> None:
    assert re.findall(r"<title>(.*?)</title>", submit_sample()) == ["Error: Sample – Victim contact"]


def test_what_was_typed_comes_back_as_text_and_never_as_markup() -> None:
    page = submit_sample(
        name='"><script>alert(1)</script>', note="</textarea><script>", secret="hunter2canary"
    )

    assert "<script>alert" not in page
    assert "</textarea><script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "hunter2canary" not in page


def test_tables_and_summaries_show_text_as_text_and_markup_as_markup() -> None:
    page = submit_sample()

    assert "&lt;i&gt;" in page
    assert "<i>" not in page
    assert "<b>bold</b>" in page
    assert "Not recorded" in page
    assert "Nothing to show." in page


def test_a_saved_form_is_confirmed() -> None:
    page = submit_sample(
        name="Ada Example",
        kind="a",
        choice="a",
        **{"windows-0-opens": "09:00", "happened-day": "2", "happened-month": "1", "happened-year": "2026"},
    )

    assert "govuk-notification-banner--success" in page
    assert "There is a problem" not in page


def test_the_page_that_is_open_is_marked_in_the_navigation() -> None:
    page = submit_sample()

    assert re.findall(r'href="/due"\s+aria-current="page"', page)
    assert 'href="/overdue"' in page
