"""The small language of the wording files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.wording.template import fill, parse


def test_lines_of_a_paragraph_are_joined_and_a_blank_line_parts_paragraphs() -> None:
    text = parse("en/x/page", "One\ntwo.\n\n\n  Three.  \n")

    assert fill(text, {}) == ("One two.", "Three.")


def test_a_sentence_about_a_missing_fact_is_left_out() -> None:
    text = parse("en/x/page", "It changed.\n?reason: Why: {reason}.\n!reason: Ask why.")

    assert fill(text, {"reason": "a new date"}) == ("It changed. Why: a new date.",)
    assert fill(text, {"reason": ""}) == ("It changed. Ask why.",)
    assert fill(text, {}) == ("It changed. Ask why.",)


def test_a_paragraph_with_nothing_left_is_left_out() -> None:
    text = parse("en/x/page", "One.\n\n?reason: {reason}\n\nTwo.")

    assert fill(text, {}) == ("One.", "Two.")


@given(st.text())
def test_a_value_is_never_read_as_wording(value: str) -> None:
    text = parse("en/x/page", "?reason: <{reason}> {other}")

    assert fill(text, {"reason": value, "other": "{reason}"}) == ((f"<{value}> {{reason}}",) if value else ())


@pytest.mark.parametrize("line", ["{", "}", "{Name}", "{two words}", "a {reason", "{{reason}}", "{reason!r}"])
def test_a_brace_that_is_no_placeholder_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line 3: a brace"):
        parse("en/x/page", f"Title\n\n{line}")


@pytest.mark.parametrize("line", ["?reason words", "? reason: words", "?reason:", "!Reason: words", "!"])
def test_a_condition_that_is_not_well_formed_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line 1: a condition"):
        parse("en/x/page", line)
