"""The browser fixture itself: a real browser with nothing remembered."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_page_opens_with_no_cookies(page, turn):
    page.set_content(f"<h1>{turn}</h1>")

    assert page.get_by_role("heading").inner_text() == turn
    assert page.context.cookies() == []
