"""The code words of a plan: checked before they are kept, sealed, and taken over into the next version."""

import json
import re
from collections.abc import Mapping

from sqlalchemy import select

from models.keyring import SealBroken
from models.people import Participation
from models.plans import Plan
from models.vocabulary import CodeWord
from notify.errors import FieldFault
from notify.ledger.acts import Act
from notify.wording.discreet import discreet_faults, folded, has_web_address

SHORTEST, LONGEST = 4, 40  # letters and digits; characters

COMMANDS = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout", "opt"),
        *("start", "unstop", "yes", "help", "info"),
    }
)
"""Words that telephone networks and we ourselves take for an order: no part of a code word may be one."""

_PART = re.compile(r"[^\W_]+")


def check_code_words(words: Mapping[CodeWord, str]) -> None:
    """Raises FieldFault naming the first word that cannot be used; the word itself is never repeated."""
    plain: dict[CodeWord, str] = {}
    for meaning, word in words.items():
        if (fault := code_word_fault(word)) is not None:
            raise FieldFault(f"code_words.{meaning}", fault)
        letters = "".join(_PART.findall(folded(word)))
        if any(letters in other or other in letters for other in plain.values()):
            raise FieldFault(
                f"code_words.{meaning}", "must not be the same as another code word, nor part of it"
            )
        plain[meaning] = letters


def code_word_fault(word: str) -> str | None:
    """Why a word cannot be a code word, in words for the officer who typed it; None if it can.

    >>> code_word_fault("Blue tit"), code_word_fault("stop it")
    (None, 'must have no word that is an order to the network, such as STOP, START or HELP')
    """
    parts = _PART.findall(folded(word))
    if len("".join(parts)) < SHORTEST:
        return f"must have at least {SHORTEST} letters or digits"
    if len(word) > LONGEST:
        return f"must be at most {LONGEST} characters"
    if not word.isprintable():
        return "must be one line, with no hidden characters"
    if COMMANDS.intersection(parts):
        return "must have no word that is an order to the network, such as STOP, START or HELP"
    if has_web_address(word):
        return "must have no web address"
    faults = discreet_faults(word)
    # Which word it is that tells stays between the two who agree it: what is refused may be shown and kept elsewhere.
    return "must say nothing to somebody who reads it on her phone" if faults else None


def seal_code_words(
    act: Act, participation: Participation, plan: Plan, words: Mapping[CodeWord, str] | None
) -> None:
    """Keep the words with a new version of the plan; None keeps those of the version before it."""
    if words is None:
        words = _agreed_before(act, participation, plan)
    if words:
        text = json.dumps({meaning: words[meaning].strip() for meaning in CodeWord if meaning in words})
        plan.code_words_sealed = act.seal(participation.victim_id, plan, "code_words_sealed", text)


def _agreed_before(act: Act, participation: Participation, plan: Plan) -> dict[CodeWord, str]:
    if plan.version == 1:
        return {}
    before = act.session.scalars(
        select(Plan).where(Plan.participation_id == participation.id, Plan.version == plan.version - 1)
    ).first()
    if before is None or before.code_words_sealed is None:
        return {}
    try:
        return before.open_code_words(act.key(participation.victim_id))
    except SealBroken:
        return {}  # lost: they are to be agreed anew, and the rest of the plan must not wait for that
