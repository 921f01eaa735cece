"""Suspects over the API: listed, recorded as not concerning a victim, and undone, by who may and nobody else."""

from http import HTTPStatus

import pytest

from models.duties import Duty
from models.milestones import UnconcernedSuspect
from models.vocabulary import DutyState
from tests.web.api.kit import ARREST, ONE, Api, Caller

MILESTONES = "/cases/C-1/milestones"
WITHOUT = f"{ONE}/unconcerned-suspects"
SAM = {"suspect": "Sam Doe", "reason": "another matter"}


def test_a_suspect_who_does_not_concern_her_leaves_nothing_owed_until_they_do(api: Api, officer: Caller):
    officer.done(MILESTONES, ARREST | {"suspect": "sam doe"})

    made = officer.done(WITHOUT, SAM)

    assert (made["victim"], made["case"], made["ended_at"]) == ("V-1", "C-1", None)
    assert [duty.state for duty in api.rows(Duty)] == [DutyState.CANCELLED]
    listed = officer.get(f"{ONE}/suspects").get_json()["items"]
    assert listed == [{"suspect": "sam doe", "unconcerned": made["id"]}]

    ended = officer.done(f"{WITHOUT}/{made['id']}/end", {"reason": "the same matter"})

    assert ended["ended_at"] is not None
    assert len(api.rows(Duty, state=DutyState.OPEN)) == 1
    assert officer.get(f"{ONE}/suspects").get_json()["items"] == [{"suspect": "sam doe", "unconcerned": None}]


def test_the_same_key_records_it_once_and_the_answer_that_is_kept_names_nobody(api: Api, officer: Caller):
    first = officer.post(WITHOUT, SAM, key="one")
    again = officer.post(WITHOUT, SAM, key="one")

    assert first.get_json() == again.get_json()
    assert "Sam" not in first.text
    assert len(api.rows(UnconcernedSuspect)) == 1


def test_twice_is_a_conflict(officer: Caller):
    made = officer.done(WITHOUT, SAM)
    assert officer.post(WITHOUT, SAM).status_code == HTTPStatus.CONFLICT

    officer.done(f"{WITHOUT}/{made['id']}/end", {"reason": "so"})
    assert officer.post(f"{WITHOUT}/{made['id']}/end", {"reason": "so"}).status_code == HTTPStatus.CONFLICT


@pytest.mark.parametrize("suspect", ["", " ", None, 7])
def test_a_suspect_has_a_name(api: Api, officer: Caller, suspect):
    answer = officer.post(WITHOUT, SAM | {"suspect": suspect})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert api.rows(UnconcernedSuspect) == []


@pytest.mark.parametrize("ref", ["stranger", "auditor", "admin"])
def test_who_may_not_change_the_case_changes_nothing(sqlite_api: Api, sqlite_officer: Caller, ref: str):
    made = sqlite_officer.done(WITHOUT, SAM)
    caller = sqlite_api.caller(ref)

    statuses = {
        caller.post(WITHOUT, SAM | {"suspect": "Alex Roe"}).status_code,
        caller.post(f"{WITHOUT}/{made['id']}/end", {"reason": "so"}).status_code,
    }

    assert statuses <= {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    assert [row.ended_at for row in sqlite_api.rows(UnconcernedSuspect)] == [None]


def test_another_units_officer_is_told_no_names(sqlite_api: Api, sqlite_officer: Caller):
    sqlite_officer.done(MILESTONES, ARREST | {"suspect": "Sam Doe"})

    answer = sqlite_api.caller("stranger").get(f"{ONE}/suspects")

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Sam" not in answer.text


@pytest.mark.parametrize("row_id", ["nonsense", "0198c6a0-0000-7000-8000-000000000000"])
def test_what_was_never_recorded_is_not_found(sqlite_officer: Caller, row_id: str):
    answer = sqlite_officer.post(f"{WITHOUT}/{row_id}/end", {"reason": "so"})

    assert answer.status_code == HTTPStatus.NOT_FOUND
