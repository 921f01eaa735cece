"""How many segments each text message may take: a budget that a writer sets beside the wording, and whether a text keeps to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from notify.wording.discreet import COVER_TEXT_LONGEST, plain_punctuation
from notify.wording.segments import segments
from notify.wording.template import Text, fill

LONGEST_LINK: Final = 120
"""Units of the plain alphabet that a private link may take; the service does not start with a longer one."""

LARGEST: Final = 6
"""No text may be given more segments than this: the more parts, the likelier that one is lost or comes late."""

_PLAIN, _OTHER = "gsm-7", "ucs-2"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most segments for a text in the plain alphabet, and for one with a letter outside of it."""

    plain: int
    other: int

    def allows(self, text: str) -> bool:
        """Whether the text, as it is sent, keeps to the budget of its own encoding."""
        measured = segments(text)
        return measured.count <= (self.plain if measured.encoding == _PLAIN else self.other)


def budgeted(link: str) -> bool:
    """Whether the budgets were reckoned with a link as long as this one."""
    measured = segments(link)
    return measured.encoding == _PLAIN and measured.units <= LONGEST_LINK


def as_sent(paragraphs: Sequence[str]) -> str:
    """The paragraphs as one text message: a line each, in plain punctuation."""
    return plain_punctuation("\n".join(paragraphs))


def read_budgets(table: object, names: Mapping[str, bool], faults: list[str]) -> dict[str, Budget]:
    """The budgets of one locale by the name of a file, `full.sms` or `arrest/full.sms`.

    `names` are those that may have a budget, and whether they must. Faults are added to the list, ready to be shown.
    """
    given = table if isinstance(table, dict) else {}
    budgets = {name: budget for name, value in given.items() if (budget := _budget(value)) is not None}
    wrong = [name for name in given if name not in budgets or name not in names]
    faults.extend(
        f"budget of {name}: must be of a text message, {{ {_PLAIN} = 2, {_OTHER} = 3 }}, each from 1 to {LARGEST}"
        for name in wrong
    )
    faults.extend(f"budget of {name}: missing" for name, must in names.items() if must and name not in given)
    return budgets


def over_budget(text: Text, budget: Budget) -> Iterator[str]:
    """Why a text may turn out too long with the longest cover text and link; facts are left out when they do not fit."""
    for values in _longest():
        filled = as_sent(fill(text, values))
        if not budget.allows(filled):
            found = segments(filled)
            allowed = budget.plain if found.encoding == _PLAIN else budget.other
            yield f"may take {found.count} segments of {found.encoding}, and {allowed} is its budget"
            return


def _longest() -> Iterator[dict[str, str]]:
    """What can be put in at the most. A character of two units may fall on the end of a segment in one of two ways."""
    yield {"link": "x" * LONGEST_LINK}
    for encoding, one, two in ((_PLAIN, "x", "€"), (_OTHER, "ŵ", "\N{GRINNING FACE}")):
        units = COVER_TEXT_LONGEST[encoding]
        for cover in (one * units, two * (units // 2), one + two * ((units - 2) // 2) + one):
            yield {"link": "x" * LONGEST_LINK, "cover": cover}


def _budget(value: Any) -> Budget | None:
    match value:
        case {"gsm-7": int(plain), "ucs-2": int(other), **rest} if not rest:
            return Budget(plain, other) if 1 <= plain <= LARGEST and 1 <= other <= LARGEST else None
    return None
