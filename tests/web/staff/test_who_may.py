"""Who may see and change what: every refusal, on every page.

Long because every page is tried by everybody who may not have it.
"""

from uuid import UUID, uuid4

import pytest

from models.duties import Duty
from models.people import ContactPoint, Participation
from models.vocabulary import Role
from tests.make import (
    make_case,
    make_victim,
    record,
    run_ticks,
)
from tests.web.staff.kit import Desk, make_colleague

OPEN = {"/sign-in", "/sign-out", "/health"}
"""What anybody may ask for."""

ABOUT_A_VICTIM = (
    "",
    "/plan",
    "/contacts/new",
    "/contact-points/new",
    "/pause",
    "/resume",
    "/decline",
    "/support",
    "/secret",
    "/sign-in-name",
    "/representatives/new",
    "/suspects/new",
)
ABOUT_A_CASE = ("", "/milestones/new", "/victims/new", "/close", "/hand-over")


def pages_of(desk: Desk, participation: Participation) -> list[str]:
    """Every page about one victim and her case, with the things inside it."""
    victim, case = f"/victims/{participation.id}", f"/cases/{participation.case_id}"
    points = desk.world.rows(ContactPoint, victim_id=participation.victim_id)
    duties = desk.world.rows(Duty, participation_id=participation.id)
    return [
        *(case + rest for rest in ABOUT_A_CASE),
        *(victim + rest for rest in ABOUT_A_VICTIM),
        *(
            f"{victim}/contact-points/{point.id}/{act}"
            for point in points
            for act in ("verify", "suspend", "certificate")
        ),
        *(f"/duties/{duty.id}/{act}" for duty in duties for act in ("waive", "release", "hand-over")),
        *(f"/milestones/{duty.milestone_id}/{act}" for duty in duties for act in ("correct", "withdraw")),
    ]


def answers(desk: Desk, ref: str, paths: list[str]) -> set[int]:
    visitor = desk.sign_in(ref)
    return {visitor.get(path).status_code for path in paths} | {
        visitor.post(path, on="/due").status_code for path in paths
    }


def make_told(desk: Desk, ref: str = "V-1", case: str = "C-1") -> Participation:
    made = make_victim(desk.world, ref, case=case, name="Ada Example", mobile="07700 900123")
    record(desk.world, "police_no_further_action", case=case)
    return made


def test_every_page_asks_for_a_sign_in(desk: Desk) -> None:
    rules = [
        rule
        for rule in desk.app.url_map.iter_rules()
        if rule.rule not in OPEN and not rule.rule.startswith(("/api/", "/static/"))
    ]
    client = desk.app.test_client()

    for rule in rules:
        path = rule.build({name: uuid4() for name in rule.arguments})
        assert path
        if "GET" in (rule.methods or ()):
            answer = client.get(path[1])
            assert (answer.status_code, answer.headers["Location"][:8]) == (303, "/sign-in"), rule
        else:
            assert client.post(path[1]).status_code == 400, rule  # no token of a form


def test_an_officer_sees_the_cases_of_the_unit(desk: Desk) -> None:
    participation = make_told(desk)
    make_colleague(desk)
    visitor = desk.sign_in("colleague")

    assert "Ada Example" in visitor.get(f"/cases/{participation.case_id}").text
    assert "C-1" in visitor.get("/cases?show=unit").text
    assert "C-1" not in visitor.get("/cases").text


def test_another_units_case_is_not_there(desk: Desk) -> None:
    participation = make_told(desk)

    assert answers(desk, "stranger", pages_of(desk, participation)) == {404, 405}
    assert "C-1" not in desk.sign_in("stranger").get("/cases?show=unit").text


def test_nobody_reaches_a_hidden_victim_by_enrolling_her_in_a_case_of_her_own(desk: Desk) -> None:
    make_case(desk.world, "C-9", allow=[])
    make_victim(desk.world, "V-9", case="C-9", name="Ada Example", mobile="07700 900123")
    own = make_case(desk.world, "C-8")
    fields = {"victim": "V-9", "name": "Ada Example", "risk": "standard", "language": "en"}

    answer = desk.sign_in("supervisor").post(f"/cases/{own.id}/victims/new", fields)

    assert "is used already" in answer.text
    assert desk.world.rows(Participation, case_id=own.id) == []


@pytest.mark.parametrize("ref", ["supervisor", "stranger"])
def test_a_restricted_case_is_not_there_for_whoever_is_not_on_its_list(desk: Desk, ref: str) -> None:
    make_case(desk.world, "C-9", allow=[])
    participation = make_told(desk, "V-9", "C-9")
    run_ticks(desk.world)

    assert answers(desk, ref, pages_of(desk, participation)) == {404, 405}
    visitor = desk.sign_in(ref)
    for path in ("/cases?show=unit", "/due?show=unit"):
        assert "Ada Example" not in visitor.get(path).text
        assert "C-9" not in visitor.get(path).text


def test_an_auditor_reads_no_restricted_case_either(desk: Desk) -> None:
    make_case(desk.world, "C-9", allow=[])
    participation = make_told(desk, "V-9", "C-9")

    visitor = desk.sign_in("auditor")

    assert visitor.get(f"/cases/{participation.case_id}").status_code == 404
    assert visitor.get(f"/victims/{participation.id}").status_code == 404


def test_a_restricted_case_is_there_for_those_on_its_list(desk: Desk) -> None:
    make_case(desk.world, "C-9", allow=["stranger"])
    participation = make_told(desk, "V-9", "C-9")

    visitor = desk.sign_in("stranger")

    assert "Ada Example" in visitor.get(f"/cases/{participation.case_id}").text


def test_an_auditor_reads_every_unit_and_changes_nothing(desk: Desk) -> None:
    participation = make_told(desk)
    case, *_ = pages = pages_of(desk, participation)
    victim = f"/victims/{participation.id}"
    visitor = desk.sign_in("auditor")

    for path in (case, victim, "/cases", "/due", "/overdue"):
        page = visitor.get(path)
        assert page.status_code == 200
        assert 'method="post" novalidate' not in page.text
    for path in set(pages) - {case, victim}:
        assert visitor.get(path).status_code == 403
        assert visitor.post(path, {"reason": "because"}, on="/cases").status_code == 403
    assert visitor.post("/cases/new", on="/cases").status_code == 403


def test_an_auditor_is_offered_nothing_to_change(desk: Desk) -> None:
    participation = make_told(desk)
    visitor = desk.sign_in("auditor")

    for path in (f"/cases/{participation.case_id}", f"/victims/{participation.id}", "/due"):
        page = visitor.get(path).text
        for word in (
            "/new",
            "/plan",
            "/waive",
            "/release",
            "/correct",
            "/withdraw",
            "/close",
            "/pause",
            "/done",
            "/secret",
        ):
            assert word not in page


def test_an_administrator_sees_no_case_but_the_figures_and_texts_in_use(desk: Desk) -> None:
    participation = make_told(desk)

    assert answers(desk, "admin", ["/cases", "/due", "/overdue", *pages_of(desk, participation)]) <= {
        403,
        405,
    }
    visitor = desk.sign_in("admin")
    assert visitor.get("/").headers["Location"] == "/about"
    page = visitor.get("/about").text
    assert "Rules to be checked" in page
    assert "2026-11" in page
    assert "28 days; domestic abuse 14 days; sexual offence 14 days" in page
    assert "The full text of the Code was not seen" in page
    assert "No qualified person has reviewed this wording yet" in page


@pytest.mark.parametrize("ref", ["officer", "supervisor", "auditor"])
def test_only_an_administrator_is_shown_the_figures(desk: Desk, ref: str) -> None:
    assert desk.sign_in(ref).get("/about").status_code == 403


@pytest.mark.parametrize(
    ("ref", "status"), [("officer", 403), ("auditor", 403), ("supervisor", 200), ("admin", 200)]
)
def test_the_outbox_is_for_supervisors_and_administrators(desk: Desk, ref: str, status: int) -> None:
    assert desk.sign_in(ref).get("/outbox").status_code == status


def test_officers_do_not_see_the_overdue_list(desk: Desk) -> None:
    assert desk.sign_in("officer").get("/overdue").status_code == 403


@pytest.mark.parametrize("path", ["/cases/new", "/victims/{}/pause", "/cases/{}/close"])
def test_a_form_that_we_did_not_write_is_refused(desk: Desk, path: str) -> None:
    participation = make_told(desk)
    which = participation.case_id if "cases" in path else participation.id
    visitor = desk.sign_in()

    answer = visitor.client.post(path.format(which), data={"reason": "because"})

    assert answer.status_code == 400
    assert "This page is out of date" in answer.text
    assert desk.world.row(Participation, id=participation.id).paused_at is None


def test_a_contact_point_of_another_victim_is_not_found_under_this_one(desk: Desk) -> None:
    participation = make_told(desk)
    make_victim(desk.world, "V-2", mobile="07700 900456")
    other = desk.world.row(ContactPoint, ref="V-2-mobile")
    visitor = desk.sign_in()

    for act in ("verify", "suspend"):
        path = f"/victims/{participation.id}/contact-points/{other.id}/{act}"
        assert visitor.get(path).status_code == 404
        assert visitor.post(path, {"reason": "because"}, on="/due").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/cases/{}",
        "/victims/{}",
        "/duties/{}/waive",
        "/tasks/{}/done",
        "/milestones/{}/correct",
        "/milestones/{}/withdraw",
    ],
)
def test_what_does_not_exist_looks_like_what_may_not_be_seen(desk: Desk, path: str) -> None:
    visitor = desk.sign_in()

    answer = visitor.get(path.format(UUID(int=7)))

    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_every_look_at_a_case_or_a_victim_is_in_the_audit_chain(desk: Desk) -> None:
    participation = make_told(desk)
    visitor = desk.sign_in()

    visitor.get(f"/cases/{participation.case_id}")
    visitor.get(f"/victims/{participation.id}")
    visitor.get(f"/victims/{participation.id}/plan")
    visitor.get("/cases")

    looks = desk.audit("viewed", "listed")
    assert [(look.action, look.subject, look.subject_id) for look in looks] == [
        ("viewed", "cases", participation.case_id),
        ("viewed", "participations", participation.id),
        ("viewed", "participations", participation.id),
        ("listed", "staff", desk.world.staff["officer"].id),
    ]
    assert {look.actor_id for look in looks} == {desk.world.staff["officer"].id}
    assert looks[-1].detail == {"list": "cases", "count": 1}


def test_a_look_that_was_refused_shows_nothing_and_is_no_look(desk: Desk) -> None:
    participation = make_told(desk)

    desk.sign_in("stranger").get(f"/victims/{participation.id}")

    assert desk.audit("viewed") == []


def test_titles_and_addresses_name_nobody(desk: Desk) -> None:
    participation = make_told(desk)
    visitor = desk.sign_in()

    for path in (*pages_of(desk, participation), "/cases", "/due"):
        page = visitor.get(path).text
        title = page.partition("<title>")[2].partition("</title>")[0]
        assert title
        assert "Ada" not in title
        assert "C-1" not in title


@pytest.mark.parametrize("role", list(Role))
def test_nobody_is_offered_a_section_that_is_closed_to_them(desk: Desk, role: Role) -> None:
    ref = {Role.CASE_OFFICER: "officer"}.get(role, role.value)
    visitor = desk.sign_in(ref)
    front = visitor.client.get("/", follow_redirects=True).text

    for path in ("/cases", "/due", "/overdue", "/about", "/outbox"):
        offered = f'href="{path}"' in front
        assert offered == (visitor.get(path).status_code == 200), path
