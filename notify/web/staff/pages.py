"""Which page of a long list is asked for, and whether there is another."""

from flask import request

FURTHEST = 10_000


def page_number() -> int:
    """The page asked for, from 1; what is no number is the first."""
    typed = request.args.get("page", "1")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= len(str(FURTHEST)) else 1
    return min(max(number, 1), FURTHEST)


def pages_known(page: int, found: int, size: int) -> int:
    """How many pages there are for certain, when one row more than a page was asked for."""
    return page + 1 if found > size else page
