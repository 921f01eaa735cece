"""What came in is taken for: words that ask to stop, code words, and the rest; a doubt is settled against using the contact point."""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from models.vocabulary import CodeWord, Reading

SUSPENDING = frozenset({Reading.OPTED_OUT, Reading.WRONG_NUMBER, Reading.UNSAFE, Reading.STOP})
"""After these a contact point is not used until a person has checked it by another route."""

_WRONG_NUMBER = re.compile(
    r"""
    \bwrong\s+(number|person|address|phone)\b
    | \bnot\s+(her|his|my|their)\s+(number|phone|mobile|e?mail)\b
    | \bwho\W?s?\s+(is\s+)?this\b
    | \brhif\s+anghywir\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_UNSAFE = re.compile(
    r"""
    \b(not|isn\W?t|no\s+longer|never)\s+(a\s+)?safe\b | \bunsafe\b
    | \b(husband|wife|boyfriend|girlfriend|partner|he|she|they)\s+(reads?|sees?|checks?|has|have)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_STOP = re.compile(
    r"""
    \b(stop|stopall|unsubscribe|revoke|optout|opt\s+out|stopiwch)\b
    | ^\W*(end|quit|cancel)\W*$
    | \b(do\s+not|don\W?t|never|no\s+more|please\s+no)\b.{0,100}
      \b(text|texts|txt|call|calls|ring|contact|message|messages|write|mail)
    | \bleave\s+(me|us|her|him)\s+alone\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""Rather too many. The gap is bounded: an endless one would take for ever to look through."""

_STOP_ALONE = frozenset({"stop", "stopall", "unsubscribe", "revoke", "optout", "end", "quit", "cancel"})
_START_ALONE = frozenset({"start", "unstop"})
_HELP_ALONE = frozenset({"help", "info"})
_TOKEN = re.compile(r"[^\W_]+")

MOST_WORDS = 60
"""A longer text is not searched for code words: somebody may be trying all the words there are."""

Fold = Callable[[str], str]
"""Writes a text in small plain letters."""


def reading_of(text: str, *, provider_says: Reading | None = None, automatic: bool = False) -> Reading:
    """What a text is taken for before any code word is known.

    `provider_says`: what the provider itself took it for and has acted on. `automatic`: a machine wrote it, whose
    "please do not reply to this mail" asks nothing of us: only a plain STOP counts there.

    >>> reading_of("STOP"), reading_of("Sorry, wrong number"), reading_of("UNSTOP"), reading_of("See you on Friday")
    (<Reading.STOP: 'stop'>, <Reading.WRONG_NUMBER: 'wrong_number'>, <Reading.START: 'start'>, <Reading.OTHER: 'other'>)
    """
    own = unquoted(text)
    alone = "".join(_tokens(own, _plain))
    if provider_says is Reading.OPTED_OUT:
        return Reading.OPTED_OUT
    if automatic:
        return Reading.STOP if alone in _STOP_ALONE else Reading.AUTOMATIC
    for pattern, reading in (
        (_WRONG_NUMBER, Reading.WRONG_NUMBER),
        (_UNSAFE, Reading.UNSAFE),
        (_STOP, Reading.STOP),
    ):
        if pattern.search(own):
            return reading
    if provider_says is not None:
        return provider_says
    if alone in _START_ALONE:
        return Reading.START
    return Reading.HELP if alone in _HELP_ALONE else Reading.OTHER


def is_too_long(text: str, *, fold: Fold) -> bool:
    """Whether a text has more words than are searched for code words; a person looks at it at once instead."""
    return len(_tokens(unquoted(text), fold)) > MOST_WORDS


def word_in(text: str, agreed: Mapping[CodeWord, str], *, fold: Fold) -> CodeWord | None:
    """Which of the agreed code words a text says, however it is spelt: what `fold` takes away, spaces and punctuation are
    passed over. None for a text that is too long.

    That she is not safe, or wants a call, is heard wherever its word stands; that she is safe only when nothing else is
    said. Each word is compared with the whole of the text in constant time.

    >>> agreed = {CodeWord.SAFE: "Blue tit", CodeWord.NOT_SAFE: "Magpie"}
    >>> [word_in(text, agreed, fold=str.lower) for text in ("blue-tit!", "a MAG PIE, I think", "blue tit, but he is back")]
    [<CodeWord.SAFE: 'safe'>, <CodeWord.NOT_SAFE: 'not_safe'>, None]
    """
    tokens = _tokens(unquoted(text), fold)
    if len(tokens) > MOST_WORDS:
        return None
    folded = {meaning: "".join(_tokens(word, fold)) for meaning, word in agreed.items()}
    heard = {meaning for meaning, word in folded.items() if _is_said(tokens, word)}
    if CodeWord.SAFE in heard and len("".join(tokens)) > len(folded[CodeWord.SAFE]):
        heard.discard(CodeWord.SAFE)
    return next(
        (each for each in (CodeWord.NOT_SAFE, CodeWord.CALL_ME, CodeWord.SAFE) if each in heard), None
    )


def unquoted(text: str) -> str:
    r"""What was written now, without the lines of an earlier mail that it quotes.

    >>> unquoted("Thank you\n> Write STOP to stop")
    'Thank you'
    """
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))


def can_be_answered(sender: str) -> bool:
    """Whether a phone can write back to the sender of our texts: a number or a messaging service, but not a name.

    >>> can_be_answered("+447700900900"), can_be_answered("60300"), can_be_answered("Callback")
    (True, True, False)
    """
    return re.fullmatch(r"MG[0-9a-fA-F]{32}|\+?[0-9 ]+", sender) is not None


def _plain(text: str) -> str:
    """A text without accents and unseen characters: enough to know an order to the network by."""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(one for one in spread if unicodedata.category(one) not in {"Mn", "Cf"})


def _tokens(text: str, fold: Fold) -> list[str]:
    return _TOKEN.findall(fold(text))


def _is_said(tokens: Sequence[str], word: str) -> bool:
    """Whether some of the tokens in a row, put together, are this word. How long it takes tells nothing of the word but its length."""
    found = False
    for start in range(len(tokens)):
        joined = ""
        for token in tokens[start : start + len(word)]:
            joined += token
            if len(joined) >= len(word):
                break
        found |= hmac.compare_digest(joined.encode(), word.encode())
    return found and bool(word)
